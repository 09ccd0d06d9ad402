/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_TESTS_DPDK_PACKET_H
#define GYRE_TESTS_DPDK_PACKET_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A type that no kernel answers. */
#define PACKET_TYPE 0x88b5

/* Ethernet, a number, and bytes that follow from it. */
struct packet {
	uint8_t dst[6], src[6];
	uint16_t type;
	uint32_t number;
	uint8_t bytes[9000];
} __attribute__((packed));

static inline unsigned packet_len(uint32_t number)
{
	return 60 + number * 7 % 1400;
}

static inline unsigned packet_make(struct packet *packet, uint32_t number, unsigned len)
{
	memset(packet->dst, 0xff, 6);
	memset(packet->src, 0x02, 6);
	packet->type = htons(PACKET_TYPE);
	packet->number = number;
	for (unsigned i = offsetof(struct packet, bytes); i < len; i++)
		((uint8_t *)packet)[i] = number + i;
	return len;
}

static inline bool packet_is(const struct packet *packet, uint32_t number, unsigned len)
{
	struct packet want;

	packet_make(&want, number, len);
	return !memcmp(packet, &want, len);
}

#endif
