/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the graph costs, beside DPDK's rte_graph and beside the bare work: nanoseconds per item and
 * stage, as the slope between 4 and 16 stages, for vectors that move on whole, that are judged item
 * by item, and that spread over up to 16 nexts; and nanoseconds per item of a whole walk for
 * diamonds and a tree. Statistics as shipped on both sides, or off on both. Systems are in files of
 * their own, which see the same shapes (graph_shape.c) and the same random nexts. Invariant: every
 * system was seen to bring each item of each walk to an end, before it is timed.
 */
#include "graph.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

#define STAGES_FEW   4
#define STAGES_MANY  16
#define CHECKS       64 /* walks whose items are counted */
#define CHUNKS       9 /* of a round: few and many stages take turns */
#define PLACES       3 /* each round in the next: where memory lies is luck, worth half its time */
#define SYSTEMS_MAX  6
#define CALLS_COUNTS 1000 /* walks that the calls of the joining node are counted in */

struct pattern {
	const char *name;
	void (*shape)(struct graph_shape *shape); /* NULL: stages */
	enum graph_role role;
	unsigned spread;
	unsigned rare; /* one in so many goes to another next than the first; 0: evenly */
};

static const struct pattern patterns[] = {
	{"one-next", NULL, GRAPH_WHOLE, 1, 0},
	{"by-object", NULL, GRAPH_EACH, 1, 0},
	{"mixed-90-10", NULL, GRAPH_EACH, 2, 10},
	{"random-2", NULL, GRAPH_EACH, 2, 0},
	{"random-4", NULL, GRAPH_EACH, 4, 0},
	{"random-16", NULL, GRAPH_EACH, 16, 0},
	{"diamond", graph_shape_diamond, GRAPH_EACH, 2, 0},
	{"unequal-diamond", graph_shape_unequal, GRAPH_EACH, 2, 0},
	{"tree", graph_shape_tree, GRAPH_EACH, 2, 0},
};

static const unsigned vectors[] = {1, 4, 16, 32, 64, 256};

/* A system on its graphs, many stages and few, or one graph only; again in every place. */
struct entry {
	const char *name;
	const struct graph_system *system;
	void *runs[PLACES][2];
	unsigned vector, walks; /* in a chunk */
	unsigned rounds; /* so far */
};

struct contest {
	struct bench *bench;
	const struct pattern *pattern;
	struct graph_setup setup;
	struct graph_shape many, few; /* `few` is empty when there are no stages */
	uint8_t table[GRAPH_TABLE + GYRE_VECTOR_MAX];
	unsigned n;
	struct entry entries[SYSTEMS_MAX];
};

static void table_fill(uint8_t *table, const struct pattern *pattern)
{
	for (unsigned i = 0; i < GRAPH_TABLE; i++) {
		unsigned draw = (unsigned)random();

		table[i] = pattern->rare ? draw % pattern->rare == 0 : draw % pattern->spread;
	}
	for (unsigned i = 0; i < GYRE_VECTOR_MAX; i++)
		table[GRAPH_TABLE + i] = table[i];
}

static uint64_t ended(const struct entry *entry, const struct graph_shape *shape, void *run)
{
	uint64_t items = 0;

	for (unsigned i = 0; i < shape->n; i++)
		if (shape->vertices[i].role == GRAPH_END)
			items += entry->system->end(run, i)->items;
	return items;
}

static void check(const struct entry *entry, const struct graph_shape *shape, void *run)
{
	uint64_t before = ended(entry, shape, run);

	for (unsigned walk = 1; walk <= CHECKS; walk++) {
		entry->system->walk(run, 1);
		graph_assert(ended(entry, shape, run) - before == (uint64_t)walk * entry->vector,
			"items at the ends");
	}
}

static uint64_t walk_timed(const struct graph_system *system, void *run, unsigned walks)
{
	uint64_t began = bench_now();

	system->walk(run, walks);
	return bench_now() - began;
}

/* How many walks take so long. */
static unsigned walks_for(const struct graph_system *system, void *run, uint64_t nsec)
{
	unsigned walks = 16;

	while (walk_timed(system, run, walks) < nsec)
		walks *= 2;
	return walks;
}

static int uint64_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t median(uint64_t *times, unsigned n)
{
	qsort(times, n, sizeof(*times), uint64_compare);
	return times[n / 2];
}

/* The way to write its nodes that has the lowest median of some rounds. Says what each takes, in ns
 * per item of a walk of many stages. */
static unsigned way_choose(
	const struct contest *contest, const struct graph_system *system, struct graph_setup setup)
{
	enum { WAYS = 12, ROUNDS = 7 };
	uint64_t times[WAYS][ROUNDS];
	double best = 0;
	unsigned chosen = 0, walks = 0;

	for (unsigned round = 0; round < ROUNDS; round++)
		for (setup.way = 0; system->ways[setup.way]; setup.way++) {
			void *run = system->open(&setup);

			if (!run)
				return 0;
			if (!walks)
				walks = walks_for(system, run, 100000);
			system->walk(run, walks);
			alone_wait(&contest->bench->alone);
			times[setup.way][round] = walk_timed(system, run, walks);
			system->close(run);
		}
	printf("%-18s %s nodes:", contest->pattern->name, system->name);
	for (unsigned way = 0; system->ways[way]; way++) {
		double each = (double)median(times[way], ROUNDS) / walks / setup.vector;

		printf(" %s %.3f", system->ways[way], each);
		if (way == 0 || each < best) {
			best = each;
			chosen = way;
		}
	}
	printf(": %s\n", system->ways[chosen]);
	return chosen;
}

/* ns per item, and stage where there are stages. Medians, for a difference of sums would be at the
 * mercy of one interrupt. */
static double entry_round(void *arg)
{
	struct entry *entry = arg;
	void **runs = entry->runs[entry->rounds++ % PLACES];
	uint64_t few[CHUNKS], many[CHUNKS];
	double items = (double)entry->walks * entry->vector;

	for (unsigned i = 0; i < CHUNKS; i++) {
		if (runs[1])
			few[i] = walk_timed(entry->system, runs[1], entry->walks);
		many[i] = walk_timed(entry->system, runs[0], entry->walks);
	}
	if (!runs[1])
		return median(many, CHUNKS) / items;
	return ((double)median(many, CHUNKS) - median(few, CHUNKS)) / items /
	       (STAGES_MANY - STAGES_FEW);
}

static void entry_add(struct contest *contest, const struct graph_system *system, const char *name,
	enum gyre_simd simd)
{
	const struct graph_shape *const shapes[] = {&contest->many, &contest->few};
	struct entry *entry = &contest->entries[contest->n];
	struct graph_setup setup = contest->setup;

	*entry = (struct entry){.name = name, .system = system, .vector = setup.vector};
	setup.simd = simd;
	if (system->ways && contest->pattern->role == GRAPH_EACH)
		setup.way = way_choose(contest, system, setup);
	for (unsigned place = 0; place < PLACES; place++)
		for (unsigned i = 0; i < 2 && shapes[i]->n; i++) {
			setup.shape = shapes[i];
			entry->runs[place][i] = system->open(&setup);
			if (!entry->runs[place][i])
				return;
			check(entry, shapes[i], entry->runs[place][i]);
		}
	entry->walks = walks_for(
		system, entry->runs[0][0], bench_size(contest->bench, 2000000, 600000) / CHUNKS);
	contest->n++;
}

static void entry_close(struct entry *entry)
{
	for (unsigned place = 0; place < PLACES; place++)
		for (unsigned i = 0; i < 2 && entry->runs[place][i]; i++)
			entry->system->close(entry->runs[place][i]);
}

/* How often the node that joins the ways is called in a walk: once, when it waits for all. */
static void calls_count(const struct contest *contest, const char *param)
{
	const struct bench_case what = {"unequal-diamond-calls", param, "calls/walk"};

	for (unsigned i = 0; i < contest->n; i++) {
		const struct entry *entry = &contest->entries[i];
		const struct graph_end *end =
			entry->system->end(entry->runs[0][0], contest->many.n - 1);
		uint64_t before = end->calls;

		entry->system->walk(entry->runs[0][0], CALLS_COUNTS);
		bench_count(contest->bench, &what, entry->name,
			(double)(end->calls - before) / CALLS_COUNTS);
	}
}

static void systems_add(struct contest *contest)
{
	entry_add(contest, &graph_gyre, "gyre", GYRE_SIMD_AUTO);
#ifdef HAVE_DPDK
	entry_add(contest, &graph_rte, "rte_graph", GYRE_SIMD_AUTO);
#endif
	entry_add(contest, &graph_direct, "direct", GYRE_SIMD_AUTO);
	if (contest->pattern->role == GRAPH_EACH && contest->setup.stats) {
		entry_add(contest, &graph_gyre, "gyre-avx2", GYRE_SIMD_AVX2);
		entry_add(contest, &graph_gyre, "gyre-scalar", GYRE_SIMD_SCALAR);
	}
}

static void contest_run(struct contest *contest, unsigned vector, bool stats)
{
	struct bench_system systems[SYSTEMS_MAX];
	char param[32];
	const struct bench_case what = {contest->pattern->name, param,
		contest->pattern->shape ? "ns/item" : "ns/item/stage"};

	snprintf(param, sizeof(param), "V=%u%s", vector, stats ? "" : ",stats=off");
	if (!bench_wants_param(contest->bench, param))
		return;
	contest->setup = (struct graph_setup){
		.shape = &contest->many, .table = contest->table, .vector = vector, .stats = stats};
	contest->n = 0;
	systems_add(contest);
	for (unsigned i = 0; i < contest->n; i++)
		systems[i] = (struct bench_system){
			contest->entries[i].name, entry_round, &contest->entries[i]};
	bench_compare(contest->bench, &what, systems, contest->n, NULL);
	if (contest->pattern->shape == graph_shape_unequal && stats)
		calls_count(contest, param);
	for (unsigned i = 0; i < contest->n; i++)
		entry_close(&contest->entries[i]);
}

static void pattern_run(struct bench *bench, const struct pattern *pattern)
{
	static struct contest contest;

	contest.bench = bench;
	contest.pattern = pattern;
	contest.few.n = 0;
	if (pattern->shape) {
		pattern->shape(&contest.many);
	} else {
		graph_shape_stages(&contest.many, STAGES_MANY, pattern->spread, pattern->role);
		graph_shape_stages(&contest.few, STAGES_FEW, pattern->spread, pattern->role);
	}
	table_fill(contest.table, pattern);
	for (unsigned i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		contest_run(&contest, vectors[i], true);
		contest_run(&contest, vectors[i], false);
	}
}

int main(int argc, char **argv)
{
	struct bench bench;

	bench_open(&bench, "graph", argc, argv);
#ifdef HAVE_DPDK
	graph_rte_start(bench.core);
#else
	printf("no DPDK: rte_graph is left out\n");
#endif
	for (unsigned i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (bench_wants(&bench, patterns[i].name))
			pattern_run(&bench, &patterns[i]);
	if (bench_wants(&bench, "partition"))
		graph_partition_run(&bench);
	bench_close(&bench);
	return 0;
}
