/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the loop benchmark; each is a file loop_X.c. */
#ifndef GYRE_BENCH_LOOP_H
#define GYRE_BENCH_LOOP_H

#include "harness.h"

/* An idle turn, and the share of chores. */
void loop_turn(struct bench *bench);
/* From the same thread and from another one into a loop. */
void loop_reach(struct bench *bench);

/* loop_ways.c: how one gets from one thread into another. */
struct loop_way {
	const char *name;
	void (*open)(void);
	void (*close)(void);
	/* Waits until `count` were sent and calls loop_arrived() for each; busy: never asleep. */
	void (*receive)(unsigned count, bool busy);
	void (*send)(void); /* on the other thread; the last one was received */
};

extern const struct loop_way loop_post, loop_signal, loop_hosted, loop_eventfd, loop_uv, loop_word;

/* loop_reach.c: one has arrived; true if it was the last. */
bool loop_arrived(void);

#endif
