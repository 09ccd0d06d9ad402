/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of a counter that follows the kernel's clock. Owns nothing: the state is in
 * clock.c's. Called by it, calls nothing. Invariant: the clock never goes backwards; what it is off
 * at an anchor is slewed away before the next, by 500 ppm at most; only when it is late by over a
 * millisecond is it stepped, forward.
 */
#include "base/clock_tsc.h"

#define ANCHOR_EVERY GYRE_MSEC(10)
#define STEP         GYRE_MSEC(1)
#define SLEW_SHIFT   11 /* 1/2048: 488 ppm */

/* Measured over ever longer spans. */
static uint64_t true_rate(const struct gyre__tsc *c, const struct gyre__tsc_pair *now)
{
	unsigned __int128 nsec = now->nsec - c->first.nsec;
	uint64_t ticks = now->tsc - c->first.tsc;

	return ticks ? (uint64_t)((nsec << 32) / ticks) : c->rate;
}

/* Plans the clock from `now` on, where it is `off` nsec behind (or, below 0, ahead of) the
 * kernel's. */
static void plan(struct gyre__tsc *c, const struct gyre__tsc_pair *now, int64_t off)
{
	int64_t limit, slew;

	c->rate = true_rate(c, now);
	c->tsc = now->tsc;
	c->nsec = now->nsec - (uint64_t)off;
	limit = (int64_t)(c->rate >> SLEW_SHIFT);
	slew = (int64_t)((__int128)off * (int64_t)c->rate / (int64_t)ANCHOR_EVERY);
	slew = slew > limit ? limit : slew < -limit ? -limit : slew;
	c->slew_rate = c->rate + (uint64_t)slew;
	c->slew_ticks = (uint64_t)(((unsigned __int128)ANCHOR_EVERY << 32) / c->rate);
	c->slewed_nsec = c->nsec + gyre__tsc_scale(c->slew_ticks, c->slew_rate);
}

void gyre__tsc_init(
	struct gyre__tsc *c, const struct gyre__tsc_pair *first, const struct gyre__tsc_pair *now)
{
	*c = (struct gyre__tsc){.first = *first, .last = now->nsec};
	plan(c, now, 0);
}

/* More than the cores' counters are apart. */
static bool set_back(const struct gyre__tsc *c, uint64_t tsc)
{
	return (int64_t)(tsc - c->tsc) < -(int64_t)c->slew_ticks;
}

bool gyre__tsc_stale(const struct gyre__tsc *c, uint64_t tsc)
{
	return (int64_t)(tsc - c->tsc) >= (int64_t)c->slew_ticks || set_back(c, tsc);
}

void gyre__tsc_anchor(struct gyre__tsc *c, const struct gyre__tsc_pair *now)
{
	int64_t off = (int64_t)(now->nsec - gyre__tsc_convert(c, now->tsc));

	/* A machine that slept may begin to count anew. */
	if (set_back(c, now->tsc))
		c->first = *now;
	plan(c, now, off > (int64_t)STEP ? 0 : off);
}
