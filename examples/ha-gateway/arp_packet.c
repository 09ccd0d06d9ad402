/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes ARP requests, from the gateway's pool. Called by ip4-rewrite for the first request and by
 * the ARP process for those that follow; calls nothing of ours. Invariant: what is made is counted
 * in the gateway's account.
 */
#include "arp_packet.h"

#include <rte_arp.h>

static_assert(sizeof(struct rte_ether_hdr) + sizeof(struct rte_arp_hdr) == ARP_FRAME_SIZE,
	"an ARP frame is a header and 28 bytes");

struct rte_mbuf *arp_request_create(
	struct gateway *gateway, unsigned interface, uint32_t address, const uint8_t *mac)
{
	const struct interface *from = &gateway->interfaces[interface];
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(gateway->pool);
	struct rte_ether_hdr *ether;
	struct rte_arp_hdr *arp;

	if (!mbuf)
		return NULL;
	gateway->account.made++;
	ether = (struct rte_ether_hdr *)rte_pktmbuf_append(mbuf, ARP_FRAME_SIZE);
	if (mac)
		memcpy(&ether->dst_addr, mac, RTE_ETHER_ADDR_LEN);
	else
		memset(&ether->dst_addr, 0xff, RTE_ETHER_ADDR_LEN);
	ether->src_addr = from->mac;
	ether->ether_type = RTE_BE16(RTE_ETHER_TYPE_ARP);
	arp = (struct rte_arp_hdr *)(ether + 1);
	*arp = (struct rte_arp_hdr){
		.arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER),
		.arp_protocol = RTE_BE16(RTE_ETHER_TYPE_IPV4),
		.arp_hlen = RTE_ETHER_ADDR_LEN,
		.arp_plen = sizeof(uint32_t),
		.arp_opcode = RTE_BE16(RTE_ARP_OP_REQUEST),
		.arp_data.arp_sha = from->mac,
		.arp_data.arp_sip = rte_cpu_to_be_32(from->address),
		.arp_data.arp_tip = rte_cpu_to_be_32(address),
	};
	*packet_meta(mbuf) = (struct packet_meta){.rx = GATEWAY_NO_INTERFACE, .tx = interface};
	return mbuf;
}
