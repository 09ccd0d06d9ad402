/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to split a vector by nexts: ns per item of all_equal, and of match and compress
 * once for each way, for every variant that this CPU runs. Vectors differ from call to call, so
 * that no branch can be learned; the best of several rounds is printed. Calls lib/graph/partition.
 */
#include "graph/partition.h"

#include <stdio.h>
#include <time.h>

#define ROUNDS      15
#define ROUND_ITEMS (1u << 21)
#define NEXTS_TOTAL (1u << 16) /* entries, cut into vectors */

struct bench {
	const struct gyre__partition_ops *ops;
	unsigned n, ways;
	uint64_t seen; /* so that no work can be left out */
	void *items[GYRE_VECTOR_MAX + GYRE__PARTITION_ITEMS_SLACK];
	void *dst[16][GYRE_VECTOR_MAX + GYRE__PARTITION_ITEMS_SLACK];
	uint16_t nexts[NEXTS_TOTAL + GYRE__PARTITION_NEXTS_SLACK];
};

static double now_nsec(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

/* Next 0 with a chance of `share` per cent, else one of the ways at random. */
static void nexts_fill(struct bench *bench, unsigned ways, unsigned share)
{
	uint64_t state = 88172645463325252;

	for (unsigned i = 0; i < NEXTS_TOTAL; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		bench->nexts[i] = state % 100 < share ? 0 : (state >> 32) % ways;
	}
}

static void equal_run(struct bench *bench, const uint16_t *nexts)
{
	bench->seen += bench->ops->all_equal(nexts, bench->n);
}

static void split_run(struct bench *bench, const uint16_t *nexts)
{
	uint64_t mask[GYRE__PARTITION_WORDS(GYRE_VECTOR_MAX)];

	for (unsigned way = 0; way < bench->ways; way++) {
		bench->seen += bench->ops->match(nexts, bench->n, way, mask);
		bench->ops->compress(bench->dst[way], bench->items, mask, bench->n);
	}
}

/* ns per item: the best round's. */
static double measure(struct bench *bench, void (*run)(struct bench *, const uint16_t *))
{
	double best = 1e9;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = now_nsec(), each;
		unsigned at = 0, calls = ROUND_ITEMS / bench->n;

		for (unsigned i = 0; i < calls; i++) {
			run(bench, bench->nexts + at);
			at = (at + bench->n) % NEXTS_TOTAL;
		}
		each = (now_nsec() - start) / ((double)calls * bench->n);
		best = each < best ? each : best;
	}
	return best;
}

static void line_print(struct bench *bench, const char *name)
{
	static const unsigned sizes[] = {16, 32, 64, 256};
	static const struct {
		unsigned ways, share;
	} mixes[] = {{2, 0}, {2, 80}, {4, 0}, {8, 0}};

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		bench->n = sizes[i];
		nexts_fill(bench, 1, 0);
		printf("%-8s %4u  %9.3f", name, bench->n, measure(bench, equal_run));
		for (unsigned k = 0; k < sizeof(mixes) / sizeof(mixes[0]); k++) {
			bench->ways = mixes[k].ways;
			nexts_fill(bench, mixes[k].ways, mixes[k].share);
			printf("  %9.3f", measure(bench, split_run));
		}
		putchar('\n');
	}
}

int main(void)
{
	static const char *const names[] = {"auto", "scalar", "AVX2", "AVX-512"};
	static struct bench bench;

	puts("ns per item     n  all equal      2 ways  2, 90/10     4 ways     8 ways");
	for (int simd = GYRE_SIMD_SCALAR; simd <= GYRE_SIMD_AVX512; simd++) {
		bench.ops = gyre__partition_get(simd);
		if (bench.ops)
			line_print(&bench, names[simd]);
		else
			printf("%-8s  not on this CPU\n", names[simd]);
	}
	return bench.seen == 0;
}
