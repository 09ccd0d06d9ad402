/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/dispatch.c, chains of nodes that a vector moves through whole: the budget of calls, and
 * that they give way to what is pending, in whichever word of the set of pending nodes that is.
 */
#include "graph/rig.h"
#include "harness.h"

/* A chain that moves on whole is cut by the budget of calls wherever that ends. */
START_TEST(chains_keep_the_budget)
{
	static const char *const names[] = {"a", "b", "c", "end"};
	struct rig *rig = rig_new(4);
	struct gyre_node_id a = rig_probe(rig, "a", RIG_NEXTS("b"));
	void *items[2];

	rig_probe(rig, "b", RIG_NEXTS("c"));
	rig_probe(rig, "c", RIG_NEXTS("end"));
	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	for (unsigned budget = 1; budget <= 4; budget++) {
		for (unsigned i = 0; i < 2; i++)
			items[i] = rig_item_new(rig, 0, i);
		ck_assert_int_eq(gyre__graph_enter(rig->graph, a, items, 2), 2);
		ck_assert_uint_eq(rig_part(rig->graph, budget), budget);
		for (unsigned i = 0; i < 4; i++)
			ck_assert_uint_eq(
				rig_probe_of(rig, names[i])->calls, budget - 1 + (i < budget));
		ck_assert_int_eq(gyre__graph_pending(rig->graph), budget < 4);
		ck_assert_uint_eq(rig_part(rig->graph, 10), 4 - budget);
		ck_assert(!gyre__graph_pending(rig->graph));
	}
	rig_free(rig);
}
END_TEST

/* Sends a copy of its first item to next 0, and the vector to next 1. */
static gyre_next copy_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)nexts, (void)n;
	gyre_next_put_1(node, 0, gyre_node_clone(node, items[0]));
	return 1;
}

static const char *const unnamed[2];

static const struct gyre_node_class copy_class = {
	.name = "copy",
	.kind = GYRE_NODE_INTERNAL,
	.process = copy_process,
	.nexts = unnamed,
	.n_nexts = 2,
	.fan_out = 2,
};

/* The vector moves on whole to `end`, but the copy has a lower rank there: it goes first, and so
 * `end` is called once. */
START_TEST(chains_give_way_to_lower_ranks)
{
	struct rig *rig = rig_new(8);
	struct gyre_node_id copy = rig_add(rig, &copy_class, "copy");

	rig_add(rig, &rig_end_class, "end");
	rig_probe(rig, "before", RIG_NEXTS("end"));
	rig_connect(rig, copy, 0, "before");
	rig_connect(rig, copy, 1, "end");
	rig_build(rig);
	rig_run(rig, copy, 0, 5);
	ck_assert_uint_eq(rig_probe_of(rig, "before")->calls, 1);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->calls, 1);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 6);
	/* Where something waits already, the vector goes behind it. */
	rig_connect(rig, copy, 0, "end");
	rig_build(rig);
	rig_run(rig, copy, 0, 5);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->calls, 2);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 12);
	rig_free(rig);
}
END_TEST

/* Likewise where the two are in other words of the set of pending nodes, also when the chain has
 * gone there for long. */
static const struct {
	unsigned before, behind; /* spacers on either side of `before` */
	unsigned words[2]; /* its own and that of `end` */
} spaces[] = {{0, 200, {0, 3}}, {60, 70, {0, 2}}, {65, 65, {1, 2}}, {130, 5, {2, 2}}};

START_TEST(chains_give_way_in_other_words)
{
	struct rig *rig = rig_new(8);
	struct gyre_node_id before, copy, whole;
	void *item;

	rig_add(rig, &rig_end_class, "end");
	rig_spacers(rig, spaces[_i].behind);
	before = rig_probe(rig, "before", RIG_NEXTS("end"));
	rig_spacers(rig, spaces[_i].before);
	whole = rig_probe(rig, "whole", RIG_NEXTS("end"));
	copy = rig_add(rig, &copy_class, "copy");
	rig_connect(rig, copy, 0, "before");
	rig_connect(rig, copy, 1, "end");
	rig_build(rig);
	ck_assert_uint_eq(rig_node(rig, "before")->hot->rank / 64, spaces[_i].words[0]);
	ck_assert_uint_eq(rig_node(rig, "end")->hot->rank / 64, spaces[_i].words[1]);
	rig_run(rig, copy, 0, 5);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->calls, 1);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 6);
	for (unsigned sweep = 0; sweep < 1000; sweep++)
		rig_run(rig, whole, 0, 1);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->calls, 1001);
	item = rig_item_new(rig, 0, 0);
	ck_assert_int_eq(gyre__graph_enter(rig->graph, before, &item, 1), 1);
	rig_run(rig, whole, 0, 1);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->calls, 1002);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 6 + 1000 + 2);
	rig_free(rig);
}
END_TEST

/* Through 200 nodes, of which a third word has some, in calls of any budget. */
START_TEST(chains_cross_words)
{
	enum { NODES = 200 };
	struct rig *rig = rig_new(4);
	struct gyre_node_id first = {0, 0};
	char name[16], next[16] = "end";

	rig_add(rig, &rig_end_class, "end");
	for (unsigned i = NODES; i--;) {
		snprintf(name, sizeof(name), "%u", i);
		first = rig_probe(rig, name, RIG_NEXTS(next));
		strcpy(next, name);
	}
	rig_build(rig);
	rig_run(rig, first, 0, 3);
	for (unsigned budget = 1; budget <= NODES; budget++) {
		void *item = rig_item_new(rig, 0, 0);
		unsigned calls = 0;

		ck_assert_int_eq(gyre__graph_enter(rig->graph, first, &item, 1), 1);
		while (gyre__graph_pending(rig->graph))
			calls += rig_part(rig->graph, budget);
		ck_assert_uint_eq(calls, NODES + 1);
	}
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 3 + NODES);
	rig_free(rig);
}
END_TEST

static void enter(struct rig *rig, struct gyre_node_id id, unsigned seq, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		void *item = rig_item_new(rig, 0, seq + i);

		ck_assert_int_eq(gyre__graph_enter(rig->graph, id, &item, 1), 1);
	}
}

/* Two nodes far apart that lead to each other, and 140 between them: each generation begins in
 * another word than the one before it ended in, also where other items wait, and the budget cuts
 * it.
 */
START_TEST(loops_cross_words)
{
	enum { NODES = 140 };
	const unsigned budget = _i;
	struct rig *rig = rig_new(4);
	struct gyre_node_id first, middle = {0, 0};
	char name[16], next[16] = "last";

	rig_add(rig, &rig_end_class, "end");
	first = rig_probe(rig, "first", RIG_NEXTS("last", "0"));
	rig_probe(rig, "last", RIG_NEXTS("end", "first"));
	for (unsigned i = NODES; i--;) {
		struct gyre_node_id id;

		snprintf(name, sizeof(name), "%u", i);
		id = rig_probe(rig, name, RIG_NEXTS(next));
		strcpy(next, name);
		if (i == NODES / 2)
			middle = id;
	}
	rig_build(rig);
	ck_assert_uint_eq(rig_node(rig, "first")->hot->rank / 64, 0);
	ck_assert_uint_eq(gyre_node_get(&rig->loop, middle)->rank / 64, 1);
	ck_assert_uint_eq(rig_node(rig, "last")->hot->rank / 64, 2);
	/* Items with odd numbers go back. */
	rig_probe_of(rig, "last")->spread = 2;
	for (unsigned round = 1; round <= 20; round++) {
		enter(rig, first, 0, 6);
		enter(rig, middle, 0, 4);
		while (gyre__graph_pending(rig->graph))
			rig_part(rig->graph, budget);
		ck_assert_uint_eq(rig_probe_of(rig, "end")->items, round * 5);
		ck_assert_uint_eq(rig_drops(rig, "last", "hop-budget"), round * 5);
		ck_assert_uint_eq(rig_probe_of(rig, "first")->items, round * (6 + 3 * 5));
		ck_assert_uint_eq(rig_probe_of(rig, "last")->items, round * (10 + 3 * 5));
		ck_assert_uint_eq(rig_node(rig, "139")->hot->items, round * 4);
	}
	rig_free(rig);
}
END_TEST

/* Asserts the order of its items: its data are the number of the next one. */
static gyre_next order_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	unsigned *seq = gyre_node_data(node);

	(void)nexts;
	for (unsigned i = 0; i < n; i++)
		ck_assert_uint_eq(((struct rig_item *)items[i])->seq, (*seq)++);
	return 0;
}

static const struct gyre_node_class order_class = {
	.name = "order",
	.kind = GYRE_NODE_INTERNAL,
	.process = order_process,
	.data_size = sizeof(unsigned),
	.nexts = unnamed,
	.n_nexts = 1,
};

/* Vectors of up to 8 over two ways that meet: in one vector where they are not more than it, in
 * order, in calls of any budget, which is how often nodes are called at most. */
START_TEST(chains_join)
{
	const unsigned first = _i % 8 + 1, second = _i / 8 + 1, joins = first + second > 8 ? 2 : 1;
	struct rig *rig = rig_new(8);
	struct gyre_node_id a, b;
	unsigned seq = 0, calls;

	b = rig_probe(rig, "b", RIG_NEXTS("join"));
	a = rig_probe(rig, "a", RIG_NEXTS("join"));
	rig_connect(rig, rig_add(rig, &order_class, "join"), 0, "end");
	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	if (rig_node(rig, "a")->hot->rank > rig_node(rig, "b")->hot->rank) {
		struct gyre_node_id other = a;

		a = b;
		b = other;
	}
	for (unsigned budget = 1; budget <= 8; budget++) {
		enter(rig, a, seq, first);
		enter(rig, b, seq + first, second);
		seq += first + second;
		for (calls = 0; gyre__graph_pending(rig->graph);) {
			unsigned done = rig_part(rig->graph, budget);

			ck_assert_uint_le(done, budget);
			calls += done;
		}
		ck_assert_uint_eq(rig_node(rig, "join")->hot->calls, joins * budget);
		ck_assert_uint_ge(calls, 2 + joins + 1);
		ck_assert_uint_le(calls, 2 + 2 * joins);
		ck_assert_uint_eq(rig_probe_of(rig, "end")->items, seq);
	}
	rig_free(rig);
}
END_TEST

/* A vector that takes along what waits at three nodes in a row and then leaves their word: in the
 * other word nothing of that is known to be pending, least of all a node that was deleted. */
START_TEST(chains_join_and_leave)
{
	enum { SPACERS = 60 };
	static const char *const names[] = {"a", "b", "c", "d", "far"};
	struct rig *rig = rig_new(8);
	struct gyre_node_id last = rig_add(rig, &rig_probe_classes[0], "last");
	struct gyre_node_id ids[5];

	rig_add(rig, &rig_end_class, "right");
	rig_add(rig, &rig_end_class, "left");
	ids[4] = rig_probe(rig, "far", RIG_NEXTS("left", "right"));
	rig_probe_of(rig, "far")->spread = 2;
	rig_spacers(rig, SPACERS);
	for (unsigned i = 4; i--;)
		ids[i] = rig_probe(rig, names[i], RIG_NEXTS(names[i + 1]));
	rig_build(rig);
	/* The same places in both words: that of `b` and `left`, and that of `d` and `last`. */
	ck_assert_uint_eq(rig_node(rig, "b")->hot->rank, 1);
	ck_assert_uint_eq(rig_node(rig, "left")->hot->rank, 64 + 1);
	ck_assert_uint_eq(rig_node(rig, "d")->hot->rank, 3);
	ck_assert_uint_eq(rig_node(rig, "last")->hot->rank, 64 + 3);
	ck_assert_int_eq(gyre_node_del(&rig->loop, last), 0);
	for (unsigned i = 0; i < 4; i++)
		enter(rig, ids[i], i, 1);
	ck_assert_uint_eq(rig_part(rig->graph, 10), 7);
	ck_assert_uint_eq(rig_probe_of(rig, "left")->items, 2);
	ck_assert_uint_eq(rig_probe_of(rig, "right")->items, 2);
	rig_free(rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("dispatch_chains");
	TCase *tcase = tcase_create("dispatch_chains");

	tcase_add_test(tcase, chains_keep_the_budget);
	tcase_add_test(tcase, chains_give_way_to_lower_ranks);
	tcase_add_loop_test(
		tcase, chains_give_way_in_other_words, 0, sizeof(spaces) / sizeof(*spaces));
	tcase_add_test(tcase, chains_cross_words);
	tcase_add_loop_test(tcase, loops_cross_words, 1, 8);
	tcase_add_loop_test(tcase, chains_join, 0, 64);
	tcase_add_test(tcase, chains_join_and_leave);
	suite_add_tcase(suite, tcase);
	return suite;
}
