/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rooms share of a loop. lib/loop.h embeds it as the first member of the whole, so that
 * sched and graph know the loop's clock, log, postbox and their own state, and nothing else.
 */
#ifndef GYRE_LIB_BASE_HUB_H
#define GYRE_LIB_BASE_HUB_H

#include <gyre/loop.h>

#include "base/clock.h"
#include "base/post.h"

struct gyre__wheel;
struct gyre__sched;
struct gyre__graph;

struct gyre_loop {
	uint64_t now; /* read once a turn */
	uint64_t clock_at; /* a reading of the clock that nothing long was done since; 0: none */
	struct gyre_clock *clock;
	struct gyre__wheel *wheel; /* lib/sched/wheel.c */
	struct gyre__sched *sched; /* lib/sched/sched.c */
	struct gyre__graph *graph; /* lib/graph/graph.c */
	uint64_t prepared_until; /* a host may sleep until then; 0: none does */
	struct gyre__postbox posts; /* lib/base/post.c */
	gyre_log_fn *log;
	void *log_arg;
	_Atomic(int) log_level; /* an enum gyre_log_level, which any thread sets */
	char name[32];
};

/* A host sleeps that should not: its loop has work, and is awake. */
void gyre__hub_wake(struct gyre_loop *loop) __attribute__((cold));

/* Everything that brings work on the loop's own thread while it does not run says so, after it is
 * there: work that is due at `deadline`, 0 for now. */
static inline void gyre__hub_due(struct gyre_loop *loop, uint64_t deadline)
{
	if (__builtin_expect(deadline < loop->prepared_until, 0))
		gyre__hub_wake(loop);
}

/* Whether the calling thread runs this loop right now; if not, only a post reaches it. */
bool gyre__loop_is_mine(const struct gyre_loop *loop);
/* The calling thread runs the loop (NULL: none) from now on; returns the one that it ran before. */
struct gyre_loop *gyre__loop_enter(struct gyre_loop *loop);

#endif
