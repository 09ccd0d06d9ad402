/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gyre's side of the graph's benchmark: a loop as anyone creates it, whose graph is polled and
 * dispatched without the rest of the loop's turn. Called by bench/graph.c; owns the loop of a run.
 */
#include <gyre/sender.h>
#include <stdio.h>
#include <stdlib.h>

#include "graph.h"
#include "graph/graph.h"
#include "harness.h"

struct run {
	struct gyre_loop *loop;
	unsigned n;
	struct gyre_node *nodes[GRAPH_VERTICES_MAX];
};

static unsigned source_poll(struct gyre_node *node, unsigned max)
{
	graph_items_bring(gyre_next_reserve(node, 0, max), max);
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
	const uint8_t *table = graph_place_take(gyre_node_data(node), n);

	(void)items;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = table[i];
	return GYRE_NEXT_EACH;
}

/* Likewise in whole registers, which nexts[] has room for: no rest is left, whose length would be a
 * guess. */
static gyre_next rounded_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	const uint8_t *table = graph_place_take(gyre_node_data(node), n);

	(void)items;
	for (unsigned i = 0; i < n; i += 16) {
		uint8_t sixteen[16]; /* nexts[] might be the table, for all that the compiler knows
				      */

		memcpy(sixteen, table + i, sizeof(sixteen));
		for (unsigned k = 0; k < 16; k++)
			nexts[i + k] = sixteen[k];
	}
	return GYRE_NEXT_EACH;
}

/* Looks by the way whether all go to one next, and says so then; one by one, for the shortest. */
static gyre_next asked_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	const uint8_t *table = graph_place_take(gyre_node_data(node), n);
	unsigned first = table[0], differ = 0;

	(void)items;
	for (unsigned i = 0; i < n; i++) {
		nexts[i] = table[i];
		differ |= table[i] ^ first;
		__asm__("" : "+r"(differ)); /* not to be made vectors of */
	}
	return differ ? GYRE_NEXT_EACH : (gyre_next)first;
}

/* Sends them itself. */
static gyre_next sender_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	const uint8_t *table = graph_place_take(gyre_node_data(node), n);
	struct gyre_sender sender = gyre_sender_open(node);

	(void)nexts;
	for (unsigned i = 0; i < n; i++)
		gyre_sender_put(&sender, table[i], items[i]);
	return gyre_sender_close(&sender);
}

static const char *const ways[] = {"plain", "rounded", "asked", "sender", NULL};
static gyre_node_fn *const each_functions[] = {
	each_process, rounded_process, asked_process, sender_process};
#define WAYS (sizeof(each_functions) / sizeof(*each_functions))

static gyre_next end_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)items, (void)nexts;
	graph_end_count(gyre_node_data(node), n);
	return GYRE_NEXT_KEEP;
}

static const char *const unnamed[GRAPH_NEXTS_MAX];

static const struct gyre_node_class classes[] = {
	[GRAPH_SOURCE] = {.name = "source",
		.kind = GYRE_NODE_INPUT,
		.poll = source_poll,
		.nexts = unnamed,
		.n_nexts = 1},
	[GRAPH_WHOLE] = {.name = "whole",
		.kind = GYRE_NODE_INTERNAL,
		.process = whole_process,
		.nexts = unnamed,
		.n_nexts = 1},
	[GRAPH_EACH] = {.name = "each",
		.kind = GYRE_NODE_INTERNAL,
		.process = each_process,
		.data_size = sizeof(struct graph_place),
		.nexts = unnamed},
	[GRAPH_END] = {.name = "end",
		.kind = GYRE_NODE_OUTPUT,
		.process = end_process,
		.data_size = sizeof(struct graph_end)},
};

/* Of a node that asks for each item, one class for every way and number of nexts. */
static const struct gyre_node_class *class_of(const struct graph_vertex *vertex, unsigned way)
{
	static struct gyre_node_class classes_each[WAYS][GRAPH_NEXTS_MAX + 1];
	struct gyre_node_class *each = classes_each[way];

	if (vertex->role != GRAPH_EACH)
		return &classes[vertex->role];
	each[vertex->n_nexts] = classes[GRAPH_EACH];
	each[vertex->n_nexts].n_nexts = vertex->n_nexts;
	each[vertex->n_nexts].process = each_functions[way];
	return &each[vertex->n_nexts];
}

static void vertex_add(struct run *run, const struct graph_setup *setup, unsigned i)
{
	const struct graph_vertex *vertex = &setup->shape->vertices[i];
	struct gyre_node_id id;
	char name[32];

	snprintf(name, sizeof(name), "%u", i);
	bench_check(gyre_node_add(run->loop, class_of(vertex, setup->way), name, NULL, &id),
		"gyre_node_add");
	for (unsigned next = 0; next < vertex->n_nexts; next++) {
		snprintf(name, sizeof(name), "%u", vertex->nexts[next]);
		bench_check(gyre_node_connect(run->loop, id, next, name), "gyre_node_connect");
	}
	run->nodes[i] = gyre_node_get(run->loop, id);
	if (vertex->role == GRAPH_EACH)
		*(struct graph_place *)gyre_node_data(run->nodes[i]) =
			graph_shape_place(setup->table, i);
}

static void *run_open(const struct graph_setup *setup)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct run *run = calloc(1, sizeof(*run));

	graph_assert(run, "memory");
	options.vector = setup->vector;
	options.node_stats = setup->stats;
	bench_check(gyre_loop_create(&options, &run->loop), "gyre_loop_create");
	if (gyre_graph_simd_set(run->loop, setup->simd) < 0) {
		gyre_loop_destroy(run->loop);
		free(run);
		return NULL;
	}
	run->n = setup->shape->n;
	for (unsigned i = 0; i < run->n; i++)
		vertex_add(run, setup, i);
	bench_check(gyre_graph_build(run->loop, NULL), "gyre_graph_build");
	return run;
}

static void run_walk(void *arg, unsigned walks)
{
	struct gyre__graph *graph = ((struct run *)arg)->loop->graph;
	unsigned items;

	for (unsigned i = 0; i < walks; i++)
		gyre__graph_sweep(graph, UINT32_MAX, &items);
}

static const struct graph_end *run_end(void *arg, unsigned vertex)
{
	struct run *run = arg;

	return gyre_node_data(run->nodes[vertex]);
}

static void run_close(void *arg)
{
	struct run *run = arg;

	gyre_loop_destroy(run->loop);
	free(run);
}

const struct graph_system graph_gyre = {.name = "gyre",
	.ways = ways,
	.open = run_open,
	.walk = run_walk,
	.end = run_end,
	.close = run_close};
