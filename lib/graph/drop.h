/* SPDX-License-Identifier: Apache-2.0 */
/* The ends that items can take at a node, and their counters. */
#ifndef GYRE_LIB_GRAPH_DROP_H
#define GYRE_LIB_GRAPH_DROP_H

#include "graph/graph.h"
#include "graph/state.h"

/* Ends n items of a node in the way that a code says which is none of its nexts: kept, dropped or
 * punted; by any other code they are dropped as "bad-next". */
void gyre__drop_code(struct gyre_node *node, gyre_next code, void **items, size_t n);
/* Releases and counts them under a built-in reason. */
void gyre__drop_builtin(
	struct gyre_node *node, enum gyre__builtin_reason reason, void *const *items, unsigned n);

#endif
