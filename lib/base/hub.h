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

/* Whether the calling thread runs this loop (then no post is needed to reach it), or nobody does
 * and the caller may act for it. Defined with the thread-local current loop in base/hub.c. */
bool gyre__loop_is_mine(const struct gyre_loop *loop);
void gyre__loop_enter(struct gyre_loop *loop); /* the calling thread runs it from now on */
void gyre__loop_leave(struct gyre_loop *loop);

#endif
