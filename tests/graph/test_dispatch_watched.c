/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/dispatch.c, the sweeps that are watched: which those are, that all calls in them are
 * clocked and no others, and that what runs after what is learned there.
 */
#include "graph/rig.h"
#include "harness.h"

/* An input's data: it brings so many items. */
struct source {
	struct rig *rig;
	unsigned n;
};

static unsigned source_poll(struct gyre_node *node, unsigned max)
{
	const struct source *source = gyre_node_data(node);

	ck_assert_uint_le(source->n, max);
	for (unsigned i = 0; i < source->n; i++)
		gyre_next_put_1(node, 0, rig_item_new(source->rig, 0, i));
	return source->n;
}

static const char *const to_a[] = {"a"};

static const struct gyre_node_class source_class = {
	.name = "source",
	.kind = GYRE_NODE_INPUT,
	.poll = source_poll,
	.data_size = sizeof(struct source),
	.nexts = to_a,
	.n_nexts = 1,
};

static struct source *source_add(struct rig *rig, const char *name, unsigned n)
{
	struct source *source;

	rig_add(rig, &source_class, name);
	source = gyre_node_data(rig_node(rig, name)->hot);
	*source = (struct source){rig, n};
	return source;
}

/* The rig's clock moves 10 ns from one reading to the next. */
static void sampled_check(struct rig *rig, const char *name, unsigned calls, unsigned items)
{
	const struct gyre__node *node = rig_node(rig, name);

	ck_assert_uint_eq(node->sampled_calls, calls);
	ck_assert_uint_eq(node->sampled_items, items);
	ck_assert_uint_eq(node->sampled_clocks, 10 * calls);
	ck_assert_uint_eq(node->longest_clocks, calls ? 10 : 0);
}

/* The last one is of more sweeps than there are between two that are watched. */
static const unsigned periods[] = {0, 1, 2, 16, 100, 1500};

/* Polls that bring nothing too, and both calls of a node that has more than a vector. */
START_TEST(every_so_manieth_sweep_is_clocked)
{
	const unsigned period = periods[_i];
	unsigned clocked = 0, busy = 0;
	struct source *sources[2];
	struct rig rig;

	rig_init(&rig);
	rig.options.sample_period = period;
	rig_create(&rig);
	sources[0] = source_add(&rig, "rx-0", 3);
	sources[1] = source_add(&rig, "rx-1", 3);
	source_add(&rig, "idle", 0);
	rig_probe(&rig, "a", RIG_NEXTS("end"));
	rig_add(&rig, &rig_end_class, "end");
	rig_build(&rig);
	for (unsigned sweep = 1; sweep <= 4500; sweep++) {
		bool brings = (sweep + sweep / 100) % 3;

		sources[0]->n = sources[1]->n = brings ? 3 : 0;
		ck_assert_uint_eq(rig_sweep(&rig), brings ? 6 : 0);
		if (!period || sweep % period)
			continue;
		clocked++;
		busy += brings;
		ck_assert_uint_eq(rig_node(&rig, "rx-0")->sampled_calls, clocked);
		ck_assert_uint_eq(rig_node(&rig, "end")->sampled_calls, 2 * busy);
	}
	ck_assert_uint_eq(clocked, period ? 4500 / period : 0);
	sampled_check(&rig, "rx-0", clocked, 3 * busy);
	sampled_check(&rig, "rx-1", clocked, 3 * busy);
	sampled_check(&rig, "idle", clocked, 0);
	sampled_check(&rig, "a", 2 * busy, 6 * busy);
	sampled_check(&rig, "end", 2 * busy, 6 * busy);
	ck_assert_uint_eq(rig_node(&rig, "idle")->hot->calls, 4500);
	ck_assert_uint_eq(rig_node(&rig, "a")->hot->calls, 6000);
	rig_destroy(&rig);
}
END_TEST

/* Whatever parts the budget cuts it into. */
START_TEST(clocked_to_its_end)
{
	static const char *const names[] = {"rx", "a", "b", "end"};
	const unsigned budget = _i;
	struct rig rig;

	rig_init(&rig);
	rig.options.sample_period = 3;
	rig_create(&rig);
	source_add(&rig, "rx", 3);
	rig_probe(&rig, "a", RIG_NEXTS("b"));
	rig_probe(&rig, "b", RIG_NEXTS("end"));
	rig_add(&rig, &rig_end_class, "end");
	rig_build(&rig);
	for (unsigned sweep = 1; sweep <= 10; sweep++) {
		unsigned brought;

		gyre__graph_sweep(rig.graph, budget, &brought);
		ck_assert_uint_eq(brought, 3);
		while (gyre__graph_pending(rig.graph)) {
			gyre__graph_sweep(rig.graph, budget, &brought);
			ck_assert_uint_eq(brought, 0);
		}
		for (unsigned i = 0; i < 4; i++)
			sampled_check(&rig, names[i], sweep / 3, sweep / 3 * 3);
	}
	rig_destroy(&rig);
}
END_TEST

/* Where the pool is not room enough for all inputs at once, one is polled in each sweep. */
START_TEST(turns_are_clocked)
{
	static struct gyre_node_class wide;
	static const char *const names[] = {"rx-0", "rx-1", "rx-2"};
	const unsigned period = _i;
	struct rig rig;

	wide = rig_probe_classes[1];
	wide.fan_out = 10000;
	rig_init(&rig);
	rig.options.sample_period = period;
	rig_create(&rig);
	for (unsigned i = 0; i < 3; i++)
		source_add(&rig, names[i], 3);
	rig_connect(&rig, rig_add(&rig, &wide, "a"), 0, "end");
	rig_add(&rig, &rig_end_class, "end");
	rig_build(&rig);
	ck_assert(rig.graph->unusual & GYRE__SCARCE);
	for (unsigned sweep = 1; sweep <= 60; sweep++) {
		unsigned clocked = 0;

		ck_assert_uint_eq(rig_sweep(&rig), 3);
		for (unsigned i = 0; i < 3; i++)
			clocked += rig_node(&rig, names[i])->sampled_calls;
		ck_assert_uint_eq(clocked, period ? sweep / period : 0);
		sampled_check(&rig, "end", clocked, 3 * clocked);
	}
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_eq(rig_node(&rig, names[i])->hot->calls, 20);
	rig_destroy(&rig);
}
END_TEST

/* What runs after a node is taken for granted from the fifth sweep on that was watched. Those are
 * the first one, each that is clocked, and one in 1024 at least. */
static const struct {
	unsigned period, learned;
} watches[] = {{0, 1 + 4 * 1024}, {1, 5}, {2, 8}, {16, 64}, {1500, 3000}};
#define WATCHES (sizeof(watches) / sizeof(*watches))

/* By calls that are counted or not, of a chain that moves on whole and of a node whose items part.
 */
START_TEST(learned_in_watched_sweeps)
{
	const unsigned learned = watches[_i % WATCHES].learned;
	struct gyre_node *a, *b, *c, *start;
	struct gyre_node_id id;
	struct rig rig;

	rig_init(&rig);
	rig.options.vector = 64;
	rig.options.node_stats = _i / WATCHES;
	rig.options.sample_period = watches[_i % WATCHES].period;
	rig_create(&rig);
	start = &rig.graph->start;
	id = rig_probe(&rig, "a", RIG_NEXTS("b"));
	rig_probe(&rig, "b", RIG_NEXTS("c", "end"));
	rig_probe(&rig, "c", RIG_NEXTS("end"));
	rig_add(&rig, &rig_end_class, "end");
	rig_build(&rig);
	a = rig_node(&rig, "a")->hot;
	b = rig_node(&rig, "b")->hot;
	c = rig_node(&rig, "c")->hot;
	rig_probe_of(&rig, "b")->spread = 2;
	for (unsigned sweep = 1; sweep <= learned; sweep++) {
		rig_run(&rig, id, 0, 60);
		ck_assert_ptr_eq(start->after, sweep < learned ? NULL : a);
		ck_assert_ptr_eq(a->after, sweep < learned ? NULL : b);
		ck_assert_ptr_eq(b->after, sweep < learned ? NULL : c);
	}
	ck_assert_uint_eq(rig_probe_of(&rig, "end")->items, 60 * learned);
	rig_destroy(&rig);
}
END_TEST

/* By a vector that goes elsewhere, watched or not: from then on it is learned anew. */
START_TEST(given_up_where_it_was_wrong)
{
	const unsigned wrong = 64 + _i;
	struct gyre_node *a, *b;
	struct gyre_node_id id;
	struct rig rig;

	rig_init(&rig);
	rig.options.sample_period = 16;
	rig_create(&rig);
	id = rig_probe(&rig, "a", RIG_NEXTS("b", "c"));
	rig_add(&rig, &rig_end_class, "b");
	rig_add(&rig, &rig_end_class, "c");
	rig_build(&rig);
	a = rig_node(&rig, "a")->hot;
	b = rig_node(&rig, "b")->hot;
	for (unsigned sweep = 1; sweep <= 144; sweep++) {
		bool known = sweep >= 64 && sweep < wrong;

		rig_probe_of(&rig, "a")->next = sweep == wrong;
		rig_run(&rig, id, 0, 3);
		known |= sweep >= (wrong < 80 ? 128 : 144);
		ck_assert_ptr_eq(a->after, known ? b : NULL);
	}
	ck_assert_uint_eq(rig_probe_of(&rig, "b")->calls, 143);
	ck_assert_uint_eq(rig_probe_of(&rig, "c")->calls, 1);
	rig_destroy(&rig);
}
END_TEST

/* By a build, which may have moved either. */
START_TEST(given_up_by_a_build)
{
	struct gyre_node *a, *b;
	struct gyre_node_id id;
	struct rig rig;

	rig_init(&rig);
	rig.options.sample_period = 1;
	rig_create(&rig);
	id = rig_probe(&rig, "a", RIG_NEXTS("b"));
	rig_add(&rig, &rig_end_class, "b");
	a = rig_node(&rig, "a")->hot;
	b = rig_node(&rig, "b")->hot;
	for (unsigned build = 0; build < 3; build++) {
		rig_spacers(&rig, 1);
		rig_build(&rig);
		ck_assert_ptr_null(a->after);
		for (unsigned sweep = 1; sweep <= 5; sweep++) {
			rig_run(&rig, id, 0, 3);
			ck_assert_ptr_eq(a->after, sweep < 5 ? NULL : b);
		}
	}
	rig_destroy(&rig);
}
END_TEST

/* Where items part, what runs next is seen in watched sweeps only, and is not followed blindly. */
START_TEST(wrong_where_items_part)
{
	struct gyre_node *a, *b, *c;
	struct gyre_node_id id;
	struct rig rig;

	rig_init(&rig);
	rig.options.vector = 64;
	rig.options.sample_period = 16;
	rig_create(&rig);
	id = rig_probe(&rig, "a", RIG_NEXTS("b", "c", "d"));
	rig_add(&rig, &rig_end_class, "b");
	rig_add(&rig, &rig_end_class, "c");
	rig_add(&rig, &rig_end_class, "d");
	rig_build(&rig);
	a = rig_node(&rig, "a")->hot;
	b = rig_node(&rig, "b")->hot;
	c = rig_node(&rig, "c")->hot;
	rig_probe_of(&rig, "a")->spread = 2;
	for (unsigned sweep = 1; sweep <= 144; sweep++) {
		struct gyre_node *expected = sweep < 64 ? NULL : b;

		if (sweep >= 80)
			expected = sweep < 144 ? NULL : c;
		rig_probe_of(&rig, "a")->base = sweep > 64;
		rig_run(&rig, id, 0, 60);
		ck_assert_ptr_eq(a->after, expected);
	}
	ck_assert_uint_eq(rig_probe_of(&rig, "b")->items, 64 * 30);
	ck_assert_uint_eq(rig_probe_of(&rig, "c")->items, 144 * 30);
	ck_assert_uint_eq(rig_probe_of(&rig, "d")->items, 80 * 30);
	rig_destroy(&rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("dispatch_watched");
	TCase *tcase = tcase_create("dispatch_watched");

	tcase_add_loop_test(
		tcase, every_so_manieth_sweep_is_clocked, 0, sizeof(periods) / sizeof(*periods));
	tcase_add_loop_test(tcase, clocked_to_its_end, 1, 6);
	tcase_add_loop_test(tcase, turns_are_clocked, 0, 5);
	tcase_add_loop_test(tcase, learned_in_watched_sweeps, 0, 2 * WATCHES);
	tcase_add_loop_test(tcase, given_up_where_it_was_wrong, 1, 17);
	tcase_add_test(tcase, given_up_by_a_build);
	tcase_add_test(tcase, wrong_where_items_part);
	suite_add_tcase(suite, tcase);
	return suite;
}
