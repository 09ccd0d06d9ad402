/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of the application: parameters, answers, errors. */
#include "control/app.h"

#include <string.h>
#include <unistd.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "call");
	rig_open(&rig);
	fd = rig_connect(&rig);
}

static void teardown(void)
{
	close(fd);
	rig_close(&rig);
}

START_TEST(params_come_as_they_are)
{
	json_t *result;

	app_add_methods(&rig);
	result = rig_ask(fd, "app.add",
		"{\"a\":2,\"b\":3,\"flag\":true,\"n\":5,\"text\":\"abc\",\"any\":[1]}");
	ck_assert_int_eq(rig_integer(result, "sum"), 5);
	ck_assert(json_is_true(json_object_get(result, "flag")));
	ck_assert_double_eq_tol(json_real_value(json_object_get(result, "half")), 2.5, 1e-9);
	ck_assert_str_eq(rig_text(result, "text"), "abc");
	ck_assert(json_is_true(json_object_get(result, "any")));
	json_decref(result);
	result = rig_ask(fd, "app.add", "{\"a\":2,\"loop\":\"data\"}");
	ck_assert_int_eq(rig_integer(result, "sum"), 2);
	ck_assert(json_is_null(json_object_get(result, "text")));
	ck_assert(json_is_false(json_object_get(result, "any")));
	json_decref(result);
}
END_TEST

START_TEST(params_are_checked_before)
{
	static const char *const wrong[][2] = {
		{"{}", "a: is needed"},
		{"{\"a\":11}", "a: must be from -10 to 10"},
		{"{\"a\":1.5}", "a: must be of type integer"},
		{"{\"a\":1,\"text\":\"x\"}", "text: must have 2 to 4 bytes"},
		{"{\"a\":1,\"n\":\"1\"}", "n: must be of type number"},
		{"{\"a\":1,\"n\":-9}", "n: must be from -8 to 8"},
		{"{\"a\":1,\"n\":8.25}", "n: must be from -8 to 8"},
		{"{\"a\":1,\"c\":1}", "c: no such parameter"},
	};
	char message[256];

	app_add_methods(&rig);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		ck_assert_int_eq(rig_ask_error(fd, "app.add", wrong[i][0], message), -32602);
		ck_assert_str_eq(message, wrong[i][1]);
	}
}
END_TEST

START_TEST(errors_are_the_applications)
{
	json_t *reply;

	app_add_methods(&rig);
	rig_send(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"app.fails\"}\n");
	rig_expect(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32005,\"message\":"
		       "\"no luck, 7 times\",\"data\":{\"errno\":-33}}}");
	reply = rig_ask(fd, "app.counts", NULL);
	ck_assert_uint_eq(json_object_size(reply), 0);
	json_decref(reply);
}
END_TEST

START_TEST(they_are_listed)
{
	json_t *result, *method, *param;

	app_add_methods(&rig);
	result = rig_ask(fd, "methods", NULL);
	method = rig_find(json_object_get(result, "methods"), "app.add");
	ck_assert_str_eq(rig_text(method, "help"), "Adds.");
	param = rig_find(json_object_get(method, "params"), "text");
	ck_assert_str_eq(rig_text(param, "help"), "short");
	ck_assert_ptr_nonnull(rig_find(json_object_get(result, "methods"), "app.fails"));
	json_decref(result);
}
END_TEST

static bool was_cancelled(void *arg)
{
	(void)arg;
	return atomic_load(&app_cancelled) == 3;
}

START_TEST(whoever_goes_cancels_his_calls)
{
	app_add_methods(&rig);
	app_cancelled = 0;
	for (int i = 0; i < 3; i++)
		rig_send(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"app.sleeps\"}\n");
	json_decref(rig_ask(fd, "app.counts", NULL));
	close(fd);
	rig_until(was_cancelled, NULL);
	fd = rig_connect(&rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("call");
	TCase *tcase = tcase_create("call");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, params_come_as_they_are);
	tcase_add_test(tcase, params_are_checked_before);
	tcase_add_test(tcase, errors_are_the_applications);
	tcase_add_test(tcase, they_are_listed);
	tcase_add_test(tcase, whoever_goes_cancels_his_calls);
	suite_add_tcase(suite, tcase);
	return suite;
}
