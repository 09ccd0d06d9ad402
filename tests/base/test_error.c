/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/base/error.c: the text names the fault, is cut to its size, and a caller who gave no struct
 * is served, too.
 */
#include "harness.h"

#include "base/error.h"

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

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("error");
	TCase *tcase = tcase_create("error");

	tcase_add_test(tcase, text_is_set);
	tcase_add_test(tcase, long_text_is_cut);
	tcase_add_test(tcase, no_struct_is_fine);
	suite_add_tcase(suite, tcase);
	return suite;
}
