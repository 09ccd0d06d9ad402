/* SPDX-License-Identifier: Apache-2.0 */
/* `watch`: readings that the server pushes, as tables and as JSON, and how it ends. */
#include "harness.h"
#include "served.h"

#include <jansson.h>
#include <signal.h>
#include <string.h>

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what)) != NULL) {
		n++;
		text++;
	}
	return n;
}

static void start(const char *const words[4])
{
	const char *argv[] = {run_built("gyrectl/gyrectl"), "watch", words[0], words[1], words[2],
		words[3], NULL};

	run_start(&run, argv, -1);
}

START_TEST(each_reading_is_a_line_of_json)
{
	json_t *first;

	run_gyrectl(&run, "watch", "runtime", "--json", "-n", "3", "-i", "0.1", NULL);
	first = run_json(&run, 3);
	ck_assert_uint_gt(json_array_size(json_object_get(first, "nodes")), 0);
	json_decref(first);
	ck_assert_uint_eq(count(run.out, "\n{\"loop\":\"data\""), 2);
}
END_TEST

START_TEST(each_reading_is_a_table)
{
	ck_assert_int_eq(
		run_gyrectl(&run, "watch", "links", "-l", "data", "-n", "2", "-i", "0.1", NULL), 0);
	ck_assert_uint_eq(count(run.out, "\nport-0        up "), 2);
	ck_assert_int_eq(run_gyrectl(&run, "watch", "runtime", "-n", "1", NULL), 0);
	ck_assert_uint_eq(count(run.out, "\nlookup  "), 1);
	/* The processes and the time are asked besides. */
	ck_assert_uint_eq(count(run.out, "\nwaiter  "), 1);
	ck_assert_uint_eq(count(run.out, "Time 0.0,"), 0);
}
END_TEST

START_TEST(a_signal_ends_it_well)
{
	start((const char *const[4]){"loops", "--json", "-i", "0.1"});
	run_wait_said(&run, "}\n{");
	kill(run.pid, _i);
	ck_assert_int_eq(run_finish(&run), 0);
	ck_assert_int_eq(run.out[strlen(run.out) - 1], '\n');
	ck_assert_str_eq(run.err, "");
}
END_TEST

START_TEST(a_lost_server_ends_it)
{
	start((const char *const[4]){"loops", "--json", NULL, NULL});
	run_wait_said(&run, "}\n");
	server_control_stop(&server);
	ck_assert_int_eq(run_finish(&run), 3);
	ck_assert_ptr_nonnull(strstr(run.err, "gyrectl: the "));
}
END_TEST

START_TEST(what_cannot_be_watched_is_refused)
{
	ck_assert_int_eq(run_gyrectl(&run, "watch", "graph", NULL), 1);
	ck_assert_ptr_nonnull(strstr(run.err, "gyrectl: subscribe: "));
	ck_assert_int_eq(run_gyrectl(&run, "watch", "links", "{\"loop\":\"none\"}", NULL), 1);
	ck_assert_ptr_nonnull(strstr(run.err, "none"));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("watch");
	TCase *tcase = tcase_create("watch");
	TCase *signals = tcase_create("signals");

	tcase_add_checked_fixture(tcase, served_set_up, served_tear_down);
	tcase_add_test(tcase, each_reading_is_a_line_of_json);
	tcase_add_test(tcase, each_reading_is_a_table);
	tcase_add_test(tcase, a_lost_server_ends_it);
	tcase_add_test(tcase, what_cannot_be_watched_is_refused);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(signals, served_set_up, served_tear_down);
	tcase_add_loop_test(signals, a_signal_ends_it_well, SIGINT, SIGINT + 1);
	tcase_add_loop_test(signals, a_signal_ends_it_well, SIGTERM, SIGTERM + 1);
	suite_add_tcase(suite, signals);
	return suite;
}
