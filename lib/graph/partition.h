/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_GRAPH_PARTITION_H
#define GYRE_LIB_GRAPH_PARTITION_H

#include <gyre/node.h>

/* What may be touched beyond the n entries, 1 <= n <= 256; buffers have this much room. What is
 * read there is ignored, what is written there is garbage. No alignment is asked for. */
#define GYRE__PARTITION_NEXTS_SLACK 32 /* entries of nexts[] that may be read past n */
#define GYRE__PARTITION_ITEMS_SLACK 8 /* entries of items[] read past n, of dst[] written */

/* Nexts up to so many are better compared one by one: a load of all of them would wait for the
 * small stores of the node. */
#define GYRE__PARTITION_FEW 8

#define GYRE__WAYS_MAX 6 /* nexts that a vector is split over at once */

#define INLINE static inline __attribute__((always_inline))

/* What is compiled for each instruction set. */
struct gyre__partition_ops {
	enum gyre_simd simd; /* never AUTO */
	unsigned few; /* vectors below it are better sent item by item: measured, bench/graph */
	/* Whether all of nexts[0..n) are the same. */
	bool (*all_equal)(const gyre_next *nexts, size_t n);
	/* How a node's items are sent, once its nexts are known. */
	gyre__send_fn *(*sender)(const struct gyre_node *node);
	/* The core of it, for tests and benchmarks: writes the items whose next is w < ways to
	 * places[w], in order, and up to 8 entries of garbage after them, and moves places[w] on
	 * behind them. No place may overlap the items or another place. */
	void (*split)(void ***places, void *const *items, const gyre_next *nexts, unsigned n,
		unsigned ways);
};

extern const struct gyre__partition_ops gyre__partition_scalar;
extern const struct gyre__partition_ops gyre__partition_avx2; /* x86-64 only */
extern const struct gyre__partition_ops gyre__partition_avx512; /* x86-64 only */

/* Whether all of nexts[0..n), n > 1, are the same. */
INLINE bool gyre__nexts_equal(
	const struct gyre__partition_ops *ops, const gyre_next *nexts, size_t n)
{
	const gyre_next first = nexts[0];
	gyre_next differ;

	if (n > GYRE__PARTITION_FEW)
		return ops->all_equal(nexts, n);
	/* No loop, whose end would be a guess: of up to four, these are all. */
	differ = (nexts[1] ^ first) | (nexts[n / 2] ^ first) | (nexts[n - 1] ^ first);
	if (n > GYRE__PARTITION_FEW / 2)
		differ |= (nexts[2] ^ first) | (nexts[3] ^ first) | (nexts[n - 3] ^ first) |
			  (nexts[n - 2] ^ first);
	return !differ;
}

/* AUTO: the best that this CPU and its kernel run. NULL: not this CPU, not built in, no such. */
const struct gyre__partition_ops *gyre__partition_get(enum gyre_simd simd);

#endif
