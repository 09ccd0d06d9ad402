/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/arp_process.c: the process in a whole gateway on the virtual clock: requests
 * repeated a second apart, the host told that it is unreachable, routers kept resolved, conflicts
 * reported at most once a second, a graph that takes nothing.
 */
#include "tests/ha-gateway/rig.h"

#include <errno.h>
#include <string.h>

static struct rig rig;
static unsigned reports;
static struct arp_conflict reported;

static void report(void *arg, const struct arp_conflict *conflict)
{
	ck_assert_ptr_eq(arg, &rig);
	reported = *conflict;
	reports++;
}

static void setup(void)
{
	rig_begin(&rig);
	rig_all(&rig);
	reports = 0;
	rig.gateway.arp_conflict_fn = report;
	rig.gateway.arp_conflict_arg = &rig;
}

static void spawn(void)
{
	ck_assert_int_eq(gyre_process_spawn(rig.gateway.loop, arp_process, &rig.gateway, NULL,
				 &rig.gateway.arp_process),
		0);
	rig_turn(&rig);
}

static void teardown(void)
{
	ck_assert_int_eq(gyre_process_cancel(rig.gateway.arp_process), 0);
	rig_turn(&rig);
	ck_assert_int_eq(gyre_process_cancel(rig.gateway.arp_process), -ESRCH);
	rig_end(&rig);
}

static void send_out(uint32_t destination)
{
	struct frame frame;

	frame_ip4(&frame, &(struct frame_ip4){
				  .to = rig_mac[0],
				  .from = rig_peer_mac[0],
				  .source = RIG_HOST,
				  .destination = destination,
				  .protocol = 17,
				  .payload = 64,
			  });
	rig_send(&rig, "ethernet-input", rig_mbuf(&rig, 0, &frame));
}

static void answer(unsigned interface, uint32_t sender)
{
	struct frame frame;

	frame_arp(&frame, &(struct frame_arp){
				  .to = rig_mac[interface],
				  .mac = rig_peer_mac[interface],
				  .operation = 2,
				  .sender = sender,
				  .target = rig.gateway.interfaces[interface].address,
				  .target_mac = rig_mac[interface],
			  });
	rig_send(&rig, "ethernet-input", rig_mbuf(&rig, interface, &frame));
}

static void must_be_request(const char *capture, unsigned i, uint32_t target, bool unicast)
{
	struct frame frame;

	rig_get(&rig, capture, i, &frame);
	ck_assert_uint_eq(frame_get16(&frame, AT_TYPE), 0x0806);
	ck_assert_uint_eq(frame_get16(&frame, 20), 1);
	ck_assert_uint_eq(frame_get32(&frame, 38), target);
	ck_assert_uint_eq(frame.bytes[0], unicast ? rig_peer_mac[1][0] : 255);
}

START_TEST(silence_is_unreachable)
{
	struct frame frame;

	spawn();
	answer(0, RIG_HOST);
	/* The host itself must be known, for the error to reach it. */
	frame_arp(&frame, &(struct frame_arp){
				  .mac = rig_peer_mac[0],
				  .operation = 1,
				  .sender = RIG_HOST,
				  .target = RIG_INSIDE,
			  });
	rig_send(&rig, "ethernet-input", rig_mbuf(&rig, 0, &frame));
	rig_release(&rig);
	send_out(RIG_ROUTER0 - 1);
	send_out(RIG_ROUTER0 - 1);
	for (unsigned second = 0; second < 3; second++) {
		ck_assert_uint_eq(rig_got(&rig, "tx-1"), second + 1);
		must_be_request("tx-1", second, RIG_ROUTER0 - 1, false);
		rig_wait(&rig, GYRE_MSEC(990));
		ck_assert_uint_eq(rig_got(&rig, "tx-1"), second + 1);
		ck_assert_uint_eq(rig_got(&rig, "tx-0"), 0);
		rig_wait(&rig, GYRE_MSEC(11));
	}
	ck_assert_uint_eq(rig_got(&rig, "tx-1"), 3);
	ck_assert_uint_eq(rig_got(&rig, "tx-0"), 2);
	rig_get(&rig, "tx-0", 1, &frame);
	ck_assert(frame_ip4_sound(&frame));
	ck_assert(frame_icmp_sound(&frame));
	ck_assert_uint_eq(frame.bytes[AT_PAYLOAD], 3);
	ck_assert_uint_eq(frame.bytes[AT_PAYLOAD + 1], 1);
	ck_assert_uint_eq(frame_get32(&frame, AT_DESTINATION), RIG_HOST);
	/* The quoted packet is as it came. */
	ck_assert_uint_eq(frame.bytes[AT_PAYLOAD + 8 + 8], 64);
}
END_TEST

START_TEST(late_answer_lets_go)
{
	spawn();
	send_out(RIG_FAR);
	rig_wait(&rig, GYRE_MSEC(1500));
	ck_assert_uint_eq(rig_got(&rig, "tx-1"), 2);
	answer(1, RIG_ROUTER0);
	ck_assert_uint_eq(rig_got(&rig, "tx-1"), 3);
	rig_wait(&rig, GYRE_SEC(5));
	ck_assert_uint_eq(rig_got(&rig, "tx-1"), 3);
	ck_assert_uint_eq(rig_got(&rig, "tx-0"), 0);
}
END_TEST

START_TEST(routers_are_kept)
{
	unsigned before;

	rig.gateway.arp_refresh = true;
	rig_turn(&rig);
	spawn();
	must_be_request("tx-1", 0, RIG_ROUTER0, false);
	must_be_request("tx-2", 0, RIG_ROUTER1, false);
	answer(1, RIG_ROUTER0);
	before = rig_got(&rig, "tx-1");
	for (unsigned second = 0; second < 100; second++) {
		rig_wait(&rig, GYRE_SEC(1) + 1);
		if (rig_got(&rig, "tx-1") > before)
			answer(1, RIG_ROUTER0);
		before = rig_got(&rig, "tx-1");
		ck_assert(arp_entry_resolved(arp_table_find(rig.gateway.arp, 1, RIG_ROUTER0)));
	}
	ck_assert_uint_ge(before, 1 + 3);
	ck_assert_uint_le(before, 1 + 6);
	must_be_request("tx-1", 1, RIG_ROUTER0, true);
	/* The other never answers, and is asked about once a second. */
	ck_assert_uint_ge(rig_got(&rig, "tx-2"), 95);
	ck_assert_uint_le(rig_got(&rig, "tx-2"), 101);
}
END_TEST

START_TEST(nobody_is_asked_for_nothing)
{
	spawn();
	rig_wait(&rig, GYRE_SEC(3600));
	ck_assert_uint_eq(rig_got_all(&rig), 0);
	ck_assert_uint_eq(rig.gateway.account.made, 0);
}
END_TEST

/* What was learnt from a request while the process slept without a deadline. */
START_TEST(who_asked_ages)
{
	struct frame frame;

	spawn();
	frame_arp(&frame, &(struct frame_arp){
				  .mac = rig_peer_mac[0],
				  .operation = 1,
				  .sender = RIG_HOST,
				  .target = RIG_INSIDE,
			  });
	rig_send(&rig, "ethernet-input", rig_mbuf(&rig, 0, &frame));
	ck_assert_ptr_nonnull(arp_table_find(rig.gateway.arp, 0, RIG_HOST));
	rig_wait(&rig, ARP_TIMEOUT_DEFAULT + GYRE_SEC(1));
	ck_assert_ptr_null(arp_table_find(rig.gateway.arp, 0, RIG_HOST));
}
END_TEST

static void claim(void)
{
	struct frame frame;

	frame_arp(&frame, &(struct frame_arp){
				  .mac = rig_peer_mac[1],
				  .operation = 1,
				  .sender = RIG_UPLINK0,
				  .target = RIG_UPLINK0,
			  });
	rig_send(&rig, "ethernet-input", rig_mbuf(&rig, 1, &frame));
}

START_TEST(conflicts_are_reported)
{
	spawn();
	for (unsigned i = 0; i < 10; i++) {
		claim();
		rig_wait(&rig, GYRE_MSEC(1));
	}
	ck_assert_uint_eq(reports, 1);
	ck_assert_uint_eq(reported.count, 1);
	ck_assert_uint_eq(reported.interface, 1);
	ck_assert_mem_eq(&reported.mac, rig_peer_mac[1], 6);
	rig_wait(&rig, GYRE_MSEC(1100));
	ck_assert_uint_eq(reports, 2);
	ck_assert_uint_eq(reported.count, 10);
	rig_wait(&rig, GYRE_SEC(10));
	ck_assert_uint_eq(reports, 2);
	claim();
	ck_assert_uint_eq(reports, 3);
}
END_TEST

/* No request is made, none is lost, and the next one comes. */
START_TEST(empty_pool)
{
	struct rte_mbuf *held[RIG_MBUFS];
	unsigned n = 0;

	spawn();
	send_out(RIG_FAR);
	while (n < RIG_MBUFS && (held[n] = rte_pktmbuf_alloc(rig.gateway.pool)))
		n++;
	rig_wait(&rig, GYRE_MSEC(1100));
	rte_pktmbuf_free_bulk(held, n);
	ck_assert_uint_eq(rig_got(&rig, "tx-1"), 1);
	rig_wait(&rig, GYRE_SEC(1));
	ck_assert_uint_eq(rig_got(&rig, "tx-1"), 2);
}
END_TEST

/* Whoever cannot be told is counted as ended. */
START_TEST(graph_takes_nothing)
{
	spawn();
	send_out(RIG_FAR);
	rig.gateway.icmp_error.generation += 1000;
	rig.gateway.tx[1].generation += 1000;
	rig_wait(&rig, GYRE_MSEC(3100));
	ck_assert_uint_eq(rig.gateway.account.made, 3);
	ck_assert_uint_eq(rig.gateway.account.ended, 2 + 1);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("arp_process");
	TCase *tcase = tcase_create("process");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, silence_is_unreachable);
	tcase_add_test(tcase, late_answer_lets_go);
	tcase_add_test(tcase, routers_are_kept);
	tcase_add_test(tcase, nobody_is_asked_for_nothing);
	tcase_add_test(tcase, who_asked_ages);
	tcase_add_test(tcase, conflicts_are_reported);
	tcase_add_test(tcase, empty_pool);
	tcase_add_test(tcase, graph_takes_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
