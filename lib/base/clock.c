/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real clocks: CLOCK_MONOTONIC, and the TSC calibrated against it. Owns the calibration. Called by
 * the loop, once a turn, and by whoever needs a fresh reading. Invariant: a clock never goes
 * backwards, and follows CLOCK_MONOTONIC: what it is off at an anchor is slewed away before the
 * next, by 500 ppm at most; only a clock that is late by over a millisecond is stepped, forward.
 */
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/hub.h"

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t monotonic_read(struct gyre_clock *clock)
{
	(void)clock;
	return monotonic();
}

int gyre_clock_monotonic_create(struct gyre_clock **ret_clock)
{
	struct gyre_clock *clock = calloc(1, sizeof(*clock));

	if (!clock)
		return -ENOMEM;
	clock->read = monotonic_read;
	*ret_clock = clock;
	return 0;
}

#ifdef HAVE_X86_64

#include <cpuid.h>
#include <x86intrin.h>

#define FIRST_SPAN   GYRE_USEC(200)
#define ANCHOR_EVERY GYRE_MSEC(10)
#define STEP         GYRE_MSEC(1)
#define SLEW_SHIFT   11 /* 1/2048: 488 ppm */

/*
 * From an anchor on, time runs at slew_rate for slew_ticks, which takes away what the clock was
 * off, and at the true rate after that:
 *
 *   nsec  |                    ___/  rate
 *         |        ___________/
 *         |  _____/  slew_rate
 *         +--tsc--------------tsc + slew_ticks------> ticks
 */
struct tsc_clock {
	struct gyre_clock clock;
	uint64_t tsc, nsec; /* the last anchor */
	uint64_t slew_ticks, slew_rate; /* rates are nsec per tick, 32.32 */
	uint64_t slewed_nsec; /* at tsc + slew_ticks */
	uint64_t rate;
	uint64_t last; /* the newest reading given out */
	uint64_t first_tsc, first_nsec; /* the true rate is measured from here */
};

struct pair {
	uint64_t tsc, nsec;
};

/* A reading of both clocks with as little as possible between them. */
static struct pair read_both(void)
{
	struct pair best = {0, 0};
	uint64_t shortest = UINT64_MAX;

	for (int i = 0; i < 3; i++) {
		uint64_t before = __rdtsc(), nsec = monotonic(), took = __rdtsc() - before;

		if (took >= shortest)
			continue;
		shortest = took;
		best = (struct pair){before + took / 2, nsec};
	}
	return best;
}

static uint64_t scale(uint64_t ticks, uint64_t rate)
{
	return (uint64_t)(((unsigned __int128)ticks * rate) >> 32);
}

static uint64_t convert(const struct tsc_clock *c, uint64_t tsc)
{
	/* Another core's counter may be a little behind the one that anchored. */
	uint64_t ticks = (int64_t)(tsc - c->tsc) > 0 ? tsc - c->tsc : 0;

	if (ticks < c->slew_ticks)
		return c->nsec + scale(ticks, c->slew_rate);
	return c->slewed_nsec + scale(ticks - c->slew_ticks, c->rate);
}

static uint64_t tsc_read(struct gyre_clock *clock)
{
	struct tsc_clock *c = (struct tsc_clock *)clock;
	uint64_t nsec = convert(c, __rdtsc());

	if (nsec > c->last)
		c->last = nsec;
	return c->last;
}

static uint64_t true_rate(const struct tsc_clock *c, const struct pair *now)
{
	unsigned __int128 nsec = now->nsec - c->first_nsec;

	return (uint64_t)((nsec << 32) / (now->tsc - c->first_tsc));
}

/* Plans the clock from `now` on, where it is `off` nsec behind (or, below 0, ahead of) the
 * kernel's. */
static void plan(struct tsc_clock *c, const struct pair *now, int64_t off)
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
	c->slewed_nsec = c->nsec + scale(c->slew_ticks, c->slew_rate);
}

static void tsc_anchor(struct gyre_clock *clock)
{
	struct tsc_clock *c = (struct tsc_clock *)clock;
	struct pair now;
	int64_t off;

	if (c->last - c->nsec < ANCHOR_EVERY)
		return;
	now = read_both();
	off = (int64_t)(now.nsec - convert(c, now.tsc));
	plan(c, &now, off > (int64_t)STEP ? 0 : off);
}

static bool tsc_is_invariant(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
}

static int tsc_create(struct gyre_clock **ret_clock)
{
	struct tsc_clock *c = calloc(1, sizeof(*c));
	struct pair now;

	if (!c)
		return -ENOMEM;
	now = read_both();
	c->first_tsc = now.tsc;
	c->first_nsec = now.nsec;
	/* Good to about 300 ppm; the anchors measure over ever longer spans. */
	while (now.nsec - c->first_nsec < FIRST_SPAN)
		now = read_both();
	plan(c, &now, 0);
	c->last = now.nsec;
	c->clock.read = tsc_read;
	c->clock.anchor = tsc_anchor;
	*ret_clock = &c->clock;
	return 0;
}

#endif

int gyre__clock_create(struct gyre_clock **ret_clock)
{
#ifdef HAVE_X86_64
	if (tsc_is_invariant())
		return tsc_create(ret_clock);
#endif
	return gyre_clock_monotonic_create(ret_clock);
}

void gyre__clock_free(struct gyre_clock *clock)
{
	free(clock);
}

uint64_t gyre_clock_now(struct gyre_clock *clock)
{
	return gyre__clock_read(clock);
}
