/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bare work, as a bound for any graph: bodies are called directly, each on an array of its own,
 * and what has several nexts is split by gyre's partition code or in the body, whichever is faster.
 * Nothing else: no frames, no counters, no room to check. Vertices are visited in their order
 * or first come, first served, whichever is faster. Called by bench/graph.c; owns the arrays.
 */
#ifdef __AVX512VL__
#include <immintrin.h>
#endif
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

struct run;

/* How items are sent on where there are several nexts, and how the next vertex is found. */
struct way {
	void (*split)(struct run *run, struct vertex *from);
	bool queue; /* first come, first served */
};

struct run {
	const struct gyre__partition_ops *ops;
	struct way way;
	unsigned vector, n;
	struct vertex *vertices;
	struct vertex **tail; /* of the queue */
	struct vertex *queue[GRAPH_VERTICES_MAX + 1]; /* of one walk */
};

/* --- Bodies --- */

static __attribute__((noinline)) void source_body(void **items, unsigned n)
{
	graph_items_bring(items, n);
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

/* `n` items are there, of which the first comes first. */
static inline void enter(struct run *run, struct vertex *to, unsigned n)
{
	*run->tail = to;
	run->tail += to->n == 0 && n > 0;
	to->n += n;
}

/* The array itself, when nothing is there yet. */
static inline void move(struct run *run, struct vertex *from, struct vertex *to)
{
	void **items = to->items;

	if (to->n) {
		memcpy(to->items + to->n, from->items, from->n * sizeof(*from->items));
	} else {
		to->items = from->items;
		from->items = items;
	}
	enter(run, to, from->n);
}

static inline void compress(struct run *run, struct vertex *from, bool ask)
{
	uint16_t nexts[GYRE_VECTOR_MAX + GYRE__PARTITION_NEXTS_SLACK];
	void **ends[GRAPH_NEXTS_MAX];

	each_body(&from->place, nexts, from->n);
	if (ask && run->ops->all_equal(nexts, from->n)) {
		move(run, from, from->nexts[nexts[0]]);
		return;
	}
	for (unsigned next = 0; next < from->n_nexts; next++)
		ends[next] = from->nexts[next]->items + from->nexts[next]->n;
	graph_partition_split(run->ops, nexts, from->items, from->n, from->n_nexts, ends);
	for (unsigned next = 0; next < from->n_nexts; next++) {
		struct vertex *to = from->nexts[next];

		enter(run, to, (unsigned)(ends[next] - (to->items + to->n)));
	}
}

static void compress_split(struct run *run, struct vertex *from)
{
	compress(run, from, false);
}

static void equal_compress_split(struct run *run, struct vertex *from)
{
	compress(run, from, true);
}

/* In the body itself, item by item. */
static void scatter_split(struct run *run, struct vertex *from)
{
	const uint8_t *table = graph_place_take(&from->place, from->n);
	struct vertex **tail = run->tail;

	for (unsigned i = 0; i < from->n; i++) {
		struct vertex *to = from->nexts[table[i]];

		*tail = to;
		tail += to->n == 0;
		to->items[to->n++] = from->items[i];
	}
	run->tail = tail;
}

/* Likewise, with the ends of all arrays held, so that no item waits for the one before it. */
static void cursors_split(struct run *run, struct vertex *from)
{
	const uint8_t *table = graph_place_take(&from->place, from->n);
	void **ends[GRAPH_NEXTS_MAX];

	for (unsigned next = 0; next < from->n_nexts; next++)
		ends[next] = from->nexts[next]->items + from->nexts[next]->n;
	for (unsigned i = 0; i < from->n; i++)
		*ends[table[i]]++ = from->items[i];
	for (unsigned next = 0; next < from->n_nexts; next++) {
		struct vertex *to = from->nexts[next];

		enter(run, to, ends[next] - to->items - to->n);
	}
}

/* The body itself sees that all go to the same place, eight at a time. */
static void equal_scatter_split(struct run *run, struct vertex *from)
{
	const uint8_t *table = from->place.table + from->place.at;
	uint64_t first = table[0] * UINT64_C(0x0101010101010101), eight, differ = 0;
	unsigned i = 0;

	for (; i + 8 <= from->n; i += 8) {
		memcpy(&eight, table + i, sizeof(eight));
		differ |= eight ^ first;
	}
	for (; i < from->n; i++)
		differ |= table[i] ^ table[0];
	if (differ) {
		scatter_split(run, from);
		return;
	}
	graph_place_take(&from->place, from->n);
	move(run, from, from->nexts[table[0]]);
}

#ifdef __AVX512VL__
/* Eight items at a time to all nexts, whose ends stay in registers. */
static inline __attribute__((always_inline)) void registers(
	struct run *run, struct vertex *from, const uint16_t *nexts, unsigned n_nexts)
{
	void **ends[GRAPH_NEXTS_MAX];

	for (unsigned next = 0; next < n_nexts; next++)
		ends[next] = from->nexts[next]->items + from->nexts[next]->n;
	for (unsigned i = 0; i < from->n; i += 8) {
		__m128i eight = _mm_loadu_si128((const void *)(nexts + i));
		__m512i items = _mm512_loadu_si512(from->items + i);
		unsigned valid = from->n - i < 8 ? (1u << (from->n - i)) - 1 : 0xff;

		for (unsigned next = 0; next < n_nexts; next++) {
			unsigned mask =
				_mm_mask_cmpeq_epi16_mask(valid, eight, _mm_set1_epi16(next));

			_mm512_storeu_si512(ends[next], _mm512_maskz_compress_epi64(mask, items));
			ends[next] += __builtin_popcount(mask);
		}
	}
	for (unsigned next = 0; next < n_nexts; next++) {
		struct vertex *to = from->nexts[next];

		enter(run, to, ends[next] - to->items - to->n);
	}
}

static void registers_split(struct run *run, struct vertex *from)
{
	const uint8_t *table = graph_place_take(&from->place, from->n);
	uint16_t nexts[GYRE_VECTOR_MAX];

	for (unsigned i = 0; i < from->n; i += 16)
		for (unsigned k = 0; k < 16; k++)
			nexts[i + k] = table[i + k];
	if (from->n_nexts == 2)
		registers(run, from, nexts, 2);
	else if (from->n_nexts == 4)
		registers(run, from, nexts, 4);
	else
		registers(run, from, nexts, from->n_nexts);
}
#endif

static const struct way ways[] = {
	{equal_compress_split, false},
	{equal_compress_split, true},
	{compress_split, false},
	{compress_split, true},
	{equal_scatter_split, false},
	{equal_scatter_split, true},
	{scatter_split, false},
	{scatter_split, true},
	{cursors_split, false},
	{cursors_split, true},
#ifdef __AVX512VL__
	{registers_split, false},
	{registers_split, true},
#endif
};
static const char *const way_names[] = {"equal-or-compress", "equal-or-compress-queue", "compress",
	"compress-queue", "equal-or-scatter", "equal-or-scatter-queue", "scatter", "scatter-queue",
	"cursors", "cursors-queue",
#ifdef __AVX512VL__
	"registers", "registers-queue",
#endif
	NULL};

static inline void visit(struct run *run, struct vertex *vertex)
{
	if (vertex->role == GRAPH_WHOLE)
		move(run, vertex, vertex->nexts[whole_body(vertex)]);
	else if (vertex->role == GRAPH_EACH)
		run->way.split(run, vertex);
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
	run->way = ways[setup->way];
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
	struct vertex *first = &run->vertices[1];

	for (unsigned walk = 0; walk < walks; walk++) {
		source_body(first->items, run->vector);
		run->tail = run->queue;
		enter(run, first, run->vector);
		if (run->way.queue)
			for (struct vertex **head = run->queue; head < run->tail; head++)
				visit(run, *head);
		else
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
	.ways = way_names,
	.open = run_open,
	.walk = run_walk,
	.end = run_end,
	.close = run_close};
