/* SPDX-License-Identifier: Apache-2.0 */
/* The graph's part in snapshots. */
#ifndef GYRE_LIB_GRAPH_SNAPSHOT_H
#define GYRE_LIB_GRAPH_SNAPSHOT_H

#include <gyre/snapshot.h>

#include "base/copy.h"

struct gyre__graph;

/* Copies a record of each node from index *index on, until the copy may not go on in this turn;
 * true: that was the last one. Cheap: neither sorts nor follows edges. */
bool gyre__graph_copy(const struct gyre__graph *graph, uint32_t *index, struct gyre__copy *copy);
/* The graph's part of what a snapshot begins with. */
void gyre__graph_head(const struct gyre__graph *graph, struct gyre_snapshot *snapshot);
/* Makes the list of nodes from n_nodes records, which stay the snapshot's memory and are changed.
 * Any thread. Errors: -ENOMEM. */
int gyre__snapshot_nodes(struct gyre_snapshot *snapshot, char *records);

/* The same node in an earlier snapshot, by its id; looked for at the index `guess` first, so that a
 * walk over a graph that did not change is linear. NULL: there was none, or the snapshot is not an
 * earlier one. `since` may be NULL. */
const struct gyre_node_stats *gyre__snapshot_before(
	const struct gyre_snapshot *since, const struct gyre_node_stats *node, unsigned guess);

#endif
