/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames byte by byte, by code that shares nothing with the gateway's.
 */
#ifndef GYRE_TESTS_HA_FRAME_H
#define GYRE_TESTS_HA_FRAME_H

#include <stdbool.h>
#include <stdint.h>

/* Where things are in a frame without IPv4 options. */
enum frame_at {
	AT_TYPE = 12,
	AT_IP = 14,
	AT_TOS = AT_IP + 1,
	AT_TOTAL = AT_IP + 2,
	AT_ID = AT_IP + 4,
	AT_FRAGMENT = AT_IP + 6,
	AT_TTL = AT_IP + 8,
	AT_PROTOCOL = AT_IP + 9,
	AT_CHECKSUM = AT_IP + 10,
	AT_SOURCE = AT_IP + 12,
	AT_DESTINATION = AT_IP + 16,
	AT_PAYLOAD = AT_IP + 20,
};

struct frame {
	unsigned len;
	uint8_t bytes[4096];
};

uint16_t frame_get16(const struct frame *frame, unsigned at);
uint32_t frame_get32(const struct frame *frame, unsigned at);
void frame_put16(struct frame *frame, unsigned at, uint16_t value);
void frame_put32(struct frame *frame, unsigned at, uint32_t value);

/* The Internet checksum over bytes, as RFC 1071 says it, slowly. */
uint16_t frame_checksum(const uint8_t *bytes, unsigned len, uint32_t begin);

struct frame_ip4 {
	const uint8_t *to, *from; /* MACs */
	uint32_t source, destination;
	uint8_t protocol, ttl;
	uint16_t fragment; /* flags and offset */
	const uint8_t *options;
	unsigned options_len; /* a multiple of 4 */
	unsigned payload; /* bytes: 0, 1, 2... */
};
void frame_ip4(struct frame *frame, const struct frame_ip4 *ip4);
/* Makes the header's checksum right again. */
void frame_ip4_seal(struct frame *frame);
/* Whether it is, over as much as the header says it is long. */
bool frame_ip4_sound(const struct frame *frame);

/* Over the IPv4 payload (ip4->payload bytes of it are the UDP or ICMP payload). */
void frame_udp(struct frame *frame, const struct frame_ip4 *ip4, uint16_t port);
void frame_udp_seal(struct frame *frame);
void frame_icmp(struct frame *frame, const struct frame_ip4 *ip4, uint8_t type, uint8_t code);
void frame_icmp_seal(struct frame *frame);
bool frame_icmp_sound(const struct frame *frame);

struct frame_arp {
	const uint8_t *to; /* NULL: everybody */
	const uint8_t *mac; /* of the sender */
	uint16_t operation;
	uint32_t sender, target;
	const uint8_t *target_mac; /* NULL: zero */
};
void frame_arp(struct frame *frame, const struct frame_arp *arp);

#endif
