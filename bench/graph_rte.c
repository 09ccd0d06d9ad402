/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rte_graph's side of the graph's benchmark: DPDK's library as it is packaged, and nodes written in
 * each of the ways that DPDK's own nodes are; bench/graph.c takes the fastest. Owns the graphs: as
 * many of each shape as were ever open at once, since rte_graph's nodes cannot be deleted.
 */
#include "graph_rte.h"

#include <rte_eal.h>
#include <rte_graph_worker.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "graph.h"
#include "harness.h"

#define RUNS_MAX 48

struct run {
	char shape[32];
	bool open;
	struct rte_graph *graph;
	struct rte_node *nodes[GRAPH_VERTICES_MAX];
	bool stats;
};

/* What nodes of each role keep in the context, which is on their hot line. */
union context {
	struct graph_place place;
	struct graph_end end;
	unsigned vector;
};
_Static_assert(sizeof(union context) <= RTE_NODE_CTX_SZ, "fits");

/* --- Nodes --- */

/* As ethdev_rx: brings items into its own stream, which then is the next one's. */
static uint16_t source_process(
	struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t n)
{
	(void)objs;
	n = ((union context *)node->ctx)->vector;
	graph_items_bring(node->objs, n);
	node->idx = n;
	rte_node_next_stream_move(graph, node, 0);
	return n;
}

static uint16_t whole_process(
	struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t n)
{
	(void)objs;
	rte_node_next_stream_move(graph, node, 0);
	return n;
}

/* As ip4_lookup: four at a time are taken to go to the first next; where they do, all of the vector
 * moves at once, and what does not is sent object by object. */
static uint16_t speculate_4_process(
	struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t n)
{
	const uint8_t *nexts = graph_place_take(&((union context *)node->ctx)->place, n);
	void **to = rte_node_next_stream_get(graph, node, 0, n), **from = objs;
	uint16_t left = n, held = 0, right = 0; /* right: guesses in a row, not copied yet */

	for (; left >= 4; left -= 4, nexts += 4) {
		if (likely(!(nexts[0] | nexts[1] | nexts[2] | nexts[3]))) {
			right += 4;
			continue;
		}
		rte_memcpy(to, from, right * sizeof(*from));
		from += right;
		to += right;
		held += right;
		right = 0;
		for (unsigned i = 0; i < 4; i++, from++) {
			if (nexts[i] == 0) {
				*to++ = *from;
				held++;
			} else {
				rte_node_enqueue_x1(graph, node, nexts[i], *from);
			}
		}
	}
	for (; left; left--, nexts++) {
		if (likely(*nexts == 0)) {
			right++;
			continue;
		}
		rte_memcpy(to, from, right * sizeof(*from));
		from += right;
		to += right;
		held += right;
		right = 0;
		rte_node_enqueue_x1(graph, node, *nexts, *from++);
	}
	if (likely(right == n)) {
		rte_node_next_stream_move(graph, node, 0);
		return n;
	}
	rte_memcpy(to, from, right * sizeof(*from));
	rte_node_next_stream_put(graph, node, 0, held + right);
	return n;
}

/* As the scalar tail of ip4_lookup, for every object. */
static uint16_t speculate_1_process(
	struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t n)
{
	const uint8_t *nexts = graph_place_take(&((union context *)node->ctx)->place, n);
	void **to = rte_node_next_stream_get(graph, node, 0, n), **from = objs;
	uint16_t held = 0, right = 0;

	for (unsigned i = 0; i < n; i++) {
		if (likely(nexts[i] == 0)) {
			right++;
			continue;
		}
		rte_memcpy(to, from, right * sizeof(*from));
		from += right;
		to += right;
		held += right;
		right = 0;
		rte_node_enqueue_x1(graph, node, nexts[i], *from++);
	}
	if (likely(right == n)) {
		rte_node_next_stream_move(graph, node, 0);
		return n;
	}
	rte_memcpy(to, from, right * sizeof(*from));
	rte_node_next_stream_put(graph, node, 0, held + right);
	return n;
}

/* Each object on its own. */
static uint16_t enqueue_x1_process(
	struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t n)
{
	const uint8_t *nexts = graph_place_take(&((union context *)node->ctx)->place, n);

	for (unsigned i = 0; i < n; i++)
		rte_node_enqueue_x1(graph, node, nexts[i], objs[i]);
	return n;
}

/* Runs of objects with the same next are enqueued together. */
static uint16_t runs_process(
	struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t n)
{
	const uint8_t *nexts = graph_place_take(&((union context *)node->ctx)->place, n);
	unsigned from = 0;

	for (unsigned i = 1; i <= n; i++) {
		if (i < n && nexts[i] == nexts[from])
			continue;
		if (from == 0 && i == n)
			rte_node_next_stream_move(graph, node, nexts[0]);
		else
			rte_node_enqueue(graph, node, nexts[from], objs + from, i - from);
		from = i;
	}
	return n;
}

/* The streams of all nexts are held open, so that no object costs a branch. */
static uint16_t streams_process(
	struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t n)
{
	const uint8_t *nexts = graph_place_take(&((union context *)node->ctx)->place, n);
	void **streams[GRAPH_NEXTS_MAX], **ends[GRAPH_NEXTS_MAX];

	for (unsigned next = 0; next < node->nb_edges; next++)
		streams[next] = ends[next] = rte_node_next_stream_get(graph, node, next, n);
	for (unsigned i = 0; i < n; i++)
		*ends[nexts[i]]++ = objs[i];
	for (unsigned next = 0; next < node->nb_edges; next++)
		rte_node_next_stream_put(graph, node, next, ends[next] - streams[next]);
	return n;
}

static uint16_t end_process(struct rte_graph *graph, struct rte_node *node, void **objs, uint16_t n)
{
	(void)graph, (void)objs;
	graph_end_count(&((union context *)node->ctx)->end, n);
	return n;
}

static const char *const ways[] = {
	"speculate-x4", "speculate-x1", "enqueue-x1", "runs", "streams", NULL};
static const rte_node_process_t each_process[] = {speculate_4_process, speculate_1_process,
	enqueue_x1_process, runs_process, streams_process};

static struct rte_node_register source_class = {
	.name = "source", .process = source_process, .flags = RTE_NODE_SOURCE_F};
static struct rte_node_register whole_class = {.name = "whole", .process = whole_process};
static struct rte_node_register end_class = {.name = "end", .process = end_process};
RTE_NODE_REGISTER(source_class)
RTE_NODE_REGISTER(whole_class)
RTE_NODE_REGISTER(end_class)

/* --- Graphs --- */

static rte_node_process_t process_of(enum graph_role role, unsigned way)
{
	static const rte_node_process_t others[] = {[GRAPH_SOURCE] = source_process,
		[GRAPH_WHOLE] = whole_process,
		[GRAPH_END] = end_process};

	return role == GRAPH_EACH ? each_process[way] : others[role];
}

static void vertex_name(char name[RTE_NODE_NAMESIZE], const struct graph_shape *shape, unsigned i)
{
	static const char *const classes[] = {[GRAPH_SOURCE] = "source",
		[GRAPH_WHOLE] = "whole",
		[GRAPH_EACH] = "whole",
		[GRAPH_END] = "end"};

	snprintf(name, RTE_NODE_NAMESIZE, "%s-%s-%u", classes[shape->vertices[i].role], shape->name,
		i);
}

static void vertex_add(const struct graph_shape *shape, unsigned i)
{
	const struct graph_vertex *vertex = &shape->vertices[i];
	rte_node_t parent = vertex->role == GRAPH_SOURCE ? source_class.id
			    : vertex->role == GRAPH_END  ? end_class.id
							 : whole_class.id;
	static char names[GRAPH_NEXTS_MAX][RTE_NODE_NAMESIZE];
	const char *nexts[GRAPH_NEXTS_MAX];
	char name[RTE_NODE_NAMESIZE];
	rte_node_t id;

	vertex_name(name, shape, i);
	id = rte_node_clone(parent, strchr(name, '-') + 1);
	graph_assert(id != RTE_NODE_ID_INVALID, "rte_node_clone");
	if (!vertex->n_nexts)
		return;
	for (unsigned next = 0; next < vertex->n_nexts; next++) {
		vertex_name(names[next], shape, vertex->nexts[next]);
		nexts[next] = names[next];
	}
	graph_assert(rte_node_edge_update(id, RTE_EDGE_ID_INVALID, nexts, vertex->n_nexts) ==
			     vertex->n_nexts,
		"rte_node_edge_update");
}

/* The nodes of a shape, for all graphs of it. */
static void vertices_add(const struct graph_shape *shape)
{
	/* From the end: a node's nexts are there before it. */
	for (unsigned i = shape->n; i--;)
		vertex_add(shape, i);
}

/* One more of a shape, of which there are so many. */
static void graph_create(struct run *run, const struct graph_shape *shape, unsigned there)
{
	char graph[RTE_GRAPH_NAMESIZE], pattern[RTE_NODE_NAMESIZE], name[RTE_NODE_NAMESIZE];
	const char *patterns[] = {pattern};
	struct rte_graph_param param = {
		.socket_id = SOCKET_ID_ANY, .nb_node_patterns = 1, .node_patterns = patterns};

	if (!there)
		vertices_add(shape);
	snprintf(pattern, sizeof(pattern), "*-%s-*", shape->name);
	snprintf(run->shape, sizeof(run->shape), "%s", shape->name);
	snprintf(graph, sizeof(graph), "%s.%u", shape->name, there);
	graph_assert(rte_graph_create(graph, &param) != RTE_GRAPH_ID_INVALID, "rte_graph_create");
	run->graph = rte_graph_lookup(graph);
	graph_assert(run->graph, "rte_graph_lookup");
	for (unsigned i = 0; i < shape->n; i++) {
		vertex_name(name, shape, i);
		run->nodes[i] = rte_graph_node_get_by_name(graph, name);
		graph_assert(run->nodes[i], "rte_graph_node_get_by_name");
	}
}

/* One of a shape that is not open. */
static struct run *run_get(const struct graph_shape *shape)
{
	static struct run runs[RUNS_MAX];
	unsigned there = 0;
	struct run *run;

	for (run = runs; run->graph; run++) {
		if (strcmp(run->shape, shape->name) != 0)
			continue;
		if (!run->open)
			return run;
		there++;
	}
	graph_assert(run < runs + RUNS_MAX - 1, "too many graphs");
	graph_create(run, shape, there);
	return run;
}

void graph_rte_start(int core)
{
	char list[16];
	char *args[] = {"graph", "--no-pci", "--no-huge", "-m", "64", "--no-shconf",
		"--no-telemetry", "--log-level", "error", "-l", list, NULL};
	cpu_set_t set;

	snprintf(list, sizeof(list), "%d", core);
	bench_check(rte_eal_init(sizeof(args) / sizeof(*args) - 1, args), "rte_eal_init");
	CPU_ZERO(&set);
	CPU_SET(core, &set);
	bench_check(sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

static void *run_open(const struct graph_setup *setup)
{
	const struct graph_shape *shape = setup->shape;
	struct run *run = run_get(shape);

	run->open = true;
	run->stats = setup->stats;
	for (unsigned i = 0; i < shape->n; i++) {
		struct rte_node *node = run->nodes[i];
		union context *context = (union context *)node->ctx;
		enum graph_role role = shape->vertices[i].role;

		memset(context, 0, sizeof(*context));
		node->process = process_of(role, setup->way);
		if (role == GRAPH_SOURCE)
			context->vector = setup->vector;
		else if (role == GRAPH_EACH)
			context->place = graph_shape_place(setup->table, i);
	}
	return run;
}

static void run_walk(void *arg, unsigned walks)
{
	struct run *run = arg;

	if (!run->stats) {
		graph_rte_walk_bare(run->graph, walks);
		return;
	}
	for (unsigned i = 0; i < walks; i++)
		rte_graph_walk(run->graph);
}

static const struct graph_end *run_end(void *arg, unsigned vertex)
{
	struct run *run = arg;

	return &((union context *)run->nodes[vertex]->ctx)->end;
}

static void run_close(void *arg)
{
	((struct run *)arg)->open = false;
}

const struct graph_system graph_rte = {.name = "rte_graph",
	.ways = ways,
	.open = run_open,
	.walk = run_walk,
	.end = run_end,
	.close = run_close};
