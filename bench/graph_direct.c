/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bare work, as a bound for any graph: bodies are called in the order of the vertices, each on
 * an array of its own, with gyre's partition code where nexts differ, and nothing else: no order to
 * find, no frames, no counters, no room to check. Called by bench/graph.c; owns the arrays.
 */
#include <stdlib.h>
#include <string.h>

#include "graph.h"
#include "graph/partition.h"
#include "harness.h"

#define ROOM (GYRE_VECTOR_MAX + GYRE__PARTITION_ITEMS_SLACK + 8) /* not 2 KiB apart */

struct vertex {
	void **items;
	unsigned n;
	enum graph_role role;
	unsigned n_nexts;
	struct vertex *nexts[GRAPH_NEXTS_MAX];
	struct graph_place place;
	struct graph_end end;
	void *own[ROOM];
};

struct run {
	const struct gyre__partition_ops *ops;
	unsigned vector, n, way;
	struct vertex *vertices;
};

/* --- Bodies --- */

static __attribute__((noinline)) void source_body(void **items, unsigned n)
{
	static const char packets[GYRE_VECTOR_MAX];

	for (unsigned i = 0; i < n; i++)
		items[i] = (void *)&packets[i];
}

static __attribute__((noinline)) unsigned whole_body(struct vertex *vertex)
{
	__asm__ volatile("" : : "r"(vertex));
	return 0;
}

static __attribute__((noinline)) void each_body(
	struct graph_place *place, uint16_t *nexts, unsigned n)
{
	const uint8_t *table = graph_place_take(place, n);

	for (unsigned i = 0; i < n; i++)
		nexts[i] = table[i];
}

/* --- Ways on --- */

/* The array itself, when nothing is there yet. */
static void move(struct vertex *from, struct vertex *to)
{
	void **items = to->items;

	if (to->n) {
		memcpy(to->items + to->n, from->items, from->n * sizeof(*from->items));
		to->n += from->n;
		return;
	}
	to->items = from->items;
	to->n = from->n;
	from->items = items;
}

static void compress(const struct run *run, struct vertex *from, const uint16_t *nexts)
{
	for (unsigned next = 0; next < from->n_nexts; next++) {
		struct vertex *to = from->nexts[next];

		to->n += graph_partition_next(
			run->ops, nexts, from->items, from->n, next, to->items + to->n);
	}
}

static void scatter(struct vertex *from, const uint16_t *nexts)
{
	for (unsigned i = 0; i < from->n; i++) {
		struct vertex *to = from->nexts[nexts[i]];

		to->items[to->n++] = from->items[i];
	}
}

/* The ends of all arrays are held, so that no item waits for the one before it to be counted. */
static void cursors(struct vertex *from, const uint16_t *nexts)
{
	void **ends[GRAPH_NEXTS_MAX];

	for (unsigned next = 0; next < from->n_nexts; next++)
		ends[next] = from->nexts[next]->items + from->nexts[next]->n;
	for (unsigned i = 0; i < from->n; i++)
		*ends[nexts[i]]++ = from->items[i];
	for (unsigned next = 0; next < from->n_nexts; next++)
		from->nexts[next]->n = ends[next] - from->nexts[next]->items;
}

enum way { EQUAL_COMPRESS, COMPRESS, EQUAL_SCATTER, SCATTER, CURSORS };
static const char *const ways[] = {
	"equal-or-compress", "compress", "equal-or-scatter", "scatter", "cursors", NULL};

static void split(const struct run *run, struct vertex *from)
{
	uint16_t nexts[GYRE_VECTOR_MAX + GYRE__PARTITION_NEXTS_SLACK];
	bool equal = run->way == EQUAL_COMPRESS || run->way == EQUAL_SCATTER;

	each_body(&from->place, nexts, from->n);
	if (equal && run->ops->all_equal(nexts, from->n))
		move(from, from->nexts[nexts[0]]);
	else if (run->way == EQUAL_COMPRESS || run->way == COMPRESS)
		compress(run, from, nexts);
	else if (run->way == CURSORS)
		cursors(from, nexts);
	else
		scatter(from, nexts);
}

static void visit(const struct run *run, struct vertex *vertex)
{
	if (vertex->role == GRAPH_WHOLE)
		move(vertex, vertex->nexts[whole_body(vertex)]);
	else if (vertex->role == GRAPH_EACH)
		split(run, vertex);
	else
		graph_end_count(&vertex->end, vertex->n);
	vertex->n = 0;
}

/* --- Runs --- */

static void *run_open(const struct graph_setup *setup)
{
	struct run *run = calloc(1, sizeof(*run));

	graph_assert(run, "memory");
	run->ops = gyre__partition_get(setup->simd);
	run->vector = setup->vector;
	run->n = setup->shape->n;
	run->way = setup->way;
	run->vertices = calloc(run->n, sizeof(*run->vertices));
	graph_assert(run->vertices, "memory");
	for (unsigned i = 0; i < run->n; i++) {
		const struct graph_vertex *described = &setup->shape->vertices[i];
		struct vertex *vertex = &run->vertices[i];

		vertex->items = vertex->own;
		vertex->role = described->role;
		vertex->n_nexts = described->n_nexts;
		vertex->place = graph_shape_place(setup->table, i);
		for (unsigned next = 0; next < vertex->n_nexts; next++)
			vertex->nexts[next] = &run->vertices[described->nexts[next]];
	}
	return run;
}

static void run_walk(void *arg, unsigned walks)
{
	struct run *run = arg;

	for (unsigned walk = 0; walk < walks; walk++) {
		run->vertices[1].n = run->vector;
		source_body(run->vertices[1].items, run->vector);
		for (unsigned i = 1; i < run->n; i++)
			if (run->vertices[i].n)
				visit(run, &run->vertices[i]);
	}
}

static const struct graph_end *run_end(void *arg, unsigned vertex)
{
	return &((struct run *)arg)->vertices[vertex].end;
}

static void run_close(void *arg)
{
	struct run *run = arg;

	free(run->vertices);
	free(run);
}

const struct graph_system graph_direct = {.name = "direct",
	.ways = ways,
	.open = run_open,
	.walk = run_walk,
	.end = run_end,
	.close = run_close};
