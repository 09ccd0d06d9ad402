/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partition in plain C, for CPUs without AVX2 and for machines that are not x86-64. Called through
 * the table, and by nodes for which that chose. Four nexts are compared at a time as lanes of a
 * 64-bit word, and no branch depends on where an item goes. Invariant: nothing is touched beyond
 * the n entries.
 */
#include "graph/partition.h"

#include <string.h>

#define LANES     4
#define LANE_ONES 0x0001000100010001u

static inline uint64_t lanes_load(const uint16_t *nexts)
{
	uint64_t lanes;

	memcpy(&lanes, nexts, sizeof(lanes));
	return lanes;
}

static bool all_equal(const uint16_t *nexts, size_t n)
{
	uint64_t lanes = nexts[0] * LANE_ONES;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		if (lanes_load(nexts + i) != lanes)
			return false;
	for (; i < n; i++)
		if (nexts[i] != nexts[0])
			return false;
	return true;
}

/* Counters of a vector's items, in one word: one for each way and one for what has none. */
#define COUNTER 9
#define COUNTED ((1u << COUNTER) - 1)

_Static_assert((GYRE__WAYS_MAX + 1) * COUNTER <= 64, "all counters in a word");
_Static_assert(GYRE_VECTOR_MAX <= COUNTED, "a counter counts a vector");

/* An item's place is its way's, plus what was counted there before it: with the counters in a
 * register, no item waits for the one before it. */
INLINE void split(void **const *firsts, unsigned *counts, void *const *items,
	const gyre_next *nexts, unsigned n, unsigned ways)
{
	void *none[GYRE_VECTOR_MAX];
	void **places[GYRE__WAYS_MAX + 1];
	uint64_t counters = 0;

	for (unsigned way = 0; way < ways; way++)
		places[way] = firsts[way];
	places[ways] = none;
	for (unsigned i = 0; i < n; i++) {
		unsigned way = nexts[i] < ways ? nexts[i] : ways;

		places[way][counters >> way * COUNTER & COUNTED] = items[i];
		counters += UINT64_C(1) << way * COUNTER;
	}
	for (unsigned way = 0; way < ways; way++)
		counts[way] = counters >> way * COUNTER & COUNTED;
}

#define FEW 8
#include "graph/send.h"

const struct gyre__partition_ops gyre__partition_scalar = {
	.simd = GYRE_SIMD_SCALAR,
	.few = FEW,
	.all_equal = all_equal,
	.sender = sender,
	.split = split_any,
};
