/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ethernet-input: tells packets by interface and EtherType. The ports' inputs lead here; it leads
 * to arp-input and ip4-input, and owns nothing. Invariant: what goes on came in on an interface of
 * ours, said in its metadata, is for us or, if ARP, for everybody, and has a first segment that is
 * ours to write, Ethernet header and all.
 */
#include "packet.h"

enum { NEXT_ARP, NEXT_IP4 };

enum drop {
	DROP_NO_INTERFACE,
	DROP_TOO_SHORT,
	DROP_NOT_WRITABLE,
	DROP_GROUP_SOURCE,
	DROP_MULTICAST,
	DROP_OTHER_HOST,
	DROP_IP4_BROADCAST,
	DROP_LENGTH_FIELD,
	DROP_VLAN,
	DROP_UNKNOWN_TYPE,
};

static const struct gyre_reason reasons[] = {
	[DROP_NO_INTERFACE] = {"no-interface", GYRE_SEVERITY_ERROR},
	[DROP_TOO_SHORT] = {"too-short", GYRE_SEVERITY_ERROR},
	[DROP_NOT_WRITABLE] = {"not-writable", GYRE_SEVERITY_ERROR},
	[DROP_GROUP_SOURCE] = {"group-source", GYRE_SEVERITY_ERROR},
	[DROP_MULTICAST] = {"multicast", GYRE_SEVERITY_INFO},
	[DROP_OTHER_HOST] = {"other-host", GYRE_SEVERITY_INFO},
	[DROP_IP4_BROADCAST] = {"ip4-broadcast", GYRE_SEVERITY_INFO},
	[DROP_LENGTH_FIELD] = {"802.3-length", GYRE_SEVERITY_INFO},
	[DROP_VLAN] = {"vlan", GYRE_SEVERITY_WARNING},
	[DROP_UNKNOWN_TYPE] = {"unknown-ethertype", GYRE_SEVERITY_WARNING},
};

static const char *const nexts_default[] = {
	[NEXT_ARP] = "arp-input",
	[NEXT_IP4] = "ip4-input",
};

static gyre_next other_type(uint16_t type)
{
	if (type < 0x600)
		return gyre_drop(DROP_LENGTH_FIELD);
	if (type == RTE_ETHER_TYPE_VLAN || type == RTE_ETHER_TYPE_QINQ)
		return gyre_drop(DROP_VLAN);
	return gyre_drop(DROP_UNKNOWN_TYPE);
}

/* Tagged for a network that we are no part of, though the port took the tag off (af_packet always
 * does). Tag 0 is only a priority (IEEE 802.1Q). */
static inline bool other_vlan(const struct rte_mbuf *mbuf)
{
	return (mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) && (mbuf->vlan_tci & 0xfff) != 0;
}

/* To a group: only ARP has business with everybody (RFC 1812 section 5.3.4). */
static gyre_next group(const struct rte_ether_hdr *ether)
{
	if (!rte_is_broadcast_ether_addr(&ether->dst_addr))
		return gyre_drop(DROP_MULTICAST);
	if (ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return NEXT_ARP;
	if (ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return gyre_drop(DROP_IP4_BROADCAST);
	return other_type(rte_be_to_cpu_16(ether->ether_type));
}

/* One check after the other, for whatever is not as usual. */
static __attribute__((noinline)) gyre_next classify(
	const struct interface *interface, struct rte_mbuf *mbuf)
{
	const struct rte_ether_hdr *ether;

	if (mbuf->pkt_len < sizeof(*ether))
		return gyre_drop(DROP_TOO_SHORT);
	ether = packet_header(mbuf, sizeof(*ether));
	if (!ether)
		return gyre_drop(DROP_NOT_WRITABLE);
	if (other_vlan(mbuf))
		return gyre_drop(DROP_VLAN);
	if (rte_is_multicast_ether_addr(&ether->src_addr))
		return gyre_drop(DROP_GROUP_SOURCE);
	if (!rte_is_same_ether_addr(&ether->dst_addr, &interface->mac))
		return rte_is_multicast_ether_addr(&ether->dst_addr) ? group(ether)
								     : gyre_drop(DROP_OTHER_HOST);
	if (ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return NEXT_IP4;
	if (ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_ARP))
		return NEXT_ARP;
	return other_type(rte_be_to_cpu_16(ether->ether_type));
}

static inline uint32_t load32(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static inline uint16_t load16(const uint8_t *bytes)
{
	uint16_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* IPv4 from a host to us, with nothing about its mbuf that wants care: nearly all packets. The
 * fields are compared at once, for they are hardly ever different. */
static inline bool is_usual(const struct interface *interface, const struct rte_mbuf *mbuf)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *);
	const uint8_t *us = interface->mac.addr_bytes, *to = ether->dst_addr.addr_bytes;

	if (!packet_is_plain(mbuf, sizeof(*ether)) ||
		(mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED))
		return false;
	return !((load32(to) ^ load32(us)) | (load16(to + 4) ^ load16(us + 4)) |
		 (ether->src_addr.addr_bytes[0] & RTE_ETHER_GROUP_ADDR) |
		 (ether->ether_type ^ RTE_BE16(RTE_ETHER_TYPE_IPV4)));
}

static inline gyre_next input(const struct gateway *gateway, struct rte_mbuf *mbuf)
{
	const struct interface *interface;
	unsigned rx = GATEWAY_NO_INTERFACE;

	if (gyre_likely(mbuf->port < RTE_MAX_ETHPORTS))
		rx = gateway->interface_of_port[mbuf->port];
	if (gyre_unlikely(rx >= gateway->n_interfaces))
		return gyre_drop(DROP_NO_INTERFACE);
	packet_meta(mbuf)->rx = rx;
	interface = &gateway->interfaces[rx];
	return gyre_likely(is_usual(interface, mbuf)) ? NEXT_IP4 : classify(interface, mbuf);
}

static gyre_next process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	const struct gateway *gateway = node_gateway(node);
	unsigned differ = 0;

	for (unsigned i = 0; i < n; i++) {
		gyre_next next;

		packet_prefetch(items, i, n);
		next = input(gateway, items[i]);
		nexts[i] = next;
		differ |= next ^ NEXT_IP4;
	}
	return packet_nexts(NEXT_IP4, differ);
}

const struct gyre_node_class ethernet_input_class = {
	.name = "ethernet-input",
	.kind = GYRE_NODE_INTERNAL,
	.process = process,
	.init = gateway_node_init,
	.data_size = sizeof(struct gateway_node),
	.nexts = nexts_default,
	.n_nexts = RTE_DIM(nexts_default),
	.reasons = reasons,
	.n_reasons = RTE_DIM(reasons),
};
