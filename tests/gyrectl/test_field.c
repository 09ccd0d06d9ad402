/* SPDX-License-Identifier: Apache-2.0 */
/* Members of results that are there, are missing, or are of another type. */
#include "gyrectl/field.h"
#include "harness.h"

static json_t *object;

static void set_up(void)
{
	json_error_t error;

	object = json_loads("{\"s\":\"tx\\u001b\",\"e\":\"\",\"i\":9223372036854775807,\"n\":-1,"
			    "\"r\":31.25,\"big\":1e30,\"t\":true,\"z\":null,"
			    "\"list\":[{\"name\":\"a\",\"c\":5},7,{\"name\":\"b\",\"c\":9}]}",
		0, &error);
	ck_assert_msg(object != NULL, "%s", error.text);
}

static void tear_down(void)
{
	json_decref(object);
}

START_TEST(texts_are_escaped)
{
	char text[TEXT_SIZE];

	ck_assert_str_eq(field_text(object, "s", text), "tx\\x1b");
	ck_assert_str_eq(field_raw(object, "s"), "tx\033");
	ck_assert_str_eq(field_text(object, "e", text), "-");
	ck_assert_str_eq(field_text(object, "i", text), "-");
	ck_assert_str_eq(field_text(object, "none", text), "-");
	ck_assert_str_eq(field_raw(NULL, "s"), "");
	ck_assert(field_is(object, "s", "tx\033"));
	ck_assert(!field_is(object, "none", "tx"));
}
END_TEST

START_TEST(numbers_are_counters)
{
	ck_assert_uint_eq(field_count(object, "i"), INT64_MAX);
	ck_assert_uint_eq(field_count(object, "n"), 0);
	ck_assert_uint_eq(field_count(object, "r"), 31);
	ck_assert_uint_eq(field_count(object, "big"), 0);
	ck_assert_uint_eq(field_count(object, "s"), 0);
	ck_assert_uint_eq(field_count(NULL, "i"), 0);
	ck_assert_double_eq(field_number(object, "r"), 31.25);
	ck_assert_double_eq(field_number(object, "z"), 0);
	ck_assert(field_true(object, "t"));
	ck_assert(!field_true(object, "i"));
}
END_TEST

START_TEST(growth_is_never_negative)
{
	const json_t *list = json_object_get(object, "list");
	const json_t *five = json_array_get(list, 0), *nine = json_array_get(list, 2);

	ck_assert_uint_eq(field_growth(nine, five, "c"), 4);
	ck_assert_uint_eq(field_growth(five, nine, "c"), 0);
	ck_assert_uint_eq(field_growth(nine, NULL, "c"), 9);
}
END_TEST

START_TEST(elements_are_found_by_name)
{
	json_t *list = json_object_get(object, "list");

	ck_assert_ptr_eq(field_find(list, "name", "b"), json_array_get(list, 2));
	ck_assert_ptr_null(field_find(list, "name", "c"));
	ck_assert_ptr_null(field_find(NULL, "name", "a"));
	ck_assert_ptr_null(field_find(object, "name", "a"));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("field");
	TCase *tcase = tcase_create("field");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, texts_are_escaped);
	tcase_add_test(tcase, numbers_are_counters);
	tcase_add_test(tcase, growth_is_never_negative);
	tcase_add_test(tcase, elements_are_found_by_name);
	suite_add_tcase(suite, tcase);
	return suite;
}
