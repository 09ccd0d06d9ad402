/* SPDX-License-Identifier: Apache-2.0 */
/* lib/graph/class.c: each wrong field of a class is refused with a text that names it. */
#include "graph/rig.h"
#include "harness.h"

#include <errno.h>

static gyre_next process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

static unsigned poll(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	return 0;
}

#define LONG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *const nexts[] = {"drop", NULL};
static const char *const nexts_empty[] = {""};
static const char *const nexts_long[] = {"a", LONG};
static const struct gyre_reason reasons[] = {{"bad", GYRE_SEVERITY_ERROR}};
static const struct gyre_reason reasons_unnamed[] = {
	{"bad", GYRE_SEVERITY_ERROR}, {NULL, GYRE_SEVERITY_INFO}};
static const struct gyre_reason reasons_empty[] = {{"", GYRE_SEVERITY_ERROR}};
static const struct gyre_reason reasons_severe[] = {{"bad", (enum gyre_severity)7}};
static const struct gyre_reason reasons_twice[] = {
	{"bad", GYRE_SEVERITY_ERROR}, {"odd", GYRE_SEVERITY_INFO}, {"bad", GYRE_SEVERITY_INFO}};

#define INNER .kind = GYRE_NODE_INTERNAL, .process = process
#define INPUT .kind = GYRE_NODE_INPUT, .poll = poll

static const struct {
	struct gyre_node_class node_class;
	const char *text;
} wrong[] = {
	{{.name = NULL, INNER}, "class: no name"},
	{{.name = "", INNER}, "class: no name"},
	{{.name = LONG, INNER}, "class '" LONG "': name is over 63 bytes"},
	{{.name = "a", .kind = (enum gyre_node_kind)4, .process = process},
		"class 'a': bad kind 4"},
	{{.name = "a", .kind = GYRE_NODE_INTERNAL},
		"class 'a': process is missing, but it is an internal node"},
	{{.name = "a", .kind = GYRE_NODE_OUTPUT},
		"class 'a': process is missing, but it is an output"},
	{{.name = "a", .kind = GYRE_NODE_INPUT}, "class 'a': poll is missing, but it is an input"},
	{{.name = "a", .kind = GYRE_NODE_PRE_INPUT},
		"class 'a': poll is missing, but it is a pre-input"},
	{{.name = "a", INPUT, .process = process},
		"class 'a': process is given, but it is an input"},
	{{.name = "a", INNER, .poll = poll},
		"class 'a': poll is given, but it is an internal node"},
	{{.name = "a", INPUT, .fan_out = 2}, "class 'a': fan_out is 2, but it is an input"},
	{{.name = "a", .kind = GYRE_NODE_OUTPUT, .process = process, .nexts = nexts, .n_nexts = 2},
		"class 'a': n_nexts is 2, but it is an output"},
	{{.name = "a", INNER, .nexts = nexts, .n_nexts = 4097},
		"class 'a': n_nexts is 4097, at most 4096"},
	{{.name = "a", INNER, .n_nexts = 2}, "class 'a': nexts is NULL, but n_nexts is 2"},
	{{.name = "a", INNER, .nexts = nexts_empty, .n_nexts = 1}, "class 'a': nexts[0] is empty"},
	{{.name = "a", INNER, .nexts = nexts_long, .n_nexts = 2},
		"class 'a': nexts[1] is over 63 bytes"},
	{{.name = "a", INNER, .reasons = reasons, .n_reasons = 257},
		"class 'a': n_reasons is 257, at most 256"},
	{{.name = "a", INNER, .n_reasons = 1}, "class 'a': reasons is NULL, but n_reasons is 1"},
	{{.name = "a", INNER, .reasons = reasons_unnamed, .n_reasons = 2},
		"class 'a': reasons[1] has no name"},
	{{.name = "a", INNER, .reasons = reasons_empty, .n_reasons = 1},
		"class 'a': reasons[0] is empty"},
	{{.name = "a", INNER, .reasons = reasons_severe, .n_reasons = 1},
		"class 'a': reasons[0]: bad severity 7"},
	{{.name = "a", INNER, .reasons = reasons_twice, .n_reasons = 3},
		"class 'a': reasons[0] and [2] are both 'bad'"},
};

START_TEST(wrong_is_named)
{
	struct rig *rig = rig_new(4);
	struct gyre_error error = {0, ""};
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct gyre_node_id id = {7, 7};

	options.error = &error;
	ck_assert_int_eq(
		gyre_node_add(&rig->loop, &wrong[_i].node_class, "n", &options, &id), -EINVAL);
	ck_assert_str_eq(error.text, wrong[_i].text);
	ck_assert_int_eq(error.code, -EINVAL);
	ck_assert_uint_eq(id.index, 7);
	ck_assert_int_eq(gyre_node_find(&rig->loop, "n", &id), -ENOENT);
	ck_assert_int_eq(
		gyre_node_add(&rig->loop, &wrong[_i].node_class, "n", NULL, NULL), -EINVAL);
	rig_free(rig);
}
END_TEST

START_TEST(none_is_refused)
{
	struct rig *rig = rig_new(4);

	ck_assert_int_eq(gyre_node_add(&rig->loop, NULL, "n", NULL, NULL), -EINVAL);
	rig_free(rig);
}
END_TEST

START_TEST(right_is_taken)
{
	static const struct gyre_node_class classes[] = {
		{.name = "in", INPUT, .nexts = nexts, .n_nexts = 2, .fan_out = 1},
		{.name = "inner",
			INNER,
			.nexts = nexts,
			.n_nexts = 2,
			.reasons = reasons,
			.n_reasons = 1,
			.fan_out = 4},
		{.name = "out", .kind = GYRE_NODE_OUTPUT, .process = process},
		{.name = "pre", .kind = GYRE_NODE_PRE_INPUT, .poll = poll},
	};
	struct rig *rig = rig_new(4);

	for (unsigned i = 0; i < 4; i++)
		rig_add(rig, &classes[i], classes[i].name);
	rig_free(rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("class");
	TCase *tcase = tcase_create("class");

	tcase_add_loop_test(tcase, wrong_is_named, 0, sizeof(wrong) / sizeof(*wrong));
	tcase_add_test(tcase, none_is_refused);
	tcase_add_test(tcase, right_is_taken);
	suite_add_tcase(suite, tcase);
	return suite;
}
