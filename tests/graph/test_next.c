/* SPDX-License-Identifier: Apache-2.0 */
/* lib/graph/next.c: reservations and puts at the edges of frames, of the pool and of the graph. */
#include "graph/frame.h"
#include "graph/rig.h"
#include "harness.h"

/* a leads to "end" and back to itself. */
static struct gyre_node *node_create(struct rig *rig)
{
	rig_probe(rig, "a", RIG_NEXTS("end", "a"));
	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	return rig_node(rig, "a")->hot;
}

static unsigned waiting(const struct gyre_node *node, gyre_next next)
{
	const struct gyre_node *to = node->nexts[next];

	return gyre__inbox_count(
		gyre__node_graph(node), to, gyre__leads_back(node, to) ? GYRE__LATER : GYRE__NOW);
}

static void fill(struct rig *rig, void **places, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		places[i] = rig_item_new(rig, 0, i);
}

START_TEST(reservations)
{
	struct rig *rig = rig_new(8);
	struct gyre_node *node = node_create(rig);
	void **places = gyre_next_reserve(node, 0, 8);

	/* None of them. */
	gyre_next_commit(node, 0, 0);
	ck_assert_uint_eq(waiting(node, 0), 0);
	ck_assert(!gyre__graph_pending(rig->graph));
	ck_assert_uint_eq(gyre__graph_frames_free(rig->graph), rig->graph->pool.n_frames);
	/* Some; then the rest of the same frame, in place. */
	places = gyre_next_reserve(node, 0, 8);
	fill(rig, places, 3);
	gyre_next_commit(node, 0, 3);
	ck_assert_ptr_eq(gyre_next_reserve(node, 0, 5), places + 3);
	fill(rig, places + 3, 5);
	gyre_next_commit(node, 0, 5);
	ck_assert_uint_eq(waiting(node, 0), 8);
	/* Over the end of a frame. */
	places = gyre_next_reserve(node, 0, 8);
	fill(rig, places, 6);
	gyre_next_commit(node, 0, 6);
	places = gyre_next_reserve(node, 0, 8);
	fill(rig, places, 8);
	gyre_next_commit(node, 0, 8);
	ck_assert_uint_eq(waiting(node, 0), 22);
	ck_assert_uint_eq(node->created, 22);
	rig_part(rig->graph, UINT32_MAX);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->calls, 3);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 22);
	rig_free(rig);
}
END_TEST

START_TEST(forgotten_reservation)
{
	struct rig *rig = rig_new(8);
	struct gyre_node *node = node_create(rig);
	void **places;

	fill(rig, gyre_next_reserve(node, 0, 8), 0);
	/* One that needs a frame of its own, too: it is taken up by whatever comes next. */
	fill(rig, gyre_next_reserve(node, 0, 4), 4);
	gyre_next_commit(node, 0, 4);
	places = gyre_next_reserve(node, 0, 8);
	ck_assert_ptr_eq(gyre_next_reserve(node, 1, 8), places);
	gyre_next_commit(node, 1, 0);
	/* From its commit on what fits is in place again. */
	ck_assert_ptr_eq(gyre_next_reserve(node, 0, 4), node->nexts[0]->inbox[0]->items + 4);
	gyre_next_commit(node, 0, 0);
	ck_assert_uint_eq(waiting(node, 0), 4);
	rig_part(rig->graph, UINT32_MAX);
	ck_assert_uint_eq(gyre__graph_frames_free(rig->graph), rig->graph->pool.n_frames);
	rig_free(rig);
}
END_TEST

START_TEST(any_number)
{
	struct rig *rig = rig_new(8);
	struct gyre_node *node = node_create(rig);
	void *items[100];

	fill(rig, items, 100);
	gyre_next_put_1(node, 0, items[0]);
	gyre_next_put_2(node, 0, items[1], items[2]);
	gyre_next_put_4(node, 0, items[3], items[4], items[5], items[6]);
	gyre_next_put_4(node, 0, items[7], items[8], items[9], items[10]);
	gyre_next_put(node, 0, items + 11, 0);
	gyre_next_put(node, 0, items + 11, 89);
	ck_assert_uint_eq(waiting(node, 0), 100);
	ck_assert_uint_eq(node->created, 100);
	rig_part(rig->graph, UINT32_MAX);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->calls, 13);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 100);
	rig_free(rig);
}
END_TEST

START_TEST(back_edge)
{
	struct rig *rig = rig_new(8);
	struct gyre_node *node = node_create(rig);
	void *items[5];

	fill(rig, items, 5);
	gyre_next_put(node, 1, items, 3);
	ck_assert_uint_eq(gyre__inbox_count(rig->graph, node, GYRE__NOW), 0);
	ck_assert_uint_eq(gyre__inbox_count(rig->graph, node, GYRE__LATER), 3);
	/* In the last generation nothing crosses it. */
	rig->graph->sweep.generation = rig->options.hop_budget;
	gyre__later_now(rig->graph);
	gyre_next_put(node, 1, items + 3, 1);
	fill(rig, gyre_next_reserve(node, 1, 8), 2);
	gyre_next_commit(node, 1, 2);
	ck_assert_uint_eq(rig_drops(rig, "a", "hop-budget"), 3);
	rig->graph->sweep.generation = 0;
	gyre_next_put(node, 0, items + 4, 1);
	rig_part(rig->graph, UINT32_MAX);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 4);
	rig_free(rig);
}
END_TEST

#ifndef GYRE_DEBUG
START_TEST(no_such_next)
{
	struct rig *rig = rig_new(8);
	struct gyre_node *node = node_create(rig);
	void *items[4];

	fill(rig, items, 4);
	gyre_next_put(node, 2, items, 3);
	gyre_next_put_1(node, 0xffff, items[3]);
	fill(rig, gyre_next_reserve(node, 2, 8), 8);
	gyre_next_commit(node, 2, 8);
	ck_assert_uint_eq(rig_drops(rig, "a", "bad-next"), 12);
	ck_assert_uint_eq(node->created, 12);
	ck_assert_uint_eq(rig->released, 12);
	rig_free(rig);
}
END_TEST
#endif

START_TEST(dry_pool)
{
	struct rig *rig = rig_new(8);
	struct gyre_node *node = node_create(rig);
	unsigned n_hidden = rig->graph->pool.n_free;
	void *items[3];

	rig->graph->pool.n_free = 0;
	/* What the next's own frame has room for, and no more. */
	fill(rig, gyre_next_reserve(node, 0, 6), 6);
	gyre_next_commit(node, 0, 6);
	fill(rig, gyre_next_reserve(node, 0, 8), 8);
	gyre_next_commit(node, 0, 8);
	fill(rig, items, 3);
	gyre_next_put(node, 0, items, 3);
	ck_assert_uint_eq(waiting(node, 0), 8);
	ck_assert_uint_eq(rig_drops(rig, "a", "no-frames"), 9);
	ck_assert_uint_eq(rig->released, 9);
	ck_assert_ptr_null(rig->graph->sweep.open);
	rig->graph->pool.n_free = n_hidden;
	rig_part(rig->graph, UINT32_MAX);
	rig_free(rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("next");
	TCase *tcase = tcase_create("next");

	tcase_add_test(tcase, reservations);
	tcase_add_test(tcase, forgotten_reservation);
	tcase_add_test(tcase, any_number);
	tcase_add_test(tcase, back_edge);
#ifndef GYRE_DEBUG
	tcase_add_test(tcase, no_such_next);
#endif
	tcase_add_test(tcase, dry_pool);
	suite_add_tcase(suite, tcase);
	return suite;
}
