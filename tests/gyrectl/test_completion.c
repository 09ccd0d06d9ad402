/* SPDX-License-Identifier: Apache-2.0 */
/* bash's completion: of commands, options, and of names that the server knows. */
#include "harness.h"
#include "run.h"
#include "server.h"

#include <stdlib.h>
#include <string.h>

static struct server server;
static struct run run;

static void set_up(void)
{
	server_start(&server, 1);
}

static void tear_down(void)
{
	server_stop(&server);
}

/* What completes the last of these words, in one line; `words` are quoted for bash. */
static const char *completed(const char *words)
{
	static char script[2048];
	const char *top = getenv("top_srcdir");
	const char *const argv[] = {"bash", "--norc", "-c", script, NULL};

	snprintf(script, sizeof(script),
		"set -u; source '%s/gyrectl/completion.bash'; complete -p gyrectl >/dev/null || "
		"exit 9; COMP_WORDS=('%s' %s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
		"_gyrectl; echo \"${COMPREPLY[*]-}\"",
		top == NULL ? "." : top, run_built("gyrectl/gyrectl"), words);
	ck_assert_int_eq(run_program(&run, argv), 0);
	ck_assert_str_eq(run.err, "");
	return run.out;
}

START_TEST(commands_are_completed)
{
	ck_assert_str_eq(
		completed("''"), "show clear set signal log top graph watch call methods names\n");
	ck_assert_str_eq(completed("s"), "show set signal\n");
	ck_assert_str_eq(completed("show l"), "links loops\n");
	ck_assert_str_eq(completed("--json show ru"), "runtime\n");
	ck_assert_str_eq(completed("set node lookup ''"), "enabled disabled\n");
	ck_assert_str_eq(completed("log w"), "warning\n");
	ck_assert_str_eq(completed("graph --d"), "--dot\n");
	ck_assert_str_eq(
		completed("top --sort = ''"), "rank name rate calls vectors clocks drops\n");
	ck_assert_str_eq(completed("nonsense ''"), "\n");
}
END_TEST

START_TEST(names_are_the_servers)
{
	ck_assert_str_eq(completed("set node ''"), "idle-rx lookup sink\n");
	ck_assert_str_eq(completed("-l data set node lo"), "lookup\n");
	ck_assert_str_eq(completed("signal w"), "waiter\n");
	ck_assert_str_eq(completed("-l ''"), "data\n");
	ck_assert_str_eq(completed("--loop = d"), "data\n");
	ck_assert_str_eq(completed("call test."), "test.echo\n");
}
END_TEST

START_TEST(without_a_server_nothing_is_said)
{
	ck_assert_str_eq(completed("-s /nonexistent set node ''"), "\n");
	setenv("GYRE_CONTROL", "/nonexistent", 1);
	ck_assert_str_eq(completed("-l ''"), "\n");
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("completion");
	TCase *tcase = tcase_create("completion");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, commands_are_completed);
	tcase_add_test(tcase, names_are_the_servers);
	tcase_add_test(tcase, without_a_server_nothing_is_said);
	suite_add_tcase(suite, tcase);
	return suite;
}
