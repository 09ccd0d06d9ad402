/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/order.c: on random graphs, an edge that does not rise lies on a cycle, ranks are a
 * permutation, and products are what walking every path gives.
 */
#include "graph/order.h"
#include "graph/rig.h"
#include "harness.h"

#include <errno.h>
#include <stdlib.h>

#define NODES 40
#define EDGES 200

struct graph {
	struct gyre__order order;
	uint32_t first[NODES + 1], fan_out[NODES];
	uint16_t to[EDGES], rank[NODES], component[NODES];
	uint64_t product[NODES];
	bool fed[NODES];
	bool reach[NODES][NODES];
};

static void graph_init(struct graph *graph, unsigned n)
{
	graph->order = (struct gyre__order){
		.n = n,
		.first = graph->first,
		.to = graph->to,
		.fan_out = graph->fan_out,
		.fed = graph->fed,
		.ret_rank = graph->rank,
		.ret_component = graph->component,
		.ret_product = graph->product,
	};
}

static void graph_random(struct graph *graph, uint64_t *seed)
{
	unsigned n = 1 + rig_random(seed) % NODES, n_edges = 0;
	unsigned forward = rig_random(seed) % 4; /* how seldom an edge may lead back */

	graph_init(graph, n);
	for (unsigned i = 0; i < n; i++) {
		unsigned degree = rig_random(seed) % 5;

		graph->first[i] = n_edges;
		graph->fan_out[i] = 1;
		graph->fed[i] = rig_random(seed) % 5 == 0;
		for (unsigned e = 0; e < degree; e++) {
			unsigned to = rig_random(seed) % n;

			if (forward && rig_random(seed) % (4 * forward) && to <= i)
				to = i + 1;
			if (to < n)
				graph->to[n_edges++] = to;
		}
	}
	graph->first[n] = n_edges;
}

/* Warshall's closure: slow and plain. */
static void graph_close(struct graph *graph)
{
	unsigned n = graph->order.n;

	memset(graph->reach, 0, sizeof(graph->reach));
	for (unsigned i = 0; i < n; i++)
		for (unsigned e = graph->first[i]; e < graph->first[i + 1]; e++)
			graph->reach[i][graph->to[e]] = true;
	for (unsigned k = 0; k < n; k++)
		for (unsigned i = 0; i < n; i++)
			for (unsigned j = 0; j < n; j++)
				graph->reach[i][j] |= graph->reach[i][k] && graph->reach[k][j];
}

static void graph_check(const struct graph *graph)
{
	unsigned n = graph->order.n, seen[NODES] = {0};

	for (unsigned i = 0; i < n; i++) {
		ck_assert_uint_lt(graph->rank[i], n);
		ck_assert_uint_eq(seen[graph->rank[i]]++, 0);
		for (unsigned j = 0; j < n; j++) {
			bool together = graph->reach[i][j] && graph->reach[j][i];

			/* All that can feed a node, but over its own cycles, comes before it. */
			if (graph->reach[i][j] && !graph->reach[j][i])
				ck_assert_uint_lt(graph->rank[i], graph->rank[j]);
			if (i != j)
				ck_assert_int_eq(
					graph->component[i] == graph->component[j], together);
		}
	}
}

START_TEST(random_graphs)
{
	static struct graph graph;
	uint64_t seed = 1 + _i;
	unsigned back = 0, edges = 0;

	for (unsigned round = 0; round < 300; round++) {
		graph_random(&graph, &seed);
		graph_close(&graph);
		ck_assert_int_eq(gyre__order(&graph.order), 0);
		graph_check(&graph);
		for (unsigned i = 0; i < graph.order.n; i++)
			for (unsigned e = graph.first[i]; e < graph.first[i + 1]; e++, edges++)
				back += graph.rank[graph.to[e]] <= graph.rank[i];
	}
	ck_assert_uint_gt(back, 0);
	ck_assert_uint_gt(edges, 10 * back / 9);
}
END_TEST

static uint64_t product_walk(const struct graph *graph, unsigned node)
{
	uint64_t most = 1;

	for (unsigned e = graph->first[node]; e < graph->first[node + 1]; e++) {
		uint64_t product = product_walk(graph, graph->to[e]);

		if (product > most)
			most = product;
	}
	return most * graph->fan_out[node];
}

START_TEST(products_of_paths)
{
	static struct graph graph;
	uint64_t seed = 77;

	for (unsigned round = 0; round < 200; round++) {
		graph_random(&graph, &seed);
		if (graph.order.n > 12)
			continue;
		for (unsigned i = 0; i < graph.order.n; i++) {
			graph.fan_out[i] = 1 + rig_random(&seed) % 3;
			for (unsigned e = graph.first[i]; e < graph.first[i + 1]; e++)
				if (graph.to[e] <= i)
					graph.to[e] = graph.order.n - 1;
		}
		graph.first[graph.order.n] = graph.first[graph.order.n - 1];
		ck_assert_int_eq(gyre__order(&graph.order), 0);
		for (unsigned i = 0; i < graph.order.n; i++)
			ck_assert_uint_eq(graph.product[i], product_walk(&graph, i));
	}
}
END_TEST

/* a -> b -> c -> b, c -> d: b is the entry, so that c -> b is the only back edge. */
START_TEST(entry_of_a_cycle)
{
	static struct graph graph;

	graph_init(&graph, 4);
	/* Added as d, c, b, a: only the edges say what comes first. */
	memcpy(graph.first, (uint32_t[]){0, 0, 2, 3, 4}, 5 * sizeof(uint32_t));
	memcpy(graph.to, (uint16_t[]){2, 0, 1, 2}, 4 * sizeof(uint16_t));
	memcpy(graph.fan_out, (uint32_t[]){1, 1, 1, 1}, 4 * sizeof(uint32_t));
	ck_assert_int_eq(gyre__order(&graph.order), 0);
	ck_assert_uint_eq(graph.rank[3], 0);
	ck_assert_uint_eq(graph.rank[2], 1);
	ck_assert_uint_eq(graph.rank[1], 2);
	ck_assert_uint_eq(graph.rank[0], 3);
}
END_TEST

START_TEST(cloner_on_a_cycle)
{
	static struct graph graph;

	graph_init(&graph, 3);
	memcpy(graph.first, (uint32_t[]){0, 1, 2, 3}, 4 * sizeof(uint32_t));
	memcpy(graph.to, (uint16_t[]){1, 2, 1}, 3 * sizeof(uint16_t));
	memcpy(graph.fan_out, (uint32_t[]){5, 1, 2}, 3 * sizeof(uint32_t));
	ck_assert_int_eq(gyre__order(&graph.order), -ELOOP);
	ck_assert_uint_eq(graph.order.ret_bad, 2);
	/* One that leads to itself is a cycle, too. */
	memcpy(graph.to, (uint16_t[]){0, 2, 2}, 3 * sizeof(uint16_t));
	graph.fan_out[2] = 1;
	ck_assert_int_eq(gyre__order(&graph.order), -ELOOP);
	ck_assert_uint_eq(graph.order.ret_bad, 0);
}
END_TEST

START_TEST(products_saturate)
{
	static struct graph graph;

	graph_init(&graph, NODES);
	for (unsigned i = 0; i < NODES; i++) {
		graph.first[i] = i;
		graph.to[i] = i + 1;
		graph.fan_out[i] = 1000;
	}
	graph.first[NODES] = NODES - 1;
	ck_assert_int_eq(gyre__order(&graph.order), 0);
	ck_assert_uint_eq(graph.product[0], GYRE__PRODUCT_MAX);
	ck_assert_uint_eq(graph.product[NODES - 2], 1000000);
}
END_TEST

/* A chain of all nodes there can be: nothing recurses. */
START_TEST(deep_chain)
{
	enum { N = 4096 };
	static uint32_t first[N + 1], fan_out[N];
	static uint16_t to[N], rank[N], component[N];
	static uint64_t product[N];
	static bool fed[N];
	struct gyre__order order = {N, first, to, fan_out, fed, rank, component, product, 0};

	for (unsigned i = 0; i < N; i++) {
		first[i] = i;
		to[i] = i ? i - 1 : N - 1;
		fan_out[i] = 1;
	}
	first[N] = N;
	fed[N - 1] = true;
	ck_assert_int_eq(gyre__order(&order), 0);
	for (unsigned i = 0; i < N; i++)
		ck_assert_uint_eq(rank[i], N - 1 - i);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("order");
	TCase *tcase = tcase_create("order");

	tcase_add_loop_test(tcase, random_graphs, 0, 4);
	tcase_add_test(tcase, products_of_paths);
	tcase_add_test(tcase, entry_of_a_cycle);
	tcase_add_test(tcase, cloner_on_a_cycle);
	tcase_add_test(tcase, products_saturate);
	tcase_add_test(tcase, deep_chain);
	suite_add_tcase(suite, tcase);
	return suite;
}
