/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_DPDK_DEBOUNCE_H
#define GYRE_LIB_DPDK_DEBOUNCE_H

#include <gyre/base.h>

struct gyre__debounce {
	uint64_t up_nsec, down_nsec; /* how long a state must last to count */
	uint64_t since; /* when `raw` last changed */
	bool raw; /* as last seen */
	bool up; /* as it counts */
};

/* Starts with a state that counts at once. */
void gyre__debounce_init(struct gyre__debounce *debounce, bool up, uint64_t now);
/* Takes the state seen at `now`. Returns true when `up` changed. */
bool gyre__debounce_feed(struct gyre__debounce *debounce, bool raw, uint64_t now);
/* When `up` will change if the state lasts; GYRE_FOREVER when it is what it seems. */
uint64_t gyre__debounce_deadline(const struct gyre__debounce *debounce);

#endif
