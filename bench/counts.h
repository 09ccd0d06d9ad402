/* SPDX-License-Identifier: Apache-2.0 */
/* The counts' parts: what callgrind is told (counts.c), the graph's paths (counts_graph.c). */
#ifndef GYRE_BENCH_COUNTS_H
#define GYRE_BENCH_COUNTS_H

#include <gyre.h>

struct counts_path {
	const char *name;
	const char *variant; /* "avx2", "scalar"; "-": there is but one */
	const char *unit; /* what an operation is */
};

typedef void counts_run(void *arg, unsigned n);

/* Counts what run(arg, n) takes, which is `operations` of the path. Two such counts make a figure:
 * their difference over that of their operations, so that what both have in common is not in it. */
void counts_collect(const struct counts_path *path, counts_run *run, void *arg, unsigned n,
	unsigned operations);
/* n and then 2n runs of the same, of `each` operations; a few before, uncounted. */
void counts_twice(
	const struct counts_path *path, counts_run *run, void *arg, unsigned n, unsigned each);
/* Ends the program unless status >= 0. */
void counts_check(int status, const char *what);
/* The same each time it is started with the same state. */
uint32_t counts_random(uint64_t *state);
/* A loop on a clock of its own, which goes on by as much at every reading. */
struct gyre_loop *counts_loop(unsigned vector);

/* Dispatch and partition, by every variant that there is. */
void counts_graph(void);

#endif
