/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: what is refused, in which words, before anybody is asked; help and version. */
#include "harness.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

static struct run run;

static void set_up(void)
{
	setenv("GYRE_CONTROL", "/nonexistent/socket", 1);
}

/* The line is refused, without a connection, by words that hold the text. */
static void refused(const char *const words[6], const char *text)
{
	ck_assert_int_eq(
		run_gyrectl(&run, words[0], words[1], words[2], words[3], words[4], words[5], NULL),
		2);
	ck_assert_msg(strstr(run.err, text) != NULL, "%s, not: %s", run.err, text);
	ck_assert_str_eq(run.out, "");
}

START_TEST(faults_are_named)
{
	static const struct {
		const char *words[6], *text;
	} cases[] = {
		{{NULL}, "a command is missing"},
		{{"nonsense"}, "'nonsense' is no command"},
		{{"s", "runtime"}, "'s' may be more than one command"},
		{{""}, "'' is no command"},
		{{"\033[2J"}, "'\\x1b[2J' is no command"},
		{{"show"}, "usage: gyrectl show runtime|"},
		{{"show", "nonsense"}, "'nonsense' is no view"},
		{{"show", "l"}, "'l' may be more than one view"},
		{{"show", "nodes", "more"}, "usage: gyrectl show"},
		{{"show", "nodes", "--total"}, "show nodes takes no --total"},
		{{"show", "nodes", "--nonsense"}, "unrecognized option"},
		{{"show", "runtime", "-b"}, "show takes no -b"},
		{{"call", "version", "--svg"}, "call takes no --svg"},
		{{"top", "-i", "1"}, "top takes no -i"},
		{{"watch", "loops", "-d", "1"}, "watch takes no -d"},
		{{"clear", "nodes"}, "'nodes' is no clear"},
		{{"set", "node", "x"}, "usage: gyrectl set node NAME enabled|disabled"},
		{{"set", "node", "x", "off"}, "'off' is no state"},
		{{"set", "node", "\xff", "enabled"}, "not UTF-8"},
		{{"signal", "x", "0"}, "from 1 to 0xfffffff, not '0'"},
		{{"signal", "x", "0x10000000"}, "from 1 to"},
		{{"signal", "x", "--", "-1"}, "from 1 to"},
		{{"signal", "x", "1z"}, "not '1z'"},
		{{"signal", "\xff", "1"}, "not UTF-8"},
		{{"log", "loud"}, "'loud' is no level"},
		{{"call", "x", "{"}, "PARAMS: not JSON"},
		{{"call", "x", "[1]"}, "PARAMS: expected an object"},
		{{"call", "x", "{} {}"}, "PARAMS: not JSON"},
		{{"graph"}, "one of --dot and --svg"},
		{{"graph", "--dot", "--svg"}, "one of --dot and --svg"},
		{{"graph", "--dot", "-o", ""}, "-o: a name is missing"},
		{{"top", "--json"}, "watch --json"},
		{{"top", "-b", "--sort=height"}, "'height' is no column"},
		{{"top"}, "needs a terminal"},
		{{"top", "-b", "-n", "0"}, "-n 0: expected a number from 1"},
		{{"top", "-b", "-n", "1x"}, "-n 1x: expected"},
		{{"top", "-b", "-d", "0.05"}, "-d 0.05: expected seconds from 0.1 to 86400"},
		{{"watch", "loops", "-i", "nan"}, "-i nan: expected seconds"},
		{{"names", "links", "--timeout", "0"}, "--timeout 0: expected seconds"},
		{{"names", "links", "--timeout=1e9"}, "--timeout 1e9: expected seconds"},
		{{"names", "links", "-s", ""}, "-s: a name is missing"},
		{{"names", "links", "-l", ""}, "-l: a name is missing"},
		{{"names", "colours"}, "'colours' is no list"},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused(cases[i].words, cases[i].text);
}
END_TEST

START_TEST(help_names_all_commands)
{
	static const char *const words[] = {"show runtime|", "clear runtime", "set node", "signal",
		"log", "top", "graph --dot|--svg", "watch", "call", "methods", "names", "--timeout",
		"GYRE_CONTROL", "Exit status"};

	ck_assert_int_eq(run_gyrectl(&run, "--help", NULL), 0);
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		ck_assert_msg(strstr(run.out, words[i]) != NULL, "no %s in %s", words[i], run.out);
	ck_assert_str_eq(run.err, "");
	ck_assert_int_eq(run_gyrectl(&run, "--version", NULL), 0);
	ck_assert_str_eq(run.out, "gyrectl (gyre) " PACKAGE_VERSION "\n");
}
END_TEST

/* Without -s: the environment's, and where it has none, the usual one. */
START_TEST(the_socket_is_found_in_order)
{
	ck_assert_int_eq(run_gyrectl(&run, "log", "-s", "/nonexistent/other", NULL), 3);
	ck_assert_ptr_nonnull(strstr(run.err, "gyrectl: cannot connect to /nonexistent/other: No"));
	ck_assert_int_eq(run_gyrectl(&run, "log", NULL), 3);
	ck_assert_ptr_nonnull(strstr(run.err, "/nonexistent/socket: No such file"));
	setenv("GYRE_CONTROL", "", 1);
	if (run_gyrectl(&run, "version", NULL) == 3)
		ck_assert_ptr_nonnull(strstr(run.err, "/run/gyre/control.sock"));
}
END_TEST

/* Each command, and what it asks first, ends the same way without a server. */
START_TEST(no_server_is_3)
{
	static const char *const lines[][3] = {{"show", "runtime"}, {"clear", "runtime"},
		{"signal", "x", "1"}, {"log"}, {"top", "-b"}, {"graph", "--svg"},
		{"watch", "links"}, {"call", "version"}, {"methods"}, {"names", "loops"}};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ck_assert_int_eq(run_gyrectl(&run, lines[i][0], lines[i][1], lines[i][2], NULL), 3);
		ck_assert_msg(strncmp(run.err, "gyrectl: cannot connect to", 26) == 0, "%s: %s",
			lines[i][0], run.err);
		ck_assert_str_eq(run.out, "");
	}
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, faults_are_named);
	tcase_add_test(tcase, help_names_all_commands);
	tcase_add_test(tcase, the_socket_is_found_in_order);
	tcase_add_test(tcase, no_server_is_3);
	suite_add_tcase(suite, tcase);
	return suite;
}
