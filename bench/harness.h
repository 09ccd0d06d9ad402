/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all benchmarks share: one pinned core, systems measured in turn (A B A B), the median of at
 * least 9 repetitions, a line of text and a row of CSV for each. A repetition that shared the core
 * with others is done again, while patience lasts. A benchmark is a program: it opens the bench,
 * gives it cases, and closes it. Any failure ends the program.
 */
#ifndef GYRE_BENCH_HARNESS_H
#define GYRE_BENCH_HARNESS_H

#include "alone.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define BENCH_SYSTEMS_MAX 16
#define BENCH_ROUNDS_MAX  101

struct bench {
	const char *subject;
	bool quick; /* a look, in a tenth of the time: same cases, smaller rounds */
	unsigned rounds; /* repetitions of each system, at least 9 */
	int core; /* pinned to it */
	FILE *csv; /* NULL: none asked for */
	const char *only; /* a case's name: the others are left out; NULL: all */
	const char *param; /* likewise, a parameter: "V=16" */
	struct alone alone;
	unsigned repetitions, disturbed; /* those that count; of them, with others on the core */
};

/* One of those that are compared; the first of a case is gyre, as a rule. */
struct bench_system {
	const char *name;
	/* One repetition: does the work and returns what it cost, in the case's unit. Has its own
	 * loops within, long enough for the clock: 1 or some ms. */
	double (*round)(void *arg);
	void *arg;
};

struct bench_case {
	const char *name; /* "one-next": no comma, no space */
	const char *param; /* "V=16", "N=10000", "V=16,stats=off": no space */
	const char *unit; /* "ns/item/stage" */
};

/* Arguments: [--quick] [--csv FILE] [--core N] [--only CASE] [--param PARAM]. FILE is appended
 * to, and begins with the header line if it is new. Pins the thread to the core, by default the
 * last that it may use. */
void bench_open(struct bench *bench, const char *subject, int argc, char **argv);
/* Says how many repetitions were disturbed. */
void bench_close(struct bench *bench);

/* Whether a case is asked for: what is dear to set up asks first. */
bool bench_wants(const struct bench *bench, const char *name);
/* Likewise a parameter, of whatever case. */
bool bench_wants_param(const struct bench *bench, const char *param);
/* `full`, or `quick` in a quick run. */
unsigned bench_size(const struct bench *bench, unsigned full, unsigned quick);

/* Warms every system up by a round, then measures them in turn; waits, and does again what was
 * disturbed if all of the case are short, for at most some seconds and three times as long as that
 * takes in all, not at all when quick. Prints minimum, median, maximum and, behind the peers', the
 * ratio of the first system's median to theirs. `ret_medians`, one for each system, may be NULL. */
void bench_compare(struct bench *bench, const struct bench_case *what,
	const struct bench_system *systems, unsigned n, double *ret_medians);
/* A figure that was counted, not timed: bytes, instructions, misses. */
void bench_count(
	struct bench *bench, const struct bench_case *what, const char *system, double value);

/* CLOCK_MONOTONIC, nsec. */
uint64_t bench_now(void);
/* Ends the program with the reason if `status` is negative (a negative errno, or -1). */
void bench_check(int status, const char *what);

#endif
