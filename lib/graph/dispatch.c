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

/* Vectors below it are looked at item by item: a load of a whole register would wait for the node's
 * small stores. */
#define SOME 24
/* How often in a row the node that runs next must have been the same to be taken for granted. */
#define SURE 64
/* Fewer items than this are copied where they have to wait. */
#define BRIEF 8
/* Vectors between two that are asked. */
#define MIXED 16

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
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	__atomic_store_n(&graph->current, node, __ATOMIC_RELAXED);
	gyre__count(&node->items, n);
	if (gyre_unlikely(call_count(node)))
		return process_clocked(graph, node, items, n);
	return node->fn.process(node, items, graph->nexts, n);
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

/* What an input wrote is what it brought, whatever it says. */
static inline unsigned items_count(struct gyre_node *node)
{
	unsigned n = node->created;

	__atomic_store_n(&node->created, 0, __ATOMIC_RELAXED);
	gyre__count(&node->items, n);
	return n;
}

static __attribute__((noinline)) unsigned poll_clocked(
	struct gyre__graph *graph, struct gyre_node *node)
{
	bool sampled = sample_next(graph, node);
	uint64_t began = sampled ? clock_read(graph) : 0;
	unsigned n;

	node->fn.poll(node, graph->sweep.vector);
	n = items_count(node);
	if (sampled)
		sample_count(graph, node, n, began);
	return n;
}

static inline unsigned poll_input(struct gyre__graph *graph, struct gyre_node *node)
{
	__atomic_store_n(&graph->current, node, __ATOMIC_RELAXED);
	if (gyre_unlikely(call_count(node)))
		return poll_clocked(graph, node);
	node->fn.poll(node, graph->sweep.vector);
	return items_count(node);
}

/* Where the pool may not hold what all bring: the one that it had no room for is the first one of
 * the next turn. */
static __attribute__((noinline)) unsigned poll_in_turns(struct gyre__graph *graph)
{
	unsigned from = graph->poll_from, items = 0;

	graph->poll_from = 0;
	for (unsigned i = 0; i < graph->n_inputs; i++) {
		unsigned turn = from + i < graph->n_inputs ? from + i : from + i - graph->n_inputs;
		const struct gyre__node *input = graph->inputs[turn]->cold;
		unsigned n;

		if (graph->room < graph->sweep.vector * input->product) {
			graph->poll_from = turn;
			break;
		}
		if (input->disabled)
			continue;
		n = poll_input(graph, input->hot);
		graph->room -= n * input->product < graph->room ? n * input->product : graph->room;
		items += n;
	}
	return items;
}

static inline unsigned poll_all(struct gyre__graph *graph)
{
	unsigned items = 0;

	for (unsigned i = 0; i < graph->n_inputs; i++) {
		struct gyre_node *input = graph->inputs[i];

		/* By the function of one before it. */
		if (gyre_unlikely(graph->inputs_changed) && input->cold->disabled)
			continue;
		items += poll_input(graph, input);
	}
	return items;
}

unsigned gyre__graph_poll(struct gyre__graph *graph)
{
	unsigned items;

	if (graph->sweeping)
		return 0;
	if (gyre_unlikely(graph->inputs_changed))
		gyre__inputs_list(graph);
	items = gyre_unlikely(graph->scarce) ? poll_in_turns(graph) : poll_all(graph);
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
static void generation_next(struct gyre__graph *graph)
{
	graph->sweep.parity ^= 1;
	graph->sweep.generation++;
}

/* Items for which that is not simple: to full frames, over back edges, to no next. Runs of a next
 * go together. */
static __attribute__((noinline)) void send_slowly(
	struct gyre_node *node, const gyre_next *nexts, void **items, unsigned n)
{
	for (unsigned i = 0, m; i < n; i += m) {
		for (m = 1; i + m < n && nexts[i + m] == nexts[i]; m++)
			;
		if (nexts[i] < node->n_nexts)
			gyre__edge_put(node, node->nexts[nexts[i]], items + i, m);
		else
			gyre__drop_code(node, nexts[i], items + i, m);
	}
}

/* Item by item, of a node whose nexts are far from each other, or before it. */
static __attribute__((noinline)) void send_far(
	struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	const unsigned parity = graph->sweep.parity;

	for (unsigned i = 0; i < n; i++) {
		const unsigned next = graph->nexts[i];
		struct gyre_node *to = next < node->n_nexts ? node->nexts[next] : NULL;
		unsigned at = to ? to->waiting[parity] : 0;

		if (gyre_unlikely(!to || at == graph->sweep.vector || gyre__leads_back(node, to))) {
			send_slowly(node, &graph->nexts[i], &items[i], 1);
			continue;
		}
		to->waiting[parity] = at + 1;
		to->inbox[parity]->items[at] = items[i];
		gyre__pending_set(graph->now, to->rank);
	}
}

/* Item by item, by no branch that depends on where they go. */
INLINE void send_few(struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	const unsigned parity = graph->sweep.parity;
	uint64_t bits = 0;
	unsigned i = 0;

	do {
		const unsigned next = graph->nexts[i];
		struct gyre_node *to;
		unsigned at;

		if (gyre_unlikely(next >= node->n_nexts))
			break;
		to = node->nexts[next];
		at = to->waiting[parity];
		if (gyre_unlikely(at == graph->sweep.vector))
			break;
		to->waiting[parity] = at + 1;
		to->inbox[parity]->items[at] = items[i];
		bits |= UINT64_C(1) << to->rank % 64;
	} while (++i < n);
	gyre__pending_near(graph, node, bits);
	if (gyre_unlikely(i < n))
		send_slowly(node, graph->nexts + i, items + i, n - i);
}

INLINE void send_each(struct gyre__graph *graph, struct gyre_node *node, void **items, unsigned n)
{
	/* Every so many vectors are asked whether they go whole: the answer is a branch, which
	 * costs more than the sending where it was not foreseen. */
	node->mixed = (node->mixed - 1u) % MIXED;
	if (gyre_unlikely(node->near == GYRE__FAR))
		send_far(graph, node, items, n);
	else if (n < graph->partition->few || !node->ways)
		send_few(graph, node, items, n);
	else
		graph->partition->send(graph, node, items, n);
}

/* Whether all go to one next. */
static inline bool goes_whole(const struct gyre__graph *graph, unsigned n)
{
	const gyre_next *nexts = graph->nexts;
	unsigned differ = 0;

	if (n >= SOME)
		return graph->partition->all_equal(nexts, n);
#pragma GCC unroll 4
	for (unsigned i = 1; i < n; i++)
		differ |= nexts[i] ^ nexts[0];
	return !differ;
}

/* What ran after a node, to be taken for granted when it was the same often enough. */
static inline void after_learn(struct gyre_node *before, struct gyre_node *node)
{
	before->sure = (before->sure + 1) & -(unsigned)(node == before->last);
	before->last = node;
	before->after = before->sure < SURE ? NULL : node;
}

/* The node that runs next, as a guess where that is known, so that its work begins before that of
 * the one before it has ended. */
static inline struct gyre_node *node_after(struct gyre_node *before, struct gyre_node *node)
{
	struct gyre_node *guess = before->after;

	__asm__("" : "+r"(guess)); /* not to be taken for `node` where they are the same */
	if (gyre_likely(node == before->after))
		return guess;
	after_learn(before, node);
	return node;
}

/* Whether nothing is pending up to a node, in the word that is being dispatched. */
static inline bool is_first(const struct gyre__graph *graph, const struct gyre_node *node)
{
	return !(*graph->at & ((UINT64_C(2) << node->rank % 64) - 1));
}

/* Whether a node runs next to the one that leads to it: not back, and before all that is pending.
 */
static inline bool runs_next(
	const struct gyre__graph *graph, const struct gyre_node *node, const struct gyre_node *to)
{
	return to->rank >= node->floor && to->rank / 64 == graph->word && is_first(graph, to);
}

/* Whether items are too few to hand their frame over, where they have to wait: whether there are
 * others already would be a branch. */
static inline bool few_wait(
	const struct gyre__graph *graph, const struct gyre_node *node, unsigned n)
{
	gyre_next next = graph->nexts[0];

	return n < BRIEF && next < node->n_nexts && !runs_next(graph, node, node->nexts[next]);
}

/* All end here: kept as a rule, by an output. */
static inline void end_whole(struct gyre_node *node, gyre_next code, void **items, unsigned n)
{
	if (gyre_likely(code == GYRE_NEXT_KEEP))
		gyre__count(&node->kept, n);
	else
		gyre__drop_code(node, code, items, n);
}

/* Runs a frame of n items through the node *last, and then, for as long as it moves on whole to the
 * node that runs next, through that one, which is *last then. Returns a frame for the first. */
INLINE struct gyre_frame *frame_run(
	struct gyre__graph *graph, struct gyre_node **last, struct gyre_frame *frame, unsigned n)
{
	struct gyre_node *node = *last;

	for (;;) {
		gyre_next next = process(graph, node, frame->items, n);
		struct gyre_node *to, *after, *guess;

		if (next == GYRE_NEXT_EACH) {
			if (node->mixed || !goes_whole(graph, n) || few_wait(graph, node, n)) {
				send_each(graph, node, frame->items, n);
				return frame;
			}
			next = graph->nexts[0];
		}
		if (gyre_unlikely(next >= node->n_nexts)) {
			end_whole(node, next, frame->items, n);
			return frame;
		}
		to = node->nexts[next];
		guess = after = node->after;
		__asm__("" : "+r"(guess)); /* not to be taken for `to` where they are the same */
		if (!(to == after ? is_first(graph, to) : runs_next(graph, node, to)) ||
			!graph->left)
			return gyre__edge_hand(node, to, frame, n);
		graph->left--;
		if (to != after)
			after_learn(node, guess = to);
		*last = node = guess;
	}
}

/* Turns to the first word of the set of pending nodes that has some, of the next generation when
 * there is none in this one. False: nothing is pending. */
static inline bool word_first(struct gyre__graph *graph)
{
	if (!graph->pending[graph->sweep.parity].summary) {
		if (!graph->pending[graph->sweep.parity ^ 1].summary)
			return false;
		generation_next(graph);
	}
	graph->now = &graph->pending[graph->sweep.parity];
	graph->word = __builtin_ctzll(graph->now->summary);
	graph->at = &graph->now->words[graph->word];
	return true;
}

/* The older, full frame of an inbox that has more than one. */
static __attribute__((noinline)) void oldest_run(struct gyre__graph *graph, struct gyre_node *node)
{
	struct gyre_frame *frame = gyre__inbox_unlink(node->inbox[graph->sweep.parity]);

	/* The node stays pending: nothing runs next to it. */
	frame = frame_run(graph, &node, frame, graph->sweep.vector);
	gyre__pool_put(&graph->pool, frame);
}

/* Runs the nodes of a word until none is pending; false: the budget is spent. */
INLINE bool word_run(struct gyre__graph *graph)
{
	struct gyre_node *const *const nodes = graph->by_rank + graph->word * 64;
	const unsigned parity = graph->sweep.parity;
	uint64_t *const word = graph->at;
	struct gyre_node *last = &graph->start;
	uint64_t known = 0, bits;
	unsigned n = GYRE_VECTOR_MAX;

	while ((bits = *word)) {
		struct gyre_frame *frame, *back;
		struct gyre_node *node;
		uint64_t low;

		if (gyre_unlikely(!graph->left))
			return false;
		graph->left--;
		/* What was pending before the last node ran still is, and as a rule that led to
		 * none of a lower rank: one need not wait for what it led to. */
		low = known & -known;
		if (low && !(bits & (low - 1))) {
			node = nodes[__builtin_ctzll(low)];
		} else {
			known = bits;
			low = bits & -bits;
			node = nodes[__builtin_ctzll(low)];
			if (n >= graph->partition->few)
				node = node_after(last, node);
		}
		frame = node->inbox[parity];
		if (gyre_unlikely(frame->next != frame)) {
			oldest_run(graph, node);
			continue;
		}
		known ^= low;
		*word = bits ^ low;
		n = node->waiting[parity];
		node->waiting[parity] = 0;
		/* Its own frame stays in the inbox: nothing can come while the node runs. */
		last = node;
		back = frame_run(graph, &last, frame, n);
		if (gyre_unlikely(back != frame))
			node->inbox[parity] = back;
	}
	graph->now->summary &= ~(UINT64_C(1) << graph->word);
	return true;
}

unsigned gyre__graph_dispatch(struct gyre__graph *graph, unsigned budget)
{
	bool more;

	graph->sweeping = true;
	graph->left = budget;
	while ((more = word_first(graph)) && word_run(graph))
		continue;
	__atomic_store_n(&graph->current, NULL, __ATOMIC_RELAXED);
	if (gyre_likely(!more))
		sweep_end(graph);
	return budget - graph->left;
}
