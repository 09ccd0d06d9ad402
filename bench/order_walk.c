/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight nodes, each a lookup and a body, and three ways to take a vector of packets through them:
 * each packet through all nodes, each node over all packets, and a graph of gyre's. Owns packets,
 * tables and graphs; called by order.c and order_misses.c. Invariant: a packet's next lookup
 * depends on its last, and all three ways do the same to every packet.
 */
#include "bench/order.h"

#include <stdlib.h>

#include "base/clock.h"
#include "graph/graph.h"

#define LOOKUPS    4
#define TABLES_MAX (4u << 20)

struct packet {
	uint64_t hash;
} __attribute__((aligned(64)));

/* A table's entry, of which one word is read. */
struct entry {
	uint32_t value;
} __attribute__((aligned(64)));

struct node {
	uint32_t (*body)(uint32_t, uint32_t);
	const struct entry *table;
	uint64_t mask; /* of the table; meaningless without one */
};

extern const char order_straight[], order_jumpy[], order_sparse[];
extern const char order_straight_end[], order_jumpy_end[], order_sparse_end[];

static const struct {
	const char *begin, *end;
} shapes[ORDER_SHAPES] = {{order_straight, order_straight_end}, {order_jumpy, order_jumpy_end},
	{order_sparse, order_sparse_end}};

static struct {
	struct gyre_loop loop; /* of which a graph needs no more than a clock */
	struct packet packets[GYRE_VECTOR_MAX];
	struct node nodes[ORDER_NODES];
	struct entry *entries;
	unsigned vector; /* of the graph, too; 0: there is none yet */
	bool tables;
} state;

static const struct entry *entry_at(const struct node *node, uint64_t hash, unsigned i)
{
	return &node->table[hash >> 16 * i & node->mask];
}

/* `tables` is a constant to the caller's loop. */
static inline __attribute__((always_inline)) void packet_step(
	const struct node *node, struct packet *packet, bool tables)
{
	uint64_t hash = packet->hash * 0x9e3779b97f4a7c15u;
	uint32_t found = 0;

	hash ^= hash >> 32;
	if (tables)
		for (unsigned i = 0; i < LOOKUPS; i++)
			found += entry_at(node, hash, i)->value;
	packet->hash = hash + node->body((uint32_t)hash, found);
}

static inline __attribute__((always_inline)) void packet_first(bool tables)
{
	for (unsigned i = 0; i < state.vector; i++)
		for (unsigned n = 0; n < ORDER_NODES; n++)
			packet_step(&state.nodes[n], &state.packets[i], tables);
}

static inline __attribute__((always_inline)) void task_first(bool tables)
{
	for (unsigned n = 0; n < ORDER_NODES; n++)
		for (unsigned i = 0; i < state.vector; i++)
			packet_step(&state.nodes[n], &state.packets[i], tables);
}

static unsigned source_poll(struct gyre_node *node, unsigned max)
{
	void **places = gyre_next_reserve(node, 0, max);

	for (unsigned i = 0; i < max; i++)
		places[i] = &state.packets[i];
	gyre_next_commit(node, 0, max);
	return max;
}

static gyre_next stage_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	const struct node *stage = *(const struct node **)gyre_node_data(node);

	(void)nexts;
	if (state.tables)
		for (unsigned i = 0; i < n; i++)
			packet_step(stage, items[i], true);
	else
		for (unsigned i = 0; i < n; i++)
			packet_step(stage, items[i], false);
	return 0;
}

static int stage_init(struct gyre_node *node, const void *arg)
{
	*(const struct node **)gyre_node_data(node) = arg;
	return 0;
}

static gyre_next end_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

static void node_add(const struct gyre_node_class *node_class, unsigned place)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct gyre_node_id id;
	char name[16], next[16];

	options.arg = place > 0 && place <= ORDER_NODES ? &state.nodes[place - 1] : NULL;
	snprintf(name, sizeof(name), "node-%u", place);
	snprintf(next, sizeof(next), "node-%u", place + 1);
	bench_check(gyre_node_add(&state.loop, node_class, name, &options, &id), name);
	if (node_class->n_nexts)
		bench_check(gyre_node_connect(&state.loop, id, 0, next), next);
}

static void graph_make(unsigned vector)
{
	static const char *const nexts[] = {"next"};
	static const struct gyre_node_class source = {.name = "source",
		.kind = GYRE_NODE_INPUT,
		.poll = source_poll,
		.nexts = nexts,
		.n_nexts = 1};
	static const struct gyre_node_class stage = {.name = "stage",
		.kind = GYRE_NODE_INTERNAL,
		.process = stage_process,
		.init = stage_init,
		.data_size = sizeof(struct node *),
		.nexts = nexts,
		.n_nexts = 1};
	static const struct gyre_node_class end = {
		.name = "end", .kind = GYRE_NODE_OUTPUT, .process = end_process};
	struct gyre_loop_options options = {.vector = vector,
		.hop_budget = 1,
		.sample_period = 16,
		.node_stats = true,
		.inject_max = 1};

	if (state.vector)
		gyre__graph_destroy(state.loop.graph);
	bench_check(gyre__graph_create(&state.loop, &options, &state.loop.graph), "graph");
	node_add(&source, 0);
	for (unsigned place = 1; place <= ORDER_NODES; place++)
		node_add(&stage, place);
	node_add(&end, ORDER_NODES + 1);
	bench_check(gyre_graph_build(&state.loop, NULL), "build");
	state.vector = vector;
}

void order_open(void)
{
	size_t code = 0, count = TABLES_MAX / sizeof(*state.entries);

	for (unsigned i = 0; i < ORDER_SIZES; i++)
		code += (size_t)ORDER_NODES * order_sizes[i];
	for (unsigned i = 0; i < ORDER_SHAPES; i++)
		if ((size_t)(shapes[i].end - shapes[i].begin) != code)
			bench_check(-1, "the bodies' sizes are not what they should be");
	bench_check(gyre__clock_create(&state.loop.clock), "clock");
	state.entries = aligned_alloc(sizeof(*state.entries), TABLES_MAX);
	if (!state.entries)
		bench_check(-1, "tables");
	for (size_t i = 0; i < count; i++)
		state.entries[i].value = (uint32_t)(i * 0x9e3779b9u);
}

void order_prepare(const struct order_case *what)
{
	unsigned each = what->tables / ORDER_NODES / sizeof(*state.entries);
	const char *body = shapes[what->shape].begin;

	for (unsigned i = 0; order_sizes[i] < what->code; i++)
		body += (size_t)ORDER_NODES * order_sizes[i];
	for (unsigned i = 0; i < ORDER_NODES; i++)
		state.nodes[i] = (struct node){
			(uint32_t(*)(uint32_t, uint32_t))(uintptr_t)(body + (size_t)i * what->code),
			&state.entries[(size_t)i * each], each - 1};
	for (unsigned i = 0; i < GYRE_VECTOR_MAX; i++)
		state.packets[i].hash = i;
	state.tables = what->tables > 0;
	if (state.vector != what->vector)
		graph_make(what->vector);
}

void order_walk(enum order_system system, unsigned walks)
{
	unsigned items;

	for (unsigned i = 0; i < walks; i++) {
		if (system == ORDER_GYRE) {
			gyre__graph_sweep(state.loop.graph, UINT32_MAX, &items);
		} else if (system == ORDER_TASK_FIRST && state.tables) {
			task_first(true);
		} else if (system == ORDER_TASK_FIRST) {
			task_first(false);
		} else if (state.tables) {
			packet_first(true);
		} else {
			packet_first(false);
		}
	}
}

uint32_t order_digest(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < state.vector; i++)
		sum = (sum + state.packets[i].hash) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(sum >> 32);
}
