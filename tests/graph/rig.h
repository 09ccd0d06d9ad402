/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph without a loop around it: the struct that rooms share, filled by hand, and items that
 * are counted from birth to end.
 */
#ifndef GYRE_TESTS_GRAPH_RIG_H
#define GYRE_TESTS_GRAPH_RIG_H

#include <stdio.h>

#include "base/clock.h"
#include "graph/graph.h"
#include "graph/state.h"

struct rig {
	struct gyre_loop loop;
	struct gyre_clock clock;
	uint64_t time; /* each reading of the clock adds 10 */
	struct gyre_loop_options options;
	struct gyre__graph *graph;
	unsigned live; /* items born and not ended */
	unsigned released;
	unsigned clone_max; /* clones that there is memory for */
	char log[8192]; /* all lines */
};

struct rig_item {
	struct rig *rig;
	unsigned source, seq;
	unsigned visits;
	uint64_t path;
};

/* Defaults, small where that finds more: change rig->options, then rig_create(). */
void rig_init(struct rig *rig);
void rig_create(struct rig *rig);
/* Asserts that the frame pool is full and that every item ended. */
void rig_destroy(struct rig *rig);
/* Both at once, with the vector given. */
struct rig *rig_new(unsigned vector);
void rig_free(struct rig *rig);

struct rig_item *rig_item_new(struct rig *rig, unsigned source, unsigned seq);
/* What an output does with items. */
void rig_item_end(struct rig_item *item);

/* Adds a node, which must work. */
struct gyre_node_id rig_add(
	struct rig *rig, const struct gyre_node_class *node_class, const char *name);
void rig_connect(struct rig *rig, struct gyre_node_id id, gyre_next next, const char *target);
/* Nodes that nothing leads to, so that those added before and behind them are further apart. */
void rig_spacers(struct rig *rig, unsigned n);
void rig_build(struct rig *rig);
/* One sweep, or its rest, as far as the budget goes. Returns how many calls. */
unsigned rig_part(struct gyre__graph *graph, unsigned budget);
/* One sweep to its end. Returns what the inputs brought. */
unsigned rig_sweep(struct rig *rig);
/* Puts n new items of `source` at a node and runs the sweep. */
void rig_run(struct rig *rig, struct gyre_node_id id, unsigned source, unsigned n);
struct gyre__node *rig_node(struct rig *rig, const char *name);
/* What a node counted under a reason, by its name. */
uint64_t rig_drops(struct rig *rig, const char *node, const char *reason);

/* --- Nodes for all purposes --- */

/* Their data: how often each was called, and with how many. */
struct probe {
	unsigned calls, items, largest;
	gyre_next next; /* where all go, unless spread: by seq % spread + base, item by item */
	unsigned spread;
	gyre_next base;
};

/* Internal nodes with 0, 1, 2, 3 and 16 nexts and the reasons "red" and "blue". */
extern const struct gyre_node_class rig_probe_classes[5];
/* An output that ends its items. */
extern const struct gyre_node_class rig_end_class;
/* Adds a probe with that many nexts and connects them. */
struct gyre_node_id rig_probe(
	struct rig *rig, const char *name, unsigned n_nexts, const char *const *nexts);
#define RIG_NEXTS(...)                                                           \
	sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]) \
	{                                                                        \
		__VA_ARGS__                                                      \
	}
struct probe *rig_probe_of(struct rig *rig, const char *name);

/* Next number of a xorshift generator. */
uint32_t rig_random(uint64_t *state);

#endif
