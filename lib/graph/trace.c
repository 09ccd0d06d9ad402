/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tracing: the next items that reach a node, one line each to the loop's log. Owns the function
 * that stands in for a traced node's own. Called by users, and by the dispatcher through that
 * function; calls the class's or the items' trace function. Invariant: a node that is not traced
 * pays nothing, and a traced one treats its items the same.
 */
#include "graph/graph.h"
#include "graph/node.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"

static gyre_trace_fn *trace_fn(const struct gyre__graph *graph, const struct gyre__node *node)
{
	return node->node_class->trace ? node->node_class->trace : graph->items.trace;
}

static void trace_item(const struct gyre__graph *graph, struct gyre__node *node, const void *item)
{
	char text[256] = "";
	int length = trace_fn(graph, node)(item, text, sizeof(text));

	if (length < 0)
		snprintf(text, sizeof(text), "(no trace: error %d)", -length);
	gyre__log(graph->sweep.loop, GYRE_LOG_INFO, "trace %s: %s", node->name, text);
}

gyre_next gyre__trace_process(struct gyre_node *hot, void **items, gyre_next *nexts, unsigned n)
{
	struct gyre__node *node = hot->cold;

	for (unsigned i = 0; i < n && node->trace; i++, node->trace--)
		trace_item(gyre__node_graph(hot), node, items[i]);
	if (!node->trace)
		gyre__node_aim(node);
	return node->node_class->process(hot, items, nexts, n);
}

int gyre_node_trace(struct gyre_loop *loop, struct gyre_node_id id, unsigned count)
{
	struct gyre__node *node = gyre__node_live(loop->graph, id);

	if (!node)
		return -ESRCH;
	if (gyre__node_is_input(node) || !trace_fn(loop->graph, node))
		return -ENOTSUP;
	node->trace = count;
	gyre__node_aim(node);
	return 0;
}
