/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The router that a DPDK program would have without a graph: the checks of the example's nodes, in
 * their order, and the rewrite by an adjacency for each next hop, made beforehand. A packet that is
 * not simply forwarded is counted under its reason and freed.
 */
#ifndef GYRE_BENCH_GATEWAY_ROUTER_H
#define GYRE_BENCH_GATEWAY_ROUTER_H

#include "bench/gateway.h"
#include "examples/ha-gateway/packet.h"

enum verdict {
	ROUTER_PASS,
	ROUTER_NO_INTERFACE,
	ROUTER_NOT_WRITABLE,
	ROUTER_VLAN,
	ROUTER_GROUP_SOURCE,
	ROUTER_OTHER_HOST,
	ROUTER_OTHER_TYPE,
	ROUTER_HEADER,
	ROUTER_OPTIONS,
	ROUTER_CHECKSUM,
	ROUTER_LENGTH,
	ROUTER_MARTIAN_SOURCE,
	ROUTER_OWN_SOURCE,
	ROUTER_MARTIAN_DESTINATION,
	ROUTER_NO_ROUTE,
	ROUTER_DIRECTED_BROADCAST,
	ROUTER_TTL,
	ROUTER_TOO_BIG,
	ROUTER_UNRESOLVED,
	ROUTER_VERDICTS,
};

/* The frame for a next hop. */
struct adjacency {
	struct rte_ether_hdr header;
	bool resolved;
	bool used; /* since its neighbour was confirmed */
} __attribute__((aligned(16)));

struct router {
	const struct gateway *gateway;
	struct adjacency adjacencies[NEXT_HOP_COUNT];
	uint64_t verdicts[ROUTER_VERDICTS]; /* but for the first, which `sent` counts */
	uint64_t sent;
};

static inline enum verdict router_ethernet(const struct router *router, struct rte_mbuf *mbuf)
{
	const struct gateway *gateway = router->gateway;
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	unsigned rx;

	if (unlikely(mbuf->port >= RTE_MAX_ETHPORTS))
		return ROUTER_NO_INTERFACE;
	rx = gateway->interface_of_port[mbuf->port];
	if (unlikely(rx >= gateway->n_interfaces))
		return ROUTER_NO_INTERFACE;
	if (unlikely(mbuf->data_len < RTE_ETHER_HDR_LEN + sizeof(struct rte_ipv4_hdr) ||
		     rte_mbuf_refcnt_read(mbuf) != 1 || !RTE_MBUF_DIRECT(mbuf)))
		return ROUTER_NOT_WRITABLE;
	if (unlikely((mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) && mbuf->vlan_tci & 0xfff))
		return ROUTER_VLAN;
	if (unlikely(rte_is_multicast_ether_addr(&ether->src_addr)))
		return ROUTER_GROUP_SOURCE;
	if (unlikely(!rte_is_same_ether_addr(&ether->dst_addr, &gateway->interfaces[rx].mac)))
		return ROUTER_OTHER_HOST;
	if (unlikely(ether->ether_type != RTE_BE16(RTE_ETHER_TYPE_IPV4)))
		return ROUTER_OTHER_TYPE;
	return ROUTER_PASS;
}

static inline bool router_checksum_right(const struct rte_mbuf *mbuf, const void *header)
{
	uint64_t known = mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK, sum;
	uint32_t words[5];

	if (known == RTE_MBUF_F_RX_IP_CKSUM_GOOD || known == RTE_MBUF_F_RX_IP_CKSUM_BAD)
		return known == RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	memcpy(words, header, sizeof(words));
	sum = (uint64_t)words[0] + words[1] + words[2] + words[3] + words[4];
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static inline enum verdict router_addresses(
	const struct gateway *gateway, const struct rte_mbuf *mbuf, const struct rte_ipv4_hdr *ip)
{
	const struct interface *in = &gateway->interfaces[gateway->interface_of_port[mbuf->port]];
	uint32_t source = rte_be_to_cpu_32(ip->src_addr);

	if (unlikely(ip4_is_martian(source) || interface_broadcast(in, source)))
		return ROUTER_MARTIAN_SOURCE;
	for (unsigned i = 0; i < gateway->n_interfaces; i++)
		if (unlikely(source == gateway->interfaces[i].address))
			return ROUTER_OWN_SOURCE;
	if (unlikely(ip4_is_martian(rte_be_to_cpu_32(ip->dst_addr))))
		return ROUTER_MARTIAN_DESTINATION;
	return ROUTER_PASS;
}

static inline enum verdict router_ip4(const struct router *router, struct rte_mbuf *mbuf)
{
	const struct rte_ipv4_hdr *ip = packet_ip4(mbuf);
	uint32_t total = rte_be_to_cpu_16(ip->total_length);

	if (unlikely(ip->version_ihl != RTE_IPV4_VHL_DEF))
		return ip->version_ihl >> 4 == 4 ? ROUTER_OPTIONS : ROUTER_HEADER;
	if (unlikely(!router_checksum_right(mbuf, ip)))
		return ROUTER_CHECKSUM;
	if (unlikely(total < sizeof(*ip) || RTE_ETHER_HDR_LEN + total > mbuf->pkt_len))
		return ROUTER_LENGTH;
	if (unlikely(RTE_ETHER_HDR_LEN + total < mbuf->pkt_len))
		packet_cut(mbuf, RTE_ETHER_HDR_LEN + total);
	return router_addresses(router->gateway, mbuf, ip);
}

/* Checks what depends on the route, and sends the packet on its way. */
static inline enum verdict router_rewrite(
	struct router *router, struct rte_mbuf *mbuf, uint64_t next_hop)
{
	const struct next_hop *hop = &router->gateway->next_hops[next_hop];
	const struct interface *out = &router->gateway->interfaces[hop->interface];
	struct adjacency *adjacency = &router->adjacencies[next_hop];
	struct rte_ipv4_hdr *ip = packet_ip4(mbuf);
	uint32_t sum;

	if (unlikely(hop->kind != NEXT_HOP_FORWARD))
		return ROUTER_NO_ROUTE;
	if (unlikely(hop->address == 0 && interface_broadcast(out, rte_be_to_cpu_32(ip->dst_addr))))
		return ROUTER_DIRECTED_BROADCAST;
	if (unlikely(ip->time_to_live <= 1))
		return ROUTER_TTL;
	if (unlikely(rte_be_to_cpu_16(ip->total_length) > out->mtu))
		return ROUTER_TOO_BIG;
	if (unlikely(!adjacency->resolved))
		return ROUTER_UNRESOLVED;
	if (!adjacency->used)
		adjacency->used = true;
	*rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *) = adjacency->header;
	/* RFC 1624, for a TTL that is one less. */
	sum = ip->hdr_checksum + (uint32_t)RTE_BE16(0x0100);
	ip->hdr_checksum = sum + (sum >= 0xffff);
	ip->time_to_live--;
	return ROUTER_PASS;
}

static inline void router_drop(struct router *router, struct rte_mbuf *mbuf, enum verdict verdict)
{
	router->verdicts[verdict]++;
	rte_pktmbuf_free(mbuf);
}

#endif
