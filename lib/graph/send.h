/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the items of a vector go when not all go to one next: the part of the dispatcher that is
 * compiled once for each instruction set, by partition_*.c, each of which defines all_equal() and
 * split() before it includes this file. Called by the dispatcher through the node, for which the
 * table that each of them ends with chose the function when it was built. Invariant: no branch
 * depends on where an item goes, as long as that is a next whose frame has room; all else goes by
 * the scratch memory, or by send.c.
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

/* From the i-th item on, which is one that is not sent as simply as those before it. */
static __attribute__((noinline, cold)) uint64_t send_rest(struct gyre__graph *graph,
	struct gyre_node *node, void **items, size_t n, size_t i, uint64_t bits)
{
	gyre__send_slowly(node, graph->nexts + i, items + i, n - i);
	return gyre__pending_near(graph, node, bits);
}

/* Item by item, by no branch that depends on where they go; little is kept in registers, so that
 * few have to be saved. */
static __attribute__((noinline)) uint64_t send_few(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	struct gyre_node *const *const to_nodes = node->nexts;
	uint64_t bits = 0;
	size_t i = 0;

	do {
		const size_t next = graph->nexts[i];
		struct gyre_node *to;
		size_t at;

		if (gyre_unlikely(next >= node->n_nexts))
			return send_rest(graph, node, items, n, i, bits);
		to = to_nodes[next];
		at = to->waiting[GYRE__NOW];
		__asm__("" : "+r"(at)); /* not to be widened again and again */
		if (gyre_unlikely((unsigned)at == graph->sweep.vector))
			return send_rest(graph, node, items, n, i, bits);
		bits |= to->bit;
		to->waiting[GYRE__NOW] = at + 1;
		to->inbox[GYRE__NOW]->items[at] = items[i];
	} while (++i < n);
	return gyre__pending_near(graph, node, bits);
}

/* Functions of their own, so that few ways do not save and keep what many need. */
static __attribute__((noinline)) uint64_t send_two(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return send_ways(graph, node, items, n, 2);
}

static __attribute__((noinline)) uint64_t send_three(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return send_ways(graph, node, items, n, 3);
}

static __attribute__((noinline)) uint64_t send_four(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return send_ways(graph, node, items, n, 4);
}

static __attribute__((noinline)) uint64_t send_any(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return send_ways(graph, node, items, n, node->ways);
}

/* Likewise, so that few items do not either. */
static uint64_t few_or_two(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return n < FEW ? send_few(graph, node, items, n) : send_two(graph, node, items, n);
}

static uint64_t few_or_three(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return n < FEW ? send_few(graph, node, items, n) : send_three(graph, node, items, n);
}

static uint64_t few_or_four(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return n < FEW ? send_few(graph, node, items, n) : send_four(graph, node, items, n);
}

static uint64_t few_or_any(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return n < FEW ? send_few(graph, node, items, n) : send_any(graph, node, items, n);
}

static gyre__send_fn *sender(const struct gyre_node *node)
{
	static gyre__send_fn *const by_ways[] = {send_few, few_or_any, few_or_two, few_or_three,
		few_or_four, few_or_any, few_or_any};

	_Static_assert(sizeof(by_ways) / sizeof(*by_ways) == GYRE__WAYS_MAX + 1, "each is there");
	return node->near == GYRE__FAR ? gyre__send_far : by_ways[node->ways];
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
