/* SPDX-License-Identifier: Apache-2.0 */
/* What the loop calls of the graph. */
#ifndef GYRE_LIB_GRAPH_GRAPH_H
#define GYRE_LIB_GRAPH_GRAPH_H

#include <gyre/graph.h>
#include <gyre/node.h>

#include "base/hub.h"

/* The loop keeps it in loop->graph. `options` are checked already. */
int gyre__graph_create(struct gyre_loop *loop, const struct gyre_loop_options *options,
	struct gyre__graph **ret_graph);
/* Calls every fini, releases the items in frames. */
void gyre__graph_destroy(struct gyre__graph *graph);
/* Whether nodes or connections changed since the last build. */
bool gyre__graph_changed(const struct gyre__graph *graph);
/* How many enabled pre-input and input nodes there are: with any, the loop spins. */
unsigned gyre__graph_inputs(const struct gyre__graph *graph);
/* Starts a sweep, unless the last one is not finished: polls pre-inputs, then inputs; *items is how
 * many items came. Then runs pending frames in rank order, at most `budget` node calls, >= 1.
 * Returns how many of those are left. */
unsigned gyre__graph_sweep(struct gyre__graph *graph, unsigned budget, unsigned *items);
/* Frames that hold no items: the pool's, and those of inboxes where nothing waits. */
unsigned gyre__graph_frames_free(const struct gyre__graph *graph);
/* Whether frames are pending: the last sweep is not finished. */
bool gyre__graph_pending(const struct gyre__graph *graph);
/* The injection's way in, between sweeps: puts the first items of n at the node, as many as the
 * pool's bound allows (inject_max of them in all a sweep); returns how many, or -ESRCH. */
int gyre__graph_enter(
	struct gyre__graph *graph, struct gyre_node_id id, void *const *items, unsigned n);
/* Releases items by the loop's item operations. */
void gyre__graph_release(struct gyre__graph *graph, void *const *items, unsigned n);
/* The hot node of a live id, or NULL; its class and kind. */
struct gyre_node *gyre__graph_node(struct gyre__graph *graph, struct gyre_node_id id);
const struct gyre_node_class *gyre__graph_class(const struct gyre_node *node);
enum gyre_node_kind gyre__graph_kind(const struct gyre_node *node);
/* True while a node function runs. */
bool gyre__graph_running(const struct gyre__graph *graph);

#endif
