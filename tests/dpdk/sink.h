/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_TESTS_DPDK_SINK_H
#define GYRE_TESTS_DPDK_SINK_H

#include <gyre/dpdk.h>

/* What the node "sink" counted of the numbered packets that reached it and that it dropped. */
struct sink {
	uint64_t received, strangers;
	uint32_t expected; /* number of the next packet */
	uint64_t gaps, harmed;
	unsigned fixed_len; /* 0: by packet_len() */
};

/* Adds the node; the struct is its data, borrowed until the loop is destroyed. */
struct sink *sink_add(struct gyre_loop *loop);

#endif
