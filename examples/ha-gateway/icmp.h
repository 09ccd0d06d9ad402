/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP's wire format (RFC 792, RFC 1191), as far as the gateway speaks it.
 */
#ifndef HA_ICMP_H
#define HA_ICMP_H

#include <stdbool.h>
#include <stdint.h>

enum icmp_type {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_SOURCE_QUENCH = 4,
	ICMP_REDIRECT = 5,
	ICMP_ECHO_REQUEST = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER_PROBLEM = 12,
};

/* Codes of ICMP_UNREACHABLE; "TTL expired in transit" is code 0 of ICMP_TIME_EXCEEDED. */
enum icmp_unreachable {
	ICMP_NET_UNREACHABLE = 0,
	ICMP_HOST_UNREACHABLE = 1,
	ICMP_PROTOCOL_UNREACHABLE = 2,
	ICMP_PORT_UNREACHABLE = 3,
	ICMP_FRAGMENTATION_NEEDED = 4,
};

/* All messages in question begin so; 16-bit fields in network order. */
struct icmp_header {
	uint8_t type, code;
	uint16_t checksum;
	uint16_t word; /* echo: identifier; errors: 0 */
	uint16_t mtu; /* echo: sequence number; "fragmentation needed": the MTU; errors: 0 */
} __attribute__((packed));

static inline bool icmp_is_error(uint8_t type)
{
	return type == ICMP_UNREACHABLE || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM;
}

#endif
