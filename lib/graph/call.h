/* SPDX-License-Identifier: Apache-2.0 */
/* How the dispatcher calls nodes and polls inputs: counted as a rule, in some sweeps clocked. */
#ifndef GYRE_LIB_GRAPH_CALL_H
#define GYRE_LIB_GRAPH_CALL_H

#include "graph/state.h"

/* Of so many sweeps one is watched, or more. */
#define WATCH 1024

/* 1 to 2 * mean - 1, each as likely: what has a period of its own is met as often as all else. */
static uint64_t gap_draw(struct gyre__graph *graph, unsigned mean)
{
	/* Knuth's MMIX, The Art of Computer Programming, volume 2, 3.3.4 */
	graph->random =
		graph->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return 1 + (graph->random >> 32) % (2 * (uint64_t)mean - 1);
}

/* In a sweep that is watched it is learned what runs after what, and in one of sample_period calls
 * are clocked. */
static __attribute__((noinline)) void sweep_watch(struct gyre__graph *graph)
{
	const unsigned period = graph->sample_period;
	uint64_t gap = gap_draw(graph, WATCH);

	graph->sight = GYRE__WATCHED;
	graph->unusual |= GYRE__WATCHING;
	if (period) {
		graph->clocked = graph->stats && !graph->unclocked;
		if (!graph->unclocked)
			graph->unclocked = gap_draw(graph, period);
		if (gap > graph->unclocked)
			gap = graph->unclocked;
		graph->unclocked -= gap;
	}
	graph->unwatched = gap;
}

static uint64_t clock_read(const struct gyre__graph *graph)
{
	return gyre__clock_read(graph->sweep.loop->clock);
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
	uint64_t began = graph->clocked ? clock_read(graph) : 0, calls = node->calls;
	unsigned n;

	if (graph->stats)
		gyre__count(&node->calls, 1);
	node->fn.poll(node, graph->sweep.vector);
	n = items_count(node);
	/* An input that another one disabled takes its call back. */
	if (graph->clocked && node->calls != calls)
		sample_count(graph, node, n, began);
	return n;
}

static inline uint64_t poll_input(
	struct gyre__graph *graph, struct gyre_node *node, enum gyre__sight sight)
{
	if (sight == GYRE__WATCHED)
		return poll_watched(graph, node);
	if (sight == GYRE__COUNTED)
		gyre__count(&node->calls, 1);
	node->fn.poll(node, graph->sweep.vector);
	return items_count(node);
}

#endif
