/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arp-input: answers requests for our addresses, learns from what others say, and lets packets go
 * that waited for it (RFC 826; RFC 5227 for probes, announcements and conflicts). ethernet-input
 * leads here, it leads to the interfaces' outputs. Calls arp_table.c. Invariant: nobody's word
 * changes who we are: claims to our own addresses are counted and reported, never learnt.
 */
#include "arp_packet.h"
#include "arp_table.h"
#include "packet.h"

#include <rte_arp.h>

enum reason {
	DROP_TRUNCATED,
	DROP_NOT_WRITABLE,
	DROP_HARDWARE,
	DROP_PROTOCOL,
	DROP_HARDWARE_LENGTH,
	DROP_PROTOCOL_LENGTH,
	DROP_OPERATION,
	DROP_SENDER_MAC,
	DROP_SENDER_ADDRESS,
	DROP_OTHER_SUBNET,
	DROP_OWN,
	DROP_CONFLICT,
	DROP_ANNOUNCEMENT,
	DROP_OTHER_TARGET,
	DROP_UNSOLICITED,
	DROP_REPLY,
	PASS, /* no reason */
};

static const struct gyre_reason reasons[] = {
	[DROP_TRUNCATED] = {"truncated", GYRE_SEVERITY_ERROR},
	[DROP_NOT_WRITABLE] = {"not-writable", GYRE_SEVERITY_ERROR},
	[DROP_HARDWARE] = {"hardware-type", GYRE_SEVERITY_ERROR},
	[DROP_PROTOCOL] = {"protocol-type", GYRE_SEVERITY_ERROR},
	[DROP_HARDWARE_LENGTH] = {"hardware-length", GYRE_SEVERITY_ERROR},
	[DROP_PROTOCOL_LENGTH] = {"protocol-length", GYRE_SEVERITY_ERROR},
	[DROP_OPERATION] = {"operation", GYRE_SEVERITY_ERROR},
	[DROP_SENDER_MAC] = {"sender-mac", GYRE_SEVERITY_ERROR},
	[DROP_SENDER_ADDRESS] = {"sender-address", GYRE_SEVERITY_ERROR},
	[DROP_OTHER_SUBNET] = {"other-subnet", GYRE_SEVERITY_WARNING},
	[DROP_OWN] = {"own", GYRE_SEVERITY_WARNING},
	[DROP_CONFLICT] = {"conflict", GYRE_SEVERITY_ERROR},
	/* What is over with here in all order. */
	[DROP_ANNOUNCEMENT] = {"announcement", GYRE_SEVERITY_INFO},
	[DROP_OTHER_TARGET] = {"other-target", GYRE_SEVERITY_INFO},
	[DROP_UNSOLICITED] = {"unsolicited", GYRE_SEVERITY_INFO},
	[DROP_REPLY] = {"reply", GYRE_SEVERITY_INFO},
};

static const char *const nexts_default[ARP_INPUT_NEXT_TX + GATEWAY_INTERFACES_MAX];

/* Who says what. */
struct claim {
	uint32_t sender, target;
	const struct rte_ether_addr *mac;
	bool request;
};

/* The fields that have only one right value (RFC 826). */
static enum reason check_format(const struct rte_arp_hdr *arp)
{
	if (arp->arp_hardware != RTE_BE16(RTE_ARP_HRD_ETHER))
		return DROP_HARDWARE;
	if (arp->arp_protocol != RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return DROP_PROTOCOL;
	if (arp->arp_hlen != RTE_ETHER_ADDR_LEN)
		return DROP_HARDWARE_LENGTH;
	if (arp->arp_plen != sizeof(uint32_t))
		return DROP_PROTOCOL_LENGTH;
	if (arp->arp_opcode != RTE_BE16(RTE_ARP_OP_REQUEST) &&
		arp->arp_opcode != RTE_BE16(RTE_ARP_OP_REPLY))
		return DROP_OPERATION;
	if (!rte_is_valid_assigned_ether_addr(&arp->arp_data.arp_sha))
		return DROP_SENDER_MAC;
	return PASS;
}

/* Who may speak for the sender's address. Zero is the sender of a probe. */
static enum reason check_sender(const struct interface *interface, const struct claim *claim)
{
	if (claim->sender == 0)
		return claim->request ? PASS : DROP_SENDER_ADDRESS;
	if (rte_is_same_ether_addr(claim->mac, &interface->mac))
		return DROP_OWN;
	if (claim->sender == interface->address)
		return DROP_CONFLICT;
	if (ip4_is_martian(claim->sender) || interface_broadcast(interface, claim->sender))
		return DROP_SENDER_ADDRESS;
	return interface_covers(interface, claim->sender) ? PASS : DROP_OTHER_SUBNET;
}

static void report_conflict(
	struct gateway *gateway, unsigned interface, const struct rte_ether_addr *mac)
{
	gateway->arp_conflict.count++;
	gateway->arp_conflict.interface = interface;
	gateway->arp_conflict.mac = *mac;
	gyre_process_signal(gateway->arp_process, ARP_EVENT_CONFLICT);
}

/* Returns whether the table took it. */
static bool learn(struct gyre_node *node, struct gateway *gateway, unsigned rx,
	const struct claim *claim, bool create)
{
	const struct rte_ether_hdr frame =
		packet_frame(&gateway->interfaces[rx], claim->mac->addr_bytes);
	void *items[ARP_QUEUE_MAX];
	int n;

	n = arp_table_learn(gateway->arp, rx, claim->sender, claim->mac->addr_bytes, create,
		gyre_node_now(node), items);
	if (n < 0)
		return false;
	for (int i = 0; i < n; i++)
		packet_rewrite(items[i], &frame);
	gyre_next_put(node, ARP_INPUT_NEXT_TX + rx, items, n);
	/* It sleeps until the next deadline; a new entry has an earlier one. */
	gyre_process_signal(gateway->arp_process, ARP_EVENT_CHANGED);
	return true;
}

/* Turns the request into the answer. */
static gyre_next answer(const struct interface *interface, struct rte_mbuf *mbuf, unsigned rx)
{
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = (struct rte_arp_hdr *)(ether + 1);

	arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REPLY);
	arp->arp_data.arp_tha = arp->arp_data.arp_sha;
	arp->arp_data.arp_tip = arp->arp_data.arp_sip;
	arp->arp_data.arp_sha = interface->mac;
	arp->arp_data.arp_sip = rte_cpu_to_be_32(interface->address);
	ether->dst_addr = arp->arp_data.arp_tha;
	ether->src_addr = interface->mac;
	packet_cut(mbuf, ARP_FRAME_SIZE);
	return ARP_INPUT_NEXT_TX + rx;
}

static gyre_next request_input(struct gyre_node *node, struct gateway *gateway,
	struct rte_mbuf *mbuf, const struct claim *claim)
{
	unsigned rx = packet_meta(mbuf)->rx;
	const struct interface *interface = &gateway->interfaces[rx];
	bool ours = claim->target == interface->address;

	if (claim->sender != 0)
		learn(node, gateway, rx, claim, ours);
	if (ours)
		return answer(interface, mbuf, rx);
	return gyre_drop(claim->sender == claim->target ? DROP_ANNOUNCEMENT : DROP_OTHER_TARGET);
}

static gyre_next arp_input(struct gyre_node *node, struct gateway *gateway, struct rte_mbuf *mbuf)
{
	const struct interface *interface = &gateway->interfaces[packet_meta(mbuf)->rx];
	const struct rte_arp_hdr *arp;
	struct claim claim;
	enum reason reason;

	if (mbuf->pkt_len < ARP_FRAME_SIZE)
		return gyre_drop(DROP_TRUNCATED);
	if (!packet_header(mbuf, ARP_FRAME_SIZE))
		return gyre_drop(DROP_NOT_WRITABLE);
	arp = rte_pktmbuf_mtod_offset(mbuf, struct rte_arp_hdr *, RTE_ETHER_HDR_LEN);
	claim.sender = rte_be_to_cpu_32(arp->arp_data.arp_sip);
	claim.target = rte_be_to_cpu_32(arp->arp_data.arp_tip);
	claim.mac = &arp->arp_data.arp_sha;
	claim.request = arp->arp_opcode == RTE_BE16(RTE_ARP_OP_REQUEST);
	reason = check_format(arp);
	if (reason == PASS)
		reason = check_sender(interface, &claim);
	if (reason == DROP_CONFLICT)
		report_conflict(gateway, packet_meta(mbuf)->rx, claim.mac);
	if (reason != PASS)
		return gyre_drop(reason);
	if (claim.request)
		return request_input(node, gateway, mbuf, &claim);
	return gyre_drop(learn(node, gateway, packet_meta(mbuf)->rx, &claim, false)
				 ? DROP_REPLY
				 : DROP_UNSOLICITED);
}

static gyre_next process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct gateway *gateway = node_gateway(node);
	unsigned differ = 0;

	for (unsigned i = 0; i < n; i++) {
		nexts[i] = arp_input(node, gateway, items[i]);
		differ |= nexts[i] ^ nexts[0];
	}
	return packet_nexts(nexts[0], differ);
}

const struct gyre_node_class arp_input_class = {
	.name = "arp-input",
	.kind = GYRE_NODE_INTERNAL,
	.process = process,
	.init = gateway_node_init,
	.data_size = sizeof(struct gateway_node),
	.nexts = nexts_default,
	.n_nexts = RTE_DIM(nexts_default),
	.reasons = reasons,
	.n_reasons = RTE_DIM(reasons),
	.fan_out = 1 + ARP_QUEUE_MAX,
};
