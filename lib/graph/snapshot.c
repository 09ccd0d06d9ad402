/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of all counters and of the graph's shape. Called by applications on the loop's thread,
 * which is the counters' only writer, so that they belong to one moment; reads the structs of
 * state.h and calls nothing that changes them. Invariant: a snapshot points at nothing but its own
 * memory: it outlives nodes, classes and the loop.
 */
#include "graph/snapshot.h"

#include "graph/graph.h"
#include "graph/state.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* What a snapshot is made from. */
struct plan {
	struct gyre__graph *graph;
	struct gyre__node **nodes; /* in the snapshot's order */
	unsigned *places; /* in that order, by the index of a node's id */
};

/* Inputs in the order of polling, then by rank; last what was added since the graph was built. */
static uint64_t node_key(const struct gyre__node *node)
{
	if (!node->built)
		return UINT64_MAX;
	return gyre__node_is_input(node) ? node->hot->rank : UINT32_MAX + (uint64_t)node->hot->rank;
}

static int node_compare(const void *a, const void *b)
{
	const struct gyre__node *left = *(struct gyre__node *const *)a;
	const struct gyre__node *right = *(struct gyre__node *const *)b;
	uint64_t left_key = node_key(left), right_key = node_key(right);

	if (left_key != right_key)
		return left_key < right_key ? -1 : 1;
	return left->id.index < right->id.index ? -1 : left->id.index > right->id.index;
}

static void plan_fini(struct plan *plan)
{
	free(plan->nodes);
	free(plan->places);
}

static int plan_init(struct plan *plan, struct gyre__graph *graph)
{
	unsigned n = 0;

	plan->graph = graph;
	plan->nodes = calloc(graph->n_nodes + 1, sizeof(plan->nodes[0]));
	plan->places = calloc(GYRE__NODE_MAX, sizeof(plan->places[0]));
	if (!plan->nodes || !plan->places) {
		plan_fini(plan);
		return -ENOMEM;
	}
	for (struct gyre__node *node = graph->first; node; node = node->next)
		plan->nodes[n++] = node;
	qsort(plan->nodes, n, sizeof(plan->nodes[0]), node_compare);
	for (unsigned i = 0; i < n; i++)
		plan->places[plan->nodes[i]->id.index] = i;
	return 0;
}

/* Where an edge leads: what the dispatcher follows once the graph is built, before that what is
 * named. UINT_MAX: nowhere yet. */
static unsigned next_place(const struct plan *plan, const struct gyre__node *node, unsigned next)
{
	struct gyre_node_id id;

	if (node->built)
		return plan->places[node->hot->edges[next].node->cold->id.index];
	if (!node->targets[next] || gyre_node_find(plan->graph->loop, node->targets[next], &id) < 0)
		return UINT_MAX;
	return plan->places[id.index];
}

static size_t texts_size(const struct gyre__node *node)
{
	size_t size = strlen(node->name) + 1 + strlen(node->node_class->name) + 1;

	for (unsigned i = 0; i < node->n_reasons; i++)
		size += strlen(node->reasons[i].name) + 1;
	return size;
}

/* Copies a text to *end and moves that behind it. */
static const char *text_copy(char **end, const char *text)
{
	char *copy = *end;

	*end = stpcpy(copy, text) + 1;
	return copy;
}

/* One block, which `reasons` points at, holds all that the node's stats point at. */
static int lists_copy(
	struct gyre_node_stats *stats, const struct plan *plan, const struct gyre__node *node)
{
	unsigned n_reasons = node->n_reasons, n_nexts = node->node_class->n_nexts;
	struct gyre_reason *reasons = malloc(n_reasons * (sizeof(*reasons) + sizeof(uint64_t)) +
					     n_nexts * sizeof(unsigned) + texts_size(node));

	if (!reasons)
		return -ENOMEM;
	uint64_t *drops = (uint64_t *)(reasons + n_reasons);
	unsigned *nexts = (unsigned *)(drops + n_reasons);
	char *end = (char *)(nexts + n_nexts);
	stats->name = text_copy(&end, node->name);
	stats->class_name = text_copy(&end, node->node_class->name);
	for (unsigned i = 0; i < n_reasons; i++) {
		reasons[i].severity = node->reasons[i].severity;
		reasons[i].name = text_copy(&end, node->reasons[i].name);
		drops[i] = node->drops[i];
	}
	for (unsigned i = 0; i < n_nexts; i++)
		nexts[i] = next_place(plan, node, i);
	stats->n_reasons = n_reasons;
	stats->reasons = reasons;
	stats->drops = drops;
	stats->n_nexts = n_nexts;
	stats->nexts = nexts;
	return 0;
}

static int node_copy(
	struct gyre_node_stats *stats, const struct plan *plan, const struct gyre__node *node)
{
	const struct gyre_node *hot = node->hot;
	unsigned place = plan->places[node->id.index];

	stats->kind = node->node_class->kind;
	stats->disabled = node->disabled;
	stats->rank = node->built ? hot->rank : plan->graph->n_ranks + place;
	stats->calls = hot->calls;
	stats->items = hot->items;
	stats->dropped = node->dropped;
	stats->punted = node->punted;
	stats->kept = hot->kept;
	stats->created = hot->created;
	stats->sampled_calls = node->sampled_calls;
	stats->sampled_items = node->sampled_items;
	stats->sampled_clocks = node->sampled_clocks;
	stats->longest_clocks = node->longest_clocks;
	return lists_copy(stats, plan, node);
}

static int nodes_copy(struct gyre_snapshot *snapshot, const struct plan *plan)
{
	unsigned n = plan->graph->n_nodes;

	snapshot->nodes = calloc(n + 1, sizeof(snapshot->nodes[0]));
	if (!snapshot->nodes)
		return -ENOMEM;
	for (; snapshot->n_nodes < n; snapshot->n_nodes++) {
		unsigned i = snapshot->n_nodes;
		int status = node_copy(&snapshot->nodes[i], plan, plan->nodes[i]);

		if (status < 0)
			return status;
	}
	return 0;
}

void gyre__graph_inject_waiting(struct gyre__graph *graph, uint64_t items)
{
	graph->inject_waiting = items;
}

int gyre_snapshot_create(struct gyre_loop *loop, struct gyre_snapshot **ret_snapshot)
{
	struct gyre__graph *graph = loop->graph;
	struct gyre_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct plan plan;
	int status;

	if (!snapshot)
		return -ENOMEM;
	status = plan_init(&plan, graph);
	if (status < 0)
		goto fail;
	snapshot->now = loop->now;
	snapshot->vector = graph->vector;
	snapshot->frames = graph->pool.n_frames;
	snapshot->frames_free = graph->pool.n_free;
	snapshot->inject_waiting = graph->inject_waiting;
	status = nodes_copy(snapshot, &plan);
	plan_fini(&plan);
	if (status < 0)
		goto fail;
	*ret_snapshot = snapshot;
	return 0;

fail:
	gyre_snapshot_destroy(snapshot);
	return status;
}

void gyre_snapshot_destroy(struct gyre_snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		free((void *)snapshot->nodes[i].reasons);
	free(snapshot->nodes);
	free(snapshot);
}

const struct gyre_node_stats *gyre_snapshot_find(
	const struct gyre_snapshot *snapshot, const char *name)
{
	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		if (!strcmp(snapshot->nodes[i].name, name))
			return &snapshot->nodes[i];
	return NULL;
}

/* Whether `before` can be the same instance earlier: counters only grow. */
static bool grew(const struct gyre_node_stats *before, const struct gyre_node_stats *node)
{
	if (strcmp(before->class_name, node->class_name) || before->n_reasons != node->n_reasons)
		return false;
	for (unsigned i = 0; i < node->n_reasons; i++)
		if (before->drops[i] > node->drops[i])
			return false;
	return before->calls <= node->calls && before->items <= node->items &&
	       before->sampled_calls <= node->sampled_calls &&
	       before->sampled_items <= node->sampled_items &&
	       before->sampled_clocks <= node->sampled_clocks;
}

const struct gyre_node_stats *gyre__snapshot_before(
	const struct gyre_snapshot *since, const struct gyre_node_stats *node, unsigned guess)
{
	const struct gyre_node_stats *before;

	if (!since)
		return NULL;
	if (guess < since->n_nodes && !strcmp(since->nodes[guess].name, node->name))
		before = &since->nodes[guess];
	else
		before = gyre_snapshot_find(since, node->name);
	return before && grew(before, node) ? before : NULL;
}
