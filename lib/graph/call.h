/* SPDX-License-Identifier: Apache-2.0 */
/* How the dispatcher calls a node: counted as a rule, and every so often clocked. */
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

/* Counts a call; whether it is one to be clocked. */
static inline bool call_count(struct gyre_node *node)
{
	uint64_t calls = node->calls + 1;

	__atomic_store_n(&node->calls, calls, __ATOMIC_RELAXED);
	return (uint32_t)calls == node->clocked;
}

/* Appoints the next call to be clocked; false: none is. */
static bool sample_next(const struct gyre__graph *graph, struct gyre_node *node)
{
	node->clocked += graph->sample_period;
	return graph->sample_period != 0;
}

static __attribute__((noinline)) gyre_next process_clocked(
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	bool sampled = sample_next(graph, node);
	uint64_t began = sampled ? clock_read(graph) : 0;
	gyre_next next = node->fn.process(node, items, graph->nexts, n);

	if (sampled)
		sample_count(graph, node, n, began);
	return next;
}

static inline gyre_next process(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n, bool stats)
{
	graph->current = node;
	if (stats) {
		gyre__count(&node->items, n);
		if (gyre_unlikely(call_count(node)))
			return process_clocked(graph, node, items, n);
	}
	return node->fn.process(node, items, graph->nexts, n);
}

#endif
