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
#define LENGTHS     (1u << 12)

struct bench {
	const struct gyre__partition_ops *ops;
	unsigned n, ways;
	uint64_t seen; /* so that no work can be left out */
	void *items[GYRE_VECTOR_MAX + GYRE__PARTITION_ITEMS_SLACK];
	void *dst[16][GYRE_VECTOR_MAX + GYRE__PARTITION_ITEMS_SLACK];
	uint16_t nexts[NEXTS_TOTAL + GYRE_VECTOR_MAX + GYRE__PARTITION_NEXTS_SLACK];
	uint16_t lengths[LENGTHS]; /* of the vectors, used over and over */
};

static double now_nsec(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

static uint64_t rng_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Next 0 with a chance of `share` per cent, else one of the ways at random. */
static void nexts_fill(struct bench *bench, unsigned ways, unsigned share)
{
	uint64_t state = 88172645463325252;

	for (unsigned i = 0; i < NEXTS_TOTAL + GYRE_VECTOR_MAX; i++) {
		uint64_t random = rng_next(&state);

		bench->nexts[i] = random % 100 < share ? 0 : (random >> 32) % ways;
	}
}

static void lengths_fill(struct bench *bench, unsigned least, unsigned most)
{
	uint64_t state = 88172645463325252;

	for (unsigned i = 0; i < LENGTHS; i++)
		bench->lengths[i] = least + (rng_next(&state) >> 32) % (most - least + 1);
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
		unsigned items = 0;

		for (unsigned i = 0; items < ROUND_ITEMS; i++) {
			bench->n = bench->lengths[i % LENGTHS];
			run(bench, bench->nexts + items % NEXTS_TOTAL);
			items += bench->n;
		}
		each = (now_nsec() - start) / items;
		best = each < best ? each : best;
	}
	return best;
}

static void variant_print(struct bench *bench, const char *name)
{
	static const struct {
		unsigned least, most;
	} lengths[] = {{16, 16}, {32, 32}, {64, 64}, {256, 256}, {8, 24}, {1, 64}};
	static const struct {
		unsigned ways, share;
	} mixes[] = {{2, 0}, {2, 80}, {4, 0}, {8, 0}};

	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		lengths_fill(bench, lengths[i].least, lengths[i].most);
		nexts_fill(bench, 1, 0);
		printf("%-8s %3u-%-3u  %9.3f", name, lengths[i].least, lengths[i].most,
			measure(bench, equal_run));
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

	puts("ns per item  n     all equal      2 ways  2, 90/10     4 ways     8 ways");
	for (int simd = GYRE_SIMD_SCALAR; simd <= GYRE_SIMD_AVX512; simd++) {
		bench.ops = gyre__partition_get(simd);
		if (bench.ops)
			variant_print(&bench, names[simd]);
		else
			printf("%-8s  not on this CPU\n", names[simd]);
	}
	return bench.seen == 0;
}
