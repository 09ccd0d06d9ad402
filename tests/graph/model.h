/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph beside a plain model of it: what each node does with an item follows from their numbers,
 * so that the model can tell every call in advance.
 */
#ifndef GYRE_TESTS_GRAPH_MODEL_H
#define GYRE_TESTS_GRAPH_MODEL_H

#include "graph/rig.h"

#define MODEL_NODES 320 /* most */

struct model_options {
	uint64_t seed;
	unsigned vector;
	unsigned n_nodes;
	unsigned back; /* nexts of a hundred that may lead back */
	enum gyre_simd simd;
	unsigned budget; /* calls per dispatch */
};

/* Builds the graph and injects so many rounds of items. Asserts that the same nodes are called in
 * the same order with the same items as in the model, and that drops are counted the same. */
void model_run(const struct model_options *options, unsigned rounds);

#endif
