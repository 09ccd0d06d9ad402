/* SPDX-License-Identifier: Apache-2.0 */
/* `show` of a program that runs: every noun as a table and as JSON, loops that are meant. */
#include "harness.h"
#include "served.h"

#include <jansson.h>
#include <string.h>

static void shows(const char *noun, const char *text)
{
	ck_assert_int_eq(run_gyrectl(&run, "show", noun, NULL), 0);
	ck_assert_msg(strstr(run.out, text) != NULL, "show %s: no '%s' in %s", noun, text, run.out);
	ck_assert_str_eq(run.err, "");
	ck_assert_ptr_null(strchr(run.out, '\033'));
}

START_TEST(every_noun_is_shown)
{
	server_wait_moved(&server);
	shows("runtime", "\nlookup                           active     ");
	shows("runtime", "\nidle-rx                         disabled  ");
	shows("runtime", "\nwaiter                         event wait  ");
	shows("runtime", "average vectors/node ");
	shows("runtime",
		"Calls          Vectors        Suspends         Clocks       Vectors/Call");
	shows("nodes", "\nlookup        lookup    internal  enabled ");
	shows("nodes", "  sink\n");
	shows("processes", "\nwaiter        ");
	shows("processes", "K  no\n");
	shows("errors", "  lookup        no-route      warning\n");
	shows("links", "\nport-0        up    ");
	shows("links", "\nport-1        down  ");
	shows("graph", "[0]  sink\n");
	shows("loops", "\ndata  ");
	shows("version", "gyre " PACKAGE_VERSION " in ");
	shows("methods", "test.echo: Gives the text back.\n    text (string, required)");
}
END_TEST

START_TEST(every_noun_is_json)
{
	static const char *const nouns[][2] = {{"runtime", "nodes"}, {"nodes", "nodes"},
		{"processes", "processes"}, {"errors", "errors"}, {"links", "links"},
		{"graph", "edges"}, {"loops", "loops"}, {"methods", "methods"}};

	server_wait_moved(&server);
	for (unsigned i = 0; i < sizeof(nouns) / sizeof(nouns[0]); i++) {
		run_gyrectl(&run, "show", nouns[i][0], "--json", NULL);
		json_t *result = run_json(&run, 1);

		ck_assert_msg(json_array_size(json_object_get(result, nouns[i][1])) > 0, "%s: %s",
			nouns[i][0], run.out);
		json_decref(result);
	}
}
END_TEST

static json_int_t vectors_of(const char *name)
{
	json_int_t vectors = -1;
	json_t *result, *node;
	size_t i;

	run_gyrectl(&run, "show", "runtime", "--json", "--total", NULL);
	result = run_json(&run, 1);
	json_array_foreach(json_object_get(result, "nodes"), i,
		node) if (strcmp(json_string_value(json_object_get(node, "name")), name) == 0)
		vectors = json_integer_value(json_object_get(node, "vectors"));
	json_decref(result);
	return vectors;
}

/* What is shown are the loop's numbers: between two looks at what was injected. */
START_TEST(numbers_are_the_loops)
{
	for (int i = 0; i < 5; i++) {
		unsigned long before = atomic_load(&server.loops[0].injected);
		json_int_t vectors = vectors_of("lookup");
		unsigned long after = atomic_load(&server.loops[0].injected);

		/* Two bursts: one that waits to enter, one of a reading that is shared. */
		ck_assert_int_le(vectors, (json_int_t)after + 30);
		ck_assert_int_ge(vectors + 10 * 30, (json_int_t)before);
	}
}
END_TEST

START_TEST(a_beginning_is_enough)
{
	ck_assert_int_eq(run_gyrectl(&run, "sh", "run", NULL), 0);
	ck_assert_ptr_nonnull(strstr(run.out, "Vectors/Call"));
}
END_TEST

START_TEST(several_loops_need_a_name)
{
	ck_assert_int_eq(run_gyrectl(&run, "show", "runtime", NULL), 1);
	ck_assert_msg(strncmp(run.err, "gyrectl: runtime: ", 18) == 0, "%s", run.err);
	ck_assert_str_eq(run.out, "");
	ck_assert_int_eq(run_gyrectl(&run, "show", "runtime", "-l", "other", NULL), 0);
	ck_assert_ptr_nonnull(strstr(run.out, "\nlookup "));
	ck_assert_int_eq(run_gyrectl(&run, "-l", "none", "show", "links", NULL), 1);
	ck_assert_ptr_nonnull(strstr(run.err, "none"));
	ck_assert_int_eq(run_gyrectl(&run, "show", "loops", "-l", "other", NULL), 0);
	ck_assert_ptr_nonnull(strstr(run.out, "\ndata "));
	ck_assert_ptr_nonnull(strstr(run.out, "\nother "));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("show");
	TCase *one = tcase_create("one loop"), *two = tcase_create("two loops");

	tcase_add_checked_fixture(one, served_set_up, served_tear_down);
	tcase_add_test(one, every_noun_is_shown);
	tcase_add_test(one, every_noun_is_json);
	tcase_add_test(one, numbers_are_the_loops);
	tcase_add_test(one, a_beginning_is_enough);
	suite_add_tcase(suite, one);
	tcase_add_checked_fixture(two, served_set_up_two, served_tear_down);
	tcase_add_test(two, several_loops_need_a_name);
	suite_add_tcase(suite, two);
	return suite;
}
