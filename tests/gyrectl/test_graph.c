/* SPDX-License-Identifier: Apache-2.0 */
/* `graph`: for Graphviz, as a picture, into files, and without Graphviz. */
#include "harness.h"
#include "served.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char file[96];

static void set_up(void)
{
	served_set_up();
	snprintf(file, sizeof(file), "%s/graph", server.directory);
}

static void tear_down(void)
{
	unlink(file);
	served_tear_down();
}

static void reads(const char *text)
{
	static char said[RUN_SIZE];
	FILE *in = fopen(file, "r");

	ck_assert_ptr_nonnull(in);
	said[fread(said, 1, sizeof(said) - 1, in)] = '\0';
	fclose(in);
	ck_assert_msg(strstr(said, text) != NULL, "no '%s' in %s", text, said);
}

START_TEST(dot_is_printed)
{
	ck_assert_int_eq(run_gyrectl(&run, "graph", "--dot", NULL), 0);
	ck_assert_msg(strncmp(run.out, "digraph ", 8) == 0, "%s", run.out);
	ck_assert_ptr_nonnull(strstr(run.out, "\"lookup\""));
	ck_assert_int_eq(run_gyrectl(&run, "graph", "--dot", "-o", file, NULL), 0);
	ck_assert_str_eq(run.out, "");
	reads("\"lookup\"");
}
END_TEST

START_TEST(a_picture_is_drawn)
{
	if (access("/usr/bin/dot", X_OK) != 0)
		gyre_test_skip("Graphviz is not there");
	ck_assert_int_eq(run_gyrectl(&run, "graph", "--svg", NULL), 0);
	ck_assert_msg(strncmp(run.out, "<?xml ", 6) == 0, "%s", run.out);
	ck_assert_ptr_nonnull(strstr(run.out, ">lookup<"));
	ck_assert_ptr_nonnull(strstr(run.out, "</svg>\n"));
	ck_assert_int_eq(run_gyrectl(&run, "graph", "--svg", "-o", file, NULL), 0);
	reads("</svg>");
}
END_TEST

START_TEST(without_graphviz_it_says_so)
{
	const char *path = run_built("gyrectl/gyrectl");
	const char *const argv[] = {path, "graph", "--svg", NULL};

	setenv("PATH", server.directory, 1);
	ck_assert_int_eq(run_program(&run, argv), 1);
	ck_assert_ptr_nonnull(strstr(run.err, "install Graphviz"));
	ck_assert_str_eq(run.out, "");
}
END_TEST

/* A dot that fails, as one of another program's name would. */
START_TEST(a_dot_that_fails_is_a_failure)
{
	char dot[128];
	FILE *out;

	snprintf(dot, sizeof(dot), "%s/dot", server.directory);
	out = fopen(dot, "w");
	fputs("#!/bin/sh\necho half\nexit 5\n", out);
	fclose(out);
	ck_assert_int_eq(chmod(dot, 0700), 0);
	setenv("PATH", server.directory, 1);
	ck_assert_int_eq(run_gyrectl(&run, "graph", "--svg", NULL), 1);
	ck_assert_ptr_nonnull(strstr(run.err, "gyrectl: graph --svg: dot failed"));
	unlink(dot);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_named)
{
	ck_assert_int_eq(run_gyrectl(&run, "graph", "--dot", "-o", "/nonexistent/x", NULL), 1);
	ck_assert_ptr_nonnull(strstr(run.err, "gyrectl: /nonexistent/x: No such file"));
	ck_assert_int_eq(run_gyrectl(&run, "graph", "--dot", "-o", "/dev/full", NULL), 1);
	ck_assert_ptr_nonnull(strstr(run.err, "gyrectl: /dev/full: cannot be written"));
	/* Nothing is opened when there is nothing to write. */
	ck_assert_int_eq(run_gyrectl(&run, "graph", "--dot", "-o", file, "-l", "none", NULL), 1);
	ck_assert_int_ne(access(file, F_OK), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("graph");
	TCase *tcase = tcase_create("graph");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, dot_is_printed);
	tcase_add_test(tcase, a_picture_is_drawn);
	tcase_add_test(tcase, without_graphviz_it_says_so);
	tcase_add_test(tcase, a_dot_that_fails_is_a_failure);
	tcase_add_test(tcase, a_file_that_cannot_be_written_is_named);
	suite_add_tcase(suite, tcase);
	return suite;
}
