/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partition by AVX-512 (F, BW, VL) and BMI2. Called through the table only, once partition.c has
 * found the CPU able; calls nothing, and is the only file compiled for AVX-512. Compresses in
 * registers and stores them whole, for compressing stores are microcode on some CPUs.
 * Invariant: loads are masked, so nothing is read beyond the n entries.
 */
#include "graph/partition.h"

#include <immintrin.h>
#include <string.h>

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

static unsigned match(const uint16_t *nexts, unsigned n, uint16_t value, uint64_t *mask)
{
	__m512i values = _mm512_set1_epi16(value);
	unsigned count = 0;
	uint64_t bits;

	for (; n > 64; n -= 64, nexts += 64) {
		bits = bits_match(UINT32_MAX, nexts, values);
		bits |= (uint64_t)bits_match(UINT32_MAX, nexts + NEXTS_STEP, values) << NEXTS_STEP;
		*mask++ = bits;
		count += __builtin_popcountll(bits);
	}
	uint64_t live = _bzhi_u64(UINT64_MAX, n);
	bits = bits_match(live, nexts, values);
	if (n > NEXTS_STEP)
		bits |= (uint64_t)bits_match(live >> NEXTS_STEP, nexts + NEXTS_STEP, values)
			<< NEXTS_STEP;
	*mask = bits;
	return count + __builtin_popcountll(bits);
}

/* Writes the pointers with a bit in `eight`; returns where the next go. */
static inline void **eight_compress(void **dst, void *const *items, __mmask8 eight)
{
	__m512i pointers = _mm512_maskz_loadu_epi64(eight, items);

	_mm512_storeu_si512(dst, _mm512_maskz_compress_epi64(eight, pointers));
	return dst + __builtin_popcount(eight);
}

/* Half a word of the mask at a time, its bits from n on too, which are 0: the lengths of short
 * vectors vary, and a branch on them that is not foreseen costs more than three empty steps. */
static void compress(void **dst, void *const *items, const uint64_t *mask, unsigned n)
{
	for (unsigned i = 0; i < n; i += 4 * ITEMS_STEP) {
		uint32_t half;

		memcpy(&half, (const char *)mask + i / 8, sizeof(half));
		dst = eight_compress(dst, items + i, half);
		dst = eight_compress(dst, items + i + ITEMS_STEP, half >> 8);
		dst = eight_compress(dst, items + i + 2 * ITEMS_STEP, half >> 16);
		dst = eight_compress(dst, items + i + 3 * ITEMS_STEP, half >> 24);
	}
}

const struct gyre__partition_ops gyre__partition_avx512 = {
	.simd = GYRE_SIMD_AVX512,
	.all_equal = all_equal,
	.match = match,
	.compress = compress,
};
