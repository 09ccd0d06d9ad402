/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/ratelimit.c: never more than burst + rate x time, never less when asked all
 * the time, exactly, for every rate; time jumps neither overflow nor give anything away.
 */
#include "harness.h"

#include "examples/ha-gateway/nsec.h"
#include "examples/ha-gateway/ratelimit.h"

#include <errno.h>
#include <string.h>

static unsigned take_all(struct ratelimit *limit, uint64_t now)
{
	unsigned n = 0;

	while (ratelimit_take(limit, now))
		n++;
	return n;
}

START_TEST(bad_values_are_named)
{
	struct ratelimit limit;
	const char *why = NULL;

	ck_assert_int_eq(ratelimit_init(&limit, 0, 1, 0, &why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "rate must"));
	ck_assert_int_eq(ratelimit_init(&limit, RATELIMIT_MAX + 1, 1, 0, &why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "rate must"));
	ck_assert_int_eq(ratelimit_init(&limit, 1, 0, 0, &why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "burst must"));
	ck_assert_int_eq(ratelimit_init(&limit, 1, RATELIMIT_MAX + 1, 0, NULL), -EINVAL);
}
END_TEST

START_TEST(burst_then_rate)
{
	struct ratelimit limit;
	uint64_t now = 12345;

	ck_assert_int_eq(ratelimit_init(&limit, 100, 6, now, NULL), 0);
	ck_assert_uint_eq(take_all(&limit, now), 6);
	ck_assert(!ratelimit_take(&limit, now + 10 * NSEC_PER_MSEC - 1));
	ck_assert(ratelimit_take(&limit, now + 10 * NSEC_PER_MSEC));
	ck_assert(!ratelimit_take(&limit, now + 10 * NSEC_PER_MSEC));
	ck_assert_uint_eq(take_all(&limit, now + NSEC_PER_SEC), 6);
	ck_assert_uint_eq(limit.passed, 13);
	ck_assert_uint_eq(limit.denied, 4);
}
END_TEST

/* 7 does not divide a second: an implementation that rounds its interval drifts. */
START_TEST(rate_is_exact)
{
	static const uint32_t rates[] = {1, 7, 1000, 999983, 1000000};
	struct ratelimit limit;

	for (unsigned i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		uint64_t step = NSEC_PER_SEC / rates[i] / 3 + 1, now = 0, passed = 0;

		ck_assert_int_eq(ratelimit_init(&limit, rates[i], 1, now, NULL), 0);
		for (unsigned n = 0; n < 300000; n++, now += step)
			passed += ratelimit_take(&limit, now);
		now -= step;
		ck_assert_uint_le(passed, 1 + now / NSEC_PER_SEC * rates[i] +
						  now % NSEC_PER_SEC * rates[i] / NSEC_PER_SEC);
		ck_assert_uint_ge(passed, now / NSEC_PER_SEC * rates[i] / 4 * 3);
	}
	ck_assert_int_eq(ratelimit_init(&limit, 7, 1, 0, NULL), 0);
	for (uint64_t now = 0; now < 1000 * NSEC_PER_SEC; now += NSEC_PER_MSEC)
		ratelimit_take(&limit, now);
	ck_assert_uint_ge(limit.passed, 6950);
	ck_assert_uint_le(limit.passed, 7001);
}
END_TEST

/* Asked in the finest steps or in one: the same number of tokens to the last nanosecond. */
START_TEST(small_steps_lose_nothing)
{
	struct ratelimit fine, coarse;

	ck_assert_int_eq(ratelimit_init(&fine, 333333, 1000, 0, NULL), 0);
	ck_assert_int_eq(ratelimit_init(&coarse, 333333, 1000, 0, NULL), 0);
	take_all(&fine, 0);
	take_all(&coarse, 0);
	for (uint64_t now = 1; now <= 100000; now++)
		if (ratelimit_take(&fine, now))
			fine.credit += NSEC_PER_SEC;
	ck_assert_uint_eq(take_all(&fine, 100000), 33);
	ck_assert_uint_eq(take_all(&coarse, 100000), 33);
	ck_assert_uint_eq(fine.credit, coarse.credit);
}
END_TEST

START_TEST(time_jumps)
{
	struct ratelimit limit;

	ck_assert_int_eq(ratelimit_init(&limit, RATELIMIT_MAX, RATELIMIT_MAX, 5, NULL), 0);
	limit.credit = 0;
	ck_assert(ratelimit_take(&limit, UINT64_MAX));
	ck_assert_uint_eq(limit.credit, (RATELIMIT_MAX - 1) * UINT64_C(1000000000));

	ck_assert_int_eq(ratelimit_init(&limit, 10, 2, NSEC_PER_SEC, NULL), 0);
	ck_assert_uint_eq(take_all(&limit, NSEC_PER_SEC), 2);
	ck_assert(!ratelimit_take(&limit, 0));
	ck_assert(!ratelimit_take(&limit, NSEC_PER_SEC));
	ck_assert(ratelimit_take(&limit, NSEC_PER_SEC + NSEC_PER_SEC / 10));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("ratelimit");
	TCase *tcase = tcase_create("ratelimit");

	tcase_add_test(tcase, bad_values_are_named);
	tcase_add_test(tcase, burst_then_rate);
	tcase_add_test(tcase, rate_is_exact);
	tcase_add_test(tcase, small_steps_lose_nothing);
	tcase_add_test(tcase, time_jumps);
	suite_add_tcase(suite, tcase);
	return suite;
}
