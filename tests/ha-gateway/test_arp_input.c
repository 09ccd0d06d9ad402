/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/arp_input.c: answers, what is learnt from whom, conflicts, each class of bad
 * packet whole, split and truncated at every length, and packets that waited let go in order.
 */
#include "tests/ha-gateway/rig.h"

#include <string.h>

#define IN 0

static struct rig rig;
static const uint8_t other_mac[6] = {2, 9, 9, 9, 9, 9};

static void setup(void)
{
	rig_begin(&rig);
	rig_add(&rig, &arp_input_class, ARP_INPUT_NEXT_TX);
}

static void teardown(void)
{
	rig_end(&rig);
}

static struct rte_mbuf *entered(struct rte_mbuf *mbuf)
{
	packet_meta(mbuf)->rx = IN;
	return mbuf;
}

/* Whole, split everywhere behind the Ethernet header, in crumbs. */
static void expect(const struct frame *frame, const char *outcome)
{
	rig_expect_mbuf(&rig, "arp-input", entered(rig_mbuf(&rig, IN, frame)), outcome);
	for (unsigned split = 14; split < frame->len; split++)
		rig_expect_mbuf(&rig, "arp-input", entered(rig_mbuf_split(&rig, IN, frame, split)),
			outcome);
	rig_expect_mbuf(&rig, "arp-input", entered(rig_mbuf_crumbs(&rig, IN, frame, 64)), outcome);
}

static const struct frame_arp question = {
	.mac = rig_peer_mac[IN],
	.operation = 1,
	.sender = RIG_HOST,
	.target = RIG_INSIDE,
};

static const struct frame_arp answer = {
	.to = rig_mac[IN],
	.mac = rig_peer_mac[IN],
	.operation = 2,
	.sender = RIG_HOST,
	.target = RIG_INSIDE,
	.target_mac = rig_mac[IN],
};

static void must_answer(uint32_t to)
{
	struct frame sent, wanted;

	rig_get(&rig, "tx-0", 0, &sent);
	frame_arp(&wanted, &(struct frame_arp){
				   .to = rig_peer_mac[IN],
				   .mac = rig_mac[IN],
				   .operation = 2,
				   .sender = RIG_INSIDE,
				   .target = to,
				   .target_mac = rig_peer_mac[IN],
			   });
	ck_assert_uint_eq(sent.len, wanted.len);
	ck_assert_mem_eq(sent.bytes, wanted.bytes, wanted.len);
}

static struct arp_entry *entry_of(uint32_t address)
{
	return arp_table_find(rig.gateway.arp, IN, address);
}

static void learnt(uint32_t address)
{
	void *items[ARP_QUEUE_MAX];

	ck_assert_int_eq(arp_table_learn(rig.gateway.arp, IN, address, rig_peer_mac[IN], true,
				 gyre_clock_now(rig.clock), items),
		0);
}

START_TEST(requests_for_us_are_answered)
{
	struct frame frame;

	frame_arp(&frame, &question);
	expect(&frame, "tx-0");
	must_answer(RIG_HOST);
	ck_assert(arp_entry_resolved(entry_of(RIG_HOST)));
	ck_assert_mem_eq(entry_of(RIG_HOST)->mac, rig_peer_mac[IN], 6);
	/* Ethernet's padding is not sent back. */
	frame.len = 60;
	expect(&frame, "tx-0");
	must_answer(RIG_HOST);
}
END_TEST

START_TEST(requests_for_others_teach_nothing_new)
{
	struct frame_arp with = question;
	struct frame frame;

	with.target = RIG_HOST + 1;
	frame_arp(&frame, &with);
	expect(&frame, "!other-target");
	ck_assert_ptr_null(entry_of(RIG_HOST));
	/* Addresses of ours on other interfaces are not here. */
	with.target = RIG_UPLINK0;
	frame_arp(&frame, &with);
	expect(&frame, "!other-target");
	/* Who is known already may have moved. */
	learnt(RIG_HOST);
	with.mac = other_mac;
	frame_arp(&frame, &with);
	expect(&frame, "!other-target");
	ck_assert_mem_eq(entry_of(RIG_HOST)->mac, other_mac, 6);
}
END_TEST

START_TEST(announcements_update_only)
{
	struct frame_arp with = question;
	struct frame frame;

	with.target = RIG_HOST;
	frame_arp(&frame, &with);
	expect(&frame, "!announcement");
	ck_assert_ptr_null(entry_of(RIG_HOST));
	with = answer;
	frame_arp(&frame, &with);
	expect(&frame, "!unsolicited");
	ck_assert_ptr_null(entry_of(RIG_HOST));
	learnt(RIG_HOST);
	with.mac = other_mac;
	frame_arp(&frame, &with);
	expect(&frame, "!reply");
	ck_assert_mem_eq(entry_of(RIG_HOST)->mac, other_mac, 6);
	with = question;
	with.target = RIG_HOST;
	frame_arp(&frame, &with);
	expect(&frame, "!announcement");
	ck_assert_mem_eq(entry_of(RIG_HOST)->mac, rig_peer_mac[IN], 6);
}
END_TEST

START_TEST(probes)
{
	struct frame_arp with = question;
	struct frame frame;

	with.sender = 0;
	frame_arp(&frame, &with);
	expect(&frame, "tx-0");
	must_answer(0);
	ck_assert_ptr_null(entry_of(0));
	with.target = RIG_HOST + 1;
	frame_arp(&frame, &with);
	expect(&frame, "!other-target");
	with.operation = 2;
	frame_arp(&frame, &with);
	expect(&frame, "!sender-address");
}
END_TEST

START_TEST(claims_to_our_address)
{
	struct frame_arp with = question;
	struct frame frame;
	uint64_t before;

	with.sender = RIG_INSIDE;
	for (unsigned operation = 1; operation <= 2; operation++) {
		with.operation = operation;
		frame_arp(&frame, &with);
		before = rig.gateway.arp_conflict.count;
		expect(&frame, "!conflict");
		ck_assert_uint_gt(rig.gateway.arp_conflict.count, before);
		ck_assert_mem_eq(&rig.gateway.arp_conflict.mac, rig_peer_mac[IN], 6);
		ck_assert_uint_eq(rig.gateway.arp_conflict.interface, IN);
	}
	ck_assert_ptr_null(entry_of(RIG_INSIDE));
	ck_assert_uint_eq(
		rig.gateway.arp_conflict.count, rig_reason(&rig, "arp-input", "conflict"));
	/* What comes back to us is not a conflict. */
	before = rig.gateway.arp_conflict.count;
	with.mac = rig_mac[IN];
	frame_arp(&frame, &with);
	expect(&frame, "!own");
	with.sender = RIG_HOST;
	frame_arp(&frame, &with);
	expect(&frame, "!own");
	ck_assert_ptr_null(entry_of(RIG_HOST));
	ck_assert_uint_eq(rig.gateway.arp_conflict.count, before);
}
END_TEST

START_TEST(bad_senders)
{
	static const struct {
		uint32_t sender;
		const char *outcome;
	} senders[] = {
		{RIG_FAR, "!other-subnet"},
		{RIG_UPLINK0, "!other-subnet"},
		{0x0a000100, "!other-subnet"},
		{RIG_HOST | 255, "!sender-address"},
		{RIG_HOST & ~255u, "!sender-address"},
		{0x7f000001, "!sender-address"},
		{0xe0000001, "!sender-address"},
		{0xffffffff, "!sender-address"},
		{0x00000001, "!sender-address"},
	};
	static const uint8_t macs[][6] = {
		{0, 0, 0, 0, 0, 0}, {1, 0, 0x5e, 0, 0, 1}, {255, 255, 255, 255, 255, 255}};
	struct frame_arp with = question;
	struct frame frame;

	for (unsigned i = 0; i < RTE_DIM(senders); i++) {
		with.sender = senders[i].sender;
		frame_arp(&frame, &with);
		expect(&frame, senders[i].outcome);
	}
	with = question;
	for (unsigned i = 0; i < RTE_DIM(macs); i++) {
		with.mac = macs[i];
		frame_arp(&frame, &with);
		expect(&frame, "!sender-mac");
	}
	ck_assert_ptr_null(arp_table_next(rig.gateway.arp, NULL));
}
END_TEST

START_TEST(bad_formats)
{
	static const struct {
		unsigned at, right; /* a byte and its value */
		const char *outcome;
	} fields[] = {
		{14, 0, "!hardware-type"},
		{15, 1, "!hardware-type"},
		{16, 8, "!protocol-type"},
		{17, 0, "!protocol-type"},
		{18, 6, "!hardware-length"},
		{19, 4, "!protocol-length"},
		{20, 0, "!operation"},
		{21, 1, "!operation"},
	};
	struct frame frame;

	for (unsigned i = 0; i < RTE_DIM(fields); i++)
		for (unsigned value = 0; value < 256; value += i % 3 + 1) {
			frame_arp(&frame, &question);
			if (value == fields[i].right || (fields[i].at == 21 && value == 2))
				continue;
			frame.bytes[fields[i].at] = value;
			rig_expect_mbuf(&rig, "arp-input", entered(rig_mbuf(&rig, IN, &frame)),
				fields[i].outcome);
			rig_expect_mbuf(&rig, "arp-input",
				entered(rig_mbuf_split(&rig, IN, &frame, 17)), fields[i].outcome);
		}
	frame_arp(&frame, &question);
	for (frame.len = 14; frame.len < 42; frame.len++)
		expect(&frame, "!truncated");
	ck_assert_ptr_null(arp_table_next(rig.gateway.arp, NULL));
}
END_TEST

static void wait_for_host(unsigned n)
{
	struct arp_evicted evicted;
	struct frame frame;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *mbuf;

		frame_ip4(&frame, &(struct frame_ip4){
					  .to = rig_mac[1],
					  .from = rig_peer_mac[1],
					  .source = RIG_FAR,
					  .destination = RIG_HOST,
					  .payload = 20 + i,
					  .ttl = 9,
				  });
		mbuf = rig_mbuf(&rig, 1, &frame);
		packet_meta(mbuf)->rx = i == 0 ? GATEWAY_NO_INTERFACE : 1;
		rig.injected++;
		ck_assert_int_ge(arp_table_hold(rig.gateway.arp, IN, RIG_HOST, mbuf,
					 gyre_clock_now(rig.clock), &evicted),
			0);
		ck_assert_uint_eq(evicted.n, 0);
	}
}

START_TEST(what_waited_goes_in_order)
{
	struct frame frame;

	rig_turn(&rig);
	/* By an answer, and by a question of the one who was asked for. */
	for (unsigned by_question = 0; by_question < 2; by_question++) {
		rig_wait(&rig, ARP_TIMEOUT_DEFAULT);
		while (arp_table_advance(
			rig.gateway.arp, gyre_clock_now(rig.clock), &(struct arp_action){0}))
			;
		ck_assert_ptr_null(entry_of(RIG_HOST));
		wait_for_host(ARP_QUEUE_MAX);
		frame_arp(&frame, by_question ? &question : &answer);
		rig_send(&rig, "arp-input", entered(rig_mbuf(&rig, IN, &frame)));
		ck_assert_uint_eq(rig_got(&rig, "tx-0"), ARP_QUEUE_MAX + by_question);
		for (unsigned i = 0; i < ARP_QUEUE_MAX; i++) {
			rig_get(&rig, "tx-0", i, &frame);
			ck_assert_uint_eq(frame.len, 34 + 20 + i);
			ck_assert_mem_eq(frame.bytes, rig_peer_mac[IN], 6);
			ck_assert_mem_eq(frame.bytes + 6, rig_mac[IN], 6);
			ck_assert(frame_ip4_sound(&frame));
			ck_assert_uint_eq(frame.bytes[AT_TTL], i == 0 ? 9 : 8);
		}
		rig_release(&rig);
	}
}
END_TEST

/* A vector of answers, each of which lets a full queue go. */
START_TEST(most_at_once)
{
	struct rte_mbuf *mbufs[16];
	struct arp_evicted evicted;
	struct frame frame;

	rig_turn(&rig);
	for (unsigned i = 0; i < 16 * ARP_QUEUE_MAX; i++) {
		frame_ip4(&frame, &(struct frame_ip4){.to = rig_mac[1], .from = rig_peer_mac[1]});
		rig.injected++;
		ck_assert_int_ge(
			arp_table_hold(rig.gateway.arp, IN, RIG_HOST + i % 16,
				rig_mbuf(&rig, 1, &frame), gyre_clock_now(rig.clock), &evicted),
			0);
	}
	for (unsigned i = 0; i < 16; i++) {
		struct frame_arp with = question;

		with.sender = RIG_HOST + i;
		frame_arp(&frame, &with);
		mbufs[i] = entered(rig_mbuf(&rig, IN, &frame));
	}
	rig_send_n(&rig, "arp-input", mbufs, 16);
	ck_assert_uint_eq(rig_got(&rig, "tx-0"), 16 * (ARP_QUEUE_MAX + 1));
}
END_TEST

START_TEST(shared_data_is_not_written)
{
	struct rte_mbuf *mbuf, *clone;
	struct frame frame;

	frame_arp(&frame, &question);
	mbuf = entered(rig_mbuf(&rig, IN, &frame));
	clone = rte_pktmbuf_clone(mbuf, rig.gateway.pool);
	ck_assert_ptr_nonnull(clone);
	rig_expect_mbuf(&rig, "arp-input", entered(clone), "!not-writable");
	rig_expect_mbuf(&rig, "arp-input", mbuf, "tx-0");
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("arp_input");
	TCase *tcase = tcase_create("packets");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, requests_for_us_are_answered);
	tcase_add_test(tcase, requests_for_others_teach_nothing_new);
	tcase_add_test(tcase, announcements_update_only);
	tcase_add_test(tcase, probes);
	tcase_add_test(tcase, claims_to_our_address);
	tcase_add_test(tcase, bad_senders);
	tcase_add_test(tcase, bad_formats);
	tcase_add_test(tcase, what_waited_goes_in_order);
	tcase_add_test(tcase, most_at_once);
	tcase_add_test(tcase, shared_data_is_not_written);
	suite_add_tcase(suite, tcase);
	return suite;
}
