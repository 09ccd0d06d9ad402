/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: the pool they come from and the inboxes they wait in. */
#ifndef GYRE_LIB_GRAPH_FRAME_H
#define GYRE_LIB_GRAPH_FRAME_H

#include "graph/state.h"

/* Memory for one frame of `vector` items: an odd number of cache lines, so that neighbours never
 * alias at 4 KiB. */
size_t gyre__frame_size(unsigned vector);
/* One frame that is no pool's; freed by free(). NULL: no memory. */
struct gyre_frame *gyre__frame_create(unsigned vector);

void gyre__pool_init(struct gyre__pool *pool, unsigned vector);
void gyre__pool_fini(struct gyre__pool *pool);
/* Has room for at least n frames in all from now on; never shrinks. Returns 0 or -ENOMEM. */
int gyre__pool_reserve(struct gyre__pool *pool, unsigned n);

/* The frame freed last, empty; NULL: the pool is dry. */
static inline struct gyre_frame *gyre__pool_get(struct gyre__pool *pool)
{
	struct gyre_frame *frame = pool->free;

	if (gyre_unlikely(!frame))
		return NULL;
	pool->free = frame->next;
	pool->n_free--;
	return frame;
}

static inline void gyre__pool_put(struct gyre__pool *pool, struct gyre_frame *frame)
{
	frame->next = pool->free;
	pool->free = frame;
	pool->n_free++;
}

void gyre__inbox_init(struct gyre_inbox *inbox, struct gyre_frame *full);

/* The only frame of an inbox that is empty. */
static inline void gyre__inbox_link(struct gyre__graph *graph, struct gyre_node *node,
	unsigned parity, struct gyre_frame *frame)
{
	frame->next = NULL;
	node->inbox[parity].head = node->inbox[parity].tail = frame;
	gyre__pending_set(&graph->pending[parity], node->rank);
}

/* The oldest frame of the inbox of the node that runs next. */
static inline struct gyre_frame *gyre__inbox_take(
	struct gyre__graph *graph, struct gyre_node *node, unsigned parity)
{
	struct gyre_inbox *inbox = &node->inbox[parity];
	struct gyre_frame *frame = inbox->head;

	inbox->head = frame->next;
	if (gyre_likely(!inbox->head)) {
		inbox->tail = graph->sweep.full;
		gyre__pending_pop(&graph->pending[parity]);
	}
	return frame;
}

/* Appends items to a node's inbox; returns how many the pool had frames for. */
unsigned gyre__inbox_put(struct gyre__graph *graph, struct gyre_node *node, unsigned parity,
	void *const *items, unsigned n);
/* How many items wait. */
unsigned gyre__inbox_count(const struct gyre_inbox *inbox);
/* Puts what waits for the next generation behind what waits for this one; the pending bits are the
 * caller's. */
void gyre__inbox_join(struct gyre__graph *graph, struct gyre_node *node);
/* Releases what waits; the node's pending bit is the caller's. */
void gyre__inbox_release(struct gyre__graph *graph, struct gyre_inbox *inbox);

/* Whether items may cross an edge: not a back edge in the last generation. */
static inline bool gyre__edge_open(const struct gyre__graph *graph, const struct gyre_edge *edge)
{
	return gyre_likely(!edge->later) || graph->sweep.generation < graph->hop_budget;
}

/* Sends n items of `node` over an edge; they are dropped where it is not open, and counted. */
void gyre__edge_put(struct gyre_node *node, struct gyre_edge *edge, void *const *items, unsigned n);
/* The same for a frame that is not empty, where something waits or the edge leads back. */
void gyre__edge_append(struct gyre_node *node, struct gyre_edge *edge, struct gyre_frame *frame);

/* Most often the node that an edge leads to runs next: the dispatcher is told, so that it need not
 * wait for the search of the bitmap. */
static inline void gyre__edge_guess(struct gyre__graph *graph, const struct gyre_edge *edge)
{
	if (edge->rank < graph->guess_rank) {
		graph->guess = edge->node;
		graph->guess_rank = edge->rank;
	}
}

/* Hands a frame that is not empty over an edge: without a copy when nothing waits there. */
static inline void gyre__edge_hand(
	struct gyre_node *node, struct gyre_edge *edge, struct gyre_frame *frame)
{
	struct gyre__graph *graph = gyre__node_graph(node);
	struct gyre_inbox *inbox = &edge->node->inbox[graph->sweep.parity];

	if (gyre_unlikely(edge->later || inbox->head)) {
		gyre__edge_append(node, edge, frame);
		return;
	}
	frame->next = NULL;
	inbox->head = inbox->tail = frame;
	gyre__pending_set(&graph->pending[graph->sweep.parity], edge->rank);
	gyre__edge_guess(graph, edge);
}

#endif
