/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/process.c, misused: suspending calls for somebody else, and on the loop's stack, are
 * errors, never a crash.
 */
#include "harness.h"

#include "fixture.h"
#include "sched/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct fixture f;
static bool done;

static void setup(void)
{
	fixture_open(&f, 0);
}

static struct gyre_process *other;

static int stay(struct gyre_process *self, void *arg)
{
	(void)arg;
	other = self;
	return gyre_process_sleep(self, GYRE_FOREVER);
}

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static void expect_refused(struct gyre_process *process, int err)
{
	struct gyre_process_id id = gyre_process_id(process);
	struct gyre_message *message = NULL;
	uint32_t events = 0;

	ck_assert_int_eq(gyre_process_yield(process), err);
	ck_assert_int_eq(gyre_process_sleep(process, 1), err);
	ck_assert_int_eq(gyre_process_sleep_until(process, 1), err);
	ck_assert_int_eq(gyre_process_wait(process, GYRE_EVENT(1), GYRE_FOREVER, &events), err);
	ck_assert_int_eq(gyre_process_receive(process, GYRE_FOREVER, &message), err);
	ck_assert_int_eq(gyre_process_join(process, id, GYRE_FOREVER, NULL), err);
	ck_assert_ptr_null(message);
	ck_assert_uint_eq(events, 0);
}

static int refuse_other(struct gyre_process *self, void *arg)
{
	(void)arg;
	expect_refused(other, -EINVAL);
	ck_assert_int_eq(gyre_process_call(other, nothing, NULL), -EINVAL);
	ck_assert_int_eq(gyre_process_call(self, NULL, NULL), -EINVAL);
	done = true;
	return 0;
}

START_TEST(only_oneself_suspends)
{
	struct gyre_process_id id = fixture_spawn(&f, "stay", stay, NULL);

	fixture_turn(&f);
	fixture_spawn(&f, "misuser", refuse_other, NULL);
	fixture_turn(&f);
	ck_assert(done);
	/* No process runs now. */
	expect_refused(other, -EINVAL);
	ck_assert_int_eq(gyre__process_find(id)->state, GYRE_PROCESS_SLEEPING);
	fixture_close(&f);
}
END_TEST

/* gyre_process_current() is NULL outside of processes. */
START_TEST(nobody_suspends)
{
	struct gyre_process_id id = fixture_spawn(&f, "stay", stay, NULL);
	struct gyre_message *message = NULL;
	struct gyre_ticker ticker;

	fixture_turn(&f);
	ck_assert_ptr_null(gyre_process_current());
	ck_assert_int_eq(gyre_process_yield(NULL), -EINVAL);
	ck_assert_int_eq(gyre_process_sleep(NULL, 1), -EINVAL);
	ck_assert_int_eq(gyre_process_sleep_until(NULL, 1), -EINVAL);
	ck_assert_int_eq(gyre_process_wait(NULL, GYRE_EVENT(1), 0, NULL), -EINVAL);
	ck_assert_int_eq(gyre_process_receive(NULL, 0, &message), -EINVAL);
	ck_assert_int_eq(gyre_process_join(NULL, id, 0, NULL), -EINVAL);
	ck_assert_int_eq(gyre_process_call(NULL, nothing, NULL), -EINVAL);
	ck_assert_int_eq(gyre_ticker_init(&ticker, NULL, 1), -EINVAL);
	fixture_close(&f);
}
END_TEST

struct depth {
	struct gyre_process *self;
	char *stack; /* an address on the process's */
	int calls;
};

static int on_big_stack(void *arg)
{
	struct depth *depth = arg;
	char here[256 << 10];
	uintptr_t distance;

	/* More than the process's own stack has. */
	memset(here, 1, sizeof(here));
	distance = here > depth->stack ? (uintptr_t)(here - depth->stack)
				       : (uintptr_t)(depth->stack - here);
	ck_assert_uint_gt(distance, 64 << 10);
	ck_assert_ptr_eq(gyre_process_current(), depth->self);
	expect_refused(depth->self, -EDEADLK);
	ck_assert_int_eq(gyre_process_call(depth->self, NULL, depth), -EINVAL);
	if (depth->calls++ == 0)
		ck_assert_int_eq(gyre_process_call(depth->self, on_big_stack, depth), 42);
	return 42;
}

static int call_out(struct gyre_process *self, void *arg)
{
	char here;
	struct depth depth = {self, &here, 0};

	(void)arg;
	ck_assert_int_eq(gyre_process_call(self, on_big_stack, &depth), 42);
	ck_assert_int_eq(depth.calls, 2);
	ck_assert_int_eq(gyre_process_yield(self), 0);
	ck_assert_int_eq(gyre_process_call(self, on_big_stack, &depth), 42);
	done = true;
	return 0;
}

START_TEST(a_call_runs_on_the_loops_stack)
{
	struct gyre_process_id id = fixture_spawn(&f, "caller", call_out, NULL);
	struct gyre_process_stats stats;

	ck_assert_uint_eq(fixture_turn(&f), 1);
	ck_assert_uint_eq(fixture_turn(&f), 1);
	ck_assert(done);
	ck_assert_int_eq(gyre_process_stats_get(id, &stats), 0);
	ck_assert_uint_eq(stats.runs, 2);
	fixture_close(&f);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("process misuse");
	TCase *tcase = tcase_create("process misuse");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, only_oneself_suspends);
	tcase_add_test(tcase, nobody_suspends);
	tcase_add_test(tcase, a_call_runs_on_the_loops_stack);
	suite_add_tcase(suite, tcase);
	return suite;
}
