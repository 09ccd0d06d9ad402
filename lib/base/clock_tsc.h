/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A clock made of a counter of constant rate and, now and then, a reading of the kernel's clock
 * beside it. What reads the two is in clock.c; here is arithmetic alone.
 *
 * From an anchor on, time runs at slew_rate for slew_ticks, which takes away what the clock was
 * off, and at the true rate after that:
 *
 *   nsec  |                    ___/  rate
 *         |        ___________/
 *         |  _____/  slew_rate
 *         +--tsc--------------tsc + slew_ticks------> ticks
 */
#ifndef GYRE_LIB_BASE_CLOCK_TSC_H
#define GYRE_LIB_BASE_CLOCK_TSC_H

#include <gyre/base.h>

/* A reading of both clocks at the same time. */
struct gyre__tsc_pair {
	uint64_t tsc, nsec;
};

struct gyre__tsc {
	uint64_t tsc, nsec; /* the last anchor */
	uint64_t slew_ticks, slew_rate; /* rates are nsec per tick, 32.32 */
	uint64_t slewed_nsec; /* at tsc + slew_ticks */
	uint64_t rate;
	uint64_t last; /* the newest reading given out */
	struct gyre__tsc_pair first; /* the true rate is measured from here */
};

static inline uint64_t gyre__tsc_scale(uint64_t ticks, uint64_t rate)
{
	return (uint64_t)(((unsigned __int128)ticks * rate) >> 32);
}

static inline uint64_t gyre__tsc_convert(const struct gyre__tsc *c, uint64_t tsc)
{
	/* Another core's counter may be a little behind the one that anchored. */
	uint64_t ticks = (int64_t)(tsc - c->tsc) > 0 ? tsc - c->tsc : 0;

	if (ticks < c->slew_ticks)
		return c->nsec + gyre__tsc_scale(ticks, c->slew_rate);
	return c->slewed_nsec + gyre__tsc_scale(ticks - c->slew_ticks, c->rate);
}

/* The time at a reading of the counter, nsec; never less than any given out before. */
static inline uint64_t gyre__tsc_read(struct gyre__tsc *c, uint64_t tsc)
{
	uint64_t nsec = gyre__tsc_convert(c, tsc);

	if (nsec > c->last)
		c->last = nsec;
	return c->last;
}

/* Starts at `now`; the two readings are to be 200 usec apart or more. */
void gyre__tsc_init(struct gyre__tsc *clock, const struct gyre__tsc_pair *first,
	const struct gyre__tsc_pair *now);
/* Whether it is time for an anchor: the last one is 10 ms old, or the counter was set back. */
bool gyre__tsc_stale(const struct gyre__tsc *clock, uint64_t tsc);
void gyre__tsc_anchor(struct gyre__tsc *clock, const struct gyre__tsc_pair *now);

#endif
