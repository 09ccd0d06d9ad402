/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bench/gateway compares the graph with. skeleton is DPDK's: a burst, then all of the work on
 * one packet after the other, with the next ones' headers on their way, then a burst. straight has
 * the graph's passes, a plain loop for each over the whole vector. direct calls the graph's own
 * node functions one after another. Owns the adjacencies. Called by gateway.c. Invariant: what they
 * send is what the graph sends, byte by byte.
 */
#include "bench/gateway_router.h"

#include <rte_cycles.h>
#include <rte_prefetch.h>

#define AHEAD 3 /* packets, as in DPDK's l3fwd */

/* Between the chores of a main loop, as in l3fwd. */
#define CHORES_USEC 100

static struct router router;
static uint64_t chores_clocks, chores_next, chores;

void gateway_router_begin(struct gateway_world *world)
{
	const struct gateway *gateway = &world->gateway;

	router = (struct router){.gateway = gateway};
	chores_clocks = rte_get_tsc_hz() / 1000000 * CHORES_USEC;
	for (unsigned i = 0; i < NEXT_HOP_COUNT; i++) {
		const struct next_hop *hop = &gateway->next_hops[i];
		const struct arp_entry *entry;

		if (hop->kind != NEXT_HOP_FORWARD || !hop->address)
			continue;
		entry = arp_table_find(gateway->arp, hop->interface, hop->address);
		if (!entry || !arp_entry_resolved(entry))
			continue;
		router.adjacencies[i] = (struct adjacency){
			.header.src_addr = gateway->interfaces[hop->interface].mac,
			.header.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4),
			.resolved = true,
		};
		memcpy(&router.adjacencies[i].header.dst_addr, entry->mac, sizeof(entry->mac));
	}
}

/* As the main loop of l3fwd looks at the clock before each burst: whoever forwards has ARP entries
 * to age and buffers to drain, and a loop of gyre's has the time in each turn. */
static inline void keep_time(void)
{
	uint64_t now = rte_rdtsc();

	if (likely(now < chores_next))
		return;
	chores_next = now + chores_clocks;
	chores++;
}

static void sink(struct gateway_world *world, struct rte_mbuf **mbufs, unsigned n)
{
	gateway_sink_give(&world->source, mbufs, n);
	router.sent += n;
}

/* --- Packet-first --- */

static inline enum verdict skeleton_route(struct rte_mbuf *mbuf)
{
	enum verdict verdict = router_ethernet(&router, mbuf);
	uint32_t destination;
	uint64_t next_hop;

	if (unlikely(verdict != ROUTER_PASS))
		return verdict;
	verdict = router_ip4(&router, mbuf);
	if (unlikely(verdict != ROUTER_PASS))
		return verdict;
	destination = rte_be_to_cpu_32(packet_ip4(mbuf)->dst_addr);
	fib_lookup(router.gateway->fib, &destination, &next_hop, 1);
	return router_rewrite(&router, mbuf, next_hop);
}

void gateway_skeleton_run(struct gateway_world *world, unsigned n)
{
	struct rte_mbuf *mbufs[GYRE_VECTOR_MAX];

	while (n) {
		unsigned burst = RTE_MIN(n, world->vector), sent = 0;

		keep_time();
		gateway_source_take(&world->source, mbufs, burst);
		for (unsigned i = 0; i < RTE_MIN(burst, AHEAD); i++)
			rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void *));
		for (unsigned i = 0; i < burst; i++) {
			enum verdict verdict;

			if (i + AHEAD < burst)
				rte_prefetch0(rte_pktmbuf_mtod(mbufs[i + AHEAD], void *));
			verdict = skeleton_route(mbufs[i]);
			mbufs[sent] = mbufs[i];
			if (likely(verdict == ROUTER_PASS))
				sent++;
			else
				router_drop(&router, mbufs[i], verdict);
		}
		sink(world, mbufs, sent);
		n -= burst;
	}
}

/* --- Task-first --- */

typedef enum verdict stage_fn(struct rte_mbuf *mbuf, uint64_t next_hop);

static inline enum verdict stage_ethernet(struct rte_mbuf *mbuf, uint64_t next_hop)
{
	(void)next_hop;
	return router_ethernet(&router, mbuf);
}

static inline enum verdict stage_ip4(struct rte_mbuf *mbuf, uint64_t next_hop)
{
	(void)next_hop;
	return router_ip4(&router, mbuf);
}

static inline enum verdict stage_rewrite(struct rte_mbuf *mbuf, uint64_t next_hop)
{
	return router_rewrite(&router, mbuf, next_hop);
}

/* One stage over the vector; what does not pass leaves it. Inlined with its stage. */
static __rte_always_inline unsigned pass(
	stage_fn *stage, struct rte_mbuf **mbufs, const uint64_t *next_hops, unsigned n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *mbuf = mbufs[i];
		enum verdict verdict;

		if (i + AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(mbufs[i + AHEAD], void *));
		verdict = stage(mbuf, next_hops ? next_hops[i] : 0);
		mbufs[kept] = mbuf;
		if (likely(verdict == ROUTER_PASS))
			kept++;
		else
			router_drop(&router, mbuf, verdict);
	}
	return kept;
}

static unsigned straight_route(struct rte_mbuf **mbufs, unsigned n)
{
	uint32_t destinations[GYRE_VECTOR_MAX];
	uint64_t next_hops[GYRE_VECTOR_MAX];

	n = pass(stage_ethernet, mbufs, NULL, n);
	n = pass(stage_ip4, mbufs, NULL, n);
	for (unsigned i = 0; i < n; i++)
		destinations[i] = rte_be_to_cpu_32(packet_ip4(mbufs[i])->dst_addr);
	fib_lookup(router.gateway->fib, destinations, next_hops, n);
	return pass(stage_rewrite, mbufs, next_hops, n);
}

void gateway_straight_run(struct gateway_world *world, unsigned n)
{
	struct rte_mbuf *mbufs[GYRE_VECTOR_MAX];

	while (n) {
		unsigned burst = RTE_MIN(n, world->vector);

		keep_time();
		gateway_source_take(&world->source, mbufs, burst);
		sink(world, mbufs, straight_route(mbufs, burst));
		n -= burst;
	}
}

/* --- The nodes without the graph: every packet is known to go the same way --- */

void gateway_direct_run(struct gateway_world *world, unsigned n)
{
	static const struct gyre_node_class *const classes[] = {
		&ethernet_input_class, &ip4_input_class, &ip4_lookup_class, &ip4_rewrite_class};
	struct gyre_sweep sweep = {.loop = world->gateway.loop};
	struct {
		struct gyre_node node;
		struct gateway_node data; /* where gyre_node_data() finds it */
	} one = {{.sweep = &sweep}, {.gateway = &world->gateway}};
	struct rte_mbuf *mbufs[GYRE_VECTOR_MAX];
	gyre_next nexts[GYRE_VECTOR_MAX];

	while (n) {
		unsigned burst = RTE_MIN(n, world->vector);

		gateway_source_take(&world->source, mbufs, burst);
		for (unsigned i = 0; i < RTE_DIM(classes); i++)
			classes[i]->process(&one.node, (void **)mbufs, nexts, burst);
		sink(world, mbufs, burst);
		n -= burst;
	}
}

void gateway_source_run(struct gateway_world *world, unsigned n)
{
	struct rte_mbuf *mbufs[GYRE_VECTOR_MAX];

	while (n) {
		unsigned burst = RTE_MIN(n, world->vector);

		gateway_source_take(&world->source, mbufs, burst);
		sink(world, mbufs, burst);
		n -= burst;
	}
}
