/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real clocks: CLOCK_MONOTONIC, and the TSC calibrated against it. Owns the calibration. Called by
 * the loop, once a turn, and by whoever needs a fresh reading; calls clock_tsc.c, which knows what
 * to make of the counter. Invariant: a clock never goes backwards, and follows CLOCK_MONOTONIC.
 */
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock_tsc.h"
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

#define FIRST_SPAN GYRE_USEC(200)

struct tsc_clock {
	struct gyre_clock clock;
	struct gyre__tsc tsc;
};

/* A reading of both clocks with as little as possible between them. */
static struct gyre__tsc_pair read_both(void)
{
	struct gyre__tsc_pair best = {0, 0};
	uint64_t shortest = UINT64_MAX;

	for (int i = 0; i < 3; i++) {
		uint64_t before = __rdtsc(), nsec = monotonic(), took = __rdtsc() - before;

		if (took >= shortest)
			continue;
		shortest = took;
		best = (struct gyre__tsc_pair){before + took / 2, nsec};
	}
	return best;
}

static uint64_t tsc_read(struct gyre_clock *clock)
{
	return gyre__tsc_read(&((struct tsc_clock *)clock)->tsc, __rdtsc());
}

static void tsc_anchor(struct gyre_clock *clock)
{
	struct gyre__tsc *tsc = &((struct tsc_clock *)clock)->tsc;
	struct gyre__tsc_pair now;

	if (!gyre__tsc_stale(tsc, __rdtsc()))
		return;
	now = read_both();
	gyre__tsc_anchor(tsc, &now);
}

static bool tsc_is_invariant(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
}

static int tsc_create(struct gyre_clock **ret_clock)
{
	struct tsc_clock *c = calloc(1, sizeof(*c));
	struct gyre__tsc_pair first, now;

	if (!c)
		return -ENOMEM;
	first = now = read_both();
	/* Good to about 300 ppm; the anchors measure over ever longer spans. */
	while (now.nsec - first.nsec < FIRST_SPAN)
		now = read_both();
	gyre__tsc_init(&c->tsc, &first, &now);
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
