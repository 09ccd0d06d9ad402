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
	struct gyre_clock *clock;
	struct gyre__wheel *wheel; /* lib/sched/wheel.c */
	struct gyre__sched *sched; /* lib/sched/sched.c */
	struct gyre__graph *graph; /* lib/graph/graph.c */
	struct gyre__postbox posts; /* lib/base/post.c */
	gyre_log_fn *log;
	void *log_arg;
	char name[32];
};

/* Whether the calling thread runs this loop right now; if not, only a post reaches it. */
bool gyre__loop_is_mine(const struct gyre_loop *loop);
/* The calling thread runs the loop (NULL: none) from now on; returns the one that it ran before. */
struct gyre_loop *gyre__loop_enter(struct gyre_loop *loop);

#endif
