/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dpdk.h: DPDK ports as nodes, mbufs as items, link state as events.
 *
 * Everything works on the application's own EAL, ports and mempools; nothing here calls
 * rte_eal_init() but the optional gyre_dpdk_eal_init().
 */
#ifndef GYRE_DPDK_H
#define GYRE_DPDK_H

#include <gyre/graph.h>
#include <gyre/process.h>
#include <rte_mbuf.h>

GYRE_BEGIN_DECLS

/* --- EAL and threads --- */

/* rte_eal_init() without its side effects: works on a copy of argv, and restores what EAL changes
 * (the calling thread's affinity). Returns how many arguments EAL took. Errors: -EALREADY (EAL is
 * up), -EINVAL, and the negative rte_errno otherwise; text in *error, which may be NULL. */
GYRE_API int gyre_dpdk_eal_init(int argc, char *const *argv, struct gyre_error *error);

/* Registers the calling thread with DPDK, so that mempools have a cache for it; an EAL thread or
 * one registered already is left as it is. Undone by unregister, which does nothing for a thread
 * that was not registered here. Errors: -ENOMEM (no lcore id is free), -ENODEV (EAL is not up). */
GYRE_API int gyre_dpdk_thread_register(void);
GYRE_API void gyre_dpdk_thread_unregister(void);

/* --- Items --- */

/* The mbufs' item operations, for gyre_loop_options.items: release frees in bulk, clone makes an
 * indirect copy from the mbuf's own pool, trace prints the first headers. */
GYRE_API const struct gyre_item_ops *gyre_dpdk_items(void);

/* A pointer to `len` contiguous bytes at `offset` of a packet, for reading: into the mbuf where
 * they lie in one segment, else copied to `scratch` (at least len bytes). NULL when the packet is
 * shorter. */
static inline const void *gyre_dpdk_read(
	const struct rte_mbuf *mbuf, uint32_t offset, uint32_t len, void *scratch)
{
	return rte_pktmbuf_read(mbuf, offset, len, scratch);
}

/* The same for writing: the bytes made contiguous and unshared in the first segment. NULL when the
 * packet is shorter, shared, or has no tailroom for it; the packet is then unharmed. */
GYRE_API void *gyre_dpdk_header(struct rte_mbuf *mbuf, uint32_t len);

/* --- Ports --- */

struct gyre_dpdk_rx_options {
	size_t size;
	uint16_t port, queue;
	uint16_t burst; /* most packets a poll, 1 to 256. 64 */
	const char *next; /* name of the next instance. Required */
	struct rte_mempool *pool; /* the queue's pool: watched for emptiness. NULL: not watched */
	struct gyre_error *error;
};
GYRE_API void gyre_dpdk_rx_options_init(struct gyre_dpdk_rx_options *options, size_t size);

/* Adds an input node that polls one queue of a started port and writes straight into its next
 * node's frame. Counts "pool-empty" when a poll brings nothing while the pool has no mbuf left.
 * Errors: -EINVAL (options; port not started; no such queue), -ENODEV (no such port), -E2BIG, and
 * as gyre_node_add(). */
GYRE_API int gyre_dpdk_rx_add(struct gyre_loop *loop, const char *name,
	const struct gyre_dpdk_rx_options *options, struct gyre_node_id *ret_id);

struct gyre_dpdk_tx_options {
	size_t size;
	uint16_t port, queue;
	unsigned retries; /* more tries of a burst that the queue did not take, 0 to 1000. 4 */
	struct gyre_error *error;
};
GYRE_API void gyre_dpdk_tx_options_init(struct gyre_dpdk_tx_options *options, size_t size);

/* Adds an output node that sends what a sweep gathered on one queue of a started port; what the
 * queue does not take after the retries is freed and counted as "tx-full", what the driver's
 * prepare refuses as "tx-prepare". Errors: as gyre_dpdk_rx_add(). */
GYRE_API int gyre_dpdk_tx_add(struct gyre_loop *loop, const char *name,
	const struct gyre_dpdk_tx_options *options, struct gyre_node_id *ret_id);

/* --- Link monitor: one process per port, three sources in one ladder: the port's LSC interrupt,
 * where it has one; rtnetlink for the port's if_index, where it has one; and always polling. --- */

struct gyre_dpdk_link; /* a monitor */

struct gyre_dpdk_link_options {
	size_t size;
	uint16_t port;
	uint64_t poll_nsec; /* between looks at the port, >= 1 ms. 10 ms */
	uint64_t debounce_up_nsec; /* a link is up after it has been for so long. 50 ms */
	uint64_t debounce_down_nsec; /* and down after so long. 0 */
	struct gyre_error *error;
};
GYRE_API void gyre_dpdk_link_options_init(struct gyre_dpdk_link_options *options, size_t size);

/* Starts monitoring a port. The caller destroys it before the port is closed and before the loop.
 * Errors: -ENODEV, -EINVAL, -E2BIG, -ENOMEM, -EEXIST (the port is monitored on this loop already),
 * -EMFILE. */
GYRE_API int gyre_dpdk_link_create(struct gyre_loop *loop,
	const struct gyre_dpdk_link_options *options, struct gyre_dpdk_link **ret_link);
/* NULL is fine. */
GYRE_API void gyre_dpdk_link_destroy(struct gyre_dpdk_link *link);
/* Signals `up` to the process when the link comes up and `down` when it goes down (either may be
 * 0), and the present state at once. At most 16 subscribers. Errors: -ESRCH, -EINVAL, -ENOSPC. */
GYRE_API int gyre_dpdk_link_subscribe(
	struct gyre_dpdk_link *link, struct gyre_process_id process, uint32_t up, uint32_t down);

struct gyre_dpdk_link_state {
	bool up; /* after debouncing */
	uint64_t changed; /* when it last changed, loop's time */
	uint64_t changes; /* debounced changes */
	uint64_t lsc_events, netlink_events, polls; /* how often each source spoke */
};
GYRE_API void gyre_dpdk_link_get(
	const struct gyre_dpdk_link *link, struct gyre_dpdk_link_state *ret_state);

GYRE_END_DECLS

#endif
