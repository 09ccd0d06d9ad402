/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splitting a vector by its nexts with gyre's partition code, once for all that measure it: alone,
 * here, for every variant that this CPU runs, and between bodies called directly. Called by
 * bench/graph.c and graph_direct.c. Invariant: vectors differ from call to call, so that no branch
 * is learned.
 */
#include <stdio.h>
#include <stdlib.h>

#include "graph.h"
#include "graph/partition.h"
#include "harness.h"

#define NEXTS (1u << 16) /* cut into vectors */

struct splitter {
	const struct gyre__partition_ops *ops;
	unsigned vector, ways, splits;
	uint16_t *nexts;
	uint64_t seen; /* so that no work can be left out */
	void *items[GYRE_VECTOR_MAX + GYRE__PARTITION_ITEMS_SLACK];
	void *ends[GRAPH_NEXTS_MAX][GYRE_VECTOR_MAX + GYRE__PARTITION_ITEMS_SLACK];
};

void graph_partition_split(const struct gyre__partition_ops *ops, const uint16_t *nexts,
	void *const *items, unsigned n, unsigned ways, void ***ends)
{
	if (ways <= GYRE__WAYS_MAX) {
		ops->split(ends, items, nexts, n, ways);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		*ends[nexts[i]]++ = items[i];
}

/* ns per item. */
static double round_run(void *arg)
{
	struct splitter *splitter = arg;
	uint64_t began = bench_now();

	for (unsigned i = 0; i < splitter->splits; i++) {
		const uint16_t *nexts = splitter->nexts + i * splitter->vector % NEXTS;

		void **ends[GRAPH_NEXTS_MAX];

		for (unsigned next = 0; next < splitter->ways; next++)
			ends[next] = splitter->ends[next];
		graph_partition_split(splitter->ops, nexts, splitter->items, splitter->vector,
			splitter->ways, ends);
		splitter->seen += (uint64_t)(ends[0] - splitter->ends[0]);
	}
	graph_assert(splitter->seen > 0, "items split");
	return (double)(bench_now() - began) / splitter->splits / splitter->vector;
}

static void ways_run(struct bench *bench, uint16_t *nexts, unsigned vector, unsigned ways)
{
	static const struct {
		const char *name;
		enum gyre_simd simd;
	} variants[] = {{"gyre", GYRE_SIMD_AUTO}, {"gyre-avx2", GYRE_SIMD_AVX2},
		{"gyre-scalar", GYRE_SIMD_SCALAR}};
	static struct splitter splitters[sizeof(variants) / sizeof(*variants)];
	struct bench_system systems[sizeof(variants) / sizeof(*variants)];
	char param[32];
	const struct bench_case what = {"partition", param, "ns/item"};
	unsigned n = 0;

	snprintf(param, sizeof(param), "V=%u,W=%u", vector, ways);
	for (unsigned i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
		const struct gyre__partition_ops *ops = gyre__partition_get(variants[i].simd);

		if (!ops)
			continue;
		splitters[n].ops = ops;
		splitters[n].vector = vector;
		splitters[n].ways = ways;
		splitters[n].nexts = nexts;
		splitters[n].splits = bench_size(bench, 1u << 22, 1u << 19) / vector;
		systems[n] = (struct bench_system){variants[i].name, round_run, &splitters[n]};
		n++;
	}
	for (unsigned i = 0; i < NEXTS + GYRE_VECTOR_MAX + GYRE__PARTITION_NEXTS_SLACK; i++)
		nexts[i] = (unsigned)random() % ways;
	bench_compare(bench, &what, systems, n, NULL);
}

void graph_partition_run(struct bench *bench)
{
	static const unsigned vectors[] = {16, 32, 64, 256}, ways[] = {2, 4};
	uint16_t *nexts =
		calloc(NEXTS + GYRE_VECTOR_MAX + GYRE__PARTITION_NEXTS_SLACK, sizeof(*nexts));

	graph_assert(nexts, "memory");
	for (unsigned i = 0; i < sizeof(vectors) / sizeof(*vectors); i++)
		for (unsigned k = 0; k < sizeof(ways) / sizeof(*ways); k++)
			ways_run(bench, nexts, vectors[i], ways[k]);
	free(nexts);
}
