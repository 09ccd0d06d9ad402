/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ip4-input: takes IPv4 packets from Ethernet and refuses those that nobody may forward or receive
 * (RFC 1812 sections 5.2.2 and 5.3.7). ethernet-input leads here, and nothing else may: that the
 * first segment is ours alone is its work. Leads to ip4-lookup; owns nothing. Invariant: what goes
 * on has a sound header, options included, in its first segment, is exactly as long as the header
 * says, and names a single host as sender and one as receiver.
 */
#include "packet.h"

enum { NEXT_LOOKUP };

enum drop {
	DROP_TOO_SHORT,
	DROP_NOT_WRITABLE,
	DROP_VERSION,
	DROP_HEADER_LENGTH,
	DROP_HEADER_TRUNCATED,
	DROP_CHECKSUM,
	DROP_TOTAL_LENGTH,
	DROP_TRUNCATED,
	DROP_OPTIONS,
	DROP_SOURCE_ROUTE,
	DROP_MARTIAN_SOURCE,
	DROP_OWN_SOURCE,
	DROP_MULTICAST,
	DROP_BROADCAST,
	DROP_MARTIAN_DESTINATION,
	PASS, /* no reason */
};

static const struct gyre_reason reasons[] = {
	[DROP_TOO_SHORT] = {"too-short", GYRE_SEVERITY_ERROR},
	[DROP_NOT_WRITABLE] = {"not-writable", GYRE_SEVERITY_ERROR},
	[DROP_VERSION] = {"version", GYRE_SEVERITY_ERROR},
	[DROP_HEADER_LENGTH] = {"header-length", GYRE_SEVERITY_ERROR},
	[DROP_HEADER_TRUNCATED] = {"header-truncated", GYRE_SEVERITY_ERROR},
	[DROP_CHECKSUM] = {"checksum", GYRE_SEVERITY_ERROR},
	[DROP_TOTAL_LENGTH] = {"total-length", GYRE_SEVERITY_ERROR},
	[DROP_TRUNCATED] = {"truncated", GYRE_SEVERITY_ERROR},
	[DROP_OPTIONS] = {"options", GYRE_SEVERITY_ERROR},
	[DROP_SOURCE_ROUTE] = {"source-route", GYRE_SEVERITY_WARNING},
	[DROP_MARTIAN_SOURCE] = {"martian-source", GYRE_SEVERITY_WARNING},
	[DROP_OWN_SOURCE] = {"own-source", GYRE_SEVERITY_WARNING},
	[DROP_MULTICAST] = {"multicast", GYRE_SEVERITY_INFO},
	[DROP_BROADCAST] = {"broadcast", GYRE_SEVERITY_INFO},
	[DROP_MARTIAN_DESTINATION] = {"martian-destination", GYRE_SEVERITY_WARNING},
};

static const char *const nexts_default[] = {[NEXT_LOOKUP] = "ip4-lookup"};

/* The sum of 16 bits with carries, all ones over a sound header, is the remainder by 0xffff. The
 * sum of a header is never 0, for its first byte is not. */
static inline bool checksum_right(const struct rte_ipv4_hdr *ip, unsigned ihl)
{
	const uint8_t *bytes = (const uint8_t *)ip;
	uint64_t sum = 0;

	for (unsigned i = 0; i < ihl; i++) {
		uint32_t word;

		memcpy(&word, bytes + 4 * i, sizeof(word));
		sum += word;
	}
	return sum % 0xffff == 0;
}

/* By the port's word, if it has one. */
static inline bool checksum_accepted(
	const struct rte_mbuf *mbuf, const struct rte_ipv4_hdr *ip, unsigned ihl)
{
	uint64_t known = mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;

	if (gyre_likely(!known) || known == RTE_MBUF_F_RX_IP_CKSUM_NONE)
		return checksum_right(ip, ihl);
	return known == RTE_MBUF_F_RX_IP_CKSUM_GOOD;
}

/* Walks over the options. Source routes are refused (RFC 7126 section 4.3), others only have to
 * be well formed. */
static enum drop check_options(const struct rte_ipv4_hdr *ip, unsigned ihl)
{
	const uint8_t *options = (const uint8_t *)(ip + 1);
	unsigned len = 4 * ihl - sizeof(*ip), at = 0;

	while (at < len && options[at] != 0) {
		if (options[at] == 1) {
			at++;
			continue;
		}
		if (at + 1 >= len || options[at + 1] < 2 || at + options[at + 1] > len)
			return DROP_OPTIONS;
		if (options[at] == 131 || options[at] == 137)
			return DROP_SOURCE_ROUTE;
		at += options[at + 1];
	}
	return PASS;
}

static enum drop check_addresses(
	const struct gateway *gateway, struct rte_mbuf *mbuf, const struct rte_ipv4_hdr *ip)
{
	const struct interface *in = &gateway->interfaces[packet_meta(mbuf)->rx];
	uint32_t source = rte_be_to_cpu_32(ip->src_addr);
	uint32_t destination = rte_be_to_cpu_32(ip->dst_addr);

	if (ip4_is_martian(source) || interface_broadcast(in, source))
		return DROP_MARTIAN_SOURCE;
	for (unsigned i = 0; i < gateway->n_interfaces; i++)
		if (source == gateway->interfaces[i].address)
			return DROP_OWN_SOURCE;
	if (!ip4_is_martian(destination))
		return PASS;
	if (destination == UINT32_MAX)
		return DROP_BROADCAST;
	return destination >> 28 == 14 ? DROP_MULTICAST : DROP_MARTIAN_DESTINATION;
}

/* The packet ends where the header says: what is behind it is Ethernet's padding. */
static enum drop check_length(struct rte_mbuf *mbuf, const struct rte_ipv4_hdr *ip, unsigned ihl)
{
	uint32_t total = rte_be_to_cpu_16(ip->total_length), end = RTE_ETHER_HDR_LEN + total;

	if (total < 4 * ihl)
		return DROP_TOTAL_LENGTH;
	if (end > mbuf->pkt_len)
		return DROP_TRUNCATED;
	if (end < mbuf->pkt_len)
		packet_cut(mbuf, end);
	return PASS;
}

/* One check after the other, for whatever is not as usual. */
static enum drop check_header(struct rte_mbuf *mbuf)
{
	const struct rte_ipv4_hdr *ip;
	enum drop drop;
	unsigned ihl;

	if (mbuf->pkt_len < RTE_ETHER_HDR_LEN + sizeof(*ip))
		return DROP_TOO_SHORT;
	if (!packet_header(mbuf, RTE_ETHER_HDR_LEN + sizeof(*ip)))
		return DROP_NOT_WRITABLE;
	ip = packet_ip4(mbuf);
	ihl = ip->version_ihl & 15;
	if (ip->version_ihl >> 4 != 4)
		return DROP_VERSION;
	if (ihl < 5)
		return DROP_HEADER_LENGTH;
	if (mbuf->pkt_len < RTE_ETHER_HDR_LEN + 4 * ihl)
		return DROP_HEADER_TRUNCATED;
	if (ihl > 5 && !packet_header(mbuf, RTE_ETHER_HDR_LEN + 4 * ihl))
		return DROP_NOT_WRITABLE;
	if (!checksum_accepted(mbuf, ip, ihl))
		return DROP_CHECKSUM;
	drop = check_length(mbuf, ip, ihl);
	return drop == PASS && ihl > 5 ? check_options(ip, ihl) : drop;
}

static gyre_next check(const struct gateway *gateway, struct rte_mbuf *mbuf)
{
	enum drop drop = check_header(mbuf);

	if (drop == PASS)
		drop = check_addresses(gateway, mbuf, packet_ip4(mbuf));
	return drop == PASS ? NEXT_LOOKUP : gyre_drop(drop);
}

/* By the header's first word, of which it is the lower half: the checksum wants it, too. */
static inline uint32_t total_length(const struct rte_ipv4_hdr *ip)
{
	uint32_t word;

	memcpy(&word, ip, sizeof(word));
	return rte_be_to_cpu_32(word) & UINT16_MAX;
}

/* A sound header without options in the first segment, of which ethernet-input has made sure that
 * it is ours, of a packet that is exactly as long as the header says. */
static inline bool header_is_usual(const struct rte_mbuf *mbuf)
{
	const struct rte_ipv4_hdr *ip = packet_ip4(mbuf);

	return mbuf->data_len >= RTE_ETHER_HDR_LEN + sizeof(*ip) &&
	       ip->version_ihl == RTE_IPV4_VHL_DEF &&
	       RTE_ETHER_HDR_LEN + total_length(ip) == mbuf->pkt_len &&
	       checksum_accepted(mbuf, ip, 5);
}

/* What addresses of packets from an interface are compared with. */
struct source {
	uint64_t own; /* bit a % 64 of each address a of ours: who has it is looked at closely */
	uint32_t host; /* the bits behind the interface's prefix; all, if it has no broadcast */
	uint8_t rx;
};

static inline struct source source_of(const struct gateway *gateway, uint8_t rx)
{
	struct source source = {.rx = rx, .host = ~interface_mask(&gateway->interfaces[rx])};

	if (source.host <= 1) /* RFC 3021 */
		source.host = UINT32_MAX;
	for (unsigned i = 0; i < gateway->n_interfaces; i++)
		source.own |= UINT64_C(1) << gateway->interfaces[i].address % 64;
	return source;
}

/* Addresses that check_addresses() passes; it passes some others, too. */
static inline bool addresses_are_usual(const struct rte_ipv4_hdr *ip, uint32_t host, uint64_t own)
{
	uint32_t source = rte_be_to_cpu_32(ip->src_addr);

	return ((source + 1) & host) > 1 && !(own >> source % 64 & 1) &&
	       !ip4_net_is_martian(*(const uint8_t *)&ip->src_addr) &&
	       !ip4_net_is_martian(*(const uint8_t *)&ip->dst_addr);
}

/* Usual packets from one interface, which nearly all are, up to the first one that is not; returns
 * how many. Calls nothing: all that it needs stays in registers. */
static inline unsigned usual_input(const struct source *source, void **items, unsigned n)
{
	const uint64_t own = source->own;
	const uint32_t host = source->host;
	const uint8_t rx = source->rx;
	void **item, **end = items + n;

	for (item = items; item < end; item++) {
		struct rte_mbuf *mbuf = *item;

		if (gyre_unlikely(packet_meta(mbuf)->rx != rx || !header_is_usual(mbuf) ||
				  !addresses_are_usual(packet_ip4(mbuf), host, own)))
			break;
	}
	return item - items;
}

/* From the first packet on that is not usual: packet i. */
static __attribute__((noinline)) gyre_next input_each(
	const struct gateway *gateway, void **items, gyre_next *nexts, unsigned i, unsigned n)
{
	struct source source = source_of(gateway, packet_meta(items[i])->rx);
	unsigned differ = 0, usual;

	packet_nexts_fill(nexts, NEXT_LOOKUP, i);
	while (i < n) {
		if (packet_meta(items[i])->rx != source.rx)
			source = source_of(gateway, packet_meta(items[i])->rx);
		nexts[i] = check(gateway, items[i]);
		differ |= nexts[i] ^ NEXT_LOOKUP;
		i++;
		usual = usual_input(&source, items + i, n - i);
		packet_nexts_fill(nexts + i, NEXT_LOOKUP, usual);
		i += usual;
	}
	return packet_nexts(NEXT_LOOKUP, differ);
}

static gyre_next process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	const struct gateway *gateway = node_gateway(node);
	struct source source = source_of(gateway, packet_meta(items[0])->rx);
	unsigned usual = usual_input(&source, items, n);

	if (gyre_likely(usual == n))
		return NEXT_LOOKUP;
	return input_each(gateway, items, nexts, usual, n);
}

const struct gyre_node_class ip4_input_class = {
	.name = "ip4-input",
	.kind = GYRE_NODE_INTERNAL,
	.process = process,
	.init = gateway_node_init,
	.data_size = sizeof(struct gateway_node),
	.nexts = nexts_default,
	.n_nexts = RTE_DIM(nexts_default),
	.reasons = reasons,
	.n_reasons = RTE_DIM(reasons),
};
