/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/account.c: run times and lateness are those that the clock showed, quantiles are read
 * off the histogram, and the table shows every process.
 */
#include "harness.h"

#include "fixture.h"
#include "sched/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fixture f;

static void setup(void)
{
	fixture_open(&f, 0);
}

/* Works for a while, three times. */
static int working(struct gyre_process *self, void *arg)
{
	for (uint64_t i = 1; i <= 3; i++) {
		f.now += i * *(uint64_t *)arg;
		gyre_process_yield(self);
	}
	return 0;
}

static struct gyre_process_stats stats_of(struct gyre_process_id id)
{
	struct gyre_process_stats stats;

	memset(&stats, 0xff, sizeof(stats));
	ck_assert_int_eq(gyre_process_stats_get(id, &stats), 0);
	return stats;
}

START_TEST(run_times_sum_up)
{
	uint64_t a_work = 1000, b_work = 70;
	struct gyre_process_id a = fixture_spawn(&f, "a", working, &a_work);
	struct gyre_process_id b = fixture_spawn(&f, "b", working, &b_work);
	struct gyre_process_stats stats;
	uint64_t before = f.now;

	fixture_settle(&f, 10);
	stats = stats_of(a);
	ck_assert_uint_eq(stats.runs, 4);
	ck_assert_uint_eq(stats.run_nsec, 6000);
	ck_assert_uint_eq(stats.longest_nsec, 3000);
	ck_assert_int_eq(stats.state, GYRE_PROCESS_ENDED);
	stats = stats_of(b);
	ck_assert_uint_eq(stats.run_nsec, 420);
	ck_assert_uint_eq(stats.longest_nsec, 210);
	ck_assert_uint_eq(f.now - before, 6420);
	fixture_close(&f);
}
END_TEST

START_TEST(runs_are_counted_beyond_32_bits)
{
	uint64_t work = 0;
	struct gyre_process_id id = fixture_spawn(&f, "many", working, &work);

	fixture_turn(&f);
	gyre__process_find(id)->runs = UINT32_MAX;
	fixture_turn(&f);
	ck_assert_uint_eq(stats_of(id).runs, UINT64_C(1) << 32);
	fixture_close(&f);
}
END_TEST

static int sleeping(struct gyre_process *self, void *arg)
{
	return gyre_process_sleep_until(self, *(uint64_t *)arg);
}

START_TEST(lateness_is_due_against_ran)
{
	uint64_t deadline = GYRE_SEC(2);
	struct gyre_process_id id = fixture_spawn(&f, "late", sleeping, &deadline);
	struct gyre_process_stats stats;

	fixture_settle(&f, 10);
	ck_assert_uint_eq(stats_of(id).deadline, deadline);
	ck_assert_int_eq(stats_of(id).state, GYRE_PROCESS_SLEEPING);
	fixture_settle_at(&f, deadline + 5000);
	stats = stats_of(id);
	ck_assert_uint_eq(stats.late_count, 1);
	ck_assert_uint_eq(stats.late_max, 5000);
	ck_assert_uint_eq(stats.late_nsec, 5000);
	ck_assert_uint_eq(stats.late[12], 1);
	ck_assert_uint_eq(stats.deadline, GYRE_FOREVER);
	fixture_close(&f);
}
END_TEST

START_TEST(what_was_due_before_the_wait_is_not_late)
{
	uint64_t deadline = 1;
	struct gyre_process_id id = fixture_spawn(&f, "past", sleeping, &deadline);

	fixture_turn(&f);
	f.now += 300;
	fixture_settle(&f, 10);
	ck_assert_uint_eq(stats_of(id).late_count, 1);
	ck_assert_uint_eq(stats_of(id).late_max, 300);
	fixture_close(&f);
}
END_TEST

START_TEST(every_lateness_has_its_bucket)
{
	static struct gyre_process process;
	uint64_t count = 0;

	gyre__account_late(&process, 0);
	gyre__account_late(&process, 1);
	ck_assert_uint_eq(process.late_new[0], 2);
	ck_assert_uint_eq(process.late_nsec, 1);
	for (int i = 1; i < 64; i++) {
		int bucket = i < GYRE_LATENESS_BUCKETS ? i : GYRE_LATENESS_BUCKETS - 1;
		uint8_t before = process.late_new[bucket];

		gyre__account_late(&process, UINT64_C(1) << i);
		gyre__account_late(&process, (UINT64_C(2) << i) - 1);
		ck_assert_uint_eq(process.late_new[bucket], before + 2);
	}
	for (int i = 0; i < GYRE_LATENESS_BUCKETS; i++)
		count += process.late_new[i];
	ck_assert_uint_eq(count, 128);
	ck_assert_uint_eq(process.late_max, UINT64_MAX);
	fixture_close(&f);
}
END_TEST

START_TEST(a_full_bucket_stays_full)
{
	struct gyre_process_id id = fixture_spawn(&f, "late", sleeping, &(uint64_t){GYRE_SEC(2)});
	struct gyre_process *process = gyre__process_find(id);

	process->late[3] = UINT32_MAX - 300;
	for (unsigned i = 1; i <= 1000; i++) {
		uint32_t expected = UINT32_MAX - 300 + (i < 300 ? i : 300);

		gyre__account_late(process, 8);
		ck_assert_uint_eq(stats_of(id).late[3], expected);
	}
	fixture_close(&f);
}
END_TEST

/* Every 10 ticks of the wheel. */
static int ticking(struct gyre_process *self, void *arg)
{
	uint64_t deadline = *(uint64_t *)arg;

	while (gyre_process_sleep_until(self, deadline) == 0)
		deadline += 10240;
	return 0;
}

/* Some of them are not in the histogram's own lines yet, whatever their number. */
START_TEST(every_wait_is_counted_at_any_time)
{
	uint64_t deadline = GYRE_SEC(2);
	struct gyre_process_id id, next;

	ck_assert_int_eq(gyre_process_spawn(&f.loop, ticking, &deadline, NULL, &id), 0);
	fixture_settle(&f, 10);
	for (unsigned i = 1; i <= 600; i++) {
		fixture_settle_at(&f, deadline + (i - 1) * 10240 + 3000);
		ck_assert_uint_eq(stats_of(id).late_count, i);
		ck_assert_uint_eq(stats_of(id).late[11], i);
		ck_assert_uint_eq(stats_of(id).late_nsec, i * 3000);
	}
	gyre_process_cancel(id);
	fixture_settle(&f, 10);
	next = fixture_spawn(&f, "next", ticking, &deadline);
	ck_assert_uint_eq(next.index, id.index);
	ck_assert_uint_eq(stats_of(next).late_count, 0);
	fixture_close(&f);
}
END_TEST

START_TEST(without_accounts_runs_are_counted_alone)
{
	uint64_t work = 1000, deadline = GYRE_SEC(2);
	struct gyre_process_id a, b;
	struct gyre_process_stats stats;

	f.loop.sched->accounts = false;
	a = fixture_spawn(&f, "a", working, &work);
	b = fixture_spawn(&f, "b", sleeping, &deadline);
	fixture_settle(&f, 10);
	fixture_settle_at(&f, deadline + 5000);
	stats = stats_of(a);
	ck_assert_uint_eq(stats.runs, 4);
	ck_assert_uint_eq(stats.run_nsec, 0);
	ck_assert_uint_eq(stats.longest_nsec, 0);
	stats = stats_of(b);
	ck_assert_uint_eq(stats.runs, 2);
	ck_assert_uint_eq(stats.late_count, 0);
	ck_assert_uint_eq(stats.late_max, 0);
	ck_assert_int_eq(stats.state, GYRE_PROCESS_ENDED);
	fixture_close(&f);
}
END_TEST

static int spin_unseen(struct gyre_process *self, void *arg)
{
	do {
		++*(unsigned *)arg;
		f.now += GYRE_USEC(10);
	} while (gyre_process_yield(self) == 0);
	return 0;
}

START_TEST(without_accounts_the_budget_is_looked_at_now_and_then)
{
	enum { ALL = 3 * GYRE__RUNS_UNCLOCKED };
	unsigned runs[ALL] = {0};

	fixture_close(&f);
	fixture_open(&f, ALL);
	f.loop.sched->accounts = false;
	for (unsigned i = 0; i < ALL; i++)
		fixture_spawn(&f, "spin", spin_unseen, &runs[i]);
	f.loop.clock_at = f.now;
	ck_assert_uint_eq(gyre__sched_run(f.loop.sched, GYRE_USEC(15)), GYRE__RUNS_UNCLOCKED);
	ck_assert_uint_eq(f.loop.clock_at, 0);
	ck_assert_uint_eq(runs[0], 1);
	ck_assert_uint_eq(runs[GYRE__RUNS_UNCLOCKED], 0);
	/* When nobody knows the time, it is counted from the first look. */
	ck_assert_uint_eq(fixture_run(&f, GYRE_USEC(15)), 2 * GYRE__RUNS_UNCLOCKED);
	for (unsigned i = 0; i < ALL; i++)
		ck_assert_uint_eq(runs[i], 1);
	ck_assert_uint_eq(fixture_run(&f, GYRE_SEC(1)), ALL);
	fixture_close(&f);
}
END_TEST

START_TEST(a_reading_that_still_holds_is_not_made_again)
{
	unsigned runs = 0;

	fixture_spawn(&f, "spin", spin_unseen, &runs);
	f.step = 1;
	f.loop.clock_at = f.now;
	ck_assert_uint_eq(gyre__sched_run(f.loop.sched, GYRE_SEC(1)), 1);
	ck_assert_uint_eq(f.loop.clock_at, f.now);
	ck_assert_uint_eq(f.loop.clock_at, GYRE_SEC(1) + GYRE_USEC(10) + 1);
	f.loop.clock_at = 0;
	ck_assert_uint_eq(gyre__sched_run(f.loop.sched, GYRE_SEC(1)), 1);
	ck_assert_uint_eq(f.loop.clock_at, GYRE_SEC(1) + GYRE_USEC(20) + 3);
	fixture_close(&f);
}
END_TEST

static int sleep_until(struct gyre_process *self, void *arg)
{
	return gyre_process_sleep_until(self, *(uint64_t *)arg);
}

static void look(struct gyre_timer *timer)
{
	ck_assert_uint_eq(timer->loop->clock_at, 0);
}

/* What holds of a reading when n processes were woken since, and perhaps a timer's function ran. */
static uint64_t reading_after(unsigned n, struct gyre_timer *timer)
{
	uint64_t due = f.now + GYRE_MSEC(1);

	for (unsigned i = 0; i < n; i++)
		fixture_spawn(&f, "sleeper", sleep_until, &due);
	fixture_turn(&f);
	if (timer)
		gyre_timer_start(timer, due);
	f.now = f.loop.clock_at = due + GYRE_USEC(2);
	ck_assert_uint_eq(gyre__wheel_expire(f.loop.wheel, f.now, 256), timer != NULL);
	ck_assert_int_eq(gyre__sched_wake(f.loop.sched, f.now, 256), n > 0);
	due = f.loop.clock_at;
	ck_assert_uint_eq(fixture_run(&f, GYRE_SEC(1)), n);
	return due;
}

START_TEST(a_reading_holds_while_a_few_processes_are_woken)
{
	struct gyre_timer timer;

	gyre_timer_init(&timer, &f.loop, look);
	ck_assert_uint_eq(reading_after(1, NULL), f.now);
	ck_assert_uint_eq(reading_after(4, NULL), f.now);
	ck_assert_uint_eq(reading_after(5, NULL), 0);
	ck_assert_uint_eq(reading_after(1, &timer), 0);
	ck_assert_uint_eq(reading_after(0, &timer), 0);
	fixture_close(&f);
}
END_TEST

START_TEST(quantiles)
{
	struct gyre_process_stats stats = {.late_max = 900};

	ck_assert_uint_eq(gyre_process_lateness(&stats, 50), 0);
	stats.late[3] = 90; /* 8 to 15 */
	stats.late[6] = 9; /* 64 to 127 */
	stats.late[9] = 1; /* 512 to 1023 */
	ck_assert_uint_eq(gyre_process_lateness(&stats, 0), 16);
	ck_assert_uint_eq(gyre_process_lateness(&stats, 50), 16);
	ck_assert_uint_eq(gyre_process_lateness(&stats, 90), 16);
	ck_assert_uint_eq(gyre_process_lateness(&stats, 90.5), 128);
	ck_assert_uint_eq(gyre_process_lateness(&stats, 99), 128);
	ck_assert_uint_eq(gyre_process_lateness(&stats, 99.5), 900);
	ck_assert_uint_eq(gyre_process_lateness(&stats, 100), 900);
	ck_assert_uint_eq(gyre_process_lateness(&stats, 200), 900);
	ck_assert_uint_eq(gyre_process_lateness(&stats, -5), 16);
	fixture_close(&f);
}
END_TEST

static int deep(struct gyre_process *self, void *arg)
{
	char room[30000];

	(void)arg;
	memset(room, 1, sizeof(room));
	/* Clang takes apart even a volatile array, unless somebody else has its address. */
	__asm__ volatile("" : : "r"(room) : "memory");
	return gyre_process_sleep(self, GYRE_FOREVER - (uint64_t)room[0]);
}

START_TEST(stacks_are_measured)
{
	uint64_t forever = GYRE_FOREVER;
	struct gyre_process_id a = fixture_spawn(&f, "shallow", sleeping, &forever);
	struct gyre_process_id b = fixture_spawn(&f, "deep", deep, NULL);
	struct gyre_process_stats stats;

	fixture_settle(&f, 10);
	stats = stats_of(a);
	ck_assert_uint_ge(stats.stack_size, 64 << 10);
	ck_assert_uint_ge(stats.stack_used, 4096);
	ck_assert_uint_lt(stats.stack_used, 30000);
	stats = stats_of(b);
	ck_assert_uint_ge(stats.stack_used, 30000);
	ck_assert_uint_le(stats.stack_used, stats.stack_size + 4096);
	fixture_close(&f);
}
END_TEST

START_TEST(steps_through_all)
{
	struct gyre_process_id ids[5], id = {0};
	uint64_t forever = GYRE_FOREVER;
	int seen = 0;

	ck_assert(!gyre_process_next(&f.loop, &id));
	for (int i = 0; i < 5; i++)
		ids[i] = fixture_spawn(&f, "step", sleeping, &forever);
	fixture_settle(&f, 10);
	gyre_process_cancel(ids[2]);
	fixture_settle(&f, 10);
	while (gyre_process_next(&f.loop, &id)) {
		ck_assert_uint_eq(id.index, ids[seen].index);
		ck_assert_uint_eq(id.generation, ids[seen].generation);
		/* The ended one is kept to be joined. */
		ck_assert_int_eq(
			stats_of(id).state, seen == 2 ? GYRE_PROCESS_ENDED : GYRE_PROCESS_SLEEPING);
		seen++;
	}
	ck_assert_int_eq(seen, 5);
	ids[2].generation++;
	ck_assert_int_eq(gyre_process_stats_get(ids[2], &(struct gyre_process_stats){0}), -ESRCH);
	fixture_close(&f);
}
END_TEST

START_TEST(the_table_shows_every_process)
{
	uint64_t deadline = GYRE_SEC(2), work = GYRE_MSEC(2);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fixture_spawn(&f, "sleeper", sleeping, &deadline);
	fixture_spawn(&f, "worker", working, &work);
	fixture_settle(&f, 10);
	ck_assert_int_eq(gyre_process_write_table(&f.loop, out), 0);
	fclose(out);
	ck_assert_ptr_nonnull(strstr(text, "sleeper"));
	ck_assert_ptr_nonnull(strstr(text, "sleeping"));
	ck_assert_ptr_nonnull(strstr(text, "worker"));
	ck_assert_ptr_nonnull(strstr(text, "ended"));
	ck_assert_ptr_nonnull(strstr(text, " 12.0ms"));
	ck_assert_ptr_nonnull(strstr(text, " 6.0ms"));
	free(text);
	fixture_close(&f);
}
END_TEST

START_TEST(a_failed_stream_is_told)
{
	FILE *full = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(full);
	ck_assert_int_eq(gyre_process_write_table(&f.loop, full), -EIO);
	fclose(full);
	fixture_close(&f);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("account");
	TCase *tcase = tcase_create("account");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, run_times_sum_up);
	tcase_add_test(tcase, runs_are_counted_beyond_32_bits);
	tcase_add_test(tcase, lateness_is_due_against_ran);
	tcase_add_test(tcase, what_was_due_before_the_wait_is_not_late);
	tcase_add_test(tcase, every_lateness_has_its_bucket);
	tcase_add_test(tcase, a_full_bucket_stays_full);
	tcase_add_test(tcase, every_wait_is_counted_at_any_time);
	tcase_add_test(tcase, without_accounts_runs_are_counted_alone);
	tcase_add_test(tcase, without_accounts_the_budget_is_looked_at_now_and_then);
	tcase_add_test(tcase, a_reading_that_still_holds_is_not_made_again);
	tcase_add_test(tcase, a_reading_holds_while_a_few_processes_are_woken);
	tcase_add_test(tcase, quantiles);
	tcase_add_test(tcase, stacks_are_measured);
	tcase_add_test(tcase, steps_through_all);
	tcase_add_test(tcase, the_table_shows_every_process);
	tcase_add_test(tcase, a_failed_stream_is_told);
	suite_add_tcase(suite, tcase);
	return suite;
}
