/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core's threads share what fetches and executes, but not latency: when the other thread works, a
 * chain of multiplications takes as long as ever, a row of instructions without effect up to twice
 * as long. Their ratio does not depend on the frequency; where a core has but one thread, it is
 * always the same.
 */
#include "alone.h"

#include "harness.h"

/* Of the best seen. Shared, there is 0.5 to 0.95 of it. */
#define ALONE   0.98
#define SETTLED 500000 /* nsec */
#define TRIES   3 /* of which the fastest counts: an interrupt disturbs one */

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

static double ratio(void)
{
	uint64_t chain = UINT64_MAX, nothing = UINT64_MAX, took;

	for (unsigned i = 0; i < TRIES; i++) {
		took = chain_timed();
		chain = took < chain ? took : chain;
		took = nothing_timed();
		nothing = took < nothing ? took : nothing;
	}
	return (double)chain / (double)nothing;
}

bool alone_now(struct alone *alone)
{
	double now = ratio(), twice = now < alone->last ? now : alone->last;

	/* Once may be chance. */
	if (twice > alone->best)
		alone->best = twice;
	alone->last = now;
	if (now < ALONE * alone->best)
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
