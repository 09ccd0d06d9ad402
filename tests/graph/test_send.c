/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How items are sent: over every number of nexts; and in large random graphs, of more nodes than a
 * word of the pending set has bits, with nexts that lead back, twice to the same node, and to few
 * and to many others. Each call of a node and each item in it must come just as in
 * tests/graph/model.c, which knows ranks and lists, and nothing of frames, words, ways, chains or
 * budgets.
 */
#include <errno.h>

#include "graph/model.h"
#include "harness.h"

static const unsigned vectors[] = {1, 2, 5, 24, 64, 256, 12, 16};
static const unsigned budgets[] = {1, 3, UINT32_MAX};
#define VECTORS (sizeof(vectors) / sizeof(*vectors))
#define BUDGETS (sizeof(budgets) / sizeof(*budgets))

/* The loop's number picks the seed, the vector and the shape. */
static void model_try(unsigned number, unsigned n_nodes, unsigned back)
{
	for (enum gyre_simd simd = GYRE_SIMD_SCALAR; simd <= GYRE_SIMD_AVX512; simd++)
		for (unsigned i = 0; i < BUDGETS; i++) {
			struct model_options options = {
				.seed = number,
				.vector = vectors[number % VECTORS],
				.n_nodes = n_nodes,
				.back = back,
				.simd = simd,
				.budget = budgets[i],
			};

			if (!gyre__partition_get(simd)) {
				gyre_test_note("this CPU lacks partition variant %d", simd);
				break;
			}
			model_run(&options, 12);
		}
}

START_TEST(small_graphs)
{
	model_try(_i, 5 + _i, 0);
}
END_TEST

START_TEST(graphs_of_many_words)
{
	model_try(_i, 150 + 10 * _i, 0);
}
END_TEST

START_TEST(graphs_that_lead_back)
{
	model_try(_i, 20 + 12 * _i, 10);
}
END_TEST

START_TEST(every_spread)
{
	static const unsigned sizes[] = {1, 2, 3, 7, 8, 64, 100, 256};
	struct rig *rig = rig_new(sizes[_i % 8]);
	struct gyre_node_id a, ends[16];
	char name[8];

	if (gyre_graph_simd_set(&rig->loop, GYRE_SIMD_SCALAR + _i / 8) == -ENOTSUP)
		gyre_test_note("this CPU lacks partition variant %d", 1 + _i / 8);
	a = rig_add(rig, &rig_probe_classes[4], "a");
	for (unsigned i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "end%u", i);
		ends[i] = rig_add(rig, &rig_end_class, name);
		rig_connect(rig, a, i, name);
	}
	rig_build(rig);
	for (unsigned spread = 1; spread <= 16; spread++) {
		rig_probe_of(rig, "a")->spread = spread;
		for (unsigned n = 1; n < 300; n += 13)
			rig_run(rig, a, 0, n);
	}
	for (unsigned i = 0; i < 16; i++) {
		unsigned want = 0;

		for (unsigned spread = i + 1; spread <= 16; spread++)
			for (unsigned n = 1; n < 300; n += 13)
				want += n / spread + (i < n % spread);
		ck_assert_uint_eq(gyre_node_get(&rig->loop, ends[i])->items, want);
	}
	rig_free(rig);
}
END_TEST

static unsigned seen[16], n_seen;

/* Puts its items, and amid them writes another one. */
static gyre_next amid_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct gyre_sender sender = gyre_sender_open(node);
	struct rig_item *first = items[0];

	(void)nexts;
	for (unsigned i = 0; i < n; i++) {
		if (i == 6)
			gyre_next_put_1(node, 0, rig_item_new(first->rig, 0, 100));
		gyre_sender_put(&sender, 0, items[i]);
	}
	return gyre_sender_close(&sender);
}

static gyre_next seeing_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)nexts;
	for (unsigned i = 0; i < n; i++) {
		seen[n_seen++ % 16] = ((struct rig_item *)items[i])->seq;
		rig_item_end(items[i]);
	}
	return GYRE_NEXT_KEEP;
}

/* Whose frame gets full, and then has room again by what was written: nothing overtakes. */
START_TEST(sent_in_order_around_writes)
{
	static const char *const nexts[] = {"end"};
	static const struct gyre_node_class amid = {.name = "amid",
		.kind = GYRE_NODE_INTERNAL,
		.process = amid_process,
		.nexts = nexts,
		.n_nexts = 1,
		.fan_out = 2};
	static const struct gyre_node_class seeing = {
		.name = "seeing", .kind = GYRE_NODE_OUTPUT, .process = seeing_process};
	struct rig *rig = rig_new(8);
	struct gyre_node_id a = rig_add(rig, &amid, "a"), end = rig_add(rig, &seeing, "end");
	void *items[4];
	unsigned next = 0;

	rig_build(rig);
	for (unsigned i = 0; i < 4; i++)
		items[i] = rig_item_new(rig, 0, 200);
	ck_assert_int_eq(gyre__graph_enter(rig->graph, end, items, 4), 4);
	n_seen = 0;
	rig_run(rig, a, 0, 8);
	ck_assert_uint_eq(n_seen, 4 + 8 + 1);
	for (unsigned i = 0; i < n_seen; i++)
		if (seen[i] < 8)
			ck_assert_uint_eq(seen[i], next++);
	ck_assert_uint_eq(next, 8);
	rig_free(rig);
}
END_TEST

#ifndef GYRE_DEBUG
/* Over the borders of words of ranks, the last one too: 4,096 nodes, of which `split` comes first.
 */
START_TEST(nexts_in_two_words)
{
	static const unsigned behind[] = {63, 62, 40, 0};
	struct rig *rig = rig_new(8);
	struct gyre_node_id split;

	rig_spacers(rig, behind[_i]);
	rig_add(rig, &rig_end_class, "y");
	rig_add(rig, &rig_end_class, "x");
	rig_spacers(rig, GYRE__NODE_MAX - 3 - behind[_i]);
	split = rig_probe(rig, "split", RIG_NEXTS("x", "y"));
	rig_build(rig);
	ck_assert_uint_eq(rig_node(rig, "x")->hot->rank, GYRE__NODE_MAX - 2 - behind[_i]);
	ck_assert_uint_eq(rig_node(rig, "y")->hot->rank, GYRE__NODE_MAX - 1 - behind[_i]);
	rig_probe_of(rig, "split")->spread = 2;
	for (unsigned n = 1; n <= 8; n++)
		rig_run(rig, split, 0, n);
	rig_probe_of(rig, "split")->base = 1;
	rig_probe_of(rig, "split")->spread = 1;
	rig_run(rig, split, 0, 3);
	ck_assert_uint_eq(rig_probe_of(rig, "x")->items, 20);
	ck_assert_uint_eq(rig_probe_of(rig, "y")->items, 16 + 3);
	rig_free(rig);
}
END_TEST

static gyre_next nothing_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct gyre_sender sender = gyre_sender_open(node);

	(void)items, (void)nexts, (void)n;
	return gyre_sender_close(&sender);
}

/* What a node says that it sent, and did not put, is not lost. */
START_TEST(sent_nothing)
{
	static const struct gyre_node_class nothing = {
		.name = "nothing", .kind = GYRE_NODE_INTERNAL, .process = nothing_process};
	struct rig *rig = rig_new(8);
	struct gyre_node_id a = rig_add(rig, &nothing, "a");

	rig_build(rig);
	rig_run(rig, a, 0, 20);
	ck_assert_uint_eq(rig_drops(rig, "a", "bad-next"), 20);
	ck_assert_uint_eq(rig->released, 20);
	rig_free(rig);
}
END_TEST
#endif

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("send");
	TCase *tcase = tcase_create("send");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, every_spread, 0, 24);
	tcase_add_loop_test(tcase, nexts_in_two_words, 0, 4);
	tcase_add_test(tcase, sent_in_order_around_writes);
#ifndef GYRE_DEBUG
	tcase_add_test(tcase, sent_nothing);
#endif
	tcase_add_loop_test(tcase, small_graphs, 0, 16);
	tcase_add_loop_test(tcase, graphs_of_many_words, 0, 8);
	tcase_add_loop_test(tcase, graphs_that_lead_back, 0, 8);
	suite_add_tcase(suite, tcase);
	return suite;
}
