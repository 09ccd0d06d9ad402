/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the items of a vector go when not all go to one next: the part of the dispatcher that is
 * compiled once for each instruction set, by partition_*.c, each of which defines all_equal() and
 * split() before it includes this file. Called by the dispatcher through the table that each of
 * them ends with. Invariant: no branch depends on where an item goes, as long as that is a next
 * whose frame has room; all else goes by the scratch memory, or by send.c.
 */
#include "graph/drop.h"
#include "graph/frame.h"

/* What has no next, code by code; the others went to the nodes of these bits. */
static __attribute__((noinline)) uint64_t send_codes(struct gyre__graph *graph,
	struct gyre_node *node, void **items, unsigned n, unsigned ways, uint64_t bits)
{
	gyre_next *nexts = graph->nexts;
	void **same = graph->scratch[0];

	for (unsigned i = 0; i < n; i++) {
		gyre_next code = nexts[i];
		unsigned m = 0;

		if (code < ways)
			continue;
		for (unsigned k = i; k < n; k++)
			if (nexts[k] == code) {
				same[m++] = items[k];
				nexts[k] = 0;
			}
		gyre__drop_code(node, code, same, m);
	}
	return gyre__pending_near(graph, node, bits);
}

/* Where a frame has no room for all: by way of the scratch memory. */
static __attribute__((noinline)) uint64_t send_roomless(
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	const unsigned ways = node->ways;
	void **firsts[GYRE__WAYS_MAX] = {0};
	unsigned counts[GYRE__WAYS_MAX] = {0}, sum = 0;

	for (unsigned way = 0; way < ways; way++)
		firsts[way] = graph->scratch[way];
	split(firsts, counts, items, graph->nexts, n, ways);
	for (unsigned way = 0; way < ways; way++) {
		gyre__edge_put(node, node->nexts[way], firsts[way], counts[way]);
		sum += counts[way];
	}
	if (sum < n)
		send_codes(graph, node, items, n, ways, 0);
	return 0;
}

/* A node's bit, if items were sent to it: by no branch. */
INLINE uint64_t bit_if(const struct gyre_node *to, unsigned n)
{
	return to->bit & -(uint64_t)(n != 0);
}

INLINE uint64_t send_ways(
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n, unsigned ways)
{
	void **firsts[GYRE__WAYS_MAX] = {0};
	unsigned counts[GYRE__WAYS_MAX] = {0}, sum = 0;
	int room = 0; /* below 0: not enough */
	uint64_t bits = 0;

#pragma GCC unroll 6
	for (unsigned way = 0; way < ways; way++) {
		const struct gyre_node *to = node->nexts[way];
		unsigned at = to->waiting[GYRE__NOW];

		room |= (int)(graph->sweep.vector - n - at);
		firsts[way] = to->inbox[GYRE__NOW]->items + at;
	}
	if (gyre_unlikely(room < 0))
		return send_roomless(graph, node, items, n);
	split(firsts, counts, items, graph->nexts, n, ways);
#pragma GCC unroll 6
	for (unsigned way = 0; way < ways; way++) {
		struct gyre_node *to = node->nexts[way];

		to->waiting[GYRE__NOW] += counts[way];
		bits |= bit_if(to, counts[way]);
		sum += counts[way];
	}
	if (gyre_unlikely(sum < n))
		return send_codes(graph, node, items, n, ways, bits);
	return gyre__pending_near(graph, node, bits);
}

/* Item by item, by no branch that depends on where they go, with all that the loop asks for in
 * registers. */
static __attribute__((noinline)) uint64_t send_few(
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	struct gyre_node *const *const to_nodes = node->nexts;
	const unsigned n_nexts = node->n_nexts, vector = graph->sweep.vector;
	const gyre_next *const nexts = graph->nexts;
	uint64_t bits = 0;
	size_t i = 0;

	do {
		struct gyre_node *to;
		unsigned at;

		if (gyre_unlikely(nexts[i] >= n_nexts))
			break;
		to = to_nodes[nexts[i]];
		at = to->waiting[GYRE__NOW];
		if (gyre_unlikely(at == vector))
			break;
		to->waiting[GYRE__NOW] = at + 1;
		to->inbox[GYRE__NOW]->items[at] = items[i];
		bits |= to->bit;
	} while (++i < n);
	if (gyre_unlikely(i < n))
		gyre__send_slowly(node, nexts + i, items + i, n - i);
	return gyre__pending_near(graph, node, bits);
}

/* Functions of their own, so that few ways do not save and keep what many need. */
static __attribute__((noinline)) uint64_t send_two(
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	return send_ways(graph, node, items, n, 2);
}

static __attribute__((noinline)) uint64_t send_three(
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	return send_ways(graph, node, items, n, 3);
}

static __attribute__((noinline)) uint64_t send_four(
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	return send_ways(graph, node, items, n, 4);
}

static __attribute__((noinline)) uint64_t send_any(
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	return send_ways(graph, node, items, n, node->ways);
}

static uint64_t send(struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	if (gyre_unlikely(node->near == GYRE__FAR)) {
		gyre__send_far(graph, node, items, n);
		return 0;
	}
	if (n < FEW || !node->ways)
		return send_few(graph, node, items, n);
	if (node->ways == 2)
		return send_two(graph, node, items, n);
	if (node->ways == 4)
		return send_four(graph, node, items, n);
	if (node->ways == 3)
		return send_three(graph, node, items, n);
	return send_any(graph, node, items, n);
}

static void split_any(
	void ***places, void *const *items, const gyre_next *nexts, unsigned n, unsigned ways)
{
	unsigned counts[GYRE__WAYS_MAX];

	if (ways == 2)
		split(places, counts, items, nexts, n, 2);
	else if (ways == 4)
		split(places, counts, items, nexts, n, 4);
	else
		split(places, counts, items, nexts, n, ways);
	for (unsigned way = 0; way < ways; way++)
		places[way] += counts[way];
}
