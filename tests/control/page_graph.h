/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CONTROL_PAGE_GRAPH_H
#define TESTS_CONTROL_PAGE_GRAPH_H

#include <gyre.h>

#define PAGE_PORTS 2

/* A router in small, whose packets are numbers: what becomes of one is decided by its number, so
 * that every path, drop reason and the way back have traffic, and none is random.
 *
 *	rx-0, rx-1 -> ethernet -> arp -> tx-0
 *	                       -> ip4 -> lookup -> rewrite -> tx-0, tx-1
 *	                                        -> local -> echo -> lookup
 */
int page_graph_add(struct gyre_loop *loop);
/* Packets a second of each input, from now on; on the loop's thread. */
void page_graph_rate(struct gyre_loop *loop, uint64_t rate);
/* Whether what came in is what went out and was dropped; on the loop's thread, prints both. */
bool page_graph_account(struct gyre_loop *loop);

#endif
