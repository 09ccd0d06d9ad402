/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/ip4_input.c: each class of bad packet ends for its own reason, however it is
 * segmented; truncated at every length; with every single bit of the header flipped; padding is
 * taken off.
 */
#include "tests/ha-gateway/rig.h"

#include <string.h>

#define PAYLOAD 40

static struct rig rig;

static void setup(void)
{
	rig_begin(&rig);
	rig_add(&rig, &ip4_input_class, -1);
	rig_capture(&rig, "ip4-lookup");
}

static void teardown(void)
{
	rig_end(&rig);
}

static const struct frame_ip4 sound = {
	.to = rig_mac[0],
	.from = rig_peer_mac[0],
	.source = RIG_HOST,
	.destination = RIG_FAR,
	.protocol = 17,
	.payload = PAYLOAD,
};

/* As ethernet-input would lead it here. */
static struct rte_mbuf *entered(struct rte_mbuf *mbuf)
{
	packet_meta(mbuf)->rx = 0;
	return mbuf;
}

static void expect_mbuf(struct rte_mbuf *mbuf, const char *outcome)
{
	rig_expect_mbuf(&rig, "ip4-input", entered(mbuf), outcome);
}

/* Whole, split everywhere behind the Ethernet header, in crumbs. */
static void expect(const struct frame *frame, const char *outcome)
{
	expect_mbuf(rig_mbuf(&rig, 0, frame), outcome);
	for (unsigned split = 14; split < frame->len; split++)
		expect_mbuf(rig_mbuf_split(&rig, 0, frame, split), outcome);
	expect_mbuf(rig_mbuf_crumbs(&rig, 0, frame, 70), outcome);
}

/* Sealed after a byte was set. */
static void expect_with(unsigned at, uint8_t byte, const char *outcome)
{
	struct frame frame;

	frame_ip4(&frame, &sound);
	frame.bytes[at] = byte;
	frame_ip4_seal(&frame);
	expect(&frame, outcome);
}

START_TEST(sound_packets_pass_unchanged)
{
	struct frame frame, got;

	frame_ip4(&frame, &sound);
	for (unsigned split = 14; split <= frame.len; split++) {
		expect_mbuf(rig_mbuf_split(&rig, 0, &frame, split), "ip4-lookup");
		rig_get(&rig, "ip4-lookup", 0, &got);
		ck_assert_uint_eq(got.len, frame.len);
		ck_assert_mem_eq(got.bytes, frame.bytes, frame.len);
		ck_assert_uint_ge(rig_got_mbuf(&rig, "ip4-lookup", 0)->data_len, 34);
	}
}
END_TEST

START_TEST(version_and_lengths)
{
	for (unsigned version = 0; version < 16; version++)
		expect_with(AT_IP, version << 4 | 5, version == 4 ? "ip4-lookup" : "!version");
	for (unsigned words = 0; words < 5; words++)
		expect_with(AT_IP, 0x40 | words, "!header-length");
	/* The header ends behind the packet. */
	for (unsigned payload = 0; payload < 40; payload++) {
		struct frame_ip4 with = sound;
		struct frame frame;

		with.payload = payload;
		frame_ip4(&frame, &with);
		frame.bytes[AT_IP] = 0x4f;
		expect(&frame, "!header-truncated");
	}
	for (unsigned total = 0; total < 20; total++)
		expect_with(AT_TOTAL + 1, total, "!total-length");
	expect_with(AT_TOTAL + 1, 20 + PAYLOAD + 1, "!truncated");
	expect_with(AT_TOTAL, 0xff, "!truncated");
}
END_TEST

START_TEST(truncated_at_every_length)
{
	struct frame frame;
	unsigned len;

	frame_ip4(&frame, &sound);
	for (len = frame.len - 1; len >= 14; len--) {
		frame.len = len;
		expect(&frame, len < 34 ? "!too-short" : "!truncated");
	}
}
END_TEST

/* One flipped bit is always found: by what it means, or by the checksum. */
START_TEST(every_bit_of_the_header)
{
	struct frame frame;

	for (unsigned bit = 0; bit < 160; bit++) {
		const char *outcome = "!checksum";

		frame_ip4(&frame, &sound);
		frame.bytes[AT_IP + bit / 8] ^= 1 << bit % 8;
		if (bit / 8 == 0 && bit % 8 >= 4)
			outcome = "!version";
		else if (bit / 8 == 0 && (frame.bytes[AT_IP] & 15) < 5)
			outcome = "!header-length";
		expect_mbuf(rig_mbuf(&rig, 0, &frame), outcome);
		expect_mbuf(rig_mbuf_crumbs(&rig, 0, &frame, 70), outcome);
	}
}
END_TEST

/* 0x0000 and 0xffff are the same sum; all other 65,534 values are wrong. */
START_TEST(every_checksum)
{
	struct frame frame;
	unsigned passed = 0;
	uint16_t right;

	frame_ip4(&frame, &sound);
	right = frame_get16(&frame, AT_CHECKSUM);
	for (unsigned sum = 0; sum <= 0xffff; sum++) {
		struct rte_mbuf *mbuf;

		frame_put16(&frame, AT_CHECKSUM, sum);
		mbuf = entered(rig_mbuf(&rig, 0, &frame));
		rig_send(&rig, "ip4-input", mbuf);
		if (rig_got(&rig, "ip4-lookup") > 0) {
			ck_assert_uint_eq(sum, right);
			passed++;
		}
		rig_release(&rig);
	}
	ck_assert_uint_eq(passed, 1);
	ck_assert_uint_eq(rig_reason(&rig, "ip4-input", "checksum"), 0xffff);
}
END_TEST

START_TEST(checksum_by_the_port)
{
	struct rte_mbuf *mbuf;
	struct frame frame;

	frame_ip4(&frame, &sound);
	mbuf = rig_mbuf(&rig, 0, &frame);
	mbuf->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_BAD;
	expect_mbuf(mbuf, "!checksum");
	frame.bytes[AT_CHECKSUM] ^= 1;
	mbuf = rig_mbuf(&rig, 0, &frame);
	mbuf->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	expect_mbuf(mbuf, "ip4-lookup");
	mbuf = rig_mbuf(&rig, 0, &frame);
	mbuf->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_NONE;
	expect_mbuf(mbuf, "!checksum");
}
END_TEST

START_TEST(padding_is_cut_off)
{
	struct frame frame, got;

	for (unsigned padding = 1; padding <= 50; padding++) {
		frame_ip4(&frame, &sound);
		memset(frame.bytes + frame.len, 0xee, padding);
		for (unsigned split = 14; split < frame.len + padding; split += 3) {
			frame.len += padding;
			expect_mbuf(rig_mbuf_split(&rig, 0, &frame, split), "ip4-lookup");
			frame.len -= padding;
			rig_get(&rig, "ip4-lookup", 0, &got);
			ck_assert_uint_eq(got.len, frame.len);
			ck_assert_mem_eq(got.bytes, frame.bytes, frame.len);
		}
	}
	frame.len += 50;
	expect_mbuf(rig_mbuf_crumbs(&rig, 0, &frame, frame.len), "ip4-lookup");
	rig_get(&rig, "ip4-lookup", 0, &got);
	ck_assert_uint_eq(got.len, frame.len - 50);
}
END_TEST

START_TEST(options)
{
	static const struct {
		uint8_t bytes[8];
		unsigned len;
		const char *outcome;
	} cases[] = {
		{{1, 1, 1, 1}, 4, "ip4-lookup"},
		{{0, 0xff, 0xff, 0xff}, 4, "ip4-lookup"}, /* behind the end is anything */
		{{7, 3, 4, 0}, 4, "ip4-lookup"},
		{{7, 8, 4, 0, 0, 0, 0, 0}, 8, "ip4-lookup"},
		{{148, 4, 0, 0}, 4, "ip4-lookup"},
		{{7, 0, 0, 0}, 4, "!options"},
		{{7, 1, 0, 0}, 4, "!options"},
		{{7, 5, 0, 0}, 4, "!options"},
		{{7, 255, 0, 0}, 4, "!options"},
		{{1, 1, 1, 7}, 4, "!options"}, /* ends before its length */
		{{1, 1, 7, 3}, 4, "!options"},
		{{131, 3, 4, 0}, 4, "!source-route"},
		{{137, 3, 4, 0}, 4, "!source-route"},
		{{1, 131, 7, 4, 1, 2, 3, 4}, 8, "!source-route"},
		{{7, 3, 4, 137, 3, 4, 0, 0}, 8, "!source-route"},
	};
	struct frame frame;

	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		struct frame_ip4 with = sound;

		with.options = cases[i].bytes;
		with.options_len = cases[i].len;
		frame_ip4(&frame, &with);
		expect(&frame, cases[i].outcome);
		if (cases[i].outcome[0] != '!')
			ck_assert_uint_ge(
				rig_got_mbuf(&rig, "ip4-lookup", 0)->data_len, 34 + cases[i].len);
		frame.bytes[AT_PAYLOAD] ^= 0x10;
		expect(&frame, "!checksum");
	}
}
END_TEST

START_TEST(addresses)
{
	static const struct {
		uint32_t source, destination;
		const char *outcome;
	} cases[] = {
		{RIG_HOST, RIG_FAR, "ip4-lookup"},
		{RIG_FAR, RIG_HOST, "ip4-lookup"},
		{RIG_HOST, RIG_INSIDE, "ip4-lookup"},
		{0, RIG_FAR, "!martian-source"},
		{0x00ffffff, RIG_FAR, "!martian-source"},
		{0x7f000001, RIG_FAR, "!martian-source"},
		{0xe0000001, RIG_FAR, "!martian-source"},
		{0xefffffff, RIG_FAR, "!martian-source"},
		{0xf0000001, RIG_FAR, "!martian-source"},
		{0xffffffff, RIG_FAR, "!martian-source"},
		{0x0a0000ff, RIG_FAR, "!martian-source"}, /* its subnet's broadcast */
		{0x0a000000, RIG_FAR, "!martian-source"},
		{RIG_INSIDE, RIG_FAR, "!own-source"},
		{RIG_UPLINK0, RIG_FAR, "!own-source"},
		{RIG_UPLINK1, RIG_FAR, "!own-source"},
		{RIG_HOST, 0, "!martian-destination"},
		{RIG_HOST, 0x00000001, "!martian-destination"},
		{RIG_HOST, 0x7f000001, "!martian-destination"},
		{RIG_HOST, 0xf0000000, "!martian-destination"},
		{RIG_HOST, 0xfffffffe, "!martian-destination"},
		{RIG_HOST, 0xe0000005, "!multicast"},
		{RIG_HOST, 0xefffffff, "!multicast"},
		{RIG_HOST, 0xffffffff, "!broadcast"},
	};
	struct frame frame;

	for (unsigned i = 0; i < RTE_DIM(cases); i++) {
		struct frame_ip4 with = sound;

		with.source = cases[i].source;
		with.destination = cases[i].destination;
		frame_ip4(&frame, &with);
		expect(&frame, cases[i].outcome);
	}
}
END_TEST

/* Of two hosts behind a prefix of 31 bits (RFC 3021) neither is a broadcast address. */
START_TEST(two_hosts_have_no_broadcast)
{
	uint8_t *prefix_len = &rig.gateway.interfaces[0].prefix_len, before = *prefix_len;
	struct frame frame;

	*prefix_len = 31;
	for (unsigned host = 0; host < 4; host++) {
		struct frame_ip4 with = sound;

		with.source = (RIG_INSIDE & ~1u) - 4 + host;
		frame_ip4(&frame, &with);
		expect(&frame, "ip4-lookup");
	}
	*prefix_len = before;
}
END_TEST

/* In one vector from two interfaces: each has a broadcast address of its own, and an address that
 * looks like one of ours is not one. */
START_TEST(mixed_interfaces)
{
	static const struct {
		uint32_t source;
		bool passes[2]; /* from interface 0 and 1 */
	} cases[] = {
		{RIG_HOST, {true, true}},
		{0x0a0000ff, {false, true}},
		{0xc00002ff, {true, false}},
		{RIG_INSIDE, {false, false}},
		{RIG_INSIDE + 64, {true, true}},
		{RIG_UPLINK0, {false, false}},
	};
	struct rte_mbuf *mbufs[2 * RTE_DIM(cases)];
	struct frame frame, got;
	unsigned n = 0;

	for (unsigned i = 0; i < RTE_DIM(mbufs); i++) {
		struct frame_ip4 with = sound;

		with.source = cases[i / 2].source;
		frame_ip4(&frame, &with);
		mbufs[i] = rig_mbuf(&rig, i % 2, &frame);
		packet_meta(mbufs[i])->rx = i % 2;
	}
	rig_send_n(&rig, "ip4-input", mbufs, RTE_DIM(mbufs));
	for (unsigned i = 0; i < RTE_DIM(mbufs); i++)
		if (cases[i / 2].passes[i % 2]) {
			rig_get(&rig, "ip4-lookup", n, &got);
			ck_assert_uint_eq(frame_get32(&got, AT_SOURCE), cases[i / 2].source);
			ck_assert_uint_eq(
				packet_meta(rig_got_mbuf(&rig, "ip4-lookup", n++))->rx, i % 2);
		}
	ck_assert_uint_eq(rig_got(&rig, "ip4-lookup"), n);
	ck_assert_uint_eq(rig_reason(&rig, "ip4-input", "martian-source"), 2);
	ck_assert_uint_eq(rig_reason(&rig, "ip4-input", "own-source"), 4);
}
END_TEST

START_TEST(shared_data_is_not_written)
{
	struct rte_mbuf *mbuf, *clone;
	struct frame frame;

	frame_ip4(&frame, &sound);
	mbuf = rig_mbuf_split(&rig, 0, &frame, 20);
	clone = rte_pktmbuf_clone(mbuf, rig.gateway.pool);
	ck_assert_ptr_nonnull(clone);
	expect_mbuf(clone, "!not-writable");
	expect_mbuf(mbuf, "ip4-lookup");
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("ip4_input");
	TCase *tcase = tcase_create("packets");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, sound_packets_pass_unchanged);
	tcase_add_test(tcase, version_and_lengths);
	tcase_add_test(tcase, truncated_at_every_length);
	tcase_add_test(tcase, every_bit_of_the_header);
	tcase_add_test(tcase, every_checksum);
	tcase_add_test(tcase, checksum_by_the_port);
	tcase_add_test(tcase, padding_is_cut_off);
	tcase_add_test(tcase, options);
	tcase_add_test(tcase, addresses);
	tcase_add_test(tcase, two_hosts_have_no_broadcast);
	tcase_add_test(tcase, mixed_interfaces);
	tcase_add_test(tcase, shared_data_is_not_written);
	suite_add_tcase(suite, tcase);
	return suite;
}
