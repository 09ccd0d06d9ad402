/* SPDX-License-Identifier: Apache-2.0 */
/* lib/graph/graph.c: what a graph says of itself and counts, which partition it uses, its end. */
#include "graph/rig.h"
#include "harness.h"

#include <errno.h>
#include <stdlib.h>

static int released_finis;

static void fini_ordered(struct gyre_node *node)
{
	/* Deleted in reverse order: what was added before is still there. */
	struct gyre_node_id id;

	if (!strcmp(gyre_node_name(node), "second"))
		ck_assert_int_eq(gyre_node_find(gyre_node_loop(node), "first", &id), 0);
	released_finis++;
}

START_TEST(destroyed_with_items)
{
	struct gyre_node_class node_class = rig_end_class;
	struct rig *rig = rig_new(4);
	struct rig_item *items[10];
	struct gyre_node_id id;

	node_class.fini = fini_ordered;
	rig_add(rig, &node_class, "first");
	id = rig_add(rig, &node_class, "second");
	rig_build(rig);
	for (unsigned i = 0; i < 10; i++)
		items[i] = rig_item_new(rig, 0, i);
	ck_assert_int_eq(gyre__graph_enter(rig->graph, id, (void *const *)items, 10), 10);
	ck_assert(gyre__graph_pending(rig->graph));
	rig_destroy(rig);
	ck_assert_uint_eq(rig->released, 10);
	ck_assert_int_eq(released_finis, 2);
	free(rig);
	gyre__graph_destroy(NULL);
}
END_TEST

START_TEST(simd)
{
	static const enum gyre_simd all[] = {GYRE_SIMD_SCALAR, GYRE_SIMD_AVX2, GYRE_SIMD_AVX512};
	struct rig *rig = rig_new(4);
	enum gyre_simd best = gyre_graph_simd(&rig->loop);

	ck_assert_int_ne(best, GYRE_SIMD_AUTO);
	ck_assert_int_eq(gyre_graph_simd_set(&rig->loop, (enum gyre_simd)4), -EINVAL);
	ck_assert_int_eq(gyre_graph_simd_set(&rig->loop, (enum gyre_simd) - 1), -EINVAL);
	for (unsigned i = 0; i < 3; i++) {
		int code = gyre_graph_simd_set(&rig->loop, all[i]);

		if (code) {
			ck_assert_int_eq(code, -ENOTSUP);
			ck_assert_int_lt(best, all[i]);
			gyre_test_note("this CPU lacks partition variant %d", all[i]);
		} else {
			ck_assert_int_eq(gyre_graph_simd(&rig->loop), all[i]);
		}
	}
	ck_assert_int_eq(gyre_graph_simd_set(&rig->loop, GYRE_SIMD_AUTO), 0);
	ck_assert_int_eq(gyre_graph_simd(&rig->loop), best);
	rig_free(rig);
}
END_TEST

START_TEST(simd_of_nodes_that_are_built)
{
	struct rig *rig = rig_new(64);
	struct gyre_node_id two = rig_probe(rig, "two", RIG_NEXTS("a", "b"));
	const struct gyre_node *node = gyre_node_get(&rig->loop, two);
	gyre__send_fn *last = NULL;

	rig_add(rig, &rig_end_class, "a");
	rig_add(rig, &rig_end_class, "b");
	rig_build(rig);
	for (int variant = GYRE_SIMD_AUTO; variant <= GYRE_SIMD_AVX512; variant++) {
		if (gyre_graph_simd_set(&rig->loop, variant) == -ENOTSUP)
			continue;
		ck_assert(node->send == rig->graph->partition->sender(node));
		ck_assert(variant == GYRE_SIMD_AUTO || node->send != last);
		last = variant == GYRE_SIMD_AUTO ? NULL : node->send;
		rig_build(rig); /* which does not go back to AUTO */
		ck_assert(node->send == rig->graph->partition->sender(node));
		rig_probe_of(rig, "two")->spread = 2;
		rig_run(rig, two, 0, 63);
	}
	rig_free(rig);
}
END_TEST

static gyre_next running(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	bool *ran = gyre_node_data(node);

	(void)nexts;
	*ran = gyre__graph_running(gyre_node_loop(node)->graph);
	for (unsigned i = 0; i < n; i++)
		rig_item_end(items[i]);
	return GYRE_NEXT_KEEP;
}

START_TEST(states)
{
	static const struct gyre_node_class node_class = {
		.name = "running",
		.kind = GYRE_NODE_OUTPUT,
		.process = running,
		.data_size = sizeof(bool),
	};
	struct rig *rig = rig_new(4);
	struct gyre_node_id id;
	struct gyre_node *node;

	ck_assert(!gyre__graph_changed(rig->graph));
	id = rig_add(rig, &node_class, "a");
	node = gyre__graph_node(rig->graph, id);
	ck_assert(gyre__graph_changed(rig->graph));
	ck_assert_ptr_eq(node, gyre_node_get(&rig->loop, id));
	ck_assert_int_eq(gyre__graph_kind(node), GYRE_NODE_OUTPUT);
	rig_build(rig);
	ck_assert(!gyre__graph_changed(rig->graph));
	ck_assert(!gyre__graph_pending(rig->graph));
	rig_run(rig, id, 0, 1);
	ck_assert(*(bool *)gyre_node_data(node));
	ck_assert(!gyre__graph_running(rig->graph));
	rig_free(rig);
}
END_TEST

static unsigned bringing(struct gyre_node *node, unsigned max)
{
	struct rig **rig = gyre_node_data(node);

	for (unsigned i = 0; i < max; i++)
		gyre_next_put_1(node, 0, rig_item_new(*rig, 0, i));
	return max;
}

static const char *const to_sort[] = {"sort"};
static const struct gyre_node_class bringing_class = {
	.name = "bringing",
	.kind = GYRE_NODE_INPUT,
	.poll = bringing,
	.data_size = sizeof(struct rig *),
	.nexts = to_sort,
	.n_nexts = 1,
};

/* in -> sort -> end or tell, and tell drops them all. */
static void nodes_add(struct rig *rig)
{
	struct gyre_node_id in = rig_add(rig, &bringing_class, "in");

	rig_probe(rig, "sort", RIG_NEXTS("end", "tell"));
	rig_probe(rig, "tell", 0, NULL);
	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	*(struct rig **)gyre_node_data(gyre_node_get(&rig->loop, in)) = rig;
	rig_probe_of(rig, "sort")->spread = 2;
	rig_probe_of(rig, "tell")->next = gyre_drop(0);
}

/* By period, each with and without node_stats. */
START_TEST(nodes_are_counted_or_not)
{
	static const char *const names[] = {"in", "sort", "tell", "end"};
	const unsigned period = _i / 2;
	const bool stats = _i % 2;
	unsigned sampled = 0;
	struct rig rig;

	rig_init(&rig);
	rig.options.node_stats = stats;
	rig.options.sample_period = period;
	rig_create(&rig);
	nodes_add(&rig);
	for (unsigned i = 0; i < 100; i++) {
		ck_assert_uint_eq(rig_sweep(&rig), 4);
		sampled += rig.graph->sight == GYRE__WATCHED && rig.graph->clocked;
	}
	ck_assert(period && stats ? sampled >= 100 / period / 2 : !sampled);
	for (unsigned i = 0; i < 4; i++) {
		const struct gyre__node *node = rig_node(&rig, names[i]);
		unsigned items = i < 2 ? 400 : 200;

		ck_assert_uint_eq(node->hot->calls, stats ? 100 : 0);
		ck_assert_uint_eq(node->hot->items, stats || i == 0 ? items : 0);
		ck_assert_uint_eq(node->sampled_calls, sampled);
		ck_assert_uint_eq(node->sampled_items, items / 100 * sampled);
		ck_assert_uint_eq(node->sampled_clocks, 10 * sampled);
		ck_assert_uint_eq(node->longest_clocks, sampled ? 10 : 0);
	}
	/* Nor is the clock read for nothing. */
	ck_assert_uint_eq(rig.time, 4 * 2 * 10 * sampled);
	/* All that were brought are accounted for. */
	ck_assert_uint_eq(rig_drops(&rig, "tell", "red"), 200);
	ck_assert_uint_eq(rig_node(&rig, "tell")->dropped, 200);
	ck_assert_uint_eq(rig_node(&rig, "end")->hot->kept, 200);
	rig_destroy(&rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("graph");
	TCase *tcase = tcase_create("graph");

	tcase_add_test(tcase, destroyed_with_items);
	tcase_add_test(tcase, simd);
	tcase_add_test(tcase, simd_of_nodes_that_are_built);
	tcase_add_test(tcase, states);
	tcase_add_loop_test(tcase, nodes_are_counted_or_not, 0, 6);
	suite_add_tcase(suite, tcase);
	return suite;
}
