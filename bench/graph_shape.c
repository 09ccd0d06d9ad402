/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shapes that are walked, described once for all systems. Called by bench/graph.c. Invariant:
 * a vertex leads only to vertices behind it, so that their order is one of dispatch.
 */
#include "graph.h"

#include <stdio.h>

static unsigned vertex_add(struct graph_shape *shape, enum graph_role role)
{
	shape->vertices[shape->n] = (struct graph_vertex){.role = role};
	return shape->n++;
}

static void edge_add(struct graph_shape *shape, unsigned from, unsigned to)
{
	struct graph_vertex *vertex = &shape->vertices[from];

	vertex->nexts[vertex->n_nexts++] = to;
}

static void start(struct graph_shape *shape, const char *name)
{
	snprintf(shape->name, sizeof(shape->name), "%s", name);
	shape->n = 0;
	edge_add(shape, vertex_add(shape, GRAPH_SOURCE), 1);
}

void graph_shape_stages(
	struct graph_shape *shape, unsigned stages, unsigned spread, enum graph_role role)
{
	unsigned first = 1, width = 1;

	start(shape, "");
	snprintf(shape->name, sizeof(shape->name), "%ux%u", stages, spread);
	for (unsigned stage = 0; stage <= stages; stage++) {
		for (unsigned i = 0; i < width; i++) {
			unsigned vertex = vertex_add(shape, stage < stages ? role : GRAPH_END);

			for (unsigned next = 0; stage < stages && next < spread; next++)
				edge_add(shape, vertex, first + width + next);
		}
		first += width;
		width = spread;
	}
}

void graph_shape_diamond(struct graph_shape *shape)
{
	start(shape, "diamond");
	unsigned a = vertex_add(shape, GRAPH_EACH), b = vertex_add(shape, GRAPH_WHOLE);
	unsigned c = vertex_add(shape, GRAPH_WHOLE), d = vertex_add(shape, GRAPH_END);

	edge_add(shape, a, b);
	edge_add(shape, a, c);
	edge_add(shape, b, d);
	edge_add(shape, c, d);
}

void graph_shape_unequal(struct graph_shape *shape)
{
	start(shape, "unequal");
	unsigned a = vertex_add(shape, GRAPH_EACH), b1 = vertex_add(shape, GRAPH_WHOLE);
	unsigned b2 = vertex_add(shape, GRAPH_WHOLE), b3 = vertex_add(shape, GRAPH_WHOLE);
	unsigned c = vertex_add(shape, GRAPH_WHOLE), d = vertex_add(shape, GRAPH_END);

	edge_add(shape, a, b1);
	edge_add(shape, a, c);
	edge_add(shape, b1, b2);
	edge_add(shape, b2, b3);
	edge_add(shape, b3, d);
	edge_add(shape, c, d);
}

void graph_shape_tree(struct graph_shape *shape)
{
	start(shape, "tree");
	for (unsigned i = 1; i < 16; i++)
		vertex_add(shape, i < 8 ? GRAPH_EACH : GRAPH_END);
	for (unsigned i = 1; i < 8; i++) {
		edge_add(shape, i, 2 * i);
		edge_add(shape, i, 2 * i + 1);
	}
}

struct graph_place graph_shape_place(const uint8_t *table, unsigned vertex)
{
	return (struct graph_place){table, vertex * 2654435761u >> 20};
}
