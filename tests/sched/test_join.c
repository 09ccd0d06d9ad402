/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/join.c: a joiner gets the status of the process it waits for, whichever of the two
 * comes first, and however the wait may end otherwise.
 */
#include "harness.h"

#include "fixture.h"
#include "sched/process.h"

#include <errno.h>

static struct fixture f;

static void setup(void)
{
	fixture_open(&f, 0);
}

struct joiner {
	struct gyre_process_id target;
	uint64_t deadline;
	int result, status;
	bool done;
};

static int joining(struct gyre_process *self, void *arg)
{
	struct joiner *j = arg;

	j->result = gyre_process_join(self, j->target, j->deadline, &j->status);
	j->done = true;
	return 0;
}

/* Ends with its own number when it is signalled, or with -ECANCELED. */
static int ends_when_told(struct gyre_process *self, void *arg)
{
	uint32_t events;
	int err = gyre_process_wait(self, GYRE_EVENT(0), GYRE_FOREVER, &events);

	return err < 0 ? err : *(int *)arg;
}

static int number = 1234;

static struct gyre_process_id spawn(gyre_process_fn *fn, void *arg, bool joinable)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	struct gyre_process_id id;

	options.joinable = joinable;
	ck_assert_int_eq(gyre_process_spawn(&f.loop, fn, arg, &options, &id), 0);
	return id;
}

static struct joiner joiner_of(struct gyre_process_id target)
{
	return (struct joiner){.target = target, .deadline = GYRE_FOREVER, .status = -1};
}

START_TEST(join_before_the_end)
{
	for (int joinable = 0; joinable < 2; joinable++) {
		struct joiner j = joiner_of(spawn(ends_when_told, &number, joinable));

		spawn(joining, &j, false);
		fixture_settle(&f, 10);
		ck_assert(!j.done);
		gyre_process_signal(j.target, GYRE_EVENT(0));
		fixture_settle(&f, 10);
		ck_assert(j.done);
		ck_assert_int_eq(j.result, 0);
		ck_assert_int_eq(j.status, number);
		/* Nobody keeps the block now. */
		ck_assert_ptr_null(gyre__process_find(j.target));
	}
	fixture_close(&f);
}
END_TEST

START_TEST(join_after_the_end)
{
	for (int joinable = 0; joinable < 2; joinable++) {
		struct joiner j = joiner_of(spawn(ends_when_told, &number, joinable));
		struct joiner again = j;

		gyre_process_signal(j.target, GYRE_EVENT(0));
		fixture_settle(&f, 10);
		ck_assert_int_eq(gyre_process_signal(j.target, GYRE_EVENT(0)), -ESRCH);
		spawn(joining, &j, false);
		spawn(joining, &again, false);
		fixture_settle(&f, 10);
		ck_assert_int_eq(j.result, joinable ? 0 : -ESRCH);
		ck_assert_int_eq(j.status, joinable ? number : -1);
		/* Once. */
		ck_assert_int_eq(again.result, -ESRCH);
		ck_assert_int_eq(again.status, -1);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(all_who_wait_are_told)
{
	struct joiner j[3];

	j[0] = j[1] = j[2] = joiner_of(spawn(ends_when_told, &number, true));
	for (int i = 0; i < 3; i++)
		spawn(joining, &j[i], false);
	fixture_settle(&f, 10);
	gyre_process_signal(j[0].target, GYRE_EVENT(0));
	fixture_settle(&f, 10);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(j[i].result, 0);
		ck_assert_int_eq(j[i].status, number);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(join_times_out)
{
	struct joiner j[3];

	j[0] = j[1] = j[2] = joiner_of(spawn(ends_when_told, &number, true));
	j[1].deadline = GYRE_SEC(2);
	for (int i = 0; i < 3; i++)
		spawn(joining, &j[i], false);
	fixture_settle_at(&f, GYRE_SEC(2) + 1024);
	ck_assert(!j[0].done && j[1].done && !j[2].done);
	ck_assert_int_eq(j[1].result, -ETIMEDOUT);
	ck_assert_int_eq(j[1].status, -1);
	/* The others are told all the same, though one has left the middle of the list. */
	gyre_process_signal(j[0].target, GYRE_EVENT(0));
	fixture_settle(&f, 10);
	ck_assert(j[0].done && j[2].done);
	fixture_close(&f);
}
END_TEST

START_TEST(a_deadline_of_0_asks_whether_it_has_ended)
{
	struct joiner j = joiner_of(spawn(ends_when_told, &number, true)), next = j;

	j.deadline = next.deadline = 0;
	spawn(joining, &j, false);
	ck_assert_uint_eq(fixture_turn(&f), 2);
	ck_assert(j.done);
	ck_assert_int_eq(j.result, -ETIMEDOUT);
	gyre_process_signal(j.target, GYRE_EVENT(0));
	fixture_settle(&f, 10);
	spawn(joining, &next, false);
	ck_assert_uint_eq(fixture_turn(&f), 1);
	ck_assert_int_eq(next.result, 0);
	ck_assert_int_eq(next.status, number);
	fixture_close(&f);
}
END_TEST

START_TEST(an_end_that_comes_too_late_keeps_the_status)
{
	struct joiner j = joiner_of(spawn(ends_when_told, &number, true)), next = j;

	j.deadline = 1;
	spawn(joining, &j, false);
	gyre_process_signal(j.target, GYRE_EVENT(0));
	/* In this turn the target ends; the joiner times out before, or finds it ended. */
	fixture_turn(&f);
	fixture_settle(&f, 10);
	ck_assert(j.done);
	spawn(joining, &next, false);
	fixture_settle(&f, 10);
	/* One of the two has it. */
	ck_assert_int_eq((j.result == 0) + (next.result == 0), 1);
	ck_assert_int_eq(j.result == 0 ? j.status : next.status, number);
	fixture_close(&f);
}
END_TEST

START_TEST(a_canceled_joiner_leaves_the_list)
{
	struct joiner j = joiner_of(spawn(ends_when_told, &number, true)), next = j;
	struct gyre_process_id id = spawn(joining, &j, false);

	fixture_settle(&f, 10);
	gyre_process_cancel(id);
	gyre_process_signal(j.target, GYRE_EVENT(0));
	fixture_settle(&f, 10);
	ck_assert_int_eq(j.result, -ECANCELED);
	spawn(joining, &next, false);
	fixture_settle(&f, 10);
	ck_assert_int_eq(next.result, 0);
	ck_assert_int_eq(next.status, number);
	fixture_close(&f);
}
END_TEST

START_TEST(a_canceled_target_is_joined)
{
	struct joiner j = joiner_of(spawn(ends_when_told, &number, false));

	spawn(joining, &j, false);
	fixture_settle(&f, 10);
	gyre_process_cancel(j.target);
	fixture_settle(&f, 10);
	ck_assert_int_eq(j.result, 0);
	ck_assert_int_eq(j.status, -ECANCELED);
	fixture_close(&f);
}
END_TEST

START_TEST(canceled_after_the_status_was_taken)
{
	struct joiner j = joiner_of(spawn(ends_when_told, &number, true));
	struct gyre_process_id id = spawn(joining, &j, false);

	fixture_settle(&f, 10);
	gyre_process_signal(j.target, GYRE_EVENT(0));
	fixture_turn(&f);
	/* The joiner is ready with the status, and has not run. */
	ck_assert(!j.done);
	gyre_process_cancel(id);
	fixture_turn(&f);
	ck_assert_int_eq(j.result, 0);
	ck_assert_int_eq(j.status, number);
	fixture_close(&f);
}
END_TEST

static int joins_itself(struct gyre_process *self, void *arg)
{
	*(int *)arg = gyre_process_join(self, gyre_process_id(self), GYRE_FOREVER, NULL);
	return 0;
}

START_TEST(who_cannot_be_joined)
{
	static struct fixture g;
	struct joiner elsewhere, nobody = joiner_of((struct gyre_process_id){0});
	int self_join = 0;

	fixture_open(&g, 0);
	gyre__loop_enter(&f.loop);
	elsewhere = joiner_of(fixture_spawn(&g, "far", ends_when_told, &number));
	spawn(joining, &elsewhere, false);
	spawn(joining, &nobody, false);
	spawn(joins_itself, &self_join, false);
	fixture_settle(&f, 10);
	ck_assert_int_eq(elsewhere.result, -EINVAL);
	ck_assert_int_eq(nobody.result, -ESRCH);
	ck_assert_int_eq(self_join, -EDEADLK);
	fixture_close(&g);
	fixture_close(&f);
}
END_TEST

START_TEST(ended_and_not_joined_is_not_alive)
{
	struct gyre_process_id id = spawn(ends_when_told, &number, true);

	gyre_process_signal(id, GYRE_EVENT(0));
	fixture_settle(&f, 10);
	ck_assert_int_eq(gyre__process_find(id)->state, GYRE_PROCESS_ENDED);
	ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), 0);
	ck_assert_uint_eq(gyre__sched_counting(f.loop.sched), 0);
	fixture_close(&f);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("join");
	TCase *tcase = tcase_create("join");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, join_before_the_end);
	tcase_add_test(tcase, join_after_the_end);
	tcase_add_test(tcase, all_who_wait_are_told);
	tcase_add_test(tcase, join_times_out);
	tcase_add_test(tcase, a_deadline_of_0_asks_whether_it_has_ended);
	tcase_add_test(tcase, an_end_that_comes_too_late_keeps_the_status);
	tcase_add_test(tcase, a_canceled_joiner_leaves_the_list);
	tcase_add_test(tcase, a_canceled_target_is_joined);
	tcase_add_test(tcase, canceled_after_the_status_was_taken);
	tcase_add_test(tcase, who_cannot_be_joined);
	tcase_add_test(tcase, ended_and_not_joined_is_not_alive);
	suite_add_tcase(suite, tcase);
	return suite;
}
