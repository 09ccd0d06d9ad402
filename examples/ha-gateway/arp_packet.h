/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ARP frames for IPv4 over Ethernet (RFC 826).
 */
#ifndef HA_ARP_PACKET_H
#define HA_ARP_PACKET_H

#include "gateway.h"

#define ARP_FRAME_SIZE 42

/* A complete frame that asks on an interface for an address: everybody, or the one MAC when `mac`
 * is not NULL. The caller's, counted as made; NULL when the pool is empty. */
struct rte_mbuf *arp_request_create(
	struct gateway *gateway, unsigned interface, uint32_t address, const uint8_t *mac);

#endif
