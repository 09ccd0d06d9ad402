/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ip4-lookup: finds where a packet goes, and whether it may go there: TTL, MTU, directed
 * broadcasts. Packets from outside come from ip4-input, those of our own from icmp-echo, icmp-error
 * and processes. Calls fib.c. Invariant: what goes to ip4-rewrite has its interface and next hop
 * in its metadata, a TTL above 1 unless it is ours, and fits the interface.
 */
#include "fib.h"
#include "icmp.h"
#include "packet.h"

enum { NEXT_REWRITE, NEXT_LOCAL, NEXT_ERROR };

enum reason {
	DROP_DIRECTED_BROADCAST,
	DROP_TOO_BIG,
	COUNT_NO_ROUTE,
	COUNT_TTL,
	COUNT_FRAGMENTATION_NEEDED,
};

/* The last three only count: those packets go to icmp-error. */
static const struct gyre_reason reasons[] = {
	[DROP_DIRECTED_BROADCAST] = {"directed-broadcast", GYRE_SEVERITY_INFO},
	[DROP_TOO_BIG] = {"too-big", GYRE_SEVERITY_WARNING},
	[COUNT_NO_ROUTE] = {"no-route", GYRE_SEVERITY_WARNING},
	[COUNT_TTL] = {"ttl-expired", GYRE_SEVERITY_INFO},
	[COUNT_FRAGMENTATION_NEEDED] = {"fragmentation-needed", GYRE_SEVERITY_INFO},
};

static const char *const nexts_default[] = {
	[NEXT_REWRITE] = "ip4-rewrite",
	[NEXT_LOCAL] = "ip4-local",
	[NEXT_ERROR] = "icmp-error",
};

static __attribute__((noinline, cold)) gyre_next error(struct gyre_node *node,
	struct rte_mbuf *mbuf, enum reason reason, uint8_t type, uint8_t code, uint16_t mtu)
{
	gyre_node_count(node, reason, 1);
	packet_ask_error(mbuf, type, code, mtu);
	return NEXT_ERROR;
}

/* We do not fragment: who forbids it learns the MTU, who does not is counted. */
static gyre_next too_big(struct gyre_node *node, struct rte_mbuf *mbuf, uint16_t mtu)
{
	if (packet_ip4(mbuf)->fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG))
		return error(node, mbuf, COUNT_FRAGMENTATION_NEEDED, ICMP_UNREACHABLE,
			ICMP_FRAGMENTATION_NEEDED, mtu);
	return gyre_drop(DROP_TOO_BIG);
}

/* `address` is the next hop's. */
static inline gyre_next forward(struct gyre_node *node, const struct gateway *gateway,
	struct rte_mbuf *mbuf, unsigned interface, uint32_t address)
{
	const struct interface *out = &gateway->interfaces[interface];
	struct packet_meta *meta = packet_meta(mbuf);
	const struct rte_ipv4_hdr *ip = packet_ip4(mbuf);

	if (gyre_unlikely(ip->time_to_live <= 1 && !packet_is_ours(meta)))
		return error(node, mbuf, COUNT_TTL, ICMP_TIME_EXCEEDED, 0, 0);
	if (gyre_unlikely(rte_be_to_cpu_16(ip->total_length) > out->mtu))
		return too_big(node, mbuf, out->mtu);
	meta->tx = interface;
	meta->next_hop = address;
	return NEXT_REWRITE;
}

static inline gyre_next decide(struct gyre_node *node, const struct gateway *gateway,
	struct rte_mbuf *mbuf, const struct next_hop *hop)
{
	uint32_t destination;

	if (gyre_likely(hop->kind == NEXT_HOP_FORWARD && hop->address != 0))
		return forward(node, gateway, mbuf, hop->interface, hop->address);
	if (hop->kind == NEXT_HOP_IS_LOCAL)
		return NEXT_LOCAL;
	if (hop->kind == NEXT_HOP_UNREACHABLE)
		return error(node, mbuf, COUNT_NO_ROUTE, ICMP_UNREACHABLE, ICMP_NET_UNREACHABLE, 0);
	destination = rte_be_to_cpu_32(packet_ip4(mbuf)->dst_addr);
	if (interface_broadcast(&gateway->interfaces[hop->interface], destination))
		return gyre_drop(DROP_DIRECTED_BROADCAST);
	return forward(node, gateway, mbuf, hop->interface, destination);
}

/* From packet i on. */
static __attribute__((noinline)) gyre_next decide_each(struct gyre_node *node, void **items,
	gyre_next *nexts, const uint64_t *hops, unsigned i, unsigned n)
{
	const struct gateway *gateway = node_gateway(node);
	unsigned differ = 0;

	packet_nexts_fill(nexts, NEXT_REWRITE, i);
	for (; i < n; i++) {
		unsigned next = decide(node, gateway, items[i], &gateway->next_hops[hops[i]]);

		nexts[i] = next;
		differ |= next ^ NEXT_REWRITE;
	}
	return packet_nexts(NEXT_REWRITE, differ);
}

/* To a router, and it may: its total length is what the mbuf has. */
static inline bool is_usual(
	const struct gateway *gateway, const struct rte_mbuf *mbuf, const struct next_hop *hop)
{
	return hop->kind == NEXT_HOP_FORWARD && hop->address != 0 &&
	       packet_ip4(mbuf)->time_to_live > 1 &&
	       mbuf->pkt_len <=
		       RTE_ETHER_HDR_LEN + (uint32_t)gateway->interfaces[hop->interface].mtu;
}

/* Usual packets, up to the first one that is not; returns how many. Calls nothing: all that it
 * needs stays in registers. */
static inline unsigned usual_forward(
	const struct gateway *gateway, void **items, const uint64_t *hops, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		const struct next_hop *hop = &gateway->next_hops[hops[i]];
		struct packet_meta *meta = packet_meta(items[i]);

		if (gyre_unlikely(!is_usual(gateway, items[i], hop)))
			break;
		meta->tx = hop->interface;
		meta->next_hop = hop->address;
	}
	return i;
}

static gyre_next process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	const struct gateway *gateway = node_gateway(node);
	uint32_t destinations[GYRE_VECTOR_MAX];
	uint64_t hops[GYRE_VECTOR_MAX];
	unsigned usual;

#pragma GCC unroll 4
	for (unsigned i = 0; i < n; i++)
		destinations[i] = rte_be_to_cpu_32(packet_ip4(items[i])->dst_addr);
	fib_lookup(gateway->fib, destinations, hops, n);
	usual = usual_forward(gateway, items, hops, n);
	if (gyre_likely(usual == n))
		return NEXT_REWRITE;
	return decide_each(node, items, nexts, hops, usual, n);
}

const struct gyre_node_class ip4_lookup_class = {
	.name = "ip4-lookup",
	.kind = GYRE_NODE_INTERNAL,
	.process = process,
	.init = gateway_node_init,
	.data_size = sizeof(struct gateway_node),
	.nexts = nexts_default,
	.n_nexts = RTE_DIM(nexts_default),
	.reasons = reasons,
	.n_reasons = RTE_DIM(reasons),
};
