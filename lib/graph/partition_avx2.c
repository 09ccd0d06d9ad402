/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partition by AVX2 and BMI2. Called through the table, and by nodes for which that chose, once
 * partition.c has found the CPU able, and is the only file compiled for AVX2. AVX2 has no compress:
 * four pointers are brought together by a permutation that a table gives for every four bits of the
 * mask. Invariant: reads stay within the slack of partition.h, and what is read there counts for
 * nothing.
 */
#include "graph/match.h"

#define NEXTS_STEP 32 /* entries compared at a time, in two registers */
#define ITEMS_STEP 4 /* pointers in a register */

_Static_assert(NEXTS_STEP <= GYRE__PARTITION_NEXTS_SLACK, "reads past n are whole steps");
_Static_assert(2 * ITEMS_STEP <= GYRE__PARTITION_ITEMS_SLACK, "reads and writes past n are too");

/* Bit i: nexts[i] is the value in all lanes of `values`. Reads 32 entries. */
static inline uint32_t bits_match(const uint16_t *nexts, __m256i values)
{
	__m256i low = _mm256_loadu_si256((const __m256i *)nexts);
	__m256i high = _mm256_loadu_si256((const __m256i *)(nexts + 16));
	__m256i bytes = _mm256_packs_epi16(
		_mm256_cmpeq_epi16(low, values), _mm256_cmpeq_epi16(high, values));

	/* Packing goes by halves of the registers: low0 high0 low1 high1. */
	return _mm256_movemask_epi8(_mm256_permute4x64_epi64(bytes, 0xd8));
}

static bool all_equal(const uint16_t *nexts, size_t n)
{
	__m256i values;

	if (n <= NEXTS_STEP)
		return short_equal(nexts, _mm_set1_epi16(nexts[0]), n);
	values = _mm256_set1_epi16(nexts[0]);
	for (; n > NEXTS_STEP; n -= NEXTS_STEP, nexts += NEXTS_STEP)
		if (bits_match(nexts, values) != UINT32_MAX)
			return false;
	return _bzhi_u32(~bits_match(nexts, values), n) == 0;
}

/* Moves pointer k, as 32-bit lanes 2k and 2k + 1, to the place that ENTRY's order gives it. */
#define POINTER(k) 2 * (k), 2 * (k) + 1
#define ENTRY(a, b, c, d)                                      \
	{                                                      \
		POINTER(a), POINTER(b), POINTER(c), POINTER(d) \
	}

static const uint32_t permutations[16][8] __attribute__((aligned(32))) = {
	ENTRY(0, 0, 0, 0),
	ENTRY(0, 0, 0, 0),
	ENTRY(1, 0, 0, 0),
	ENTRY(0, 1, 0, 0),
	ENTRY(2, 0, 0, 0),
	ENTRY(0, 2, 0, 0),
	ENTRY(1, 2, 0, 0),
	ENTRY(0, 1, 2, 0),
	ENTRY(3, 0, 0, 0),
	ENTRY(0, 3, 0, 0),
	ENTRY(1, 3, 0, 0),
	ENTRY(0, 1, 3, 0),
	ENTRY(2, 3, 0, 0),
	ENTRY(0, 2, 3, 0),
	ENTRY(1, 2, 3, 0),
	ENTRY(0, 1, 2, 3),
};

/* Writes the pointers with a bit in `four`; returns where the next go. */
static inline void **four_compress(void **dst, void *const *items, unsigned four)
{
	__m256i order = _mm256_load_si256((const __m256i *)permutations[four]);
	__m256i pointers = _mm256_loadu_si256((const __m256i *)items);

	_mm256_storeu_si256((__m256i *)dst, _mm256_permutevar8x32_epi32(pointers, order));
	return dst + __builtin_popcount(four);
}

/* Brings eight items together for every way; only entries with a bit in `live` count. */
INLINE void eight_split(
	void ***ends, void *const *items, const gyre_next *nexts, unsigned live, unsigned ways)
{
	__m128i eight = _mm_loadu_si128((const __m128i *)nexts);

#pragma GCC unroll 6
	for (unsigned way = 0; way < ways; way++) {
		__m128i match = _mm_cmpeq_epi16(eight, _mm_set1_epi16(way));
		unsigned bits = _mm_movemask_epi8(_mm_packs_epi16(match, match)) & live;

		ends[way] = four_compress(ends[way], items, bits & 0xf);
		ends[way] = four_compress(ends[way], items + ITEMS_STEP, bits >> ITEMS_STEP);
	}
}

/* One pass, every next's items brought together as they come, the ends in registers. */
INLINE void split(void **const *firsts, unsigned *counts, void *const *items,
	const gyre_next *nexts, unsigned n, unsigned ways)
{
	void **ends[GYRE__WAYS_MAX] = {0};
	unsigned i = 0;

#pragma GCC unroll 6
	for (unsigned way = 0; way < ways; way++)
		ends[way] = firsts[way];
	for (; i + 2 * ITEMS_STEP < n; i += 2 * ITEMS_STEP)
		eight_split(ends, items + i, nexts + i, 0xff, ways);
	eight_split(ends, items + i, nexts + i, _bzhi_u32(0xff, n - i), ways);
#pragma GCC unroll 6
	for (unsigned way = 0; way < ways; way++)
		counts[way] = ends[way] - firsts[way];
}

#define FEW 5
#include "graph/send.h"

const struct gyre__partition_ops gyre__partition_avx2 = {
	.simd = GYRE_SIMD_AVX2,
	.few = FEW,
	.all_equal = all_equal,
	.sender = sender,
	.split = split_any,
};
