/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debouncing: each state counts after its time, a flap within it never, and a model that knows the
 * whole history agrees on random ones.
 */
#include <stdlib.h>

#include "dpdk/debounce.h"
#include "harness.h"

START_TEST(a_state_counts_after_its_time)
{
	struct gyre__debounce debounce = {.up_nsec = 50, .down_nsec = 20};

	gyre__debounce_init(&debounce, false, 1000);
	ck_assert(!debounce.up);
	ck_assert_uint_eq(gyre__debounce_deadline(&debounce), GYRE_FOREVER);
	ck_assert(!gyre__debounce_feed(&debounce, true, 1100));
	ck_assert_uint_eq(gyre__debounce_deadline(&debounce), 1150);
	ck_assert(!gyre__debounce_feed(&debounce, true, 1149));
	ck_assert(!debounce.up);
	ck_assert(gyre__debounce_feed(&debounce, true, 1150));
	ck_assert(debounce.up);
	ck_assert(!gyre__debounce_feed(&debounce, true, 1151));
	ck_assert(!gyre__debounce_feed(&debounce, false, 1200));
	ck_assert_uint_eq(gyre__debounce_deadline(&debounce), 1220);
	ck_assert(gyre__debounce_feed(&debounce, false, 1300));
	ck_assert(!debounce.up);
}
END_TEST

START_TEST(no_time_counts_at_once)
{
	struct gyre__debounce debounce = {0};

	gyre__debounce_init(&debounce, true, 7);
	ck_assert(gyre__debounce_feed(&debounce, false, 7));
	ck_assert(!debounce.up);
	ck_assert(gyre__debounce_feed(&debounce, true, 8));
	ck_assert(debounce.up);
}
END_TEST

START_TEST(a_flap_starts_the_time_anew)
{
	struct gyre__debounce debounce = {.up_nsec = 50};

	gyre__debounce_init(&debounce, false, 0);
	ck_assert(!gyre__debounce_feed(&debounce, true, 100));
	ck_assert(!gyre__debounce_feed(&debounce, false, 140));
	ck_assert_uint_eq(gyre__debounce_deadline(&debounce), GYRE_FOREVER);
	ck_assert(!gyre__debounce_feed(&debounce, true, 145));
	ck_assert(!gyre__debounce_feed(&debounce, true, 194));
	ck_assert(gyre__debounce_feed(&debounce, true, 195));
}
END_TEST

START_TEST(for_ever_is_never)
{
	struct gyre__debounce debounce = {.up_nsec = GYRE_FOREVER, .down_nsec = GYRE_FOREVER - 10};

	gyre__debounce_init(&debounce, false, 100);
	ck_assert(!gyre__debounce_feed(&debounce, true, 200));
	ck_assert_uint_eq(gyre__debounce_deadline(&debounce), GYRE_FOREVER);
	ck_assert(!gyre__debounce_feed(&debounce, true, GYRE_FOREVER - 1));
}
END_TEST

#define HISTORY 2000

/* Whether raw[] held its last value, one sample per nsec, for `lasts` nsec up to index i. */
static bool held(const bool *raw, int i, int lasts)
{
	for (int k = i; k > i - lasts; k--)
		if (k == 0 || raw[k - 1] != raw[i])
			return false;
	return true;
}

START_TEST(random_histories_agree_with_a_model)
{
	struct gyre__debounce debounce = {.up_nsec = 1 + _i % 7, .down_nsec = _i % 5};
	static bool raw[HISTORY];
	bool up = false;

	srandom(_i);
	gyre__debounce_init(&debounce, raw[0] = up, 0);
	for (int i = 1; i < HISTORY; i++) {
		bool changed, before = up;

		raw[i] = random() % 4 ? raw[i - 1] : !raw[i - 1];
		changed = gyre__debounce_feed(&debounce, raw[i], i);
		if (held(raw, i, raw[i] ? debounce.up_nsec : debounce.down_nsec))
			up = raw[i];
		ck_assert_int_eq(debounce.up, up);
		ck_assert_int_eq(changed, up != before);
	}
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("debounce");
	TCase *tcase = tcase_create("debounce");

	tcase_add_test(tcase, a_state_counts_after_its_time);
	tcase_add_test(tcase, no_time_counts_at_once);
	tcase_add_test(tcase, a_flap_starts_the_time_anew);
	tcase_add_test(tcase, for_ever_is_never);
	tcase_add_loop_test(tcase, random_histories_agree_with_a_model, 0, 35);
	suite_add_tcase(suite, tcase);
	return suite;
}
