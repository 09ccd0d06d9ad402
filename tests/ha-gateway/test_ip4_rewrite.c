/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/ip4_rewrite.c: frames and TTL, the incremental checksum against a whole one;
 * packets that wait: what is asked, in which order they end when queue, table or bound are full,
 * and with an empty pool.
 */
#include "tests/ha-gateway/rig.h"

#include <stdlib.h>
#include <string.h>

static struct rig rig;

static void setup(void)
{
	rig_begin(&rig);
	rig_add(&rig, &ip4_rewrite_class, IP4_REWRITE_NEXT_TX);
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
	.payload = 30,
};

static void learn(unsigned interface, uint32_t address)
{
	void *items[ARP_QUEUE_MAX];

	ck_assert_int_eq(arp_table_learn(rig.gateway.arp, interface, address,
				 rig_peer_mac[interface], true, gyre_clock_now(rig.clock), items),
		0);
}

/* As ip4-lookup leaves it. */
static struct rte_mbuf *routed(struct rte_mbuf *mbuf, unsigned tx, uint32_t next_hop)
{
	struct packet_meta *meta = packet_meta(mbuf);

	meta->rx = 0;
	meta->tx = tx;
	meta->next_hop = next_hop;
	return mbuf;
}

static struct rte_mbuf *numbered(unsigned number, unsigned tx, uint32_t next_hop)
{
	struct frame frame;

	frame_ip4(&frame, &outward);
	frame_put16(&frame, AT_ID, number);
	frame_ip4_seal(&frame);
	return routed(rig_mbuf(&rig, 0, &frame), tx, next_hop);
}

START_TEST(frames_and_ttl)
{
	struct frame frame, sent;
	struct rte_mbuf *mbuf;

	learn(1, RIG_ROUTER0);
	learn(2, RIG_ROUTER1);
	frame_ip4(&frame, &outward);
	for (unsigned tx = 1; tx <= 2; tx++) {
		uint32_t router = tx == 1 ? RIG_ROUTER0 : RIG_ROUTER1;
		const char *name = tx == 1 ? "tx-1" : "tx-2";

		rig_expect_mbuf(
			&rig, "ip4-rewrite", routed(rig_mbuf(&rig, 0, &frame), tx, router), name);
		rig_get(&rig, name, 0, &sent);
		ck_assert_mem_eq(sent.bytes, rig_peer_mac[tx], 6);
		ck_assert_mem_eq(sent.bytes + 6, rig_mac[tx], 6);
		ck_assert_uint_eq(frame_get16(&sent, AT_TYPE), 0x0800);
		ck_assert_uint_eq(sent.bytes[AT_TTL], 63);
		ck_assert(frame_ip4_sound(&sent));
		ck_assert_mem_eq(
			sent.bytes + AT_SOURCE, frame.bytes + AT_SOURCE, frame.len - AT_SOURCE);
		/* Ours has its TTL already. */
		mbuf = routed(rig_mbuf(&rig, 0, &frame), tx, router);
		packet_meta(mbuf)->rx = GATEWAY_NO_INTERFACE;
		rig_expect_mbuf(&rig, "ip4-rewrite", mbuf, name);
		rig_get(&rig, name, 0, &sent);
		ck_assert_mem_eq(sent.bytes + AT_IP, frame.bytes + AT_IP, frame.len - AT_IP);
	}
	ck_assert(arp_table_find(rig.gateway.arp, 1, RIG_ROUTER0)->used);
}
END_TEST

/* RFC 1624 against RFC 1071: every TTL, and identifications that walk through all sums. */
START_TEST(checksum_is_what_it_would_be)
{
	struct frame frame, sent;
	struct rte_mbuf *mbuf;

	learn(1, RIG_ROUTER0);
	frame_ip4(&frame, &outward);
	for (unsigned i = 0; i < 65536; i += 3) {
		frame_put16(&frame, AT_ID, i);
		frame.bytes[AT_TTL] = 2 + i % 254;
		frame.bytes[AT_PROTOCOL] = i >> 8;
		frame_ip4_seal(&frame);
		mbuf = routed(rig_mbuf(&rig, 0, &frame), 1, RIG_ROUTER0);
		rig_send(&rig, "ip4-rewrite", mbuf);
		rig_get(&rig, "tx-1", 0, &sent);
		rig_release(&rig);
		ck_assert_uint_eq(sent.bytes[AT_TTL], frame.bytes[AT_TTL] - 1);
		frame.bytes[AT_TTL]--;
		frame_ip4_seal(&frame);
		ck_assert_uint_eq(
			frame_get16(&sent, AT_CHECKSUM), frame_get16(&frame, AT_CHECKSUM));
	}
}
END_TEST

static void must_be_request(const struct frame *frame, unsigned interface, uint32_t target)
{
	struct frame wanted;

	frame_arp(&wanted, &(struct frame_arp){
				   .mac = rig_mac[interface],
				   .operation = 1,
				   .sender = rig.gateway.interfaces[interface].address,
				   .target = target,
			   });
	ck_assert_uint_eq(frame->len, wanted.len);
	ck_assert_mem_eq(frame->bytes, wanted.bytes, wanted.len);
}

/* One request, whatever the number of packets; they wait unchanged. */
START_TEST(unresolved_waits_and_asks_once)
{
	struct arp_table_stats stats;
	struct frame frame;

	for (unsigned i = 0; i < 10; i++)
		rig_send(&rig, "ip4-rewrite", numbered(i, 2, RIG_ROUTER1));
	ck_assert_uint_eq(rig_got_all(&rig), 1);
	rig_get(&rig, "tx-2", 0, &frame);
	must_be_request(&frame, 2, RIG_ROUTER1);
	arp_table_stats_get(rig.gateway.arp, &stats);
	ck_assert_uint_eq(stats.held, 10);
	ck_assert_uint_eq(rig.gateway.account.made, 1);
	/* The same address behind another interface is another. */
	rig_send(&rig, "ip4-rewrite", numbered(0, 1, RIG_ROUTER1));
	rig_get(&rig, "tx-1", 0, &frame);
	must_be_request(&frame, 1, RIG_ROUTER1);
}
END_TEST

/* In one vector, too, beside packets that can go. */
START_TEST(mixed_vectors)
{
	struct rte_mbuf *mbufs[60];
	struct frame frame;

	learn(1, RIG_ROUTER0);
	for (unsigned i = 0; i < 60; i++)
		mbufs[i] = i % 3 == 2 ? numbered(i, 2, RIG_ROUTER1) : numbered(i, 1, RIG_ROUTER0);
	rig_send_n(&rig, "ip4-rewrite", mbufs, 60);
	ck_assert_uint_eq(rig_got(&rig, "tx-1"), 40);
	ck_assert_uint_eq(rig_got(&rig, "tx-2"), 1);
	ck_assert_uint_eq(rig_reason(&rig, "ip4-rewrite", "arp-queue-full"), 4);
	for (unsigned i = 0; i < 40; i++) {
		rig_get(&rig, "tx-1", i, &frame);
		ck_assert_uint_eq(frame_get16(&frame, AT_ID), i / 2 * 3 + i % 2);
	}
}
END_TEST

static void must_go(uint32_t to, unsigned tx, const uint8_t mac[6])
{
	const char *name = tx == 1 ? "tx-1" : "tx-2";
	struct frame frame;

	rig_send(&rig, "ip4-rewrite", numbered(0, tx, to));
	ck_assert_uint_eq(rig_got_all(&rig), 1);
	rig_get(&rig, name, 0, &frame);
	ck_assert_mem_eq(frame.bytes, mac, 6);
	ck_assert_mem_eq(frame.bytes + 6, rig_mac[tx], 6);
	ck_assert_uint_eq(frame_get16(&frame, AT_TYPE), 0x0800);
	ck_assert_uint_eq(frame.bytes[AT_TTL], 63);
	rig_release(&rig);
}

/* A neighbour that changes its MAC, and the same address on another interface; one that aged is
 * asked again. */
START_TEST(frames_are_those_of_now)
{
	static const uint8_t moved[6] = {2, 9, 9, 9, 9, 9};
	void *items[ARP_QUEUE_MAX];
	struct arp_action action;
	struct frame frame;

	learn(1, RIG_ROUTER0);
	learn(2, RIG_ROUTER0);
	for (unsigned i = 0; i < 3; i++) {
		must_go(RIG_ROUTER0, 1, rig_peer_mac[1]);
		must_go(RIG_ROUTER0, 2, rig_peer_mac[2]);
	}
	ck_assert_int_eq(arp_table_learn(rig.gateway.arp, 1, RIG_ROUTER0, moved, false,
				 gyre_clock_now(rig.clock), items),
		0);
	ck_assert(!arp_table_find(rig.gateway.arp, 1, RIG_ROUTER0)->used);
	must_go(RIG_ROUTER0, 1, moved);
	must_go(RIG_ROUTER0, 2, rig_peer_mac[2]);
	ck_assert(arp_table_find(rig.gateway.arp, 1, RIG_ROUTER0)->used);
	while (arp_table_advance(
		rig.gateway.arp, gyre_clock_now(rig.clock) + ARP_TIMEOUT_DEFAULT, &action))
		continue;
	rig_send(&rig, "ip4-rewrite", numbered(0, 1, RIG_ROUTER0));
	rig_get(&rig, "tx-1", 0, &frame);
	must_be_request(&frame, 1, RIG_ROUTER0);
}
END_TEST

/* Two interfaces in one vector, by ones and by runs, with the same address behind both. */
START_TEST(mixed_interfaces)
{
	static const char *const names[] = {"tx-1", "tx-2"};
	struct rte_mbuf *mbufs[60];
	unsigned got[2];

	learn(1, RIG_ROUTER0);
	learn(2, RIG_ROUTER0);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 60; i++)
			mbufs[i] = numbered(i, 1 + i / (1 + round * 14) % 2, RIG_ROUTER0);
		rig_send_n(&rig, "ip4-rewrite", mbufs, 60);
		ck_assert_uint_eq(rig_got_all(&rig), 60);
		got[0] = got[1] = 0;
		for (unsigned i = 0; i < 60; i++) {
			unsigned to = i / (1 + round * 14) % 2;
			struct frame frame;

			rig_get(&rig, names[to], got[to]++, &frame);
			ck_assert_uint_eq(frame_get16(&frame, AT_ID), i);
			ck_assert_mem_eq(frame.bytes, rig_peer_mac[1 + to], 6);
			ck_assert_mem_eq(frame.bytes + 6, rig_mac[1 + to], 6);
			ck_assert_uint_eq(frame.bytes[AT_TTL], 63);
		}
		rig_release(&rig);
	}
}
END_TEST

START_TEST(full_queue_drops_the_oldest)
{
	void *items[ARP_QUEUE_MAX];
	struct frame frame;

	for (unsigned i = 0; i < 40; i++)
		rig_send(&rig, "ip4-rewrite", numbered(i, 1, RIG_ROUTER0));
	ck_assert_uint_eq(rig_reason(&rig, "ip4-rewrite", "arp-queue-full"), 24);
	ck_assert_int_eq(
		arp_table_learn(rig.gateway.arp, 1, RIG_ROUTER0, rig_peer_mac[1], false, 0, items),
		ARP_QUEUE_MAX);
	for (unsigned i = 0; i < ARP_QUEUE_MAX; i++) {
		const uint8_t *bytes = rte_pktmbuf_mtod((struct rte_mbuf *)items[i], uint8_t *);

		memcpy(frame.bytes, bytes, 34);
		ck_assert_uint_eq(frame_get16(&frame, AT_ID), 24 + i);
		ck_assert_uint_eq(frame.bytes[AT_TTL], 64);
	}
	rte_pktmbuf_free_bulk((struct rte_mbuf **)items, ARP_QUEUE_MAX);
	rig.gateway.account.ended += ARP_QUEUE_MAX;
}
END_TEST

START_TEST(full_table_drops_who_waits_longest)
{
	for (unsigned i = 0; i < 40; i++) {
		rig_send(&rig, "ip4-rewrite", numbered(i, 0, RIG_HOST + i));
		rig_send(&rig, "ip4-rewrite", numbered(i, 0, RIG_HOST + i));
	}
	/* 32 entries. */
	ck_assert_uint_eq(rig_reason(&rig, "ip4-rewrite", "arp-table-full"), 16);
	ck_assert_uint_eq(rig_got(&rig, "tx-0"), 40);
	ck_assert_ptr_null(arp_table_find(rig.gateway.arp, 0, RIG_HOST + 7));
	ck_assert_ptr_nonnull(arp_table_find(rig.gateway.arp, 0, RIG_HOST + 8));
}
END_TEST

/* 512 may wait at most: the pool of the rig holds as many. */
START_TEST(bound_of_all_that_wait)
{
	struct arp_table_config config = arp_table_config_default();

	arp_table_destroy(rig.gateway.arp);
	config.held_max = 100;
	ck_assert_int_eq(arp_table_create(&config, &rig.gateway.arp, NULL), 0);
	for (unsigned i = 0; i < 150; i++)
		rig_send(&rig, "ip4-rewrite", numbered(i, 0, RIG_HOST + i));
	ck_assert_uint_eq(rig_reason(&rig, "ip4-rewrite", "arp-held-max"), 50);
	ck_assert_uint_eq(rig_got(&rig, "tx-0"), 100);
}
END_TEST

START_TEST(empty_pool)
{
	struct rte_mbuf *held[RIG_MBUFS], *mbuf = numbered(0, 1, RIG_ROUTER0);
	struct arp_table_stats stats;
	unsigned n = 0;

	while (n < RIG_MBUFS && (held[n] = rte_pktmbuf_alloc(rig.gateway.pool)))
		n++;
	rig_send(&rig, "ip4-rewrite", mbuf);
	rte_pktmbuf_free_bulk(held, n);
	ck_assert_uint_eq(rig_got_all(&rig), 0);
	ck_assert_uint_eq(rig_reason(&rig, "ip4-rewrite", "no-mbuf"), 1);
	arp_table_stats_get(rig.gateway.arp, &stats);
	ck_assert_uint_eq(stats.held, 1);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("ip4_rewrite");
	TCase *tcase = tcase_create("packets");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, frames_and_ttl);
	tcase_add_test(tcase, checksum_is_what_it_would_be);
	tcase_add_test(tcase, unresolved_waits_and_asks_once);
	tcase_add_test(tcase, mixed_vectors);
	tcase_add_test(tcase, mixed_interfaces);
	tcase_add_test(tcase, frames_are_those_of_now);
	tcase_add_test(tcase, full_queue_drops_the_oldest);
	tcase_add_test(tcase, full_table_drops_who_waits_longest);
	tcase_add_test(tcase, bound_of_all_that_wait);
	tcase_add_test(tcase, empty_pool);
	suite_add_tcase(suite, tcase);
	return suite;
}
