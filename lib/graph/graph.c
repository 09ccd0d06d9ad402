/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop's graph: made, asked, taken apart. Owns struct gyre__graph. Called by the loop and by
 * users, calls the other files of the room. Invariant: a graph that was created can be swept
 * and destroyed at any time, with no node, none built, or items pending.
 */
#include "graph/graph.h"

#include <errno.h>
#include <stdlib.h>

#include "graph/frame.h"
#include "graph/node.h"

/* Loops of vectors below it send but a few items at a time. */
#define SHORTEST 8

static_assert(offsetof(struct gyre_loop, now) == 0, "gyre_node_now() reads the first field");
static_assert(offsetof(struct gyre__graph, sweep) == 0, "a node's sweep is its graph");
static_assert(offsetof(struct gyre__pending, words) == sizeof(uint64_t), "node.h writes the words");

static void graph_options(struct gyre__graph *graph, const struct gyre_loop_options *options)
{
	graph->sweep.vector = options->vector;
	graph->hop_budget = options->hop_budget;
	graph->sample_period = options->sample_period;
	graph->stats = options->node_stats;
	graph->sight = graph->stats ? GYRE__COUNTED : GYRE__UNCOUNTED;
	graph->unwatched = 1;
	graph->unclocked = graph->sample_period ? graph->sample_period - 1 : 0;
	graph->word = GYRE__NO_WORD;
	graph->inject_max = options->inject_max;
	if (options->items)
		graph->items = *options->items;
	graph->punt = options->punt;
	graph->punt_arg = options->punt_arg;
}

static void partition_set(struct gyre__graph *graph, const struct gyre__partition_ops *partition)
{
	graph->partition = partition;
	/* In loops of the shortest vectors nothing but what runs first. */
	graph->foreseen = graph->sweep.vector < SHORTEST ? SHORTEST : partition->few;
	for (struct gyre__node *node = graph->first; node; node = node->next)
		node->hot->send = partition->sender(node->hot);
}

int gyre__graph_create(struct gyre_loop *loop, const struct gyre_loop_options *options,
	struct gyre__graph **ret_graph)
{
	size_t size = (sizeof(struct gyre__graph) + GYRE__LINE - 1) / GYRE__LINE * GYRE__LINE;
	struct gyre__graph *graph = aligned_alloc(GYRE__LINE, size);

	if (!graph)
		return -ENOMEM;
	memset(graph, 0, size);
	graph_options(graph, options);
	graph->sweep.loop = loop;
	graph->sweep.pending = (uint64_t *)&graph->pending[GYRE__NOW];
	graph->sweep.late = &graph->late;
	partition_set(graph, gyre__partition_get(GYRE_SIMD_AUTO));
	graph->start.cold = &graph->start_cold;
	gyre__pool_init(&graph->pool, graph->sweep.vector);
	graph->spill = gyre__frame_create(graph->sweep.vector);
	graph->inputs = calloc(1, sizeof(*graph->inputs));
	if (!graph->spill || !graph->inputs) {
		gyre__graph_destroy(graph);
		return -ENOMEM;
	}
	*ret_graph = graph;
	return 0;
}

static void items_release(struct gyre__graph *graph)
{
	for (struct gyre__node *node = graph->first; node; node = node->next)
		for (unsigned when = 0; when < 2; when++)
			gyre__inbox_release(graph, node->hot, when);
}

void gyre__graph_destroy(struct gyre__graph *graph)
{
	struct gyre__node *node;

	if (!graph)
		return;
	items_release(graph);
	/* In reverse order of adding; a fini may still look at nodes that were there before it. */
	while ((node = graph->last)) {
		graph->last = node->prev;
		if (node->node_class->fini)
			node->node_class->fini(node->hot);
		gyre__node_free(graph, node);
	}
	for (unsigned i = 0; i < GYRE__NODE_MAX / GYRE__NODE_CHUNK; i++)
		free(graph->chunks[i]);
	gyre__lines_fini(&graph->lines);
	gyre__pool_fini(&graph->pool);
	free(graph->spill);
	free(graph->by_rank);
	free(graph->inputs);
	free(graph->nexts_all);
	free(graph);
}

bool gyre__graph_changed(const struct gyre__graph *graph)
{
	return graph->changed;
}

unsigned gyre__graph_inputs(const struct gyre__graph *graph)
{
	return graph->n_enabled;
}

unsigned gyre__graph_frames_free(const struct gyre__graph *graph)
{
	unsigned n = graph->pool.n_free + graph->pool.n_lent;

	for (unsigned when = 0; when < 2; when++)
		for (unsigned word = 0; word < GYRE__NODE_MAX / 64; word++)
			n -= __builtin_popcountll(graph->pending[when].words[word]);
	return n;
}

bool gyre__graph_pending(const struct gyre__graph *graph)
{
	return gyre__pending_any(graph);
}

bool gyre__graph_running(const struct gyre__graph *graph)
{
	return graph->running;
}

int gyre__graph_enter(
	struct gyre__graph *graph, struct gyre_node_id id, void *const *items, unsigned n)
{
	struct gyre__node *node = gyre__node_live(graph, id);

	if (!node || !node->built || gyre__node_is_input(node))
		return -ESRCH;
	if (graph->unusual & GYRE__SWEEPING)
		return 0;
	graph->uneven = true;
	if (n > graph->inject_room)
		n = graph->inject_room;
	if (n > graph->room / node->product)
		n = graph->room / node->product;
	n = gyre__inbox_put(graph, node->hot, GYRE__NOW, items, n);
	graph->inject_room -= n;
	graph->room -= n * node->product;
	return n;
}

struct gyre_node *gyre__graph_node(struct gyre__graph *graph, struct gyre_node_id id)
{
	const struct gyre__node *node = gyre__node_live(graph, id);

	return node ? node->hot : NULL;
}

const struct gyre_node_class *gyre__graph_class(const struct gyre_node *node)
{
	return node->cold->node_class;
}

enum gyre_node_kind gyre__graph_kind(const struct gyre_node *node)
{
	return node->cold->node_class->kind;
}

int gyre_graph_simd_set(struct gyre_loop *loop, enum gyre_simd simd)
{
	const struct gyre__partition_ops *partition;

	if ((unsigned)simd > GYRE_SIMD_AVX512)
		return -EINVAL;
	partition = gyre__partition_get(simd);
	if (!partition)
		return -ENOTSUP;
	partition_set(loop->graph, partition);
	return 0;
}

enum gyre_simd gyre_graph_simd(const struct gyre_loop *loop)
{
	return loop->graph->partition->simd;
}
