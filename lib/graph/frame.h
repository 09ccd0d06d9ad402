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

/* The frame freed last; NULL: the pool is dry. */
static inline struct gyre_frame *gyre__pool_get(struct gyre__pool *pool)
{
	if (gyre_unlikely(!pool->n_free))
		return NULL;
	return pool->free[--pool->n_free];
}

/* A frame that is in no inbox. */
static inline void gyre__pool_put(struct gyre__pool *pool, struct gyre_frame *frame)
{
	pool->free[pool->n_free++] = frame;
}

/* Takes the oldest frame, a full one, out of an inbox that has another one behind it. */
static inline struct gyre_frame *gyre__inbox_unlink(struct gyre_frame *inbox)
{
	struct gyre_frame *frame = inbox->next;

	inbox->next = frame->next;
	frame->next = frame;
	return frame;
}

/* Appends items to a node's inbox; returns how many the pool had frames for. */
unsigned gyre__inbox_put(struct gyre__graph *graph, struct gyre_node *node, unsigned when,
	void *const *items, unsigned n);
/* How many items wait. */
unsigned gyre__inbox_count(
	const struct gyre__graph *graph, const struct gyre_node *node, unsigned when);
/* Puts what waits for the next generation behind what waits for this one; the pending bits are the
 * caller's. */
void gyre__inbox_join(struct gyre__graph *graph, struct gyre_node *node);
/* Releases what waits; the node's pending bit is the caller's. */
void gyre__inbox_release(struct gyre__graph *graph, struct gyre_node *node, unsigned when);
/* The next generation begins, and nothing waits in this one any more: what waited for it, in all
 * nodes, waits in this one from here on. */
void gyre__later_now(struct gyre__graph *graph);
/* Gives a node the frame of one of its inboxes, which the pool has, if that has none. */
void gyre__inbox_open(struct gyre__graph *graph, struct gyre_node *node, unsigned when);
/* Takes the frames of both back, empty. */
void gyre__inboxes_close(struct gyre__graph *graph, struct gyre_node *node);

/* Whether an edge leads back, so that its items are the next generation's. */
static inline bool gyre__leads_back(const struct gyre_node *node, const struct gyre_node *to)
{
	return to->rank < node->floor;
}

/* Whether items may cross an edge: not back in the last generation. */
static inline bool gyre__edge_open(const struct gyre_node *node, const struct gyre_node *to)
{
	const struct gyre__graph *graph = gyre__node_graph(node);

	return gyre_likely(!gyre__leads_back(node, to)) ||
	       graph->sweep.generation < graph->hop_budget;
}

/* Sends n items of a node to one of its nexts; they are dropped where the edge is not open, and
 * counted. */
void gyre__edge_put(struct gyre_node *node, struct gyre_node *to, void *const *items, unsigned n);

/* Copies n items, at least one, and up to 7 entries of garbage behind them. */
static inline void gyre__items_copy(void **to, void *const *from, unsigned n)
{
	size_t i = 0;

	do
		memcpy(to + i, from + i, GYRE__PARTITION_ITEMS_SLACK * sizeof(*to));
	while ((i += GYRE__PARTITION_ITEMS_SLACK) < n);
}

/* Moves the frame that is run to one of a node's nexts, which cannot run now, or copies its n items
 * to those that wait there. Returns the bit of the next's rank, when it is in the word that is
 * being dispatched and is not known to be pending. */
uint64_t gyre__edge_hand(struct gyre_node *node, struct gyre_node *to, void **items, size_t n);

/* Sends each of n items where its entry of nexts[] says, one run of the same after the other. */
void gyre__send_slowly(struct gyre_node *node, const gyre_next *nexts, void **items, unsigned n);
/* Sends each of n items where graph->nexts says, of a node whose nexts are far from each other, or
 * before it; returns 0, as none is the dispatcher's to keep. */
uint64_t gyre__send_far(struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n);
/* Sends what a sender could not, when a node says that it sent its n items; if nothing was put,
 * they are dropped as "bad-next". `sent` and what is returned are those of gyre__pending_near(). */
uint64_t gyre__send_late(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n, uint64_t sent);

/* Nexts that are not all in the word that is being dispatched; returns 0, as none is left to do. */
uint64_t gyre__pending_behind(struct gyre__graph *graph, unsigned near, uint64_t bits);

/* Nexts of a node, all near, that have items from now on, as bits of their ranks: returns those in
 * the word that is being dispatched, which are the caller's to keep. */
static inline uint64_t gyre__pending_near(
	struct gyre__graph *graph, const struct gyre_node *node, uint64_t bits)
{
	if (gyre_likely(node->near == graph->word))
		return bits;
	return gyre__pending_behind(graph, node->near, bits);
}

#endif
