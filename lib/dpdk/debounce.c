/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debouncing of a two-valued state, free of I/O: states and times in, a verdict and the next
 * deadline out. Owns nothing. Called by link.c, calls nothing. Invariant: a state counts only after
 * it was seen, unchanged, for its time.
 */
#include "dpdk/debounce.h"

void gyre__debounce_init(struct gyre__debounce *debounce, bool up, uint64_t now)
{
	debounce->raw = up;
	debounce->up = up;
	debounce->since = now;
}

uint64_t gyre__debounce_deadline(const struct gyre__debounce *debounce)
{
	uint64_t lasts = debounce->raw ? debounce->up_nsec : debounce->down_nsec;

	if (debounce->raw == debounce->up || lasts > GYRE_FOREVER - debounce->since)
		return GYRE_FOREVER;
	return debounce->since + lasts;
}

bool gyre__debounce_feed(struct gyre__debounce *debounce, bool raw, uint64_t now)
{
	uint64_t deadline;

	if (raw != debounce->raw) {
		debounce->raw = raw;
		debounce->since = now;
	}
	deadline = gyre__debounce_deadline(debounce);
	if (deadline == GYRE_FOREVER || now < deadline)
		return false;
	debounce->up = raw;
	return true;
}
