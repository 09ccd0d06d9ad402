/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/bfd_packet.c: control packets as on the wire, each kind of malformed one with
 * its own reason, the reasons in the RFC's order when several apply, and no byte read or written
 * beyond what was given.
 */
#include "harness.h"

#include "examples/ha-gateway/bfd.h"

#include <stdlib.h>
#include <string.h>

/* Turns hex digits into a buffer of exactly their length, so that ASan sees a byte too far. */
static uint8_t *unhex(const char *hex, size_t *ret_len)
{
	size_t len = strlen(hex) / 2;
	uint8_t *bytes = malloc(len ? len : 1);

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < len; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	*ret_len = len;
	return bytes;
}

static enum bfd_drop parse(const char *hex, uint8_t ttl, uint16_t port, struct bfd_packet *ret)
{
	struct bfd_datagram datagram = {.ttl = ttl, .dest_port = port};
	uint8_t *bytes = unhex(hex, &datagram.len);
	enum bfd_drop drop;

	datagram.payload = bytes;
	drop = bfd_packet_parse(&datagram, ret);
	free(bytes);
	return drop;
}

struct vector {
	const char *hex;
	struct bfd_packet packet;
};

/* Down as first sent by BIRD 2; Up with Poll; Up with Final; AdminDown; Init; demand, all ones. */
static const struct vector vectors[] = {
	{"20400318a1b2c3d40000000000"
	 "0f42400000271000000000",
		{.state = BFD_STATE_DOWN,
			.detect_mult = 3,
			.my_discriminator = 0xa1b2c3d4,
			.desired_min_tx_usec = 1000000,
			.required_min_rx_usec = 10000}},
	{"20e003180000000100000002000027100000271000000000",
		{.state = BFD_STATE_UP,
			.poll = true,
			.detect_mult = 3,
			.my_discriminator = 1,
			.your_discriminator = 2,
			.desired_min_tx_usec = 10000,
			.required_min_rx_usec = 10000}},
	{"20d005181234567889abcdef0000c3500001864000000000",
		{.state = BFD_STATE_UP,
			.final = true,
			.detect_mult = 5,
			.my_discriminator = 0x12345678,
			.your_discriminator = 0x89abcdef,
			.desired_min_tx_usec = 50000,
			.required_min_rx_usec = 99904}},
	{"2700031800000001000000020"
	 "00f424000002710000003e8",
		{.diag = BFD_DIAG_ADMIN_DOWN,
			.state = BFD_STATE_ADMIN_DOWN,
			.detect_mult = 3,
			.my_discriminator = 1,
			.your_discriminator = 2,
			.desired_min_tx_usec = 1000000,
			.required_min_rx_usec = 10000,
			.required_min_echo_rx_usec = 1000}},
	{"21800118000000ff00000001000f4240000f424000000000",
		{.diag = BFD_DIAG_TIMEOUT,
			.state = BFD_STATE_INIT,
			.detect_mult = 1,
			.my_discriminator = 0xff,
			.your_discriminator = 1,
			.desired_min_tx_usec = 1000000,
			.required_min_rx_usec = 1000000}},
	{"3ff2ff18ffffffffffffffffffffffffffffffffffffffff",
		{.diag = 31,
			.state = BFD_STATE_UP,
			.poll = true,
			.final = true,
			.demand = true,
			.detect_mult = 255,
			.my_discriminator = UINT32_MAX,
			.your_discriminator = UINT32_MAX,
			.desired_min_tx_usec = UINT32_MAX,
			.required_min_rx_usec = UINT32_MAX,
			.required_min_echo_rx_usec = UINT32_MAX}},
};

#define NUM_VECTORS ((int)(sizeof(vectors) / sizeof(*vectors)))

static void assert_same(const struct bfd_packet *a, const struct bfd_packet *b)
{
	ck_assert_uint_eq(a->diag, b->diag);
	ck_assert_int_eq(a->state, b->state);
	ck_assert_int_eq(a->poll, b->poll);
	ck_assert_int_eq(a->final, b->final);
	ck_assert_int_eq(a->auth, b->auth);
	ck_assert_int_eq(a->demand, b->demand);
	ck_assert_uint_eq(a->detect_mult, b->detect_mult);
	ck_assert_uint_eq(a->my_discriminator, b->my_discriminator);
	ck_assert_uint_eq(a->your_discriminator, b->your_discriminator);
	ck_assert_uint_eq(a->desired_min_tx_usec, b->desired_min_tx_usec);
	ck_assert_uint_eq(a->required_min_rx_usec, b->required_min_rx_usec);
	ck_assert_uint_eq(a->required_min_echo_rx_usec, b->required_min_echo_rx_usec);
}

START_TEST(wire_format)
{
	const struct vector *vector = &vectors[_i];
	uint8_t built[BFD_PACKET_SIZE + 1];
	struct bfd_packet packet;
	uint8_t *bytes;
	size_t len;

	ck_assert_int_eq(parse(vector->hex, 255, 3784, &packet), BFD_DROP_NONE);
	assert_same(&packet, &vector->packet);

	bytes = unhex(vector->hex, &len);
	ck_assert_uint_eq(len, BFD_PACKET_SIZE);
	built[BFD_PACKET_SIZE] = 0xa5;
	bfd_packet_build(&vector->packet, built);
	ck_assert_mem_eq(built, bytes, BFD_PACKET_SIZE);
	ck_assert_uint_eq(built[BFD_PACKET_SIZE], 0xa5);
	free(bytes);
}
END_TEST

#define TAIL "0000c350000186a000000000"
#define IDS  "0000000100000002"

struct bad {
	const char *hex;
	enum bfd_drop drop;
	uint8_t ttl;
	uint16_t port;
};

/* Where a packet has several faults, the first of the RFC's order is the one to be named. */
static const struct bad bads[] = {
	{"20c00318" IDS TAIL, BFD_DROP_PORT, 255, 3785},
	{"20c00318" IDS TAIL, BFD_DROP_PORT, 255, 0},
	{"00", BFD_DROP_PORT, 1, 4784},
	{"20c00318" IDS TAIL, BFD_DROP_TTL, 254, 3784},
	{"20c00318" IDS TAIL, BFD_DROP_TTL, 0, 3784},
	{"", BFD_DROP_TTL, 254, 3784},
	{"", BFD_DROP_TRUNCATED, 255, 3784},
	{"00", BFD_DROP_TRUNCATED, 255, 3784},
	{"20c003", BFD_DROP_TRUNCATED, 255, 3784},
	{"00c00318", BFD_DROP_VERSION, 255, 3784},
	{"00c00318" IDS TAIL, BFD_DROP_VERSION, 255, 3784},
	{"40c00318" IDS TAIL, BFD_DROP_VERSION, 255, 3784},
	{"e0c00017" IDS TAIL, BFD_DROP_VERSION, 255, 3784},
	{"20c00300", BFD_DROP_LENGTH_SHORT, 255, 3784},
	{"20c00317" IDS TAIL, BFD_DROP_LENGTH_SHORT, 255, 3784},
	{"20c40318" IDS TAIL, BFD_DROP_LENGTH_SHORT, 255, 3784},
	{"20c40319" IDS TAIL "0102", BFD_DROP_LENGTH_SHORT, 255, 3784},
	{"20c10017" IDS TAIL, BFD_DROP_LENGTH_SHORT, 255, 3784},
	{"20c00318", BFD_DROP_LENGTH_PAYLOAD, 255, 3784},
	{"20c00318" IDS "0000c350000186a0000000", BFD_DROP_LENGTH_PAYLOAD, 255, 3784},
	{"20c00319" IDS TAIL, BFD_DROP_LENGTH_PAYLOAD, 255, 3784},
	{"20c0ffff" IDS TAIL, BFD_DROP_LENGTH_PAYLOAD, 255, 3784},
	{"20c4031a" IDS TAIL, BFD_DROP_LENGTH_PAYLOAD, 255, 3784},
	{"20c00019" IDS TAIL, BFD_DROP_LENGTH_PAYLOAD, 255, 3784},
	{"20c00018" IDS TAIL, BFD_DROP_DETECT_MULT, 255, 3784},
	{"20c10018" IDS TAIL, BFD_DROP_DETECT_MULT, 255, 3784},
	{"20c10318" IDS TAIL, BFD_DROP_MULTIPOINT, 255, 3784},
	{"20c103180000000000000002" TAIL, BFD_DROP_MULTIPOINT, 255, 3784},
	{"20c003180000000000000002" TAIL, BFD_DROP_MY_DISCRIMINATOR, 255, 3784},
	{"20c003180000000000000000" TAIL, BFD_DROP_MY_DISCRIMINATOR, 255, 3784},
	{"20c003180000000100000000" TAIL, BFD_DROP_YOUR_DISCRIMINATOR, 255, 3784},
	{"208003180000000100000000" TAIL, BFD_DROP_YOUR_DISCRIMINATOR, 255, 3784},
	{"2084031a0000000100000000" TAIL "0102", BFD_DROP_YOUR_DISCRIMINATOR, 255, 3784},
};

#define NUM_BADS ((int)(sizeof(bads) / sizeof(*bads)))

START_TEST(malformed)
{
	const struct bad *bad = &bads[_i];
	struct bfd_packet packet, before;
	enum bfd_drop drop;

	memset(&packet, 0x5a, sizeof(packet));
	before = packet;
	drop = parse(bad->hex, bad->ttl, bad->port, &packet);
	ck_assert_msg(drop == bad->drop, "%s: %s, not %s", bad->hex, bfd_drop_name(drop),
		bfd_drop_name(bad->drop));
	ck_assert_mem_eq(&packet, &before, sizeof(packet));
}
END_TEST

START_TEST(accepted_at_the_edge)
{
	struct bfd_packet packet;

	ck_assert_int_eq(parse("204003180000000100000000" TAIL, 255, 3784, &packet), 0);
	ck_assert_int_eq(parse("200003180000000100000000" TAIL, 255, 3784, &packet), 0);
	ck_assert_int_eq(parse("20c40320" IDS TAIL "0001020304050607", 255, 3784, &packet), 0);
	ck_assert(packet.auth);
	ck_assert_int_eq(parse("20c4031a" IDS TAIL "0102", 255, 3784, &packet), 0);
	ck_assert_int_eq(parse("20c80318" IDS TAIL, 255, 3784, &packet), 0);
	ck_assert_int_eq(parse("20c00318" IDS TAIL "ffffffff", 255, 3784, &packet), 0);
	ck_assert(!packet.auth && !packet.poll && !packet.final && !packet.demand);
}
END_TEST

START_TEST(every_reason_has_a_name)
{
	for (int i = 0; i < BFD_DROP_COUNT; i++)
		for (int j = 0; j <= i; j++)
			ck_assert_int_eq(!strcmp(bfd_drop_name((enum bfd_drop)i),
						 bfd_drop_name((enum bfd_drop)j)),
				i == j);
	ck_assert_str_eq(bfd_drop_name(BFD_DROP_COUNT), "unknown");
	ck_assert_str_eq(bfd_state_name(BFD_STATE_UP), "Up");
	ck_assert_str_eq(bfd_state_name((enum bfd_state)4), "unknown");
	ck_assert_str_eq(bfd_diag_name(BFD_DIAG_TIMEOUT), "control detection time expired");
	ck_assert_str_eq(bfd_diag_name((enum bfd_diag)31), "unknown");
}
END_TEST

/* Whatever parses survives a round trip; whatever does not is of a kind that the bytes show. */
START_TEST(random_bytes)
{
	uint64_t taken = 0, random = 1;

	for (unsigned i = 0; i < 300000; i++) {
		uint8_t built[BFD_PACKET_SIZE], *bytes;
		struct bfd_datagram datagram = {.ttl = 255, .dest_port = 3784};
		struct bfd_packet packet;

		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		datagram.len = random >> 32 & 31;
		bytes = malloc(datagram.len + 1);
		ck_assert_ptr_nonnull(bytes);
		for (size_t at = 0; at < datagram.len; at++) {
			random = random * UINT64_C(6364136223846793005) +
				 UINT64_C(1442695040888963407);
			bytes[at] = (uint8_t)(random >> 56);
		}
		if (datagram.len > 3 && i % 4)
			bytes[0] = 0x20 | (bytes[0] & 0x1f), bytes[3] = 24;
		datagram.payload = realloc(bytes, datagram.len ? datagram.len : 1);
		if (bfd_packet_parse(&datagram, &packet) == BFD_DROP_NONE) {
			taken++;
			bfd_packet_build(&packet, built);
			built[1] |= datagram.payload[1] & 0x0c;
			built[3] = datagram.payload[3];
			ck_assert_mem_eq(built, datagram.payload, BFD_PACKET_SIZE);
		}
		free((void *)datagram.payload);
	}
	ck_assert_uint_gt(taken, 5000);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("bfd_packet");
	TCase *tcase = tcase_create("bfd_packet");

	tcase_add_loop_test(tcase, wire_format, 0, NUM_VECTORS);
	tcase_add_loop_test(tcase, malformed, 0, NUM_BADS);
	tcase_add_test(tcase, accepted_at_the_edge);
	tcase_add_test(tcase, every_reason_has_a_name);
	tcase_add_test(tcase, random_bytes);
	suite_add_tcase(suite, tcase);
	return suite;
}
