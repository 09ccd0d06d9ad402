/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/base/clock_virtual.c: time stands while one loop is busy, jumps to the earliest deadline
 * when none is, and a loop that was posted to holds it.
 */
#include "harness.h"

#include <errno.h>

#include "base/hub.h"

static struct gyre_clock *clock_;
static struct gyre_loop loops[2];

static bool idle(unsigned i, uint64_t deadline)
{
	return clock_->is_virtual->idle(clock_, &loops[i], deadline);
}

static void setup(void)
{
	ck_assert_int_eq(gyre_clock_virtual_create(1000, &clock_), 0);
	for (unsigned i = 0; i < 2; i++) {
		loops[i] = (struct gyre_loop){.clock = clock_};
		ck_assert_int_eq(gyre__postbox_init(&loops[i].posts, &loops[i]), 0);
		ck_assert_int_eq(clock_->is_virtual->join(clock_, &loops[i]), 0);
	}
}

static void teardown(void)
{
	for (unsigned i = 0; i < 2; i++) {
		clock_->is_virtual->leave(clock_, &loops[i]);
		gyre__postbox_fini(&loops[i].posts);
	}
	ck_assert_int_eq(gyre_clock_destroy(clock_), 0);
}

START_TEST(jumps_to_the_earliest_when_all_are_idle)
{
	ck_assert_uint_eq(gyre_clock_now(clock_), 1000);
	ck_assert(!idle(0, 5000)); /* the other one is busy */
	ck_assert_uint_eq(gyre_clock_now(clock_), 1000);
	ck_assert(!idle(1, 9000)); /* 5000 is the first one's */
	ck_assert_uint_eq(gyre_clock_now(clock_), 5000);
	ck_assert(!idle(0, 9500));
	ck_assert_uint_eq(gyre_clock_now(clock_), 9000);
	ck_assert(idle(1, 9100)); /* at once: it is the earliest itself */
	ck_assert_uint_eq(gyre_clock_now(clock_), 9100);
}
END_TEST

START_TEST(stands_when_nobody_waits_for_a_time)
{
	ck_assert(!idle(0, GYRE_FOREVER));
	ck_assert(!idle(1, GYRE_FOREVER));
	ck_assert_uint_eq(gyre_clock_now(clock_), 1000);
}
END_TEST

static void nothing(struct gyre_post *post)
{
	(void)post;
}

START_TEST(a_posted_loop_is_busy_until_it_says_otherwise)
{
	struct gyre_post post = {.fn = nothing};

	ck_assert(!idle(0, 5000));
	gyre_loop_post(&loops[0], &post);
	ck_assert(!idle(1, 7000));
	ck_assert_uint_eq(gyre_clock_now(clock_), 1000);
	ck_assert_uint_eq(gyre__post_run(&loops[0].posts, 1), 1);
	ck_assert(idle(0, 5000)); /* it was woken: one more turn */
	ck_assert_uint_eq(gyre_clock_now(clock_), 1000);
	ck_assert(idle(0, 5000));
	ck_assert_uint_eq(gyre_clock_now(clock_), 5000);
}
END_TEST

START_TEST(a_loop_that_leaves_holds_nobody)
{
	ck_assert(!idle(0, 5000));
	clock_->is_virtual->leave(clock_, &loops[1]);
	ck_assert_uint_eq(gyre_clock_now(clock_), 5000);
	ck_assert_int_eq(clock_->is_virtual->join(clock_, &loops[1]), 0);
}
END_TEST

START_TEST(a_deadline_that_was_passed_by_hand_is_work)
{
	ck_assert(!idle(0, 5000));
	ck_assert_int_eq(gyre_clock_advance(clock_, 6000), 0);
	ck_assert(idle(0, 5500)); /* though the other one is busy */
	ck_assert(!idle(0, 6500));
}
END_TEST

START_TEST(a_loop_at_rest_holds_nobody_until_it_is_awake)
{
	struct gyre_post post = {.fn = nothing};

	ck_assert(!idle(0, 5000));
	clock_->is_virtual->rest(clock_, &loops[1]);
	ck_assert_uint_eq(gyre_clock_now(clock_), 5000);
	gyre_loop_post(&loops[1], &post);
	ck_assert(idle(0, 6000));
	ck_assert_uint_eq(gyre_clock_now(clock_), 6000);
	clock_->is_virtual->awake(clock_, &loops[1]);
	ck_assert(!idle(0, 7000));
	ck_assert_uint_eq(gyre_clock_now(clock_), 6000);
}
END_TEST

START_TEST(rest_forgets_what_woke_the_loop)
{
	struct gyre_post post = {.fn = nothing};

	gyre_loop_post(&loops[1], &post);
	clock_->is_virtual->rest(clock_, &loops[1]);
	ck_assert(idle(0, 5000));
	ck_assert_uint_eq(gyre_clock_now(clock_), 5000);
}
END_TEST

START_TEST(moves_by_hand_but_never_back)
{
	ck_assert_int_eq(gyre_clock_advance(clock_, 4000), 0);
	ck_assert_uint_eq(gyre_clock_now(clock_), 4000);
	ck_assert_int_eq(gyre_clock_advance(clock_, 3000), 0);
	ck_assert_uint_eq(gyre_clock_now(clock_), 4000);
}
END_TEST

START_TEST(cannot_be_destroyed_in_use)
{
	ck_assert_int_eq(gyre_clock_destroy(clock_), -EBUSY);
	ck_assert_int_eq(gyre_clock_destroy(NULL), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("clock_virtual");
	TCase *tcase = tcase_create("clock_virtual");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, jumps_to_the_earliest_when_all_are_idle);
	tcase_add_test(tcase, stands_when_nobody_waits_for_a_time);
	tcase_add_test(tcase, a_posted_loop_is_busy_until_it_says_otherwise);
	tcase_add_test(tcase, a_loop_that_leaves_holds_nobody);
	tcase_add_test(tcase, a_deadline_that_was_passed_by_hand_is_work);
	tcase_add_test(tcase, a_loop_at_rest_holds_nobody_until_it_is_awake);
	tcase_add_test(tcase, rest_forgets_what_woke_the_loop);
	tcase_add_test(tcase, moves_by_hand_but_never_back);
	tcase_add_test(tcase, cannot_be_destroyed_in_use);
	suite_add_tcase(suite, tcase);
	return suite;
}
