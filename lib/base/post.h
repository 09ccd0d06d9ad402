/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_BASE_POST_H
#define GYRE_LIB_BASE_POST_H

#include <gyre/loop.h>
#include <stdatomic.h>

/*
 * The way in from other threads: a stack that many push and one takes whole and turns around, so
 * that posts of one thread keep their order.
 *
 *   pushers --CAS--> head -> post -> post -> NULL        (newest first)
 *   loop: exchange(head, NULL), reverse -> todo          (oldest first)
 *
 * A pusher pushes first and looks at `sleeping` then; the loop sets `sleeping` first and looks at
 * head then, both by sequentially consistent read-modify-writes: one of the two sees the other.
 */
struct gyre__postbox {
	_Atomic(struct gyre_post *) head;
	_Atomic(uint32_t) sleeping;
	struct gyre_post *todo; /* the loop's own: taken and not run yet, oldest first */
	int wake_fd; /* eventfd, never read: to be polled for edges. -1 without one */
	struct gyre_loop *loop;
};

int gyre__postbox_init(struct gyre__postbox *box, struct gyre_loop *loop);
void gyre__postbox_fini(struct gyre__postbox *box);
/* Any thread. */
void gyre__post_push(struct gyre__postbox *box, struct gyre_post *post);
/* Makes a loop that sleeps, or is about to, turn again. Any thread, async-signal-safe. */
void gyre__post_kick(struct gyre__postbox *box);
/* The loop's side. Whether a post waits. */
static inline bool gyre__post_pending(const struct gyre__postbox *box)
{
	return box->todo || atomic_load_explicit(&box->head, memory_order_relaxed);
}
/* Runs at most `budget` posts; returns how many. */
unsigned gyre__post_run(struct gyre__postbox *box, unsigned budget);
/* Says that the loop is about to sleep; false when a post is there already: do not. */
bool gyre__post_sleep(struct gyre__postbox *box);
/* The loop is awake again. */
void gyre__post_awake(struct gyre__postbox *box);

#endif
