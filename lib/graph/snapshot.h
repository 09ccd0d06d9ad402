/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_GRAPH_SNAPSHOT_H
#define GYRE_LIB_GRAPH_SNAPSHOT_H

#include <gyre/graph.h>

/* The same node in an earlier snapshot, by name; looked for at the index `guess` first, so that a
 * walk over a graph that did not change is linear. NULL: there was none, or what had the name is
 * gone (another class, or counters that went back). `since` may be NULL. */
const struct gyre_node_stats *gyre__snapshot_before(
	const struct gyre_snapshot *since, const struct gyre_node_stats *node, unsigned guess);

#endif
