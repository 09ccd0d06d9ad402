/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the writers of gyre/node.h do when the next's frame has no room for the items: a new frame,
 * a chain of them, an edge that is closed, a next that is none. Called by those inlines only, calls
 * frame.c and drop.c. Invariant: a reservation is a frame outside of every inbox until its commit,
 * and there is at most one.
 */
#include "graph/drop.h"
#include "graph/frame.h"

__attribute__((noinline)) void gyre__next_put(
	struct gyre_node *node, gyre_next next, void *const *items, unsigned n)
{
	gyre__count(&node->created, n);
	if (gyre_likely(next < node->n_nexts))
		gyre__edge_put(node, node->nexts[next], items, n);
	else
		gyre__drop_code(node, GYRE_NEXT_EACH, (void **)items, n);
}

__attribute__((noinline)) void **gyre__next_reserve(struct gyre_node *node, unsigned n)
{
	struct gyre__graph *graph = gyre__node_graph(node);

#ifdef GYRE_DEBUG
	assert(n <= graph->sweep.vector);
#endif
	(void)n;
	node->n_direct = 0;
	/* A reservation that was never committed is taken up again. */
	if (!graph->sweep.open)
		graph->sweep.open = gyre__pool_get(&graph->pool);
	if (gyre_unlikely(!graph->sweep.open))
		graph->sweep.open = graph->spill;
	return graph->sweep.open->items;
}

__attribute__((noinline)) void gyre__next_commit(struct gyre_node *node, gyre_next next, unsigned m)
{
	struct gyre__graph *graph = gyre__node_graph(node);
	struct gyre_frame *frame = graph->sweep.open;

	node->n_direct = node->cold->n_direct;
	/* To a next that the node does not have, and that nothing was reserved for. */
	if (gyre_unlikely(!frame))
		return;
	graph->sweep.open = NULL;
	if (m)
		gyre__next_put(node, next, frame->items, m);
	if (frame != graph->spill)
		gyre__pool_put(&graph->pool, frame);
}
