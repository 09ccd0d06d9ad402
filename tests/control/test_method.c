/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of methods, and parameters made of a query's text. */
#include "control/method.h"

#include <errno.h>
#include <string.h>

#include "control/request.h"
#include "harness.h"

START_TEST(each_is_found_by_its_name)
{
	const struct gyre__method *method;
	unsigned table = 0, i = 0, n = 0;

	for (; (method = gyre__method_next(&table, &i)) != NULL; n++) {
		ck_assert_ptr_eq(gyre__method_find(method->name), method);
		ck_assert_ptr_nonnull(method->help);
		ck_assert(method->prepare || method->fn);
		for (unsigned k = 0; k < method->n_params; k++)
			ck_assert_ptr_nonnull(method->params[k].help);
	}
	ck_assert_uint_eq(n, 15);
	ck_assert_ptr_null(gyre__method_find("nodes.se"));
	ck_assert_ptr_null(gyre__method_find(""));
}
END_TEST

/* What changes something may not be asked read-only. */
START_TEST(what_changes_something_says_so)
{
	static const char *const changing[] = {
		"runtime.clear", "nodes.set", "processes.signal", "log"};

	for (size_t i = 0; i < 4; i++)
		ck_assert(!gyre__method_find(changing[i])->read_only);
	ck_assert(gyre__method_find("runtime")->read_only);
}
END_TEST

START_TEST(text_becomes_what_the_parameter_is)
{
	json_t *params = json_object();

	ck_assert_int_eq(gyre__request_param(NULL, "runtime", params, "total", "true"), 0);
	ck_assert_int_eq(gyre__request_param(NULL, "runtime", params, "loop", "12"), 0);
	ck_assert(json_is_true(json_object_get(params, "total")));
	ck_assert_str_eq(json_string_value(json_object_get(params, "loop")), "12");
	ck_assert_int_eq(gyre__request_param(NULL, "runtime", params, "total", "yes"), -EINVAL);
	ck_assert_int_eq(gyre__request_param(NULL, "processes.signal", params, "events", "5"), 0);
	ck_assert(json_integer_value(json_object_get(params, "events")) == 5);
	ck_assert_int_eq(
		gyre__request_param(NULL, "processes.signal", params, "events", "5x"), -EINVAL);
	ck_assert_int_eq(gyre__request_param(NULL, "runtime", params, "loop", "\xff"), -EINVAL);
	json_decref(params);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("method");
	TCase *tcase = tcase_create("method");

	tcase_add_test(tcase, each_is_found_by_its_name);
	tcase_add_test(tcase, what_changes_something_says_so);
	tcase_add_test(tcase, text_becomes_what_the_parameter_is);
	suite_add_tcase(suite, tcase);
	return suite;
}
