/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/icmp_error.c: what an error looks like and how much it quotes, who is never
 * told, the rate, and an empty pool.
 */
#include "tests/ha-gateway/rig.h"

#include <string.h>

#define ICMP  AT_PAYLOAD
#define QUOTE (ICMP + 8)

static struct rig rig;

static void setup(void)
{
	rig_begin(&rig);
	rig_add(&rig, &icmp_error_class, -1);
	rig_capture(&rig, "ip4-lookup");
}

static void teardown(void)
{
	rig_end(&rig);
}

static const struct frame_ip4 outward = {
	.to = rig_mac[0],
	.from = rig_peer_mac[0],
	.source = RIG_HOST,
	.destination = RIG_FAR,
	.protocol = 17,
	.ttl = 1,
	.payload = 40,
};

static struct rte_mbuf *asking(struct rte_mbuf *mbuf, uint8_t type, uint8_t code, uint16_t mtu)
{
	struct packet_meta *meta = packet_meta(mbuf);

	meta->rx = 0;
	meta->icmp_type = type;
	meta->icmp_code = code;
	meta->icmp_mtu = mtu;
	return mbuf;
}

static void expect_mbuf(struct rte_mbuf *mbuf, const char *outcome)
{
	rig_expect_mbuf(&rig, "icmp-error", asking(mbuf, 11, 0, 0), outcome);
}

static void expect(const struct frame *frame, const char *outcome)
{
	expect_mbuf(rig_mbuf(&rig, 0, frame), outcome);
}

/* The error that was sent is sound and quotes the packet's first bytes, `quoted` of them. */
static void must_quote(const struct frame *about, unsigned quoted, struct frame *ret_error)
{
	rig_get(&rig, "ip4-lookup", 0, ret_error);
	ck_assert(frame_ip4_sound(ret_error));
	ck_assert(frame_icmp_sound(ret_error));
	ck_assert_uint_eq(ret_error->bytes[AT_IP], 0x45);
	ck_assert_uint_eq(frame_get32(ret_error, AT_SOURCE), RIG_INSIDE);
	ck_assert_uint_eq(frame_get32(ret_error, AT_DESTINATION), frame_get32(about, AT_SOURCE));
	ck_assert_uint_eq(ret_error->len, QUOTE + quoted);
	ck_assert_mem_eq(ret_error->bytes + QUOTE, about->bytes + AT_IP, quoted);
	ck_assert_uint_eq(
		packet_meta(rig_got_mbuf(&rig, "ip4-lookup", 0))->rx, GATEWAY_NO_INTERFACE);
}

START_TEST(what_it_says)
{
	static const uint16_t says[][3] = {
		{11, 0, 0}, {3, 0, 0}, {3, 1, 0}, {3, 2, 0}, {3, 3, 0}, {3, 4, 1280}};
	struct frame frame, error;
	uint16_t id = 0;

	frame_ip4(&frame, &outward);
	for (unsigned i = 0; i < RTE_DIM(says); i++) {
		rig_expect_mbuf(&rig, "icmp-error",
			asking(rig_mbuf(&rig, 0, &frame), says[i][0], says[i][1], says[i][2]),
			"ip4-lookup");
		must_quote(&frame, 60, &error);
		ck_assert_uint_eq(error.bytes[ICMP], says[i][0]);
		ck_assert_uint_eq(error.bytes[ICMP + 1], says[i][1]);
		ck_assert_uint_eq(frame_get16(&error, ICMP + 4), 0);
		ck_assert_uint_eq(frame_get16(&error, ICMP + 6), says[i][2]);
		ck_assert_uint_eq(error.bytes[AT_TOS], 0xc0);
		ck_assert_uint_eq(error.bytes[AT_TTL], 64);
		ck_assert(i == 0 || frame_get16(&error, AT_ID) == id + 1);
		id = frame_get16(&error, AT_ID);
	}
}
END_TEST

/* As much as fits into 576 bytes, of any length and segmentation. */
START_TEST(how_much_it_quotes)
{
	struct frame_ip4 with = outward;
	struct frame frame, error;

	for (with.payload = 0; with.payload <= 1480; with.payload += with.payload < 16 ? 1 : 61) {
		unsigned quoted = RTE_MIN(20 + with.payload, 548u);

		frame_ip4(&frame, &with);
		expect(&frame, "ip4-lookup");
		must_quote(&frame, quoted, &error);
		for (unsigned split = 34; split < frame.len; split += 1 + with.payload / 9) {
			expect_mbuf(rig_mbuf_split(&rig, 0, &frame, split), "ip4-lookup");
			must_quote(&frame, quoted, &error);
		}
	}
	ck_assert_uint_eq(error.len, 14 + 576);
}
END_TEST

START_TEST(options_are_quoted)
{
	static const uint8_t options[40] = {7, 39, 4};
	struct frame_ip4 with = outward;
	struct frame frame, error;

	with.options = options;
	with.options_len = sizeof(options);
	frame_ip4(&frame, &with);
	expect(&frame, "ip4-lookup");
	must_quote(&frame, 100, &error);
}
END_TEST

START_TEST(never_about_errors)
{
	static const uint8_t errors[] = {3, 4, 5, 11, 12};
	struct frame_ip4 with = outward;
	struct frame frame;

	for (unsigned type = 0; type < 256; type++) {
		bool is_error = memchr(errors, type, sizeof(errors)) != NULL;

		frame_icmp(&frame, &outward, type, 0);
		expect(&frame, is_error ? "!about-icmp-error" : "ip4-lookup");
		expect_mbuf(rig_mbuf_split(&rig, 0, &frame, 34),
			is_error ? "!about-icmp-error" : "ip4-lookup");
	}
	/* Who knows what it was. */
	with.protocol = 1;
	with.payload = 0;
	frame_ip4(&frame, &with);
	expect(&frame, "!about-icmp-error");
}
END_TEST

START_TEST(never_about_later_fragments)
{
	struct frame_ip4 with = outward;
	struct frame frame;

	with.fragment = 0x2000;
	frame_ip4(&frame, &with);
	expect(&frame, "ip4-lookup");
	for (unsigned bit = 0; bit < 13; bit++) {
		with.fragment = 0x2000 | 1 << bit;
		frame_ip4(&frame, &with);
		expect(&frame, "!about-fragment");
	}
	with.fragment = 0x1fff;
	frame_ip4(&frame, &with);
	expect(&frame, "!about-fragment");
}
END_TEST

START_TEST(never_about_groups_or_to_nobody)
{
	static const uint32_t groups[] = {
		0xe0000001, 0xffffffff, 0x0a0000ff, 0x0a000000, 0x00000000, 0x7f000001};
	static const uint32_t nobody[] = {0, 0x00123456, 0x7f000001, 0xe0000001, 0xffffffff};
	struct frame_ip4 with = outward;
	struct frame frame;
	struct rte_mbuf *mbuf;

	for (unsigned i = 0; i < RTE_DIM(groups); i++) {
		with.destination = groups[i];
		frame_ip4(&frame, &with);
		expect(&frame, "!about-broadcast");
	}
	with = outward;
	for (unsigned i = 0; i < RTE_DIM(nobody); i++) {
		with.source = nobody[i];
		frame_ip4(&frame, &with);
		expect(&frame, "!about-no-host");
	}
	frame_ip4(&frame, &outward);
	mbuf = asking(rig_mbuf(&rig, 0, &frame), 11, 0, 0);
	packet_meta(mbuf)->rx = GATEWAY_NO_INTERFACE;
	rig_expect_mbuf(&rig, "icmp-error", mbuf, "!about-our-own");
}
END_TEST

START_TEST(no_more_than_the_rate)
{
	struct rte_mbuf *mbufs[64];
	struct frame frame;

	ck_assert_int_eq(
		ratelimit_init(&rig.gateway.icmp_limit, 10, 5, gyre_clock_now(rig.clock), NULL), 0);
	frame_ip4(&frame, &outward);
	for (unsigned i = 0; i < 64; i++)
		mbufs[i] = asking(rig_mbuf(&rig, 0, &frame), 11, 0, 0);
	rig_send_n(&rig, "icmp-error", mbufs, 64);
	ck_assert_uint_eq(rig_got(&rig, "ip4-lookup"), 5);
	ck_assert_uint_eq(rig_reason(&rig, "icmp-error", "rate-limited"), 59);
	rig_wait(&rig, GYRE_MSEC(100));
	expect(&frame, "ip4-lookup");
	expect(&frame, "!rate-limited");
}
END_TEST

/* The packet takes nothing that is not there, and nothing is lost. */
START_TEST(empty_pool)
{
	struct rte_mbuf *held[RIG_MBUFS], *mbuf;
	struct frame frame;
	unsigned n = 0;

	frame_ip4(&frame, &outward);
	mbuf = rig_mbuf(&rig, 0, &frame);
	while (n < RIG_MBUFS && (held[n] = rte_pktmbuf_alloc(rig.gateway.pool)))
		n++;
	expect_mbuf(mbuf, "!no-mbuf");
	rte_pktmbuf_free_bulk(held, n);
	expect(&frame, "ip4-lookup");
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("icmp_error");
	TCase *tcase = tcase_create("errors");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_it_says);
	tcase_add_test(tcase, how_much_it_quotes);
	tcase_add_test(tcase, options_are_quoted);
	tcase_add_test(tcase, never_about_errors);
	tcase_add_test(tcase, never_about_later_fragments);
	tcase_add_test(tcase, never_about_groups_or_to_nobody);
	tcase_add_test(tcase, no_more_than_the_rate);
	tcase_add_test(tcase, empty_pool);
	suite_add_tcase(suite, tcase);
	return suite;
}
