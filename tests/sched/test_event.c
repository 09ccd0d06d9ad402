/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/event.c: bits coalesce and are never lost, from the loop's thread and from others; they
 * reach the process they were meant for, or nobody; cancellation ends waits.
 */
#include "harness.h"

#include "fixture.h"
#include "sched/process.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

static struct fixture f;

static void setup(void)
{
	fixture_open(&f, 0);
}

struct waiter {
	uint32_t mask, got;
	uint64_t deadline;
	int result, waits;
};

/* Waits once, and then as long as it gets something. */
static int waiting(struct gyre_process *self, void *arg)
{
	struct waiter *w = arg;

	do {
		w->result = gyre_process_wait(self, w->mask, w->deadline, &w->got);
		w->waits++;
	} while (w->result == 0);
	return w->result;
}

START_TEST(a_signal_wakes)
{
	struct waiter w = {.mask = GYRE_EVENT(0) | GYRE_EVENT(27), .deadline = GYRE_FOREVER};
	struct gyre_process_id id = fixture_spawn(&f, "waiter", waiting, &w);

	fixture_settle(&f, 10);
	ck_assert_int_eq(w.waits, 0);
	ck_assert_int_eq(gyre_process_signal(id, GYRE_EVENT(27) | GYRE_EVENT(3)), 0);
	ck_assert_int_eq(w.waits, 0);
	fixture_turn(&f);
	ck_assert_int_eq(w.waits, 1);
	ck_assert_uint_eq(w.got, GYRE_EVENT(27));
	/* One that was taken is gone; the one that nobody asked for stays. */
	fixture_settle(&f, 10);
	ck_assert_int_eq(w.waits, 1);
	w.mask = GYRE_EVENT(3);
	gyre_process_signal(id, GYRE_EVENT(0));
	fixture_settle(&f, 10);
	ck_assert_int_eq(w.waits, 3);
	ck_assert_uint_eq(w.got, GYRE_EVENT(3));
	fixture_close(&f);
}
END_TEST

START_TEST(others_bits_do_not_wake)
{
	struct waiter w = {.mask = GYRE_EVENT(1), .deadline = GYRE_FOREVER};
	struct gyre_process_id id = fixture_spawn(&f, "waiter", waiting, &w);

	fixture_settle(&f, 10);
	gyre_process_signal(id, GYRE_EVENT(2));
	ck_assert_uint_eq(fixture_turn(&f), 0);
	ck_assert_int_eq(w.waits, 0);
	fixture_close(&f);
}
END_TEST

START_TEST(signals_coalesce)
{
	struct waiter w = {.mask = GYRE_EVENT(1), .deadline = GYRE_FOREVER};
	struct gyre_process_id id = fixture_spawn(&f, "waiter", waiting, &w);
	struct gyre_process_stats stats;

	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(gyre_process_signal(id, GYRE_EVENT(1)), 0);
	fixture_settle(&f, 10);
	ck_assert_int_eq(w.waits, 1);
	ck_assert_int_eq(gyre_process_stats_get(id, &stats), 0);
	ck_assert_uint_eq(stats.events_coalesced, 4);
	fixture_close(&f);
}
END_TEST

START_TEST(bad_masks)
{
	struct waiter w = {.mask = GYRE_EVENT(28), .deadline = GYRE_FOREVER};
	struct gyre_process_id id = fixture_spawn(&f, "waiter", waiting, &w);

	ck_assert_int_eq(gyre_process_signal(id, 0), -EINVAL);
	ck_assert_int_eq(gyre_process_signal(id, GYRE_EVENT_MESSAGE), -EINVAL);
	ck_assert_int_eq(gyre_process_signal(id, GYRE_EVENT(28)), -EINVAL);
	fixture_settle(&f, 10);
	ck_assert_int_eq(w.result, -EINVAL);
	ck_assert_uint_eq(w.got, 0);
	fixture_close(&f);
}
END_TEST

START_TEST(a_wait_times_out)
{
	struct waiter w = {.mask = GYRE_EVENT(1), .deadline = GYRE_SEC(2)};

	fixture_spawn(&f, "waiter", waiting, &w);
	fixture_settle_at(&f, GYRE_SEC(2) - 1);
	ck_assert_int_eq(w.waits, 0);
	fixture_settle_at(&f, GYRE_SEC(2) + 1024);
	ck_assert_int_eq(w.waits, 1);
	ck_assert_int_eq(w.result, -ETIMEDOUT);
	fixture_close(&f);
}
END_TEST

START_TEST(a_past_deadline_is_not_inline)
{
	struct waiter w = {.mask = GYRE_EVENT(1), .deadline = 5};

	fixture_spawn(&f, "waiter", waiting, &w);
	fixture_turn(&f);
	ck_assert_int_eq(w.waits, 0);
	fixture_turn(&f);
	ck_assert_int_eq(w.result, -ETIMEDOUT);
	fixture_close(&f);
}
END_TEST

START_TEST(a_deadline_of_0_does_not_wait)
{
	struct waiter w = {.mask = GYRE_EVENT(1)};
	struct gyre_process_id id = fixture_spawn(&f, "waiter", waiting, &w);

	gyre_process_signal(id, GYRE_EVENT(1));
	ck_assert_uint_eq(fixture_turn(&f), 1);
	ck_assert_int_eq(w.waits, 2);
	ck_assert_uint_eq(w.got, GYRE_EVENT(1));
	ck_assert_int_eq(w.result, -ETIMEDOUT);
	fixture_close(&f);
}
END_TEST

START_TEST(an_event_beats_the_timeout_it_met)
{
	struct waiter w = {.mask = GYRE_EVENT(1), .deadline = 5};
	struct gyre_process_id id = fixture_spawn(&f, "waiter", waiting, &w);

	fixture_turn(&f);
	/* It is ready by its time, and has not run. */
	ck_assert_int_eq(gyre__process_find(id)->reason, GYRE__WAKE_TIME);
	gyre_process_signal(id, GYRE_EVENT(1));
	fixture_turn(&f);
	ck_assert_int_eq(w.waits, 1);
	ck_assert_uint_eq(w.got, GYRE_EVENT(1));
	fixture_close(&f);
}
END_TEST

/* Its own event is pending at all times. */
static int always_busy(struct gyre_process *self, void *arg)
{
	uint32_t events;

	while (gyre_process_signal(gyre_process_id(self), GYRE_EVENT(0)) == 0 &&
		gyre_process_wait(self, GYRE_EVENT(0), GYRE_FOREVER, &events) == 0)
		++*(int *)arg;
	return 0;
}

START_TEST(who_always_has_work_lets_others_run)
{
	int waits = 0;

	fixture_spawn(&f, "busy", always_busy, &waits);
	for (int turn = 1; turn <= 5; turn++) {
		ck_assert_uint_eq(fixture_turn(&f), 1);
		ck_assert_int_eq(waits, GYRE__INLINE_MAX * turn);
	}
	fixture_close(&f);
}
END_TEST

struct pair {
	struct gyre_process_id other;
	int *rounds;
};

static int ping(struct gyre_process *self, void *arg)
{
	struct pair *pair = arg;
	uint32_t events;

	while (gyre_process_wait(self, GYRE_EVENT(0), GYRE_FOREVER, &events) == 0) {
		++*pair->rounds;
		gyre_process_signal(pair->other, GYRE_EVENT(0));
	}
	return 0;
}

START_TEST(two_that_signal_each_other_end_their_turn)
{
	int rounds = 0;
	struct pair a = {.rounds = &rounds}, b = {.rounds = &rounds};

	b.other = fixture_spawn(&f, "a", ping, &a);
	a.other = fixture_spawn(&f, "b", ping, &b);
	fixture_settle(&f, 10);
	gyre_process_signal(a.other, GYRE_EVENT(0));
	for (int turn = 1; turn <= 10; turn++) {
		ck_assert_uint_eq(fixture_turn(&f), 1);
		ck_assert_int_eq(rounds, turn);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(cancel_ends_a_wait)
{
	struct waiter w = {.mask = GYRE_EVENT(1), .deadline = GYRE_SEC(2)};
	struct gyre_process_id id = fixture_spawn(&f, "waiter", waiting, &w);

	fixture_settle(&f, 10);
	/* The event came before, but the cancellation counts. */
	gyre_process_signal(id, GYRE_EVENT(1));
	ck_assert_int_eq(gyre_process_cancel(id), 0);
	ck_assert_int_eq(gyre_process_cancel(id), 0);
	fixture_turn(&f);
	ck_assert_int_eq(w.result, -ECANCELED);
	ck_assert_uint_eq(w.got, 0);
	ck_assert_int_eq(gyre_process_signal(id, GYRE_EVENT(1)), -ESRCH);
	/* Its alarm went with the wait. */
	ck_assert_uint_eq(gyre__sched_deadline(f.loop.sched), GYRE_FOREVER);
	fixture_close(&f);
}
END_TEST

START_TEST(a_stale_id_never_reaches_the_successor)
{
	struct waiter w = {.mask = GYRE_EVENT_USER, .deadline = GYRE_FOREVER}, v = w;
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	struct gyre_process_id old, id;

	ck_assert_int_eq(gyre_process_spawn(&f.loop, waiting, &w, &options, &old), 0);
	fixture_settle(&f, 10);
	gyre_process_cancel(old);
	fixture_settle(&f, 10);
	ck_assert_int_eq(gyre_process_spawn(&f.loop, waiting, &v, &options, &id), 0);
	ck_assert_uint_eq(id.index, old.index);
	fixture_settle(&f, 10);
	ck_assert_int_eq(gyre_process_signal(old, GYRE_EVENT(1)), -ESRCH);
	ck_assert_int_eq(gyre_process_cancel(old), -ESRCH);
	old.index = 60000;
	ck_assert_int_eq(gyre_process_signal(old, GYRE_EVENT(1)), -ESRCH);
	fixture_settle(&f, 10);
	ck_assert_int_eq(v.waits, 0);
	fixture_close(&f);
}
END_TEST

/* --- Other threads --- */

static void *signal_once(void *arg)
{
	return (void *)(intptr_t)gyre_process_signal(*(struct gyre_process_id *)arg, GYRE_EVENT(4));
}

/* From a thread that does not run the loop. */
static int signal_elsewhere(struct gyre_process_id id)
{
	pthread_t thread;
	void *result;

	ck_assert_int_eq(pthread_create(&thread, NULL, signal_once, &id), 0);
	pthread_join(thread, &result);
	return (int)(intptr_t)result;
}

START_TEST(a_post_that_outlives_its_process_is_harmless)
{
	struct waiter w = {.mask = GYRE_EVENT(4), .deadline = GYRE_FOREVER}, v = w;
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	struct gyre_process_id old, id;

	ck_assert_int_eq(gyre_process_spawn(&f.loop, waiting, &w, &options, &old), 0);
	fixture_settle(&f, 10);
	ck_assert_int_eq(signal_elsewhere(old), 0);
	/* It ends, and its block is taken, while the post is still in the box. */
	gyre_process_cancel(old);
	ck_assert_uint_eq(fixture_run(&f, GYRE_SEC(1)), 1);
	ck_assert_int_eq(gyre_process_spawn(&f.loop, waiting, &v, &options, &id), 0);
	ck_assert_uint_eq(id.index, old.index);
	/* Pushed twice it would be a loop in the box. */
	ck_assert_int_eq(signal_elsewhere(id), 0);
	ck_assert_int_eq(signal_elsewhere(old), -ESRCH);
	ck_assert_uint_eq(gyre__post_run(&f.loop.posts, 10), 1);
	fixture_run(&f, GYRE_SEC(1));
	ck_assert_int_eq(v.waits, 1);
	ck_assert_int_eq(signal_elsewhere(id), 0);
	fixture_settle(&f, 10);
	ck_assert_int_eq(v.waits, 2);
	fixture_close(&f);
}
END_TEST

enum { THREADS = 4, ROUNDS = 20000 };
/* A bit of the loop's own thread. */
#define NUDGE GYRE_EVENT(THREADS)

struct caller {
	struct gyre_process_id id;
	uint32_t bit;
	_Atomic(unsigned) answered; /* rounds that the process has seen */
};

/* Each round is signalled once, and must be answered before the next: a lost wake-up hangs. */
static void *call_rounds(void *arg)
{
	struct caller *caller = arg;

	for (unsigned round = 0; round < ROUNDS; round++) {
		if (gyre_process_signal(caller->id, caller->bit) < 0)
			return caller;
		while (atomic_load(&caller->answered) <= round)
			sched_yield();
	}
	return NULL;
}

static int answer_rounds(struct gyre_process *self, void *arg)
{
	struct caller *callers = arg;
	uint32_t events;

	while (gyre_process_wait(self, NUDGE | (NUDGE - 1), GYRE_FOREVER, &events) == 0)
		for (int i = 0; i < THREADS; i++)
			if (events & callers[i].bit)
				atomic_fetch_add(&callers[i].answered, 1);
	return 0;
}

/* Turns until every caller that has rounds left was answered once more. */
static void turn_for_all(struct caller *callers, int count)
{
	for (int i = 0; i < count; i++) {
		unsigned before = atomic_load(&callers[i].answered);

		while (before < ROUNDS && atomic_load(&callers[i].answered) == before)
			if (!fixture_turn(&f))
				sched_yield();
	}
}

START_TEST(no_signal_of_a_thread_is_lost)
{
	static struct caller callers[THREADS];
	struct gyre_process_id id = fixture_spawn(&f, "answer", answer_rounds, callers);
	pthread_t threads[THREADS];
	/* Of several each makes up for what another one lost. */
	int count = _i ? THREADS : 1;

	for (int i = 0; i < count; i++) {
		callers[i].id = id;
		callers[i].bit = GYRE_EVENT(i);
		pthread_create(&threads[i], NULL, call_rounds, &callers[i]);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		/* The process takes what is pending while its post is still in the box: which then
		 * finds nothing, at the moment when the next signal may come. */
		gyre_process_signal(id, NUDGE);
		fixture_run(&f, GYRE_SEC(1));
		turn_for_all(callers, count);
	}
	for (int i = 0; i < count; i++) {
		void *result;

		pthread_join(threads[i], &result);
		ck_assert_ptr_null(result);
		ck_assert_uint_eq(atomic_load(&callers[i].answered), ROUNDS);
	}
	fixture_close(&f);
}
END_TEST

static atomic_bool stop;
static _Atomic(uint64_t) target; /* index and generation of the newest process */

/* Signals whatever id it last saw, dead or alive. */
static void *signal_blindly(void *arg)
{
	uint64_t accepted = 0;

	while (!atomic_load(&stop)) {
		uint64_t seen = atomic_load(&target);
		struct gyre_process_id id = {arg, (uint32_t)(seen >> 32), (uint32_t)seen};
		/* A bit of this generation's own. */
		int err = gyre_process_signal(id, GYRE_EVENT(id.generation % 28));

		ck_assert(err == 0 || err == -ESRCH);
		accepted += err == 0;
	}
	return (void *)(uintptr_t)accepted;
}

static int check_own_bits(struct gyre_process *self, void *arg)
{
	uint32_t events = 0, own = GYRE_EVENT(gyre_process_id(self).generation % 28);
	int err = gyre_process_wait(self, GYRE_EVENT_USER, *(uint64_t *)arg, &events);

	ck_assert(err == -ETIMEDOUT || events == own);
	return 0;
}

START_TEST(threads_with_stale_ids_reach_nobody)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	pthread_t threads[THREADS];
	uint64_t deadline = 1;
	unsigned rounds = gyre_test_rounds(20000, 500);

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, signal_blindly, &f.loop);
	for (unsigned i = 0; i < rounds; i++) {
		struct gyre_process_id id;

		ck_assert_int_eq(
			gyre_process_spawn(&f.loop, check_own_bits, &deadline, &options, &id), 0);
		atomic_store(&target, (uint64_t)id.index << 32 | id.generation);
		fixture_turn(&f);
		fixture_turn(&f);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	fixture_settle(&f, 10);
	ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), 0);
	fixture_close(&f);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("event");
	TCase *tcase = tcase_create("event");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_signal_wakes);
	tcase_add_test(tcase, others_bits_do_not_wake);
	tcase_add_test(tcase, signals_coalesce);
	tcase_add_test(tcase, bad_masks);
	tcase_add_test(tcase, a_wait_times_out);
	tcase_add_test(tcase, a_past_deadline_is_not_inline);
	tcase_add_test(tcase, a_deadline_of_0_does_not_wait);
	tcase_add_test(tcase, an_event_beats_the_timeout_it_met);
	tcase_add_test(tcase, who_always_has_work_lets_others_run);
	tcase_add_test(tcase, two_that_signal_each_other_end_their_turn);
	tcase_add_test(tcase, cancel_ends_a_wait);
	tcase_add_test(tcase, a_stale_id_never_reaches_the_successor);
	tcase_add_test(tcase, a_post_that_outlives_its_process_is_harmless);
	tcase_add_loop_test(tcase, no_signal_of_a_thread_is_lost, 0, 2);
	tcase_add_test(tcase, threads_with_stale_ids_reach_nobody);
	suite_add_tcase(suite, tcase);
	return suite;
}
