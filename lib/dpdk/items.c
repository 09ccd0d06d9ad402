/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mbufs as the loop's items: release, clone, trace. Owns nothing. Called by the dispatcher through
 * gyre_loop_options.items, calls mbuf functions. Invariant: a trace never reads beyond the packet,
 * nor writes beyond its text, whatever the bytes say.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <gyre/dpdk.h>
#include <inttypes.h>
#include <rte_arp.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>
#include <stdarg.h>
#include <stdio.h>

static void items_release(void *const *items, unsigned n)
{
	/* DPDK does not declare the array const, but does not write it. */
	rte_pktmbuf_free_bulk((struct rte_mbuf **)(uintptr_t)items, n);
}

static void *items_clone(void *item)
{
	struct rte_mbuf *mbuf = item;

	/* mbufs with a fixed external buffer cannot be attached to another one's. */
	if (rte_pktmbuf_priv_flags(mbuf->pool) & RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF)
		return rte_pktmbuf_copy(mbuf, mbuf->pool, 0, UINT32_MAX);
	return rte_pktmbuf_clone(mbuf, mbuf->pool);
}

/* A line that is being written: what does not fit is cut. */
struct line {
	char *text;
	size_t size, used;
};

static void __attribute__((format(printf, 2, 3))) add(struct line *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->used, line->size - line->used, format, args);
	va_end(args);
	if (n > 0)
		line->used = RTE_MIN(line->used + n, line->size - 1);
}

static void add_ports(struct line *line, const struct rte_mbuf *mbuf, uint32_t at, unsigned proto)
{
	const char *name = proto == IPPROTO_UDP ? "udp" : proto == IPPROTO_TCP ? "tcp" : NULL;
	const rte_be16_t *ports;
	rte_be16_t scratch[2];

	if (!name) {
		add(line, " proto %u", proto);
		return;
	}
	ports = gyre_dpdk_read(mbuf, at, sizeof(scratch), scratch);
	if (!ports) {
		add(line, " %s cut", name);
		return;
	}
	add(line, " %s %u > %u", name, rte_be_to_cpu_16(ports[0]), rte_be_to_cpu_16(ports[1]));
}

static void add_ipv4(struct line *line, const struct rte_mbuf *mbuf, uint32_t at)
{
	const struct rte_ipv4_hdr *ip;
	struct rte_ipv4_hdr scratch;
	char src[INET_ADDRSTRLEN], dst[INET_ADDRSTRLEN];

	ip = gyre_dpdk_read(mbuf, at, sizeof(scratch), &scratch);
	if (!ip) {
		add(line, " ipv4 cut");
		return;
	}
	inet_ntop(AF_INET, &ip->src_addr, src, sizeof(src));
	inet_ntop(AF_INET, &ip->dst_addr, dst, sizeof(dst));
	add(line, " ipv4 %s > %s ttl %u", src, dst, ip->time_to_live);
	if (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK))
		add(line, " fragment");
	else
		add_ports(line, mbuf, at + rte_ipv4_hdr_len(ip), ip->next_proto_id);
}

static void add_ipv6(struct line *line, const struct rte_mbuf *mbuf, uint32_t at)
{
	const struct rte_ipv6_hdr *ip;
	struct rte_ipv6_hdr scratch;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	ip = gyre_dpdk_read(mbuf, at, sizeof(scratch), &scratch);
	if (!ip) {
		add(line, " ipv6 cut");
		return;
	}
	inet_ntop(AF_INET6, ip->src_addr, src, sizeof(src));
	inet_ntop(AF_INET6, ip->dst_addr, dst, sizeof(dst));
	add(line, " ipv6 %s > %s hops %u", src, dst, ip->hop_limits);
	add_ports(line, mbuf, at + sizeof(*ip), ip->proto);
}

static void add_arp(struct line *line, const struct rte_mbuf *mbuf, uint32_t at)
{
	const struct rte_arp_hdr *arp;
	struct rte_arp_hdr scratch;
	char sender[INET_ADDRSTRLEN], target[INET_ADDRSTRLEN];

	arp = gyre_dpdk_read(mbuf, at, sizeof(scratch), &scratch);
	if (!arp) {
		add(line, " arp cut");
		return;
	}
	inet_ntop(AF_INET, &arp->arp_data.arp_sip, sender, sizeof(sender));
	inet_ntop(AF_INET, &arp->arp_data.arp_tip, target, sizeof(target));
	add(line, " arp op %u %s for %s", rte_be_to_cpu_16(arp->arp_opcode), sender, target);
}

/* At most two tags; returns the type behind them and moves *at. */
static uint16_t add_vlans(
	struct line *line, const struct rte_mbuf *mbuf, uint16_t type, uint32_t *at)
{
	const struct rte_vlan_hdr *vlan;
	struct rte_vlan_hdr scratch;

	for (int tag = 0; tag < 2; tag++) {
		if (type != RTE_ETHER_TYPE_VLAN && type != RTE_ETHER_TYPE_QINQ)
			break;
		vlan = gyre_dpdk_read(mbuf, *at, sizeof(scratch), &scratch);
		if (!vlan)
			break;
		add(line, " vlan %u", rte_be_to_cpu_16(vlan->vlan_tci) & 0xfff);
		type = rte_be_to_cpu_16(vlan->eth_proto);
		*at += sizeof(*vlan);
	}
	return type;
}

static void add_ether(struct line *line, const struct rte_mbuf *mbuf)
{
	const struct rte_ether_hdr *ether;
	struct rte_ether_hdr scratch;
	char src[RTE_ETHER_ADDR_FMT_SIZE], dst[RTE_ETHER_ADDR_FMT_SIZE];
	uint32_t at = sizeof(*ether);
	uint16_t type;

	ether = gyre_dpdk_read(mbuf, 0, sizeof(scratch), &scratch);
	if (!ether) {
		add(line, " ether cut");
		return;
	}
	rte_ether_format_addr(src, sizeof(src), &ether->src_addr);
	rte_ether_format_addr(dst, sizeof(dst), &ether->dst_addr);
	add(line, " %s > %s", src, dst);
	type = add_vlans(line, mbuf, rte_be_to_cpu_16(ether->ether_type), &at);
	if (type == RTE_ETHER_TYPE_IPV4)
		add_ipv4(line, mbuf, at);
	else if (type == RTE_ETHER_TYPE_IPV6)
		add_ipv6(line, mbuf, at);
	else if (type == RTE_ETHER_TYPE_ARP)
		add_arp(line, mbuf, at);
	else
		add(line, " type 0x%04x", type);
}

static int items_trace(const void *item, char *text, size_t size)
{
	const struct rte_mbuf *mbuf = item;
	struct line line = {text, size, 0};

	if (!text || size == 0)
		return -EINVAL;
	text[0] = '\0';
	add(&line, "len %" PRIu32 " port ", mbuf->pkt_len);
	if (mbuf->port == RTE_MBUF_PORT_INVALID)
		add(&line, "none");
	else
		add(&line, "%u", mbuf->port);
	if (mbuf->nb_segs > 1)
		add(&line, " segments %u", mbuf->nb_segs);
	add_ether(&line, mbuf);
	return line.used;
}

const struct gyre_item_ops *gyre_dpdk_items(void)
{
	static const struct gyre_item_ops ops = {
		.release = items_release,
		.clone = items_clone,
		.trace = items_trace,
	};

	return &ops;
}
