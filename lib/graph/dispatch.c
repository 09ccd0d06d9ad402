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

/* Vectors below it are looked at and sent item by item: in so short ones masks do not pay, and a
 * load of a whole register would wait for the node's small stores. */
#define FEW 12
/* With so few nexts a node is asked for each of them; otherwise for what comes first. */
#define NEXTS_FEW 4
/* What takes less than this part of a vector is the last that is compressed; the rest is scattered,
 * which costs less than many masks. */
#define PART 6

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

/* An item for which no frame has room: its next has none yet or full ones, or is none. */
static __attribute__((noinline)) void send_open(
	struct gyre__graph *graph, struct gyre_node *node, gyre_next next, void **item)
{
	struct gyre_edge *edge = &node->edges[next];
	struct gyre_frame *frame;

	if (gyre_unlikely(next >= node->n_nexts)) {
		gyre__drop_code(node, next, item, 1);
		return;
	}
	if (gyre_unlikely(edge->later || edge->node->inbox[graph->sweep.parity].head)) {
		gyre__edge_put(node, edge, item, 1);
		return;
	}
	frame = gyre__pool_get(&graph->pool);
	if (gyre_unlikely(!frame)) {
		gyre__drop_builtin(node, GYRE__REASON_NO_FRAMES, item, 1);
		return;
	}
	gyre__frame_items(frame)[0] = *item;
	frame->n = 1;
	gyre__edge_hand(node, edge, frame);
}

static inline void send_one(
	struct gyre__graph *graph, struct gyre_node *node, gyre_next next, void **item)
{
	struct gyre_frame *tail = gyre__next_tail(node, next);

	if (tail->n < tail->max)
		gyre__frame_items(tail)[tail->n++] = *item;
	else
		send_open(graph, node, next, item);
}

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

/* The first bit of a mask that has one. */
static unsigned mask_first(const uint64_t *mask)
{
	unsigned i = 0;

	while (!mask[i])
		i++;
	return i * 64 + __builtin_ctzll(mask[i]);
}

/* The items of one next; returns how many. They leave `rest`. */
static unsigned send_next(struct gyre__graph *graph, struct gyre_node *node,
	struct gyre_frame *frame, gyre_next next, uint64_t *rest)
{
	uint64_t mask[WORDS];
	unsigned n = frame->n, count = graph->partition->match(graph->nexts, n, next, mask);

	if (!count)
		return 0;
	send_mask(graph, node, frame, next, mask, count);
	for (unsigned i = 0; i < GYRE__PARTITION_WORDS(n); i++)
		rest[i] &= ~mask[i];
	return count;
}

/* Item by item. */
static void send_rest(struct gyre__graph *graph, struct gyre_node *node, struct gyre_frame *frame,
	const uint64_t *rest)
{
	void **items = gyre__frame_items(frame);

	for (unsigned from = 0; from < frame->n; from += 64)
		for (uint64_t bits = *rest++; bits; bits &= bits - 1) {
			unsigned i = from + __builtin_ctzll(bits);

			send_one(graph, node, graph->nexts[i], &items[i]);
		}
}

/* By masks: each next in turn, so that none waits for the search of the last one's rest; then what
 * comes first in the rest, drops among it. */
static void send_many(struct gyre__graph *graph, struct gyre_node *node, struct gyre_frame *frame)
{
	uint64_t rest[WORDS] = {0};
	unsigned n = frame->n, left = n, part = n;

	for (unsigned i = 0; i < n; i += 64)
		rest[i / 64] = UINT64_MAX >> (n - i < 64 ? 64 - (n - i) : 0);
	if (node->n_nexts <= NEXTS_FEW)
		for (unsigned next = 0; next < node->n_nexts && left; next++)
			left -= send_next(graph, node, frame, next, rest);
	while (left && part * PART >= n) {
		part = send_next(graph, node, frame, graph->nexts[mask_first(rest)], rest);
		left -= part;
	}
	if (left)
		send_rest(graph, node, frame, rest);
}

/* Whether all go to the same place. */
static bool all_equal(const struct gyre__graph *graph, unsigned n)
{
	const gyre_next *nexts = graph->nexts;
	unsigned differ = 0;

	if (n >= FEW)
		return graph->partition->all_equal(nexts, n);
	for (unsigned i = 1; i < n; i++)
		differ |= nexts[i] ^ nexts[0];
	return !differ;
}

static void send_each(struct gyre__graph *graph, struct gyre_node *node, struct gyre_frame *frame)
{
	if (frame->n < FEW)
		send_few(graph, node, gyre__frame_items(frame), frame->n);
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
	unsigned rank = gyre__pending_lowest(pending);

	if (gyre_unlikely(rank != graph->guess_rank))
		return graph->by_rank[rank];
	graph->guess_rank = GYRE__NO_GUESS;
	return graph->guess;
}

/* Whether a frame that went over the edge would be the next to run: nothing waits there, nor at a
 * lower rank. */
static inline bool runs_next(const struct gyre__graph *graph, const struct gyre_edge *edge)
{
	return !edge->later && !edge->node->inbox[graph->sweep.parity].head &&
	       edge->rank < gyre__pending_lowest(&graph->pending[graph->sweep.parity]);
}

/* Runs the node of the lowest rank on the oldest of its frames, and then, for as long as the frame
 * moves on whole to the node that is next, that one: without a way through inbox and bitmap.
 * Returns how many calls it made, at most `budget`. */
static inline unsigned frame_run(struct gyre__graph *graph, unsigned budget)
{
	struct gyre_node *node = node_lowest(graph, &graph->pending[graph->sweep.parity]);
	struct gyre_frame *frame = gyre__inbox_take(graph, node, graph->sweep.parity);

	for (unsigned calls = 1;; calls++) {
		gyre_next next = process(graph, node, frame);
		const struct gyre_edge *edge;

		if (next == GYRE_NEXT_EACH) {
			if (!all_equal(graph, frame->n)) {
				send_each(graph, node, frame);
				return calls;
			}
			next = graph->nexts[0];
		}
		edge = &node->edges[next];
		if (next >= node->n_nexts || calls == budget || !runs_next(graph, edge)) {
			send_frame(graph, node, frame, next);
			return calls;
		}
		node = edge->node;
	}
}

unsigned gyre__graph_dispatch(struct gyre__graph *graph, unsigned budget)
{
	unsigned calls = 0;

	graph->sweeping = true;
	while (calls < budget) {
		if (!graph->pending[graph->sweep.parity].summary && !generation_next(graph))
			break;
		calls += frame_run(graph, budget - calls);
	}
	__atomic_store_n(&graph->current, NULL, __ATOMIC_RELAXED);
	if (!gyre__graph_pending(graph))
		sweep_end(graph);
	return calls;
}
