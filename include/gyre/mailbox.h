/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox.h: from packets to processes: a node that hands its items to a process.
 *
 * A mailbox is an output node with a bounded queue. Items that reach the node are kept there and
 * event bits are signalled to the process that it serves; items beyond its bound are dropped and
 * counted as "mailbox-full". The other direction is gyre_node_inject() in graph.h.
 */
#ifndef GYRE_MAILBOX_H
#define GYRE_MAILBOX_H

#include <gyre/graph.h>
#include <gyre/process.h>

GYRE_BEGIN_DECLS

/* Adds a mailbox node that holds at most `capacity` items, 1 to 65536. `ret_id` may be NULL.
 * Errors: -EINVAL (capacity), and as gyre_node_add(). */
GYRE_API int gyre_mailbox_add(struct gyre_loop *loop, const char *name, unsigned capacity,
	struct gyre_error *error, struct gyre_node_id *ret_id);
/* From now on signals `events` to `process` when items arrive; an all-zero process ends that.
 * Signals at once when items are waiting. Errors: -ESRCH (no such mailbox or process), -EINVAL (not
 * a mailbox, bad events); the process served before is served on then. */
GYRE_API int gyre_mailbox_serve(struct gyre_loop *loop, struct gyre_node_id id,
	struct gyre_process_id process, uint32_t events);
/* Takes at most `max` items, oldest first; they are the caller's. Returns how many, 0 when empty:
 * only items that arrive are signalled, so take until then. Errors: -ESRCH, -EINVAL (not a
 * mailbox). */
GYRE_API int gyre_mailbox_take(
	struct gyre_loop *loop, struct gyre_node_id id, void **ret_items, unsigned max);

GYRE_END_DECLS

#endif
