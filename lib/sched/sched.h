/* SPDX-License-Identifier: Apache-2.0 */
/* What the loop calls of the scheduler. */
#ifndef GYRE_LIB_SCHED_SCHED_H
#define GYRE_LIB_SCHED_SCHED_H

#include <gyre/process.h>
#include <gyre/timer.h>

#include "base/copy.h"
#include "base/hub.h"

/* The timing wheel; the loop keeps it in loop->wheel. */
int gyre__wheel_create(uint64_t now, struct gyre__wheel **ret_wheel);
void gyre__wheel_destroy(struct gyre__wheel *wheel);
/* Runs the timers due at `now`, at most `budget` expiries and cascaded timers; returns how many
 * expired. Its loop's `clock_at` does not hold any more, if any did. */
unsigned gyre__wheel_expire(struct gyre__wheel *wheel, uint64_t now, unsigned budget);
/* Whether anything is left to do at `now` (the budget ended the last call early, or a timer is
 * due). */
bool gyre__wheel_due(struct gyre__wheel *wheel, uint64_t now);
/* When to look again, nsec: never after the earliest timer, may be before it (at most once a
 * level). GYRE_FOREVER: nothing started. */
uint64_t gyre__wheel_deadline(struct gyre__wheel *wheel);

/* The processes; the loop keeps them in loop->sched. `options` are checked already. */
int gyre__sched_create(struct gyre_loop *loop, const struct gyre_loop_options *options,
	struct gyre__sched **ret_sched);
void gyre__sched_destroy(struct gyre__sched *sched);
/* Makes those processes ready whose deadline has come at `now`, at most `budget` of them and of
 * alarms moved down; whether any process is ready then. The loop's `clock_at` does not hold any
 * more, if that took time worth a reading. */
bool gyre__sched_wake(struct gyre__sched *sched, uint64_t now, unsigned budget);
/* As gyre__wheel_due and gyre__wheel_deadline, of the processes' deadlines. */
bool gyre__sched_due(struct gyre__sched *sched, uint64_t now);
uint64_t gyre__sched_deadline(struct gyre__sched *sched);
/* Resumes the processes that were ready when it was called, until `budget` nsec are over: the rest
 * go first next time. Begins with the loop's `clock_at`, if that holds, and sets it anew. Returns
 * how many it resumed. */
unsigned gyre__sched_run(struct gyre__sched *sched, uint64_t budget);
/* Whether a process is ready. */
bool gyre__sched_ready(const struct gyre__sched *sched);
/* How many processes live, and how many of them keep the loop alive. */
unsigned gyre__sched_alive(const struct gyre__sched *sched);
unsigned gyre__sched_counting(const struct gyre__sched *sched);
/* Whether the process of an id has not ended. Any thread. */
bool gyre__process_lives(struct gyre_process_id id);
/* account.c: copies the accounts of the processes from index *index on, until the copy may not go
 * on in this turn; true: that was the last one. `stacks`: with a system call for each. */
bool gyre__sched_copy(
	const struct gyre__sched *sched, uint32_t *index, struct gyre__copy *copy, bool stacks);
/* Cancels all processes, and from now on every new one. */
void gyre__sched_cancel_all(struct gyre__sched *sched);

#endif
