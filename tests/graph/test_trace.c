/* SPDX-License-Identifier: Apache-2.0 */
/* lib/graph/trace.c: the next items that reach a node are in the log, and go where they would. */
#include "graph/rig.h"
#include "harness.h"

#include <errno.h>

START_TEST(next_items_are_logged)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id a = rig_probe(rig, "a", RIG_NEXTS("end"));

	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	ck_assert_int_eq(gyre_node_trace(&rig->loop, a, 6), 0);
	rig_run(rig, a, 9, 4);
	ck_assert_str_eq(rig->log, "trace a: item 0 of 9\ntrace a: item 1 of 9\n"
				   "trace a: item 2 of 9\ntrace a: item 3 of 9\n");
	rig->log[0] = 0;
	rig_run(rig, a, 9, 4);
	ck_assert_str_eq(rig->log, "trace a: item 0 of 9\ntrace a: item 1 of 9\n");
	rig->log[0] = 0;
	rig_run(rig, a, 9, 4);
	ck_assert_str_eq(rig->log, "");
	ck_assert_uint_eq(rig_probe_of(rig, "a")->items, 12);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 12);
	rig_free(rig);
}
END_TEST

START_TEST(trace_can_be_disarmed)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id a = rig_probe(rig, "a", RIG_NEXTS("end"));

	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	ck_assert_int_eq(gyre_node_trace(&rig->loop, a, 6), 0);
	ck_assert_int_eq(gyre_node_trace(&rig->loop, a, 0), 0);
	rig_run(rig, a, 9, 4);
	ck_assert_str_eq(rig->log, "");
	rig_free(rig);
}
END_TEST

static int trace_own(const void *item, char *text, size_t size)
{
	(void)item, (void)text, (void)size;
	return -EIO;
}

START_TEST(class_comes_first)
{
	struct gyre_node_class node_class = rig_end_class;
	struct rig *rig = rig_new(4);
	struct gyre_node_id id;

	node_class.trace = trace_own;
	id = rig_add(rig, &node_class, "own");
	rig_build(rig);
	ck_assert_int_eq(gyre_node_trace(&rig->loop, id, 1), 0);
	rig_run(rig, id, 9, 4);
	ck_assert_str_eq(rig->log, "trace own: (no trace: error 5)\n");
	rig_free(rig);
}
END_TEST

static unsigned poll(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	return 0;
}

START_TEST(errors)
{
	static const struct gyre_node_class input = {
		.name = "input", .kind = GYRE_NODE_INPUT, .poll = poll};
	struct rig rig;
	struct gyre_node_id id;

	rig_init(&rig);
	rig.options.items = NULL;
	rig_create(&rig);
	id = rig_add(&rig, &rig_end_class, "end");
	ck_assert_int_eq(gyre_node_trace(&rig.loop, id, 1), -ENOTSUP);
	ck_assert_int_eq(gyre_node_trace(&rig.loop, (struct gyre_node_id){0, 0}, 1), -ESRCH);
	rig_destroy(&rig);
	rig_init(&rig);
	rig_create(&rig);
	id = rig_add(&rig, &input, "input");
	ck_assert_int_eq(gyre_node_trace(&rig.loop, id, 1), -ENOTSUP);
	rig_destroy(&rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("trace");
	TCase *tcase = tcase_create("trace");

	tcase_add_test(tcase, next_items_are_logged);
	tcase_add_test(tcase, trace_can_be_disarmed);
	tcase_add_test(tcase, class_comes_first);
	tcase_add_test(tcase, errors);
	suite_add_tcase(suite, tcase);
	return suite;
}
