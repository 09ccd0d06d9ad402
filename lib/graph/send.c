/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items that are not sent as simply as graph/send.h and senders do: to full frames, over back
 * edges, to ranks that are far from each other, to no next; and what senders left for later.
 * Called by the dispatcher and by partition_*.c, calls frames and drops. Invariant: items of one
 * next keep their order.
 */
#include "graph/drop.h"
#include "graph/frame.h"

/* Runs of a next go together. */
void gyre__send_slowly(struct gyre_node *node, const gyre_next *nexts, void **items, unsigned n)
{
	for (unsigned i = 0, m; i < n; i += m) {
		for (m = 1; i + m < n && nexts[i + m] == nexts[i]; m++)
			;
		if (nexts[i] < node->n_nexts)
			gyre__edge_put(node, node->nexts[nexts[i]], items + i, m);
		else
			gyre__drop_code(node, nexts[i], items + i, m);
	}
}

uint64_t gyre__send_far(struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned next = graph->nexts[i];
		struct gyre_node *to = next < node->n_nexts ? node->nexts[next] : NULL;
		unsigned at = to ? to->waiting[GYRE__NOW] : 0;

		if (gyre_unlikely(!to || at == graph->sweep.vector || gyre__leads_back(node, to))) {
			gyre__send_slowly(node, &graph->nexts[i], &items[i], 1);
			continue;
		}
		to->waiting[GYRE__NOW] = at + 1;
		to->inbox[GYRE__NOW]->items[at] = items[i];
		gyre__pending_set(&graph->pending[GYRE__NOW], to->rank);
	}
	return 0;
}

uint64_t gyre__send_late(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n, uint64_t sent)
{
	struct gyre__late *late = &graph->late;
	unsigned m = late->n < GYRE_VECTOR_MAX ? late->n : GYRE_VECTOR_MAX;

	late->n = 0;
	if (m)
		gyre__send_slowly(node, late->nexts, late->items, m);
	else
		gyre__drop_code(node, GYRE_NEXT_SENT, items, n);
	return sent ? gyre__pending_near(graph, node, sent) : 0;
}
