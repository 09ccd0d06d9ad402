/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What several nodes do with a packet: headers for writing, prefetches, one next for a vector,
 * Internet checksums (RFC 1071), and the rewrite that sends it on.
 *
 * A packet's data begins with its Ethernet header. From ip4-input on the Ethernet and IPv4 headers
 * lie in the first segment and may be written.
 */
#ifndef HA_PACKET_H
#define HA_PACKET_H

#include <gyre/node.h>
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "gateway.h"

/* What each node's data is. */
struct gateway_node {
	struct gateway *gateway;
};

/* The init of each class; the argument is a struct gateway_node_arg. -EINVAL without one. */
int gateway_node_init(struct gyre_node *node, const void *arg);

static inline struct gateway *node_gateway(const struct gyre_node *node)
{
	return ((const struct gateway_node *)gyre_node_data(node))->gateway;
}

/* How many packets ahead the headers are fetched. */
#define PACKET_AHEAD 8

/* In a loop over a vector that ends there, at a packet: the first line of data of one further on,
 * where a driver puts it; the mbuf's the driver has just written. For the first node only: a
 * vector's lines stay in the first cache for the others. */
static inline void packet_prefetch(void *const *item, void *const *end)
{
	const struct rte_mbuf *later;

	if (end - item <= PACKET_AHEAD)
		return;
	later = item[PACKET_AHEAD];
	gyre_prefetch_write((const char *)(later + 1) + RTE_PKTMBUF_HEADROOM);
}

/* Whether the first `len` bytes are in one piece and ours to write. */
static inline bool packet_is_plain(const struct rte_mbuf *mbuf, uint32_t len)
{
	return len <= mbuf->data_len && rte_mbuf_refcnt_read(mbuf) == 1 && RTE_MBUF_DIRECT(mbuf);
}

/* The first `len` bytes in one piece, for writing; NULL as gyre_dpdk_header(). */
static inline void *packet_header(struct rte_mbuf *mbuf, uint32_t len)
{
	if (gyre_likely(packet_is_plain(mbuf, len)))
		return rte_pktmbuf_mtod(mbuf, void *);
	return gyre_dpdk_header(mbuf, len);
}

/* Cuts a packet off after `len` bytes, which it has. */
void packet_cut(struct rte_mbuf *mbuf, uint32_t len);

/* The sum, not inverted, over a packet from `offset` to its end. Not rte_raw_cksum_mbuf(): that of
 * DPDK 22.11 is wrong behind a segment of odd length. */
uint16_t packet_sum(const struct rte_mbuf *mbuf, uint32_t offset);

static inline struct rte_ipv4_hdr *packet_ip4(const struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod_offset(mbuf, struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);
}

/* What a node function returns after it filled in nexts: `differ` is the OR of nexts[i] ^ usual. */
static inline gyre_next packet_nexts(gyre_next usual, unsigned differ)
{
	return differ ? GYRE_NEXT_EACH : usual;
}

/* For n packets that go the usual way, where not all do. */
static inline void packet_nexts_fill(gyre_next *nexts, gyre_next usual, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		nexts[i] = usual;
}

static inline bool packet_is_ours(const struct packet_meta *meta)
{
	return meta->rx == GATEWAY_NO_INTERFACE;
}

/* A checksum field after a 16-bit word that it covers was changed: RFC 1624, equation 3. All in
 * the packet's byte order. */
static inline uint16_t checksum_update(uint16_t checksum, uint16_t from, uint16_t to)
{
	uint32_t sum = (uint16_t)~checksum + (uint32_t)(uint16_t)~from + to;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static inline void ip4_set_ttl(struct rte_ipv4_hdr *ip, uint8_t ttl)
{
	/* The TTL's word ends with the protocol. */
	uint16_t from = rte_cpu_to_be_16(ip->time_to_live << 8 | ip->next_proto_id);
	uint16_t to = rte_cpu_to_be_16(ttl << 8 | ip->next_proto_id);

	ip->hdr_checksum = checksum_update(ip->hdr_checksum, from, to);
	ip->time_to_live = ttl;
}

/* The same for a TTL of one less, which takes 0x0100 from the sum: its complement gains it, and one
 * more where that is all ones or carries; as if both were always gained, and one is given back. */
static inline void ip4_count_hop(struct rte_ipv4_hdr *ip)
{
	const uint16_t gain = RTE_BE16(0x0100) + 1;
	uint16_t checksum;
	bool carries = __builtin_add_overflow(ip->hdr_checksum, gain, &checksum);

	ip->hdr_checksum = checksum - !carries;
	ip->time_to_live--;
}

/* Addresses that no single host has: 0/8, 127/8, 224/4, 240/4 with the limited broadcast; by their
 * first byte. */
static inline bool ip4_net_is_martian(uint8_t net)
{
	/* From 0 on, and nets 1 to 223 first. */
	net--;
	return net >= 223 || net == 126;
}

static inline bool ip4_is_martian(uint32_t address)
{
	return ip4_net_is_martian(address >> 24);
}

/* All ones or all zeros (RFC 1812 section 4.2.3.1) behind the prefix; /31 and /32 have neither. */
static inline bool interface_broadcast(const struct interface *interface, uint32_t address)
{
	uint32_t host = ~interface_mask(interface);

	/* All ones end as zeros, all zeros as a one. */
	return gyre_unlikely(((address + 1) & host) <= 1) && interface->prefix_len < 31 &&
	       interface_covers(interface, address);
}

/* The frame of IPv4 packets that leave by an interface for a MAC. */
static inline struct rte_ether_hdr packet_frame(
	const struct interface *interface, const uint8_t mac[6])
{
	struct rte_ether_hdr frame = {
		.src_addr = interface->mac,
		.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4),
	};

	memcpy(&frame.dst_addr, mac, RTE_ETHER_ADDR_LEN);
	return frame;
}

/* Frames an IPv4 packet, and counts the hop of one that is not ours. */
static inline void packet_rewrite(struct rte_mbuf *mbuf, const void *frame)
{
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	bool counts = !packet_is_ours(packet_meta(mbuf));

	memcpy(ether, frame, sizeof(*ether));
	if (gyre_likely(counts))
		ip4_count_hop((struct rte_ipv4_hdr *)(ether + 1));
}

/* Says what ICMP error a packet on its way to icmp-error asks for. */
static inline void packet_ask_error(struct rte_mbuf *mbuf, uint8_t type, uint8_t code, uint16_t mtu)
{
	struct packet_meta *meta = packet_meta(mbuf);

	meta->icmp_type = type;
	meta->icmp_code = code;
	meta->icmp_mtu = mtu;
}

#endif
