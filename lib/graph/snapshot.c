/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nodes of a snapshot, in two halves. The loop's: each node as a record in memory that was
 * given, some a turn. The reader's, on whatever thread: records in the snapshot's order, with edges
 * that lead to places in it. Called by lib/snapshot.c; reads the structs of state.h and calls
 * nothing that changes them. Invariant: a record points at nothing, and a snapshot at nothing but
 * its own memory: it outlives nodes, classes and the loop.
 */
#include "graph/snapshot.h"

#include "graph/graph.h"
#include "graph/state.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NOT_BUILT UINT_MAX /* as a rank, until all have one */

/*
 * | record | drops | reasons, without names | edges | name, class, reasons' names | targets |
 *
 * An edge is the index and the generation of a node's id. A node that is not built has none yet,
 * and in their place the names of its targets, "" for one that has none.
 */
struct record {
	size_t size; /* to the next one */
	struct gyre_node_stats stats; /* its pointers are set by the reader */
};

struct parts {
	uint64_t *drops;
	struct gyre_reason *reasons;
	uint32_t *edges;
	char *texts;
};

static struct parts parts_of(struct record *record)
{
	struct parts parts;

	parts.drops = (uint64_t *)(record + 1);
	parts.reasons = (struct gyre_reason *)(parts.drops + record->stats.n_reasons);
	parts.edges = (uint32_t *)(parts.reasons + record->stats.n_reasons);
	parts.texts = (char *)(parts.edges + 2 * record->stats.n_nexts);
	return parts;
}

/* --- The loop's half --- */

static const char *target(const struct gyre__node *node, unsigned next)
{
	return node->targets[next] ? node->targets[next] : "";
}

static size_t record_size(const struct gyre__node *node)
{
	unsigned n_nexts = node->node_class->n_nexts;
	size_t size = sizeof(struct record) + node->texts_size;

	size += node->n_reasons * (sizeof(uint64_t) + sizeof(struct gyre_reason));
	size += n_nexts * 2 * sizeof(uint32_t);
	for (unsigned i = 0; !node->built && i < n_nexts; i++)
		size += strlen(target(node, i)) + 1;
	return (size + 7) / 8 * 8;
}

static void stats_write(struct gyre_node_stats *stats, const struct gyre__node *node)
{
	const struct gyre_node *hot = node->hot;

	stats->id = node->id;
	stats->kind = node->node_class->kind;
	stats->disabled = node->disabled;
	stats->rank = node->built ? hot->rank : NOT_BUILT;
	stats->n_reasons = node->n_reasons;
	stats->n_nexts = node->node_class->n_nexts;
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
}

static void record_write(struct record *record, const struct gyre__node *node, size_t size)
{
	struct parts parts;
	char *end;

	record->size = size;
	stats_write(&record->stats, node);
	parts = parts_of(record);
	memcpy(parts.drops, node->drops, node->n_reasons * sizeof(*parts.drops));
	memcpy(parts.reasons, node->reasons, node->n_reasons * sizeof(*parts.reasons));
	memcpy(parts.texts, node->texts, node->texts_size);
	end = parts.texts + node->texts_size;
	for (unsigned i = 0; i < record->stats.n_nexts; i++) {
		if (node->built) {
			struct gyre_node_id id = node->hot->nexts[i]->cold->id;

			parts.edges[2 * i] = id.index;
			parts.edges[2 * i + 1] = id.generation;
		} else {
			end = stpcpy(end, target(node, i)) + 1;
		}
	}
}

bool gyre__graph_copy(const struct gyre__graph *graph, uint32_t *index, struct gyre__copy *copy)
{
	while (gyre__copy_may_go_on(copy)) {
		const struct gyre__chunk *chunk;
		const struct gyre__node *node;
		struct record *record;

		if (*index >= GYRE__NODE_MAX || !graph->chunks[*index / GYRE__NODE_CHUNK])
			return true; /* chunks are made one after the other */
		chunk = graph->chunks[*index / GYRE__NODE_CHUNK];
		node = chunk->cold[(*index)++ % GYRE__NODE_CHUNK];
		if (!node)
			continue;
		size_t size = record_size(node);
		record = gyre__copy_room(copy, size);
		if (record)
			record_write(record, node, size);
	}
	return false;
}

void gyre__graph_head(const struct gyre__graph *graph, struct gyre_snapshot *snapshot)
{
	snapshot->vector = graph->sweep.vector;
	snapshot->frames = graph->pool.n_frames;
	snapshot->frames_free = gyre__graph_frames_free(graph);
}

/* --- The reader's half --- */

static bool same_id(struct gyre_node_id a, struct gyre_node_id b)
{
	return a.index == b.index && a.generation == b.generation;
}

static bool is_input(const struct gyre_node_stats *node)
{
	return node->kind == GYRE_NODE_INPUT || node->kind == GYRE_NODE_PRE_INPUT;
}

/* Takes a text at *at, and moves that behind it. */
static const char *text_take(const char **at)
{
	const char *text = *at;

	*at += strlen(text) + 1;
	return text;
}

static void stats_take(struct gyre_node_stats *stats, struct record *record)
{
	struct parts parts = parts_of(record);
	const char *at = parts.texts;

	*stats = record->stats;
	stats->name = text_take(&at);
	stats->class_name = text_take(&at);
	for (unsigned i = 0; i < stats->n_reasons; i++)
		parts.reasons[i].name = text_take(&at);
	stats->reasons = parts.reasons;
	stats->drops = parts.drops;
	stats->nexts = parts.edges; /* ids as yet */
}

/* Inputs in the order of polling, then by rank; last what was added since the graph was built. */
static uint64_t key_of(const struct gyre_node_stats *node)
{
	if (node->rank == NOT_BUILT)
		return UINT64_MAX;
	return is_input(node) ? node->rank : UINT32_MAX + (uint64_t)node->rank;
}

static int stats_compare(const void *a, const void *b)
{
	const struct gyre_node_stats *left = a, *right = b;
	uint64_t left_key = key_of(left), right_key = key_of(right);

	if (left_key != right_key)
		return left_key < right_key ? -1 : 1;
	return left->id.index < right->id.index ? -1 : left->id.index > right->id.index;
}

/* Where each node is: `places` by the index of its id. What is not built ranks behind the rest. */
static void places_fill(struct gyre_snapshot *snapshot, unsigned *places)
{
	unsigned rank = 0;

	for (unsigned i = 0; i < snapshot->n_nodes; i++) {
		struct gyre_node_stats *node = &snapshot->nodes[i];

		places[node->id.index] = i;
		if (node->rank == NOT_BUILT)
			node->rank = rank++;
		else if (rank <= node->rank)
			rank = node->rank + 1;
	}
}

static unsigned place_of(
	const struct gyre_snapshot *snapshot, const unsigned *places, struct gyre_node_id id)
{
	unsigned place = places[id.index];

	return place < snapshot->n_nodes && same_id(snapshot->nodes[place].id, id) ? place
										   : UINT_MAX;
}

static unsigned place_named(const struct gyre_snapshot *snapshot, const char *name)
{
	const struct gyre_node_stats *found = gyre_snapshot_find(snapshot, name);

	return found ? (unsigned)(found - snapshot->nodes) : UINT_MAX;
}

/* In place: an edge's place takes half the room of its id. */
static void edges_resolve(
	const struct gyre_snapshot *snapshot, const unsigned *places, struct record *record)
{
	const struct gyre_node_stats *stats = &record->stats;
	struct parts parts = parts_of(record);
	const char *at = parts.reasons[stats->n_reasons - 1].name;

	text_take(&at);
	for (unsigned i = 0; i < stats->n_nexts; i++) {
		struct gyre_node_id id = {parts.edges[2 * i], parts.edges[2 * i + 1]};

		parts.edges[i] = stats->rank == NOT_BUILT ? place_named(snapshot, text_take(&at))
							  : place_of(snapshot, places, id);
	}
}

int gyre__snapshot_nodes(struct gyre_snapshot *snapshot, char *records)
{
	unsigned *places = calloc(GYRE__NODE_MAX, sizeof(*places));
	unsigned n = snapshot->n_nodes;
	char *at = records;

	snapshot->nodes = calloc(n + 1, sizeof(snapshot->nodes[0]));
	if (!places || !snapshot->nodes) {
		free(places);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < n; i++, at += ((struct record *)at)->size)
		stats_take(&snapshot->nodes[i], (struct record *)at);
	qsort(snapshot->nodes, n, sizeof(snapshot->nodes[0]), stats_compare);
	places_fill(snapshot, places);
	at = records;
	for (unsigned i = 0; i < n; i++, at += ((struct record *)at)->size)
		edges_resolve(snapshot, places, (struct record *)at);
	free(places);
	return 0;
}

void gyre_snapshot_destroy(struct gyre_snapshot *snapshot)
{
	if (!snapshot)
		return;
	free(snapshot->nodes);
	free(snapshot->memory);
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

const struct gyre_node_stats *gyre__snapshot_before(
	const struct gyre_snapshot *since, const struct gyre_node_stats *node, unsigned guess)
{
	const struct gyre_node_stats *before = NULL;

	if (since && guess < since->n_nodes && same_id(since->nodes[guess].id, node->id))
		before = &since->nodes[guess];
	for (unsigned i = 0; since && !before && i < since->n_nodes; i++)
		if (same_id(since->nodes[i].id, node->id))
			before = &since->nodes[i];
	return before && before->calls <= node->calls ? before : NULL;
}
