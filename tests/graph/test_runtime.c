/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/runtime.c: the tables of hand-made snapshots, to the letter: VPP's columns, odd names,
 * numbers as big as they come, nothing divided by zero, differences to an earlier snapshot, and
 * streams that cannot be written.
 */
#include "harness.h"

#include <errno.h>
#include <locale.h>
#include <gyre/snapshot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER                                                                                   \
	"             Name                 State         Calls          Vectors        Suspends" \
	"         Clocks       Vectors/Call\n"
#define ERRORS_HEADER                                                                       \
	"   Count                  Node                              Reason               " \
	"Severity\n"

static const struct gyre_reason reasons[] = {
	{"ttl-expired", GYRE_SEVERITY_WARNING},
	{"filtered", GYRE_SEVERITY_INFO},
	{"no-frames", GYRE_SEVERITY_ERROR},
};

typedef int write_fn(
	const struct gyre_snapshot *snapshot, const struct gyre_snapshot *since, FILE *out);

/* The text is the caller's. */
static char *text_of(
	write_fn *write, const struct gyre_snapshot *snapshot, const struct gyre_snapshot *since)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(write(snapshot, since, out), 0);
	fclose(out);
	return text;
}

static void text_check(write_fn *write, const struct gyre_snapshot *snapshot,
	const struct gyre_snapshot *since, const char *expected)
{
	char *text = text_of(write, snapshot, since);

	ck_assert_str_eq(text, expected);
	free(text);
}

static void runtime_check(const struct gyre_snapshot *snapshot, const struct gyre_snapshot *since,
	const char *expected)
{
	text_check(gyre_snapshot_write_runtime, snapshot, since, expected);
}

START_TEST(an_empty_graph_has_a_header)
{
	struct gyre_snapshot snapshot = {.n_nodes = 0};

	runtime_check(&snapshot, NULL, HEADER);
	text_check(gyre_snapshot_write_errors, &snapshot, NULL, ERRORS_HEADER);
}
END_TEST

START_TEST(columns_are_those_of_vpp)
{
	struct gyre_node_stats nodes[] = {
		{.name = "in",
			.class_name = "in",
			.kind = GYRE_NODE_INPUT,
			.calls = 2000,
			.items = 64000,
			.sampled_calls = 125,
			.sampled_items = 4000,
			.sampled_clocks = 49200},
		{.name = "ip4-lookup",
			.class_name = "ip4-lookup",
			.kind = GYRE_NODE_INTERNAL,
			.calls = 1000,
			.items = 64000,
			.sampled_calls = 63,
			.sampled_items = 4032,
			.sampled_clocks = 61000},
		{.name = "tx", .class_name = "tx", .kind = GYRE_NODE_OUTPUT, .disabled = true},
	};
	struct gyre_snapshot snapshot = {.n_nodes = 3, .nodes = nodes};

	runtime_check(&snapshot, NULL,
		HEADER "in                               polling              2000           64000"
		       "               0          1.23e1           32.00\n"
		       "ip4-lookup                       active               1000           64000"
		       "               0          1.51e1           64.00\n"
		       "tx                              disabled                 0               0"
		       "               0          0.00e0            0.00\n");
}
END_TEST

START_TEST(names_and_numbers_may_be_long)
{
	struct gyre_node_stats nodes[] = {
		{.name = "a name of more than thirty columns, \"quoted\"",
			.class_name = "x",
			.kind = GYRE_NODE_PRE_INPUT,
			.calls = UINT64_MAX,
			.items = UINT64_MAX,
			.sampled_calls = 1,
			.sampled_items = 1,
			.sampled_clocks = UINT64_MAX},
		{.name = "b",
			.class_name = "x",
			.kind = GYRE_NODE_INTERNAL,
			.calls = 1,
			.items = UINT64_MAX,
			.sampled_items = UINT64_MAX,
			.sampled_clocks = 1},
	};
	struct gyre_snapshot snapshot = {.n_nodes = 2, .nodes = nodes};

	runtime_check(&snapshot, NULL,
		HEADER "a name of more than thirty columns, \"quoted\"   polling   "
		       "18446744073709551615 18446744073709551615"
		       "               0         1.84e19            1.00\n"
		       "b                                active                  1 "
		       "18446744073709551615        "
		       "       0        5.42e-20 18446744073709551615.00\n");
}
END_TEST

/* Clocks of calls that brought nothing are per call; rounding carries over. */
START_TEST(nothing_is_divided_by_zero)
{
	struct gyre_node_stats nodes[] = {
		{.name = "idle",
			.class_name = "x",
			.kind = GYRE_NODE_INPUT,
			.calls = 16,
			.sampled_calls = 2,
			.sampled_clocks = 80},
		{.name = "odd",
			.class_name = "x",
			.kind = GYRE_NODE_INTERNAL,
			.items = 5,
			.sampled_clocks = 7},
		{.name = "carry",
			.class_name = "x",
			.kind = GYRE_NODE_INTERNAL,
			.calls = 1000,
			.items = 1999,
			.sampled_calls = 1,
			.sampled_items = 1000,
			.sampled_clocks = 9999},
	};
	struct gyre_snapshot snapshot = {.n_nodes = 3, .nodes = nodes};

	runtime_check(&snapshot, NULL,
		HEADER "idle                             polling                16               0"
		       "               0          4.00e1            0.00\n"
		       "odd                              active                  0               5"
		       "               0          0.00e0            0.00\n"
		       "carry                            active               1000            1999"
		       "               0          1.00e1            2.00\n");
}
END_TEST

/* One node stayed, one is new, one took the place of another with its name, one is gone. */
static struct gyre_node_stats earlier_nodes[] = {
	{.id = {0, 1}, .name = "gone", .class_name = "x", .kind = GYRE_NODE_INTERNAL, .calls = 7},
	{.id = {1, 1},
		.name = "again",
		.class_name = "x",
		.kind = GYRE_NODE_INTERNAL,
		.calls = 2,
		.items = 4},
	{.id = {2, 1},
		.name = "stays",
		.class_name = "x",
		.kind = GYRE_NODE_INTERNAL,
		.calls = 10,
		.items = 40,
		.sampled_calls = 1,
		.sampled_items = 4,
		.sampled_clocks = 1000},
	{.id = {3, 1}, .name = "other", .class_name = "x", .kind = GYRE_NODE_INTERNAL, .calls = 3},
};

static struct gyre_node_stats later_nodes[] = {
	{.id = {0, 2},
		.name = "new",
		.class_name = "x",
		.kind = GYRE_NODE_INTERNAL,
		.calls = 1,
		.items = 1},
	{.id = {2, 1},
		.name = "stays",
		.class_name = "x",
		.kind = GYRE_NODE_INTERNAL,
		.calls = 30,
		.items = 140,
		.sampled_calls = 3,
		.sampled_items = 14,
		.sampled_clocks = 1200},
	{.id = {1, 2},
		.name = "again",
		.class_name = "x",
		.kind = GYRE_NODE_INTERNAL,
		.calls = 4,
		.items = 8},
	{.id = {3, 2}, .name = "other", .class_name = "y", .kind = GYRE_NODE_INTERNAL, .calls = 5},
};

START_TEST(counts_since_are_matched_by_id)
{
	struct gyre_snapshot since = {.n_nodes = 4, .nodes = earlier_nodes};
	struct gyre_snapshot snapshot = {.n_nodes = 4, .nodes = later_nodes};

	runtime_check(&snapshot, &since,
		HEADER "new                              active                  1               1"
		       "               0          0.00e0            1.00\n"
		       "stays                            active                 20             100"
		       "               0          2.00e1            5.00\n"
		       "again                            active                  4               8"
		       "               0          0.00e0            2.00\n"
		       "other                            active                  5               0"
		       "               0          0.00e0            0.00\n");
	runtime_check(&since, &since,
		HEADER "gone                             active                  0               0"
		       "               0          0.00e0            0.00\n"
		       "again                            active                  0               0"
		       "               0          0.00e0            0.00\n"
		       "stays                            active                  0               0"
		       "               0          0.00e0            0.00\n"
		       "other                            active                  0               0"
		       "               0          0.00e0            0.00\n");
}
END_TEST

START_TEST(reasons_that_counted_are_listed)
{
	uint64_t first[] = {12, 0, 1}, second[] = {0, UINT64_MAX, 0}, before[] = {12, 0, 0};
	struct gyre_node_stats nodes[] = {
		{.name = "ip4-input",
			.class_name = "x",
			.n_reasons = 3,
			.reasons = reasons,
			.drops = first},
		{.id = {1, 1},
			.name = "a filter whose name is longer than the column",
			.class_name = "x",
			.n_reasons = 3,
			.reasons = reasons,
			.drops = second},
	};
	struct gyre_node_stats old_nodes[] = {
		{.name = "ip4-input",
			.class_name = "x",
			.n_reasons = 3,
			.reasons = reasons,
			.drops = before},
	};
	struct gyre_snapshot snapshot = {.n_nodes = 2, .nodes = nodes};
	struct gyre_snapshot since = {.n_nodes = 1, .nodes = old_nodes};

#define NO_FRAMES                                                                             \
	"         1             ip4-input                          no-frames                " \
	"error\n"
#define FILTERED                                                             \
	"18446744073709551615 a filter whose name is longer than the column" \
	"              filtered                info\n"
	text_check(gyre_snapshot_write_errors, &snapshot, NULL,
		ERRORS_HEADER
		"        12             ip4-input                         ttl-expired              "
		"warning\n" NO_FRAMES FILTERED);
	text_check(gyre_snapshot_write_errors, &snapshot, &since, ERRORS_HEADER NO_FRAMES FILTERED);
}
END_TEST

/* A decimal comma would break every script that reads the table. */
START_TEST(the_locale_changes_nothing)
{
	struct gyre_node_stats node = {.name = "n",
		.class_name = "n",
		.calls = 2,
		.items = 3,
		.kind = GYRE_NODE_INTERNAL,
		.sampled_items = 2,
		.sampled_clocks = 3};
	struct gyre_snapshot snapshot = {.n_nodes = 1, .nodes = &node};

	if (!setlocale(LC_ALL, "de_DE.UTF-8"))
		gyre_test_note("no locale de_DE.UTF-8: tested in the C locale only");
	runtime_check(&snapshot, NULL,
		HEADER "n                                active                  2               3"
		       "               0          1.50e0            1.50\n");
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

static int cookie_status(write_fn *write, const struct gyre_snapshot *snapshot, size_t left)
{
	const cookie_io_functions_t functions = {.write = cookie_write};
	FILE *out = fopencookie(&left, "w", functions);
	int status;

	ck_assert_ptr_nonnull(out);
	setvbuf(out, NULL, _IONBF, 0);
	status = write(snapshot, NULL, out);
	fclose(out);
	return status;
}

START_TEST(what_cannot_be_written_is_an_error)
{
	static write_fn *const writes[] = {gyre_snapshot_write_runtime, gyre_snapshot_write_errors};
	uint64_t drops[] = {1, 2, 3};
	struct gyre_node_stats node = {.name = "n",
		.class_name = "n",
		.n_reasons = 3,
		.kind = GYRE_NODE_INTERNAL,
		.reasons = reasons,
		.drops = drops};
	struct gyre_snapshot snapshot = {.n_nodes = 1, .nodes = &node};
	write_fn *write = writes[_i];
	char *text = text_of(write, &snapshot, NULL);
	size_t size = strlen(text);
	FILE *full = fopen("/dev/full", "w");

	free(text);
	ck_assert_ptr_nonnull(full);
	ck_assert_int_eq(write(&snapshot, NULL, full), -EIO);
	fclose(full);
	for (size_t left = 0; left < size; left++)
		ck_assert_int_eq(cookie_status(write, &snapshot, left), -EIO);
	ck_assert_int_eq(cookie_status(write, &snapshot, size), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("runtime");
	TCase *tcase = tcase_create("runtime");

	tcase_add_test(tcase, an_empty_graph_has_a_header);
	tcase_add_test(tcase, columns_are_those_of_vpp);
	tcase_add_test(tcase, names_and_numbers_may_be_long);
	tcase_add_test(tcase, nothing_is_divided_by_zero);
	tcase_add_test(tcase, counts_since_are_matched_by_id);
	tcase_add_test(tcase, reasons_that_counted_are_listed);
	tcase_add_test(tcase, the_locale_changes_nothing);
	tcase_add_loop_test(tcase, what_cannot_be_written_is_an_error, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
