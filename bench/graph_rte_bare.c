/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rte_graph's walk as it is in a DPDK built without the graph's statistics: the walk is inline, and
 * is all that the setting changes on the way of a packet. Called by bench/graph_rte.c.
 */
#undef RTE_LIBRTE_GRAPH_STATS
#include "graph_rte.h"

#include <rte_graph_worker.h>

void graph_rte_walk_bare(struct rte_graph *graph, unsigned walks)
{
	for (unsigned i = 0; i < walks; i++)
		rte_graph_walk(graph);
}
