/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/snapshot.c: what a snapshot of a graph that ran says, in which order, at once and in
 * chunks between which nodes come and go; that it stands alone when nodes, classes and graph are
 * gone, and which node of an earlier one is the same.
 */
#include "allocator.h"
#include "harness.h"
#include "sorter.h"

#include "graph/graph.h"
#include "graph/snapshot.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies a chunk; whether it was the last one. The nodes are counted. */
static bool chunk_copy(struct gyre_loop *loop, uint32_t *index, struct gyre__copy *copy,
	unsigned units, unsigned *n)
{
	bool over;

	copy->units = units;
	copy->looks = UINT_MAX;
	over = gyre__graph_copy(loop->graph, index, copy);
	*n += units - copy->units;
	return over;
}

static unsigned fails_at = UINT_MAX; /* the allocation that fails in what follows */

/* The memory and the list are the snapshot's. */
static int snapshot_make(
	const struct gyre__copy *copy, unsigned n, struct gyre_snapshot **ret_snapshot)
{
	struct gyre_snapshot *snapshot = __real_calloc(1, sizeof(*snapshot));
	int status;

	snapshot->memory = copy->memory;
	snapshot->n_nodes = n;
	allocations_left = fails_at;
	status = gyre__snapshot_nodes(snapshot, copy->memory);
	allocations_left = UINT_MAX;
	if (status < 0)
		gyre_snapshot_destroy(snapshot);
	else
		*ret_snapshot = snapshot;
	return status;
}

/* All at once, in memory that is just large enough. */
static int snapshot_create(struct gyre_loop *loop, struct gyre_snapshot **ret_snapshot)
{
	struct gyre__copy copy = {.memory = NULL};
	uint32_t index = 0;
	unsigned n = 0;
	int status;

	ck_assert(chunk_copy(loop, &index, &copy, UINT_MAX, &n));
	copy.size = copy.used;
	copy.memory = __real_malloc(copy.size + 1);
	copy.used = n = index = 0;
	ck_assert(chunk_copy(loop, &index, &copy, UINT_MAX, &n));
	ck_assert_uint_eq(copy.used, copy.size);
	status = snapshot_make(&copy, n, ret_snapshot);
	if (status == 0)
		gyre__graph_head(loop->graph, *ret_snapshot);
	return status;
}

static struct gyre_snapshot *snapshot_of(struct gyre_loop *loop)
{
	struct gyre_snapshot *snapshot;

	ck_assert_int_eq(snapshot_create(loop, &snapshot), 0);
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

/* Of memory that is too small it says how much it takes, and writes nothing behind its end. */
START_TEST(what_does_not_fit_is_measured)
{
	struct fixture fixture;
	struct gyre_loop *loop = graph_create(&fixture);
	struct gyre__copy all = {.memory = NULL};
	uint32_t index = 0;
	unsigned n = 0;

	ck_assert(chunk_copy(loop, &index, &all, UINT_MAX, &n));
	ck_assert_uint_eq(n, 4);
	for (size_t size = 0; size < all.used; size += 8) {
		struct gyre__copy copy = {.memory = __real_malloc(all.used), .size = size};

		memset(copy.memory, 0x5a, all.used);
		index = n = 0;
		ck_assert(chunk_copy(loop, &index, &copy, UINT_MAX, &n));
		ck_assert_uint_eq(n, 4);
		ck_assert_uint_eq(copy.used, all.used);
		for (size_t at = size; at < all.used; at++)
			ck_assert_int_eq(copy.memory[at], 0x5a);
		free(copy.memory);
	}
	gyre__graph_destroy(loop->graph);
}
END_TEST

/* Between two chunks one node goes that was copied, one that was not, and one comes in the place of
 * the first: it is not seen, and the edge to the one that went leads nowhere. */
START_TEST(nodes_may_come_and_go_between_chunks)
{
	static const char *const names[] = {"in", "sort", "out"};
	struct fixture fixture;
	struct gyre_loop *loop = loop_create(&fixture);
	struct gyre__copy copy = {.memory = __real_malloc(8192), .size = 8192};
	struct gyre_node_id other = node_add(loop, &out_class, "other");
	struct gyre_node_id out = node_add(loop, &out_class, "out"), early;
	struct gyre_node_id sort = node_add(loop, &sort_class, "sort");
	struct gyre_snapshot *snapshot;
	uint32_t index = 0;
	unsigned n = 0;

	node_add(loop, &in_class, "in");
	early = node_add(loop, &early_class, "early");
	ck_assert_int_eq(gyre_graph_build(loop, NULL), 0);
	ck_assert_int_eq(gyre_node_del(loop, other), 0);
	ck_assert(!chunk_copy(loop, &index, &copy, 1, &n));
	ck_assert_uint_eq(index, out.index + 1);
	ck_assert_int_eq(gyre_node_del(loop, early), 0);
	ck_assert_int_eq(gyre_node_connect(loop, sort, 0, "another"), 0);
	node_add(loop, &out_class, "another");
	ck_assert_int_eq(gyre_graph_build(loop, NULL), 0);
	while (!chunk_copy(loop, &index, &copy, 1, &n))
		;
	ck_assert_uint_le(copy.used, copy.size);
	ck_assert_int_eq(snapshot_make(&copy, n, &snapshot), 0);
	places_check(snapshot, names, 3);
	ck_assert_uint_eq(snapshot->nodes[0].nexts[0], 1);
	ck_assert_uint_eq(snapshot->nodes[1].nexts[0], UINT_MAX);
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
		fails_at = failures;
		status = snapshot_create(loop, &snapshot);
		fails_at = UINT_MAX;
		ck_assert(status == 0 || (status == -ENOMEM && snapshot == none));
	}
	ck_assert_uint_eq(failures, 2); /* the list, and where each node is in it */
	ck_assert_uint_eq(snapshot->n_nodes, 4);
	gyre_snapshot_destroy(snapshot);
	gyre__graph_destroy(loop->graph);
}
END_TEST

/* The same instance is found wherever it stands; another of its name is not taken for it. */
START_TEST(earlier_counters_are_found_by_id)
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
	tcase_add_test(tcase, what_does_not_fit_is_measured);
	tcase_add_test(tcase, nodes_may_come_and_go_between_chunks);
	tcase_add_test(tcase, without_memory_there_is_none);
	tcase_add_test(tcase, earlier_counters_are_found_by_id);
	suite_add_tcase(suite, tcase);
	return suite;
}
