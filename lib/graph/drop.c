/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How items end at a node: kept, dropped or punted, and counted under a reason. Owns the built-in
 * reasons. Called by the dispatcher for every code that is no next, and by node functions; calls
 * the loop's item operations and its punt function. Invariant: an item that comes in here is
 * counted once and has left the graph; no code, however wrong, loses one.
 */
#include "graph/drop.h"

const struct gyre_reason gyre__reasons_builtin[GYRE__REASON_BUILTINS] = {
	[GYRE__REASON_HOP_BUDGET] = {"hop-budget", GYRE_SEVERITY_ERROR},
	[GYRE__REASON_DISABLED] = {"disabled", GYRE_SEVERITY_INFO},
	[GYRE__REASON_BAD_NEXT] = {"bad-next", GYRE_SEVERITY_ERROR},
	[GYRE__REASON_NO_FRAMES] = {"no-frames", GYRE_SEVERITY_ERROR},
};

void gyre__graph_release(struct gyre__graph *graph, void *const *items, unsigned n)
{
	if (graph->items.release && n)
		graph->items.release(items, n);
}

static void drop(struct gyre_node *node, unsigned reason, void *const *items, unsigned n)
{
	gyre__count(&node->cold->drops[reason], n);
	gyre__count(&node->cold->dropped, n);
	gyre__graph_release(gyre__node_graph(node), items, n);
}

void gyre__drop_builtin(
	struct gyre_node *node, enum gyre__builtin_reason reason, void *const *items, unsigned n)
{
	drop(node, node->cold->node_class->n_reasons + reason, items, n);
}

static void drop_bad(struct gyre_node *node, void *const *items, unsigned n)
{
#ifdef GYRE_DEBUG
	assert(!"a node gave a next or a reason that it does not have");
#endif
	gyre__drop_builtin(node, GYRE__REASON_BAD_NEXT, items, n);
}

static void punt(struct gyre_node *node, unsigned reason, void **items, unsigned n)
{
	struct gyre__graph *graph = gyre__node_graph(node);

	if (!graph->punt) {
		drop(node, reason, items, n);
		return;
	}
	gyre__count(&node->cold->drops[reason], n);
	gyre__count(&node->cold->punted, n);
	graph->punt(graph->punt_arg, node, reason, items, n);
}

void gyre__drop_code(struct gyre_node *node, gyre_next code, void **items, size_t n)
{
	unsigned n_reasons = node->cold->node_class->n_reasons;

	if (code == GYRE_NEXT_KEEP)
		gyre__count(&node->kept, n);
	else if (code == GYRE__DROP_DISABLED)
		gyre__drop_builtin(node, GYRE__REASON_DISABLED, items, n);
	else if (code >= GYRE__NEXT_PUNT && code - GYRE__NEXT_PUNT < n_reasons)
		punt(node, code - GYRE__NEXT_PUNT, items, n);
	else if (code >= GYRE__NEXT_DROP && code - GYRE__NEXT_DROP < n_reasons)
		drop(node, code - GYRE__NEXT_DROP, items, n);
	else
		drop_bad(node, items, n);
}

void gyre_node_drop(struct gyre_node *node, unsigned reason, void *const *items, unsigned n)
{
	gyre__count(&node->created, n);
	if (gyre_likely(reason < node->cold->node_class->n_reasons))
		drop(node, reason, items, n);
	else
		drop_bad(node, items, n);
}

void gyre_node_count(struct gyre_node *node, unsigned reason, uint64_t n)
{
	struct gyre__node *cold = node->cold;

	if (gyre_unlikely(reason >= cold->node_class->n_reasons))
		reason = cold->node_class->n_reasons + GYRE__REASON_BAD_NEXT;
	gyre__count(&cold->drops[reason], n);
}

void *gyre_node_clone(struct gyre_node *node, void *item)
{
	struct gyre__graph *graph = gyre__node_graph(node);

	return graph->items.clone ? graph->items.clone(item) : NULL;
}
