/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sender.h: how a node's function sends the items of its vector itself, one by one, while it looks
 * at them, in place of filling in nexts[]: faster for vectors of a few items, and for more than six
 * nexts.
 *
 * As in node.h, nothing here allocates, locks or fails, and it is for use inside a node's function
 * only (not a poll's), with the node that runs. The function opens one sender, which lives in its
 * registers, puts each of the n items once, in any order, and returns what closing it returned.
 * Meanwhile the node may put items by the writers, but hold no reservation; what is written may
 * come before items that were put earlier. A function that returns GYRE_NEXT_SENT though it put
 * nothing has its items dropped as "bad-next"; one that puts some of them only, or returns
 * something else, loses items.
 */
#ifndef GYRE_SENDER_H
#define GYRE_SENDER_H

#include <gyre/node.h>

GYRE_BEGIN_DECLS

/* What a sender could not send as simply as the rest. */
struct gyre__late {
	unsigned n;
	gyre_next nexts[GYRE_VECTOR_MAX];
	void *items[GYRE_VECTOR_MAX];
};

struct gyre_sender {
	struct gyre_sweep *sweep;
	struct gyre_node *const *nexts;
	size_t n_nexts;
	uint64_t sent; /* as the sweep's */
};

GYRE_API inline struct gyre_sender gyre_sender_open(const struct gyre_node *node)
{
	struct gyre_sweep *sweep = node->sweep;
	struct gyre_sender sender = {sweep, node->nexts, node->n_near, 0};

	return sender;
}

/* Sends an item where `next` says: a next, or a code (gyre_drop() and the like). */
GYRE_API inline void gyre_sender_put(struct gyre_sender *sender, gyre_next next, void *item)
{
	const size_t way = next;
	struct gyre__late *late;
	struct gyre_node *to;
	unsigned at;

	if (gyre_likely(way < sender->n_nexts)) {
		to = sender->nexts[way];
		at = to->waiting[GYRE__NOW];
		if (gyre_likely(at < sender->sweep->vector)) {
			to->waiting[GYRE__NOW] = at + 1;
			*(to->inbox[GYRE__NOW]->items + at) = item;
			sender->sent |= to->bit;
			return;
		}
		/* No item of that next may overtake this one: no other is simple from now on. */
		sender->n_nexts = 0;
	}
	/* What is not simple comes when the node has returned: no call here, for which the
	 * function would have to save its registers. */
	late = sender->sweep->late;
	late->nexts[late->n % GYRE_VECTOR_MAX] = (gyre_next)way;
	late->items[late->n++ % GYRE_VECTOR_MAX] = item;
}

/* What the node's function returns then: GYRE_NEXT_SENT. */
GYRE_API inline gyre_next gyre_sender_close(const struct gyre_sender *sender)
{
	sender->sweep->sent = sender->sent;
	return GYRE_NEXT_SENT;
}

GYRE_END_DECLS

#endif
