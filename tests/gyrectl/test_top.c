/* SPDX-License-Identifier: Apache-2.0 */
/* `top` of a program that runs: as text, and on a terminal with keys, sizes and a lost server. */
#include "harness.h"
#include "served.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct terminal terminal;

static const char *after(const char *text, const char *what)
{
	const char *at = strstr(text, what);

	ck_assert_msg(at != NULL, "no '%s' in %s", what, text);
	return at + strlen(what);
}

START_TEST(frames_are_text)
{
	const char *second;

	ck_assert_int_eq(run_gyrectl(&run, "top", "-b", "-n", "2", "-d", "0.3", NULL), 0);
	ck_assert_str_eq(run.err, "");
	second = after(after(run.out, "Vec/Call"), "Vec/Call");
	after(after(after(second, "\nlookup "), "\nwaiter "), "\nport-1                    down");
	after(after(second, "Dropped at"), "no-route\n");
	ck_assert_ptr_null(strstr(second, "Vec/Call"));
	ck_assert_ptr_null(strchr(run.out, '\033'));
}
END_TEST

/* 30 items each 5 ms: less on a machine that is busy, or more for a moment. */
START_TEST(rates_are_the_loops)
{
	double rate;

	ck_assert_int_eq(run_gyrectl(&run, "top", "-b", "-n", "1", "-d", "1", NULL), 0);
	rate = strtod(after(run.out, "\nlookup                    active    "), NULL);
	if (strstr(run.out, "k ") != NULL && rate < 100)
		rate *= 1000;
	ck_assert_double_gt(rate, 0);
	ck_assert_double_lt(rate, 20000);
}
END_TEST

START_TEST(frames_are_sorted)
{
	const char *nodes;

	ck_assert_int_eq(
		run_gyrectl(&run, "top", "-b", "-n", "1", "-d", "0.2", "--sort=name", NULL), 0);
	nodes = after(after(after(run.out, "Vec/Call"), "\nidle-rx"), "\nlookup");
	after(nodes, "\nsink");
	ck_assert_int_eq(
		run_gyrectl(&run, "top", "-b", "-n", "1", "-d", "0.2", "--sort=drops", NULL), 0);
	after(after(after(run.out, "Vec/Call"), "\nlookup"), "\nidle-rx");
}
END_TEST

START_TEST(keys_are_heard)
{
	terminal_start(&terminal, "xterm", "top", "-d", "0.2", NULL);
	terminal_wait(&terminal, "lookup");
	terminal_wait(&terminal, "waiter");
	terminal_wait(&terminal, "port-1");
	terminal_wait(&terminal, "by rank");
	/* ncurses sends what is not there yet: the two have no letter at the same place. */
	terminal_send(&terminal, "6");
	terminal_wait(&terminal, "clocks");
	terminal_send(&terminal, "h");
	terminal_wait(&terminal, "the next loop");
	terminal_send(&terminal, "h ");
	terminal_wait(&terminal, "paused");
	terminal_send(&terminal, " q");
	ck_assert_int_eq(terminal_finish(&terminal), 0);
	/* The terminal is as it was. */
	ck_assert_ptr_nonnull(strstr(terminal.text, "\033[?1049l"));
}
END_TEST

START_TEST(the_terminal_is_resized)
{
	terminal_start(&terminal, "xterm", "top", "-d", "0.2", NULL);
	terminal_wait(&terminal, "no-route");
	terminal_size(&terminal, 10, 50);
	terminal_send(&terminal, "1");
	/* Painted anew, on the tenth line the last. */
	terminal_wait(&terminal, "lookup");
	terminal_send(&terminal, "r");
	terminal_wait(&terminal, "reversed");
	terminal_send(&terminal, "q");
	ck_assert_int_eq(terminal_finish(&terminal), 0);
}
END_TEST

START_TEST(a_signal_ends_it_well)
{
	terminal_start(&terminal, "xterm", "top", NULL);
	terminal_wait(&terminal, "lookup");
	kill(terminal.pid, SIGTERM);
	ck_assert_int_eq(terminal_finish(&terminal), 0);
	ck_assert_ptr_nonnull(strstr(terminal.text, "\033[?1049l"));
}
END_TEST

/* Under nohup, say, a terminal that is closed kills nobody: it ends by itself. */
START_TEST(a_terminal_may_go_away)
{
	signal(SIGHUP, SIG_IGN);
	terminal_start(&terminal, "xterm", "top", NULL);
	terminal_wait(&terminal, "lookup");
	ck_assert_int_ge(terminal_hang_up(&terminal), 0);
}
END_TEST

START_TEST(a_server_may_come_back)
{
	terminal_start(&terminal, "xterm", "top", "-d", "0.2", NULL);
	terminal_wait(&terminal, "lookup");
	server_control_stop(&server);
	terminal_wait(&terminal, "cannot connect to");
	terminal_send(&terminal, "h");
	terminal_wait(&terminal, "quit");
	terminal_send(&terminal, "h");
	server_control_start(&server);
	terminal_wait(&terminal, "lookup");
	terminal_send(&terminal, "q");
	ck_assert_int_eq(terminal_finish(&terminal), 0);
}
END_TEST

START_TEST(without_its_server_batch_mode_ends)
{
	const char *argv[] = {run_built("gyrectl/gyrectl"), "top", "-b", "-d", "0.2", NULL};

	run_start(&run, argv, -1);
	run_wait_said(&run, "Vec/Call");
	server_control_stop(&server);
	ck_assert_int_eq(run_finish(&run), 3);
	ck_assert_ptr_nonnull(strstr(run.err, "gyrectl: "));
}
END_TEST

START_TEST(an_unknown_terminal_is_refused)
{
	terminal_start(&terminal, "nonsense", "top", NULL);
	terminal_wait(&terminal, "gyrectl: top: the terminal's kind (TERM) is not known");
	ck_assert_int_eq(terminal_finish(&terminal), 1);
}
END_TEST

START_TEST(the_next_loop_is_a_key_away)
{
	terminal_start(&terminal, "xterm", "top", "-d", "0.2", NULL);
	terminal_wait(&terminal, "lookup");
	ck_assert_ptr_nonnull(strstr(terminal.text, "data"));
	terminal_send(&terminal, "\t");
	terminal_wait(&terminal, "other");
	terminal_send(&terminal, "\t");
	terminal_wait(&terminal, "data");
	terminal_send(&terminal, "q");
	ck_assert_int_eq(terminal_finish(&terminal), 0);
}
END_TEST

START_TEST(a_loop_that_is_not_there_is_refused)
{
	ck_assert_int_eq(
		run_gyrectl(&run, "top", "-b", "-n", "1", "-d", "0.2", "-l", "none", NULL), 1);
	ck_assert_ptr_nonnull(strstr(run.err, "none"));
	ck_assert_int_eq(
		run_gyrectl(&run, "top", "-b", "-n", "1", "-d", "0.2", "-l", "other", NULL), 0);
	after(run.out, ", loop other, ");
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("top");
	TCase *one = tcase_create("one loop"), *two = tcase_create("two loops");

	tcase_add_checked_fixture(one, served_set_up, served_tear_down);
	tcase_add_test(one, frames_are_text);
	tcase_add_test(one, rates_are_the_loops);
	tcase_add_test(one, frames_are_sorted);
	tcase_add_test(one, keys_are_heard);
	tcase_add_test(one, the_terminal_is_resized);
	tcase_add_test(one, a_signal_ends_it_well);
	tcase_add_test(one, a_terminal_may_go_away);
	tcase_add_test(one, a_server_may_come_back);
	tcase_add_test(one, without_its_server_batch_mode_ends);
	tcase_add_test(one, an_unknown_terminal_is_refused);
	suite_add_tcase(suite, one);
	tcase_add_checked_fixture(two, served_set_up_two, served_tear_down);
	tcase_add_test(two, the_next_loop_is_a_key_away);
	tcase_add_test(two, a_loop_that_is_not_there_is_refused);
	suite_add_tcase(suite, two);
	return suite;
}
