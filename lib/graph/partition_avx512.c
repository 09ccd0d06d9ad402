/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partition by AVX-512 (F, BW, VL) and BMI2. Called through the table only, once partition.c has
 * found the CPU able; calls nothing, and is the only file compiled for AVX-512. Compresses in
 * registers and stores them whole, for compressing stores are microcode on some CPUs.
 * Invariant: loads are masked, so nothing is read beyond the n entries.
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

static bool all_equal(const uint16_t *nexts, unsigned n)
{
	__m512i values = _mm512_set1_epi16(nexts[0]);

	for (; n > 2 * NEXTS_STEP; n -= 2 * NEXTS_STEP, nexts += 2 * NEXTS_STEP) {
		__m512i differ = _mm512_or_si512(
			differences(nexts, values), differences(nexts + NEXTS_STEP, values));
		if (_mm512_test_epi32_mask(differ, differ))
			return false;
	}
	if (n > NEXTS_STEP) {
		if (_mm512_cmpneq_epi16_mask(_mm512_loadu_si512(nexts), values))
			return false;
		n -= NEXTS_STEP;
		nexts += NEXTS_STEP;
	}
	__mmask32 live = _bzhi_u32(UINT32_MAX, n);
	return !_mm512_mask_cmpneq_epi16_mask(live, _mm512_maskz_loadu_epi16(live, nexts), values);
}

/* Bit i: nexts[i] is the value in all lanes of `values`; only entries with a bit in `live` are
 * read. */
static inline uint32_t bits_match(__mmask32 live, const uint16_t *nexts, __m512i values)
{
	return _mm512_mask_cmpeq_epi16_mask(live, _mm512_maskz_loadu_epi16(live, nexts), values);
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

static void compress(void **dst, void *const *items, const uint64_t *mask, unsigned n)
{
	const uint8_t *eights = (const uint8_t *)mask;

	for (unsigned i = 0; i < n; i += ITEMS_STEP) {
		__mmask8 eight = *eights++;
		__m512i pointers = _mm512_maskz_loadu_epi64(eight, items + i);

		_mm512_storeu_si512(dst, _mm512_maskz_compress_epi64(eight, pointers));
		dst += __builtin_popcount(eight);
	}
}

const struct gyre__partition_ops gyre__partition_avx512 = {
	.simd = GYRE_SIMD_AVX512,
	.all_equal = all_equal,
	.match = match,
	.compress = compress,
};
