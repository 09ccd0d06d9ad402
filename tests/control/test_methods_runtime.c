/* SPDX-License-Identifier: Apache-2.0 */
/* runtime, runtime.clear and errors: the numbers are the loop's. */
#include "control/rig.h"

#include <string.h>
#include <unistd.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "methods-runtime");
	/* Of so little traffic, one sweep in so many may be none. */
	rig.loop_options.sample_period = 1;
	rig_open(&rig);
	fd = rig_connect(&rig);
}

static void teardown(void)
{
	close(fd);
	rig_close(&rig);
}

static bool has_traffic(void *arg)
{
	(void)arg;
	return atomic_load(&rig.ended) > 10000;
}

static void run_traffic(void)
{
	json_decref(rig_ask(fd, "nodes.set", "{\"node\":\"source\",\"state\":\"enabled\"}"));
	rig_until(has_traffic, NULL);
}

static void stop_traffic(void)
{
	json_decref(rig_ask(fd, "nodes.set", "{\"node\":\"source\",\"state\":\"disabled\"}"));
}

static int64_t of(json_t *result, const char *node, const char *key)
{
	return rig_integer(rig_find(json_object_get(result, "nodes"), node), key);
}

START_TEST(the_numbers_are_the_loops)
{
	json_t *result, *node;

	run_traffic();
	stop_traffic();
	result = rig_ask(fd, "runtime", NULL);
	ck_assert_str_eq(rig_text(result, "loop"), "data");
	ck_assert_int_eq(rig_integer(result, "since_nsec"), 0);
	ck_assert_int_eq(of(result, "source", "vectors"), rig.born);
	ck_assert_int_eq(of(result, "sink", "vectors"), rig.ended);
	ck_assert_int_eq(of(result, "sink", "kept"), rig.ended);
	ck_assert_int_eq(of(result, "filter", "vectors"), rig.born);
	/* rx = tx + drops + held: nothing is held by now. */
	ck_assert_int_eq(of(result, "filter", "dropped"), rig.born - rig.ended);
	node = rig_find(json_object_get(result, "nodes"), "filter");
	ck_assert_str_eq(rig_text(node, "class"), "filter-class");
	ck_assert_str_eq(rig_text(node, "kind"), "internal");
	ck_assert_str_eq(rig_text(node, "state"), "active");
	ck_assert_double_gt(json_real_value(json_object_get(node, "clocks")), 0);
	ck_assert_double_eq_tol(json_real_value(json_object_get(node, "vectors_per_call")),
		(double)rig_integer(node, "vectors") / (double)rig_integer(node, "calls"), 1e-6);
	node = rig_find(json_object_get(result, "nodes"), "source");
	ck_assert_str_eq(rig_text(node, "state"), "disabled");
	ck_assert_uint_eq(json_object_size(node), 18);
	json_decref(result);
}
END_TEST

START_TEST(an_enabled_input_is_polling)
{
	json_t *result;

	run_traffic();
	result = rig_ask(fd, "runtime", "{\"loop\":\"data\"}");
	ck_assert_str_eq(
		rig_text(rig_find(json_object_get(result, "nodes"), "source"), "state"), "polling");
	json_decref(result);
}
END_TEST

START_TEST(clear_counts_from_now_on)
{
	json_t *result;

	run_traffic();
	stop_traffic();
	json_decref(rig_ask(fd, "runtime.clear", NULL));
	result = rig_ask(fd, "runtime", NULL);
	ck_assert_int_gt(rig_integer(result, "since_nsec"), 0);
	ck_assert_int_eq(of(result, "sink", "vectors"), 0);
	ck_assert_int_eq(of(result, "filter", "dropped"), 0);
	json_decref(result);
	result = rig_ask(fd, "runtime", "{\"total\":true}");
	ck_assert_int_eq(rig_integer(result, "since_nsec"), 0);
	ck_assert_int_eq(of(result, "sink", "vectors"), rig.ended);
	json_decref(result);
	result = rig_ask(fd, "errors", NULL);
	ck_assert_uint_eq(json_array_size(json_object_get(result, "errors")), 0);
	json_decref(result);
}
END_TEST

START_TEST(errors_shows_what_counted)
{
	json_t *result, *error;

	run_traffic();
	stop_traffic();
	result = rig_ask(fd, "errors", NULL);
	ck_assert_uint_eq(json_array_size(json_object_get(result, "errors")), 1);
	error = json_array_get(json_object_get(result, "errors"), 0);
	ck_assert_str_eq(rig_text(error, "node"), "filter");
	ck_assert_str_eq(rig_text(error, "reason"), "fourth");
	ck_assert_str_eq(rig_text(error, "severity"), "warning");
	ck_assert_int_eq(rig_integer(error, "count"), rig.born / 4);
	json_decref(result);
}
END_TEST

START_TEST(parameters_are_checked)
{
	char message[256];

	ck_assert_int_eq(rig_ask_error(fd, "runtime", "{\"total\":1}", message), -32602);
	ck_assert_str_eq(message, "total: must be of type boolean");
	ck_assert_int_eq(rig_ask_error(fd, "runtime", "{\"foo\":1}", message), -32602);
	ck_assert_str_eq(message, "foo: no such parameter");
	ck_assert_int_eq(rig_ask_error(fd, "runtime", "{\"loop\":\"x\"}", message), -32001);
	ck_assert_str_eq(message, "no such loop: 'x'");
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("methods_runtime");
	TCase *tcase = tcase_create("methods_runtime");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_numbers_are_the_loops);
	tcase_add_test(tcase, an_enabled_input_is_polling);
	tcase_add_test(tcase, clear_counts_from_now_on);
	tcase_add_test(tcase, errors_shows_what_counted);
	tcase_add_test(tcase, parameters_are_checked);
	suite_add_tcase(suite, tcase);
	return suite;
}
