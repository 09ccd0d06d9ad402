/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/icmp_echo.c: an answer is the request turned round, of any length and however
 * it is segmented; what is truncated, corrupt, or not a request ends here.
 */
#include "tests/ha-gateway/rig.h"

#include <string.h>

static struct rig rig;

static void setup(void)
{
	rig_begin(&rig);
	rig_add(&rig, &icmp_echo_class, -1);
	rig_capture(&rig, "ip4-lookup");
}

static void teardown(void)
{
	rig_end(&rig);
}

static const struct frame_ip4 to_us = {
	.to = rig_mac[0],
	.from = rig_peer_mac[0],
	.source = RIG_HOST,
	.destination = RIG_INSIDE,
	.ttl = 3,
	.payload = 56,
};

static void expect_mbuf(struct rte_mbuf *mbuf, const char *outcome)
{
	packet_meta(mbuf)->rx = 0;
	rig_expect_mbuf(&rig, "icmp-echo", mbuf, outcome);
}

static void must_answer(const struct frame *request)
{
	unsigned l3_len = 4 * (request->bytes[AT_IP] & 15), icmp = 14 + l3_len;
	struct frame answer;

	rig_get(&rig, "ip4-lookup", 0, &answer);
	ck_assert_uint_eq(answer.len, request->len);
	ck_assert(frame_ip4_sound(&answer));
	ck_assert(frame_icmp_sound(&answer));
	ck_assert_uint_eq(frame_get32(&answer, AT_SOURCE), RIG_INSIDE);
	ck_assert_uint_eq(frame_get32(&answer, AT_DESTINATION), RIG_HOST);
	ck_assert_uint_eq(answer.bytes[AT_TTL], 64);
	ck_assert_uint_eq(answer.bytes[icmp], 0);
	ck_assert_uint_eq(answer.bytes[icmp + 1], 0);
	ck_assert_mem_eq(
		answer.bytes + icmp + 4, request->bytes + icmp + 4, request->len - icmp - 4);
	ck_assert_uint_eq(
		packet_meta(rig_got_mbuf(&rig, "ip4-lookup", 0))->rx, GATEWAY_NO_INTERFACE);
}

START_TEST(answers_of_every_length)
{
	struct frame_ip4 with = to_us;
	struct frame frame;

	for (with.payload = 0; with.payload < 1473; with.payload += with.payload < 70 ? 1 : 77) {
		frame_icmp(&frame, &with, 8, 0);
		expect_mbuf(rig_mbuf(&rig, 0, &frame), "ip4-lookup");
		must_answer(&frame);
	}
}
END_TEST

START_TEST(answers_however_segmented)
{
	static const uint8_t options[] = {7, 7, 4, 0, 0, 0, 0, 0};
	struct frame_ip4 with = to_us;
	struct frame frame;

	frame_icmp(&frame, &to_us, 8, 0);
	for (unsigned split = 34; split < frame.len; split++) {
		expect_mbuf(rig_mbuf_split(&rig, 0, &frame, split), "ip4-lookup");
		must_answer(&frame);
	}
	with.options = options;
	with.options_len = sizeof(options);
	frame_icmp(&frame, &with, 8, 0);
	for (unsigned split = 42; split < frame.len; split++) {
		expect_mbuf(rig_mbuf_split(&rig, 0, &frame, split), "ip4-lookup");
		must_answer(&frame);
	}
}
END_TEST

/* 65,536 payloads, hence all values of the checksum. */
START_TEST(answers_with_every_checksum)
{
	struct frame_ip4 with = to_us;
	struct frame frame;

	with.payload = 2;
	frame_icmp(&frame, &with, 8, 0);
	for (unsigned value = 0; value < 65536; value += 7) {
		frame_put16(&frame, frame.len - 2, value);
		frame_icmp_seal(&frame);
		expect_mbuf(rig_mbuf(&rig, 0, &frame), "ip4-lookup");
		must_answer(&frame);
	}
}
END_TEST

START_TEST(truncated)
{
	struct frame_ip4 with = to_us;
	struct frame frame;

	for (with.payload = 0; with.payload < 8; with.payload++) {
		frame_ip4(&frame, &with);
		frame.bytes[AT_PROTOCOL] = 1;
		expect_mbuf(rig_mbuf(&rig, 0, &frame), "!truncated");
		for (unsigned split = 34; split < frame.len; split++)
			expect_mbuf(rig_mbuf_split(&rig, 0, &frame, split), "!truncated");
	}
}
END_TEST

START_TEST(every_bit_of_a_request)
{
	struct frame frame;

	for (unsigned at = AT_PAYLOAD; at < AT_PAYLOAD + 64; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			frame_icmp(&frame, &to_us, 8, 0);
			frame.bytes[at] ^= 1 << bit;
			expect_mbuf(rig_mbuf(&rig, 0, &frame), "!checksum");
			expect_mbuf(rig_mbuf_split(&rig, 0, &frame, 39), "!checksum");
		}
}
END_TEST

START_TEST(other_messages)
{
	struct frame frame;

	for (unsigned type = 0; type < 256; type++) {
		frame_icmp(&frame, &to_us, type, 0);
		expect_mbuf(rig_mbuf(&rig, 0, &frame), type == 8 ? "ip4-lookup" : "!other-type");
	}
	for (unsigned code = 1; code < 256; code++) {
		frame_icmp(&frame, &to_us, 8, code);
		expect_mbuf(rig_mbuf(&rig, 0, &frame), "!other-type");
	}
}
END_TEST

START_TEST(shared_data_is_not_written)
{
	struct rte_mbuf *mbuf, *clone;
	struct frame frame;

	frame_icmp(&frame, &to_us, 8, 0);
	mbuf = rig_mbuf(&rig, 0, &frame);
	clone = rte_pktmbuf_clone(mbuf, rig.gateway.pool);
	ck_assert_ptr_nonnull(clone);
	expect_mbuf(clone, "!not-writable");
	expect_mbuf(mbuf, "ip4-lookup");
	must_answer(&frame);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("icmp_echo");
	TCase *tcase = tcase_create("messages");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, answers_of_every_length);
	tcase_add_test(tcase, answers_however_segmented);
	tcase_add_test(tcase, answers_with_every_checksum);
	tcase_add_test(tcase, truncated);
	tcase_add_test(tcase, every_bit_of_a_request);
	tcase_add_test(tcase, other_messages);
	tcase_add_test(tcase, shared_data_is_not_written);
	suite_add_tcase(suite, tcase);
	return suite;
}
