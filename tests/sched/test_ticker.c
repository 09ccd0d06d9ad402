/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/ticker.c: ticks stay on their grid whatever the lateness, missed ones are counted, and
 * a tick can be waited for together with events.
 */
#include "harness.h"

#include "fixture.h"
#include "sched/process.h"

#include <errno.h>
#include <stdlib.h>

#define PERIOD GYRE_MSEC(1)

static struct fixture f;
static struct gyre_ticker tick;
static uint64_t begin; /* of the grid */
static int ticks, last, missed;

static void setup(void)
{
	fixture_open(&f, 0);
}

static int ticking(struct gyre_process *self, void *arg)
{
	(void)arg;
	begin = gyre_loop_clock(&f.loop);
	ck_assert_int_eq(gyre_ticker_init(&tick, self, PERIOD), 0);
	ck_assert_uint_eq(gyre_ticker_deadline(&tick), begin + PERIOD);
	while ((last = gyre_ticker_wait(&tick)) >= 0) {
		ticks++;
		missed += last;
		ck_assert_uint_eq((gyre_ticker_deadline(&tick) - begin) % PERIOD, 0);
		ck_assert_uint_gt(gyre_ticker_deadline(&tick), gyre_loop_clock(&f.loop));
	}
	return last;
}

START_TEST(ticks_do_not_drift)
{
	fixture_spawn(&f, "ticker", ticking, NULL);
	fixture_turn(&f);
	srand(1);
	for (int i = 1; i <= 1000; i++) {
		/* Each tick comes late by something. */
		fixture_settle_at(
			&f, begin + (uint64_t)i * PERIOD + 1024 + (uint64_t)(rand() % 900000));
		ck_assert_int_eq(ticks, i);
	}
	ck_assert_int_eq(missed, 0);
	ck_assert_uint_eq(gyre_ticker_deadline(&tick), begin + 1001 * PERIOD);
	fixture_close(&f);
}
END_TEST

START_TEST(missed_ticks_are_counted)
{
	fixture_spawn(&f, "ticker", ticking, NULL);
	fixture_turn(&f);
	/* The 1st is due; the 2nd, 3rd and 4th went by as well. */
	fixture_settle_at(&f, begin + 4 * PERIOD + 5000);
	ck_assert_int_eq(ticks, 1);
	ck_assert_int_eq(last, 3);
	ck_assert_uint_eq(tick.missed, 3);
	ck_assert_uint_eq(gyre_ticker_deadline(&tick), begin + 5 * PERIOD);
	fixture_settle_at(&f, begin + 5 * PERIOD + 1024);
	ck_assert_int_eq(ticks, 2);
	ck_assert_int_eq(last, 0);
	fixture_settle_at(&f, begin + 7 * PERIOD - 1);
	ck_assert_int_eq(ticks, 3);
	ck_assert_uint_eq(tick.missed, 3);
	fixture_close(&f);
}
END_TEST

START_TEST(cancel_ends_the_ticks)
{
	struct gyre_process_id id = fixture_spawn(&f, "ticker", ticking, NULL);

	fixture_turn(&f);
	gyre_process_cancel(id);
	fixture_settle(&f, 10);
	ck_assert_int_eq(last, -ECANCELED);
	ck_assert_int_eq(ticks, 0);
	fixture_close(&f);
}
END_TEST

START_TEST(a_period_of_0_is_refused)
{
	ck_assert_int_eq(gyre_ticker_init(&tick, NULL, 0), -EINVAL);
	fixture_close(&f);
}
END_TEST

static int events;

static int ticks_and_events(struct gyre_process *self, void *arg)
{
	uint32_t bits;
	int err;

	(void)arg;
	begin = gyre_loop_clock(&f.loop);
	gyre_ticker_init(&tick, self, PERIOD);
	for (;;) {
		err = gyre_process_wait(self, GYRE_EVENT(0), gyre_ticker_deadline(&tick), &bits);
		if (err == 0) {
			events++;
			ck_assert_int_eq(gyre_ticker_advance(&tick), -EAGAIN);
		} else if (err == -ETIMEDOUT) {
			missed += gyre_ticker_advance(&tick);
			ticks++;
		} else {
			return err;
		}
	}
}

START_TEST(a_tick_and_events_in_one_wait)
{
	struct gyre_process_id id = fixture_spawn(&f, "both", ticks_and_events, NULL);

	fixture_turn(&f);
	for (int i = 1; i <= 10; i++) {
		fixture_settle_at(&f, begin + (uint64_t)i * PERIOD - PERIOD / 2);
		gyre_process_signal(id, GYRE_EVENT(0));
		fixture_settle(&f, 10);
		ck_assert_int_eq(events, i);
		ck_assert_int_eq(ticks, i - 1);
		fixture_settle_at(&f, begin + (uint64_t)i * PERIOD + 1024);
		ck_assert_int_eq(ticks, i);
	}
	ck_assert_int_eq(missed, 0);
	fixture_close(&f);
}
END_TEST

static int far_away(struct gyre_process *self, void *arg)
{
	ck_assert_int_eq(gyre_ticker_init(&tick, self, *(uint64_t *)arg), 0);
	return gyre_ticker_wait(&tick);
}

START_TEST(a_huge_period_does_not_wrap)
{
	uint64_t period = GYRE_FOREVER - 5;

	fixture_spawn(&f, "far", far_away, &period);
	fixture_settle(&f, 10);
	ck_assert_uint_eq(gyre_ticker_deadline(&tick), GYRE_FOREVER);
	ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), 1);
	fixture_close(&f);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("ticker");
	TCase *tcase = tcase_create("ticker");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, ticks_do_not_drift);
	tcase_add_test(tcase, missed_ticks_are_counted);
	tcase_add_test(tcase, cancel_ends_the_ticks);
	tcase_add_test(tcase, a_period_of_0_is_refused);
	tcase_add_test(tcase, a_tick_and_events_in_one_wait);
	tcase_add_test(tcase, a_huge_period_does_not_wrap);
	suite_add_tcase(suite, tcase);
	return suite;
}
