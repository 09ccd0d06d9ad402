/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames as hosts and routers make them, byte by byte and independent of the gateway's code, so
 * that what the program sends can be compared whole. test_program.c calls it; it calls libc.
 */
#include "program.h"

#include <string.h>

enum { ETHER = 14, IP = 20, UDP = 8, ICMP = 8, ARP = 28, ECHO_ID = 0x1234 };

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static unsigned long sum(const uint8_t *bytes, size_t len)
{
	unsigned long total = 0;

	for (size_t i = 0; i < len; i++)
		total += i % 2 == 0 ? (unsigned long)bytes[i] << 8 : bytes[i];
	return total;
}

static unsigned fold(unsigned long total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (unsigned)(~total & 0xffff);
}

void frame_port_mac(uint8_t mac[6], unsigned port)
{
	memcpy(mac, "\x02pcap", 5);
	mac[5] = (uint8_t)port;
}

void frame_host_mac(uint8_t mac[6], unsigned port)
{
	memcpy(mac, (const uint8_t[6]){0x02, 0, 0x5e, 0x10, 0, (uint8_t)port}, 6);
}

static void put_ether(struct frame *frame, const struct flow *flow, unsigned type)
{
	memset(frame->bytes, 0, sizeof(frame->bytes));
	memcpy(frame->bytes, flow->to_mac, 6);
	memcpy(frame->bytes + 6, flow->from_mac, 6);
	put16(frame->bytes + 12, type);
}

void frame_arp(struct frame *frame, const struct flow *flow, unsigned operation)
{
	uint8_t *arp = frame->bytes + ETHER;

	put_ether(frame, flow, 0x0806);
	memcpy(arp, (const uint8_t[6]){0, 1, 8, 0, 6, 4}, 6);
	put16(arp + 6, operation);
	memcpy(arp + 8, flow->from_mac, 6);
	put32(arp + 14, flow->from);
	if (operation == 2)
		memcpy(arp + 18, flow->to_mac, 6);
	put32(arp + 24, flow->to);
	frame->len = 60;
}

static void seal_ip(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, fold(sum(ip, IP)));
}

static void put_ip(struct frame *frame, const struct flow *flow, unsigned protocol, size_t payload)
{
	uint8_t *ip = frame->bytes + ETHER;

	put_ether(frame, flow, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(IP + payload));
	ip[8] = flow->ttl;
	ip[9] = (uint8_t)protocol;
	put32(ip + 12, flow->from);
	put32(ip + 16, flow->to);
	seal_ip(ip);
	frame->len = ETHER + IP + payload;
}

void frame_udp(
	struct frame *frame, const struct flow *flow, uint16_t port, size_t len, uint8_t first)
{
	uint8_t *udp = frame->bytes + ETHER + IP;

	put_ip(frame, flow, 17, UDP + len);
	put16(udp, port);
	put16(udp + 2, port);
	put16(udp + 4, (unsigned)(UDP + len));
	for (size_t i = 0; i < len; i++)
		udp[UDP + i] = (uint8_t)(first + i);
}

static void seal_icmp(uint8_t *icmp, size_t len)
{
	put16(icmp + 2, 0);
	put16(icmp + 2, fold(sum(icmp, len)));
}

void frame_echo(struct frame *frame, const struct flow *flow, bool reply, size_t len)
{
	uint8_t *icmp = frame->bytes + ETHER + IP;

	put_ip(frame, flow, 1, ICMP + len);
	icmp[0] = reply ? 0 : 8;
	put16(icmp + 4, ECHO_ID);
	put16(icmp + 6, 1);
	for (size_t i = 0; i < len; i++)
		icmp[ICMP + i] = (uint8_t)i;
	seal_icmp(icmp, ICMP + len);
}

void frame_icmp_error(struct frame *frame, const struct flow *flow, unsigned type, unsigned code,
	const struct frame *about, size_t quoted)
{
	uint8_t *icmp = frame->bytes + ETHER + IP;

	put_ip(frame, flow, 1, ICMP + quoted);
	icmp[0] = (uint8_t)type;
	icmp[1] = (uint8_t)code;
	memcpy(icmp + ICMP, about->bytes + ETHER, quoted);
	seal_icmp(icmp, ICMP + quoted);
}

void frame_forward(struct frame *frame, const uint8_t from_mac[6], const uint8_t to_mac[6])
{
	memcpy(frame->bytes, to_mac, 6);
	memcpy(frame->bytes + 6, from_mac, 6);
	frame->bytes[ETHER + 8]--;
	seal_ip(frame->bytes + ETHER);
}
