/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A storm: a random graph whose nodes do at random everything that nodes may do, and checks of what
 * must hold all the same.
 */
#ifndef GYRE_TESTS_GRAPH_STORM_H
#define GYRE_TESTS_GRAPH_STORM_H

#include "graph/rig.h"

#define STORM_NODES  24
#define STORM_WIDE   8 /* times as many */
#define STORM_INPUTS 3
#define STORM_PATHS  (1u << 18)

struct storm_options {
	uint64_t seed;
	unsigned vector;
	enum gyre_simd simd;
	unsigned budget; /* most calls per dispatch, drawn anew each time; 0: no bound */
	bool rewire; /* nexts change, nodes are disabled and built anew, also within sweeps */
	bool punt; /* with a punt function */
	bool clones;
	bool wide; /* without clones: of ranks in several words of the set of pending nodes */
	bool uncounted; /* without node_stats */
	bool steady; /* what runs after what changes seldom */
};

struct storm {
	struct rig rig;
	struct storm_options options;
	uint64_t random; /* what happens: the same for every budget and variant */
	uint64_t random_budget;
	unsigned n_inner, n_outputs, n_inputs;
	struct gyre_node_id ids[STORM_INPUTS + (STORM_WIDE + 1) * STORM_NODES];
	unsigned injected, punted;
	unsigned seq[STORM_INPUTS + 1]; /* by source; the last one is injection */
	uint64_t digest; /* of everything that ended, in order */
	unsigned n_ended;
	unsigned n_paths;
	struct storm_path {
		uint64_t path; /* with the source and the node; 0: free */
		unsigned seq;
	} paths[STORM_PATHS];
};

/* Builds a graph and sweeps it. Asserts that each item ends once, that first in is first out on
 * every path, that the counters balance, and that no frame is missing or was ever too few. The
 * digest is left in *storm. */
void storm_run(struct storm *storm, const struct storm_options *options, unsigned sweeps);

#endif
