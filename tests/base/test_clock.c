/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/clock.c: both real clocks run forward and stay with CLOCK_MONOTONIC. */
#include "harness.h"

#include <errno.h>

#include <time.h>

#include "base/hub.h"

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* How far the clock is from the kernel's, the reading between two of the kernel's. */
static int64_t distance(struct gyre_clock *clock)
{
	uint64_t before = monotonic(), ours = gyre__clock_read(clock), after = monotonic();

	if (ours < before)
		return (int64_t)(ours - before);
	return ours > after ? (int64_t)(ours - after) : 0;
}

static void runs_forward_and_stays_close(struct gyre_clock *clock)
{
	uint64_t end = monotonic() + GYRE_MSEC(300), last = 0;
	unsigned far = 0, n = 0;

	while (monotonic() < end) {
		uint64_t now = gyre__clock_read(clock);
		int64_t off = distance(clock);

		ck_assert_uint_ge(now, last);
		last = now;
		far += off > 100000 || off < -100000;
		n++;
		if (n % 64 == 0)
			gyre__clock_anchor(clock);
	}
	/* A reading may be interrupted between the two clocks; most are not. */
	ck_assert_uint_gt(n, 1000);
	ck_assert_uint_lt(far, n / 10);
}

START_TEST(the_best_clock_follows_the_kernel)
{
	struct gyre_clock *clock;

	ck_assert_int_eq(gyre__clock_create(&clock), 0);
	runs_forward_and_stays_close(clock);
	gyre__clock_free(clock);
}
END_TEST

START_TEST(the_kernels_clock_follows_itself)
{
	struct gyre_clock *clock;

	ck_assert_int_eq(gyre_clock_monotonic_create(&clock), 0);
	gyre__clock_anchor(clock);
	runs_forward_and_stays_close(clock);
	ck_assert_int_eq(gyre_clock_destroy(clock), 0);
}
END_TEST

/* A loop that slept for long anchors late: the slew must not go on all that time. */
START_TEST(a_late_anchor_does_no_harm)
{
	struct timespec pause = {.tv_nsec = 400000000};
	struct gyre_clock *clock;
	int64_t worst = 0;

	ck_assert_int_eq(gyre__clock_create(&clock), 0);
	for (int i = 0; i < 3; i++) {
		gyre__clock_read(clock);
		gyre__clock_anchor(clock);
		nanosleep(&pause, NULL);
		int64_t off = distance(clock), again = distance(clock);

		off = off < 0 ? -off : off;
		again = again < 0 ? -again : again;
		off = again < off ? again : off;
		if (off > worst)
			worst = off;
	}
	ck_assert_int_lt(worst, 400000); /* 1000 ppm */
	gyre__clock_free(clock);
}
END_TEST

START_TEST(a_real_clock_cannot_be_moved_by_hand)
{
	struct gyre_clock *clock;

	ck_assert_int_eq(gyre__clock_create(&clock), 0);
	ck_assert_int_eq(gyre_clock_advance(clock, GYRE_FOREVER - 1), -EINVAL);
	ck_assert_uint_lt(gyre_clock_now(clock), GYRE_FOREVER - 1);
	gyre__clock_free(clock);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("clock");
	TCase *tcase = tcase_create("clock");

	tcase_add_test(tcase, the_best_clock_follows_the_kernel);
	tcase_add_test(tcase, the_kernels_clock_follows_itself);
	tcase_add_test(tcase, a_late_anchor_does_no_harm);
	tcase_add_test(tcase, a_real_clock_cannot_be_moved_by_hand);
	suite_add_tcase(suite, tcase);
	return suite;
}
