/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/ip4_lookup.c: where each destination leads, with interface and next hop; TTL,
 * MTU and directed broadcasts; the default route moved and withdrawn between two packets.
 */
#include "tests/ha-gateway/rig.h"

static struct rig rig;

static void setup(void)
{
	rig_begin(&rig);
	rig_add(&rig, &ip4_lookup_class, -1);
	rig_capture(&rig, "ip4-rewrite");
	rig_capture(&rig, "ip4-local");
	rig_capture(&rig, "icmp-error");
}

static void teardown(void)
{
	rig_end(&rig);
}

struct packet {
	uint32_t destination;
	uint8_t ttl;
	bool ours;
	uint16_t fragment;
	unsigned payload;
};

static const struct packet_meta *look_up(const struct packet *packet, const char *outcome)
{
	struct frame_ip4 with = {
		.to = rig_mac[0],
		.from = rig_peer_mac[0],
		.source = RIG_HOST,
		.destination = packet->destination,
		.protocol = 17,
		.ttl = packet->ttl,
		.fragment = packet->fragment,
		.payload = packet->payload,
	};
	struct frame frame;
	struct rte_mbuf *mbuf;

	frame_ip4(&frame, &with);
	if (packet->ttl == 0) {
		frame.bytes[AT_TTL] = 0;
		frame_ip4_seal(&frame);
	}
	mbuf = rig_mbuf(&rig, 0, &frame);
	packet_meta(mbuf)->rx = packet->ours ? GATEWAY_NO_INTERFACE : 0;
	rig_expect_mbuf(&rig, "ip4-lookup", mbuf, outcome);
	return outcome[0] == '!' ? NULL : packet_meta(rig_got_mbuf(&rig, outcome, 0));
}

static void must_forward(uint32_t destination, unsigned tx, uint32_t next_hop)
{
	const struct packet_meta *meta =
		look_up(&(struct packet){destination, .ttl = 64}, "ip4-rewrite");

	ck_assert_uint_eq(meta->tx, tx);
	ck_assert_uint_eq(meta->next_hop, next_hop);
}

START_TEST(connected_default_and_local)
{
	must_forward(RIG_FAR, 1, RIG_ROUTER0);
	must_forward(RIG_HOST, 0, RIG_HOST);
	must_forward(RIG_ROUTER0, 1, RIG_ROUTER0);
	must_forward(RIG_ROUTER1, 2, RIG_ROUTER1);
	look_up(&(struct packet){RIG_INSIDE, .ttl = 64}, "ip4-local");
	look_up(&(struct packet){RIG_UPLINK0, .ttl = 1}, "ip4-local");
	look_up(&(struct packet){RIG_UPLINK1, .ttl = 0}, "ip4-local");
}
END_TEST

START_TEST(default_moves_and_goes)
{
	struct next_hop *route = &rig.gateway.next_hops[NEXT_HOP_DEFAULT];
	const struct packet_meta *meta;

	must_forward(RIG_FAR, 1, RIG_ROUTER0);
	*route = (struct next_hop){NEXT_HOP_FORWARD, 2, RIG_ROUTER1};
	must_forward(RIG_FAR, 2, RIG_ROUTER1);
	route->kind = NEXT_HOP_UNREACHABLE;
	meta = look_up(&(struct packet){RIG_FAR, .ttl = 64}, "icmp-error");
	ck_assert_uint_eq(meta->icmp_type, 3);
	ck_assert_uint_eq(meta->icmp_code, 0);
	ck_assert_uint_eq(rig_reason(&rig, "ip4-lookup", "no-route"), 1);
	ck_assert_int_eq(fib_del(rig.gateway.fib, 0, 0), 0);
	look_up(&(struct packet){RIG_FAR, .ttl = 64}, "icmp-error");
	ck_assert_uint_eq(rig_reason(&rig, "ip4-lookup", "no-route"), 2);
	must_forward(RIG_HOST, 0, RIG_HOST);
}
END_TEST

START_TEST(ttl)
{
	const struct packet_meta *meta;

	for (unsigned value = 0; value <= 1; value++) {
		meta = look_up(&(struct packet){RIG_FAR, .ttl = value}, "icmp-error");
		ck_assert_uint_eq(meta->icmp_type, 11);
		ck_assert_uint_eq(meta->icmp_code, 0);
		ck_assert_uint_eq(meta->icmp_mtu, 0);
	}
	ck_assert_uint_eq(rig_reason(&rig, "ip4-lookup", "ttl-expired"), 2);
	look_up(&(struct packet){RIG_FAR, .ttl = 2}, "ip4-rewrite");
	/* Ours is not one hop on yet. */
	look_up(&(struct packet){RIG_FAR, .ttl = 1, .ours = true}, "ip4-rewrite");
}
END_TEST

START_TEST(mtu)
{
	const struct packet_meta *meta;

	rig.gateway.interfaces[1].mtu = 1280;
	look_up(&(struct packet){RIG_FAR, 64, .payload = 1260}, "ip4-rewrite");
	look_up(&(struct packet){RIG_FAR, 64, .payload = 1261}, "!too-big");
	look_up(&(struct packet){RIG_FAR, 64, .payload = 1261, .fragment = 0x2000}, "!too-big");
	meta = look_up(
		&(struct packet){RIG_FAR, 64, .payload = 1261, .fragment = 0x4000}, "icmp-error");
	ck_assert_uint_eq(meta->icmp_type, 3);
	ck_assert_uint_eq(meta->icmp_code, 4);
	ck_assert_uint_eq(meta->icmp_mtu, 1280);
	ck_assert_uint_eq(rig_reason(&rig, "ip4-lookup", "fragmentation-needed"), 1);
	/* Other interfaces take it. */
	look_up(&(struct packet){RIG_HOST, 64, .payload = 1480, .fragment = 0x4000}, "ip4-rewrite");
}
END_TEST

START_TEST(directed_broadcasts)
{
	look_up(&(struct packet){RIG_HOST | 255, .ttl = 64}, "!directed-broadcast");
	look_up(&(struct packet){RIG_UPLINK0 & ~255u, .ttl = 64}, "!directed-broadcast");
	/* What looks like one elsewhere is the others' business. */
	look_up(&(struct packet){RIG_FAR | 255, .ttl = 64}, "ip4-rewrite");
	/* A link of two has none (RFC 3021). */
	rig.gateway.interfaces[0].prefix_len = 31;
	look_up(&(struct packet){RIG_HOST & ~255u, .ttl = 64}, "ip4-rewrite");
}
END_TEST

START_TEST(mixed_vectors_keep_their_order)
{
	static const uint32_t destinations[] = {RIG_FAR, RIG_INSIDE, RIG_HOST, RIG_HOST | 255};
	struct rte_mbuf *mbufs[64];
	struct frame frame;

	for (unsigned i = 0; i < 64; i++) {
		frame_ip4(&frame, &(struct frame_ip4){
					  .to = rig_mac[0],
					  .from = rig_peer_mac[0],
					  .source = RIG_HOST,
					  .destination = destinations[i % 4],
					  .payload = i,
				  });
		mbufs[i] = rig_mbuf(&rig, 0, &frame);
		packet_meta(mbufs[i])->rx = 0;
	}
	rig_send_n(&rig, "ip4-lookup", mbufs, 64);
	ck_assert_uint_eq(rig_got(&rig, "ip4-rewrite"), 32);
	ck_assert_uint_eq(rig_got(&rig, "ip4-local"), 16);
	for (unsigned i = 0; i < 32; i++)
		ck_assert_ptr_eq(rig_got_mbuf(&rig, "ip4-rewrite", i), mbufs[2 * i]);
	ck_assert_uint_eq(rig_reason(&rig, "ip4-lookup", "directed-broadcast"), 16);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("ip4_lookup");
	TCase *tcase = tcase_create("packets");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, connected_default_and_local);
	tcase_add_test(tcase, default_moves_and_goes);
	tcase_add_test(tcase, ttl);
	tcase_add_test(tcase, mtu);
	tcase_add_test(tcase, directed_broadcasts);
	tcase_add_test(tcase, mixed_vectors_keep_their_order);
	suite_add_tcase(suite, tcase);
	return suite;
}
