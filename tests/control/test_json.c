/* SPDX-License-Identifier: Apache-2.0 */
/* Values as JSON, whatever they are. */
#include "control/json.h"

#include <gyre/base.h>

#include "harness.h"

START_TEST(odd_names_are_text_still)
{
	json_t *good = gyre__json_text("f\xc3\xbcr"), *odd = gyre__json_text("a\xff\xfe"
									     "b");

	ck_assert_str_eq(json_string_value(good), "f\xc3\xbcr");
	ck_assert_str_eq(json_string_value(odd), "a??b");
	json_decref(good);
	json_decref(odd);
}
END_TEST

START_TEST(counters_end_where_json_does)
{
	json_t *most = gyre__json_count(UINT64_MAX), *some = gyre__json_count(7);

	ck_assert(json_integer_value(most) == INT64_MAX);
	ck_assert(json_integer_value(some) == 7);
	json_decref(most);
	json_decref(some);
}
END_TEST

START_TEST(forever_is_null)
{
	json_t *some = gyre__json_deadline(7);

	ck_assert(json_is_null(gyre__json_deadline(GYRE_FOREVER)));
	ck_assert(json_integer_value(some) == 7);
	json_decref(some);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("json");
	TCase *tcase = tcase_create("json");

	tcase_add_test(tcase, odd_names_are_text_still);
	tcase_add_test(tcase, counters_end_where_json_does);
	tcase_add_test(tcase, forever_is_null);
	suite_add_tcase(suite, tcase);
	return suite;
}
