/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/damping.c: the integer decay follows the exponential within 0.01 %, falls
 * monotonically, does not depend on when one asks; suppression begins, ends and is bounded as RFC
 * 2439 says; and any time jump is survived.
 */
#include "harness.h"

#include "examples/ha-gateway/damping.h"
#include "examples/ha-gateway/nsec.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define SEC NSEC_PER_SEC

static struct damping make(uint32_t penalty, uint32_t suppress, uint32_t reuse, uint64_t half_life,
	uint64_t max_suppress)
{
	struct damping_config config = {penalty, suppress, reuse, half_life, max_suppress};
	struct damping damping;
	const char *why = NULL;

	ck_assert_msg(damping_init(&damping, &config, &why) == 0, "%s", why);
	return damping;
}

static void refuse(struct damping_config config, const char *text)
{
	struct damping damping;
	const char *why = "";

	ck_assert_int_eq(damping_init(&damping, &config, &why), -EINVAL);
	ck_assert_msg(strstr(why, text) != NULL, "%s", why);
	ck_assert_int_eq(damping_init(&damping, &config, NULL), -EINVAL);
}

START_TEST(bad_values_are_named)
{
	refuse((struct damping_config){1000001, 2000, 750, SEC, 4 * SEC}, "penalty");
	refuse((struct damping_config){1000, 2000, 0, SEC, 4 * SEC}, "reuse");
	refuse((struct damping_config){1000, 2000, 1000001, SEC, 4 * SEC}, "reuse");
	refuse((struct damping_config){1000, 750, 750, SEC, 4 * SEC}, "suppress must");
	refuse((struct damping_config){1000, 1000001, 750, SEC, 4 * SEC}, "suppress must");
	refuse((struct damping_config){1000, 2000, 750, 0, 4 * SEC}, "half life");
	refuse((struct damping_config){1000, 2000, 750, 86401 * SEC, 4 * SEC}, "half life");
	refuse((struct damping_config){1000, 2000, 750, SEC, 0}, "longest suppression must");
	refuse((struct damping_config){1000, 2000, 750, SEC, 86401 * SEC},
		"longest suppression must");
	refuse((struct damping_config){1000, 2000, 750, SEC, SEC}, "too short");
}
END_TEST

START_TEST(default_suppresses_the_third_flap)
{
	struct damping_config config = DAMPING_CONFIG_DEFAULT;
	struct damping damping;

	ck_assert_int_eq(damping_init(&damping, &config, NULL), 0);
	damping_flap(&damping, 1 * SEC);
	damping_flap(&damping, 2 * SEC);
	ck_assert(!damping_suppressed(&damping, 2 * SEC));
	damping_flap(&damping, 3 * SEC);
	ck_assert(damping_suppressed(&damping, 3 * SEC));
	ck_assert_uint_eq(damping.suppressions, 1);
	ck_assert_uint_eq(damping.flaps, 3);
}
END_TEST

START_TEST(decay_is_exponential)
{
	static const uint64_t half_lives[] = {1, 7, 1000, 15 * SEC, 4000 * SEC};

	for (unsigned i = 0; i < sizeof(half_lives) / sizeof(*half_lives); i++) {
		uint64_t half_life = half_lives[i];
		struct damping damping = make(900000, 1000000, 1, half_life, 86400 * SEC);

		damping_flap(&damping, 17);
		for (uint64_t k = 0; k < 700; k++) {
			uint64_t span = half_life * k / 70;
			double want = 900000 * exp2(-(double)span / (double)half_life);
			double got = damping_figure(&damping, 17 + span);

			ck_assert_msg(fabs(got - want) <= 1 + want * 1e-4, "%f %f", got, want);
		}
	}
}
END_TEST

START_TEST(decay_is_monotonic)
{
	struct damping damping = make(1000000, 1000000, 1, 1 << 20, 1 << 25);
	uint32_t last;

	damping_flap(&damping, 0);
	last = damping_figure(&damping, 0);
	ck_assert_uint_eq(last, 1000000);
	for (uint64_t now = 0; now < 1 << 22; now += 97) {
		uint32_t figure = damping_figure(&damping, now);

		ck_assert_uint_le(figure, last);
		last = figure;
	}
	ck_assert_uint_lt(last, 1000000 / 15);
	for (uint64_t halvings = 32; halvings < 200; halvings++)
		ck_assert_uint_eq(damping_figure(&damping, halvings << 20), 0);
	ck_assert_uint_eq(damping_figure(&damping, UINT64_MAX), 0);
}
END_TEST

/* 3000 falls to 750 in two half lives. */
START_TEST(reuse_time)
{
	struct damping damping = make(1000, 3000, 750, 10 * SEC, 100 * SEC);
	uint64_t reuse;

	for (int i = 0; i < 3; i++)
		damping_flap(&damping, 5 * SEC);
	reuse = damping_reuse_at(&damping);
	ck_assert_uint_eq(reuse, 25 * SEC);
	ck_assert(damping_suppressed(&damping, reuse - 1));
	ck_assert(!damping_suppressed(&damping, reuse));
	ck_assert_uint_ge(damping_figure(&damping, reuse - SEC / 1000), 750);
	ck_assert_uint_le(damping_figure(&damping, reuse), 750);
}
END_TEST

/* Not a step too early, nor more than a step too late. */
START_TEST(reuse_time_is_exact)
{
	for (uint64_t half_life = 100003; half_life < SEC; half_life = half_life * 3 + 2) {
		struct damping damping = make(1000000, 990000, 900000, half_life, 20 * half_life);
		uint64_t reuse, step = half_life / 65536 + 1;

		damping_flap(&damping, 0);
		reuse = damping_reuse_at(&damping);
		ck_assert_uint_lt(damping_figure(&damping, reuse), 900000 + 1);
		ck_assert_uint_ge(damping_figure(&damping, reuse - step), 900000);
	}
}
END_TEST

START_TEST(flap_while_suppressed_prolongs)
{
	struct damping damping = make(1000, 3000, 750, 10 * SEC, 100 * SEC);
	uint64_t reuse;

	for (int i = 0; i < 3; i++)
		damping_flap(&damping, 0);
	reuse = damping_reuse_at(&damping);
	damping_flap(&damping, 15 * SEC);
	ck_assert_uint_lt(damping_figure(&damping, 15 * SEC), 3000);
	ck_assert_uint_gt(damping_reuse_at(&damping), reuse);
	ck_assert_uint_eq(damping.suppressions, 1);
	damping_flap(&damping, damping_reuse_at(&damping) + 1);
	ck_assert_uint_eq(damping.suppressions, 1);
}
END_TEST

/* However often it flapped: free max_suppress after the last flap, and not long before that. */
START_TEST(suppression_is_bounded)
{
	struct damping damping = make(1000, 3000, 750, 10 * SEC, 60 * SEC);
	uint64_t last = 0;

	for (unsigned i = 0; i < 20000; i++)
		damping_flap(&damping, last += 50000);
	ck_assert(damping_suppressed(&damping, last + 59 * SEC));
	ck_assert(!damping_suppressed(&damping, last + 60 * SEC));
	ck_assert_uint_le(damping_figure(&damping, last), 750 * 64);
}
END_TEST

START_TEST(asking_changes_nothing)
{
	struct damping asked = make(1000, 3000, 750, 10 * SEC, 60 * SEC), quiet = asked;

	damping_flap(&asked, 0);
	damping_flap(&quiet, 0);
	for (uint64_t now = 0; now < SEC; now += 50000)
		ck_assert_uint_ge(damping_figure(&asked, now), 900);
	damping_flap(&asked, SEC);
	damping_flap(&quiet, SEC);
	ck_assert_uint_eq(asked.figure, quiet.figure);
	ck_assert_uint_lt(damping_figure(&asked, SEC), 2000);
}
END_TEST

START_TEST(time_jumps)
{
	struct damping damping = make(1000, 3000, 750, 10 * SEC, 60 * SEC);

	for (int i = 0; i < 3; i++)
		damping_flap(&damping, 50 * SEC);
	damping_flap(&damping, 1);
	ck_assert_uint_eq(damping_figure(&damping, 50 * SEC), 4000);
	ck_assert_uint_eq(damping_figure(&damping, 0), 4000);
	ck_assert(!damping_suppressed(&damping, UINT64_MAX));
	damping_flap(&damping, UINT64_MAX - 1);
	ck_assert_uint_eq(damping_figure(&damping, UINT64_MAX), 1000);
	for (int i = 0; i < 3; i++)
		damping_flap(&damping, UINT64_MAX - 1);
	ck_assert_uint_eq(damping_reuse_at(&damping), NSEC_NEVER);
}
END_TEST

START_TEST(no_penalty_no_damping)
{
	struct damping damping;

	ck_assert_int_eq(damping_init(&damping, &(struct damping_config){0}, NULL), 0);
	for (int i = 0; i < 1000; i++)
		damping_flap(&damping, 1);
	ck_assert(!damping_suppressed(&damping, 1));
	ck_assert_uint_eq(damping_figure(&damping, 1), 0);
	ck_assert_uint_eq(damping.flaps, 1000);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("damping");
	TCase *tcase = tcase_create("damping");

	tcase_add_test(tcase, bad_values_are_named);
	tcase_add_test(tcase, default_suppresses_the_third_flap);
	tcase_add_test(tcase, decay_is_exponential);
	tcase_add_test(tcase, decay_is_monotonic);
	tcase_add_test(tcase, reuse_time);
	tcase_add_test(tcase, reuse_time_is_exact);
	tcase_add_test(tcase, flap_while_suppressed_prolongs);
	tcase_add_test(tcase, suppression_is_bounded);
	tcase_add_test(tcase, asking_changes_nothing);
	tcase_add_test(tcase, time_jumps);
	tcase_add_test(tcase, no_penalty_no_damping);
	suite_add_tcase(suite, tcase);
	return suite;
}
