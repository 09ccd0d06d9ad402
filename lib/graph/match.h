/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short vectors compared by registers of 16 bytes, for partition_avx2.c and partition_avx512.c. The
 * nexts of a short vector are still on their way to memory, and a load that is wider than what the
 * node stored at once waits until they are there. Stores of 16 bytes are what compilers make for
 * any x86-64, and wider ones are forwarded to these loads as well.
 */
#ifndef GYRE_LIB_GRAPH_MATCH_H
#define GYRE_LIB_GRAPH_MATCH_H

#include "graph/partition.h"

#include <immintrin.h>

_Static_assert(32 <= GYRE__PARTITION_NEXTS_SLACK + 1, "one entry and its slack are read at once");

/* Bit i: nexts[i] is the value in all lanes of `values`. Reads 16 entries. */
INLINE uint32_t sixteen_match(const gyre_next *nexts, __m128i values)
{
	__m128i low = _mm_loadu_si128((const __m128i *)nexts);
	__m128i high = _mm_loadu_si128((const __m128i *)(nexts + 8));

	return _mm_movemask_epi8(
		_mm_packs_epi16(_mm_cmpeq_epi16(low, values), _mm_cmpeq_epi16(high, values)));
}

/* Whether nexts[0..n), n <= 32, are the value in all lanes of `values`. Reads 32 entries: no branch
 * depends on n. */
INLINE bool short_equal(const gyre_next *nexts, __m128i values, unsigned n)
{
	uint32_t match = sixteen_match(nexts, values) | sixteen_match(nexts + 16, values) << 16;

	return _bzhi_u32(~match, n) == 0;
}

#endif
