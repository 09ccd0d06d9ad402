/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/process.c: the life of a process: spawn, run, suspend, be woken for each reason in each
 * state, be canceled, end.
 */
#include "harness.h"

#include "fixture.h"
#include "sched/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct fixture f;

static void setup(void)
{
	fixture_open(&f, 0);
}

/* What happened, in order, as letters. */
static char story[256];

static void tell(char letter)
{
	size_t length = strlen(story);

	ck_assert_uint_lt(length, sizeof(story) - 1);
	story[length] = letter;
	story[length + 1] = '\0';
}

static int tell_thrice(struct gyre_process *self, void *arg)
{
	for (int i = 0; i < 3; i++) {
		tell(*(const char *)arg);
		ck_assert_int_eq(gyre_process_yield(self), 0);
	}
	return 7;
}

START_TEST(processes_take_turns)
{
	fixture_spawn(&f, "a", tell_thrice, "a");
	fixture_spawn(&f, "b", tell_thrice, "b");
	fixture_spawn(&f, "c", tell_thrice, "c");
	ck_assert_uint_eq(fixture_turn(&f), 3);
	ck_assert_str_eq(story, "abc");
	ck_assert_uint_eq(fixture_turn(&f), 3);
	ck_assert_uint_eq(fixture_turn(&f), 3);
	ck_assert_str_eq(story, "abcabcabc");
	ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), 3);
	ck_assert_uint_eq(fixture_turn(&f), 3);
	ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), 0);
	ck_assert_uint_eq(fixture_turn(&f), 0);
	fixture_close(&f);
}
END_TEST

static int spawn_one(struct gyre_process *self, void *arg)
{
	tell('p');
	fixture_spawn(arg, "child", tell_thrice, "c");
	gyre_process_yield(self);
	tell('q');
	return 0;
}

START_TEST(spawned_by_a_process_runs_next_turn)
{
	fixture_spawn(&f, "parent", spawn_one, &f);
	ck_assert_uint_eq(fixture_turn(&f), 1);
	ck_assert_str_eq(story, "p");
	ck_assert_uint_eq(fixture_turn(&f), 2);
	ck_assert_str_eq(story, "pcq");
	fixture_settle(&f, 10);
	fixture_close(&f);
}
END_TEST

static int identity(struct gyre_process *self, void *arg)
{
	struct gyre_process_id id = gyre_process_id(self);

	ck_assert_ptr_eq(arg, story);
	ck_assert_ptr_eq(gyre_process_current(), self);
	ck_assert_ptr_eq(gyre_process_loop(self), &f.loop);
	ck_assert_str_eq(gyre_process_name(self), "a-name-that-is-longer-than-31-b");
	ck_assert_ptr_eq(id.loop, &f.loop);
	tell('i');
	return 0;
}

START_TEST(a_process_knows_itself)
{
	char name[] = "a-name-that-is-longer-than-31-bytes";
	struct gyre_process_id id = fixture_spawn(&f, name, identity, story), zero = {0};

	memset(name, 'x', sizeof(name) - 1);
	ck_assert_uint_ne(id.generation, 0);
	ck_assert_ptr_null(gyre_process_current());
	fixture_turn(&f);
	ck_assert_ptr_null(gyre_process_current());
	ck_assert_str_eq(story, "i");
	ck_assert_int_eq(gyre_process_cancel(zero), -ESRCH);
	fixture_close(&f);
}
END_TEST

/* --- Sleep --- */

static uint64_t woke_at;

static int sleep_until(struct gyre_process *self, void *arg)
{
	int err = gyre_process_sleep_until(self, *(uint64_t *)arg);

	woke_at = gyre_loop_clock(gyre_process_loop(self));
	return err;
}

START_TEST(sleeps_until_its_deadline)
{
	uint64_t deadline = GYRE_SEC(1) + GYRE_MSEC(5);

	fixture_spawn(&f, "sleeper", sleep_until, &deadline);
	fixture_settle(&f, 10);
	fixture_settle_at(&f, deadline - 1);
	ck_assert_uint_eq(woke_at, 0);
	/* At most one tick late. */
	fixture_settle_at(&f, deadline + 1024);
	ck_assert_uint_eq(woke_at, deadline + 1024);
	fixture_close(&f);
}
END_TEST

START_TEST(a_deadline_in_the_past_is_the_next_turn)
{
	uint64_t deadline = 1;

	fixture_spawn(&f, "sleeper", sleep_until, &deadline);
	ck_assert_uint_eq(fixture_turn(&f), 1);
	ck_assert_uint_eq(woke_at, 0);
	ck_assert_uint_eq(fixture_turn(&f), 1);
	ck_assert_uint_ne(woke_at, 0);
	fixture_close(&f);
}
END_TEST

static int sleep_briefly(struct gyre_process *self, void *arg)
{
	uint64_t before = gyre_loop_clock(gyre_process_loop(self));

	ck_assert_int_eq(gyre_process_sleep(self, *(uint64_t *)arg), 0);
	ck_assert_uint_ge(gyre_loop_clock(gyre_process_loop(self)), before + *(uint64_t *)arg);
	tell('s');
	return 0;
}

START_TEST(a_relative_sleep_is_never_short)
{
	uint64_t nsec = GYRE_USEC(50);

	/* Readings move the clock: the turn's is stale when the process asks. */
	f.step = GYRE_USEC(30);
	fixture_spawn(&f, "sleeper", sleep_briefly, &nsec);
	for (int i = 0; i < 20 && !*story; i++)
		fixture_turn(&f);
	ck_assert_str_eq(story, "s");
	fixture_close(&f);
}
END_TEST

static int sleep_forever(struct gyre_process *self, void *arg)
{
	(void)arg;
	return gyre_process_sleep(self, GYRE_FOREVER - 1);
}

START_TEST(forever_does_not_wrap)
{
	struct gyre_process_id id = fixture_spawn(&f, "sleeper", sleep_forever, NULL);
	struct gyre_process_stats stats;

	fixture_settle_at(&f, GYRE_SEC(1000000));
	ck_assert_int_eq(gyre_process_stats_get(id, &stats), 0);
	ck_assert_int_eq(stats.state, GYRE_PROCESS_SLEEPING);
	ck_assert_uint_eq(stats.deadline, GYRE_FOREVER);
	fixture_close(&f);
}
END_TEST

/* --- The table of wake-ups --- */

struct cell {
	enum gyre__wake_reason reason;
	bool wakes;
	bool fault; /* said in the log */
};

static const struct cell of_sleeping[] = {
	{GYRE__WAKE_TIME, true, false},
	{GYRE__WAKE_EVENT, false, false},
	{GYRE__WAKE_END, false, true},
	{GYRE__WAKE_CANCEL, true, false},
};
static const struct cell of_waiting[] = {
	{GYRE__WAKE_TIME, true, false},
	{GYRE__WAKE_EVENT, true, false},
	{GYRE__WAKE_END, false, true},
	{GYRE__WAKE_CANCEL, true, false},
};
static const struct cell of_joining[] = {
	{GYRE__WAKE_TIME, true, false},
	{GYRE__WAKE_EVENT, false, false},
	{GYRE__WAKE_END, true, false},
	{GYRE__WAKE_CANCEL, true, false},
};
static const struct cell of_ready[] = {
	{GYRE__WAKE_TIME, false, true},
	{GYRE__WAKE_EVENT, false, false},
	{GYRE__WAKE_END, false, true},
	{GYRE__WAKE_CANCEL, false, false},
};
static const struct cell of_running[] = {
	{GYRE__WAKE_TIME, false, true},
	{GYRE__WAKE_EVENT, false, false},
	{GYRE__WAKE_END, false, true},
	{GYRE__WAKE_CANCEL, false, false},
};
static const struct cell of_ended[] = {
	{GYRE__WAKE_TIME, false, true},
	{GYRE__WAKE_EVENT, false, false},
	{GYRE__WAKE_END, false, true},
	{GYRE__WAKE_CANCEL, false, false},
};

static void try_cell(struct gyre_process *process, const struct cell *cell)
{
	unsigned logged = f.logged;
	uint8_t state = process->state;

	ck_assert_int_eq(gyre__process_wake(process, cell->reason), cell->wakes);
	ck_assert_int_eq(process->state, cell->wakes ? GYRE_PROCESS_READY : state);
	if (cell->wakes)
		ck_assert_int_eq(process->reason, cell->reason);
	ck_assert_uint_eq(f.logged - logged, cell->fault);
	if (cell->fault)
		ck_assert_ptr_nonnull(strstr(f.log, process->name));
}

static int wait_one(struct gyre_process *self, void *arg)
{
	uint32_t events;

	(void)arg;
	return gyre_process_wait(self, GYRE_EVENT(0), GYRE_FOREVER, &events);
}

static int join_forever(struct gyre_process *self, void *arg)
{
	return gyre_process_join(self, *(struct gyre_process_id *)arg, GYRE_FOREVER, NULL);
}

static int all_of_running(struct gyre_process *self, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < sizeof(of_running) / sizeof(*of_running); i++)
		try_cell(self, &of_running[i]);
	tell('r');
	return 0;
}

static int nothing(struct gyre_process *self, void *arg)
{
	(void)self;
	(void)arg;
	return 0;
}

/* Each cell with a process of its own, brought to its state first. */
#define TRY_STATE(cells, fn, arg)                                                   \
	for (size_t i = 0; i < sizeof(cells) / sizeof(*(cells)); i++) {             \
		struct gyre_process_id one = fixture_spawn(&f, "subject", fn, arg); \
		fixture_settle(&f, 10);                                             \
		try_cell(gyre__process_find(one), &(cells)[i]);                     \
	}

START_TEST(every_cell_of_the_table)
{
	struct gyre_process_id target = fixture_spawn(&f, "target", sleep_forever, NULL);

	TRY_STATE(of_sleeping, sleep_forever, NULL);
	TRY_STATE(of_waiting, wait_one, NULL);
	TRY_STATE(of_joining, join_forever, &target);
	TRY_STATE(of_ended, nothing, NULL);
	for (size_t i = 0; i < sizeof(of_ready) / sizeof(*of_ready); i++)
		try_cell(gyre__process_find(fixture_spawn(&f, "subject", nothing, NULL)),
			&of_ready[i]);
	fixture_spawn(&f, "runner", all_of_running, NULL);
	fixture_settle(&f, 10);
	ck_assert_str_eq(story, "r");
	fixture_close(&f);
}
END_TEST

START_TEST(a_free_block_is_not_woken)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	struct gyre_process_id id;
	struct gyre_process *block;

	ck_assert_int_eq(gyre_process_spawn(&f.loop, nothing, NULL, &options, &id), 0);
	block = gyre__process_find(id);
	fixture_settle(&f, 10);
	ck_assert_int_eq(block->state, GYRE__PROCESS_FREE);
	ck_assert(!gyre__process_wake(block, GYRE__WAKE_EVENT));
	ck_assert(!gyre__process_wake(block, GYRE__WAKE_CANCEL));
	ck_assert_uint_eq(f.logged, 0);
	ck_assert(!gyre__process_wake(block, GYRE__WAKE_TIME));
	ck_assert(!gyre__process_wake(block, GYRE__WAKE_END));
	ck_assert_uint_eq(f.logged, 2);
	ck_assert(!gyre__sched_ready(f.loop.sched));
	fixture_close(&f);
}
END_TEST

/* --- Cancel --- */

START_TEST(canceled_before_its_first_run)
{
	struct gyre_process_id id = fixture_spawn(&f, "unborn", tell_thrice, "x");

	ck_assert_int_eq(gyre_process_cancel(id), 0);
	fixture_turn(&f);
	ck_assert_str_eq(story, "");
	ck_assert_int_eq(gyre__process_find(id)->state, GYRE_PROCESS_ENDED);
	ck_assert_int_eq(gyre__process_find(id)->status, -ECANCELED);
	ck_assert_int_eq(gyre_process_cancel(id), -ESRCH);
	/* Also by a thread whose post has not run yet. */
	id = fixture_spawn(&f, "unborn", tell_thrice, "x");
	gyre__loop_enter(NULL);
	ck_assert_int_eq(gyre_process_cancel(id), 0);
	gyre__loop_enter(&f.loop);
	fixture_run(&f, GYRE_SEC(1));
	ck_assert_str_eq(story, "");
	ck_assert_int_eq(gyre__process_find(id)->status, -ECANCELED);
	fixture_close(&f);
}
END_TEST

static int sleeps_left = 100;

static int stubborn(struct gyre_process *self, void *arg)
{
	(void)arg;
	gyre_process_sleep(self, GYRE_FOREVER);
	ck_assert(gyre_process_canceled(self));
	while (sleeps_left > 0) {
		ck_assert_int_eq(gyre_process_sleep(self, 1), -ECANCELED);
		ck_assert_int_eq(gyre_process_yield(self), -ECANCELED);
		sleeps_left -= 2;
	}
	return 0;
}

START_TEST(who_ignores_cancellation_still_suspends)
{
	struct gyre_process_id id = fixture_spawn(&f, "stubborn", stubborn, NULL);

	fixture_turn(&f);
	gyre_process_cancel(id);
	fixture_turn(&f);
	ck_assert_int_eq(sleeps_left, 100 - GYRE__INLINE_MAX);
	fixture_turn(&f);
	/* The suspended call itself was the next one. */
	ck_assert_int_eq(sleeps_left, 100 - 2 * (GYRE__INLINE_MAX + 1) + 2);
	fixture_settle(&f, 20);
	ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), 0);
	fixture_close(&f);
}
END_TEST

static int sleeps_once(struct gyre_process *self, void *arg)
{
	gyre_process_sleep_until(self, *(const uint64_t *)arg);
	return gyre_process_sleep(self, GYRE_FOREVER);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Those far ahead are moved down first, which counts, too. */
START_TEST(a_turn_wakes_no_more_than_its_budget)
{
	static const unsigned budgets[] = {1, 2, 63, 64, 65, 128, 200, 1000};
	enum { SLEEPERS = 200 };
	unsigned budget = budgets[_i / 2], ahead = _i % 2 ? SLEEPERS : 0, woken = 0;
	uint64_t deadline = f.now + (ahead ? GYRE_MSEC(100) : GYRE_MSEC(1));

	fixture_close(&f);
	fixture_open(&f, SLEEPERS);
	for (unsigned i = 0; i < SLEEPERS; i++)
		fixture_spawn(&f, "sleeper", sleeps_once, &deadline);
	fixture_turn(&f);
	f.loop.now = f.now = deadline + GYRE_USEC(2); /* a tick is 1.024 us */
	while (woken < SLEEPERS) {
		unsigned moved = least(ahead, budget), n;

		ahead -= moved;
		n = least(budget - moved, SLEEPERS - woken);
		ck_assert(gyre__sched_wake(f.loop.sched, f.now, budget) == (n > 0));
		ck_assert_uint_eq(fixture_run(&f, GYRE_SEC(1)), n);
		woken += n;
	}
	ck_assert(!gyre__sched_due(f.loop.sched, f.now));
	fixture_close(&f);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("process");
	TCase *tcase = tcase_create("process");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, processes_take_turns);
	tcase_add_test(tcase, spawned_by_a_process_runs_next_turn);
	tcase_add_test(tcase, a_process_knows_itself);
	tcase_add_test(tcase, sleeps_until_its_deadline);
	tcase_add_test(tcase, a_deadline_in_the_past_is_the_next_turn);
	tcase_add_test(tcase, a_relative_sleep_is_never_short);
	tcase_add_test(tcase, forever_does_not_wrap);
	tcase_add_test(tcase, every_cell_of_the_table);
	tcase_add_test(tcase, a_free_block_is_not_woken);
	tcase_add_loop_test(tcase, a_turn_wakes_no_more_than_its_budget, 0, 16);
	tcase_add_test(tcase, canceled_before_its_first_run);
	tcase_add_test(tcase, who_ignores_cancellation_still_suspends);
	suite_add_tcase(suite, tcase);
	return suite;
}
