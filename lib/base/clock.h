/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_BASE_CLOCK_H
#define GYRE_LIB_BASE_CLOCK_H

#include <gyre/loop.h>

/* A clock is its functions; the state behind them follows in the clock's own struct. */
struct gyre_clock {
	uint64_t (*read)(struct gyre_clock *clock);
	/* Brings a calibrated clock back to the kernel's, when it is time for that. Or NULL. */
	void (*anchor)(struct gyre_clock *clock);
	const struct gyre__clock_virtual *is_virtual; /* NULL for real clocks */
};

/* What a virtual clock does for its loops, beside being read. */
struct gyre__clock_virtual {
	int (*join)(struct gyre_clock *clock, struct gyre_loop *loop);
	void (*leave)(struct gyre_clock *clock, struct gyre_loop *loop);
	/* The loop has nothing to do before `deadline`. True: turn again, for time got there or the
	 * loop was woken. False: it may sleep until its postbox is kicked. */
	bool (*idle)(struct gyre_clock *clock, struct gyre_loop *loop, uint64_t deadline);
	/* The loop was given something to do. Any thread, after it was given. */
	void (*busy)(struct gyre_clock *clock, struct gyre_loop *loop);
	/* The loop has work of its own, an fd's or a run's. */
	void (*awake)(struct gyre_clock *clock, struct gyre_loop *loop);
	/* The loop turns no more, and holds no time until it is awake again. */
	void (*rest)(struct gyre_clock *clock, struct gyre_loop *loop);
};

static inline uint64_t gyre__clock_read(struct gyre_clock *clock)
{
	return clock->read(clock);
}

/* A clock for one loop: the TSC calibrated against CLOCK_MONOTONIC where it is invariant,
 * CLOCK_MONOTONIC itself otherwise. Never goes backwards on its thread. */
int gyre__clock_create(struct gyre_clock **ret_clock);
void gyre__clock_free(struct gyre_clock *clock);

static inline void gyre__clock_anchor(struct gyre_clock *clock)
{
	if (clock->anchor)
		clock->anchor(clock);
}

#endif
