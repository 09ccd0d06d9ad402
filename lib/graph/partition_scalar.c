/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partition in plain C, for CPUs without AVX2 and for machines that are not x86-64. Called through
 * the table only, calls nothing. Four nexts are compared at a time as lanes of a 64-bit word, and
 * no branch depends on where an item goes. Invariant: nothing is touched beyond the n entries.
 */
#include "graph/partition.h"

#include <endian.h>
#include <string.h>

#define LANES     4
#define LANE_ONES 0x0001000100010001u
#define LANE_LOWS 0x7fff7fff7fff7fffu /* every lane's bits but its highest */

/* Lane k of the word is entry k, whatever the byte order. */
static inline uint64_t lanes_load(const uint16_t *nexts)
{
	uint64_t lanes;

	memcpy(&lanes, nexts, sizeof(lanes));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	lanes = lanes >> 48 | (lanes >> 16 & 0xffff0000u) | (lanes & 0xffff0000u) << 16 |
		lanes << 48;
#endif
	return lanes;
}

static bool all_equal(const uint16_t *nexts, unsigned n)
{
	uint64_t lanes = nexts[0] * LANE_ONES;
	unsigned i = 0;

	for (; i + LANES <= n; i += LANES)
		if (lanes_load(nexts + i) != lanes)
			return false;
	for (; i < n; i++)
		if (nexts[i] != nexts[0])
			return false;
	return true;
}

/* Bit k of the result: lane k is 0. */
static inline uint64_t lanes_zero(uint64_t lanes)
{
	/* Bit 15 of a lane: any of its bits is set; the sum stays within its lane. */
	uint64_t set = ((lanes & LANE_LOWS) + LANE_LOWS) | lanes;
	uint64_t zero = ~set >> 15 & LANE_ONES;

	/* Brings bits 0, 16, 32, 48 to 48, 49, 50, 51; the other products meet nowhere. */
	return (zero * 0x0001000200040008u) >> 48 & 0xf;
}

/* The bits of n <= 64 entries. */
static inline uint64_t bits_match(const uint16_t *nexts, unsigned n, uint16_t value)
{
	uint64_t lanes = value * LANE_ONES;
	uint64_t bits = 0;
	unsigned i = 0;

	for (; i + LANES <= n; i += LANES)
		bits |= lanes_zero(lanes_load(nexts + i) ^ lanes) << i;
	for (; i < n; i++)
		bits |= (uint64_t)(nexts[i] == value) << i;
	return bits;
}

/* Sums of neighbouring bits, then pairs, then nibbles: the builtin is a call where the CPU may lack
 * the instruction. */
static inline unsigned bits_count(uint64_t bits)
{
	bits -= bits >> 1 & 0x5555555555555555u;
	bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	return (bits * 0x0101010101010101u) >> 56;
}

static unsigned match(const uint16_t *nexts, unsigned n, uint16_t value, uint64_t *mask)
{
	unsigned count = 0;

	for (; n > 64; n -= 64, nexts += 64) {
		*mask = bits_match(nexts, 64, value);
		count += bits_count(*mask++);
	}
	*mask = bits_match(nexts, n, value);
	return count + bits_count(*mask);
}

static void compress(void **dst, void *const *items, const uint64_t *mask, unsigned n)
{
	for (unsigned i = 0; i < n; i += 64)
		for (uint64_t bits = *mask++; bits; bits &= bits - 1)
			*dst++ = items[i + __builtin_ctzll(bits)];
}

const struct gyre__partition_ops gyre__partition_scalar = {
	.simd = GYRE_SIMD_SCALAR,
	.all_equal = all_equal,
	.match = match,
	.compress = compress,
};
