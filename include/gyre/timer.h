/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer.h: one-shot timers on the loop's timing wheel.
 *
 * Start, restart and stop are O(1). A timer never runs early. It runs at most one tick (1.024 us)
 * and one turn late, plus, when more than the loop's timer_budget are due at once, one turn for
 * each further budget of timers expired or cascaded (G. Varghese, T. Lauck, "Hashed and
 * hierarchical timing wheels", 1987).
 */
#ifndef GYRE_TIMER_H
#define GYRE_TIMER_H

#include <gyre/loop.h>

GYRE_BEGIN_DECLS

struct gyre_timer;
/* Runs on the loop's thread in the timer phase, the timer already stopped: it may start it again,
 * or free it. Must not suspend. */
typedef void gyre_timer_fn(struct gyre_timer *timer);

struct gyre_timer_link {
	struct gyre_timer_link *next, *prev;
};

/* In the caller's memory; the fields are the library's. Must not move while active. A start needs
 * all but `fn`, a stop `link`: that is beside each other, mostly in one cache line. */
struct gyre_timer {
	struct gyre_timer_link link; /* next is NULL when stopped */
	struct gyre_loop *loop;
	uint64_t deadline;
	gyre_timer_fn *fn;
};

/* Prepares a stopped timer. */
GYRE_API void gyre_timer_init(struct gyre_timer *timer, struct gyre_loop *loop, gyre_timer_fn *fn);
/* Starts the timer, or moves a started one, to the absolute `deadline`, nsec; one in the past is
 * due in the next turn, never inline. GYRE_FOREVER stops it. */
GYRE_API void gyre_timer_start(struct gyre_timer *timer, uint64_t deadline);
/* As above, `nsec` after a fresh reading of the clock. */
GYRE_API void gyre_timer_start_after(struct gyre_timer *timer, uint64_t nsec);
/* Stops the timer; nothing happens if it is stopped. */
GYRE_API void gyre_timer_stop(struct gyre_timer *timer);
/* True from start until stop or until fn is called. */
GYRE_API bool gyre_timer_active(const struct gyre_timer *timer);

GYRE_END_DECLS

#endif
