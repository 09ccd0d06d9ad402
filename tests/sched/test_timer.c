/* SPDX-License-Identifier: Apache-2.0 */
/* lib/sched/timer.c: what the public functions promise, on a virtual clock moved by hand. */
#include "harness.h"

#include "sched/sched.h"

static struct gyre_loop loop;
static struct gyre_timer timer;
static unsigned fired;

static void fire(struct gyre_timer *t)
{
	ck_assert_ptr_eq(t, &timer);
	ck_assert(!gyre_timer_active(t));
	fired++;
}

static void setup(void)
{
	fired = 0;
	ck_assert_int_eq(gyre_clock_virtual_create(GYRE_SEC(5), &loop.clock), 0);
	ck_assert_int_eq(gyre__wheel_create(GYRE_SEC(5), &loop.wheel), 0);
	gyre_timer_init(&timer, &loop, fire);
}

static void teardown(void)
{
	gyre__wheel_destroy(loop.wheel);
	gyre_clock_destroy(loop.clock);
}

static unsigned expire_at(uint64_t now)
{
	gyre_clock_advance(loop.clock, now);
	return gyre__wheel_expire(loop.wheel, gyre__clock_read(loop.clock), 100);
}

START_TEST(active_from_start_to_expiry)
{
	ck_assert(!gyre_timer_active(&timer));
	gyre_timer_start(&timer, GYRE_SEC(6));
	ck_assert(gyre_timer_active(&timer));
	ck_assert_uint_eq(expire_at(GYRE_SEC(6) - 1), 0);
	ck_assert(gyre_timer_active(&timer));
	ck_assert_uint_eq(expire_at(GYRE_SEC(6) + 1023), 1);
	ck_assert_uint_eq(fired, 1);
	ck_assert(!gyre_timer_active(&timer));
	ck_assert_uint_eq(expire_at(GYRE_SEC(60)), 0);
}
END_TEST

START_TEST(stop_is_idempotent)
{
	gyre_timer_stop(&timer);
	gyre_timer_start(&timer, GYRE_SEC(6));
	gyre_timer_stop(&timer);
	gyre_timer_stop(&timer);
	ck_assert(!gyre_timer_active(&timer));
	ck_assert_uint_eq(expire_at(GYRE_SEC(7)), 0);
	ck_assert_uint_eq(gyre__wheel_deadline(loop.wheel), GYRE_FOREVER);
}
END_TEST

START_TEST(start_moves_a_started_one)
{
	gyre_timer_start(&timer, GYRE_SEC(6));
	gyre_timer_start(&timer, GYRE_SEC(9));
	ck_assert_uint_eq(expire_at(GYRE_SEC(8)), 0);
	gyre_timer_start(&timer, GYRE_SEC(8) + GYRE_MSEC(1));
	ck_assert_uint_eq(expire_at(GYRE_SEC(8) + GYRE_MSEC(2)), 1);
	ck_assert_uint_eq(expire_at(GYRE_SEC(10)), 0);
	ck_assert_uint_eq(fired, 1);
}
END_TEST

START_TEST(past_is_due_but_never_inline)
{
	gyre_timer_start(&timer, 0);
	ck_assert_uint_eq(fired, 0);
	ck_assert(gyre__wheel_due(loop.wheel, GYRE_SEC(5)));
	ck_assert_uint_eq(expire_at(0), 1);
	gyre_timer_start_after(&timer, 0);
	ck_assert_uint_eq(fired, 1);
	ck_assert_uint_eq(expire_at(GYRE_SEC(5) + 1024), 1);
}
END_TEST

START_TEST(forever_stops)
{
	gyre_timer_start(&timer, GYRE_SEC(6));
	gyre_timer_start(&timer, GYRE_FOREVER);
	ck_assert(!gyre_timer_active(&timer));
	ck_assert_uint_eq(expire_at(GYRE_SEC(7)), 0);
}
END_TEST

/* Forever would round up to the same tick as the last deadlines of all. */
START_TEST(forever_shares_no_slot)
{
	struct gyre_timer last;

	gyre_timer_init(&last, &loop, fire);
	gyre_timer_start(&last, GYRE_FOREVER - 1);
	gyre_timer_start(&timer, GYRE_FOREVER);
	ck_assert(!gyre_timer_active(&timer));
	gyre_timer_start(&timer, GYRE_FOREVER - 1023);
	ck_assert(gyre_timer_active(&timer));
	gyre_timer_start(&timer, GYRE_FOREVER);
	ck_assert(!gyre_timer_active(&timer));
	ck_assert(gyre_timer_active(&last));
	gyre_timer_stop(&last);
	ck_assert_uint_eq(gyre__wheel_deadline(loop.wheel), GYRE_FOREVER);
}
END_TEST

START_TEST(start_after_reads_the_clock)
{
	loop.now = GYRE_SEC(5);
	gyre_clock_advance(loop.clock, GYRE_SEC(7));
	gyre_timer_start_after(&timer, GYRE_SEC(1));
	ck_assert_uint_eq(expire_at(GYRE_SEC(8) - 1), 0);
	ck_assert_uint_eq(expire_at(GYRE_SEC(8) + 1023), 1);
	/* Later than time goes. */
	gyre_timer_start_after(&timer, GYRE_FOREVER - 1);
	ck_assert(!gyre_timer_active(&timer));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("timer");
	TCase *tcase = tcase_create("timer");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, active_from_start_to_expiry);
	tcase_add_test(tcase, stop_is_idempotent);
	tcase_add_test(tcase, start_moves_a_started_one);
	tcase_add_test(tcase, past_is_due_but_never_inline);
	tcase_add_test(tcase, forever_stops);
	tcase_add_test(tcase, forever_shares_no_slot);
	tcase_add_test(tcase, start_after_reads_the_clock);
	suite_add_tcase(suite, tcase);
	return suite;
}
