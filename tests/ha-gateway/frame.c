/* SPDX-License-Identifier: Apache-2.0 */
/* Frames byte by byte: owns nothing, called by the tests of the gateway's nodes. */
#include "frame.h"

#include <string.h>

uint16_t frame_get16(const struct frame *frame, unsigned at)
{
	return frame->bytes[at] << 8 | frame->bytes[at + 1];
}

uint32_t frame_get32(const struct frame *frame, unsigned at)
{
	return (uint32_t)frame_get16(frame, at) << 16 | frame_get16(frame, at + 2);
}

void frame_put16(struct frame *frame, unsigned at, uint16_t value)
{
	frame->bytes[at] = value >> 8;
	frame->bytes[at + 1] = value & 255;
}

void frame_put32(struct frame *frame, unsigned at, uint32_t value)
{
	frame_put16(frame, at, value >> 16);
	frame_put16(frame, at + 2, value & 0xffff);
}

uint16_t frame_checksum(const uint8_t *bytes, unsigned len, uint32_t begin)
{
	uint64_t sum = begin;

	for (unsigned i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static unsigned header_len(const struct frame *frame)
{
	return 4 * (frame->bytes[AT_IP] & 15);
}

void frame_ip4_seal(struct frame *frame)
{
	frame_put16(frame, AT_CHECKSUM, 0);
	frame_put16(frame, AT_CHECKSUM, frame_checksum(frame->bytes + AT_IP, header_len(frame), 0));
}

bool frame_ip4_sound(const struct frame *frame)
{
	return frame->len >= AT_PAYLOAD && frame->bytes[AT_IP] >> 4 == 4 &&
	       header_len(frame) >= 20 && frame_get16(frame, AT_TOTAL) == frame->len - AT_IP &&
	       frame_checksum(frame->bytes + AT_IP, header_len(frame), 0) == 0;
}

void frame_ip4(struct frame *frame, const struct frame_ip4 *ip4)
{
	unsigned begin = AT_PAYLOAD + ip4->options_len;

	memset(frame, 0, sizeof(*frame));
	memcpy(frame->bytes, ip4->to, 6);
	memcpy(frame->bytes + 6, ip4->from, 6);
	frame_put16(frame, AT_TYPE, 0x0800);
	frame->bytes[AT_IP] = 0x40 | (5 + ip4->options_len / 4);
	frame_put16(frame, AT_TOTAL, 20 + ip4->options_len + ip4->payload);
	frame_put16(frame, AT_ID, 0x1234);
	frame_put16(frame, AT_FRAGMENT, ip4->fragment);
	frame->bytes[AT_TTL] = ip4->ttl ? ip4->ttl : 64;
	frame->bytes[AT_PROTOCOL] = ip4->protocol;
	frame_put32(frame, AT_SOURCE, ip4->source);
	frame_put32(frame, AT_DESTINATION, ip4->destination);
	if (ip4->options_len)
		memcpy(frame->bytes + AT_PAYLOAD, ip4->options, ip4->options_len);
	for (unsigned i = 0; i < ip4->payload; i++)
		frame->bytes[begin + i] = i;
	frame->len = begin + ip4->payload;
	frame_ip4_seal(frame);
}

void frame_udp_seal(struct frame *frame)
{
	unsigned at = AT_IP + header_len(frame), len = frame_get16(frame, at + 4);
	uint32_t pseudo = 17 + len;
	uint16_t sum;

	for (unsigned i = 0; i < 8; i += 2)
		pseudo += frame_get16(frame, AT_SOURCE + i);
	frame_put16(frame, at + 6, 0);
	sum = frame_checksum(frame->bytes + at, len, pseudo);
	frame_put16(frame, at + 6, sum ? sum : 0xffff);
}

void frame_udp(struct frame *frame, const struct frame_ip4 *ip4, uint16_t port)
{
	struct frame_ip4 with = *ip4;
	unsigned at = AT_PAYLOAD + ip4->options_len;

	with.payload += 8;
	with.protocol = 17;
	frame_ip4(frame, &with);
	frame_put16(frame, at, 49152);
	frame_put16(frame, at + 2, port);
	frame_put16(frame, at + 4, with.payload);
	frame_udp_seal(frame);
}

void frame_icmp_seal(struct frame *frame)
{
	unsigned at = AT_IP + header_len(frame);

	frame_put16(frame, at + 2, 0);
	frame_put16(frame, at + 2, frame_checksum(frame->bytes + at, frame->len - at, 0));
}

bool frame_icmp_sound(const struct frame *frame)
{
	unsigned at = AT_IP + header_len(frame);

	return frame->len >= at + 8 && frame->bytes[AT_PROTOCOL] == 1 &&
	       frame_checksum(frame->bytes + at, frame->len - at, 0) == 0;
}

void frame_icmp(struct frame *frame, const struct frame_ip4 *ip4, uint8_t type, uint8_t code)
{
	struct frame_ip4 with = *ip4;
	unsigned at = AT_PAYLOAD + ip4->options_len;

	with.payload += 8;
	with.protocol = 1;
	frame_ip4(frame, &with);
	frame->bytes[at] = type;
	frame->bytes[at + 1] = code;
	frame_icmp_seal(frame);
}

void frame_arp(struct frame *frame, const struct frame_arp *arp)
{
	memset(frame, 0, sizeof(*frame));
	if (arp->to)
		memcpy(frame->bytes, arp->to, 6);
	else
		memset(frame->bytes, 0xff, 6);
	memcpy(frame->bytes + 6, arp->mac, 6);
	frame_put16(frame, AT_TYPE, 0x0806);
	frame_put16(frame, 14, 1);
	frame_put16(frame, 16, 0x0800);
	frame->bytes[18] = 6;
	frame->bytes[19] = 4;
	frame_put16(frame, 20, arp->operation);
	memcpy(frame->bytes + 22, arp->mac, 6);
	frame_put32(frame, 28, arp->sender);
	if (arp->target_mac)
		memcpy(frame->bytes + 32, arp->target_mac, 6);
	frame_put32(frame, 38, arp->target);
	frame->len = 42;
}
