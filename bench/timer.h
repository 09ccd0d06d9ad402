/* SPDX-License-Identifier: Apache-2.0 */
/* What the timer benchmark asks of a system; each is a file timer_X.c with one set of timers. */
#ifndef GYRE_BENCH_TIMER_H
#define GYRE_BENCH_TIMER_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TIMER_DELAYS = 1 << 16, /* of random delays, used in turn */
	TIMER_PACE = 30000, /* nsec from one expiry to the next at a million timers */
};

struct timer_system {
	const char *name;
	/* Of the time in which the longest poll is looked for, one in so many: all of it where some
	 * moments are dearer than others by design. */
	unsigned share;
	bool real; /* its clock is the processor's, which nothing can fake */
	/* Makes n timers, none started, that are going to be started with `delays`, nsec. */
	void (*open)(unsigned n, const uint64_t *delays, int core);
	void (*close)(void);
	/* Each for `count` timers, `which` of them. */
	void (*start)(const uint32_t *which, unsigned count);
	void (*stop)(const uint32_t *which, unsigned count);
	void (*rearm)(const uint32_t *which, unsigned count);
	/* Expires what is due; what expires is started anew from its callback. */
	void (*poll)(void);
};

/* Beside a peer that is not there is nothing. */
extern const struct timer_system timer_gyre, timer_ev, timer_uv, timer_rte;

/* timer_time.c: time as this program's libraries see it while it is faked. */
extern uint64_t timer_time;
extern bool timer_faked;

/* timer.c: how many expired, and by how much the worst was early, nsec. */
extern uint64_t timer_expired, timer_early;

/* In every callback. */
static inline void timer_fired(uint64_t now, uint64_t due)
{
	timer_expired++;
	if (now < due && due - now > timer_early)
		timer_early = due - now;
}

#endif
