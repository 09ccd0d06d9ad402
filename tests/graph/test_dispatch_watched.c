/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/dispatch.c, the sweeps that are watched: which those are, that all calls in them are
 * clocked and no others, and that what runs after what is learned there.
 */
#include <errno.h>

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

static bool watched(const struct rig *rig)
{
	return rig->graph->sight == GYRE__WATCHED;
}

/* Whether the last sweep was. */
static bool clocked(const struct rig *rig)
{
	return watched(rig) && rig->graph->clocked;
}

#define SWEEPS 4500

/* The last one is of more sweeps than there are between two that are watched, as a rule. */
static const unsigned periods[] = {0, 1, 2, 16, 100, 1500};

/* Polls that bring nothing too, and both calls of a node that has more than a vector. */
START_TEST(sweeps_are_clocked)
{
	const unsigned period = periods[_i];
	unsigned n = 0, busy = 0, odd = 0, gap = 0;
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
	for (unsigned sweep = 0; sweep < SWEEPS; sweep++) {
		bool brings = sweep % 3;

		sources[0]->n = sources[1]->n = brings ? 3 : 0;
		ck_assert_uint_eq(rig_sweep(&rig), brings ? 6 : 0);
		gap++;
		if (clocked(&rig)) {
			n++;
			busy += brings;
			odd += sweep % 2;
			ck_assert_uint_lt(gap, 2 * period);
			gap = 0;
		}
		ck_assert_uint_eq(rig_node(&rig, "rx-0")->sampled_calls, n);
		ck_assert_uint_eq(rig_node(&rig, "end")->sampled_calls, 2 * busy);
	}
	if (period < 2)
		ck_assert_uint_eq(n, period * SWEEPS);
	else if (period <= 100)
		ck_assert(n >= SWEEPS / period * 3 / 4 && n <= SWEEPS / period * 5 / 4);
	else
		ck_assert_uint_gt(n, 0);
	sampled_check(&rig, "rx-0", n, 3 * busy);
	sampled_check(&rig, "rx-1", n, 3 * busy);
	sampled_check(&rig, "idle", n, 0);
	sampled_check(&rig, "a", 2 * busy, 6 * busy);
	sampled_check(&rig, "end", 2 * busy, 6 * busy);
	/* What happens in every other sweep, or two of three, is met as often as that. */
	if (period && period <= 100) {
		ck_assert(odd >= n / 4 && odd <= n - n / 4);
		ck_assert(busy >= n / 3 && busy <= n - n / 9);
	}
	ck_assert_uint_eq(rig_node(&rig, "idle")->hot->calls, SWEEPS);
	ck_assert_uint_eq(rig_node(&rig, "a")->hot->calls, SWEEPS / 3 * 4);
	rig_destroy(&rig);
}
END_TEST

/* Whatever parts the budget cuts it into. */
START_TEST(clocked_to_its_end)
{
	static const char *const names[] = {"rx", "a", "b", "end"};
	const unsigned budget = _i;
	unsigned n = 0;
	struct rig rig;

	rig_init(&rig);
	rig.options.sample_period = 3;
	rig_create(&rig);
	source_add(&rig, "rx", 3);
	rig_probe(&rig, "a", RIG_NEXTS("b"));
	rig_probe(&rig, "b", RIG_NEXTS("end"));
	rig_add(&rig, &rig_end_class, "end");
	rig_build(&rig);
	for (unsigned sweep = 0; sweep < 30; sweep++) {
		unsigned brought;

		gyre__graph_sweep(rig.graph, budget, &brought);
		ck_assert_uint_eq(brought, 3);
		n += clocked(&rig);
		while (gyre__graph_pending(rig.graph)) {
			gyre__graph_sweep(rig.graph, budget, &brought);
			ck_assert_uint_eq(brought, 0);
		}
		for (unsigned i = 0; i < 4; i++)
			sampled_check(&rig, names[i], n, 3 * n);
	}
	ck_assert(n >= 5 && n <= 20);
	rig_destroy(&rig);
}
END_TEST

/* Where the pool is not room enough for all inputs at once, one is polled in each sweep. */
START_TEST(turns_are_clocked)
{
	static struct gyre_node_class wide;
	static const char *const names[] = {"rx-0", "rx-1", "rx-2"};
	const unsigned period = _i;
	unsigned n = 0;
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
	for (unsigned sweep = 0; sweep < 60; sweep++) {
		unsigned sampled = 0;

		ck_assert_uint_eq(rig_sweep(&rig), 3);
		n += clocked(&rig);
		for (unsigned i = 0; i < 3; i++)
			sampled += rig_node(&rig, names[i])->sampled_calls;
		ck_assert_uint_eq(sampled, n);
		sampled_check(&rig, "end", n, 3 * n);
	}
	ck_assert_int_eq(n > 0, period > 0);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_eq(rig_node(&rig, names[i])->hot->calls, 20);
	rig_destroy(&rig);
}
END_TEST

/* An input that another one disables, in a sweep in which it was to be polled. */
static unsigned disable_poll(struct gyre_node *node, unsigned max)
{
	struct gyre_node_id *other = gyre_node_data(node);

	(void)max;
	ck_assert_int_eq(gyre_node_disable(gyre_node_loop(node), *other), 0);
	return 0;
}

/* While an input is polled, nothing may be built, in whatever sweep that is. */
static unsigned build_poll(struct gyre_node *node, unsigned max)
{
	(void)max;
	ck_assert_int_eq(gyre_graph_build(gyre_node_loop(node), NULL), -EBUSY);
	return 0;
}

static const struct gyre_node_class disable_class = {
	.name = "disable",
	.kind = GYRE_NODE_PRE_INPUT,
	.poll = disable_poll,
	.data_size = sizeof(struct gyre_node_id),
};

static const struct gyre_node_class build_class = {
	.name = "build", .kind = GYRE_NODE_INPUT, .poll = build_poll};

START_TEST(polls_in_sweeps_of_either_kind)
{
	const struct gyre__node *polled;
	struct gyre_node_id id;
	struct rig rig;

	rig_init(&rig);
	rig.options.sample_period = 3;
	rig_create(&rig);
	rig_add(&rig, &disable_class, "disable");
	id = rig_add(&rig, &build_class, "build");
	*(struct gyre_node_id *)gyre_node_data(rig_node(&rig, "disable")->hot) =
		rig_add(&rig, &source_class, "rx");
	rig_connect(&rig, *(struct gyre_node_id *)gyre_node_data(rig_node(&rig, "disable")->hot), 0,
		"end");
	rig_add(&rig, &rig_end_class, "end");
	rig_build(&rig);
	polled = rig_node(&rig, "rx");
	for (unsigned sweep = 0; sweep < 30; sweep++) {
		ck_assert_int_eq(gyre_node_enable(&rig.loop, polled->id), 0);
		ck_assert_uint_eq(rig_sweep(&rig), 0);
	}
	ck_assert_uint_eq(gyre_node_get(&rig.loop, id)->calls, 30);
	ck_assert_uint_gt(rig_node(&rig, "build")->sampled_calls, 0);
	ck_assert_uint_lt(rig_node(&rig, "build")->sampled_calls, 30);
	ck_assert_uint_eq(polled->hot->calls, 0);
	ck_assert_uint_eq(polled->sampled_calls, 0);
	rig_destroy(&rig);
}
END_TEST

/* Sweeps that are watched before what runs after a node is taken for granted, and before it is
 * again where it was wrong once. */
#define LEARNED   5
#define RELEARNED 4

/* Runs n items from a node in a sweep. Returns whether it was watched. */
static bool watched_run(struct rig *rig, struct gyre_node_id id, unsigned n)
{
	rig_run(rig, id, 0, n);
	return watched(rig);
}

/* By calls that are counted or not, of a chain that moves on whole and of a node whose items part.
 */
START_TEST(learned_in_watched_sweeps)
{
	const unsigned n_periods = sizeof(periods) / sizeof(*periods);
	const unsigned period = periods[_i % n_periods];
	unsigned sweeps = 0, n = 0;
	struct gyre_node *a, *b, *c, *start;
	struct gyre_node_id id;
	struct rig rig;

	rig_init(&rig);
	rig.options.vector = 64;
	rig.options.node_stats = _i / n_periods;
	rig.options.sample_period = period;
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
	while (n < LEARNED) {
		n += watched_run(&rig, id, 60);
		sweeps++;
		ck_assert_ptr_eq(start->after, n < LEARNED ? NULL : a);
		ck_assert_ptr_eq(a->after, n < LEARNED ? NULL : b);
		ck_assert_ptr_eq(b->after, n < LEARNED ? NULL : c);
	}
	/* The first sweep, and then one in 1024 or more, drawn by lot. */
	ck_assert_uint_le(sweeps, 1 + 4 * 2 * (period && period < 1024 ? period : 1024));
	ck_assert_uint_eq(rig_probe_of(&rig, "end")->items, 60 * sweeps);
	rig_destroy(&rig);
}
END_TEST

/* By a vector that goes elsewhere, watched or not: from then on it is learned anew. */
START_TEST(given_up_where_it_was_wrong)
{
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
	for (unsigned n = 0; n < LEARNED;) {
		ck_assert_ptr_null(a->after);
		n += watched_run(&rig, id, 3);
	}
	for (int i = 0; i < _i; i++) {
		watched_run(&rig, id, 3);
		ck_assert_ptr_eq(a->after, b);
	}
	rig_probe_of(&rig, "a")->next = 1;
	watched_run(&rig, id, 3);
	rig_probe_of(&rig, "a")->next = 0;
	for (unsigned n = 0; n < RELEARNED;) {
		ck_assert_ptr_null(a->after);
		n += watched_run(&rig, id, 3);
	}
	ck_assert_ptr_eq(a->after, b);
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
		ck_assert_ptr_null(rig.graph->start.after);
		ck_assert_ptr_null(rig.graph->start_cold.last);
		for (unsigned sweep = 1; sweep <= LEARNED; sweep++) {
			rig_run(&rig, id, 0, 3);
			ck_assert_ptr_eq(a->after, sweep < LEARNED ? NULL : b);
			ck_assert_ptr_eq(rig.graph->start.after, sweep < LEARNED ? NULL : a);
		}
	}
	rig_destroy(&rig);
}
END_TEST

/* Where items part, what runs next is seen in watched sweeps only, and is not followed blindly. */
START_TEST(wrong_where_items_part)
{
	unsigned n = 0, before = 0, after = 0;
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
	while (n < LEARNED) {
		ck_assert_ptr_null(a->after);
		n += watched_run(&rig, id, 60);
		before++;
	}
	rig_probe_of(&rig, "a")->base = 1;
	for (n = 0; n < LEARNED; after++) {
		ck_assert_ptr_eq(a->after, n ? NULL : b);
		n += watched_run(&rig, id, 60);
	}
	ck_assert_ptr_eq(a->after, c);
	ck_assert_uint_eq(rig_probe_of(&rig, "b")->items, before * 30);
	ck_assert_uint_eq(rig_probe_of(&rig, "c")->items, (before + after) * 30);
	ck_assert_uint_eq(rig_probe_of(&rig, "d")->items, after * 30);
	rig_destroy(&rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("dispatch_watched");
	TCase *tcase = tcase_create("dispatch_watched");

	tcase_add_loop_test(tcase, sweeps_are_clocked, 0, sizeof(periods) / sizeof(*periods));
	tcase_add_loop_test(tcase, clocked_to_its_end, 1, 6);
	tcase_add_loop_test(tcase, turns_are_clocked, 0, 5);
	tcase_add_test(tcase, polls_in_sweeps_of_either_kind);
	tcase_add_loop_test(
		tcase, learned_in_watched_sweeps, 0, 2 * sizeof(periods) / sizeof(*periods));
	tcase_add_loop_test(tcase, given_up_where_it_was_wrong, 0, 40);
	tcase_add_test(tcase, given_up_by_a_build);
	tcase_add_test(tcase, wrong_where_items_part);
	suite_add_tcase(suite, tcase);
	return suite;
}
