/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the graph costs: nanoseconds per object and stage, as the slope between walks of 4 and of 16
 * stages, for vectors that move on whole, that are judged object by object, and that spread at
 * random over 2, 4 and 8 nexts. Statistics are on, as they ship. Prints a table; run it by hand, on
 * a quiet core, and compare figures of one run only. A stage is as many nodes as there are nexts,
 * each leading to all of the next stage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "graph/graph.h"

#define STAGES_FEW  4
#define STAGES_MANY 16
#define REPEATS     101 /* short ones, of which the best counts: others use the machine, too */
#define TABLE       4096 /* random nexts, used over and over */

struct pattern {
	const char *name;
	unsigned spread;
	unsigned rare; /* one in so many goes to another than the first; 0: evenly */
	bool each; /* fills in nexts */
};

static const struct pattern patterns[] = {
	{"one-next", 1, 0, false},
	{"by-object", 1, 0, true},
	{"mixed-90-10", 2, 10, true},
	{"random-2", 2, 0, true},
	{"random-4", 4, 0, true},
	{"random-8", 8, 0, true},
};

static const unsigned vectors[] = {1, 4, 16, 32, 64, 256};
#define COLUMNS (sizeof(vectors) / sizeof(*vectors))

/* Nodes share the table, so that it stays in the first cache; each has its own place in it. */
struct stage {
	const uint8_t *table;
	unsigned at;
};

static gyre_next whole_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return 0;
}

static gyre_next each_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct stage *stage = gyre_node_data(node);
	const uint8_t *table = stage->table + stage->at;

	(void)items;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = table[i];
	stage->at = (stage->at + n) % (TABLE - GYRE_VECTOR_MAX);
	return GYRE_NEXT_EACH;
}

static int stage_init(struct gyre_node *node, const void *arg)
{
	struct stage *stage = gyre_node_data(node);

	stage->table = arg;
	stage->at = (unsigned)random() % (TABLE - GYRE_VECTOR_MAX);
	return 0;
}

static void table_fill(uint8_t *table, const struct pattern *pattern)
{
	for (unsigned i = 0; i < TABLE; i++) {
		unsigned draw = (unsigned)random();

		table[i] = pattern->rare ? draw % pattern->rare == 0 : draw % pattern->spread;
	}
}

static gyre_next end_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

static unsigned source_poll(struct gyre_node *node, unsigned max)
{
	static const char packets[GYRE_VECTOR_MAX];
	void **places = gyre_next_reserve(node, 0, max);

	for (unsigned i = 0; i < max; i++)
		places[i] = (void *)&packets[i];
	gyre_next_commit(node, 0, max);
	return max;
}

static const char *const unnamed[8];

static void check(int error, const char *what)
{
	if (error >= 0)
		return;
	fprintf(stderr, "%s: error %d\n", what, -error);
	exit(1);
}

static void node_add(struct gyre_loop *loop, const struct gyre_node_class *node_class,
	const char *name, const uint8_t *table, unsigned stage)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct gyre_node_id id;
	char next[32];

	options.arg = table;
	check(gyre_node_add(loop, node_class, name, &options, &id), name);
	for (unsigned i = 0; i < node_class->n_nexts; i++) {
		snprintf(next, sizeof(next), "stage-%u-%u", stage + 1, i);
		check(gyre_node_connect(loop, id, i, next), name);
	}
}

/* The last stage's nodes are ends. */
static void nodes_add(struct gyre_loop *loop, const struct gyre_node_class *inner,
	const uint8_t *table, unsigned stages)
{
	static const struct gyre_node_class source = {.name = "source",
		.kind = GYRE_NODE_INPUT,
		.poll = source_poll,
		.nexts = unnamed,
		.n_nexts = 1};
	static const struct gyre_node_class end = {
		.name = "end", .kind = GYRE_NODE_OUTPUT, .process = end_process};
	char name[32];

	node_add(loop, &source, "source", table, 0);
	for (unsigned stage = 1; stage <= stages + 1; stage++)
		for (unsigned i = 0; i < inner->n_nexts; i++) {
			snprintf(name, sizeof(name), "stage-%u-%u", stage, i);
			node_add(loop, stage > stages ? &end : inner, name, table, stage);
		}
	check(gyre_graph_build(loop, NULL), "build");
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return GYRE_SEC(time.tv_sec) + time.tv_nsec;
}

static void walk(struct gyre_loop *loop, unsigned walks)
{
	for (unsigned i = 0; i < walks; i++) {
		gyre__graph_poll(loop->graph);
		gyre__graph_dispatch(loop->graph, UINT32_MAX);
	}
}

/* Nanoseconds per walk, source and ends included. */
static double walk_measure(
	struct gyre_loop *loop, const struct pattern *pattern, unsigned vector, unsigned stages)
{
	struct gyre_loop_options options = {
		.vector = vector, .hop_budget = 1, .sample_period = 16, .inject_max = 1};
	struct gyre_node_class inner = {.name = "inner",
		.kind = GYRE_NODE_INTERNAL,
		.process = pattern->each ? each_process : whole_process,
		.init = stage_init,
		.data_size = sizeof(struct stage),
		.nexts = unnamed,
		.n_nexts = pattern->spread};
	unsigned walks = 4000 / (vector + 16);
	uint64_t best = UINT64_MAX;
	uint8_t table[TABLE];

	table_fill(table, pattern);
	check(gyre__graph_create(loop, &options, &loop->graph), "create");
	nodes_add(loop, &inner, table, stages);
	walk(loop, walks);
	for (unsigned i = 0; i < REPEATS; i++) {
		uint64_t began = now();

		walk(loop, walks);
		began = now() - began;
		if (began < best)
			best = began;
	}
	gyre__graph_destroy(loop->graph);
	return (double)best / walks;
}

static double slope_measure(struct gyre_loop *loop, const struct pattern *pattern, unsigned vector)
{
	double few = walk_measure(loop, pattern, vector, STAGES_FEW);
	double many = walk_measure(loop, pattern, vector, STAGES_MANY);

	return (many - few) / (STAGES_MANY - STAGES_FEW) / vector;
}

int main(void)
{
	static struct gyre_loop loop;

	check(gyre__clock_create(&loop.clock), "clock");
	printf("ns per object and stage (best of %d)\n%-14s", REPEATS, "vector");
	for (unsigned i = 0; i < COLUMNS; i++)
		printf("%8u", vectors[i]);
	for (unsigned p = 0; p < sizeof(patterns) / sizeof(*patterns); p++) {
		printf("\n%-14s", patterns[p].name);
		for (unsigned i = 0; i < COLUMNS; i++) {
			printf("%8.2f", slope_measure(&loop, &patterns[p], vectors[i]));
			fflush(stdout);
		}
	}
	printf("\n");
	gyre__clock_free(loop.clock);
	return 0;
}
