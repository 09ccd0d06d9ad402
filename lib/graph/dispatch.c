/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sweep: inputs are polled, then nodes run in rank order until nothing is pending. Read this
 * first. Owns nothing but the order of things. Called by the loop's turn; calls the nodes'
 * functions, partition code, frames and drops. Invariant: an item that a node was called with goes
 * to exactly one place, and a node runs after all that can still lead items to it in this
 * generation.
 */
#include "graph/drop.h"
#include "graph/frame.h"
#include "graph/graph.h"
#include "graph/node.h"

#include <errno.h>

/* Vectors below it are sent item by item. */
#define FEW 12
/* So many different nexts are compressed one after the other; the rest is scattered. */
#define ROUNDS 4

#define WORDS GYRE__PARTITION_WORDS(GYRE_VECTOR_MAX)

/* --- Calling a node --- */

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

/* Whether the node's call is one that is clocked. */
static inline bool sample_due(const struct gyre__graph *graph, struct gyre_node *node)
{
	if (gyre_likely(--node->countdown))
		return false;
	node->countdown = graph->sample_period ? graph->sample_period : UINT32_MAX;
	return graph->sample_period != 0;
}

static __attribute__((noinline)) gyre_next process_clocked(
	struct gyre__graph *graph, struct gyre_node *node, struct gyre_frame *frame)
{
	uint64_t began = clock_read(graph);
	gyre_next next = node->fn.process(node, gyre__frame_items(frame), graph->nexts, frame->n);

	sample_count(graph, node, frame->n, began);
	return next;
}

static inline gyre_next process(
	struct gyre__graph *graph, struct gyre_node *node, struct gyre_frame *frame)
{
	__atomic_store_n(&graph->current, node, __ATOMIC_RELAXED);
	gyre__count(&node->calls, 1);
	gyre__count(&node->items, frame->n);
	if (gyre_unlikely(sample_due(graph, node)))
		return process_clocked(graph, node, frame);
	return node->fn.process(node, gyre__frame_items(frame), graph->nexts, frame->n);
}

/* --- Where its items go --- */

/* All to the same place: the frame itself moves on. */
static inline void send_frame(
	struct gyre__graph *graph, struct gyre_node *node, struct gyre_frame *frame, gyre_next next)
{
	if (gyre_likely(next < node->n_nexts)) {
		gyre__edge_hand(node, &node->edges[next], frame);
		return;
	}
	gyre__drop_code(node, next, gyre__frame_items(frame), frame->n);
	gyre__pool_put(&graph->pool, frame);
}

static inline void *choose(bool first, const void *a, const void *b)
{
	uintptr_t mask = -(uintptr_t)first;

	return (void *)(((uintptr_t)a & mask) | ((uintptr_t)b & ~mask));
}

/* One item. Whether something waits there already is anybody's guess when vectors are short: it is
 * computed, not branched on. */
static inline void send_one(
	struct gyre__graph *graph, struct gyre_node *node, gyre_next next, void **item)
{
	struct gyre_edge *edge = &node->edges[next];
	struct gyre_frame *free = graph->pool.free, *frame;
	struct gyre_inbox *inbox;
	bool first, lower;

	if (gyre_unlikely(next >= node->n_nexts)) {
		gyre__drop_code(node, next, item, 1);
		return;
	}
	inbox = &edge->node->inbox[graph->sweep.parity];
	first = !inbox->head;
	if (gyre_unlikely(edge->later || !free || inbox->tail->max - inbox->tail->n + first == 0)) {
		gyre__edge_put(node, edge, item, 1);
		return;
	}
	frame = choose(first, free, inbox->tail);
	graph->pool.free = choose(first, free->next, free);
	graph->pool.n_free -= first;
	frame->next = NULL;
	frame->n = (frame->n & (first - 1u)) + 1;
	gyre__frame_items(frame)[frame->n - 1] = *item;
	inbox->head = choose(first, frame, inbox->head);
	inbox->tail = frame;
	gyre__pending_set(&graph->pending[graph->sweep.parity], edge->rank);
	lower = edge->rank < graph->guess_rank;
	graph->guess = choose(lower, edge->node, graph->guess);
	graph->guess_rank = lower ? edge->rank : graph->guess_rank;
}

/* A short vector, in which masks do not pay. */
static void send_few(struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		send_one(graph, node, graph->nexts[i], &items[i]);
}

/* The items of a mask, `count` of them, straight into the next's frame where they fit there. */
static void send_mask(struct gyre__graph *graph, struct gyre_node *node, struct gyre_frame *frame,
	gyre_next next, const uint64_t *mask, unsigned count)
{
	void **items = gyre__frame_items(frame);
	void **scratch = gyre__frame_items(graph->scratch);
	struct gyre_frame *tail = gyre__next_tail(node, next);

	if (count <= tail->max - tail->n) {
		graph->partition->compress(
			gyre__frame_items(tail) + tail->n, items, mask, frame->n);
		tail->n += count;
		return;
	}
	if (next < node->n_nexts && tail == graph->sweep.full &&
		(tail = gyre__pool_get(&graph->pool))) {
		graph->partition->compress(gyre__frame_items(tail), items, mask, frame->n);
		tail->n = count;
		gyre__edge_hand(node, &node->edges[next], tail);
		return;
	}
	graph->partition->compress(scratch, items, mask, frame->n);
	if (next < node->n_nexts)
		gyre__edge_put(node, &node->edges[next], scratch, count);
	else
		gyre__drop_code(node, next, scratch, count);
}

static bool mask_first(const uint64_t *mask, unsigned *ret_first)
{
	for (unsigned i = 0; i < WORDS; i++)
		if (mask[i]) {
			*ret_first = i * 64 + __builtin_ctzll(mask[i]);
			return true;
		}
	return false;
}

/* Many different nexts: item by item. */
static void send_rest(
	struct gyre__graph *graph, struct gyre_node *node, void **items, uint64_t *rest)
{
	unsigned i;

	while (mask_first(rest, &i)) {
		send_one(graph, node, graph->nexts[i], &items[i]);
		rest[i / 64] &= rest[i / 64] - 1;
	}
}

static void send_many(struct gyre__graph *graph, struct gyre_node *node, struct gyre_frame *frame)
{
	uint64_t rest[WORDS] = {0};
	uint64_t mask[WORDS] = {0};
	unsigned n = frame->n, first, count;

	for (unsigned i = 0; i < n; i += 64)
		rest[i / 64] = UINT64_MAX >> (n - i < 64 ? 64 - (n - i) : 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (!mask_first(rest, &first))
			return;
		count = graph->partition->match(graph->nexts, n, graph->nexts[first], mask);
		send_mask(graph, node, frame, graph->nexts[first], mask, count);
		for (unsigned i = 0; i < WORDS; i++)
			rest[i] &= ~mask[i];
	}
	send_rest(graph, node, gyre__frame_items(frame), rest);
}

static void send_each(struct gyre__graph *graph, struct gyre_node *node, struct gyre_frame *frame)
{
	unsigned n = frame->n;

	if (n == 1 || graph->partition->all_equal(graph->nexts, n)) {
		send_frame(graph, node, frame, graph->nexts[0]);
		return;
	}
	if (n < FEW)
		send_few(graph, node, gyre__frame_items(frame), n);
	else
		send_many(graph, node, frame);
	gyre__pool_put(&graph->pool, frame);
}

/* --- The sweep --- */

/* Ends where nothing is pending: the next sweep has the pool to itself. */
static void sweep_end(struct gyre__graph *graph)
{
	graph->sweeping = false;
	graph->sweep.generation = 0;
	graph->room = graph->room_max;
	graph->inject_room = graph->inject_max;
}

static unsigned poll_input(struct gyre__graph *graph, struct gyre__node *input)
{
	struct gyre_node *node = input->hot;
	bool sampled = sample_due(graph, node);
	uint64_t began = sampled ? clock_read(graph) : 0;
	unsigned n;

	__atomic_store_n(&graph->current, node, __ATOMIC_RELAXED);
	node->fn.poll(node, graph->vector);
	/* What it wrote is what it brought, whatever it says. */
	n = node->created;
	__atomic_store_n(&node->created, 0, __ATOMIC_RELAXED);
	gyre__count(&node->calls, 1);
	gyre__count(&node->items, n);
	if (gyre_unlikely(sampled))
		sample_count(graph, node, n, began);
	graph->room -= n * input->product < graph->room ? n * input->product : graph->room;
	return n;
}

unsigned gyre__graph_poll(struct gyre__graph *graph)
{
	unsigned from = graph->poll_from, items = 0;

	if (graph->sweeping)
		return 0;
	if (!gyre__graph_pending(graph))
		sweep_end(graph);
	if (gyre_unlikely(graph->inputs_changed))
		gyre__inputs_list(graph);
	graph->poll_from = 0;
	for (unsigned i = 0; i < graph->n_inputs; i++) {
		unsigned turn = (from + i) % graph->n_inputs;
		struct gyre__node *input = graph->inputs[turn];

		/* The pool may not hold what it brings: it is the first one of the next turn. */
		if (gyre_unlikely(graph->room < graph->vector * input->product)) {
			graph->poll_from = turn;
			break;
		}
		if (!input->disabled)
			items += poll_input(graph, input);
	}
	__atomic_store_n(&graph->current, NULL, __ATOMIC_RELAXED);
	return items;
}

int gyre__graph_enter(
	struct gyre__graph *graph, struct gyre_node_id id, void *const *items, unsigned n)
{
	struct gyre__node *node = gyre__node_live(graph, id);

	if (!node || !node->built || gyre__node_is_input(node))
		return -ESRCH;
	if (graph->sweeping)
		return 0;
	if (n > graph->inject_room)
		n = graph->inject_room;
	if (n > graph->room / node->product)
		n = graph->room / node->product;
	n = gyre__inbox_put(graph, node->hot, graph->sweep.parity, items, n);
	graph->inject_room -= n;
	graph->room -= n * node->product;
	return n;
}

/* Items that crossed a back edge are the next generation. */
static bool generation_next(struct gyre__graph *graph)
{
	if (!graph->pending[graph->sweep.parity ^ 1].summary)
		return false;
	graph->sweep.parity ^= 1;
	graph->sweep.generation++;
	return true;
}

/* The node of the lowest rank in a set that is not empty. A right guess is compared, not looked up:
 * so that the node is known before the set is. */
static inline struct gyre_node *node_lowest(
	struct gyre__graph *graph, const struct gyre__pending *pending)
{
	unsigned word = __builtin_ctzll(pending->summary);
	unsigned rank = word * 64 + __builtin_ctzll(pending->words[word]);

	if (gyre_unlikely(rank != graph->guess_rank))
		return graph->by_rank[rank];
	graph->guess_rank = GYRE__NO_GUESS;
	return graph->guess;
}

/* Runs the node of the lowest rank on the oldest of its frames. */
static inline void node_run(struct gyre__graph *graph)
{
	struct gyre_node *node = node_lowest(graph, &graph->pending[graph->sweep.parity]);
	struct gyre_frame *frame = gyre__inbox_take(graph, node, graph->sweep.parity);
	gyre_next next = process(graph, node, frame);

	if (next == GYRE_NEXT_EACH)
		send_each(graph, node, frame);
	else
		send_frame(graph, node, frame, next);
}

unsigned gyre__graph_dispatch(struct gyre__graph *graph, unsigned budget)
{
	unsigned calls = 0;

	graph->sweeping = true;
	while (calls < budget) {
		if (!graph->pending[graph->sweep.parity].summary && !generation_next(graph))
			break;
		node_run(graph);
		calls++;
	}
	__atomic_store_n(&graph->current, NULL, __ATOMIC_RELAXED);
	if (!gyre__graph_pending(graph))
		sweep_end(graph);
	return calls;
}
