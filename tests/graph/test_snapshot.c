/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/snapshot.c: what a snapshot of a graph that ran says, in which order, that it stands
 * alone when nodes, classes and graph are gone, and which node of an earlier one is the same.
 */
#include "harness.h"

#include "graph/graph.h"
#include "graph/snapshot.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTOR 32

/* The linker wraps the allocator: the one call that `allocations_left` others precede fails. */
static unsigned allocations_left = UINT_MAX;
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);

static bool allocation_fails(void)
{
	return allocations_left != UINT_MAX && allocations_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(n, size);
}

/* An item is a number in a pointer: modulo 4, 0 goes out, 1 is dropped, 2 is kept, 3 is punted. */
enum { SORT_NEXT_OUT, SORT_NEXTS };
enum { SORT_DROP_ODD, SORT_PUNT_THREE, SORT_REASONS };

static const struct gyre_reason sort_reasons[] = {
	[SORT_DROP_ODD] = {"odd", GYRE_SEVERITY_INFO},
	[SORT_PUNT_THREE] = {"three", GYRE_SEVERITY_WARNING},
};

static gyre_next sort_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	const gyre_next ways[] = {SORT_NEXT_OUT, gyre_drop(SORT_DROP_ODD), GYRE_NEXT_KEEP,
		gyre_punt(SORT_PUNT_THREE)};

	(void)node;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = ways[(uintptr_t)items[i] % 4];
	return GYRE_NEXT_EACH;
}

static gyre_next out_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

/* Brings as many items as its data says, once. */
static unsigned in_poll(struct gyre_node *node, unsigned max)
{
	unsigned *left = gyre_node_data(node);
	unsigned n = *left < max ? *left : max;
	void **items = gyre_next_reserve(node, 0, n ? n : 1);

	for (unsigned i = 0; i < n; i++)
		items[i] = (void *)(uintptr_t)i;
	gyre_next_commit(node, 0, n);
	*left -= n;
	return n;
}

static const char *const sort_nexts[] = {[SORT_NEXT_OUT] = "out"};
static const char *const in_nexts[] = {"sort"};

static const struct gyre_node_class in_class = {.name = "in",
	.kind = GYRE_NODE_INPUT,
	.poll = in_poll,
	.data_size = sizeof(unsigned),
	.nexts = in_nexts,
	.n_nexts = 1};
static const struct gyre_node_class early_class = {.name = "early",
	.kind = GYRE_NODE_PRE_INPUT,
	.poll = in_poll,
	.data_size = sizeof(unsigned),
	.nexts = in_nexts,
	.n_nexts = 1};
static const struct gyre_node_class sort_class = {.name = "sort",
	.kind = GYRE_NODE_INTERNAL,
	.process = sort_process,
	.nexts = sort_nexts,
	.n_nexts = SORT_NEXTS,
	.reasons = sort_reasons,
	.n_reasons = SORT_REASONS};
static const struct gyre_node_class out_class = {
	.name = "out", .kind = GYRE_NODE_OUTPUT, .process = out_process};

static uint64_t clock_read(struct gyre_clock *clock)
{
	(void)clock;
	return 1000;
}

static void punt(void *arg, struct gyre_node *node, unsigned reason, void **items, unsigned n)
{
	(void)arg, (void)node, (void)reason, (void)items, (void)n;
}

struct fixture {
	struct gyre_clock clock;
	struct gyre_loop loop;
};

static struct gyre_loop *loop_create(struct fixture *fixture)
{
	const struct gyre_loop_options options = {.size = sizeof(options),
		.vector = VECTOR,
		.hop_budget = 4,
		.sample_period = 1,
		.inject_max = 64,
		.punt = punt};

	memset(fixture, 0, sizeof(*fixture));
	fixture->clock.read = clock_read;
	fixture->loop.clock = &fixture->clock;
	fixture->loop.now = 12345;
	ck_assert_int_eq(gyre__graph_create(&fixture->loop, &options, &fixture->loop.graph), 0);
	return &fixture->loop;
}

static struct gyre_node_id node_add(
	struct gyre_loop *loop, const struct gyre_node_class *node_class, const char *name)
{
	struct gyre_node_id id;

	ck_assert_int_eq(gyre_node_add(loop, node_class, name, NULL, &id), 0);
	return id;
}

/* Out, sort, in, in the order that is worst for ranks. */
static struct gyre_loop *graph_create(struct fixture *fixture)
{
	struct gyre_loop *loop = loop_create(fixture);

	node_add(loop, &out_class, "out");
	node_add(loop, &sort_class, "sort");
	node_add(loop, &in_class, "in");
	node_add(loop, &early_class, "early");
	ck_assert_int_eq(gyre_graph_build(loop, NULL), 0);
	return loop;
}

static void items_run(struct gyre_loop *loop, unsigned n)
{
	struct gyre_node_id id;

	ck_assert_int_eq(gyre_node_find(loop, "in", &id), 0);
	*(unsigned *)gyre_node_data(gyre_node_get(loop, id)) = n;
	ck_assert_uint_eq(gyre__graph_poll(loop->graph), n);
	while (gyre__graph_pending(loop->graph))
		gyre__graph_dispatch(loop->graph, 100);
}

static struct gyre_snapshot *snapshot_of(struct gyre_loop *loop)
{
	struct gyre_snapshot *snapshot;

	ck_assert_int_eq(gyre_snapshot_create(loop, &snapshot), 0);
	return snapshot;
}

START_TEST(every_counter_is_copied)
{
	struct fixture fixture;
	struct gyre_loop *loop = graph_create(&fixture);
	struct gyre_snapshot *snapshot;
	const struct gyre_node_stats *sort, *in, *out;

	items_run(loop, 30);
	snapshot = snapshot_of(loop);
	ck_assert_uint_eq(snapshot->now, 12345);
	ck_assert_uint_eq(snapshot->vector, VECTOR);
	ck_assert_uint_gt(snapshot->frames, 0);
	ck_assert_uint_eq(snapshot->frames_free, snapshot->frames);
	in = gyre_snapshot_find(snapshot, "in");
	sort = gyre_snapshot_find(snapshot, "sort");
	out = gyre_snapshot_find(snapshot, "out");
	ck_assert(in && sort && out);
	ck_assert_uint_eq(in->calls, 1);
	ck_assert_uint_eq(in->items, 30);
	ck_assert_uint_eq(sort->calls, 1);
	ck_assert_uint_eq(sort->items, 30);
	ck_assert_uint_eq(sort->dropped, 8);
	ck_assert_uint_eq(sort->kept, 7);
	ck_assert_uint_eq(sort->punted, 7);
	ck_assert_uint_ge(sort->n_reasons, SORT_REASONS);
	ck_assert_uint_eq(sort->drops[SORT_DROP_ODD], 8);
	ck_assert_uint_eq(sort->drops[SORT_PUNT_THREE], 7);
	ck_assert_str_eq(sort->reasons[SORT_DROP_ODD].name, "odd");
	ck_assert_int_eq(sort->reasons[SORT_PUNT_THREE].severity, GYRE_SEVERITY_WARNING);
	ck_assert_uint_eq(sort->sampled_calls, 1);
	ck_assert_uint_eq(sort->sampled_items, 30);
	ck_assert_uint_eq(out->items, 8);
	ck_assert_uint_eq(out->kept, 8);
	ck_assert_uint_eq(out->n_nexts, 0);
	gyre_snapshot_destroy(snapshot);
	gyre__graph_destroy(loop->graph);
}
END_TEST

static void places_check(const struct gyre_snapshot *snapshot, const char *const *names, unsigned n)
{
	ck_assert_uint_eq(snapshot->n_nodes, n);
	for (unsigned i = 0; i < n; i++)
		ck_assert_str_eq(snapshot->nodes[i].name, names[i]);
}

START_TEST(inputs_come_first_then_ranks)
{
	static const char *const names[] = {"early", "in", "sort", "out"};
	struct fixture fixture;
	struct gyre_loop *loop = graph_create(&fixture);
	struct gyre_snapshot *snapshot = snapshot_of(loop);

	places_check(snapshot, names, 4);
	ck_assert_uint_lt(snapshot->nodes[0].rank, snapshot->nodes[1].rank);
	ck_assert_uint_lt(snapshot->nodes[2].rank, snapshot->nodes[3].rank);
	ck_assert_uint_eq(snapshot->nodes[0].n_nexts, 1);
	ck_assert_uint_eq(snapshot->nodes[0].nexts[0], 2);
	ck_assert_uint_eq(snapshot->nodes[1].nexts[0], 2);
	ck_assert_uint_eq(snapshot->nodes[2].nexts[0], 3);
	ck_assert_str_eq(snapshot->nodes[0].class_name, "early");
	ck_assert_int_eq(snapshot->nodes[0].kind, GYRE_NODE_PRE_INPUT);
	gyre_snapshot_destroy(snapshot);
	gyre__graph_destroy(loop->graph);
}
END_TEST

/* Before a build, too, the graph can be looked at: as it is named. */
START_TEST(nodes_not_yet_built_come_last)
{
	static const char *const names[] = {"early", "in", "sort", "out", "second", "third"};
	static const char *const nowhere[] = {"missing"};
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct fixture fixture;
	struct gyre_loop *loop = graph_create(&fixture);
	struct gyre_snapshot *snapshot;

	node_add(loop, &sort_class, "second");
	options.nexts = nowhere;
	ck_assert_int_eq(gyre_node_add(loop, &sort_class, "third", &options, NULL), 0);
	snapshot = snapshot_of(loop);
	places_check(snapshot, names, 6);
	ck_assert_uint_eq(snapshot->nodes[4].n_nexts, 1);
	ck_assert_uint_eq(snapshot->nodes[4].nexts[0], 3);
	ck_assert_uint_eq(snapshot->nodes[5].nexts[0], UINT_MAX);
	ck_assert_uint_lt(snapshot->nodes[3].rank, snapshot->nodes[4].rank);
	gyre_snapshot_destroy(snapshot);
	gyre__graph_destroy(loop->graph);
}
END_TEST

START_TEST(disabled_nodes_say_so)
{
	struct fixture fixture;
	struct gyre_loop *loop = graph_create(&fixture);
	struct gyre_snapshot *snapshot;
	struct gyre_node_id id;

	ck_assert_int_eq(gyre_node_find(loop, "sort", &id), 0);
	ck_assert_int_eq(gyre_node_disable(loop, id), 0);
	items_run(loop, 5);
	snapshot = snapshot_of(loop);
	ck_assert(gyre_snapshot_find(snapshot, "sort")->disabled);
	ck_assert_uint_eq(gyre_snapshot_find(snapshot, "sort")->dropped, 5);
	ck_assert(!gyre_snapshot_find(snapshot, "in")->disabled);
	ck_assert_ptr_null(gyre_snapshot_find(snapshot, "missing"));
	gyre_snapshot_destroy(snapshot);
	gyre__graph_destroy(loop->graph);
}
END_TEST

static char *texts_of(const struct gyre_snapshot *snapshot)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(gyre_snapshot_write_runtime(snapshot, NULL, out), 0);
	ck_assert_int_eq(gyre_snapshot_write_errors(snapshot, NULL, out), 0);
	ck_assert_int_eq(gyre_snapshot_write_dot(snapshot, out), 0);
	fclose(out);
	return text;
}

/* The class and its names are memory of a plugin that is unloaded, so to say. */
START_TEST(a_snapshot_outlives_all_it_was_made_of)
{
	struct gyre_node_class *node_class = malloc(sizeof(*node_class));
	char *name = strdup("plugin");
	char *reason_name = strdup("refused");
	struct gyre_reason *reason = malloc(sizeof(*reason));
	struct fixture fixture;
	struct gyre_loop *loop = loop_create(&fixture);
	struct gyre_snapshot *snapshot;
	char *before, *after;

	*reason = (struct gyre_reason){reason_name, GYRE_SEVERITY_ERROR};
	*node_class = out_class;
	node_class->name = name;
	node_class->reasons = reason;
	node_class->n_reasons = 1;
	gyre_node_count(gyre_node_get(loop, node_add(loop, node_class, "an instance")), 0, 3);
	snapshot = snapshot_of(loop);
	before = texts_of(snapshot);
	gyre__graph_destroy(loop->graph);
	memset(name, 'X', strlen(name));
	memset(reason_name, 'X', strlen(reason_name));
	memset(node_class, 0xff, sizeof(*node_class));
	memset(reason, 0xff, sizeof(*reason));
	free(name);
	free(reason_name);
	free(node_class);
	free(reason);
	after = texts_of(snapshot);
	ck_assert_str_eq(before, after);
	ck_assert_ptr_nonnull(strstr(after, "plugin"));
	ck_assert_ptr_nonnull(strstr(after, "refused"));
	free(before);
	free(after);
	gyre_snapshot_destroy(snapshot);
}
END_TEST

START_TEST(an_empty_graph_has_a_snapshot)
{
	struct fixture fixture;
	struct gyre_loop *loop = loop_create(&fixture);
	struct gyre_snapshot *snapshot = snapshot_of(loop);

	ck_assert_uint_eq(snapshot->n_nodes, 0);
	ck_assert_ptr_null(gyre_snapshot_find(snapshot, "in"));
	gyre_snapshot_destroy(snapshot);
	gyre_snapshot_destroy(NULL);
	gyre__graph_destroy(loop->graph);
}
END_TEST

START_TEST(what_waits_is_what_the_loop_said)
{
	struct fixture fixture;
	struct gyre_loop *loop = loop_create(&fixture);
	struct gyre_snapshot *snapshot;

	gyre__graph_inject_waiting(loop->graph, 17);
	snapshot = snapshot_of(loop);
	ck_assert_uint_eq(snapshot->inject_waiting, 17);
	gyre_snapshot_destroy(snapshot);
	gyre__graph_destroy(loop->graph);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
	struct fixture fixture;
	struct gyre_loop *loop = graph_create(&fixture);
	struct gyre_snapshot *none = (void *)&fixture, *snapshot = none;
	unsigned failures = 0;
	int status = -ENOMEM;

	for (; status < 0; failures += status < 0) {
		allocations_left = failures;
		status = gyre_snapshot_create(loop, &snapshot);
		allocations_left = UINT_MAX;
		ck_assert(status == 0 || (status == -ENOMEM && snapshot == none));
	}
	/* At least one for the snapshot, one for its list, one for each node. */
	ck_assert_uint_ge(failures, 2 + 4);
	ck_assert_uint_eq(snapshot->n_nodes, 4);
	gyre_snapshot_destroy(snapshot);
	gyre__graph_destroy(loop->graph);
}
END_TEST

/* The same instance is found by name wherever it stands; another of its name is not taken for it.
 */
START_TEST(earlier_counters_are_found_by_name)
{
	struct fixture fixture;
	struct gyre_loop *loop = graph_create(&fixture);
	struct gyre_snapshot *first, *second;
	const struct gyre_node_stats *sort;
	struct gyre_node_id id;

	items_run(loop, 8);
	first = snapshot_of(loop);
	ck_assert_int_eq(gyre_node_find(loop, "early", &id), 0);
	ck_assert_int_eq(gyre_node_del(loop, id), 0);
	node_add(loop, &out_class, "early");
	ck_assert_int_eq(gyre_graph_build(loop, NULL), 0);
	items_run(loop, 4);
	second = snapshot_of(loop);
	sort = gyre_snapshot_find(second, "sort");
	for (unsigned guess = 0; guess < 6; guess++) {
		const struct gyre_node_stats *before = gyre__snapshot_before(first, sort, guess);

		ck_assert_ptr_eq(before, gyre_snapshot_find(first, "sort"));
		ck_assert_uint_eq(sort->items - before->items, 4);
	}
	ck_assert_ptr_null(gyre__snapshot_before(NULL, sort, 0));
	ck_assert_ptr_nonnull(gyre_snapshot_find(first, "early"));
	ck_assert_ptr_null(gyre__snapshot_before(first, gyre_snapshot_find(second, "early"), 0));
	/* Counters never go back. */
	ck_assert_ptr_null(gyre__snapshot_before(second, gyre_snapshot_find(first, "sort"), 0));
	gyre_snapshot_destroy(first);
	gyre_snapshot_destroy(second);
	gyre__graph_destroy(loop->graph);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tcase = tcase_create("snapshot");

	tcase_add_test(tcase, every_counter_is_copied);
	tcase_add_test(tcase, inputs_come_first_then_ranks);
	tcase_add_test(tcase, nodes_not_yet_built_come_last);
	tcase_add_test(tcase, disabled_nodes_say_so);
	tcase_add_test(tcase, a_snapshot_outlives_all_it_was_made_of);
	tcase_add_test(tcase, an_empty_graph_has_a_snapshot);
	tcase_add_test(tcase, what_waits_is_what_the_loop_said);
	tcase_add_test(tcase, without_memory_there_is_none);
	tcase_add_test(tcase, earlier_counters_are_found_by_name);
	suite_add_tcase(suite, tcase);
	return suite;
}
