/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the core is ours alone. If its other hardware thread works, for whomever, that takes up
 * to half of what the core can do, and a figure tells of the neighbour, not of the program. Where
 * somebody else works there all the time, that is not seen: it is taken for what the core can do.
 */
#ifndef GYRE_BENCH_ALONE_H
#define GYRE_BENCH_ALONE_H

#include <stdbool.h>
#include <stdint.h>

#define ALONE_BINS 1024

struct alone {
	unsigned seen[ALONE_BINS], n; /* how often, of n in all, by the ratio that was measured */
	uint64_t since; /* alone ever since that time, for all that was seen; 0: it is not */
	uint64_t patience; /* nsec that may still be spent on waiting and on doing again */
};

/* Learns what the core can do, for so many nsec, and begins with so much patience. */
void alone_learn(struct alone *alone, uint64_t nsec, uint64_t patience);
/* Takes some 20 usec. */
bool alone_now(struct alone *alone);
/* Returns when nobody else has worked on the core for a while, for then that goes on for a while as
 * a rule; or when patience is at its end. */
void alone_wait(struct alone *alone);
/* Whether there is patience for `nsec` more, which are then taken from it. */
bool alone_spend(struct alone *alone, uint64_t nsec);

#endif
