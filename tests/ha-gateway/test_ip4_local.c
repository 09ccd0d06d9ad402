/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/ip4_local.c: BFD to the mailbox of its interface, ICMP to icmp-echo, all else
 * unreachable; datagrams truncated at every length, with every wrong length and every flipped bit.
 */
#include "tests/ha-gateway/rig.h"

#define PAYLOAD 24
#define UDP     AT_PAYLOAD

static struct rig rig;

static void setup(void)
{
	rig_begin(&rig);
	rig_add(&rig, &ip4_local_class, IP4_LOCAL_NEXT_BFD);
	rig_capture(&rig, "icmp-echo");
	rig_capture(&rig, "icmp-error");
}

static void teardown(void)
{
	rig_end(&rig);
}

static const struct frame_ip4 to_us = {
	.to = rig_mac[1],
	.from = rig_peer_mac[1],
	.source = RIG_ROUTER0,
	.destination = RIG_UPLINK0,
	.protocol = 17,
	.ttl = 255,
	.payload = PAYLOAD,
};

static void expect_mbuf(struct rte_mbuf *mbuf, unsigned rx, const char *outcome)
{
	packet_meta(mbuf)->rx = rx;
	rig_expect_mbuf(&rig, "ip4-local", mbuf, outcome);
}

/* Whole, split everywhere behind the IPv4 header, in crumbs behind it. */
static void expect(const struct frame *frame, unsigned rx, const char *outcome)
{
	unsigned l3_len = 4 * (frame->bytes[AT_IP] & 15);

	expect_mbuf(rig_mbuf(&rig, rx, frame), rx, outcome);
	for (unsigned split = 14 + l3_len; split < frame->len; split++)
		expect_mbuf(rig_mbuf_split(&rig, rx, frame, split), rx, outcome);
}

static void expect_error(uint8_t code)
{
	const struct packet_meta *meta = packet_meta(rig_got_mbuf(&rig, "icmp-error", 0));

	ck_assert_uint_eq(meta->icmp_type, 3);
	ck_assert_uint_eq(meta->icmp_code, code);
}

START_TEST(bfd_by_interface)
{
	static const uint8_t options[] = {1, 1, 1, 1};
	struct frame_ip4 with = to_us;
	struct frame frame;

	frame_udp(&frame, &to_us, 3784);
	expect(&frame, 1, "bfd-1");
	expect(&frame, 2, "bfd-2");
	/* No session there: as any closed port. */
	expect(&frame, 0, "icmp-error");
	expect_error(3);
	frame_udp(&frame, &to_us, 3785);
	expect(&frame, 1, "icmp-error");
	expect_error(3);
	with.options = options;
	with.options_len = sizeof(options);
	frame_udp(&frame, &with, 3784);
	expect(&frame, 1, "bfd-1");
}
END_TEST

START_TEST(other_protocols)
{
	struct frame_ip4 with = to_us;
	struct frame frame;

	frame_icmp(&frame, &to_us, 8, 0);
	expect(&frame, 1, "icmp-echo");
	for (unsigned protocol = 0; protocol < 256; protocol++) {
		if (protocol == 1 || protocol == 17)
			continue;
		with.protocol = protocol;
		frame_ip4(&frame, &with);
		expect_mbuf(rig_mbuf(&rig, 1, &frame), 1, "icmp-error");
		expect_error(2);
	}
	ck_assert_uint_eq(rig_reason(&rig, "ip4-local", "unknown-protocol"), 254);
}
END_TEST

START_TEST(fragments_end_here)
{
	struct frame frame;

	/* Any bit of the offset, or more to come. */
	for (unsigned bit = 0; bit < 14; bit++) {
		frame_udp(&frame, &to_us, 3784);
		frame_put16(&frame, AT_FRAGMENT, 1 << bit);
		expect(&frame, 1, "!fragment");
	}
	frame_put16(&frame, AT_FRAGMENT, 0x4000);
	expect(&frame, 1, "bfd-1");
}
END_TEST

START_TEST(udp_lengths)
{
	struct frame frame;

	for (unsigned len = 0; len <= 8 + PAYLOAD + 3; len++) {
		frame_udp(&frame, &to_us, 3784);
		frame_put16(&frame, UDP + 4, len);
		expect(&frame, 1, len == 8 + PAYLOAD ? "bfd-1" : "!udp-length");
	}
	for (unsigned len = 0; len < 8 + PAYLOAD; len++) {
		frame_udp(&frame, &to_us, 3784);
		frame.len = UDP + len;
		expect(&frame, 1, len < 8 ? "!udp-truncated" : "!udp-length");
	}
}
END_TEST

/* Of what the checksum covers, but the length (above) and the protocol. */
START_TEST(every_bit_of_a_datagram)
{
	struct frame frame;

	for (unsigned at = AT_SOURCE; at < UDP + 8 + PAYLOAD; at++) {
		if (at == UDP + 4 || at == UDP + 5)
			continue;
		for (unsigned bit = 0; bit < 8; bit++) {
			frame_udp(&frame, &to_us, 3784);
			frame.bytes[at] ^= 1 << bit;
			expect_mbuf(rig_mbuf(&rig, 1, &frame), 1, "!udp-checksum");
			expect_mbuf(rig_mbuf_split(&rig, 1, &frame, 45), 1, "!udp-checksum");
		}
	}
}
END_TEST

START_TEST(udp_checksums)
{
	struct rte_mbuf *mbuf;
	struct frame frame;

	frame_udp(&frame, &to_us, 3784);
	frame_put16(&frame, UDP + 6, 0); /* none */
	expect(&frame, 1, "bfd-1");
	frame_put16(&frame, UDP + 6, 1);
	mbuf = rig_mbuf(&rig, 1, &frame);
	mbuf->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	expect_mbuf(mbuf, 1, "bfd-1");
	frame_udp_seal(&frame);
	mbuf = rig_mbuf(&rig, 1, &frame);
	mbuf->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_BAD;
	expect_mbuf(mbuf, 1, "!udp-checksum");
}
END_TEST

START_TEST(our_own)
{
	struct frame frame;

	frame_udp(&frame, &to_us, 3784);
	expect_mbuf(rig_mbuf(&rig, 1, &frame), GATEWAY_NO_INTERFACE, "!from-ourselves");
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("ip4_local");
	TCase *tcase = tcase_create("packets");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, bfd_by_interface);
	tcase_add_test(tcase, other_protocols);
	tcase_add_test(tcase, fragments_end_here);
	tcase_add_test(tcase, udp_lengths);
	tcase_add_test(tcase, every_bit_of_a_datagram);
	tcase_add_test(tcase, udp_checksums);
	tcase_add_test(tcase, our_own);
	suite_add_tcase(suite, tcase);
	return suite;
}
