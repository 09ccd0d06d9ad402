/* SPDX-License-Identifier: Apache-2.0 */
/* A graph without a loop, in which everything counts: early and in -> sort -> out. */
#ifndef GYRE_TESTS_GRAPH_SORTER_H
#define GYRE_TESTS_GRAPH_SORTER_H

#include <gyre/graph.h>

#include "base/hub.h"

#define VECTOR 32

/* An item is a number in a pointer: modulo 4, 0 goes out, 1 is dropped, 2 is kept, 3 is punted. */
enum { SORT_NEXT_OUT, SORT_NEXTS };
enum { SORT_DROP_ODD, SORT_PUNT_THREE, SORT_REASONS };

extern const struct gyre_node_class in_class, early_class, sort_class, out_class;

struct fixture {
	struct gyre_clock clock;
	struct gyre_loop loop;
};

/* An empty graph on a loop whose time is 12345; destroyed by gyre__graph_destroy(). */
struct gyre_loop *loop_create(struct fixture *fixture);
struct gyre_node_id node_add(
	struct gyre_loop *loop, const struct gyre_node_class *node_class, const char *name);
/* Out, sort, in, early, in the order that is worst for ranks, built. */
struct gyre_loop *graph_create(struct fixture *fixture);
/* Lets n items in and through. */
void items_run(struct gyre_loop *loop, unsigned n);

#endif
