/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partition by AVX-512 (F, BW, DQ, VL) and BMI2. Called through the table only, once partition.c
 * has found the CPU able; calls nothing, and is the only file compiled for AVX-512. Compresses in
 * registers and stores them whole, for compressing stores are microcode on some CPUs.
 * Invariant: reads stay within the slack of partition.h, and what is read there counts for nothing.
 */
#include "graph/partition.h"

#include <immintrin.h>

#define NEXTS_STEP 32 /* entries in a register */
#define ITEMS_STEP 8 /* pointers in a register */

_Static_assert(ITEMS_STEP <= GYRE__PARTITION_ITEMS_SLACK, "writes past the last are whole steps");

static inline __m512i differences(const uint16_t *nexts, __m512i values)
{
	return _mm512_xor_si512(_mm512_loadu_si512(nexts), values);
}

/* Bit i: nexts[i] is the value in all lanes of `values`; only entries with a bit in `live` are
 * read. */
static inline uint32_t bits_match(__mmask32 live, const uint16_t *nexts, __m512i values)
{
	return _mm512_mask_cmpeq_epi16_mask(live, _mm512_maskz_loadu_epi16(live, nexts), values);
}

static bool all_equal(const uint16_t *nexts, unsigned n)
{
	__m512i values = _mm512_set1_epi16(nexts[0]);

	for (; n > 2 * NEXTS_STEP; n -= 2 * NEXTS_STEP, nexts += 2 * NEXTS_STEP) {
		__m512i differ = _mm512_or_si512(
			differences(nexts, values), differences(nexts + NEXTS_STEP, values));
		if (_mm512_test_epi32_mask(differ, differ))
			return false;
	}
	/* No branch for 32 entries or less: a load of none is cheaper than a length that was not
	 * foreseen. */
	uint64_t live = _bzhi_u64(UINT64_MAX, n);
	uint64_t bits = bits_match(live, nexts, values);

	bits |= (uint64_t)bits_match(live >> NEXTS_STEP, nexts + NEXTS_STEP, values) << NEXTS_STEP;
	return bits == live;
}

/* Compresses eight items for every way; only entries with a bit in `live` count. */
INLINE void eight_split(void **const *firsts, unsigned *counts, void *const *items,
	const gyre_next *nexts, __mmask8 live, unsigned ways)
{
	__m512i pointers = _mm512_loadu_si512(items);
	__m128i eight = _mm_loadu_si128((const __m128i *)nexts);

#pragma GCC unroll 6
	for (unsigned way = 0; way < ways; way++) {
		__mmask8 match = _mm_mask_cmpeq_epi16_mask(live, eight, _mm_set1_epi16(way));

		_mm512_storeu_si512(
			firsts[way] + counts[way], _mm512_maskz_compress_epi64(match, pointers));
		counts[way] += __builtin_popcount(match);
	}
}

/* One pass, every next's items compressed as they come, the counts in registers. */
INLINE void split(void **const *firsts, unsigned *counts, void *const *items,
	const gyre_next *nexts, unsigned n, unsigned ways)
{
	unsigned i = 0;

#pragma GCC unroll 6
	for (unsigned way = 0; way < ways; way++)
		counts[way] = 0;
	for (; i + ITEMS_STEP < n; i += ITEMS_STEP)
		eight_split(firsts, counts, items + i, nexts + i, 0xff, ways);
	eight_split(firsts, counts, items + i, nexts + i, _bzhi_u32(0xff, n - i), ways);
}

#define FEW 3
#include "graph/send.h"

const struct gyre__partition_ops gyre__partition_avx512 = {
	.simd = GYRE_SIMD_AVX512,
	.few = FEW,
	.all_equal = all_equal,
	.send = send,
	.split = split_any,
};
