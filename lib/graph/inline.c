/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inlines of gyre/node.h and gyre/sender.h as symbols: for callers compiled without
 * optimisation, for other languages and for debuggers. Owns the symbol that stands for the header's
 * layouts. Called by nobody here. Invariant: one for each inline of the headers, for the linker
 * finds a missing one only in programs that were not inlined.
 */
#include <gyre/sender.h>

const char gyre_abi_0 = 0;

extern inline void *gyre_node_data(const struct gyre_node *node);
extern inline struct gyre_loop *gyre_node_loop(const struct gyre_node *node);
extern inline uint64_t gyre_node_now(const struct gyre_node *node);
extern inline bool gyre__next_fits(const struct gyre_node *node, gyre_next next, unsigned n);
extern inline void gyre__next_add(struct gyre_node *node, gyre_next next, unsigned m);
extern inline void **gyre__next_place(const struct gyre_node *node, gyre_next next);
extern inline void **gyre_next_reserve(struct gyre_node *node, gyre_next next, unsigned n);
extern inline void gyre_next_commit(struct gyre_node *node, gyre_next next, unsigned m);
extern inline void gyre_next_put(
	struct gyre_node *node, gyre_next next, void *const *items, unsigned n);
extern inline struct gyre_sender gyre_sender_open(const struct gyre_node *node);
extern inline void gyre_sender_put(struct gyre_sender *sender, gyre_next next, void *item);
extern inline gyre_next gyre_sender_close(const struct gyre_sender *sender);
extern inline void gyre_next_put_1(struct gyre_node *node, gyre_next next, void *item);
extern inline void gyre_next_put_2(
	struct gyre_node *node, gyre_next next, void *item0, void *item1);
extern inline void gyre_next_put_4(
	struct gyre_node *node, gyre_next next, void *item0, void *item1, void *item2, void *item3);
extern inline void gyre_prefetch(const void *address);
extern inline void gyre_prefetch_write(const void *address);
extern inline void gyre_prefetch_ahead(void *const *items, unsigned i, unsigned n);
