/* SPDX-License-Identifier: Apache-2.0 */
/*
 * icmp-echo: answers echo requests (RFC 792; RFC 1812 section 4.3.3.6), and is the end of all other
 * ICMP messages to us. ip4-local leads here, it leads back to ip4-lookup; owns nothing. Invariant:
 * an answer is the request itself, turned round, its payload untouched.
 */
#include "icmp.h"
#include "packet.h"

#define ECHO_TTL 64

enum { NEXT_LOOKUP };

enum drop {
	DROP_TRUNCATED,
	DROP_CHECKSUM,
	DROP_OTHER_TYPE,
	DROP_NOT_WRITABLE,
};

static const struct gyre_reason reasons[] = {
	[DROP_TRUNCATED] = {"truncated", GYRE_SEVERITY_ERROR},
	[DROP_CHECKSUM] = {"checksum", GYRE_SEVERITY_ERROR},
	[DROP_OTHER_TYPE] = {"other-type", GYRE_SEVERITY_INFO},
	[DROP_NOT_WRITABLE] = {"not-writable", GYRE_SEVERITY_ERROR},
};

static const char *const nexts_default[] = {[NEXT_LOOKUP] = "ip4-lookup"};

static void turn_round(struct rte_mbuf *mbuf, struct icmp_header *icmp)
{
	struct rte_ipv4_hdr *ip = packet_ip4(mbuf);
	rte_be32_t source = ip->src_addr;

	icmp->type = ICMP_ECHO_REPLY;
	icmp->checksum = checksum_update(
		icmp->checksum, RTE_BE16(ICMP_ECHO_REQUEST << 8), RTE_BE16(ICMP_ECHO_REPLY << 8));
	/* The checksum does not mind the order of addresses. */
	ip->src_addr = ip->dst_addr;
	ip->dst_addr = source;
	ip4_set_ttl(ip, ECHO_TTL);
	packet_meta(mbuf)->rx = GATEWAY_NO_INTERFACE;
}

static gyre_next echo(struct rte_mbuf *mbuf)
{
	uint32_t offset = RTE_ETHER_HDR_LEN + rte_ipv4_hdr_len(packet_ip4(mbuf));
	uint32_t len = mbuf->pkt_len - offset;
	struct icmp_header *icmp;

	if (len < sizeof(*icmp))
		return gyre_drop(DROP_TRUNCATED);
	if (packet_sum(mbuf, offset) != 0xffff)
		return gyre_drop(DROP_CHECKSUM);
	if (!packet_header(mbuf, offset + sizeof(*icmp)))
		return gyre_drop(DROP_NOT_WRITABLE);
	icmp = rte_pktmbuf_mtod_offset(mbuf, struct icmp_header *, offset);
	if (icmp->type != ICMP_ECHO_REQUEST || icmp->code != 0)
		return gyre_drop(DROP_OTHER_TYPE);
	turn_round(mbuf, icmp);
	return NEXT_LOOKUP;
}

static gyre_next process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	unsigned differ = 0;

	(void)node;
	for (unsigned i = 0; i < n; i++) {
		nexts[i] = echo(items[i]);
		differ |= nexts[i] ^ nexts[0];
	}
	return packet_nexts(nexts[0], differ);
}

const struct gyre_node_class icmp_echo_class = {
	.name = "icmp-echo",
	.kind = GYRE_NODE_INTERNAL,
	.process = process,
	.init = gateway_node_init,
	.data_size = sizeof(struct gateway_node),
	.nexts = nexts_default,
	.n_nexts = RTE_DIM(nexts_default),
	.reasons = reasons,
	.n_reasons = RTE_DIM(reasons),
};
