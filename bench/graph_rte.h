/* SPDX-License-Identifier: Apache-2.0 */
/* rte_graph's walk, compiled with statistics and without: bench/graph_rte_bare.c. */
#ifndef GYRE_BENCH_GRAPH_RTE_H
#define GYRE_BENCH_GRAPH_RTE_H

struct rte_graph;

void graph_rte_walk_bare(struct rte_graph *graph, unsigned walks);

#endif
