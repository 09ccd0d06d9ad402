/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structs behind a loop's graph, shared by the files of this room. The hot halves of nodes,
 * frames, edges and of the sweep are in gyre/node.h.
 */
#ifndef GYRE_LIB_GRAPH_STATE_H
#define GYRE_LIB_GRAPH_STATE_H

#include <gyre/sender.h>

#include "base/hub.h"
#include "graph/lines.h"
#include "graph/partition.h"

#define GYRE__NODE_MAX   4096
#define GYRE__NODE_CHUNK 64 /* places allocated together */
#define GYRE__NAME_SIZE  64
#define GYRE__NEXT_PUNT  0xc000u /* drops are below, from GYRE__NEXT_DROP on */
#define GYRE__NEXT_DROP  0x8000u
/* Of a node that leads back, or to ranks that are 64 or more apart. */
#define GYRE__FAR UINT16_MAX
/* Of the set of pending nodes, none that is there. */
#define GYRE__NO_WORD UINT32_MAX
/* What a disabled node's stand-in returns: a drop with a reason that no class can have. */
#define GYRE__DROP_DISABLED (GYRE__NEXT_PUNT - 1)

/* Reasons that every node has, behind its class's. */
enum gyre__builtin_reason {
	GYRE__REASON_HOP_BUDGET, /* crossed back edges too often in one sweep */
	GYRE__REASON_DISABLED, /* reached a disabled node */
	GYRE__REASON_BAD_NEXT, /* the node gave a next or reason that it does not have */
	GYRE__REASON_NO_FRAMES, /* the node sends more than its fan_out, so that no frame is left */
	GYRE__REASON_BUILTINS,
};
extern const struct gyre_reason gyre__reasons_builtin[GYRE__REASON_BUILTINS];

/* What a sweep looks at as it begins, all at once. */
enum gyre__unusual {
	GYRE__SWEEPING = 1, /* dispatch began and is not finished */
	GYRE__INPUTS_CHANGED = 2, /* one was enabled or disabled since they were listed */
	GYRE__SCARCE = 4, /* the pool is not room enough for all inputs at once */
	GYRE__WATCHING = 8, /* the last sweep was watched */
};

/* How closely a sweep is looked at. */
enum gyre__sight {
	GYRE__UNCOUNTED, /* node_stats is off */
	GYRE__COUNTED, /* calls, and their items */
	GYRE__WATCHED, /* likewise, and what runs after what; and calls may be clocked */
};

/* An instance's cold half. */
struct gyre__node {
	struct gyre_node *hot;
	const struct gyre_node_class *node_class;
	struct gyre__node *next, *prev; /* in the order of adding */
	struct gyre_node_id id;
	char name[GYRE__NAME_SIZE];
	char **targets; /* names of the nexts, class->n_nexts; NULL: not connected */
	struct gyre_reason *reasons; /* the class's, then the built-in ones */
	unsigned n_reasons; /* of both */
	char *texts; /* for snapshots: its name, its class's, the reasons', each with its 0 */
	size_t texts_size;
	uint64_t *drops; /* by reason; one writer, relaxed stores */
	uint64_t dropped, punted;
	uint64_t sampled_calls, sampled_items, sampled_clocks, longest_clocks;
	uint16_t n_direct; /* the hot half's, without a reservation */
	size_t n_lines; /* of the hot half and its data */
	uint64_t product; /* most items that one item here can become */
	unsigned trace; /* items still to be traced */
	bool disabled;
	bool built; /* in the order, edges resolved */
	struct gyre_node *last; /* what ran after it when that was looked at: compared, never
				   followed */
};

/* Nodes of one generation that have items, by rank: bit r % 64 of words[r / 64], and bit r / 64 of
 * summary when that word is not 0, or was not lately. */
struct gyre__pending {
	uint64_t summary;
	uint64_t words[GYRE__NODE_MAX / 64 + 1]; /* the last one stays 0 */
};

/* Frames that are no inbox's, last freed first used. */
struct gyre__pool {
	struct gyre_frame **free; /* n_free of them, last freed last */
	unsigned n_free, n_frames;
	unsigned n_lent; /* to inboxes: a node's own */
	unsigned vector;
	struct gyre__slab *slabs;
};

/* A part of the table of nodes. */
struct gyre__chunk {
	struct gyre__node *cold[GYRE__NODE_CHUNK]; /* NULL: free */
	uint32_t generation[GYRE__NODE_CHUNK];
};

struct gyre__graph {
	struct gyre_sweep sweep; /* first: node->sweep is the graph */
	/* What is asked for in every sweep comes first: near addresses make short instructions. */
	uint64_t *at; /* of this generation's pending nodes, the word that is being dispatched */
	struct gyre_node **nodes; /* of that word, by rank */
	unsigned word; /* which one that is, or was last; GYRE__NO_WORD: these are not valid */
	unsigned foreseen; /* from so many items in a call on, what runs after it is foreseen */
	int64_t left; /* of the dispatch's budget, when the call that is made has ended */
	struct gyre_node *owner; /* of the frame that is run */
	struct gyre_node **inputs; /* enabled ones, pre-inputs first; then NULL */
	bool joined; /* in the word a vector took along what waited where it came through */
	bool running; /* nodes are polled or called */
	bool uneven; /* the sweep has not only led items on: what that took is undone at its end */
	bool stats; /* calls are counted, and their items, and some are clocked */
	unsigned unusual; /* what makes a sweep other than most are: of enum gyre__unusual */
	unsigned unwatched; /* sweeps before the next one that is watched, that one too */
	enum gyre__sight sight; /* of this sweep */
	struct gyre_node **by_rank; /* NULL where a node was deleted */
	const struct gyre__partition_ops *partition;
	/* Runs before all others, so that what runs first is foreseen. */
	struct gyre_node start;
	struct gyre__node start_cold;
	struct gyre__pool pool;
	struct gyre__pending pending[2]; /* this generation's, and the next one's */

	unsigned n_ranks;
	unsigned hop_budget, sample_period, inject_max;
	bool clocked; /* calls, in this sweep */
	uint64_t unclocked; /* sweeps behind the next one that is watched up to one that is clocked;
			       0: that is */
	uint64_t random; /* that both are drawn by */
	bool changed; /* since the last build */
	unsigned n_enabled; /* inputs that are enabled and built */
	unsigned n_inputs; /* in `inputs` */
	unsigned poll_from; /* where the pool is scarce: the input that it had no room for */
	uint64_t room_max; /* items, counted as what they may become, that the pool is for */
	uint64_t room; /* of it, not taken yet in this sweep; by inputs where it is scarce only */
	unsigned inject_room; /* items that may still be injected in this sweep */

	struct gyre_item_ops items;
	gyre_punt_fn *punt;
	void *punt_arg;
	struct gyre_node **nexts_all; /* of all nodes */
	struct gyre__node *first, *last; /* nodes in the order of adding */
	unsigned n_nodes;
	struct gyre__chunk *chunks[GYRE__NODE_MAX / GYRE__NODE_CHUNK];
	struct gyre__lines lines; /* of nodes' hot halves */
	/* Where items are gathered that cannot go straight into a frame, by way. */
	void *scratch[GYRE__WAYS_MAX][GYRE_VECTOR_MAX + GYRE__PARTITION_ITEMS_SLACK];
	struct gyre__late late;
	struct gyre_frame *spill; /* lent as a reservation when the pool is dry */
	gyre_next nexts[GYRE_VECTOR_MAX + GYRE__PARTITION_NEXTS_SLACK] __attribute__((aligned(64)));
};

static inline struct gyre__graph *gyre__node_graph(const struct gyre_node *node)
{
	return (struct gyre__graph *)node->sweep;
}

/* Fetches where a node leads, which its dispatch reads at an index that it knows late. */
INLINE void gyre__nexts_fetch(const struct gyre_node *node)
{
	gyre_prefetch(node->nexts);
	gyre_prefetch(node->nexts + 8);
}

/* Fetches what a node's call reads first: of many nodes, each was last called too long ago for the
 * first cache. (Its first line was, by those that led items there. Never as a call: gcc takes a
 * function that only fetches for one without effect.) */
INLINE void gyre__node_fetch(const struct gyre_node *node)
{
	gyre_prefetch(&node->calls);
	gyre_prefetch(gyre_node_data(node));
	gyre__nexts_fetch(node);
}

/* The only way that a counter is written. */
static inline void gyre__count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline bool gyre__node_is_input(const struct gyre__node *node)
{
	return node->node_class->kind == GYRE_NODE_INPUT ||
	       node->node_class->kind == GYRE_NODE_PRE_INPUT;
}

static inline void gyre__pending_set(struct gyre__pending *pending, unsigned rank)
{
	pending->words[rank / 64] |= UINT64_C(1) << rank % 64;
	pending->summary |= UINT64_C(1) << rank / 64;
}

static inline bool gyre__pending_any(const struct gyre__graph *graph)
{
	return graph->pending[0].summary | graph->pending[1].summary;
}

#endif
