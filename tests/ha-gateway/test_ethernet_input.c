/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/ethernet_input.c: each class of frame, whole, split everywhere and in crumbs,
 * to the one place that is right for it; and every length that is too short.
 */
#include "tests/ha-gateway/rig.h"

#include <string.h>

static struct rig rig;

static void setup(void)
{
	rig_begin(&rig);
	rig_add(&rig, &ethernet_input_class, -1);
	rig_capture(&rig, "arp-input");
	rig_capture(&rig, "ip4-input");
}

static void teardown(void)
{
	rig_end(&rig);
}

/* A small IPv4 packet for interface 0. */
static void sound(struct frame *frame)
{
	frame_ip4(frame, &(struct frame_ip4){
				 .to = rig_mac[0],
				 .from = rig_peer_mac[0],
				 .source = RIG_HOST,
				 .destination = RIG_FAR,
				 .protocol = 17,
				 .payload = 10,
			 });
}

static void expect(const struct frame *frame, const char *outcome)
{
	rig_expect(&rig, "ethernet-input", 0, frame, outcome);
}

START_TEST(by_ethertype)
{
	static const struct {
		uint16_t type;
		const char *outcome;
	} types[] = {
		{0x0800, "ip4-input"},
		{0x0806, "arp-input"},
		{0x0000, "!802.3-length"},
		{0x002e, "!802.3-length"},
		{0x05ff, "!802.3-length"},
		{0x0600, "!unknown-ethertype"},
		{0x0801, "!unknown-ethertype"},
		{0x8100, "!vlan"},
		{0x88a8, "!vlan"},
		{0x86dd, "!unknown-ethertype"},
		{0xffff, "!unknown-ethertype"},
	};
	struct frame frame;

	sound(&frame);
	for (unsigned i = 0; i < RTE_DIM(types); i++) {
		frame_put16(&frame, AT_TYPE, types[i].type);
		expect(&frame, types[i].outcome);
	}
}
END_TEST

START_TEST(by_destination)
{
	static const uint8_t everybody[6] = {255, 255, 255, 255, 255, 255};
	static const uint8_t group[6] = {1, 0, 0x5e, 0, 0, 5};
	static const uint8_t nearly[6] = {2, 1, 0, 0, 0, 0x80};
	struct frame frame;

	sound(&frame);
	memcpy(frame.bytes, rig_mac[1], 6); /* ours, on another interface */
	expect(&frame, "!other-host");
	memcpy(frame.bytes, nearly, 6);
	expect(&frame, "!other-host");
	memcpy(frame.bytes, group, 6);
	expect(&frame, "!multicast");
	memcpy(frame.bytes, everybody, 6);
	expect(&frame, "!ip4-broadcast");
	frame_put16(&frame, AT_TYPE, 0x0806);
	expect(&frame, "arp-input");
	frame_put16(&frame, AT_TYPE, 0x86dd);
	expect(&frame, "!unknown-ethertype");
	frame_put16(&frame, AT_TYPE, 0x0026);
	expect(&frame, "!802.3-length");
}
END_TEST

START_TEST(by_source)
{
	struct frame frame;

	sound(&frame);
	frame.bytes[6] = 3;
	expect(&frame, "!group-source");
	memset(frame.bytes + 6, 255, 6);
	expect(&frame, "!group-source");
}
END_TEST

START_TEST(by_length)
{
	struct frame frame;

	sound(&frame);
	for (frame.len = 0; frame.len < 14; frame.len++)
		expect(&frame, "!too-short");
	expect(&frame, "ip4-input");
}
END_TEST

START_TEST(by_port)
{
	static const uint16_t absent[] = {0, 6, RTE_MAX_ETHPORTS - 1, RTE_MAX_ETHPORTS, 65535};
	struct frame frame;
	struct rte_mbuf *mbuf;

	sound(&frame);
	for (unsigned i = 0; i < RTE_DIM(absent); i++) {
		mbuf = rig_mbuf(&rig, 0, &frame);
		mbuf->port = absent[i];
		rig_expect_mbuf(&rig, "ethernet-input", mbuf, "!no-interface");
	}
	for (unsigned i = 0; i < RIG_INTERFACES; i++) {
		memcpy(frame.bytes, rig_mac[i], 6);
		rig_expect(&rig, "ethernet-input", i, &frame, "ip4-input");
		mbuf = rig_got_mbuf(&rig, "ip4-input", 0);
		ck_assert_uint_eq(packet_meta(mbuf)->rx, i);
	}
}
END_TEST

/* A tag that the port took off counts. */
START_TEST(by_stripped_tag)
{
	static const struct {
		uint16_t tci;
		const char *outcome;
	} tags[] = {{0, "ip4-input"}, {0xe000, "ip4-input"}, {1, "!vlan"}, {0xefff, "!vlan"}};
	struct frame frame;

	sound(&frame);
	for (unsigned i = 0; i < RTE_DIM(tags); i++) {
		struct rte_mbuf *mbuf = rig_mbuf(&rig, 0, &frame);

		mbuf->vlan_tci = tags[i].tci;
		mbuf->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
		rig_expect_mbuf(&rig, "ethernet-input", mbuf, tags[i].outcome);
	}
}
END_TEST

/* Somebody else sees the same bytes. */
START_TEST(shared_data_is_not_written)
{
	struct frame frame;
	struct rte_mbuf *mbuf, *clone;

	sound(&frame);
	mbuf = rig_mbuf(&rig, 0, &frame);
	clone = rte_pktmbuf_clone(mbuf, rig.gateway.pool);
	ck_assert_ptr_nonnull(clone);
	rig_expect_mbuf(&rig, "ethernet-input", clone, "!not-writable");
	rte_mbuf_refcnt_update(mbuf, 1);
	rig_expect_mbuf(&rig, "ethernet-input", mbuf, "!not-writable");
	rig_expect_mbuf(&rig, "ethernet-input", mbuf, "ip4-input");
}
END_TEST

/* A vector of everything is told apart item by item, in order. */
START_TEST(mixed_vectors)
{
	static const uint16_t types[] = {0x0800, 0x0806, 0x0800, 0x1234};
	struct rte_mbuf *mbufs[64];
	struct frame frame;

	sound(&frame);
	for (unsigned i = 0; i < 64; i++) {
		frame_put16(&frame, AT_TYPE, types[i % 4]);
		frame_put16(&frame, AT_ID, i);
		mbufs[i] = rig_mbuf(&rig, 0, &frame);
	}
	rig_send_n(&rig, "ethernet-input", mbufs, 64);
	ck_assert_uint_eq(rig_got(&rig, "ip4-input"), 32);
	ck_assert_uint_eq(rig_got(&rig, "arp-input"), 16);
	ck_assert_uint_eq(rig_reason(&rig, "ethernet-input", "unknown-ethertype"), 16);
	for (unsigned i = 0; i < 32; i++) {
		rig_get(&rig, "ip4-input", i, &frame);
		ck_assert_uint_eq(frame_get16(&frame, AT_ID), 2 * i);
	}
}
END_TEST

/* Packets of all ports in one vector, by ones and by runs, each to the MAC of its own port or of
 * the next one; some of a port that is none of ours. */
START_TEST(mixed_ports)
{
	struct rte_mbuf *mbufs[48];
	struct frame frame;
	unsigned n = 0;

	sound(&frame);
	for (unsigned i = 0; i < 48; i++) {
		unsigned at = i / (1 + i / 24) % 3;

		memcpy(frame.bytes, rig_mac[(at + (i % 8 == 7)) % 3], 6);
		frame_put16(&frame, AT_ID, i);
		mbufs[i] = rig_mbuf(&rig, at, &frame);
		if (i % 8 == 3)
			mbufs[i]->port = RIG_PORT + 3;
	}
	rig_send_n(&rig, "ethernet-input", mbufs, 48);
	ck_assert_uint_eq(rig_reason(&rig, "ethernet-input", "no-interface"), 6);
	ck_assert_uint_eq(rig_reason(&rig, "ethernet-input", "other-host"), 6);
	ck_assert_uint_eq(rig_got(&rig, "ip4-input"), 36);
	for (unsigned i = 0; i < 48; i++) {
		if (i % 4 == 3)
			continue;
		rig_get(&rig, "ip4-input", n, &frame);
		ck_assert_uint_eq(frame_get16(&frame, AT_ID), i);
		ck_assert_uint_eq(packet_meta(rig_got_mbuf(&rig, "ip4-input", n++))->rx,
			i / (1 + i / 24) % 3);
	}
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("ethernet_input");
	TCase *tcase = tcase_create("frames");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, by_ethertype);
	tcase_add_test(tcase, by_destination);
	tcase_add_test(tcase, by_source);
	tcase_add_test(tcase, by_length);
	tcase_add_test(tcase, by_port);
	tcase_add_test(tcase, by_stripped_tag);
	tcase_add_test(tcase, shared_data_is_not_written);
	tcase_add_test(tcase, mixed_vectors);
	tcase_add_test(tcase, mixed_ports);
	suite_add_tcase(suite, tcase);
	return suite;
}
