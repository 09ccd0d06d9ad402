/* SPDX-License-Identifier: Apache-2.0 */
/* version, methods, loops and log. */
#include "control/rig.h"

#include <string.h>
#include <unistd.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "methods-loop");
	rig_open(&rig);
	fd = rig_connect(&rig);
}

static void teardown(void)
{
	close(fd);
	rig_close(&rig);
}

START_TEST(version_says_who_answers)
{
	json_t *result = rig_ask(fd, "version", NULL);

	ck_assert_str_eq(rig_text(result, "name"), "gyre");
	ck_assert_str_eq(rig_text(result, "version"), gyre_version());
	ck_assert_int_eq(rig_integer(result, "pid"), getpid());
	ck_assert_int_gt(rig_integer(result, "uptime_nsec"), 0);
	ck_assert_ptr_nonnull(strstr(rig_text(result, "program"), "test_methods_loop"));
	json_decref(result);
}
END_TEST

START_TEST(methods_lists_all_with_their_params)
{
	json_t *result = rig_ask(fd, "methods", NULL),
	       *methods = json_object_get(result, "methods");
	json_t *set = rig_find(methods, "nodes.set"), *node, *events;
	static const char *const names[] = {"version", "methods", "loops", "runtime",
		"runtime.clear", "nodes", "nodes.set", "processes", "processes.signal", "errors",
		"links", "graph", "log", "subscribe", "unsubscribe"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		ck_assert_msg(rig_find(methods, names[i]) != NULL, "%s", names[i]);
	ck_assert_uint_eq(json_array_size(methods), sizeof(names) / sizeof(*names));
	node = rig_find(json_object_get(set, "params"), "node");
	ck_assert_str_eq(rig_text(node, "type"), "string");
	ck_assert(json_is_true(json_object_get(node, "required")));
	ck_assert_ptr_null(json_object_get(node, "min"));
	ck_assert_int_gt(strlen(rig_text(set, "help")), 0);
	events = rig_find(
		json_object_get(rig_find(methods, "processes.signal"), "params"), "events");
	ck_assert_int_eq(rig_integer(events, "min"), 1);
	ck_assert_int_eq(rig_integer(events, "max"), 268435455);
	json_decref(result);
}
END_TEST

START_TEST(loops_shows_the_loops_counters)
{
	json_t *result, *loop;

	/* The first turn may not be over. */
	json_decref(rig_ask(fd, "runtime.clear", NULL));
	json_decref(rig_ask(fd, "log", NULL));
	usleep(20000);
	result = rig_ask(fd, "loops", NULL);
	loop = json_array_get(json_object_get(result, "loops"), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(result, "loops")), 1);
	ck_assert_str_eq(rig_text(loop, "name"), "data");
	ck_assert(json_is_true(json_object_get(loop, "answered")));
	ck_assert_int_gt(rig_integer(loop, "turns"), 0);
	ck_assert_int_gt(rig_integer(loop, "posts"), 0);
	ck_assert_int_eq(rig_integer(loop, "vector"), 64);
	ck_assert_int_eq(rig_integer(loop, "nodes"), 3);
	ck_assert_int_eq(rig_integer(loop, "processes"), 4);
	ck_assert_int_eq(rig_integer(loop, "links"), 1);
	ck_assert_str_eq(rig_text(loop, "log_level"), "debug");
	ck_assert_uint_eq(json_object_size(loop), 19);
	json_decref(result);
}
END_TEST

START_TEST(log_shows_and_sets_the_level)
{
	json_t *result = rig_ask(fd, "log", "{\"level\":\"error\"}");

	ck_assert_str_eq(rig_text(result, "level"), "error");
	json_decref(result);
	ck_assert_int_eq(gyre_loop_log_level(rig.loop), GYRE_LOG_ERROR);
	result = rig_ask(fd, "log", "{\"loop\":\"data\"}");
	ck_assert_str_eq(rig_text(result, "level"), "error");
	json_decref(result);
	ck_assert_int_eq(rig_ask_error(fd, "log", "{\"level\":\"loud\"}", NULL), -32602);
	ck_assert_int_eq(rig_ask_error(fd, "log", "{\"loop\":\"x\"}", NULL), -32001);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("methods_loop");
	TCase *tcase = tcase_create("methods_loop");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, version_says_who_answers);
	tcase_add_test(tcase, methods_lists_all_with_their_params);
	tcase_add_test(tcase, loops_shows_the_loops_counters);
	tcase_add_test(tcase, log_shows_and_sets_the_level);
	suite_add_tcase(suite, tcase);
	return suite;
}
