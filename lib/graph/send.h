/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the items of a vector go when not all go to one next: the part of the dispatcher that is
 * compiled once for each instruction set, by partition_*.c, each of which defines all_equal() and
 * split() before it includes this file. Called by the dispatcher through the table that each of
 * them ends with. Invariant: no branch depends on where an item goes, as long as that is a next
 * whose frame has room; all else goes by the scratch memory.
 */
#include "graph/drop.h"
#include "graph/frame.h"

/* Where the items of each way go. */
struct places {
	void **first[GYRE__WAYS_MAX];
	void **end[GYRE__WAYS_MAX];
	unsigned slow; /* bits of the ways that go by the scratch memory: no room */
};

INLINE void places_open(struct places *places, struct gyre__graph *graph,
	const struct gyre_node *node, unsigned n, unsigned ways)
{
	const unsigned parity = graph->sweep.parity, vector = graph->sweep.vector;

	places->slow = 0;
#pragma GCC unroll 4
	for (unsigned way = 0; way < ways; way++) {
		const struct gyre_node *to = node->nexts[way];
		unsigned at = to->waiting[parity];

		places->first[way] = to->inbox[parity]->items + at;
		if (gyre_unlikely(at + n > vector)) {
			places->first[way] = graph->scratch[way];
			places->slow |= 1u << way;
		}
		places->end[way] = places->first[way];
	}
}

/* What has no next, code by code. */
static __attribute__((noinline)) void send_codes(
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n, unsigned ways)
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
}

/* By value, so that the compiler may keep the places in registers until then. */
static __attribute__((noinline)) void places_empty(
	struct places places, struct gyre__graph *graph, struct gyre_node *node)
{
	for (unsigned way = 0; places.slow; way++, places.slow >>= 1)
		if (places.slow & 1)
			gyre__edge_put(node, node->nexts[way], graph->scratch[way],
				places.end[way] - places.first[way]);
}

/* Returns how many items have a place. */
INLINE unsigned places_close(const struct places *places, struct gyre__graph *graph,
	struct gyre_node *node, unsigned ways)
{
	const unsigned parity = graph->sweep.parity;
	unsigned sum = 0;
	uint64_t bits = 0;

#pragma GCC unroll 4
	for (unsigned way = 0; way < ways; way++) {
		struct gyre_node *to = node->nexts[way];
		unsigned count = places->end[way] - places->first[way];

		sum += count;
		if (gyre_unlikely(places->slow & 1u << way))
			continue;
		to->waiting[parity] += count;
		bits |= (uint64_t)(count != 0) << to->rank % 64;
	}
	gyre__pending_near(graph, node, bits);
	return sum;
}

INLINE void send_ways(
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n, unsigned ways)
{
	struct places places;
	unsigned placed;

	places_open(&places, graph, node, n, ways);
	split(places.end, items, graph->nexts, n, ways);
	placed = places_close(&places, graph, node, ways);
	if (gyre_unlikely(places.slow))
		places_empty(places, graph, node);
	if (gyre_unlikely(placed < n))
		send_codes(graph, node, items, n, ways);
}

static void send(struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	switch (node->ways) {
	case 1:
		send_ways(graph, node, items, n, 1);
		return;
	case 2:
		send_ways(graph, node, items, n, 2);
		return;
	case 3:
		send_ways(graph, node, items, n, 3);
		return;
	case 4:
		send_ways(graph, node, items, n, 4);
		return;
	default:
		send_ways(graph, node, items, n, node->ways);
	}
}

static void split_any(
	void ***places, void *const *items, const gyre_next *nexts, unsigned n, unsigned ways)
{
	switch (ways) {
	case 2:
		split(places, items, nexts, n, 2);
		return;
	case 4:
		split(places, items, nexts, n, 4);
		return;
	default:
		split(places, items, nexts, n, ways);
	}
}
