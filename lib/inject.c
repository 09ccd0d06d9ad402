/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Injection: items that processes, posts, timers and watches hand to a node. Owns the items from
 * the moment they are taken until they enter the graph between two sweeps. Called by the
 * application and by the turn. Invariant: items enter in the order they were given, and one whose
 * node was deleted meanwhile is released and counted.
 */
#include <errno.h>
#include <stdlib.h>

#include "graph/graph.h"
#include "loop.h"

int gyre__injection_init(struct gyre__loop *loop)
{
	loop->injection.ring = calloc(loop->options.inject_max, sizeof(*loop->injection.ring));
	return loop->injection.ring ? 0 : -ENOMEM;
}

static struct gyre__injected *at(struct gyre__loop *loop, unsigned i)
{
	return &loop->injection.ring[(loop->injection.first + i) % loop->options.inject_max];
}

static void forget(struct gyre__loop *loop, unsigned n)
{
	loop->injection.first = (loop->injection.first + n) % loop->options.inject_max;
	loop->injection.count -= n;
}

void gyre__injection_fini(struct gyre__loop *loop)
{
	for (; loop->injection.ring && loop->injection.count; forget(loop, 1))
		gyre__graph_release(loop->hub.graph, &at(loop, 0)->item, 1);
	free(loop->injection.ring);
	loop->injection.ring = NULL;
}

int gyre_node_inject(
	struct gyre_loop *public_loop, struct gyre_node_id id, void *const *items, unsigned n)
{
	struct gyre__loop *loop = gyre__loop_of(public_loop);
	struct gyre_node *node = gyre__graph_node(loop->hub.graph, id);
	unsigned room = loop->options.inject_max - loop->injection.count;

	if (!node)
		return -ESRCH;
	if (gyre__graph_kind(node) <= GYRE_NODE_INPUT)
		return -EINVAL;
	if (n > room)
		n = room;
	for (unsigned i = 0; i < n; i++)
		*at(loop, loop->injection.count + i) = (struct gyre__injected){items[i], id};
	loop->injection.count += n;
	if (n)
		gyre__hub_due(public_loop, 0);
	return (int)n;
}

/* Copies out the items at the front that go to the same node; returns how many. */
static unsigned gather(struct gyre__loop *loop, void **items, struct gyre_node_id *ret_node)
{
	unsigned n = 0;

	*ret_node = at(loop, 0)->node;
	while (n < loop->injection.count && n < GYRE_VECTOR_MAX &&
		at(loop, n)->node.index == ret_node->index &&
		at(loop, n)->node.generation == ret_node->generation) {
		items[n] = at(loop, n)->item;
		n++;
	}
	return n;
}

unsigned gyre__injection_enter(struct gyre__loop *loop)
{
	void *items[GYRE_VECTOR_MAX];
	struct gyre_node_id node;
	unsigned entered = 0;

	while (loop->injection.count) {
		unsigned n = gather(loop, items, &node);
		int taken = gyre__graph_enter(loop->hub.graph, node, items, n);

		if (taken == 0)
			break; /* the frame pool's bound is reached: the rest enters next turn */
		if (taken < 0) {
			gyre__graph_release(loop->hub.graph, items, n);
			loop->injection.dropped += n;
			taken = (int)n;
		}
		forget(loop, (unsigned)taken);
		entered += (unsigned)taken;
	}
	return entered;
}
