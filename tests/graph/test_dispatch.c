/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/dispatch.c: order and merging, every way that an item can go, generations and the hop
 * budget, budgets of calls, inputs and the pool; and the storms of storm.c, which must come out the
 * same for every variant and budget.
 */
#include "graph/storm.h"
#include "harness.h"

#include <errno.h>

START_TEST(whole_vectors_move_on)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id a = rig_probe(rig, "a", RIG_NEXTS("b"));

	rig_probe(rig, "b", RIG_NEXTS("end"));
	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	rig_run(rig, a, 0, 10);
	ck_assert_uint_eq(rig_probe_of(rig, "a")->calls, 3);
	ck_assert_uint_eq(rig_probe_of(rig, "b")->calls, 3);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 10);
	ck_assert_uint_eq(rig_node(rig, "b")->hot->items, 10);
	ck_assert_uint_eq(rig_node(rig, "b")->hot->calls, 3);
	ck_assert_uint_eq(rig_node(rig, "end")->hot->kept, 10);
	ck_assert_uint_eq(rig_node(rig, "a")->hot->created, 0);
	rig_free(rig);
}
END_TEST

/* a leads to b1 -> b2 -> b3 -> d and to c -> d: the two halves are one vector again at d. */
START_TEST(unequal_diamond)
{
	struct rig *rig = rig_new(256);
	struct gyre_node_id a = rig_probe(rig, "a", RIG_NEXTS("c", "b1"));

	rig_add(rig, &rig_end_class, "d");
	rig_probe(rig, "c", RIG_NEXTS("d"));
	rig_probe(rig, "b3", RIG_NEXTS("d"));
	rig_probe(rig, "b2", RIG_NEXTS("b3"));
	rig_probe(rig, "b1", RIG_NEXTS("b2"));
	rig_build(rig);
	rig_probe_of(rig, "a")->spread = 2;
	rig_run(rig, a, 0, 256);
	ck_assert_uint_eq(rig_probe_of(rig, "c")->largest, 128);
	ck_assert_uint_eq(rig_probe_of(rig, "b3")->largest, 128);
	ck_assert_uint_eq(rig_probe_of(rig, "d")->calls, 1);
	ck_assert_uint_eq(rig_probe_of(rig, "d")->items, 256);
	rig_free(rig);
}
END_TEST

START_TEST(codes_of_whole_vectors)
{
	static const gyre_next codes[] = {0x8000, 0x8001, 0xc001, GYRE_NEXT_KEEP};
	struct rig *rig = rig_new(4);
	struct gyre_node_id a = rig_probe(rig, "a", RIG_NEXTS("end"));
	struct gyre_node *hot;

	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	hot = gyre_node_get(&rig->loop, a);
	for (unsigned i = 0; i < 3; i++) {
		rig_probe_of(rig, "a")->next = codes[i];
		rig_run(rig, a, 0, 3 + i);
	}
	/* Nobody takes punted items: they are dropped. */
	ck_assert_uint_eq(rig_drops(rig, "a", "red"), 3);
	ck_assert_uint_eq(rig_drops(rig, "a", "blue"), 4 + 5);
	ck_assert_uint_eq(hot->cold->dropped, 12);
	ck_assert_uint_eq(hot->cold->punted, 0);
	ck_assert_uint_eq(rig->released, 12);
	rig_free(rig);
}
END_TEST

START_TEST(routing_loop)
{
	struct rig *rig = rig_new(4);
	struct gyre_node_id other = rig_probe(rig, "other", RIG_NEXTS("a"));

	rig_probe(rig, "a", RIG_NEXTS("end", "b"));
	rig_probe(rig, "b", RIG_NEXTS("a"));
	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	/* Items with odd numbers circle between a and b. */
	rig_probe_of(rig, "a")->spread = 2;
	rig_run(rig, other, 0, 8);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 4);
	ck_assert_uint_eq(rig_drops(rig, "b", "hop-budget"), 4);
	/* Once there, and three times more by the budget. */
	ck_assert_uint_eq(rig_probe_of(rig, "a")->items, 8 + 3 * 4);
	rig_run(rig, other, 0, 1);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 5);
	/* Every sweep has the whole budget. */
	rig_run(rig, other, 0, 8);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 9);
	ck_assert_uint_eq(rig_probe_of(rig, "a")->items, 2 * (8 + 3 * 4) + 1);
	rig_free(rig);
}
END_TEST

/* What ran next for long is foreseen; what comes then is not, and must run all the same. */
START_TEST(other_nexts_than_foreseen)
{
	static const char *const ends[] = {"b", "c", "d"};
	struct rig *rig = rig_new(64);
	struct gyre_node_id a = rig_probe(rig, "a", 3, ends);
	struct probe *probe;

	for (unsigned i = 0; i < 3; i++)
		rig_add(rig, &rig_end_class, ends[i]);
	rig_build(rig);
	probe = rig_probe_of(rig, "a");
	for (unsigned round = 0; round < 4; round++) {
		probe->base = round % 2;
		probe->spread = 3 - probe->base;
		for (unsigned sweep = 0; sweep < 1000; sweep++)
			rig_run(rig, a, 0, 60);
	}
	ck_assert_uint_eq(rig_probe_of(rig, "b")->calls, 2000);
	ck_assert_uint_eq(rig_probe_of(rig, "b")->items, 2000 * 20);
	for (unsigned i = 1; i < 3; i++) {
		ck_assert_uint_eq(rig_probe_of(rig, ends[i])->calls, 4000);
		ck_assert_uint_eq(rig_probe_of(rig, ends[i])->items, 2000 * 20 + 2000 * 30);
	}
	rig_free(rig);
}
END_TEST

/* Inputs of a class of their own: they bring `n` items, and leave their names in an order. */
struct source {
	struct rig *rig;
	char *order;
	unsigned n;
};

static unsigned source_poll(struct gyre_node *node, unsigned max)
{
	struct source *source = gyre_node_data(node);
	struct rig_item *item;

	strcat(source->order, gyre_node_name(node));
	for (unsigned i = 0; i < source->n && i < max; i++) {
		item = rig_item_new(source->rig, 0, i);
		gyre_next_put_1(node, 0, item);
	}
	return 12345; /* what it wrote counts */
}

static int source_init(struct gyre_node *node, const void *arg)
{
	*(struct source *)gyre_node_data(node) = *(const struct source *)arg;
	return 0;
}

static const char *const to_end[] = {"end"};

static void source_add(struct rig *rig, const char *name, enum gyre_node_kind kind, char *order)
{
	static struct gyre_node_class classes[2];
	struct gyre_node_class *node_class = &classes[kind == GYRE_NODE_INPUT];
	struct source source = {rig, order, 3};
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;

	*node_class = (struct gyre_node_class){.name = "source",
		.kind = kind,
		.poll = source_poll,
		.init = source_init,
		.data_size = sizeof(struct source),
		.nexts = to_end,
		.n_nexts = 1};
	options.arg = &source;
	ck_assert_int_eq(gyre_node_add(&rig->loop, node_class, name, &options, NULL), 0);
}

START_TEST(pre_inputs_come_first)
{
	struct rig *rig = rig_new(8);
	char order[16] = "";

	source_add(rig, "a", GYRE_NODE_INPUT, order);
	source_add(rig, "b", GYRE_NODE_PRE_INPUT, order);
	source_add(rig, "c", GYRE_NODE_INPUT, order);
	source_add(rig, "d", GYRE_NODE_PRE_INPUT, order);
	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	ck_assert_uint_eq(rig_sweep(rig), 12);
	ck_assert_str_eq(order, "bdac");
	ck_assert_uint_eq(rig_node(rig, "c")->hot->items, 3);
	ck_assert_uint_eq(rig_node(rig, "c")->hot->calls, 1);
	ck_assert_uint_eq(rig_node(rig, "c")->hot->created, 0);
	ck_assert_uint_eq(rig_node(rig, "d")->hot->rank, 1);
	/* What four inputs brought is two vectors. */
	ck_assert_uint_eq(rig_probe_of(rig, "end")->calls, 2);
	rig_free(rig);
}
END_TEST

/* Nothing was injected: it is the edge back alone that there is another generation for. */
START_TEST(what_inputs_bring_goes_back)
{
	struct rig *rig = rig_new(8);
	char order[16] = "";

	source_add(rig, "rx", GYRE_NODE_INPUT, order);
	rig_probe(rig, "end", RIG_NEXTS("b"));
	rig_probe(rig, "b", RIG_NEXTS("end"));
	rig_build(rig);
	for (unsigned sweep = 1; sweep <= 3; sweep++) {
		ck_assert_uint_eq(rig_sweep(rig), 3);
		ck_assert(!gyre__graph_pending(rig->graph));
		ck_assert_uint_eq(rig->graph->sweep.generation, 0);
		ck_assert_uint_eq(rig_probe_of(rig, "end")->items, sweep * 3 * (1 + 3));
		ck_assert_uint_eq(rig_drops(rig, "b", "hop-budget"), sweep * 3);
	}
	rig_free(rig);
}
END_TEST

START_TEST(nothing_enters_an_unfinished_sweep)
{
	struct rig *rig = rig_new(2);
	struct gyre_node_id a;
	struct rig_item *items[6];
	char order[16] = "";

	source_add(rig, "rx", GYRE_NODE_INPUT, order);
	a = rig_probe(rig, "a", RIG_NEXTS("end"));
	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	for (unsigned i = 0; i < 6; i++)
		items[i] = rig_item_new(rig, 0, i);
	ck_assert_int_eq(gyre__graph_enter(rig->graph, a, (void *const *)items, 5), 5);
	ck_assert_uint_eq(rig_part(rig->graph, 1), 1);
	strcpy(order, "");
	ck_assert_int_eq(gyre__graph_enter(rig->graph, a, (void *const *)items + 5, 1), 0);
	ck_assert_uint_eq(rig_sweep(rig), 0);
	ck_assert_str_eq(order, "");
	ck_assert_int_eq(gyre__graph_enter(rig->graph, a, (void *const *)items + 5, 1), 1);
	ck_assert_uint_eq(rig_sweep(rig), 2);
	ck_assert_uint_eq(rig_probe_of(rig, "end")->items, 2 + 8);
	rig_free(rig);
}
END_TEST

START_TEST(injection_has_a_bound)
{
	struct gyre_node_id a, rx;
	struct rig_item *items[8];
	char order[16] = "";
	struct rig rig;

	rig_init(&rig);
	rig.options.inject_max = 5;
	rig_create(&rig);
	a = rig_probe(&rig, "a", RIG_NEXTS("end"));
	rig_add(&rig, &rig_end_class, "end");
	source_add(&rig, "rx", GYRE_NODE_INPUT, order);
	rig_build(&rig);
	ck_assert_int_eq(gyre_node_find(&rig.loop, "rx", &rx), 0);
	for (unsigned i = 0; i < 8; i++)
		items[i] = rig_item_new(&rig, 0, i);
	ck_assert_int_eq(gyre__graph_enter(rig.graph, rx, (void *const *)items, 1), -ESRCH);
	ck_assert_int_eq(gyre__graph_enter(rig.graph, a, (void *const *)items, 3), 3);
	ck_assert_int_eq(gyre__graph_enter(rig.graph, a, (void *const *)items + 3, 5), 2);
	ck_assert_int_eq(gyre__graph_enter(rig.graph, a, (void *const *)items + 5, 3), 0);
	rig_part(rig.graph, UINT32_MAX);
	ck_assert_int_eq(gyre__graph_enter(rig.graph, a, (void *const *)items + 5, 3), 3);
	rig_part(rig.graph, UINT32_MAX);
	ck_assert_uint_eq(rig_probe_of(&rig, "end")->items, 8 + 2 * 3);
	rig_destroy(&rig);
}
END_TEST

/* Sends ten items for each one, and says that it sends one. */
static gyre_next liar_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)nexts;
	for (unsigned i = 0; i < 9 * n; i++)
		gyre_next_put_1(node, 0, gyre_node_clone(node, items[0]));
	return 0;
}

START_TEST(liars_lose_items_only)
{
	static const struct gyre_node_class liar_class = {
		.name = "liar",
		.kind = GYRE_NODE_INTERNAL,
		.process = liar_process,
		.nexts = to_end,
		.n_nexts = 1,
	};
	static const char *const names[] = {"a", "b", "c"};
	struct gyre_node_id ids[3];
	uint64_t dropped = 0;
	struct rig rig;

	rig_init(&rig);
	rig.options.inject_max = 8;
	rig_create(&rig);
	for (unsigned i = 0; i < 3; i++) {
		ids[i] = rig_add(&rig, &liar_class, names[i]);
		rig_connect(&rig, ids[i], 0, i < 2 ? names[i + 1] : "end");
	}
	rig_add(&rig, &rig_end_class, "end");
	rig_build(&rig);
	for (unsigned i = 0; i < 10; i++)
		rig_run(&rig, ids[0], 0, 8);
	for (unsigned i = 0; i < 3; i++)
		dropped += rig_drops(&rig, names[i], "no-frames");
	ck_assert_uint_gt(dropped, 0);
	ck_assert_uint_gt(rig_probe_of(&rig, "end")->items, 0);
	ck_assert_uint_eq(rig_probe_of(&rig, "end")->items + dropped,
		80 + rig_node(&rig, "a")->hot->created + rig_node(&rig, "b")->hot->created +
			rig_node(&rig, "c")->hot->created);
	rig_destroy(&rig);
}
END_TEST

static const unsigned storm_vectors[] = {1, 2, 3, 64, 256};

/* The variants that this CPU has, one after the other. */
static bool variant_next(enum gyre_simd *simd)
{
	while (++*simd <= GYRE_SIMD_AVX512) {
		if (gyre__partition_get(*simd))
			return true;
		gyre_test_note("this CPU lacks partition variant %d", *simd);
	}
	return false;
}

static unsigned sweeps(const struct storm_options *options)
{
	return (options->vector < 64 ? 20 : 6) * (options->steady ? 4 : 1);
}

START_TEST(storms_are_alike)
{
	static struct storm storm;
	enum gyre_simd simd = GYRE_SIMD_AUTO;
	uint64_t digest = 0;

	while (variant_next(&simd))
		for (unsigned budget = 0; budget <= 20; budget += 5) {
			struct storm_options options = {
				.seed = _i,
				.vector = storm_vectors[_i % 5],
				.simd = simd,
				.budget = budget,
				.punt = _i % 2,
				.clones = _i / 5 % 2,
				.wide = _i / 5 % 4 == 2,
				.uncounted = budget / 5 % 2,
				.steady = _i % 3,
			};

			storm_run(&storm, &options, sweeps(&options));
			ck_assert_uint_gt(storm.n_ended, 0);
			if (digest)
				ck_assert_uint_eq(storm.digest, digest);
			digest = storm.digest;
		}
}
END_TEST

START_TEST(storms_rewired)
{
	static struct storm storm;
	struct storm_options options = {
		.seed = 1000 + _i,
		.vector = storm_vectors[_i % 5],
		.simd = GYRE_SIMD_AUTO,
		.budget = 10,
		.rewire = true,
		.clones = _i / 5 % 2,
		.wide = _i / 5 % 4 == 2,
		.uncounted = _i / 20 % 2,
		.steady = _i % 3,
	};

	storm_run(&storm, &options, sweeps(&options));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("dispatch");
	TCase *tcase = tcase_create("dispatch");

	tcase_add_test(tcase, whole_vectors_move_on);
	tcase_add_test(tcase, unequal_diamond);
	tcase_add_test(tcase, codes_of_whole_vectors);
	tcase_add_test(tcase, routing_loop);
	tcase_add_test(tcase, other_nexts_than_foreseen);
	tcase_add_test(tcase, pre_inputs_come_first);
	tcase_add_test(tcase, what_inputs_bring_goes_back);
	tcase_add_test(tcase, nothing_enters_an_unfinished_sweep);
	tcase_add_test(tcase, injection_has_a_bound);
	tcase_add_test(tcase, liars_lose_items_only);
	tcase_add_loop_test(tcase, storms_are_alike, 0, 40);
	tcase_add_loop_test(tcase, storms_rewired, 0, 100);
	suite_add_tcase(suite, tcase);
	return suite;
}
