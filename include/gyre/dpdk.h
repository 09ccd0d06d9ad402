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

/* rte_eal_init() without its side effects: works on a copy of argv (EAL permutes it), and restores
 * the calling thread's affinity (EAL pins it, and threads created later would inherit that). What
 * stays: EAL's threads, and its own log on stderr; a bad argument makes it print its usage to
 * stdout. Returns how many arguments EAL took, argv[0] not counted, up to and with a "--". Errors:
 * -EALREADY (EAL is or was up: it works once per process), -EINVAL (an argument; also --help, which
 * would make EAL end the program), -ENOMEM, and the negative rte_errno otherwise; text in *error,
 * which may be NULL. */
GYRE_API int gyre_dpdk_eal_init(int argc, char *const *argv, struct gyre_error *error);

/* Registers the calling thread with DPDK, so that mempools have a cache for it: what a thread that
 * runs a loop with ports does first, in its `enter` if gyre_thread_start() made it. Returns 1, or 0
 * for an EAL thread or one registered already, which is left as it is. Errors: -ENOMEM (no lcore id
 * is free), -ENODEV (EAL is not up), -EINVAL (a secondary process is attached). Any thread. */
GYRE_API int gyre_dpdk_thread_register(void);
/* Undoes a register that returned 1, on the same thread; nothing happens on an EAL thread and on
 * one that is not registered. Objects in the thread's mempool caches stay there, and
 * rte_mempool_full() counts them, as it counts all caches. Any thread. */
GYRE_API void gyre_dpdk_thread_unregister(void);

/* --- Items --- */

/* The mbufs' item operations, for gyre_loop_options.items: release frees in bulk; clone makes an
 * indirect mbuf (one a segment) out of the mbuf's own pool, which shares the data, or a copy where
 * that pool's buffers cannot be shared; trace prints length, port, segments and the headers of
 * Ethernet, VLAN, ARP, IP, UDP and TCP. Any thread. */
GYRE_API const struct gyre_item_ops *gyre_dpdk_items(void);

/* A pointer to `len` contiguous bytes at `offset` of a packet, for reading: into the mbuf where
 * they lie in one segment, else copied to `scratch` (at least len bytes). NULL when the packet is
 * shorter. Takes also what rte_pktmbuf_read() does not: offsets near 2^32, and no bytes at the end.
 */
static inline const void *gyre_dpdk_read(
	const struct rte_mbuf *mbuf, uint32_t offset, uint32_t len, void *scratch)
{
	if (offset > mbuf->pkt_len || len > mbuf->pkt_len - offset)
		return NULL;
	if (len == 0)
		return mbuf->buf_addr;
	return rte_pktmbuf_read(mbuf, offset, len, scratch);
}

/* A pointer to the packet's first `len` bytes for writing: contiguous, and nobody else's. Bytes
 * that lie in later segments are moved into the first one's tailroom; segments that this empties
 * are freed. NULL when the packet is shorter, when another mbuf or owner shares the first segment's
 * data or a segment that would shrink, or when there is no tailroom: the packet is then as it was.
 */
GYRE_API void *gyre_dpdk_header(struct rte_mbuf *mbuf, uint32_t len);

/* --- Ports --- */

struct gyre_dpdk_rx_options {
	size_t size;
	uint16_t port, queue;
	uint16_t burst; /* most packets a poll, 1 to 256; beyond the loop's vector it has no effect.
			   Vector drivers may need 32 or more. 64 */
	const char *next; /* name of the next instance. Required; copied */
	struct rte_mempool *pool; /* the queue's pool, watched for emptiness. NULL: the one that the
				     driver names, if it does; else none is watched */
	struct gyre_error *error; /* text of a failed add. NULL */
};
/* Fills *options with the defaults. Any thread. */
GYRE_API void gyre_dpdk_rx_options_init(struct gyre_dpdk_rx_options *options, size_t size);

static inline struct gyre_dpdk_rx_options gyre__dpdk_rx_options_default(void)
{
	struct gyre_dpdk_rx_options options;

	gyre_dpdk_rx_options_init(&options, sizeof(options));
	return options;
}
#define GYRE_DPDK_RX_OPTIONS_INIT gyre__dpdk_rx_options_default()

/* Adds an input node that polls one queue of a started port and writes straight into its next
 * node's frame. Counts "pool-empty" when polls bring nothing while the pool has no mbuf left for
 * this thread: looked at on the first empty poll after a full one and on every 64th. The port must
 * stay started while the node is enabled. `ret_id` may be NULL. Errors: -EINVAL (options; port not
 * started; no such queue), -ENODEV (no such port), -E2BIG, and as gyre_node_add(). */
GYRE_API int gyre_dpdk_rx_add(struct gyre_loop *loop, const char *name,
	const struct gyre_dpdk_rx_options *options, struct gyre_node_id *ret_id);

struct gyre_dpdk_tx_options {
	size_t size;
	uint16_t port, queue;
	unsigned retries; /* more tries of a burst that the queue did not take, 0 to 1000. 4 */
	struct gyre_error *error; /* text of a failed add. NULL */
};
GYRE_API void gyre_dpdk_tx_options_init(struct gyre_dpdk_tx_options *options, size_t size);

static inline struct gyre_dpdk_tx_options gyre__dpdk_tx_options_default(void)
{
	struct gyre_dpdk_tx_options options;

	gyre_dpdk_tx_options_init(&options, sizeof(options));
	return options;
}
#define GYRE_DPDK_TX_OPTIONS_INIT gyre__dpdk_tx_options_default()

/* Adds an output node that sends what a sweep gathered on one queue of a started port; what the
 * queue does not take after the retries is freed and counted as "tx-full", what the driver's
 * prepare refuses as "tx-prepare". Prepare is called for vectors with offload flags only. Order is
 * kept. The queue is this node's alone. `ret_id` may be NULL. Errors: as gyre_dpdk_rx_add(). */
GYRE_API int gyre_dpdk_tx_add(struct gyre_loop *loop, const char *name,
	const struct gyre_dpdk_tx_options *options, struct gyre_node_id *ret_id);

/* --- Link monitor: one daemon process per port, three sources in one ladder: the port's LSC
 * interrupt, where the application configured one; rtnetlink for the port's if_index, where it has
 * one (the only source that works for af_packet and af_xdp); and always polling. A link is up when
 * the driver says so and, if there is a kernel interface, it is up and running. --- */

struct gyre_dpdk_link; /* a monitor */

struct gyre_dpdk_link_options {
	size_t size;
	uint16_t port;
	uint64_t poll_nsec; /* between looks at the port, >= 1 ms. 10 ms */
	uint64_t debounce_up_nsec; /* a link is up after it has been for so long. 50 ms */
	uint64_t debounce_down_nsec; /* and down after so long. 0 */
	struct gyre_error *error; /* text of a failed create. NULL */
	const char *name; /* that it is published under (link.h); copied, at most 63 bytes. NULL:
			     the port's device's, of several monitors "NAME#2" and so on */
};
GYRE_API void gyre_dpdk_link_options_init(struct gyre_dpdk_link_options *options, size_t size);

static inline struct gyre_dpdk_link_options gyre__dpdk_link_options_default(void)
{
	struct gyre_dpdk_link_options options;

	gyre_dpdk_link_options_init(&options, sizeof(options));
	return options;
}
#define GYRE_DPDK_LINK_OPTIONS_INIT gyre__dpdk_link_options_default()

/* Starts monitoring a port, which need not be started. The state found is taken at once, without
 * debouncing, and published as a link of the loop, as it is after debouncing. rtnetlink is asked in
 * the calling thread's network namespace, which must be the interface's. Several monitors of one
 * port do not disturb each other. The caller destroys it before the port is closed and before the
 * loop. Errors: -ENODEV (no such port), -EINVAL, -E2BIG, -EEXIST (another link has the name),
 * -ENOMEM, -EMFILE, -ENFILE, and as gyre_watch_add() and gyre_process_spawn(). */
GYRE_API int gyre_dpdk_link_create(struct gyre_loop *loop,
	const struct gyre_dpdk_link_options *options, struct gyre_dpdk_link **ret_link);
/* Nothing is signalled afterwards, and the port may be closed. Waits out an LSC callback that is
 * just running (microseconds). NULL is fine. */
GYRE_API void gyre_dpdk_link_destroy(struct gyre_dpdk_link *link);
/* Signals `up` to the process when the link comes up and `down` when it goes down (one may be 0),
 * and the present state at once. At most 16 subscribers; one that has ended makes room. Errors:
 * -ESRCH (no such process), -EINVAL (no bits, or not user's), -ENOSPC. */
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

/* --- Telemetry: the loop in DPDK's own telemetry socket, for dpdk-telemetry.py and whoever else
 * asks it: /gyre/loops, and of one loop /gyre/runtime, /gyre/processes, /gyre/errors and
 * /gyre/links. Their parameters are "LOOP[,PAGE]", the name of the loop (of the only one, if left
 * out) and a page of 25 rows, counted from 0. A reply is a dictionary: "loop", "now_nsec" (the
 * loop's time of the reading), "page", "pages", "rows" (on all pages), and an array for each
 * column; or "error". Texts are cut at 63 bytes, what is not plain ASCII in them is "?". The
 * client's thread reads the loop by a gyre_reader, and waits for it 1 s at most; a loop is read
 * every 10 ms at most, and who asks more often waits for his turn. --- */

/* Lets a loop be asked for under its name. The commands are registered with the first loop of the
 * process; EAL need not be up. The caller deletes it before the loop is destroyed. Any thread.
 * Errors: -EEXIST (this loop, or one of its name, is there), -ENOMEM, -ENOENT (telemetry takes no
 * more commands); text in *error, which may be NULL. */
GYRE_API int gyre_dpdk_telemetry_add(struct gyre_loop *loop, struct gyre_error *error);
/* From now on it is not asked, and not touched by telemetry's threads: those that wait for it are
 * woken, and reply an error. Nothing happens if it was not added. Any thread, also the loop's. */
GYRE_API void gyre_dpdk_telemetry_del(struct gyre_loop *loop);

GYRE_END_DECLS

#endif
