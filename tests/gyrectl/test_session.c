/* SPDX-License-Identifier: Apache-2.0 */
/* Where the output goes: a terminal or not, colours or not, full disks, readers that go away. */
#include "harness.h"
#include "served.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct terminal terminal;

static void set_up(void)
{
	served_set_up();
	unsetenv("NO_COLOR");
}

static void tear_down(void)
{
	served_tear_down();
}

START_TEST(a_terminal_has_colours)
{
	terminal_start(&terminal, "xterm", "show", "links", NULL);
	terminal_wait(&terminal, "port-1        \033[31mdown\033[0m");
	ck_assert_int_eq(terminal_finish(&terminal), 0);
}
END_TEST

START_TEST(who_wants_no_colours_has_none)
{
	if (_i == 0)
		setenv("NO_COLOR", "1", 1);
	terminal_start(&terminal, _i == 1 ? "dumb" : "xterm", "show", "links",
		_i == 2 ? "--no-color" : NULL, NULL);
	ck_assert_int_eq(terminal_finish(&terminal), 0);
	ck_assert_ptr_nonnull(strstr(terminal.text, "port-1        down"));
	ck_assert_ptr_null(strchr(terminal.text, '\033'));
}
END_TEST

START_TEST(json_is_indented_on_a_terminal)
{
	terminal_start(&terminal, "xterm", "call", "test.echo",
		"{\"text\":\"\xc3\xbc\x7f\xc2\x9b\"}", NULL);
	ck_assert_int_eq(terminal_finish(&terminal), 0);
	ck_assert_str_eq(terminal.text,
		"{\r\n  \"text\": \"\\u00FC\\u007f\\u009B\",\r\n  \"length\": 5\r\n}\r\n");
}
END_TEST

static int run_to(int out)
{
	const char *argv[] = {run_built("gyrectl/gyrectl"), "show", "runtime", NULL};

	run_start(&run, argv, out);
	return run_finish(&run);
}

START_TEST(a_full_disk_is_a_failure)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(full, 0);
	ck_assert_int_eq(run_to(full), 1);
	ck_assert_str_eq(run.err, "gyrectl: cannot write the output: No space left on device\n");
	close(full);
}
END_TEST

/* Nobody reads: SIGPIPE, or, where that is ignored, an exit without a word. */
START_TEST(a_reader_that_is_gone_is_no_news)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	signal(SIGPIPE, SIG_DFL);
	ck_assert_int_eq(run_to(ends[1]), -SIGPIPE);
	ck_assert_str_eq(run.err, "");
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(run_to(ends[1]), 1);
	ck_assert_str_eq(run.err, "");
	close(ends[1]);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("session");
	TCase *tcase = tcase_create("session");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_terminal_has_colours);
	tcase_add_loop_test(tcase, who_wants_no_colours_has_none, 0, 3);
	tcase_add_test(tcase, json_is_indented_on_a_terminal);
	tcase_add_test(tcase, a_full_disk_is_a_failure);
	tcase_add_test(tcase, a_reader_that_is_gone_is_no_news);
	suite_add_tcase(suite, tcase);
	return suite;
}
