/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partition by AVX-512 (F, BW, DQ, VL) and BMI2. Called through the table, and by nodes for which
 * that chose, once partition.c has found the CPU able, and is the only file compiled for AVX-512.
 * Compresses in registers and stores them whole, for compressing stores are microcode on some CPUs.
 * Invariant: reads stay within the slack of partition.h, and what is read there counts for nothing.
 */
#include "graph/match.h"

#define NEXTS_STEP 32 /* entries in a register */
#define ITEMS_STEP 8 /* pointers in a register */
/* Loops' vectors up to it part into ones of ITEMS_STEP or less; others into such and longer ones,
 * by turns: which it is would be a guess. */
#define SHORT 16

_Static_assert(ITEMS_STEP <= GYRE__PARTITION_ITEMS_SLACK, "writes past the last are whole steps");

static inline __m512i differences(const uint16_t *nexts, __m512i values)
{
	return _mm512_xor_si512(_mm512_loadu_si512(nexts), values);
}

/* A function of its own, so that short vectors do without 64-byte registers. */
static __attribute__((noinline)) bool long_equal(const uint16_t *nexts, unsigned n)
{
	__m512i values = _mm512_set1_epi16(nexts[0]);

	for (; n > 2 * NEXTS_STEP; n -= 2 * NEXTS_STEP, nexts += 2 * NEXTS_STEP) {
		__m512i differ = _mm512_or_si512(
			differences(nexts, values), differences(nexts + NEXTS_STEP, values));
		if (_mm512_test_epi32_mask(differ, differ))
			return false;
	}
	if (n > NEXTS_STEP) {
		if (!short_equal(nexts, _mm512_castsi512_si128(values), NEXTS_STEP))
			return false;
		n -= NEXTS_STEP;
		nexts += NEXTS_STEP;
	}
	return short_equal(nexts, _mm512_castsi512_si128(values), n);
}

static bool all_equal(const uint16_t *nexts, size_t n)
{
	if (n > NEXTS_STEP)
		return long_equal(nexts, n);
	return short_equal(nexts, _mm_set1_epi16(nexts[0]), n);
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

/* Up to eight entries, compared with all ways at once: byte w of the bits is for way w. */
INLINE uint32_t eight_match(const gyre_next *nexts, unsigned n, unsigned ways)
{
	static const gyre_next lanes[NEXTS_STEP] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,
		2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3};
	const uint32_t ones = 0x01010101u >> (32 - 8 * ways);
	__m128i eight = _mm_loadu_si128((const __m128i *)nexts);

	return _mm512_mask_cmpeq_epi16_mask(
		(ones << n) - ones, _mm512_broadcast_i32x4(eight), _mm512_loadu_si512(lanes));
}

/* Appends the items of a way; returns how many those are. */
INLINE unsigned eight_put(void **places, __m512i items, uint8_t match)
{
	_mm512_storeu_si512(places, _mm512_maskz_compress_epi64(match, items));
	return __builtin_popcount(match);
}

/* A vector of one or two eights without a loop, whose length would be a guess, and without the
 * cases that are not simple: those are for send_long. Of two eights both are read, whatever n is:
 * they are within the frame. */
INLINE uint64_t send_short(struct gyre__graph *graph, struct gyre_node *node, void **items,
	unsigned n, unsigned ways, unsigned eights, gyre__send_fn *send_long)
{
	const unsigned few = eights > 1 && n > ITEMS_STEP ? ITEMS_STEP : n;
	struct gyre_node *const *nexts = node->nexts;
	uint32_t first = eight_match(graph->nexts, few, ways), second = 0;
	__m512i first_items = _mm512_loadu_si512(items), second_items = first_items;
	unsigned sum = n, matches = __builtin_popcount(first);
	uint64_t bits = 0;

	if (eights > 1) {
		second = eight_match(graph->nexts + ITEMS_STEP, n - few, ways);
		second_items = _mm512_loadu_si512(items + ITEMS_STEP);
		matches += __builtin_popcount(second);
	}
#pragma GCC unroll 6
	for (unsigned way = 0; way < ways; way++)
		sum += nexts[way]->waiting[GYRE__NOW];
	/* Room for all together is room in each. */
	if (gyre_unlikely(sum > graph->sweep.vector || matches != n))
		return send_long(graph, node, items, n);
	__asm__("" ::: "memory"); /* the nexts are better loaded again than kept */
#pragma GCC unroll 6
	for (unsigned way = 0; way < ways; way++) {
		struct gyre_node *to = nexts[way];
		void **places = to->inbox[GYRE__NOW]->items;
		uint64_t at = to->waiting[GYRE__NOW];

		at += eight_put(places + at, first_items, first >> 8 * way);
		if (eights > 1)
			at += eight_put(places + at, second_items, second >> 8 * way);
		to->waiting[GYRE__NOW] = at;
		bits |= bit_if(to, (uint8_t)((first | second) >> 8 * way));
	}
	return gyre__pending_near(graph, node, bits);
}

static __attribute__((noinline)) uint64_t send_eight_to_two(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return send_short(graph, node, items, n, 2, 1, send_two);
}

static __attribute__((noinline)) uint64_t send_sixteen_to_two(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return send_short(graph, node, items, n, 2, 2, send_two);
}

static __attribute__((noinline)) uint64_t send_eight_to_four(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return send_short(graph, node, items, n, 4, 1, send_four);
}

static __attribute__((noinline)) uint64_t send_sixteen_to_four(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return send_short(graph, node, items, n, 4, 2, send_four);
}

static uint64_t send_short_to_two(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return n <= ITEMS_STEP ? send_eight_to_two(graph, node, items, n)
			       : send_sixteen_to_two(graph, node, items, n);
}

static uint64_t send_short_to_four(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return n <= ITEMS_STEP ? send_eight_to_four(graph, node, items, n)
			       : send_sixteen_to_four(graph, node, items, n);
}

static uint64_t send_long_to_two(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return n <= 2 * ITEMS_STEP ? send_sixteen_to_two(graph, node, items, n)
				   : send_two(graph, node, items, n);
}

static uint64_t send_long_to_four(
	struct gyre__graph *graph, struct gyre_node *node, void **items, size_t n)
{
	return n <= 2 * ITEMS_STEP ? send_sixteen_to_four(graph, node, items, n)
				   : send_four(graph, node, items, n);
}

static gyre__send_fn *sender_of_eights(const struct gyre_node *node)
{
	const bool eight = node->sweep->vector <= SHORT;

	/* Of the shortest vectors it takes longer to wait for a register of small stores. */
	if (node->sweep->vector < ITEMS_STEP || node->near == GYRE__FAR)
		return sender(node);
	if (node->ways == 2)
		return eight ? send_short_to_two : send_long_to_two;
	if (node->ways == 4)
		return eight ? send_short_to_four : send_long_to_four;
	return sender(node);
}

const struct gyre__partition_ops gyre__partition_avx512 = {
	.simd = GYRE_SIMD_AVX512,
	.few = FEW,
	.all_equal = all_equal,
	.sender = sender_of_eights,
	.split = split_any,
};
