/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: owns the pool that they come from and the ways into inboxes. Called by the dispatcher and
 * by the writers, calls drop.c for what cannot go on. Invariant: all frames of an inbox but the
 * last are full and none is empty, which is what the pool's bound rests on (build.c), and the order
 * of arrival is kept.
 */
#include "graph/frame.h"

#include <errno.h>
#include <stdlib.h>

#include "graph/drop.h"

#define LINE 64

/* Frames that were allocated together. */
struct gyre__slab {
	struct gyre__slab *next;
};

size_t gyre__frame_size(unsigned vector)
{
	size_t bytes =
		sizeof(struct gyre_frame) + (vector + GYRE__PARTITION_ITEMS_SLACK) * sizeof(void *);
	size_t lines = (bytes + LINE - 1) / LINE;

	return (lines | 1) * LINE;
}

struct gyre_frame *gyre__frame_create(unsigned vector)
{
	size_t size = gyre__frame_size(vector);
	struct gyre_frame *frame = aligned_alloc(LINE, size);

	if (!frame)
		return NULL;
	memset(frame, 0, size);
	frame->max = vector;
	return frame;
}

void gyre__pool_init(struct gyre__pool *pool, unsigned vector)
{
	*pool = (struct gyre__pool){.vector = vector};
}

void gyre__pool_fini(struct gyre__pool *pool)
{
	struct gyre__slab *slab;

	while ((slab = pool->slabs)) {
		pool->slabs = slab->next;
		free(slab);
	}
	pool->free = NULL;
	pool->n_free = pool->n_frames = 0;
}

int gyre__pool_reserve(struct gyre__pool *pool, unsigned n)
{
	size_t size = gyre__frame_size(pool->vector);
	struct gyre__slab *slab;
	char *at;

	if (n <= pool->n_frames)
		return 0;
	n -= pool->n_frames;
	slab = aligned_alloc(LINE, LINE + n * size);
	if (!slab)
		return -ENOMEM;
	slab->next = pool->slabs;
	pool->slabs = slab;
	pool->n_frames += n;
	/* From the last to the first, so that the first is used first. */
	for (at = (char *)slab + LINE + n * size; n--;) {
		at -= size;
		memset(at, 0, size);
		((struct gyre_frame *)at)->max = pool->vector;
		gyre__pool_put(pool, (struct gyre_frame *)at);
	}
	return 0;
}

void gyre__inbox_init(struct gyre_inbox *inbox, struct gyre_frame *full)
{
	inbox->head = NULL;
	inbox->tail = full;
}

/* A tail with room: a new frame where there is none. NULL: the pool is dry. */
static struct gyre_frame *inbox_tail(
	struct gyre__graph *graph, struct gyre_node *node, unsigned parity)
{
	struct gyre_inbox *inbox = &node->inbox[parity];
	struct gyre_frame *frame;

	if (inbox->tail->n < inbox->tail->max)
		return inbox->tail;
	frame = gyre__pool_get(&graph->pool);
	if (!frame)
		return NULL;
	frame->n = 0;
	if (!inbox->head) {
		gyre__inbox_link(graph, node, parity, frame);
		return frame;
	}
	frame->next = NULL;
	inbox->tail->next = frame;
	inbox->tail = frame;
	return frame;
}

unsigned gyre__inbox_put(struct gyre__graph *graph, struct gyre_node *node, unsigned parity,
	void *const *items, unsigned n)
{
	unsigned done = 0;

	while (done < n) {
		struct gyre_frame *tail = inbox_tail(graph, node, parity);
		unsigned k = n - done;

		if (!tail)
			break;
		if (k > tail->max - tail->n)
			k = tail->max - tail->n;
		memcpy(gyre__frame_items(tail) + tail->n, items + done, k * sizeof(*items));
		tail->n += k;
		done += k;
	}
	return done;
}

unsigned gyre__inbox_count(const struct gyre_inbox *inbox)
{
	unsigned n = 0;

	for (const struct gyre_frame *frame = inbox->head; frame; frame = frame->next)
		n += frame->n;
	return n;
}

void gyre__inbox_release(struct gyre__graph *graph, struct gyre_inbox *inbox)
{
	struct gyre_frame *frame;

	while ((frame = inbox->head)) {
		inbox->head = frame->next;
		gyre__graph_release(graph, gyre__frame_items(frame), frame->n);
		gyre__pool_put(&graph->pool, frame);
	}
	gyre__inbox_init(inbox, graph->sweep.full);
}

void gyre__edge_put(struct gyre_node *node, struct gyre_edge *edge, void *const *items, unsigned n)
{
	struct gyre__graph *graph = gyre__node_graph(node);
	unsigned parity = graph->sweep.parity ^ edge->later;
	unsigned done;

	if (gyre_unlikely(!gyre__edge_open(graph, edge))) {
		gyre__drop_builtin(node, GYRE__REASON_HOP_BUDGET, items, n);
		return;
	}
	done = gyre__inbox_put(graph, edge->node, parity, items, n);
	if (gyre_unlikely(done < n))
		gyre__drop_builtin(node, GYRE__REASON_NO_FRAMES, items + done, n - done);
}

/* A frame that is not empty goes behind what waits; true: into its last frame altogether. */
static bool inbox_append(struct gyre_inbox *inbox, struct gyre_frame *frame)
{
	struct gyre_frame *tail = inbox->tail;
	unsigned room = tail->max - tail->n;
	unsigned k = frame->n < room ? frame->n : room;
	void **items = gyre__frame_items(frame);

	memcpy(gyre__frame_items(tail) + tail->n, items, k * sizeof(*items));
	tail->n += k;
	frame->n -= k;
	if (!frame->n)
		return true;
	memmove(items, items + k, frame->n * sizeof(*items));
	frame->next = NULL;
	*(inbox->head ? &tail->next : &inbox->head) = frame;
	inbox->tail = frame;
	return false;
}

void gyre__inbox_join(struct gyre__graph *graph, struct gyre_node *node)
{
	struct gyre_inbox *now = &node->inbox[graph->sweep.parity];
	struct gyre_inbox *later = &node->inbox[graph->sweep.parity ^ 1];
	struct gyre_frame *frame;

	while ((frame = later->head)) {
		later->head = frame->next;
		if (inbox_append(now, frame))
			gyre__pool_put(&graph->pool, frame);
	}
	gyre__inbox_init(later, graph->sweep.full);
}

void gyre__edge_append(struct gyre_node *node, struct gyre_edge *edge, struct gyre_frame *frame)
{
	struct gyre__graph *graph = gyre__node_graph(node);
	unsigned parity = graph->sweep.parity ^ edge->later;

	if (!gyre__edge_open(graph, edge)) {
		gyre__drop_builtin(
			node, GYRE__REASON_HOP_BUDGET, gyre__frame_items(frame), frame->n);
		gyre__pool_put(&graph->pool, frame);
		return;
	}
	gyre__pending_set(&graph->pending[parity], edge->rank);
	if (inbox_append(&edge->node->inbox[parity], frame))
		gyre__pool_put(&graph->pool, frame);
}
