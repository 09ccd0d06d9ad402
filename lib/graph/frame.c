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

/* Frames that were allocated together. */
struct gyre__slab {
	struct gyre__slab *next;
};

size_t gyre__frame_size(unsigned vector)
{
	size_t bytes =
		sizeof(struct gyre_frame) + (vector + GYRE__PARTITION_ITEMS_SLACK) * sizeof(void *);
	size_t lines = (bytes + GYRE__LINE - 1) / GYRE__LINE;

	return (lines | 1) * GYRE__LINE;
}

struct gyre_frame *gyre__frame_create(unsigned vector)
{
	size_t size = gyre__frame_size(vector);
	struct gyre_frame *frame = aligned_alloc(GYRE__LINE, size);

	if (!frame)
		return NULL;
	memset(frame, 0, size);
	frame->next = frame;
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
	free(pool->free);
	pool->free = NULL;
	pool->n_free = pool->n_frames = pool->n_lent = 0;
}

int gyre__pool_reserve(struct gyre__pool *pool, unsigned n)
{
	size_t size = gyre__frame_size(pool->vector);
	struct gyre_frame **all, *frame;
	struct gyre__slab *slab;
	char *at;

	if (n <= pool->n_frames)
		return 0;
	all = realloc(pool->free, n * sizeof(*all));
	if (!all)
		return -ENOMEM;
	pool->free = all;
	n -= pool->n_frames;
	slab = aligned_alloc(GYRE__LINE, GYRE__LINE + n * size);
	if (!slab)
		return -ENOMEM;
	slab->next = pool->slabs;
	pool->slabs = slab;
	pool->n_frames += n;
	/* From the last to the first, so that the first is used first. */
	for (at = (char *)slab + GYRE__LINE + n * size; n--;) {
		at -= size;
		memset(at, 0, size);
		frame = (struct gyre_frame *)at;
		frame->next = frame;
		gyre__pool_put(pool, frame);
	}
	return 0;
}

void gyre__inbox_open(struct gyre__graph *graph, struct gyre_node *node, unsigned when)
{
	if (node->inbox[when])
		return;
	node->inbox[when] = gyre__pool_get(&graph->pool);
	graph->pool.n_lent++;
}

void gyre__inboxes_close(struct gyre__graph *graph, struct gyre_node *node)
{
	for (unsigned when = 0; when < 2; when++) {
		if (node->inbox[when]) {
			gyre__pool_put(&graph->pool, node->inbox[when]);
			graph->pool.n_lent--;
		}
		node->inbox[when] = NULL;
	}
}

/* A new frame behind a full one; false: the pool is dry. */
static bool inbox_grow(struct gyre__graph *graph, struct gyre_node *node, unsigned when)
{
	struct gyre_frame *frame = gyre__pool_get(&graph->pool), *full = node->inbox[when];

	if (!frame)
		return false;
	frame->next = full->next;
	full->next = frame;
	node->inbox[when] = frame;
	node->waiting[when] = 0;
	return true;
}

unsigned gyre__inbox_put(struct gyre__graph *graph, struct gyre_node *node, unsigned when,
	void *const *items, unsigned n)
{
	unsigned done = 0;

	while (done < n) {
		unsigned at = node->waiting[when], k = n - done;

		if (at == graph->sweep.vector) {
			if (!inbox_grow(graph, node, when))
				break;
			at = 0;
		}
		if (k > graph->sweep.vector - at)
			k = graph->sweep.vector - at;
		memcpy(node->inbox[when]->items + at, items + done, k * sizeof(*items));
		node->waiting[when] += k;
		done += k;
	}
	if (done)
		gyre__pending_set(&graph->pending[when], node->rank);
	return done;
}

unsigned gyre__inbox_count(
	const struct gyre__graph *graph, const struct gyre_node *node, unsigned when)
{
	const struct gyre_frame *newest = node->inbox[when], *frame = newest;
	unsigned n = node->waiting[when];

	while (frame && frame->next != newest) {
		frame = frame->next;
		n += graph->sweep.vector;
	}
	return n;
}

void gyre__inbox_release(struct gyre__graph *graph, struct gyre_node *node, unsigned when)
{
	struct gyre_frame *newest = node->inbox[when];

	if (!newest)
		return;
	while (newest->next != newest) {
		struct gyre_frame *frame = gyre__inbox_unlink(newest);

		gyre__graph_release(graph, frame->items, graph->sweep.vector);
		gyre__pool_put(&graph->pool, frame);
	}
	gyre__graph_release(graph, newest->items, node->waiting[when]);
	node->waiting[when] = 0;
}

void gyre__edge_put(struct gyre_node *node, struct gyre_node *to, void *const *items, unsigned n)
{
	struct gyre__graph *graph = gyre__node_graph(node);
	unsigned when = gyre__leads_back(node, to) ? GYRE__LATER : GYRE__NOW;
	unsigned done;

	if (gyre_unlikely(!gyre__edge_open(node, to))) {
		gyre__drop_builtin(node, GYRE__REASON_HOP_BUDGET, items, n);
		return;
	}
	graph->uneven |= gyre__leads_back(node, to);
	done = gyre__inbox_put(graph, to, when, items, n);
	if (gyre_unlikely(done < n))
		gyre__drop_builtin(node, GYRE__REASON_NO_FRAMES, items + done, n - done);
}

__attribute__((noinline)) uint64_t gyre__edge_hand(
	struct gyre_node *node, struct gyre_node *to, void **items, size_t n)
{
	struct gyre__graph *graph = gyre__node_graph(node);
	size_t at = to->waiting[GYRE__NOW];
	struct gyre_frame *own = to->inbox[GYRE__NOW];
	struct gyre_node *owner = graph->owner;

	if (gyre_unlikely(gyre__leads_back(node, to) || at + n > graph->sweep.vector)) {
		gyre__edge_put(node, to, items, n);
		return 0;
	}
	to->waiting[GYRE__NOW] = at + n;
	/* Of few, whether others wait there already would be a branch that is not foreseen. */
	if (n <= GYRE__PARTITION_ITEMS_SLACK || at) {
		gyre__items_copy(own->items + at, items, n);
	} else {
		to->inbox[GYRE__NOW] = owner->inbox[GYRE__NOW];
		owner->inbox[GYRE__NOW] = own;
	}
	if (gyre_likely(to->rank / 64 == graph->word))
		return to->bit;
	gyre__pending_set(&graph->pending[GYRE__NOW], to->rank);
	return 0;
}

__attribute__((noinline)) uint64_t gyre__pending_behind(
	struct gyre__graph *graph, unsigned near, uint64_t bits)
{
	struct gyre__pending *pending = &graph->pending[GYRE__NOW];
	unsigned word = near % 64;
	uint64_t here = bits & UINT64_MAX << near / 64, behind = bits ^ here;

	pending->words[word] |= here;
	pending->words[word + 1] |= behind;
	pending->summary |= (uint64_t)(here != 0) << word | (uint64_t)(behind != 0) << 1 << word;
	return 0;
}

void gyre__inbox_join(struct gyre__graph *graph, struct gyre_node *node)
{
	struct gyre_frame *newest = node->inbox[GYRE__LATER];

	while (newest->next != newest) {
		struct gyre_frame *frame = gyre__inbox_unlink(newest);

		gyre__inbox_put(graph, node, GYRE__NOW, frame->items, graph->sweep.vector);
		gyre__pool_put(&graph->pool, frame);
	}
	gyre__inbox_put(graph, node, GYRE__NOW, newest->items, node->waiting[GYRE__LATER]);
	node->waiting[GYRE__LATER] = 0;
}

void gyre__later_now(struct gyre__graph *graph)
{
	struct gyre__pending *now = &graph->pending[GYRE__NOW];
	struct gyre__pending *later = &graph->pending[GYRE__LATER];

	for (uint64_t words = later->summary; words; words &= words - 1) {
		unsigned word = (unsigned)__builtin_ctzll(words);

		for (uint64_t bits = later->words[word]; bits; bits &= bits - 1) {
			struct gyre_node *node =
				graph->by_rank[word * 64 + (unsigned)__builtin_ctzll(bits)];
			struct gyre_frame *inbox = node->inbox[GYRE__NOW];

			node->inbox[GYRE__NOW] = node->inbox[GYRE__LATER];
			node->inbox[GYRE__LATER] = inbox;
			node->waiting[GYRE__NOW] = node->waiting[GYRE__LATER];
			node->waiting[GYRE__LATER] = 0;
		}
		now->words[word] = later->words[word];
		later->words[word] = 0;
	}
	now->summary = later->summary;
	later->summary = 0;
}
