/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_GRAPH_PARTITION_H
#define GYRE_LIB_GRAPH_PARTITION_H

#include <gyre/graph.h>

/* What may be touched beyond the n entries, 1 <= n <= 256; buffers have this much room. What is
 * read there is ignored, what is written there is garbage. No alignment is asked for. */
#define GYRE__PARTITION_NEXTS_SLACK 32 /* entries of nexts[] that may be read past n */
#define GYRE__PARTITION_ITEMS_SLACK 8 /* entries of items[] read past n, of dst[] written */

/* Words of a mask for n items. */
#define GYRE__PARTITION_WORDS(n) (((n) + 63) / 64)

/* Splits a vector by where its items go: mask first, then compress, once for every next. */
struct gyre__partition_ops {
	enum gyre_simd simd; /* never AUTO */
	/* Whether all of nexts[0..n) are the same. */
	bool (*all_equal)(const uint16_t *nexts, unsigned n);
	/* Bit i of mask[i / 64] = nexts[i] == value; bits from n on are 0. Returns how many. */
	unsigned (*match)(const uint16_t *nexts, unsigned n, uint16_t value, uint64_t *mask);
	/* Writes the items whose bit is set to dst, in order, and up to 8 entries of garbage after
	 * them. dst may be items itself; it may not overlap it otherwise. */
	void (*compress)(void **dst, void *const *items, const uint64_t *mask, unsigned n);
};

extern const struct gyre__partition_ops gyre__partition_scalar;
extern const struct gyre__partition_ops gyre__partition_avx2; /* x86-64 only */
extern const struct gyre__partition_ops gyre__partition_avx512; /* x86-64 only */

/* AUTO: the best that this CPU and its kernel run. NULL: not this CPU, not built in, no such. */
const struct gyre__partition_ops *gyre__partition_get(enum gyre_simd simd);

#endif
