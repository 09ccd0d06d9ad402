/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_BASE_CLOCK_H
#define GYRE_LIB_BASE_CLOCK_H

#include <gyre/loop.h>

/* A clock is its functions; the state behind them follows in the clock's own struct. */
struct gyre_clock {
	uint64_t (*read)(struct gyre_clock *clock);
	/* NULL for real clocks. A loop of a virtual clock joins and leaves it; instead of sleeping
	 * it idles: says that nothing happens before `deadline` and waits until time gets there or
	 * it is woken. With block false it only says so. */
	const struct gyre__clock_virtual_ops *virtual_ops;
	/* NULL, or brings a calibrated clock back to the kernel's; called by sleeping loops and
	 * every so many turns. */
	void (*anchor)(struct gyre_clock *clock);
};

struct gyre__clock_virtual_ops {
	int (*join)(struct gyre_clock *clock, const void *loop);
	void (*leave)(struct gyre_clock *clock, const void *loop);
	void (*idle)(struct gyre_clock *clock, const void *loop, uint64_t deadline);
	void (*wake)(struct gyre_clock *clock, const void *loop);
};

static inline uint64_t gyre__clock_read(struct gyre_clock *clock)
{
	return clock->read(clock);
}

/* A clock for one loop: the TSC calibrated against CLOCK_MONOTONIC where it is invariant,
 * CLOCK_MONOTONIC itself otherwise. Never goes backwards on its thread. */
int gyre__clock_create(struct gyre_clock **ret_clock);
void gyre__clock_free(struct gyre_clock *clock);

#endif
