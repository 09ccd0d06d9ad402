/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of the application: parameters, answers, errors. */
#include "control/rig.h"

#include <errno.h>
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

static _Atomic(unsigned) cancelled, ran;

static int add(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	json_t *any = gyre_control_call_param(call, "any");

	ck_assert_ptr_eq(gyre_process_current(), self);
	ck_assert_ptr_eq(arg, &rig);
	if (gyre_process_sleep(self, GYRE_MSEC(2)) < 0)
		return -ECANCELED;
	gyre_control_call_result(
		call, json_pack("{s:I, s:b, s:f, s:s?, s:b}", "sum",
			      (json_int_t)(gyre_control_call_integer(call, "a") +
					   gyre_control_call_integer(call, "b")),
			      "flag", gyre_control_call_bool(call, "flag"), "half",
			      gyre_control_call_number(call, "n") / 2, "text",
			      gyre_control_call_string(call, "text"), "any", any != NULL));
	return 0;
}

static int fails(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	(void)self;
	(void)arg;
	gyre_control_call_error(call, "no luck, %d times", 7);
	return -EDOM;
}

static int sleeps(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	(void)call;
	(void)arg;
	if (gyre_process_sleep(self, GYRE_SEC(60)) == -ECANCELED)
		cancelled++;
	return 0;
}

static int counts(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	(void)self;
	(void)call;
	(void)arg;
	ran++;
	return 0;
}

static const struct gyre_control_param add_params[] = {
	{.name = "a", .type = GYRE_PARAM_INTEGER, .required = true, .min = -10, .max = 10},
	{.name = "b", .type = GYRE_PARAM_INTEGER},
	{.name = "flag", .type = GYRE_PARAM_BOOL},
	{.name = "n", .type = GYRE_PARAM_NUMBER, .min = -8, .max = 8},
	{.name = "text", .type = GYRE_PARAM_STRING, .min = 2, .max = 4, .help = "short"},
	{.name = "any", .type = GYRE_PARAM_ANY},
};

static const struct gyre_control_method app_methods[] = {
	{"app.add", "Adds.", add_params, 6, add},
	{"app.fails", NULL, NULL, 0, fails},
	{"app.sleeps", NULL, NULL, 0, sleeps},
	{"app.counts", NULL, NULL, 0, counts},
};

static void add_methods(void)
{
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(
			gyre_control_method_add(rig.control, rig.loop, &app_methods[i], &rig), 0);
}

START_TEST(params_come_as_they_are)
{
	json_t *result;

	add_methods();
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

	add_methods();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		ck_assert_int_eq(rig_ask_error(fd, "app.add", wrong[i][0], message), -32602);
		ck_assert_str_eq(message, wrong[i][1]);
	}
}
END_TEST

START_TEST(errors_are_the_applications)
{
	json_t *reply;

	add_methods();
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

	add_methods();
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
	return atomic_load(&cancelled) == 3;
}

START_TEST(whoever_goes_cancels_his_calls)
{
	add_methods();
	cancelled = 0;
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
