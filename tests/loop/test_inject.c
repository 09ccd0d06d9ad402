/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/inject.c: injected items enter in order, within the bound, split by node, and those of a node
 * that went away are released and counted.
 */
#include "harness.h"

#include <errno.h>
#include <gyre.h>
#include <stdlib.h>

#define ITEMS 5000

static struct gyre_loop *loop;
static unsigned released, taken[2];
static int values[ITEMS];

static void release(void *const *items, unsigned n)
{
	(void)items;
	released += n;
}

static const struct gyre_item_ops ops = {.release = release};

/* Expects the values of its own parity in order. */
static gyre_next expect_order(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	unsigned which = *(unsigned *)gyre_node_data(node);

	(void)nexts;
	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(*(int *)items[i], (int)(2 * taken[which]++ + which));
	return GYRE_NEXT_KEEP;
}

static int set_which(struct gyre_node *node, const void *arg)
{
	*(unsigned *)gyre_node_data(node) = *(const unsigned *)arg;
	return 0;
}

static const struct gyre_node_class sink_class = {.name = "sink",
	.kind = GYRE_NODE_OUTPUT,
	.process = expect_order,
	.init = set_which,
	.data_size = sizeof(unsigned)};

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	return 0;
}

static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = poll_nothing};

static struct gyre_node_id sinks[2];

static void make(unsigned vector, unsigned inject_max)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_node_options node = GYRE_NODE_OPTIONS_INIT;

	options.vector = vector;
	options.inject_max = inject_max;
	options.items = &ops;
	released = taken[0] = taken[1] = 0;
	ck_assert_int_eq(gyre_loop_create(&options, &loop), 0);
	for (unsigned i = 0; i < 2; i++) {
		node.arg = &i;
		ck_assert_int_eq(
			gyre_node_add(loop, &sink_class, i ? "odd" : "even", &node, &sinks[i]), 0);
	}
	for (int i = 0; i < ITEMS; i++)
		values[i] = i;
}

/* Offers all values, each to its sink, in runs of random length; turns when nothing more is taken.
 */
static void inject_all(void)
{
	unsigned next[2] = {0, 1};

	while (next[0] < ITEMS || next[1] < ITEMS) {
		unsigned which = (unsigned)rand() % 2, n = 0, want = (unsigned)rand() % 300 + 1;
		void *items[300];

		for (unsigned v = next[which]; v < ITEMS && n < want; v += 2)
			items[n++] = &values[v];
		int got = gyre_node_inject(loop, sinks[which], items, n);

		ck_assert_int_ge(got, 0);
		next[which] += 2 * (unsigned)got;
		if ((unsigned)got < n)
			gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	}
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
}

START_TEST(all_enter_in_order)
{
	static const unsigned shapes[][2] = {{1, 1}, {1, 7}, {3, 1000}, {64, 64}, {256, 65536}};

	srand(42);
	for (unsigned i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		make(shapes[i][0], shapes[i][1]);
		inject_all();
		ck_assert_uint_eq(taken[0], ITEMS / 2);
		ck_assert_uint_eq(taken[1], ITEMS / 2);
		ck_assert_uint_eq(released, 0);
		ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	}
}
END_TEST

/* What a snapshot says. */
static uint64_t waiting(void)
{
	struct gyre_snapshot *snapshot;
	uint64_t items;

	ck_assert_int_eq(gyre_snapshot_create(loop, &snapshot), 0);
	items = snapshot->inject_waiting;
	gyre_snapshot_destroy(snapshot);
	return items;
}

START_TEST(no_more_than_the_bound_is_taken)
{
	void *items[20];

	make(64, 12);
	for (unsigned i = 0; i < 20; i++)
		items[i] = &values[2 * i];
	ck_assert_int_eq(gyre_node_inject(loop, sinks[0], items, 20), 12);
	ck_assert_int_eq(gyre_node_inject(loop, sinks[0], items + 12, 8), 0);
	ck_assert_uint_eq(waiting(), 12);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(waiting(), 0);
	ck_assert_int_eq(gyre_node_inject(loop, sinks[0], items + 12, 8), 8);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(taken[0], 20);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

START_TEST(what_waits_at_the_end_is_released)
{
	void *items[] = {&values[0], &values[2]};

	make(64, 12);
	ck_assert_int_eq(gyre_node_inject(loop, sinks[0], items, 2), 2);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_uint_eq(released, 2);
	ck_assert_uint_eq(taken[0], 0);
}
END_TEST

START_TEST(items_of_a_deleted_node_are_released_and_counted)
{
	struct gyre_loop_stats stats;
	void *items[] = {&values[0], &values[2]};

	make(64, 12);
	ck_assert_int_eq(gyre_node_inject(loop, sinks[0], items, 2), 2);
	ck_assert_int_eq(gyre_node_del(loop, sinks[0]), 0);
	ck_assert_int_eq(gyre_node_inject(loop, sinks[0], items, 2), -ESRCH);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	gyre_loop_stats_get(loop, &stats);
	ck_assert_uint_eq(stats.inject_dropped, 2);
	ck_assert_uint_eq(released, 2);
	/* No node was called, but that was work. */
	ck_assert_uint_eq(stats.turns, 1);
	ck_assert_uint_eq(stats.idle_turns, 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

/* Adds a node while the loop runs, and sends to it before the graph is built with it, and after. */
static int add_and_inject(struct gyre_process *self, void *arg)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	void *early[] = {&values[8], &values[9]}, *late[] = {&values[0], &values[2]};
	struct gyre_loop_stats stats;
	const unsigned which = 0;
	struct gyre_node_id id;

	(void)arg;
	options.arg = &which;
	ck_assert_int_eq(gyre_node_add(loop, &sink_class, "late", &options, &id), 0);
	ck_assert_int_eq(gyre_node_inject(loop, id, early, 2), 2);
	ck_assert_int_eq(gyre_process_yield(self), 0);
	gyre_loop_stats_get(loop, &stats);
	ck_assert_uint_eq(stats.inject_dropped, 2);
	ck_assert_uint_eq(released, 2);
	ck_assert_int_eq(gyre_graph_build(loop, NULL), 0);
	ck_assert_int_eq(gyre_node_inject(loop, id, late, 2), 2);
	ck_assert_int_eq(gyre_process_yield(self), 0);
	ck_assert_uint_eq(taken[0], 2);
	return 0;
}

START_TEST(items_of_a_node_not_built_are_released_and_counted)
{
	make(64, 12);
	ck_assert_int_eq(gyre_process_spawn(loop, add_and_inject, NULL, NULL, NULL), 0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	ck_assert_uint_eq(taken[0], 2);
	ck_assert_uint_eq(released, 2);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

START_TEST(a_node_at_a_deleted_ones_place_gets_its_own_items_only)
{
	void *items[] = {&values[0], &values[2], &values[0], &values[2]};
	struct gyre_node_options node = GYRE_NODE_OPTIONS_INIT;
	struct gyre_node_id again;
	unsigned even = 0;

	make(64, 12);
	node.arg = &even;
	ck_assert_int_eq(gyre_node_inject(loop, sinks[0], items, 2), 2);
	ck_assert_int_eq(gyre_node_del(loop, sinks[0]), 0);
	ck_assert_int_eq(gyre_node_add(loop, &sink_class, "even", &node, &again), 0);
	ck_assert_uint_eq(again.index, sinks[0].index);
	ck_assert_int_eq(gyre_node_inject(loop, again, items + 2, 2), 2);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(released, 2);
	ck_assert_uint_eq(taken[0], 2);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

START_TEST(an_input_takes_nothing)
{
	struct gyre_node_id input;
	void *items[] = {&values[0]};

	make(64, 12);
	ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", NULL, &input), 0);
	ck_assert_int_eq(gyre_node_inject(loop, input, items, 1), -EINVAL);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("inject");
	TCase *tcase = tcase_create("inject");

	tcase_add_test(tcase, all_enter_in_order);
	tcase_add_test(tcase, no_more_than_the_bound_is_taken);
	tcase_add_test(tcase, what_waits_at_the_end_is_released);
	tcase_add_test(tcase, items_of_a_deleted_node_are_released_and_counted);
	tcase_add_test(tcase, items_of_a_node_not_built_are_released_and_counted);
	tcase_add_test(tcase, a_node_at_a_deleted_ones_place_gets_its_own_items_only);
	tcase_add_test(tcase, an_input_takes_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
