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

/* The destination and the beginning of the source, in one word, as far as they are masked. */
static inline uint64_t addresses_load(const void *bytes, const uint8_t mask_bytes[8])
{
	uint64_t word, mask;

	memcpy(&word, bytes, sizeof(word));
	memcpy(&mask, mask_bytes, sizeof(mask));
	return word & mask;
}

/* The references and the port: a driver sets four fields of an mbuf in one word, of which they are
 * the second and the fourth. */
static inline uint64_t rearm_load(const void *bytes)
{
	static const uint16_t mask_fields[4] = {0, UINT16_MAX, 0, UINT16_MAX};
	uint64_t word, mask;

	memcpy(&word, bytes, sizeof(word));
	memcpy(&mask, mask_fields, sizeof(mask));
	return word & mask;
}

static_assert(offsetof(struct rte_mbuf, refcnt) == offsetof(struct rte_mbuf, rearm_data) + 2 &&
		      offsetof(struct rte_mbuf, port) == offsetof(struct rte_mbuf, rearm_data) + 6,
	"the second and the fourth");

/* Where packets come from. */
struct port {
	const struct interface *interface; /* NULL: none of ours */
	/* Of a packet from a host to us, in an mbuf that is ours alone, as far as they are masked.
	 */
	uint64_t addresses, rearm;
	uint16_t id;
	uint8_t rx;
};

static const uint8_t usual_mask[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, RTE_ETHER_GROUP_ADDR};
static const uint8_t mac_mask[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static inline struct port port_find(const struct gateway *gateway, uint16_t id)
{
	const uint16_t rearm[4] = {0, 1, 0, id};
	struct port port = {NULL, .addresses = UINT64_MAX, .id = id, .rx = GATEWAY_NO_INTERFACE};

	memcpy(&port.rearm, rearm, sizeof(port.rearm));
	if (gyre_likely(id < RTE_MAX_ETHPORTS))
		port.rx = gateway->interface_of_port[id];
	if (gyre_unlikely(port.rx >= gateway->n_interfaces))
		return port;
	port.interface = &gateway->interfaces[port.rx];
	/* With two bytes of what is behind the MAC, masked away. */
	port.addresses = addresses_load(
		(const char *)port.interface + offsetof(struct interface, mac), mac_mask);
	return port;
}

static inline uint16_t port_of(const void *item)
{
	return ((const struct rte_mbuf *)item)->port;
}

/* IPv4 from a host to us, with nothing about its mbuf that wants care: nearly all packets. */
static inline bool is_usual(const struct rte_mbuf *mbuf, uint64_t rearm, uint64_t addresses)
{
	const uint64_t unusual =
		RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *);

	return rearm_load(&mbuf->rearm_data) == rearm && mbuf->data_len >= sizeof(*ether) &&
	       !(mbuf->ol_flags & unusual) && addresses_load(ether, usual_mask) == addresses &&
	       ether->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4);
}

/* Usual packets from one port, up to the first one that is not; returns how many. Calls nothing:
 * all that it needs stays in registers. */
static inline unsigned usual_input(const struct port *port, void **items, unsigned n)
{
	const uint64_t addresses = port->addresses, rearm = port->rearm;
	const uint8_t rx = port->rx;
	void **item, **end = items + n;

	for (item = items; item < end; item++) {
		struct rte_mbuf *mbuf = *item;

		packet_prefetch(item, end);
		if (gyre_unlikely(!is_usual(mbuf, rearm, addresses)))
			break;
		packet_meta(mbuf)->rx = rx;
	}
	return item - items;
}

static gyre_next input(const struct port *port, struct rte_mbuf *mbuf)
{
	if (!port->interface)
		return gyre_drop(DROP_NO_INTERFACE);
	packet_meta(mbuf)->rx = port->rx;
	return classify(port->interface, mbuf);
}

/* From the first packet on that is not usual: packet i. */
static __attribute__((noinline)) gyre_next input_each(
	const struct gateway *gateway, void **items, gyre_next *nexts, unsigned i, unsigned n)
{
	struct port port = port_find(gateway, port_of(items[i]));
	unsigned differ = 0, usual;

	packet_nexts_fill(nexts, NEXT_IP4, i);
	while (i < n) {
		if (port_of(items[i]) != port.id)
			port = port_find(gateway, port_of(items[i]));
		nexts[i] = input(&port, items[i]);
		differ |= nexts[i] ^ NEXT_IP4;
		i++;
		usual = usual_input(&port, items + i, n - i);
		packet_nexts_fill(nexts + i, NEXT_IP4, usual);
		i += usual;
	}
	return packet_nexts(NEXT_IP4, differ);
}

static gyre_next process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	const struct gateway *gateway = node_gateway(node);
	struct port port = port_find(gateway, port_of(items[0]));
	unsigned usual = usual_input(&port, items, n);

	if (gyre_likely(usual == n))
		return NEXT_IP4;
	return input_each(gateway, items, nexts, usual, n);
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
