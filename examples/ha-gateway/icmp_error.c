/* SPDX-License-Identifier: Apache-2.0 */
/*
 * icmp-error: replaces a packet that cannot go on by the ICMP error that its metadata asks for, if
 * its sender may be told (RFC 1812 sections 4.3.2 and 4.3.3). ip4-lookup, ip4-local and the ARP
 * process lead here, it leads back to ip4-lookup. Calls ratelimit.c. Invariant: for each packet
 * that comes in either one error goes out, and the packet is freed and counted as ended, or it is
 * dropped.
 */
#include "icmp.h"
#include "packet.h"

#include <netinet/in.h>

#define ERROR_TTL 64
#define ERROR_TOS 0xc0 /* internetwork control: RFC 1812 section 4.3.2.5 */
/* An error is at most so long (section 4.3.2.3). */
#define ERROR_MAX 576
#define QUOTE_MAX (ERROR_MAX - sizeof(struct rte_ipv4_hdr) - sizeof(struct icmp_header))

enum { NEXT_LOOKUP };

enum drop {
	DROP_OURS,
	DROP_FRAGMENT,
	DROP_GROUP,
	DROP_SOURCE,
	DROP_ICMP_ERROR,
	DROP_RATE,
	DROP_NO_MBUF,
	PASS, /* no reason */
};

static const struct gyre_reason reasons[] = {
	[DROP_OURS] = {"about-our-own", GYRE_SEVERITY_WARNING},
	[DROP_FRAGMENT] = {"about-fragment", GYRE_SEVERITY_INFO},
	[DROP_GROUP] = {"about-broadcast", GYRE_SEVERITY_INFO},
	[DROP_SOURCE] = {"about-no-host", GYRE_SEVERITY_WARNING},
	[DROP_ICMP_ERROR] = {"about-icmp-error", GYRE_SEVERITY_INFO},
	[DROP_RATE] = {"rate-limited", GYRE_SEVERITY_WARNING},
	[DROP_NO_MBUF] = {"no-mbuf", GYRE_SEVERITY_ERROR},
};

static const char *const nexts_default[] = {[NEXT_LOOKUP] = "ip4-lookup"};

struct icmp_error_node {
	struct gateway_node node;
	uint16_t packet_id; /* of the next error */
};

/* An ICMP message whose type cannot be read could be an error as well. */
static bool about_icmp_error(const struct rte_mbuf *mbuf, const struct rte_ipv4_hdr *ip)
{
	uint8_t scratch;
	const uint8_t *type;

	if (ip->next_proto_id != IPPROTO_ICMP)
		return false;
	type = gyre_dpdk_read(mbuf, RTE_ETHER_HDR_LEN + rte_ipv4_hdr_len(ip), 1, &scratch);
	return !type || icmp_is_error(*type);
}

/* RFC 1812 section 4.3.2.7. */
static enum drop check(const struct gateway *gateway, struct rte_mbuf *mbuf)
{
	const struct packet_meta *meta = packet_meta(mbuf);
	const struct rte_ipv4_hdr *ip = packet_ip4(mbuf);
	uint32_t destination = rte_be_to_cpu_32(ip->dst_addr);

	if (packet_is_ours(meta))
		return DROP_OURS;
	if (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK))
		return DROP_FRAGMENT;
	if (ip4_is_martian(destination) ||
		interface_broadcast(&gateway->interfaces[meta->rx], destination))
		return DROP_GROUP;
	if (ip4_is_martian(rte_be_to_cpu_32(ip->src_addr)))
		return DROP_SOURCE;
	return about_icmp_error(mbuf, ip) ? DROP_ICMP_ERROR : PASS;
}

static void write_icmp(struct icmp_header *icmp, const struct packet_meta *about, uint16_t len)
{
	*icmp = (struct icmp_header){
		.type = about->icmp_type,
		.code = about->icmp_code,
		.mtu = rte_cpu_to_be_16(about->icmp_mtu),
	};
	icmp->checksum = (uint16_t)~rte_raw_cksum(icmp, len);
}

static void write_ip4(
	struct rte_ipv4_hdr *ip, uint16_t id, uint32_t source, rte_be32_t destination, uint16_t len)
{
	*ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.type_of_service = ERROR_TOS,
		.total_length = rte_cpu_to_be_16(len),
		.packet_id = rte_cpu_to_be_16(id),
		.time_to_live = ERROR_TTL,
		.next_proto_id = IPPROTO_ICMP,
		.src_addr = rte_cpu_to_be_32(source),
		.dst_addr = destination,
	};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

/* Copies as much of the packet as an error may quote. */
static void quote(const struct rte_mbuf *mbuf, char *to, uint32_t len)
{
	const void *bytes = gyre_dpdk_read(mbuf, RTE_ETHER_HDR_LEN, len, to);

	if (bytes != to)
		memcpy(to, bytes, len);
}

/* The error about a packet, or NULL when there is no mbuf for it. */
static struct rte_mbuf *error_create(struct icmp_error_node *data, struct rte_mbuf *about)
{
	struct gateway *gateway = data->node.gateway;
	const struct packet_meta *meta = packet_meta(about);
	uint32_t quoted = RTE_MIN(about->pkt_len - RTE_ETHER_HDR_LEN, (uint32_t)QUOTE_MAX);
	uint16_t len = ERROR_MAX - QUOTE_MAX + quoted;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(gateway->pool);
	struct rte_ipv4_hdr *ip;
	struct icmp_header *icmp;

	if (!mbuf)
		return NULL;
	if (!rte_pktmbuf_append(mbuf, RTE_ETHER_HDR_LEN + len)) {
		rte_pktmbuf_free(mbuf);
		return NULL;
	}
	ip = packet_ip4(mbuf);
	icmp = (struct icmp_header *)(ip + 1);
	quote(about, (char *)(icmp + 1), quoted);
	write_icmp(icmp, meta, len - sizeof(*ip));
	write_ip4(ip, data->packet_id++, gateway->interfaces[meta->rx].address,
		packet_ip4(about)->src_addr, len);
	*packet_meta(mbuf) = (struct packet_meta){.rx = GATEWAY_NO_INTERFACE};
	gateway->account.made++;
	return mbuf;
}

/* Puts the error in the packet's place. */
static enum drop replace(struct gyre_node *node, void **item)
{
	struct icmp_error_node *data = gyre_node_data(node);
	struct gateway *gateway = data->node.gateway;
	struct rte_mbuf *error;
	enum drop drop = check(gateway, *item);

	if (drop != PASS)
		return drop;
	if (!ratelimit_take(&gateway->icmp_limit, gyre_node_now(node)))
		return DROP_RATE;
	error = error_create(data, *item);
	if (!error)
		return DROP_NO_MBUF;
	rte_pktmbuf_free(*item);
	gateway->account.ended++;
	*item = error;
	return PASS;
}

static gyre_next process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	unsigned differ = 0;

	for (unsigned i = 0; i < n; i++) {
		enum drop drop;

		drop = replace(node, &items[i]);
		nexts[i] = drop == PASS ? NEXT_LOOKUP : gyre_drop(drop);
		differ |= nexts[i] ^ nexts[0];
	}
	return packet_nexts(nexts[0], differ);
}

const struct gyre_node_class icmp_error_class = {
	.name = "icmp-error",
	.kind = GYRE_NODE_INTERNAL,
	.process = process,
	.init = gateway_node_init,
	.data_size = sizeof(struct icmp_error_node),
	.nexts = nexts_default,
	.n_nexts = RTE_DIM(nexts_default),
	.reasons = reasons,
	.n_reasons = RTE_DIM(reasons),
};
