/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop without the loop room: the hub, a wheel and a scheduler, turned by hand on a clock that
 * only the test moves.
 */
#ifndef GYRE_TESTS_SCHED_FIXTURE_H
#define GYRE_TESTS_SCHED_FIXTURE_H

#include <gyre/process.h>

#include "base/hub.h"
#include "sched/sched.h"

struct fixture {
	struct gyre_loop loop;
	struct gyre_clock clock;
	uint64_t now; /* what the clock reads next */
	uint64_t step; /* what each reading moves it by */
	unsigned logged; /* lines that went to the log */
	char log[512]; /* the last one */
};

/* process_max 0 stands for 64. The calling thread runs the loop from now on. */
void fixture_open(struct fixture *f, unsigned process_max);
/* Cancels all processes, lets them end, and takes the scheduler down. */
void fixture_close(struct fixture *f);
/* One turn: posts, timers, processes. Returns how many processes were resumed. */
unsigned fixture_turn(struct fixture *f);
/* The last part of a turn alone, on a fresh reading of the clock. */
unsigned fixture_run(struct fixture *f, uint64_t budget);
/* Turns until nothing is ready, at most `most` times; returns how many turns it took. */
unsigned fixture_settle(struct fixture *f, unsigned most);
/* Moves the clock to `now`, then settles. */
void fixture_settle_at(struct fixture *f, uint64_t now);
/* A joinable process with a name. Fails the test if there is none. */
struct gyre_process_id fixture_spawn(
	struct fixture *f, const char *name, gyre_process_fn *fn, void *arg);

#endif
