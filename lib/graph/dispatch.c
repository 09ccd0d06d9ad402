/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sweep: inputs are polled, then nodes run in rank order until nothing is pending. Read this
 * first. Owns nothing but the order of things. Called by the loop's turn; calls the nodes'
 * functions, partition code, frames and drops: gyre__graph_sweep(), sweep(), word_run(),
 * vector_run(), from the end of this file to its begin. Invariant: an item that a node was called
 * with goes to exactly one place, and a node runs after all that can still lead items to it in this
 * generation.
 */
#include "base/assert.h"
#include "graph/call.h"
#include "graph/drop.h"
#include "graph/frame.h"
#include "graph/graph.h"
#include "graph/node.h"

/* How often in a row the node that runs next must have been the same to be taken for granted, of
 * the sweeps that are watched. */
#define SURE 4
/* Vectors between two that are asked. */
#define MIXED 16

/* --- The sweep --- */

/* Ends where nothing is pending: the next sweep has the pool to itself. */
static void sweep_end(struct gyre__graph *graph)
{
	graph->unusual &= ~GYRE__SWEEPING;
	graph->uneven = false;
	graph->sweep.generation = 0;
	graph->room = graph->room_max;
	graph->inject_room = graph->inject_max;
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
		uint64_t n;

		if (graph->room < graph->sweep.vector * input->product) {
			graph->poll_from = turn;
			break;
		}
		n = poll_input(graph, input->hot, graph->sight);
		graph->room -= n * input->product < graph->room ? n * input->product : graph->room;
		items += n;
	}
	graph->uneven = true;
	return items;
}

/* The inputs that a sweep has still to poll where something is unusual; *items came already. */
static __attribute__((noinline)) struct gyre_node *const *inputs_unusual(
	struct gyre__graph *graph, unsigned *items)
{
	static struct gyre_node *const none[] = {NULL};

	if (graph->unusual & GYRE__SWEEPING)
		return none;
	if (graph->unusual & GYRE__INPUTS_CHANGED)
		gyre__inputs_list(graph);
	graph->unusual &= ~GYRE__WATCHING;
	graph->sight = graph->stats ? GYRE__COUNTED : GYRE__UNCOUNTED;
	if (!--graph->unwatched)
		sweep_watch(graph);
	if (!(graph->unusual & GYRE__SCARCE))
		return graph->inputs;
	*items = poll_in_turns(graph);
	return none;
}

/* Items that crossed a back edge are the next generation; where there are none, the sweep ends. */
static __attribute__((noinline)) bool generation_next(struct gyre__graph *graph)
{
	if (!graph->pending[GYRE__LATER].summary) {
		sweep_end(graph);
		return false;
	}
	gyre__later_now(graph);
	graph->sweep.generation++;
	return true;
}

/* Sends each where graph->nexts says; the nodes that have items by that. */
static inline uint64_t send_each(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	/* Every so many vectors are asked whether they go whole: the answer is a branch, which
	 * costs more than the sending where it was not foreseen. */
	node->mixed = (node->mixed - 1u) % MIXED;
	return node->send(graph, node, items, n);
}

/* What ran after a node, to be taken for granted when it was the same often enough, and of the same
 * word of pending nodes. */
static void after_learn(struct gyre_node *before, struct gyre_node *node)
{
	bool same = node == before->cold->last && node->rank / 64 == before->rank / 64;

	before->sure = same ? before->sure + (before->sure < SURE) : 0;
	before->cold->last = node;
	before->after = before->sure < SURE ? NULL : node;
}

/* Vectors went whole to another node than the foreseen one, or none was. Not to wait for where they
 * lead gains less than a wrong guess costs. */
static inline void after_missed(
	struct gyre_node *before, struct gyre_node *node, enum gyre__sight sight)
{
	if (gyre_unlikely(before->after)) {
		before->after = NULL;
		before->sure = 0;
	} else if (sight == GYRE__WATCHED) {
		after_learn(before, node);
	}
}

/* The node that runs next, as a guess where that is known, so that its work begins before that of
 * the one before it has ended. (Not after few items: then their places are known late, and what is
 * read too early has to be read again.) */
static inline struct gyre_node *node_after(
	struct gyre_node *before, struct gyre_node *node, enum gyre__sight sight)
{
	struct gyre_node *guess = before->after;

	__asm__("" : "+r"(guess)); /* not to be taken for `node` where they are the same */
	if (gyre_likely(node == before->after))
		return guess;
	__asm__ volatile(""); /* no move by condition, which would wait for both */
	if (sight == GYRE__WATCHED)
		after_learn(before, node);
	return node;
}

/* Takes another call from the dispatch's budget, if there is one. */
static inline bool call_take(struct gyre__graph *graph)
{
	if (gyre_likely(--graph->left >= 0))
		return true;
	graph->left = 0;
	return false;
}

/* Which the lowest bit is; there is one. */
static inline size_t lowest(uint64_t bits)
{
#ifdef __x86_64__
	size_t place;

	/* Of __builtin_ctzll() gcc extends the sign, which the next node would wait for. */
	__asm__("rep bsf %1, %0" : "=r"(place) : "r"(bits) : "cc");
	return place;
#else
	return (unsigned)__builtin_ctzll(bits);
#endif
}

/* From here on the pending nodes of another word are dispatched. */
static inline void word_open(struct gyre__graph *graph, unsigned word)
{
	graph->word = word;
	graph->at = &graph->pending[GYRE__NOW].words[word];
	graph->nodes = graph->by_rank + word * 64;
}

/* Leaves a word where nothing is pending for one further on, if nothing is there, nor before it.
 * (Not where vectors have joined: of the nodes that word_run() knows to be pending, those would
 * seem to be of the other word.) */
static __attribute__((noinline)) bool word_leave(struct gyre__graph *graph, unsigned word)
{
	uint64_t others =
		graph->pending[GYRE__NOW].summary & (graph->pending[GYRE__NOW].summary - 1);

	if (graph->joined || others & ((UINT64_C(2) << word) - 1))
		return false;
	graph->pending[GYRE__NOW].summary = others | UINT64_C(1) << word;
	word_open(graph, word);
	return true;
}

/* Whether a next is in the word that is dispatched, and not led back to, though not all nexts of
 * its node are. That word is left for the next's, where nothing is pending up to it. */
static __attribute__((noinline)) bool is_reached(struct gyre__graph *graph,
	const struct gyre_node *node, const struct gyre_node *to, uint64_t bits)
{
	if (gyre__leads_back(node, to))
		return false;
	if (to->rank / 64 == graph->word)
		return true;
	return !(bits | *graph->at) && word_leave(graph, to->rank / 64);
}

/* What is pending up to a node that is near: nothing, and it runs next to the one that leads to it.
 */
static inline uint64_t pending_to(
	const struct gyre__graph *graph, const struct gyre_node *to, uint64_t bits)
{
	return (bits | *graph->at) & (2 * to->bit - 1);
}

/* Copies n items, and up to 7 entries of garbage behind them; of the fewest, no more than are worth
 * it. */
static inline void few_copy(void **to, void *const *from, size_t n)
{
	enum { FEWEST = 4 };

	_Static_assert(FEWEST <= GYRE__PARTITION_ITEMS_SLACK, "frames have room for it");
	if (gyre_likely(n <= FEWEST))
		memcpy(to, from, FEWEST * sizeof(*to));
	else
		gyre__items_copy(to, from, n);
}

/* Appends items that go whole to those that wait for the node that runs next, for which nobody else
 * can bring any more: it runs with all of them, which are *n then. False: not so. */
INLINE bool join(struct gyre__graph *graph, struct gyre_node *to, void **items, size_t *n)
{
	const size_t at = to->waiting[GYRE__NOW], sum = at + *n;
	struct gyre_frame *own = to->inbox[GYRE__NOW];

	if (own->next != own || sum > graph->sweep.vector || *graph->at || !call_take(graph))
		return false;
	few_copy(own->items + at, items, *n);
	to->waiting[GYRE__NOW] = 0;
	graph->owner = to;
	graph->joined = true;
	*n = sum;
	return true;
}

/* Appends items that go whole to what waits for a near node; returns its bit. */
INLINE uint64_t hand(struct gyre__graph *graph, struct gyre_node *node, struct gyre_node *to,
	void **items, size_t n)
{
	const unsigned at = to->waiting[GYRE__NOW];

	if (n > GYRE__PARTITION_ITEMS_SLACK)
		return gyre__edge_hand(node, to, items, n);
	/* Whether few go whole is not worth asking when they have to wait. */
	node->mixed = MIXED - 1;
	/* Of few, whether others wait there already would be a branch that is not foreseen. */
	if (gyre_unlikely(at + n > graph->sweep.vector))
		return gyre__edge_hand(node, to, items, n);
	to->waiting[GYRE__NOW] = at + n;
	few_copy(to->inbox[GYRE__NOW]->items + at, items, n);
	return to->bit;
}

/* The nodes that a node's sender led items to. */
static inline uint64_t sent_by(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	uint64_t sent = graph->sweep.sent;

	graph->sweep.sent = 0;
	if (gyre_unlikely(!sent || graph->late.n))
		return gyre__send_late(graph, node, items, n, sent);
	return gyre__pending_near(graph, node, sent);
}

/* All end here: kept as a rule, by an output. */
static inline void end_whole(struct gyre_node *node, gyre_next code, void **items, size_t n)
{
	if (gyre_likely(code == GYRE_NEXT_KEEP))
		gyre__count(&node->kept, n);
	else
		gyre__drop_code(node, code, items, n);
}

/* Runs items through a node and then, for as long as they move on whole to the node that runs next,
 * through that one. `bits` are the pending nodes of the word, to which those are added that items
 * went to. Returns the last node, and in *ret_n with how many items that was called. */
INLINE struct gyre_node *vector_run(struct gyre__graph *graph, struct gyre_node *node, void **items,
	size_t *ret_n, uint64_t *bits, enum gyre__sight sight)
{
	size_t n = *ret_n;

	for (;;) {
		gyre_next next = process(graph, node, items, n, sight);
		struct gyre_node *to, *after, *guess;
		uint64_t before;

#ifdef GYRE_DEBUG
		/* It returned what closing its sender returned, if it opened one. */
		assert(next == GYRE_NEXT_SENT || !(graph->sweep.sent || graph->late.n));
#endif
		if (gyre_unlikely(next == GYRE_NEXT_EACH)) {
			if (node->mixed ||
				(n > 1 && !gyre__nexts_equal(graph->partition, graph->nexts, n))) {
				*bits |= send_each(graph, node, items, n);
				return node;
			}
			next = graph->nexts[0];
		}
		if (gyre_unlikely(next >= node->n_nexts)) {
			if (gyre_likely(next == GYRE_NEXT_SENT))
				*bits |= sent_by(graph, node, items, n);
			else
				end_whole(node, next, items, n);
			return node;
		}
		to = node->nexts[next];
		guess = after = node->after;
		__asm__("" : "+r"(guess)); /* not to be taken for `to` where they are the same */
		if (gyre_unlikely(node->near != graph->word) &&
			!is_reached(graph, node, to, *bits)) {
			*bits |= gyre__edge_hand(node, to, items, n);
			return node;
		}
		before = pending_to(graph, to, *bits);
		if (before) {
			if (before != to->bit || !join(graph, to, items, &n)) {
				*bits |= hand(graph, node, to, items, n);
				return node;
			}
			items = to->inbox[GYRE__NOW]->items;
			*ret_n = n;
			*bits ^= to->bit;
		} else if (!call_take(graph)) {
			*bits |= hand(graph, node, to, items, n);
			return node;
		}
		if (gyre_unlikely(to != after)) {
			gyre__nexts_fetch(to);
			after_missed(node, to, sight);
			guess = to;
		}
		node = guess;
	}
}

/* The older, full frame of an inbox that has more than one. The node stays pending: nothing runs
 * next to it. */
static __attribute__((noinline)) uint64_t oldest_run(
	struct gyre__graph *graph, struct gyre_node *node, uint64_t left)
{
	struct gyre_frame *frame = gyre__inbox_unlink(node->inbox[GYRE__NOW]);
	size_t n = graph->sweep.vector;
	uint64_t bits = left;

	graph->owner = &graph->start;
	graph->start.inbox[GYRE__NOW] = frame;
	vector_run(graph, node, frame->items, &n, &bits, graph->sight);
	gyre__pool_put(&graph->pool, graph->start.inbox[GYRE__NOW]);
	return bits;
}

/* Runs the nodes of the first word, and of those that it is left for, until none is pending; false:
 * the budget is spent. Meanwhile the word is kept in a register, for what goes through memory the
 * next node would have to wait for. */
INLINE bool word_run(struct gyre__graph *graph, enum gyre__sight sight)
{
	const unsigned word = lowest(graph->pending[GYRE__NOW].summary);
	struct gyre_node *last, *node;
	uint64_t known, bits, low;
	size_t n;

	if (word != graph->word)
		word_open(graph, word);
	graph->joined = false;
	bits = *graph->at;
	*graph->at = 0;
	gyre__assert(bits);
	known = bits;
	low = bits & -bits;
	node = node_after(&graph->start, graph->nodes[lowest(low)], sight);
	for (;;) {
		struct gyre_frame *frame = node->inbox[GYRE__NOW];

		if (gyre_unlikely(frame->next != frame)) {
			bits = oldest_run(graph, node, bits);
			last = node; /* it runs next, too: neither is asked for */
			n = graph->sweep.vector;
		} else {
			known ^= low;
			bits ^= low;
			n = node->waiting[GYRE__NOW];
			node->waiting[GYRE__NOW] = 0;
			/* Fetched in time: the one after the next; of this word in any case. */
			if (known & (known - 1))
				gyre__node_fetch(graph->nodes[lowest(known & (known - 1))]);
			/* Its own frame stays in the inbox: nothing comes while the node runs. */
			graph->owner = node;
			last = vector_run(graph, node, frame->items, &n, &bits, sight);
		}
		if (!call_take(graph)) {
			*graph->at |= bits;
			return false;
		}
		bits |= *graph->at; /* by others than the dispatcher */
		*graph->at = 0;
		if (!bits)
			break;
		/* What was pending before the last node ran still is, and as a rule that led to
		 * none of a lower rank: one need not wait for what it led to. */
		low = known & -known;
		if ((bits ^ low) & (2 * low - 1)) {
			known = bits;
			low = bits & -bits;
			if ((unsigned)n >= graph->foreseen) {
				node = node_after(last, graph->nodes[lowest(low)], sight);
				continue;
			}
			__asm__ volatile(""); /* no moves by condition */
		}
		node = graph->nodes[lowest(low)];
	}
	graph->pending[GYRE__NOW].summary &= graph->pending[GYRE__NOW].summary - 1;
	return true;
}

/* Where the budget is spent: the next call goes on from here, unless nothing is pending. */
static __attribute__((noinline, cold)) void sweep_leave(struct gyre__graph *graph)
{
	graph->running = false;
	if (!*graph->at)
		graph->pending[GYRE__NOW].summary &= graph->pending[GYRE__NOW].summary - 1;
	if (gyre__pending_any(graph)) {
		graph->unusual |= GYRE__SWEEPING;
		graph->uneven = true;
	} else {
		sweep_end(graph);
	}
}

/* Compiled for each sight, each apart: in one function either would take the other's registers. */
INLINE unsigned sweep(struct gyre__graph *graph, unsigned budget, struct gyre_node *const *inputs,
	unsigned *items, enum gyre__sight sight)
{
	uint64_t n = 0;

	graph->left = (int64_t)budget - 1;
	for (; *inputs; inputs++)
		n += poll_input(graph, *inputs, sight);
	*items = n;
	do
		while (gyre_likely(graph->pending[GYRE__NOW].summary))
			if (!word_run(graph, sight)) {
				sweep_leave(graph);
				return 0;
			}
	while (gyre_unlikely(graph->uneven) && generation_next(graph));
	graph->running = false;
	return graph->left + 1;
}

static __attribute__((noinline)) unsigned sweep_counted(struct gyre__graph *graph, unsigned budget,
	struct gyre_node *const *inputs, unsigned *items)
{
	return sweep(graph, budget, inputs, items, GYRE__COUNTED);
}

static __attribute__((noinline)) unsigned sweep_uncounted(struct gyre__graph *graph,
	unsigned budget, struct gyre_node *const *inputs, unsigned *items)
{
	return sweep(graph, budget, inputs, items, GYRE__UNCOUNTED);
}

static __attribute__((noinline)) unsigned sweep_watched(struct gyre__graph *graph, unsigned budget,
	struct gyre_node *const *inputs, unsigned *items)
{
	return sweep(graph, budget, inputs, items, GYRE__WATCHED);
}

static unsigned (*const sweeps[])(struct gyre__graph *, unsigned, struct gyre_node *const *,
	unsigned *) = {[GYRE__UNCOUNTED] = sweep_uncounted,
	[GYRE__COUNTED] = sweep_counted,
	[GYRE__WATCHED] = sweep_watched};

/* A sweep that is not as most are. */
static __attribute__((noinline)) unsigned sweep_unusual(
	struct gyre__graph *graph, unsigned budget, unsigned *items)
{
	struct gyre_node *const *inputs = graph->inputs;
	unsigned polled = 0, left;

	if (graph->unusual)
		inputs = inputs_unusual(graph, &polled);
	else
		sweep_watch(graph);
	left = sweeps[graph->sight](graph, budget, inputs, items);
	*items += polled;
	return left;
}

unsigned gyre__graph_sweep(struct gyre__graph *graph, unsigned budget, unsigned *items)
{
	graph->running = true;
	if (gyre_unlikely(graph->unusual || !--graph->unwatched))
		return sweep_unusual(graph, budget, items);
	return sweeps[graph->sight](graph, budget, graph->inputs, items);
}
