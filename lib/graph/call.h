/* SPDX-License-Identifier: Apache-2.0 */
/* How the dispatcher calls nodes and polls inputs: counted as a rule, in some sweeps clocked. */
#ifndef GYRE_LIB_GRAPH_CALL_H
#define GYRE_LIB_GRAPH_CALL_H

#include "graph/state.h"

static uint64_t clock_read(const struct gyre__graph *graph)
{
	return gyre__clock_read(graph->loop->clock);
}

static void sample_count(
	const struct gyre__graph *graph, struct gyre_node *node, unsigned n, uint64_t began)
{
	struct gyre__node *cold = node->cold;
	uint64_t clocks = clock_read(graph) - began;

	gyre__count(&cold->sampled_calls, 1);
	gyre__count(&cold->sampled_items, n);
	gyre__count(&cold->sampled_clocks, clocks);
	if (clocks > cold->longest_clocks)
		gyre__count(&cold->longest_clocks, clocks - cold->longest_clocks);
}

static inline void call_count(struct gyre_node *node, size_t n)
{
	gyre__count(&node->items, n);
	gyre__count(&node->calls, 1);
}

static __attribute__((noinline)) gyre_next process_watched(
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	uint64_t began = graph->clocked ? clock_read(graph) : 0;
	gyre_next next;

	if (graph->stats)
		call_count(node, n);
	next = node->fn.process(node, items, graph->nexts, n);
	if (graph->clocked)
		sample_count(graph, node, n, began);
	return next;
}

static inline gyre_next process(struct gyre__graph *graph, struct gyre_node *node, void **items,
	size_t n, enum gyre__sight sight)
{
	graph->current = node;
	if (sight == GYRE__WATCHED)
		return process_watched(graph, node, items, n);
	if (sight == GYRE__COUNTED)
		call_count(node, n);
	return node->fn.process(node, items, graph->nexts, n);
}

/* What an input wrote is what it brought, whatever it says. */
static inline uint64_t items_count(struct gyre_node *node)
{
	uint64_t n = node->created;

	__atomic_store_n(&node->created, 0, __ATOMIC_RELAXED);
	gyre__count(&node->items, n);
	return n;
}

static __attribute__((noinline)) unsigned poll_watched(
	struct gyre__graph *graph, struct gyre_node *node)
{
	uint64_t began = graph->clocked ? clock_read(graph) : 0;
	unsigned n;

	if (graph->stats)
		gyre__count(&node->calls, 1);
	node->fn.poll(node, graph->sweep.vector);
	n = items_count(node);
	if (graph->clocked)
		sample_count(graph, node, n, began);
	return n;
}

static inline uint64_t poll_input(
	struct gyre__graph *graph, struct gyre_node *node, enum gyre__sight sight)
{
	graph->current = node;
	if (sight == GYRE__WATCHED)
		return poll_watched(graph, node);
	if (sight == GYRE__COUNTED)
		gyre__count(&node->calls, 1);
	node->fn.poll(node, graph->sweep.vector);
	return items_count(node);
}

#endif
