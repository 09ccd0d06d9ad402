/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/base/error.c: the text names the fault, is cut to its size, and a caller who gave no struct
 * is served, too.
 */
#include "harness.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>

START_TEST(text_is_set)
{
	struct gyre_error error = {0, ""};

	ck_assert_int_eq(gyre__error_set(&error, -22, "node %s: no next %s", "a", "b"), -22);
	ck_assert_str_eq(error.text, "node a: no next b");
	ck_assert_int_eq(error.code, -22);
}
END_TEST

START_TEST(long_text_is_cut)
{
	struct gyre_error error = {0, ""};

	gyre__error_set(&error, -1, "%0*d", 1000, 7);
	ck_assert_uint_eq(strlen(error.text), sizeof(error.text) - 1);
}
END_TEST

START_TEST(no_struct_is_fine)
{
	ck_assert_int_eq(gyre__error_set(NULL, -5, "lost"), -5);
}
END_TEST

struct known {
	size_t size;
	int a, b;
};

struct newer {
	struct known known;
	uint64_t later;
};

/* The defaults, and what lies behind them and is nobody's to write. */
static const struct newer before = {{sizeof(struct known), 1, 2}, 0x5a5a5a5a};

static int copy(struct newer *dst, const void *src, struct gyre_error *error)
{
	*dst = before;
	return gyre__options_copy(
		dst, sizeof(dst->known), src, offsetof(struct known, b), "known", error);
}

/* A caller of today, one who knows less, and one who knows more. */
START_TEST(defaults_are_written_as_far_as_the_caller_knows)
{
	const struct known defaults = {sizeof(defaults), 1, 2};
	struct newer options = {{0, 7, 8}, 9};

	gyre__options_init(&options, sizeof(defaults), &defaults, sizeof(defaults));
	ck_assert_mem_eq(&options.known, &defaults, sizeof(defaults));
	ck_assert_uint_eq(options.later, 9);
	options.known.b = 8;
	gyre__options_init(&options, offsetof(struct known, b), &defaults, sizeof(defaults));
	ck_assert_uint_eq(options.known.size, offsetof(struct known, b));
	ck_assert_int_eq(options.known.b, 8);
	gyre__options_init(&options, sizeof(options), &defaults, sizeof(defaults));
	ck_assert_uint_eq(options.known.size, sizeof(options));
	ck_assert_int_eq(options.known.b, 2);
	ck_assert_uint_eq(options.later, 0);
}
END_TEST

START_TEST(a_callers_options_are_copied_over_the_defaults)
{
	struct newer dst, newer = {{sizeof(newer), 7, 8}, 0};
	struct known older = {offsetof(struct known, b), 7, 8};

	ck_assert_int_eq(copy(&dst, NULL, NULL), 0);
	ck_assert_mem_eq(&dst, &before, sizeof(dst));
	ck_assert_int_eq(copy(&dst, &older, NULL), 0);
	ck_assert_int_eq(dst.known.a, 7);
	ck_assert_int_eq(dst.known.b, 2); /* not in the older one */
	ck_assert_uint_eq(dst.known.size, sizeof(dst.known));
	ck_assert_int_eq(copy(&dst, &newer, NULL), 0);
	ck_assert_int_eq(dst.known.b, 8);
	ck_assert_uint_eq(dst.known.size, sizeof(dst.known));
	ck_assert_uint_eq(dst.later, before.later);
}
END_TEST

START_TEST(options_of_a_bad_size_change_nothing)
{
	struct newer dst, newer = {{sizeof(newer), 7, 8}, 1};
	struct known small = {offsetof(struct known, b) - 1, 7, 8};
	struct gyre_error error;

	ck_assert_int_eq(copy(&dst, &newer, &error), -E2BIG);
	ck_assert_ptr_nonnull(strstr(error.text, "known: byte 16 "));
	ck_assert_mem_eq(&dst, &before, sizeof(dst));
	ck_assert_int_eq(copy(&dst, &small, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "known: size 11 is below 12"));
	ck_assert_mem_eq(&dst, &before, sizeof(dst));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("error");
	TCase *tcase = tcase_create("error");

	tcase_add_test(tcase, text_is_set);
	tcase_add_test(tcase, long_text_is_cut);
	tcase_add_test(tcase, no_struct_is_fine);
	tcase_add_test(tcase, defaults_are_written_as_far_as_the_caller_knows);
	tcase_add_test(tcase, a_callers_options_are_copied_over_the_defaults);
	tcase_add_test(tcase, options_of_a_bad_size_change_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
