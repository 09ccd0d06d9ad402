/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/dot.c: the text of a hand-made graph, to the letter; any name gives text that follows
 * Graphviz's grammar, which a small reader checks, and `dot` itself where it is installed.
 */
#include "harness.h"

#include <errno.h>
#include <gyre/snapshot.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text_of(const struct gyre_snapshot *snapshot)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(gyre_snapshot_write_dot(snapshot, out), 0);
	fclose(out);
	return text;
}

/* A quoted string: ends at the first quote without a backslash before it. */
static const char *quoted_skip(const char *at)
{
	ck_assert_int_eq(*at, '"');
	for (at++; *at != '"'; at++) {
		ck_assert_msg((unsigned char)*at >= ' ', "a control character, or no end");
		if (*at == '\\')
			at++;
	}
	return at + 1;
}

/* Letters, digits and quoted strings are words; the rest must be Graphviz's punctuation, and
 * brackets must close in their order. Counts statements that end in ";". */
static unsigned statements_count(const char *at)
{
	unsigned count = 0, depth = 0;
	char open[8];

	while (*at) {
		if (*at == '"') {
			at = quoted_skip(at);
			continue;
		}
		if (*at == '{' || *at == '[') {
			ck_assert_uint_lt(depth, sizeof(open));
			open[depth++] = *at == '{' ? '}' : ']';
		} else if (*at == '}' || *at == ']') {
			ck_assert_uint_gt(depth, 0);
			ck_assert_int_eq(open[--depth], *at);
		} else if (*at == ';') {
			count++;
		} else {
			ck_assert_ptr_nonnull(
				strchr("abcdefghijklmnopqrstuvwxyzTB_=,-> \t\n", *at));
		}
		at++;
	}
	ck_assert_uint_eq(depth, 0);
	return count;
}

static bool graphviz_is_here(void)
{
	return system("command -v dot >/dev/null 2>&1") == 0;
}

/* Whether Graphviz takes the text; true without Graphviz. */
static bool graphviz_takes(const char *text)
{
	if (!graphviz_is_here())
		return true;

	FILE *pipe = popen("dot -Tcanon >/dev/null", "w");
	ck_assert_ptr_nonnull(pipe);
	fputs(text, pipe);
	return pclose(pipe) == 0;
}

START_TEST(a_graph_to_the_letter)
{
	unsigned in_nexts[] = {2}, lookup_nexts[] = {3, 4, 2}, rewrite_nexts[] = {2, UINT_MAX};
	struct gyre_node_stats nodes[] = {
		{.name = "fds",
			.class_name = "fds",
			.kind = GYRE_NODE_PRE_INPUT,
			.rank = 0,
			.n_nexts = 1,
			.nexts = in_nexts},
		{.name = "rx-0",
			.class_name = "rx",
			.kind = GYRE_NODE_INPUT,
			.rank = 1,
			.n_nexts = 1,
			.nexts = in_nexts,
			.disabled = true},
		{.name = "lookup",
			.class_name = "lookup",
			.kind = GYRE_NODE_INTERNAL,
			.rank = 0,
			.n_nexts = 3,
			.nexts = lookup_nexts},
		{.name = "rewrite",
			.class_name = "rewrite",
			.kind = GYRE_NODE_INTERNAL,
			.rank = 1,
			.n_nexts = 2,
			.nexts = rewrite_nexts},
		{.name = "tx-0", .class_name = "tx", .kind = GYRE_NODE_OUTPUT, .rank = 2},
	};
	struct gyre_snapshot snapshot = {.n_nodes = 5, .nodes = nodes};
	char *text = text_of(&snapshot);

	if (!graphviz_is_here())
		gyre_test_note("no dot in the path: only the grammar is checked");
	ck_assert_str_eq(text,
		"digraph gyre {\n"
		"\trankdir=TB;\n"
		"\t\"fds\" [shape=invtriangle, label=\"fds\\nfds\"];\n"
		"\t\"rx-0\" [shape=invhouse, label=\"rx-0\\nrx\", style=dashed];\n"
		"\t\"lookup\" [shape=box, label=\"lookup\\nlookup\"];\n"
		"\t\"rewrite\" [shape=box, label=\"rewrite\\nrewrite\"];\n"
		"\t\"tx-0\" [shape=house, label=\"tx-0\\ntx\"];\n"
		"\t{rank=source; \"fds\"; \"rx-0\";}\n"
		"\t{rank=sink; \"tx-0\";}\n"
		"\t\"fds\" -> \"lookup\" [label=\"0\"];\n"
		"\t\"rx-0\" -> \"lookup\" [label=\"0\"];\n"
		"\t\"lookup\" -> \"rewrite\" [label=\"0\"];\n"
		"\t\"lookup\" -> \"tx-0\" [label=\"1\"];\n"
		"\t\"lookup\" -> \"lookup\" [label=\"2\", style=dashed, constraint=false];\n"
		"\t\"rewrite\" -> \"lookup\" [label=\"0\", style=dashed, constraint=false];\n"
		"}\n");
	ck_assert_uint_eq(statements_count(text), 1 + 5 + 3 + 2 + 6);
	ck_assert(graphviz_takes(text));
	free(text);
}
END_TEST

START_TEST(any_name_is_quoted)
{
	static const char *const names[] = {"\"", "\\", "a\\\"b", "];}", "two words", "new\nline",
		"-> \"x\"", "\\N", "\xc3\xa4", "end\\", "node", ""};
	unsigned next = 0;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct gyre_node_stats node = {.name = names[i],
			.class_name = names[i],
			.kind = GYRE_NODE_INTERNAL,
			.n_nexts = 1,
			.nexts = &next};
		struct gyre_snapshot snapshot = {.n_nodes = 1, .nodes = &node};
		char *text = text_of(&snapshot);

		ck_assert_uint_eq(statements_count(text), 3);
		ck_assert(graphviz_takes(text));
		free(text);
	}
}
END_TEST

START_TEST(escapes_to_the_letter)
{
	struct gyre_node_stats node = {
		.name = "a\"b\\c\nd", .class_name = "\\", .kind = GYRE_NODE_OUTPUT};
	struct gyre_snapshot snapshot = {.n_nodes = 1, .nodes = &node};
	char *text = text_of(&snapshot);

	ck_assert_str_eq(text,
		"digraph gyre {\n"
		"\trankdir=TB;\n"
		"\t\"a\\\"b\\\\c?d\" [shape=house, label=\"a\\\"b\\\\c?d\\n\\\\\"];\n"
		"\t{rank=sink; \"a\\\"b\\\\c?d\";}\n"
		"}\n");
	free(text);
}
END_TEST

START_TEST(no_node_is_an_empty_graph)
{
	struct gyre_snapshot snapshot = {.n_nodes = 0};
	char *text = text_of(&snapshot);

	ck_assert_str_eq(text, "digraph gyre {\n\trankdir=TB;\n}\n");
	ck_assert(graphviz_takes(text));
	free(text);
}
END_TEST

/* Takes `left` bytes, then fails. */
static ssize_t cookie_write(void *cookie, const char *text, size_t size)
{
	size_t *left = cookie;

	(void)text;
	if (size > *left)
		return 0;
	*left -= size;
	return (ssize_t)size;
}

static int cookie_status(const struct gyre_snapshot *snapshot, size_t left)
{
	const cookie_io_functions_t functions = {.write = cookie_write};
	FILE *out = fopencookie(&left, "w", functions);
	int status;

	ck_assert_ptr_nonnull(out);
	setvbuf(out, NULL, _IONBF, 0);
	status = gyre_snapshot_write_dot(snapshot, out);
	fclose(out);
	return status;
}

START_TEST(what_cannot_be_written_is_an_error)
{
	unsigned next = 0;
	struct gyre_node_stats node = {.name = "n",
		.class_name = "n",
		.kind = GYRE_NODE_INTERNAL,
		.n_nexts = 1,
		.nexts = &next};
	struct gyre_snapshot snapshot = {.n_nodes = 1, .nodes = &node};
	char *text = text_of(&snapshot);
	FILE *full = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(full);
	ck_assert_int_eq(gyre_snapshot_write_dot(&snapshot, full), -EIO);
	fclose(full);
	for (size_t left = 0; left < strlen(text); left++)
		ck_assert_int_eq(cookie_status(&snapshot, left), -EIO);
	ck_assert_int_eq(cookie_status(&snapshot, strlen(text)), 0);
	free(text);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("dot");
	TCase *tcase = tcase_create("dot");

	tcase_add_test(tcase, a_graph_to_the_letter);
	tcase_add_test(tcase, any_name_is_quoted);
	tcase_add_test(tcase, escapes_to_the_letter);
	tcase_add_test(tcase, no_node_is_an_empty_graph);
	tcase_add_test(tcase, what_cannot_be_written_is_an_error);
	suite_add_tcase(suite, tcase);
	return suite;
}
