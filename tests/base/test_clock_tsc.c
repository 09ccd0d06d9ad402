/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/base/clock_tsc.c on a counter and a kernel's clock that the test makes up: it follows the one
 * by the other, never backwards, whatever the counter does.
 */
#include "harness.h"

#include <stdlib.h>

#include "base/clock_tsc.h"

/* 2.5 ticks a nsec, from a start of its own. */
static const struct gyre__tsc_pair start = {UINT64_C(77777777777), UINT64_C(5000000000)};

static uint64_t tsc_at(uint64_t nsec)
{
	return start.tsc + nsec * 5 / 2;
}

static struct gyre__tsc_pair both_at(uint64_t nsec)
{
	return (struct gyre__tsc_pair){tsc_at(nsec), start.nsec + nsec};
}

/* Calibrated over 200 usec, of which the kernel's reading was `error` nsec off. */
static struct gyre__tsc calibrated(int64_t error)
{
	struct gyre__tsc_pair second = both_at(GYRE_USEC(200));
	struct gyre__tsc clock;

	second.nsec += (uint64_t)error;
	gyre__tsc_init(&clock, &start, &second);
	return clock;
}

static int64_t off_at(struct gyre__tsc *clock, uint64_t nsec)
{
	return (int64_t)(gyre__tsc_read(clock, tsc_at(nsec)) - (start.nsec + nsec));
}

/* Runs from `from` to `to`, anchored when it is time for that; returns the time it ran to. */
static void run(struct gyre__tsc *clock, uint64_t from, uint64_t to)
{
	for (uint64_t t = from; t <= to; t += GYRE_USEC(100)) {
		struct gyre__tsc_pair now = both_at(t);
		uint64_t before = clock->last;

		ck_assert_uint_ge(gyre__tsc_read(clock, now.tsc), before);
		if (gyre__tsc_stale(clock, now.tsc))
			gyre__tsc_anchor(clock, &now);
	}
}

START_TEST(anchors_take_a_bad_calibration_away)
{
	static const int64_t errors[] = {60, -60}; /* 300 ppm */

	for (int i = 0; i < 2; i++) {
		struct gyre__tsc clock = calibrated(errors[i]);
		int64_t off;

		run(&clock, GYRE_USEC(200), GYRE_MSEC(9));
		ck_assert_int_gt(llabs(off_at(&clock, GYRE_MSEC(9))), 2000);
		run(&clock, GYRE_MSEC(9), GYRE_MSEC(200));
		off = off_at(&clock, GYRE_MSEC(200));
		ck_assert_int_lt(llabs(off), 20);
	}
}
END_TEST

START_TEST(it_is_time_for_an_anchor_every_10_ms)
{
	struct gyre__tsc clock = calibrated(0);

	ck_assert(!gyre__tsc_stale(&clock, tsc_at(GYRE_MSEC(10))));
	ck_assert(gyre__tsc_stale(&clock, tsc_at(GYRE_MSEC(10) + GYRE_USEC(201))));
	/* A core that is a little behind is no reason. */
	ck_assert(!gyre__tsc_stale(&clock, tsc_at(GYRE_USEC(200)) - 1000));
}
END_TEST

START_TEST(a_core_that_is_behind_does_not_turn_time_back)
{
	struct gyre__tsc clock = calibrated(0);
	uint64_t last = 0;

	srand(1);
	for (uint64_t t = GYRE_USEC(200); t < GYRE_MSEC(50); t += 50) {
		struct gyre__tsc_pair now = both_at(t);
		uint64_t nsec = gyre__tsc_read(&clock, now.tsc - (unsigned)rand() % 500);

		ck_assert_uint_ge(nsec, last);
		last = nsec;
		if (gyre__tsc_stale(&clock, now.tsc))
			gyre__tsc_anchor(&clock, &now);
	}
	ck_assert_int_lt(llabs(off_at(&clock, GYRE_MSEC(50))), 100);
}
END_TEST

START_TEST(a_clock_that_is_ahead_goes_on_more_slowly)
{
	struct gyre__tsc clock = calibrated(60);
	struct gyre__tsc_pair now = both_at(GYRE_SEC(1));
	int64_t ahead = off_at(&clock, GYRE_SEC(1));
	uint64_t last = clock.last;

	ck_assert_int_gt(ahead, 200000);
	gyre__tsc_anchor(&clock, &now);
	for (uint64_t t = GYRE_SEC(1) + 10000; t < GYRE_SEC(1) + GYRE_MSEC(9); t += 10000) {
		uint64_t nsec = gyre__tsc_read(&clock, tsc_at(t));

		ck_assert_uint_ge(nsec - last, 9900);
		ck_assert_uint_le(nsec - last, 10000);
		last = nsec;
	}
	/* 488 ppm of 10 ms are gone by the next anchor, all of it after 100 of them. */
	ck_assert_int_lt(off_at(&clock, GYRE_SEC(1) + GYRE_MSEC(10)), ahead - 4000);
	run(&clock, GYRE_SEC(1) + GYRE_MSEC(10), GYRE_SEC(3));
	ck_assert_int_lt(llabs(off_at(&clock, GYRE_SEC(3))), 20);
}
END_TEST

START_TEST(a_clock_that_is_late_by_much_is_stepped)
{
	struct gyre__tsc clock = calibrated(-60);
	struct gyre__tsc_pair now = both_at(GYRE_SEC(10));

	ck_assert_int_lt(off_at(&clock, GYRE_SEC(10)), -2000000);
	gyre__tsc_anchor(&clock, &now);
	ck_assert_int_lt(llabs(off_at(&clock, GYRE_SEC(10))), 2);
	ck_assert_int_lt(llabs(off_at(&clock, GYRE_SEC(20))), 100);
}
END_TEST

/* A loop that sleeps anchors late: the slew ends all the same. */
START_TEST(a_slew_is_over_after_10_ms)
{
	struct gyre__tsc clock = calibrated(-60);
	struct gyre__tsc_pair now = both_at(GYRE_MSEC(100));
	int64_t late = off_at(&clock, GYRE_MSEC(100));

	ck_assert_int_lt(late, -20000);
	gyre__tsc_anchor(&clock, &now);
	ck_assert_int_gt(off_at(&clock, GYRE_MSEC(110)), late + 4000);
	ck_assert_int_lt(off_at(&clock, GYRE_SEC(100)), late + 6000);
}
END_TEST

START_TEST(a_counter_that_begins_anew_is_followed)
{
	struct gyre__tsc clock = calibrated(0);
	struct gyre__tsc_pair now = {1000, 0};
	uint64_t before;

	run(&clock, GYRE_USEC(200), GYRE_SEC(1));
	before = clock.last;
	/* An hour later, by the kernel's clock, the counter stands at 1000. */
	ck_assert_uint_eq(gyre__tsc_read(&clock, 1000), before);
	ck_assert(gyre__tsc_stale(&clock, 1000));
	now.nsec = start.nsec + GYRE_SEC(3600);
	gyre__tsc_anchor(&clock, &now);
	ck_assert_uint_eq(gyre__tsc_read(&clock, 1000), now.nsec);
	for (uint64_t t = 0; t < GYRE_SEC(1); t += GYRE_MSEC(11)) {
		struct gyre__tsc_pair then = {1000 + t * 5 / 2, now.nsec + t};
		int64_t off = (int64_t)(gyre__tsc_read(&clock, then.tsc) - then.nsec);

		ck_assert_int_lt(llabs(off), 20);
		ck_assert(t == 0 || gyre__tsc_stale(&clock, then.tsc));
		gyre__tsc_anchor(&clock, &then);
	}
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("clock_tsc");
	TCase *tcase = tcase_create("clock_tsc");

	tcase_add_test(tcase, anchors_take_a_bad_calibration_away);
	tcase_add_test(tcase, it_is_time_for_an_anchor_every_10_ms);
	tcase_add_test(tcase, a_core_that_is_behind_does_not_turn_time_back);
	tcase_add_test(tcase, a_clock_that_is_ahead_goes_on_more_slowly);
	tcase_add_test(tcase, a_clock_that_is_late_by_much_is_stepped);
	tcase_add_test(tcase, a_slew_is_over_after_10_ms);
	tcase_add_test(tcase, a_counter_that_begins_anew_is_followed);
	suite_add_tcase(suite, tcase);
	return suite;
}
