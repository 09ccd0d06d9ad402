/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.h: what a node's function uses while packets pass: its data, the clock, writers.
 *
 * Hot: nothing here allocates, locks, logs or makes a system call. For use inside node functions
 * and polls only, with the node that runs.
 */
#ifndef GYRE_NODE_H
#define GYRE_NODE_H

#include <gyre/graph.h>

GYRE_BEGIN_DECLS

#define gyre_likely(x)   __builtin_expect(!!(x), 1)
#define gyre_unlikely(x) __builtin_expect(!!(x), 0)

/* The graph's owner completes this header: struct gyre_frame, struct gyre_node, and the inlines
 *
 *   void *gyre_node_data(node)             the instance's data
 *   uint64_t gyre_node_now(node)           the turn's time, nsec
 *   struct gyre_loop *gyre_node_loop(node)
 *   void **gyre_next_reserve(node, next, n)   n <= vector contiguous places in next's frame
 *   void gyre_next_commit(node, next, m)      the first m of them are filled
 *   void gyre_next_put(node, next, items, n)  n items, any number
 *   void gyre_next_put_1/2/4(node, next, ...)
 *   void gyre_node_drop(node, reason, items, n)  releases and counts
 *   void gyre_node_count(node, reason, n)        counts only
 *   void *gyre_node_clone(node, item)
 *   void gyre_prefetch(const void *), GYRE prefetch helpers
 */

GYRE_END_DECLS

#endif
