/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ip4-local: packets for ourselves. ip4-lookup leads here; BFD's datagrams go to the mailbox of the
 * interface that they came in on, ICMP to icmp-echo, others to icmp-error; owns nothing. Invariant:
 * what goes to a mailbox is a whole UDP datagram with a right checksum.
 */
#include "icmp.h"
#include "packet.h"

#include <netinet/in.h>
#include <rte_udp.h>

#define BFD_PORT 3784 /* RFC 5881 section 4 */

enum reason {
	DROP_OURS,
	DROP_FRAGMENT,
	DROP_UDP_TRUNCATED,
	DROP_UDP_LENGTH,
	DROP_UDP_CHECKSUM,
	COUNT_PORT,
	COUNT_PROTOCOL,
};

/* The last two only count: those packets go to icmp-error. */
static const struct gyre_reason reasons[] = {
	[DROP_OURS] = {"from-ourselves", GYRE_SEVERITY_WARNING},
	[DROP_FRAGMENT] = {"fragment", GYRE_SEVERITY_WARNING},
	[DROP_UDP_TRUNCATED] = {"udp-truncated", GYRE_SEVERITY_ERROR},
	[DROP_UDP_LENGTH] = {"udp-length", GYRE_SEVERITY_ERROR},
	[DROP_UDP_CHECKSUM] = {"udp-checksum", GYRE_SEVERITY_ERROR},
	[COUNT_PORT] = {"port-closed", GYRE_SEVERITY_INFO},
	[COUNT_PROTOCOL] = {"unknown-protocol", GYRE_SEVERITY_INFO},
};

static const char *const nexts_default[IP4_LOCAL_NEXT_BFD + GATEWAY_INTERFACES_MAX] = {
	[IP4_LOCAL_NEXT_ICMP_ECHO] = "icmp-echo",
	[IP4_LOCAL_NEXT_ICMP_ERROR] = "icmp-error",
};

static gyre_next unreachable(
	struct gyre_node *node, struct rte_mbuf *mbuf, enum reason reason, uint8_t code)
{
	gyre_node_count(node, reason, 1);
	packet_ask_error(mbuf, ICMP_UNREACHABLE, code, 0);
	return IP4_LOCAL_NEXT_ICMP_ERROR;
}

/* A sum over pseudo header and datagram is all ones. */
static bool udp_checksum_right(const struct rte_mbuf *mbuf, const struct rte_udp_hdr *udp)
{
	uint64_t known = mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	const struct rte_ipv4_hdr *ip = packet_ip4(mbuf);
	uint32_t sum;

	if (udp->dgram_cksum == 0 || known == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return true;
	if (known == RTE_MBUF_F_RX_L4_CKSUM_BAD)
		return false;
	sum = (uint32_t)packet_sum(mbuf, RTE_ETHER_HDR_LEN + rte_ipv4_hdr_len(ip)) +
	      rte_ipv4_phdr_cksum(ip, 0);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

static gyre_next udp_input(
	struct gyre_node *node, const struct gateway *gateway, struct rte_mbuf *mbuf)
{
	uint32_t offset = RTE_ETHER_HDR_LEN + rte_ipv4_hdr_len(packet_ip4(mbuf));
	uint8_t rx = packet_meta(mbuf)->rx;
	const struct rte_udp_hdr *udp;
	struct rte_udp_hdr scratch;
	uint16_t len;

	udp = gyre_dpdk_read(mbuf, offset, sizeof(*udp), &scratch);
	if (!udp)
		return gyre_drop(DROP_UDP_TRUNCATED);
	len = rte_be_to_cpu_16(udp->dgram_len);
	if (len != mbuf->pkt_len - offset)
		return gyre_drop(DROP_UDP_LENGTH);
	if (!udp_checksum_right(mbuf, udp))
		return gyre_drop(DROP_UDP_CHECKSUM);
	if (udp->dst_port == RTE_BE16(BFD_PORT) && gateway->interfaces[rx].bfd)
		return IP4_LOCAL_NEXT_BFD + rx;
	return unreachable(node, mbuf, COUNT_PORT, ICMP_PORT_UNREACHABLE);
}

static gyre_next local(struct gyre_node *node, const struct gateway *gateway, struct rte_mbuf *mbuf)
{
	const struct rte_ipv4_hdr *ip = packet_ip4(mbuf);

	if (packet_is_ours(packet_meta(mbuf)))
		return gyre_drop(DROP_OURS);
	if (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))
		return gyre_drop(DROP_FRAGMENT);
	switch (ip->next_proto_id) {
	case IPPROTO_UDP:
		return udp_input(node, gateway, mbuf);
	case IPPROTO_ICMP:
		return IP4_LOCAL_NEXT_ICMP_ECHO;
	default:
		return unreachable(node, mbuf, COUNT_PROTOCOL, ICMP_PROTOCOL_UNREACHABLE);
	}
}

static gyre_next process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	const struct gateway *gateway = node_gateway(node);
	unsigned differ = 0;

	for (unsigned i = 0; i < n; i++) {
		nexts[i] = local(node, gateway, items[i]);
		differ |= nexts[i] ^ nexts[0];
	}
	return packet_nexts(nexts[0], differ);
}

const struct gyre_node_class ip4_local_class = {
	.name = "ip4-local",
	.kind = GYRE_NODE_INTERNAL,
	.process = process,
	.init = gateway_node_init,
	.data_size = sizeof(struct gateway_node),
	.nexts = nexts_default,
	.n_nexts = RTE_DIM(nexts_default),
	.reasons = reasons,
	.n_reasons = RTE_DIM(reasons),
};
