/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that change a program that runs, and the calls of its own methods. */
#include "harness.h"
#include "served.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

/* An error of the server: status 1, nothing on stdout, its text behind ours. */
static void refused(const char *begins, const char *holds)
{
	ck_assert_int_eq(run.status, 1);
	ck_assert_str_eq(run.out, "");
	ck_assert_msg(strncmp(run.err, begins, strlen(begins)) == 0, "%s", run.err);
	ck_assert_msg(strstr(run.err, holds) != NULL, "%s", run.err);
}

START_TEST(clear_counts_anew)
{
	json_t *result;

	server_wait_moved(&server);
	ck_assert_int_eq(run_gyrectl(&run, "clear", "runtime", NULL), 0);
	ck_assert_str_eq(run.out, "");
	run_gyrectl(&run, "show", "runtime", "--json", NULL);
	result = run_json(&run, 1);
	ck_assert_int_gt(json_integer_value(json_object_get(result, "since_nsec")), 0);
	json_decref(result);
	run_gyrectl(&run, "show", "runtime", "--json", "--total", NULL);
	result = run_json(&run, 1);
	ck_assert_int_eq(json_integer_value(json_object_get(result, "since_nsec")), 0);
	json_decref(result);
	run_gyrectl(&run, "clear", "runtime", "--json", NULL);
	json_decref(run_json(&run, 1));
}
END_TEST

START_TEST(a_node_is_disabled_and_enabled)
{
	ck_assert_int_eq(run_gyrectl(&run, "set", "node", "sink", "disabled", NULL), 0);
	ck_assert_int_eq(run_gyrectl(&run, "show", "nodes", NULL), 0);
	ck_assert_ptr_nonnull(strstr(run.out, "\nsink          sink      output    disabled"));
	ck_assert_int_eq(run_gyrectl(&run, "set", "node", "sink", "enabled", "--json", NULL), 0);
	ck_assert_str_eq(run.out, "{\"node\":\"sink\",\"state\":\"enabled\"}\n");
	ck_assert_int_eq(run_gyrectl(&run, "show", "nodes", NULL), 0);
	ck_assert_ptr_nonnull(strstr(run.out, "\nsink          sink      output    enabled"));
	run_gyrectl(&run, "set", "node", "none", "enabled", NULL);
	refused("gyrectl: nodes.set: ", "none");
}
END_TEST

START_TEST(a_process_is_signalled)
{
	ck_assert_int_eq(run_gyrectl(&run, "signal", "waiter", "0x11", NULL), 0);
	while (atomic_load(&server.loops[0].signalled) != 0x11)
		usleep(1000);
	ck_assert_str_eq(run.out, "");
	run_gyrectl(&run, "signal", "nobody", "1", NULL);
	refused("gyrectl: processes.signal: ", "nobody");
}
END_TEST

START_TEST(the_log_level_is_set)
{
	ck_assert_int_eq(run_gyrectl(&run, "log", "warning", NULL), 0);
	ck_assert_str_eq(run.out, "");
	ck_assert_int_eq(run_gyrectl(&run, "log", NULL), 0);
	ck_assert_str_eq(run.out, "warning\n");
	ck_assert_int_eq(gyre_loop_log_level(server.loops[0].loop), GYRE_LOG_WARNING);
	ck_assert_int_eq(run_gyrectl(&run, "log", "d", "--json", NULL), 0);
	ck_assert_str_eq(run.out, "{\"loop\":\"data\",\"level\":\"debug\"}\n");
}
END_TEST

START_TEST(the_programs_methods_are_called)
{
	ck_assert_int_eq(
		run_gyrectl(&run, "call", "test.echo", "{\"text\":\"d\xc3\xbcr\\u001b\"}", NULL),
		0);
	ck_assert_str_eq(run.out, "{\"text\":\"d\xc3\xbcr\\u001B\",\"length\":5}\n");
	ck_assert_int_eq(
		run_gyrectl(&run, "-l", "data", "call", "test.echo", "{\"text\":\"\"}", NULL), 0);
	run_gyrectl(&run, "call", "test.echo", NULL);
	refused("gyrectl: test.echo: ", "text");
	run_gyrectl(&run, "call", "test.echo", "{\"text\":\"bad\"}", NULL);
	refused("gyrectl: test.echo: ", "the text is bad");
	run_gyrectl(&run, "call", "test.none", NULL);
	refused("gyrectl: test.none: ", "method");
	/* What is said in the parameters wins. */
	run_gyrectl(&run, "call", "links", "{\"loop\":\"none\"}", "-l", "data", NULL);
	refused("gyrectl: links: ", "none");
}
END_TEST

START_TEST(names_are_one_a_line)
{
	static const char *const lists[][2] = {{"nodes", "idle-rx\nlookup\nsink\n"},
		{"processes", "feeder\nwaiter\n"}, {"links", "port-0\nport-1\n"},
		{"loops", "data\n"}};

	for (unsigned i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		ck_assert_int_eq(run_gyrectl(&run, "names", lists[i][0], NULL), 0);
		ck_assert_msg(strstr(run.out, lists[i][1]) != NULL, "%s: %s", lists[i][0], run.out);
	}
	ck_assert_int_eq(run_gyrectl(&run, "names", "methods", NULL), 0);
	ck_assert_ptr_nonnull(strstr(run.out, "\ntest.echo\n"));
	ck_assert_int_eq(run_gyrectl(&run, "methods", NULL), 0);
	ck_assert_ptr_nonnull(strstr(run.out, "\ntest.echo: "));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("command");
	TCase *tcase = tcase_create("command");

	tcase_add_checked_fixture(tcase, served_set_up, served_tear_down);
	tcase_add_test(tcase, clear_counts_anew);
	tcase_add_test(tcase, a_node_is_disabled_and_enabled);
	tcase_add_test(tcase, a_process_is_signalled);
	tcase_add_test(tcase, the_log_level_is_set);
	tcase_add_test(tcase, the_programs_methods_are_called);
	tcase_add_test(tcase, names_are_one_a_line);
	suite_add_tcase(suite, tcase);
	return suite;
}
