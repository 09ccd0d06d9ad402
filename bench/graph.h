/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the graph's benchmark asks of each system: build a shape, walk it, say how many items came
 * to its ends. All systems have the same shapes, the same bodies, the same random nexts.
 */
#ifndef GYRE_BENCH_GRAPH_H
#define GYRE_BENCH_GRAPH_H

#include <gyre/graph.h>

#define GRAPH_VERTICES_MAX 288
#define GRAPH_NEXTS_MAX    16
#define GRAPH_TABLE        4096 /* random nexts, used over and over: they stay in the first cache */

/* A node's place in the table of nexts: each node has its own. */
struct graph_place {
	const uint8_t *table; /* GRAPH_TABLE entries, and the first GYRE_VECTOR_MAX again */
	uint32_t at;
};

/* The whole of a node's own work: where n nexts are. No item is looked at. */
static inline const uint8_t *graph_place_take(struct graph_place *place, unsigned n)
{
	const uint8_t *nexts = place->table + place->at;

	place->at = (place->at + n) % GRAPH_TABLE;
	return nexts;
}

/* What a source brings, on every side by the same loop: one by one, for else it would depend on the
 * code around it whether the compiler makes vectors of it, which cost more than they save where
 * items are few. */
static inline void graph_items_bring(void **places, unsigned n)
{
	static const char packets[GYRE_VECTOR_MAX];
	const char *packet = packets;

	for (unsigned i = 0; i < n; i++, packet++) {
		places[i] = (void *)packet;
		__asm__("" : "+r"(packet));
	}
}

enum graph_role {
	GRAPH_SOURCE, /* brings a vector to its only next */
	GRAPH_WHOLE, /* sends the vector to its only next, as one */
	GRAPH_EACH, /* asks the table for every item */
	GRAPH_END, /* counts */
};

struct graph_end {
	uint64_t items, calls;
};

static inline void graph_end_count(struct graph_end *end, unsigned n)
{
	end->items += n;
	end->calls++;
}

struct graph_vertex {
	enum graph_role role;
	unsigned n_nexts;
	uint16_t nexts[GRAPH_NEXTS_MAX]; /* vertices, each behind this one */
};

/* A graph; the first vertex is the source, and all others lie behind those that lead to them. */
struct graph_shape {
	char name[32]; /* the same for the same vertices, roles left aside */
	unsigned n;
	struct graph_vertex vertices[GRAPH_VERTICES_MAX];
};

/* Stages of `spread` nodes, each leading to all of the next stage; the first stage is one node, and
 * the last leads to as many ends. Their role is EACH or WHOLE. */
void graph_shape_stages(
	struct graph_shape *shape, unsigned stages, unsigned spread, enum graph_role role);
/* a -> {b, c} -> d, which is the end, and the last vertex. */
void graph_shape_diamond(struct graph_shape *shape);
/* a -> {b1 -> b2 -> b3, c} -> d, likewise. */
void graph_shape_unequal(struct graph_shape *shape);
/* 1, 2, 4 and 8 nodes, the eight being ends. */
void graph_shape_tree(struct graph_shape *shape);
/* The place that a vertex begins at, for every system the same. */
struct graph_place graph_shape_place(const uint8_t *table, unsigned vertex);

struct graph_setup {
	const struct graph_shape *shape;
	const uint8_t *table;
	unsigned vector;
	bool stats; /* as shipped; else none at all */
	enum gyre_simd simd; /* gyre's and direct's */
	unsigned way; /* of those that the system has */
};

/* One of those that are compared. */
struct graph_system {
	const char *name;
	const char *const *ways; /* names of the ways to write its nodes, NULL behind them; the best
				  * one is taken. NULL: there is one only */
	void *(*open)(const struct graph_setup *setup); /* NULL: not on this machine */
	void (*walk)(void *run, unsigned walks);
	/* What an end counted since the opening. */
	const struct graph_end *(*end)(void *run, unsigned vertex);
	void (*close)(void *run);
};

extern const struct graph_system graph_gyre;
extern const struct graph_system graph_direct;
#ifdef HAVE_DPDK
extern const struct graph_system graph_rte;
/* Before the first opening; moves the thread to the core. */
void graph_rte_start(int core);
#endif

struct bench;
struct gyre__partition_ops;
/* The cases of the partition code alone. */
void graph_partition_run(struct bench *bench);
/* Writes each of n items to the end of its next, which has the partition's slack, and moves the end
 * on behind it. */
void graph_partition_split(const struct gyre__partition_ops *ops, const uint16_t *nexts,
	void *const *items, unsigned n, unsigned ways, void ***ends);

/* What cannot go on, ends the program. */
#define graph_assert(condition, what) bench_check((condition) ? 0 : -1, what)

#endif
