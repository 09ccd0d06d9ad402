/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core's threads share what fetches and executes, but not latency: when the other thread works, a
 * chain of multiplications takes as long as ever, a row of instructions without effect up to twice
 * as long. Their ratio does not depend on the frequency; where a core has but one thread, it is
 * always the same.
 */
#include "alone.h"

#include "harness.h"

#include <stdlib.h>

/* Of the best ratio. Shared, there is 0.5 to 0.95 of it. */
#define ALONE   0.98
#define RARE    100 /* a ratio that not one of so many measured is chance, not the best */
#define BIN     0.004 /* of the ratio, which is 0.3 to 2 */
#define SETTLED 500000 /* nsec */
#define TRIES   3

static uint64_t nothing_timed(void)
{
	uint64_t began = bench_now();

	for (unsigned i = 0; i < 200; i++)
		__asm__ volatile(".rept 500\n\tnop\n\t.endr");
	return bench_now() - began;
}

static uint64_t chain_timed(void)
{
	uint64_t began = bench_now(), product = 3;

	for (unsigned i = 0; i < 3000; i++) {
		product *= product;
		__asm__ volatile("" : "+r"(product));
	}
	return bench_now() - began;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of some, for an interrupt disturbs one, each beside the chains before and behind it,
 * for the frequency changes. */
static double ratio(void)
{
	double ratios[TRIES];
	uint64_t before = chain_timed(), nothing, behind;

	for (unsigned i = 0; i < TRIES; i++, before = behind) {
		nothing = nothing_timed();
		behind = chain_timed();
		ratios[i] = (double)(before + behind) / 2 / (double)nothing;
	}
	qsort(ratios, TRIES, sizeof(*ratios), compare);
	return ratios[TRIES / 2];
}

/* The best that is not chance. */
static double best(const struct alone *alone)
{
	unsigned bin = ALONE_BINS, seen = 0;

	while (bin && seen <= alone->n / RARE)
		seen += alone->seen[--bin];
	return bin * BIN;
}

bool alone_now(struct alone *alone)
{
	double now = ratio();
	unsigned bin = now / BIN < ALONE_BINS ? now / BIN : ALONE_BINS - 1;

	alone->seen[bin]++;
	alone->n++;
	if (now < ALONE * best(alone))
		alone->since = 0;
	else if (!alone->since)
		alone->since = bench_now();
	return alone->since;
}

void alone_learn(struct alone *alone, uint64_t nsec, uint64_t patience)
{
	uint64_t end = bench_now() + nsec;

	*alone = (struct alone){.patience = patience};
	while (bench_now() < end)
		alone_now(alone);
}

bool alone_spend(struct alone *alone, uint64_t nsec)
{
	if (alone->patience < nsec)
		return false;
	alone->patience -= nsec;
	return true;
}

void alone_wait(struct alone *alone)
{
	uint64_t began = bench_now(), now;

	while (!alone_now(alone) || bench_now() - alone->since < SETTLED) {
		now = bench_now();
		if (!alone_spend(alone, now - began))
			return;
		began = now;
	}
}
