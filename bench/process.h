/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the systems of the process subject offer: each case of each as a side that is opened with a
 * number of processes, measured in rounds beside the others', and closed.
 */
#ifndef GYRE_BENCH_PROCESS_H
#define GYRE_BENCH_PROCESS_H

#include "harness.h"

#include <stddef.h>

struct process_side {
	const char *system;
	/* Makes `n` processes and lets each run to where it idles. */
	void *(*open)(unsigned n);
	double (*round)(void *state); /* ns for each operation */
	void (*close)(void *state);
	unsigned most; /* processes that it is measured with; 0: any number */
};

/* How long a round takes at least, nsec, and the size of its steps between looks at the clock. */
extern uint64_t process_span;
enum { PROCESS_STEP = 1000, PROCESS_STACK = 64 << 10 };

/* Peers leave .system NULL where they were not found. */
extern const struct process_side process_boost_switch, process_boost_yield, process_boost_life;
extern const struct process_side process_pth_switch, process_pth_yield, process_pth_life;
extern const struct process_side process_swap_switch, process_swap_yield;
extern const struct process_side process_setjmp_switch, process_setjmp_yield;
extern const struct process_side process_steps_switch, process_steps_yield, process_steps_wake;

/* Processes of 1 to 10 ms: how long the sleep of each is, the same on every side. */
uint64_t process_period(unsigned index);
/* How far time goes on, nsec, when nobody is due: in every system's turn. */
#define PROCESS_TICK UINT64_C(10000)

/* Memory of the system's, all zeroes, in small pages: ends the program when there is none. `step`
 * apart and `step` long each. */
void *process_map(size_t n, size_t step);
void process_unmap(void *map, size_t n, size_t step);
/* Calls step(state) once for the caches, which hold what the system before used, and then until the
 * span of a round is over; ns for each of a step's `each` operations. */
double process_timed(void (*step)(void *state), void *state, uint64_t each);
/* Likewise; the operations are counted in *count: n before the span begins, and n in it at least.
 */
double process_woken(void (*step)(void *state), void *state, const uint64_t *count, unsigned n);

#endif
