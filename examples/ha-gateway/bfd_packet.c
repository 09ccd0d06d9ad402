/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire format of BFD control packets (RFC 5880 section 4.1) and the reception tests that need
 * no session (section 6.8.6, RFC 5881 sections 4 and 5), with the names of all enums of bfd.h.
 * bfd.c calls it for each datagram; it calls nothing. It guards that no byte beyond the payload is
 * read and that the tests run in the RFC's order, so that each packet has one reason.
 */
#include "bfd.h"

#define BFD_VERSION   1
#define BFD_AUTH_SIZE 2 /* the type and length bytes that every authentication section has */

enum flag {
	FLAG_MULTIPOINT = 1 << 0,
	FLAG_DEMAND = 1 << 1,
	FLAG_AUTH = 1 << 2,
	FLAG_FINAL = 1 << 4,
	FLAG_POLL = 1 << 5,
};

/* Offsets of the mandatory section. */
enum field {
	AT_VERSION_DIAG = 0,
	AT_STATE_FLAGS = 1,
	AT_DETECT_MULT = 2,
	AT_LENGTH = 3,
	AT_MY_DISCRIMINATOR = 4,
	AT_YOUR_DISCRIMINATOR = 8,
	AT_DESIRED_MIN_TX = 12,
	AT_REQUIRED_MIN_RX = 16,
	AT_REQUIRED_MIN_ECHO_RX = 20,
};

static const char *const state_names[] = {
	[BFD_STATE_ADMIN_DOWN] = "AdminDown",
	[BFD_STATE_DOWN] = "Down",
	[BFD_STATE_INIT] = "Init",
	[BFD_STATE_UP] = "Up",
};

static const char *const diag_names[] = {
	[BFD_DIAG_NONE] = "no diagnostic",
	[BFD_DIAG_TIMEOUT] = "control detection time expired",
	[BFD_DIAG_ECHO_FAILED] = "echo function failed",
	[BFD_DIAG_NEIGHBOR_DOWN] = "neighbor signaled session down",
	[BFD_DIAG_FORWARDING_RESET] = "forwarding plane reset",
	[BFD_DIAG_PATH_DOWN] = "path down",
	[BFD_DIAG_CONCATENATED_DOWN] = "concatenated path down",
	[BFD_DIAG_ADMIN_DOWN] = "administratively down",
	[BFD_DIAG_REVERSE_CONCATENATED_DOWN] = "reverse concatenated path down",
};

static const char *const drop_names[BFD_DROP_COUNT] = {
	[BFD_DROP_NONE] = "none",
	[BFD_DROP_PORT] = "wrong destination port",
	[BFD_DROP_TTL] = "ttl not 255",
	[BFD_DROP_TRUNCATED] = "truncated",
	[BFD_DROP_VERSION] = "bad version",
	[BFD_DROP_LENGTH_SHORT] = "length too short",
	[BFD_DROP_LENGTH_PAYLOAD] = "length exceeds payload",
	[BFD_DROP_DETECT_MULT] = "detect mult zero",
	[BFD_DROP_MULTIPOINT] = "multipoint bit set",
	[BFD_DROP_MY_DISCRIMINATOR] = "my discriminator zero",
	[BFD_DROP_YOUR_DISCRIMINATOR] = "your discriminator zero",
	[BFD_DROP_SESSION] = "unknown session",
	[BFD_DROP_AUTH] = "unexpected authentication",
	[BFD_DROP_ADMIN_DOWN] = "session administratively down",
};

static const char *name_of(const char *const *names, size_t num, unsigned value)
{
	return value < num ? names[value] : "unknown";
}

const char *bfd_state_name(enum bfd_state state)
{
	return name_of(state_names, sizeof(state_names) / sizeof(*state_names), state);
}

const char *bfd_diag_name(enum bfd_diag diag)
{
	return name_of(diag_names, sizeof(diag_names) / sizeof(*diag_names), diag);
}

const char *bfd_drop_name(enum bfd_drop drop)
{
	return name_of(drop_names, BFD_DROP_COUNT, drop);
}

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
}

/* All that can be told before the fields behind the length may be touched. */
static enum bfd_drop check_frame(const struct bfd_datagram *datagram)
{
	const uint8_t *p = datagram->payload;
	unsigned min = BFD_PACKET_SIZE;

	if (datagram->dest_port != BFD_UDP_PORT)
		return BFD_DROP_PORT;
	if (datagram->ttl != BFD_TTL)
		return BFD_DROP_TTL;
	if (datagram->len <= AT_LENGTH)
		return BFD_DROP_TRUNCATED;
	if (p[AT_VERSION_DIAG] >> 5 != BFD_VERSION)
		return BFD_DROP_VERSION;
	if (p[AT_STATE_FLAGS] & FLAG_AUTH)
		min += BFD_AUTH_SIZE;
	if (p[AT_LENGTH] < min)
		return BFD_DROP_LENGTH_SHORT;
	if (p[AT_LENGTH] > datagram->len)
		return BFD_DROP_LENGTH_PAYLOAD;
	return BFD_DROP_NONE;
}

static enum bfd_drop check_fields(const uint8_t *p)
{
	unsigned state = p[AT_STATE_FLAGS] >> 6;

	if (p[AT_DETECT_MULT] == 0)
		return BFD_DROP_DETECT_MULT;
	if (p[AT_STATE_FLAGS] & FLAG_MULTIPOINT)
		return BFD_DROP_MULTIPOINT;
	if (load32(p + AT_MY_DISCRIMINATOR) == 0)
		return BFD_DROP_MY_DISCRIMINATOR;
	if (load32(p + AT_YOUR_DISCRIMINATOR) == 0 && state > BFD_STATE_DOWN)
		return BFD_DROP_YOUR_DISCRIMINATOR;
	return BFD_DROP_NONE;
}

enum bfd_drop bfd_packet_parse(const struct bfd_datagram *datagram, struct bfd_packet *ret_packet)
{
	const uint8_t *p = datagram->payload;
	enum bfd_drop drop;

	drop = check_frame(datagram);
	if (drop == BFD_DROP_NONE)
		drop = check_fields(p);
	if (drop != BFD_DROP_NONE)
		return drop;

	*ret_packet = (struct bfd_packet){
		.diag = p[AT_VERSION_DIAG] & 0x1f,
		.state = (enum bfd_state)(p[AT_STATE_FLAGS] >> 6),
		.poll = p[AT_STATE_FLAGS] & FLAG_POLL,
		.final = p[AT_STATE_FLAGS] & FLAG_FINAL,
		.auth = p[AT_STATE_FLAGS] & FLAG_AUTH,
		.demand = p[AT_STATE_FLAGS] & FLAG_DEMAND,
		.detect_mult = p[AT_DETECT_MULT],
		.my_discriminator = load32(p + AT_MY_DISCRIMINATOR),
		.your_discriminator = load32(p + AT_YOUR_DISCRIMINATOR),
		.desired_min_tx_usec = load32(p + AT_DESIRED_MIN_TX),
		.required_min_rx_usec = load32(p + AT_REQUIRED_MIN_RX),
		.required_min_echo_rx_usec = load32(p + AT_REQUIRED_MIN_ECHO_RX),
	};
	return BFD_DROP_NONE;
}

void bfd_packet_build(const struct bfd_packet *packet, uint8_t ret_bytes[BFD_PACKET_SIZE])
{
	unsigned flags = 0;

	flags |= packet->poll ? FLAG_POLL : 0;
	flags |= packet->final ? FLAG_FINAL : 0;
	flags |= packet->demand ? FLAG_DEMAND : 0;
	ret_bytes[AT_VERSION_DIAG] = (uint8_t)(BFD_VERSION << 5 | (packet->diag & 0x1f));
	ret_bytes[AT_STATE_FLAGS] = (uint8_t)((unsigned)packet->state << 6 | flags);
	ret_bytes[AT_DETECT_MULT] = packet->detect_mult;
	ret_bytes[AT_LENGTH] = BFD_PACKET_SIZE;
	store32(ret_bytes + AT_MY_DISCRIMINATOR, packet->my_discriminator);
	store32(ret_bytes + AT_YOUR_DISCRIMINATOR, packet->your_discriminator);
	store32(ret_bytes + AT_DESIRED_MIN_TX, packet->desired_min_tx_usec);
	store32(ret_bytes + AT_REQUIRED_MIN_RX, packet->required_min_rx_usec);
	store32(ret_bytes + AT_REQUIRED_MIN_ECHO_RX, packet->required_min_echo_rx_usec);
}
