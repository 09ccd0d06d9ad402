/* SPDX-License-Identifier: Apache-2.0 */
/* Classes and instances, as the rest of the room sees them. */
#ifndef GYRE_LIB_GRAPH_NODE_H
#define GYRE_LIB_GRAPH_NODE_H

#include "graph/state.h"

/* Looks every field of a class over. Returns 0 or -EINVAL with a text that names it. */
int gyre__class_check(const struct gyre_node_class *node_class, struct gyre_error *error);

/* The cold half of a live id, or NULL. */
struct gyre__node *gyre__node_live(const struct gyre__graph *graph, struct gyre_node_id id);
/* Points the hot half at the function that fits the node's state: its class's, or a stand-in. */
void gyre__node_aim(struct gyre__node *node);
/* The stand-in that traces (trace.c). */
gyre_node_fn gyre__trace_process;
/* Lists the inputs that are enabled, in the order of polling. */
void gyre__inputs_list(struct gyre__graph *graph);
/* Frees an instance without asking; its fini was called or is not wanted. */
void gyre__node_free(struct gyre__graph *graph, struct gyre__node *node);

#endif
