/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions of a stage of the graph, as the difference of graphs of 4 and of 16 stages, and of
 * the partition code alone. Called by counts.c. A stage is as many nodes as there are nexts, each
 * leading to all of the next stage; nodes copy nexts from a table, which is little beside the rest.
 */
#include "bench/counts.h"

#include <stdio.h>
#include <string.h>

#include "base/hub.h"
#include "graph/graph.h"
#include "graph/partition.h"

#define STAGES_FEW   4
#define STAGES_MANY  16
#define WALKS        512 /* some are clocked, by the same lot in every graph */
#define WALKS_BEFORE 1024 /* until what can be foreseen is */
#define TABLE        4096
#define CALLS        1000
#define ITEMS        64

static const struct {
	enum gyre_simd simd;
	const char *name;
} variants[] = {{GYRE_SIMD_SCALAR, "scalar"}, {GYRE_SIMD_AVX2, "avx2"}};

struct stage {
	const gyre_next *table;
	unsigned at;
};

static const char *const unnamed[8];

static unsigned source_poll(struct gyre_node *node, unsigned max)
{
	static const char packets[GYRE_VECTOR_MAX];
	void **places = gyre_next_reserve(node, 0, max);

	for (unsigned i = 0; i < max; i++)
		places[i] = (void *)&packets[i];
	gyre_next_commit(node, 0, max);
	return max;
}

static gyre_next whole_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return 0;
}

static gyre_next each_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct stage *stage = gyre_node_data(node);

	(void)items;
	memcpy(nexts, stage->table + stage->at, n * sizeof(*nexts));
	stage->at = (stage->at + n) % (TABLE - GYRE_VECTOR_MAX);
	return GYRE_NEXT_EACH;
}

static int stage_init(struct gyre_node *node, const void *arg)
{
	*(struct stage *)gyre_node_data(node) = *(const struct stage *)arg;
	return 0;
}

static gyre_next end_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

static void node_add(struct gyre_loop *loop, const struct gyre_node_class *node_class,
	unsigned stage, unsigned place, const struct stage *data)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct gyre_node_id id;
	char name[32];

	options.arg = data;
	snprintf(name, sizeof(name), "stage-%u-%u", stage, place);
	counts_check(gyre_node_add(loop, node_class, name, &options, &id), name);
	for (unsigned i = 0; i < node_class->n_nexts; i++) {
		snprintf(name, sizeof(name), "stage-%u-%u", stage + 1, i);
		counts_check(gyre_node_connect(loop, id, i, name), name);
	}
}

/* The first stage is the source, the last one's nodes are ends. */
static struct gyre_loop *graph_make(const struct gyre_node_class *inner, const gyre_next *table,
	unsigned vector, unsigned stages)
{
	static const struct gyre_node_class source = {.name = "source",
		.kind = GYRE_NODE_INPUT,
		.poll = source_poll,
		.nexts = unnamed,
		.n_nexts = 1};
	static const struct gyre_node_class end = {
		.name = "end", .kind = GYRE_NODE_OUTPUT, .process = end_process};
	struct gyre_loop *loop = counts_loop(vector);
	struct stage data = {table, 0};

	node_add(loop, &source, 0, 0, NULL);
	for (unsigned stage = 1; stage <= stages + 1; stage++)
		for (unsigned i = 0; i < inner->n_nexts; i++) {
			data.at = (stage * 8 + i) * 293 % (TABLE - GYRE_VECTOR_MAX);
			node_add(loop, stage > stages ? &end : inner, stage, i, &data);
		}
	counts_check(gyre_graph_build(loop, NULL), "gyre_graph_build");
	return loop;
}

static void walks_run(void *arg, unsigned n)
{
	struct gyre__graph *graph = ((struct gyre_loop *)arg)->graph;
	unsigned items;

	for (unsigned i = 0; i < n; i++)
		gyre__graph_sweep(graph, UINT32_MAX, &items);
}

static void count_stages(const struct counts_path *path, enum gyre_simd simd,
	const struct gyre_node_class *inner, const gyre_next *table, unsigned vector)
{
	static const unsigned stages[] = {STAGES_FEW, STAGES_MANY};

	for (unsigned i = 0; i < 2; i++) {
		struct gyre_loop *loop = graph_make(inner, table, vector, stages[i]);

		counts_check(gyre_graph_simd_set(loop, simd), "gyre_graph_simd_set");
		walks_run(loop, WALKS_BEFORE);
		counts_collect(path, walks_run, loop, WALKS, WALKS * stages[i]);
		counts_check(gyre_loop_destroy(loop), "gyre_loop_destroy");
	}
}

static const struct pattern {
	const char *name;
	unsigned spread;
	unsigned rare; /* one in so many goes to another than the first; 0: evenly */
	bool whole; /* returns one next for all */
	unsigned vectors[3];
} patterns[] = {
	{"one-next", 1, 0, true, {64}},
	{"by-object", 1, 0, false, {4, 16, 64}},
	{"mixed-90-10", 2, 10, false, {16, 64}},
	{"random-2", 2, 0, false, {4, 16, 64}},
	{"random-4", 4, 0, false, {4, 16, 64}},
};

static void count_pattern(const struct pattern *pattern, enum gyre_simd simd, const char *variant)
{
	struct gyre_node_class inner = {.name = "inner",
		.kind = GYRE_NODE_INTERNAL,
		.process = pattern->whole ? whole_process : each_process,
		.init = stage_init,
		.data_size = sizeof(struct stage),
		.nexts = unnamed,
		.n_nexts = pattern->spread};
	gyre_next table[TABLE];
	uint64_t state = 1;

	for (unsigned i = 0; i < TABLE; i++) {
		unsigned draw = counts_random(&state);

		table[i] = pattern->rare ? draw % pattern->rare == 0 : draw % pattern->spread;
	}
	for (unsigned i = 0; i < 3 && pattern->vectors[i]; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s-%u", pattern->name, pattern->vectors[i]);
		count_stages(&(struct counts_path){name, variant, "stage"}, simd, &inner, table,
			pattern->vectors[i]);
	}
}

/* --- Partition alone --- */

static struct {
	const struct gyre__partition_ops *ops;
	unsigned seen; /* so that nothing can be left out */
	gyre_next same[ITEMS + GYRE__PARTITION_NEXTS_SLACK];
	gyre_next mixed[ITEMS + GYRE__PARTITION_NEXTS_SLACK]; /* at random */
	void *items[ITEMS + GYRE__PARTITION_ITEMS_SLACK];
	void *dst[4][ITEMS + GYRE__PARTITION_ITEMS_SLACK];
} split;

static void equal_run(void *arg, unsigned n)
{
	(void)arg;
	for (unsigned i = 0; i < n; i++)
		split.seen += split.ops->all_equal(split.same, ITEMS);
}

static void split_run(void *arg, unsigned n)
{
	unsigned ways = *(const unsigned *)arg;

	for (unsigned i = 0; i < n; i++) {
		void **ends[] = {split.dst[0], split.dst[1], split.dst[2], split.dst[3]};

		split.ops->split(ends, split.items, split.mixed, ITEMS, ways);
		split.seen += (unsigned)(ends[0] - split.dst[0]);
	}
}

static void count_partition(enum gyre_simd simd, const char *variant)
{
	static unsigned ways[] = {2, 4};
	uint64_t state = 1;
	char name[32];

	split.ops = gyre__partition_get(simd);
	counts_twice(
		&(struct counts_path){"all_equal", variant, "64-items"}, equal_run, NULL, CALLS, 1);
	for (unsigned w = 0; w < sizeof(ways) / sizeof(*ways); w++) {
		for (unsigned i = 0; i < ITEMS; i++)
			split.mixed[i] = counts_random(&state) % ways[w];
		snprintf(name, sizeof(name), "split-%u", ways[w]);
		counts_twice(&(struct counts_path){name, variant, "64-items"}, split_run, &ways[w],
			CALLS, 1);
	}
}

void counts_graph(void)
{
	for (unsigned v = 0; v < sizeof(variants) / sizeof(*variants); v++) {
		if (!gyre__partition_get(variants[v].simd))
			continue;
		for (unsigned i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
			count_pattern(&patterns[i], variants[v].simd, variants[v].name);
		count_partition(variants[v].simd, variants[v].name);
	}
}
