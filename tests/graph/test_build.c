/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/build.c: each error by its text, a failed build changes nothing, a build within a sweep
 * loses nothing, and the pool is as big as its bound.
 */
#include "graph/frame.h"
#include "graph/rig.h"
#include "harness.h"

#include <errno.h>

static int build(struct rig *rig, const char *text)
{
	struct gyre_error error = {0, ""};
	int code = gyre_graph_build(&rig->loop, &error);

	ck_assert_str_eq(error.text, text);
	ck_assert_int_eq(error.code, code);
	ck_assert_int_eq(gyre_graph_build(&rig->loop, NULL), code);
	return code;
}

START_TEST(nothing_to_build)
{
	struct rig *rig = rig_new(4);

	ck_assert(!gyre__graph_changed(rig->graph));
	ck_assert_int_eq(build(rig, ""), 0);
	ck_assert_uint_eq(rig_sweep(rig), 0);
	rig_free(rig);
}
END_TEST

START_TEST(missing_names)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id a = rig_probe(rig, "a", RIG_NEXTS("end", "b"));
	struct gyre_node_id end = rig_add(rig, &rig_end_class, "end");

	ck_assert_int_eq(build(rig, "node 'a', next 1: there is no node 'b'"), -ENOENT);
	ck_assert(gyre__graph_changed(rig->graph));
	ck_assert_int_eq(gyre__graph_enter(rig->graph, a, NULL, 0), -ESRCH);
	rig_add(rig, &rig_probe_classes[1], "b");
	ck_assert_int_eq(build(rig, "node 'b', next 0: not connected, and class 'probe' "
				    "names no default"),
		-ENOENT);
	rig_connect(rig, (rig_node(rig, "b")->id), 0, "end");
	ck_assert_int_eq(build(rig, ""), 0);
	ck_assert(!gyre__graph_changed(rig->graph));
	rig_run(rig, a, 0, 3);
	ck_assert_uint_eq(gyre_node_get(&rig->loop, end)->items, 3);
	rig_free(rig);
}
END_TEST

static unsigned bring_all(struct gyre_node *node, unsigned max)
{
	struct rig *rig = (struct rig *)gyre_node_loop(node);
	void **places = gyre_next_reserve(node, 0, max);

	for (unsigned i = 0; i < max; i++)
		places[i] = rig_item_new(rig, 0, i);
	gyre_next_commit(node, 0, max);
	return max;
}

static const char *const to_a[] = {"a"};
static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = bring_all, .nexts = to_a, .n_nexts = 1};

START_TEST(inputs_take_nothing)
{
	struct rig *rig = rig_new(4);

	rig_probe(rig, "a", RIG_NEXTS("rx"));
	rig_add(rig, &input_class, "rx");
	ck_assert_int_eq(
		build(rig, "node 'a', next 0: 'rx' is an input, which takes no items"), -EINVAL);
	rig_free(rig);
}
END_TEST

static gyre_next to_first(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return 0;
}

static const char *const unnamed[2];
static const struct gyre_node_class cloner_class = {
	.name = "cloner",
	.kind = GYRE_NODE_INTERNAL,
	.process = to_first,
	.nexts = unnamed,
	.n_nexts = 2,
	.fan_out = 3,
};

START_TEST(cloner_on_a_cycle)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id copy = rig_add(rig, &cloner_class, "copy");

	rig_add(rig, &rig_end_class, "end");
	rig_probe(rig, "a", RIG_NEXTS("b", "end"));
	rig_probe(rig, "far", RIG_NEXTS("a"));
	rig_probe(rig, "b", RIG_NEXTS("far", "end", "copy"));
	rig_connect(rig, copy, 0, "far");
	rig_connect(rig, copy, 1, "a");
	ck_assert_int_eq(build(rig, "node 'copy' (fan_out 3) lies on a cycle: "
				    "copy -> a -> b -> copy"),
		-EINVAL);
	rig_connect(rig, copy, 0, "copy");
	rig_connect(rig, copy, 1, "end");
	ck_assert_int_eq(
		build(rig, "node 'copy' (fan_out 3) lies on a cycle: copy -> copy"), -EINVAL);
	rig_connect(rig, copy, 0, "end");
	ck_assert_int_eq(build(rig, ""), 0);
	rig_free(rig);
}
END_TEST

START_TEST(fan_outs_multiply)
{
	static struct gyre_node_class wide;
	struct rig *rig = rig_new(4);
	char name[16], next[16];

	wide = cloner_class;
	wide.n_nexts = 1;
	wide.fan_out = 1000;
	for (unsigned i = 0; i < 3; i++) {
		struct gyre_node_id id;

		snprintf(name, sizeof(name), "wide-%u", i);
		snprintf(next, sizeof(next), i < 2 ? "wide-%u" : "end", i + 1);
		id = rig_add(rig, &wide, name);
		rig_connect(rig, id, 0, next);
	}
	rig_add(rig, &rig_end_class, "end");
	ck_assert_int_eq(
		build(rig, "the nodes' fan_outs multiply a vector to 4000000000 items"), -ENOMEM);
	rig_free(rig);
}
END_TEST

START_TEST(failed_build_changes_nothing)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id a = rig_probe(rig, "a", RIG_NEXTS("b"));
	struct gyre_node_id b = rig_probe(rig, "b", RIG_NEXTS("end"));
	struct rig_item *items[2] = {rig_item_new(rig, 0, 0), rig_item_new(rig, 0, 1)};

	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	ck_assert_int_eq(gyre__graph_enter(rig->graph, a, (void *const *)items, 2), 2);
	ck_assert_uint_eq(rig_part(rig->graph, 1), 1);
	rig_connect(rig, a, 0, "end");
	rig_connect(rig, b, 0, "gone");
	ck_assert_int_eq(build(rig, "node 'b', next 0: there is no node 'gone'"), -ENOENT);
	rig_part(rig->graph, UINT32_MAX);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 2);
	rig_run(rig, a, 0, 3);
	ck_assert_uint_eq(rig_probe_of(rig, "b")->items, 5);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 5);
	rig_free(rig);
}
END_TEST

/* a -> b -> c -> end is turned into c -> b -> a -> end, with items waiting at b. */
START_TEST(rebuilt_within_a_sweep)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id a = rig_probe(rig, "a", RIG_NEXTS("b"));
	struct gyre_node_id b = rig_probe(rig, "b", RIG_NEXTS("c"));
	struct gyre_node_id c = rig_probe(rig, "c", RIG_NEXTS("end"));
	struct rig_item *items[6];

	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	for (unsigned i = 0; i < 6; i++)
		items[i] = rig_item_new(rig, 0, i);
	ck_assert_int_eq(gyre__graph_enter(rig->graph, a, (void *const *)items, 6), 6);
	ck_assert_uint_eq(rig_part(rig->graph, 2), 2);
	ck_assert_uint_eq(rig_probe_of(rig, "b")->items, 0);
	rig_connect(rig, c, 0, "b");
	rig_connect(rig, b, 0, "a");
	rig_connect(rig, a, 0, "end");
	rig_build(rig);
	ck_assert_uint_lt(gyre_node_get(&rig->loop, c)->rank, gyre_node_get(&rig->loop, a)->rank);
	ck_assert(gyre__graph_pending(rig->graph));
	rig_part(rig->graph, UINT32_MAX);
	ck_assert_uint_eq(rig_probe_of(rig, "c")->items, 0);
	ck_assert_uint_eq(rig_probe_of(rig, "a")->items, 12);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 6);
	rig_free(rig);
}
END_TEST

/* Likewise where their places within their word change, or the word; and after it when nothing was
 * pending. */
static const unsigned gone[] = {0, 5, 70};

START_TEST(ranks_move_within_a_sweep)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id a, id;
	struct rig_item *items[6];
	char name[16];

	rig_add(rig, &rig_end_class, "end");
	a = rig_probe(rig, "a", RIG_NEXTS("end"));
	rig_spacers(rig, 80);
	rig_build(rig);
	ck_assert_uint_eq(rig_node(rig, "a")->hot->rank, 80);
	rig_run(rig, a, 0, 6);
	for (unsigned i = 0; i < 6; i++)
		items[i] = rig_item_new(rig, 0, i);
	ck_assert_int_eq(gyre__graph_enter(rig->graph, a, (void *const *)items, 6), 6);
	ck_assert_uint_eq(rig_part(rig->graph, 1), 1);
	for (unsigned i = 0; i < gone[_i]; i++) {
		snprintf(name, sizeof(name), "spacer-%u", 2 + i);
		ck_assert_int_eq(gyre_node_find(&rig->loop, name, &id), 0);
		ck_assert_int_eq(gyre_node_del(&rig->loop, id), 0);
	}
	ck_assert_uint_eq(rig_part(rig->graph, 1), 1);
	rig_build(rig);
	ck_assert_uint_eq(rig_node(rig, "a")->hot->rank, 80 - gone[_i]);
	rig_part(rig->graph, UINT32_MAX);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 12);
	rig_probe(rig, "b", RIG_NEXTS("a"));
	rig_build(rig);
	rig_run(rig, a, 0, 6);
	ck_assert_uint_eq(rig_probe_of(rig, "a")->items, 18);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 18);
	rig_free(rig);
}
END_TEST

static bool leads_back(struct rig *rig, const char *name, unsigned next)
{
	const struct gyre_node *node = rig_node(rig, name)->hot;

	return gyre__leads_back(node, node->nexts[next]);
}

START_TEST(ranks_and_back_edges)
{
	struct rig *rig = rig_new(4);

	rig_add(rig, &rig_end_class, "end");
	rig_probe(rig, "c", RIG_NEXTS("end", "b", "c"));
	rig_probe(rig, "b", RIG_NEXTS("c"));
	rig_probe(rig, "a", RIG_NEXTS("b"));
	rig_add(rig, &input_class, "rx");
	rig_build(rig);
	ck_assert_uint_eq(rig_node(rig, "a")->hot->rank, 0);
	ck_assert_uint_eq(rig_node(rig, "b")->hot->rank, 1);
	ck_assert_uint_eq(rig_node(rig, "c")->hot->rank, 2);
	ck_assert_uint_eq(rig_node(rig, "end")->hot->rank, 3);
	ck_assert(!leads_back(rig, "rx", 0));
	ck_assert(!leads_back(rig, "a", 0));
	ck_assert(!leads_back(rig, "b", 0));
	ck_assert(!leads_back(rig, "c", 0));
	ck_assert(leads_back(rig, "c", 1));
	ck_assert(leads_back(rig, "c", 2));
	rig_free(rig);
}
END_TEST

/* The bound of build.c, counted by hand. */
START_TEST(pool_is_as_big_as_its_bound)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id copy = rig_add(rig, &cloner_class, "a");

	rig_connect(rig, copy, 0, "end");
	rig_connect(rig, copy, 1, "end");
	rig_add(rig, &rig_end_class, "end");
	rig_add(rig, &input_class, "rx-1");
	rig_add(rig, &input_class, "rx-2");
	rig_build(rig);
	/* Two inputs' vectors and 1024 injected items, times three; 2 nodes' tails; 2 in use. */
	ck_assert_uint_eq(rig->graph->room_max, (2 * 4 + 1024) * 3);
	ck_assert_uint_eq(rig->graph->pool.n_frames, (2 * 4 + 1024) * 3 / 4 + 2 * 2 + 2);
	ck_assert_uint_eq(rig_sweep(rig), 8);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 8);
	rig_free(rig);
}
END_TEST

/* Where all inputs' worst case is too much, they take turns. */
START_TEST(inputs_take_turns)
{
	static struct gyre_node_class wide;
	struct rig *rig = rig_new(4);
	struct gyre_node_id copy;
	void *items[8];
	char name[16];

	wide = cloner_class;
	wide.fan_out = 10000;
	copy = rig_add(rig, &wide, "a");
	rig_connect(rig, copy, 0, "end");
	rig_connect(rig, copy, 1, "end");
	rig_add(rig, &rig_end_class, "end");
	for (unsigned i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "rx-%u", i);
		rig_add(rig, &input_class, name);
	}
	rig_build(rig);
	/* 16384 frames hold one input's 40,000 items, and not those of two. */
	ck_assert_uint_eq(rig->graph->room_max, 16384 * 4);
	for (unsigned turn = 0; turn < 4; turn++) {
		ck_assert_uint_eq(rig_sweep(rig), 4);
		for (unsigned i = 0; i < 3; i++) {
			snprintf(name, sizeof(name), "rx-%u", i);
			ck_assert_uint_eq(rig_node(rig, name)->hot->calls, (turn + 3 - i) / 3);
		}
	}
	/* So must what is injected, and before it the inputs wait. */
	for (unsigned i = 0; i < 8; i++)
		items[i] = rig_item_new(rig, 1, i);
	ck_assert_int_eq(gyre__graph_enter(rig->graph, copy, items, 8), 6);
	ck_assert_uint_eq(rig_sweep(rig), 0);
	ck_assert_int_eq(gyre__graph_enter(rig->graph, copy, items + 6, 2), 2);
	ck_assert_uint_eq(rig_sweep(rig), 4);
	rig_free(rig);
}
END_TEST

/* What waits is more than the new graph would let in: nothing enters until it has gone. */
START_TEST(what_waits_takes_its_room)
{
	static struct rig rig;
	struct gyre_node_id first, a, copy, input;
	void *items[8];

	rig_init(&rig);
	rig.options.vector = 4;
	rig.options.inject_max = 8;
	rig_create(&rig);
	first = rig_probe(&rig, "first", RIG_NEXTS("a"));
	a = rig_probe(&rig, "a", RIG_NEXTS("end"));
	rig_add(&rig, &rig_end_class, "end");
	input = rig_add(&rig, &input_class, "rx");
	rig_build(&rig);
	for (unsigned i = 0; i < 8; i++)
		items[i] = rig_item_new(&rig, 1, i);
	ck_assert_int_eq(gyre__graph_enter(rig.graph, a, items, 7), 7);
	ck_assert_int_eq(gyre__graph_enter(rig.graph, first, items + 7, 1), 1);
	ck_assert_uint_eq(rig_part(rig.graph, 1), 1);
	copy = rig_add(&rig, &cloner_class, "copy");
	rig_connect(&rig, copy, 0, "end");
	rig_connect(&rig, copy, 1, "end");
	rig_connect(&rig, a, 0, "copy");
	rig_connect(&rig, input, 0, "end");
	rig_build(&rig);
	/* 12 items that may be 36, where 8 times 3 and 4 would be the bound. */
	ck_assert_uint_eq(rig.graph->room_max, 36);
	ck_assert_uint_eq(gyre__graph_enter(rig.graph, copy, items, 1), 0);
	ck_assert_uint_eq(rig_sweep(&rig), 0);
	ck_assert_uint_eq(rig_probe_of(&rig, "end")->items, 12);
	ck_assert_uint_eq(rig_sweep(&rig), 4);
	rig_destroy(&rig);
}
END_TEST

/* Of what was brought before a build, and nothing injected: the room is back when it has gone. */
START_TEST(room_is_given_back)
{
	struct rig *rig = rig_new(4);

	rig_probe(rig, "a", RIG_NEXTS("end"));
	rig_add(rig, &rig_end_class, "end");
	rig_add(rig, &input_class, "rx");
	rig_build(rig);
	rig_sweep(rig);
	ck_assert_uint_eq(rig_part(rig->graph, 1), 1);
	rig_probe(rig, "other", RIG_NEXTS("end"));
	rig_build(rig);
	ck_assert_uint_lt(rig->graph->room, rig->graph->room_max);
	ck_assert_uint_eq(rig_sweep(rig), 0);
	ck_assert_uint_eq(rig->graph->room, rig->graph->room_max);
	rig_free(rig);
}
END_TEST

/* Each node's nexts lie in as few cache lines as they can, and lead where they should. */
START_TEST(nexts_lie_in_few_lines)
{
	enum { NODES = 40, LINE = 64 / sizeof(struct gyre_node *) };
	static struct gyre_node_class classes[NODES];
	static const char *const to_end[NODES] = {[0 ... NODES - 1] = "end"};
	struct rig *rig = rig_new(4);
	struct gyre_node *const *end = NULL;

	for (unsigned i = 0; i < NODES; i++) {
		char name[8];

		snprintf(name, sizeof(name), "%u", i);
		classes[i] = rig_probe_classes[1];
		classes[i].nexts = to_end;
		classes[i].n_nexts = i * 7 % NODES;
		rig_add(rig, &classes[i], name);
	}
	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	for (struct gyre__node *node = rig->graph->first; node; node = node->next) {
		const uintptr_t begin = (uintptr_t)node->hot->nexts, n = node->hot->n_nexts;

		ck_assert_uint_eq(n, node->node_class->n_nexts);
		if (n)
			ck_assert_uint_le((begin % 64 + n * sizeof(struct gyre_node *) + 63) / 64,
				(n + LINE - 1) / LINE);
		/* No place is left out but for that. */
		if (end && end != node->hot->nexts)
			ck_assert_uint_eq(begin % 64, 0);
		ck_assert(!end || begin - (uintptr_t)end < 64);
		if (end && n <= LINE - (uintptr_t)end % 64 / sizeof(*end))
			ck_assert_ptr_eq(node->hot->nexts, end);
		end = node->hot->nexts + n;
		for (unsigned i = 0; i < n; i++)
			ck_assert_ptr_eq(node->hot->nexts[i], rig_node(rig, "end")->hot);
	}
	rig_free(rig);
}
END_TEST

START_TEST(the_same_nexts_lie_once)
{
	struct rig *rig = rig_new(4);
	struct gyre_node *const *of[4];

	rig_probe(rig, "0", RIG_NEXTS("x", "3"));
	rig_add(rig, &rig_end_class, "x");
	rig_probe(rig, "1", RIG_NEXTS("x", "3"));
	rig_probe(rig, "2", RIG_NEXTS("x", "x"));
	rig_probe(rig, "3", RIG_NEXTS("x"));
	for (unsigned built = 1; built <= 3; built++) {
		rig_build(rig);
		for (unsigned i = 0; i < 4; i++)
			of[i] = rig_node(rig, (const char[]){'0' + i, 0})->hot->nexts;
		ck_assert_ptr_eq(of[1], of[built == 1 ? 0 : 2]);
		ck_assert(of[2] == of[0] + (built < 3 ? 2 : 0) && of[3] == of[2] + 2);
		rig_connect(rig, rig_node(rig, built == 1 ? "1" : "0")->id, 1, "x");
	}
	rig_free(rig);
}
END_TEST

/* What ran next to a node for long does so no more once a build has turned the edge round. */
START_TEST(chains_end_where_they_lead_back)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id b = rig_probe(rig, "b", RIG_NEXTS("end", "end"));
	struct gyre_node_id a = rig_probe(rig, "a", RIG_NEXTS("b"));
	void *item;

	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	for (unsigned i = 0; i < 1000; i++)
		rig_run(rig, a, 0, 1);
	rig_connect(rig, b, 1, "a");
	rig_build(rig);
	ck_assert_uint_lt(rig_node(rig, "b")->hot->rank, rig_node(rig, "a")->hot->floor);
	item = rig_item_new(rig, 0, 0);
	ck_assert_int_eq(gyre__graph_enter(rig->graph, a, &item, 1), 1);
	ck_assert_uint_eq(rig_part(rig->graph, 2), 2);
	ck_assert_uint_eq(rig_probe_of(rig, "b")->calls, 1001);
	ck_assert_uint_eq(rig->graph->sweep.generation, 1);
	ck_assert_uint_eq(rig_part(rig->graph, 2), 1);
	rig_free(rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("build");
	TCase *tcase = tcase_create("build");

	tcase_add_test(tcase, nothing_to_build);
	tcase_add_test(tcase, missing_names);
	tcase_add_test(tcase, inputs_take_nothing);
	tcase_add_test(tcase, cloner_on_a_cycle);
	tcase_add_test(tcase, fan_outs_multiply);
	tcase_add_test(tcase, failed_build_changes_nothing);
	tcase_add_test(tcase, rebuilt_within_a_sweep);
	tcase_add_loop_test(tcase, ranks_move_within_a_sweep, 0, 3);
	tcase_add_test(tcase, ranks_and_back_edges);
	tcase_add_test(tcase, pool_is_as_big_as_its_bound);
	tcase_add_test(tcase, inputs_take_turns);
	tcase_add_test(tcase, nexts_lie_in_few_lines);
	tcase_add_test(tcase, the_same_nexts_lie_once);
	tcase_add_test(tcase, what_waits_takes_its_room);
	tcase_add_test(tcase, room_is_given_back);
	tcase_add_test(tcase, chains_end_where_they_lead_back);
	suite_add_tcase(suite, tcase);
	return suite;
}
