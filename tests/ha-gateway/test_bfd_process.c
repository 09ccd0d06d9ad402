/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process of a BFD session between its mailbox and ip4-rewrite, on a virtual clock, and the
 * route that follows its word. The peer is a session of bfd.c whose packets are made here.
 */
#include "rig.h"

#include "examples/ha-gateway/checks.h"

#include <string.h>

#define EVENT_MAIL GYRE_EVENT(0)

enum { AT_UDP = AT_PAYLOAD, AT_BFD = AT_UDP + 8, PEER_PORT = 50000 };

static struct rig rig;
static struct checks checks;

/* The router: what leaves for ip4-rewrite is its mail. */
static struct bfd_session peer;
static struct gyre_process_id peer_process;
static struct gyre_node_id peer_mailbox, our_mailbox;
static bool peer_talks;
static struct packet_meta last_meta;

static struct gyre_loop *loop(void)
{
	return rig.gateway.loop;
}

static uint64_t now(void)
{
	return gyre_loop_clock(loop());
}

static const struct bfd_session *ours(void)
{
	return &checks.bfds[0].session;
}

static const struct next_hop *route(void)
{
	return &rig.gateway.next_hops[NEXT_HOP_DEFAULT];
}

/* --- The peer --- */

static void make(struct frame *frame, const uint8_t bytes[BFD_PACKET_SIZE])
{
	const struct frame_ip4 ip4 = {
		.to = rig_mac[1],
		.from = rig_peer_mac[1],
		.source = RIG_ROUTER0,
		.destination = RIG_UPLINK0,
		.protocol = 17,
		.ttl = BFD_TTL,
		.payload = BFD_PACKET_SIZE,
	};

	frame_udp(frame, &ip4, BFD_UDP_PORT);
	frame_put16(frame, AT_UDP, PEER_PORT);
	memcpy(frame->bytes + AT_BFD, bytes, BFD_PACKET_SIZE);
	frame_udp_seal(frame);
}

/* What it would say now, whether it talks or not. */
static void make_saying(struct frame *frame)
{
	const struct bfd_packet packet = {
		.state = peer.state,
		.detect_mult = peer.detect_mult,
		.my_discriminator = peer.local_discriminator,
		.your_discriminator = peer.remote_discriminator,
		.desired_min_tx_usec = peer.desired_min_tx_usec,
		.required_min_rx_usec = peer.required_min_rx_usec,
	};
	uint8_t bytes[BFD_PACKET_SIZE];

	bfd_packet_build(&packet, bytes);
	make(frame, bytes);
}

static void put(struct rte_mbuf *mbuf)
{
	ck_assert_int_eq(gyre_node_inject(loop(), our_mailbox, (void **)&mbuf, 1), 1);
	rig.injected++;
}

/* Every frame of ours is as RFC 5881 wants it. */
static void peer_hear(struct rte_mbuf *mbuf)
{
	struct bfd_datagram datagram = {.len = BFD_PACKET_SIZE};
	struct bfd_change change;
	struct frame frame;

	frame.len = rte_pktmbuf_data_len(mbuf);
	ck_assert_uint_eq(frame.len, AT_BFD + BFD_PACKET_SIZE);
	memcpy(frame.bytes, rte_pktmbuf_mtod(mbuf, void *), frame.len);
	ck_assert(frame_ip4_sound(&frame));
	ck_assert_uint_eq(frame_get32(&frame, AT_SOURCE), RIG_UPLINK0);
	ck_assert_uint_eq(frame_get32(&frame, AT_DESTINATION), RIG_ROUTER0);
	ck_assert_uint_ge(frame_get16(&frame, AT_UDP), BFD_SOURCE_PORT_MIN);
	last_meta = *packet_meta(mbuf);
	datagram.payload = frame.bytes + AT_BFD;
	datagram.ttl = frame.bytes[AT_TTL];
	datagram.dest_port = frame_get16(&frame, AT_UDP + 2);
	bfd_session_receive(&peer, &datagram, now(), &change);
}

static void peer_speak(void)
{
	uint8_t bytes[BFD_PACKET_SIZE];
	struct bfd_change change;
	struct frame frame;

	while (bfd_session_advance(&peer, now(), now(), bytes, &change) != 0) {
		make(&frame, bytes);
		if (peer_talks)
			put(rig_mbuf(&rig, 1, &frame));
	}
}

static int peer_main(struct gyre_process *self, void *arg)
{
	struct rte_mbuf *mbuf;
	uint32_t events;

	(void)arg;
	while (gyre_process_wait(self, EVENT_MAIL, bfd_session_deadline(&peer), &events) !=
		-ECANCELED) {
		while (gyre_mailbox_take(loop(), peer_mailbox, (void **)&mbuf, 1) == 1) {
			peer_hear(mbuf);
			rte_pktmbuf_free(mbuf);
			rig.gateway.account.ended++;
		}
		peer_speak();
	}
	return 0;
}

static void peer_start(void)
{
	const struct bfd_config config = {
		.local_discriminator = 77,
		.desired_min_tx_nsec = GYRE_MSEC(10),
		.required_min_rx_nsec = GYRE_MSEC(10),
		.detect_mult = 3,
		.seed = 1,
	};

	peer_talks = true;
	ck_assert_int_eq(bfd_session_init(&peer, &config, now(), NULL), 0);
	ck_assert_int_eq(gyre_mailbox_add(loop(), "ip4-rewrite", 64, NULL, &peer_mailbox), 0);
	ck_assert_int_eq(gyre_process_spawn(loop(), peer_main, NULL, NULL, &peer_process), 0);
	ck_assert_int_eq(gyre_mailbox_serve(loop(), peer_mailbox, peer_process, EVENT_MAIL), 0);
	rig.gateway.ip4_rewrite = peer_mailbox;
}

/* --- The course of a test --- */

static void setup(void)
{
	const struct options options = {
		.n_uplinks = 2,
		.bfd = true,
		.bfd_interval_nsec = GYRE_MSEC(10),
		.bfd_multiplier = 3,
		.revert = true,
		.withdraw = true,
		.vector = 64,
	};

	rig_begin(&rig);
	rig_let_time_pass(&rig);
	memset(&checks, 0, sizeof(checks));
	rig.gateway.checks = &checks;
	rig.gateway.next_hops[NEXT_HOP_DEFAULT].kind = NEXT_HOP_UNREACHABLE;
	peer_start();
	ck_assert_int_eq(failover_start(&rig.gateway, &options), 0);
	ck_assert_int_eq(bfd_check_start(&checks.bfds[0], &rig.gateway, 0, &options), 0);
	ck_assert_int_eq(gyre_node_find(loop(), "bfd-1", &our_mailbox), 0);
	failover_say(&rig.gateway, 0, CHECK_LINK, FAILOVER_UP, "carrier");
}

static void stop(struct gyre_timer *timer)
{
	gyre_loop_stop(timer->loop);
}

/* Time is virtual: it passes when nobody has anything to do. */
static void pass(uint64_t nsec)
{
	struct gyre_timer timer;

	gyre_timer_init(&timer, loop(), stop);
	gyre_timer_start(&timer, now() + nsec);
	ck_assert_int_eq(gyre_loop_run(loop(), GYRE_RUN_DEFAULT), 1);
	gyre_timer_stop(&timer);
}

static void deliver(const struct frame *frame)
{
	put(rig_mbuf(&rig, 1, frame));
	pass(GYRE_USEC(2));
}

/* Both processes end; what is still on its way between them ends here. */
static void teardown(void)
{
	struct rte_mbuf *mbuf;

	gyre_process_cancel(peer_process);
	gyre_process_cancel(checks.bfds[0].process);
	gyre_process_cancel(checks.failover_process);
	rig_turn(&rig);
	bfd_check_flush(&checks.bfds[0]);
	while (gyre_mailbox_take(loop(), peer_mailbox, (void **)&mbuf, 1) == 1) {
		rte_pktmbuf_free(mbuf);
		rig.gateway.account.ended++;
	}
	rig_end(&rig);
}

static void come_up(void)
{
	pass(GYRE_SEC(2));
	ck_assert_int_eq(ours()->state, BFD_STATE_UP);
	ck_assert_int_eq(peer.state, BFD_STATE_UP);
	ck_assert_int_eq(route()->kind, NEXT_HOP_FORWARD);
}

/* --- Tests --- */

START_TEST(test_up)
{
	ck_assert_int_eq(route()->kind, NEXT_HOP_UNREACHABLE);
	come_up();
	ck_assert_uint_eq(route()->interface, 1);
	ck_assert_uint_eq(route()->address, RIG_ROUTER0);
	ck_assert_uint_eq(checks.bfds[0].unsent, 0);
	for (unsigned i = 0; i < BFD_DROP_COUNT; i++)
		ck_assert_uint_eq(peer.counters.drops[i], 0);
	ck_assert_uint_eq(last_meta.next_hop, RIG_ROUTER0);
	ck_assert_uint_eq(last_meta.tx, 1);
	ck_assert_uint_eq(last_meta.rx, GATEWAY_NO_INTERFACE);
}
END_TEST

/* At the detection time after its last packet, and not before. */
START_TEST(test_silence)
{
	uint64_t deadline;

	come_up();
	peer_talks = false;
	deadline = ours()->last_rx_nsec + GYRE_MSEC(30);
	pass(deadline - now() - GYRE_USEC(10));
	ck_assert_int_eq(ours()->state, BFD_STATE_UP);
	ck_assert_int_eq(route()->kind, NEXT_HOP_FORWARD);
	pass(GYRE_USEC(20));
	ck_assert_int_eq(ours()->state, BFD_STATE_DOWN);
	ck_assert_int_eq(route()->kind, NEXT_HOP_UNREACHABLE);
	ck_assert_str_eq(checks.why[0][CHECK_BFD], "control detection time expired");
	peer_talks = true;
	come_up();
}
END_TEST

/* A packet that was behind others in the receive queue when the time expired comes out of it in
 * one of the next turns: it is heard. */
static int late_main(struct gyre_process *self, void *arg)
{
	const struct frame *frame = arg;

	gyre_process_sleep_until(self, ours()->last_rx_nsec + GYRE_MSEC(30));
	for (unsigned i = 0; i < 10; i++)
		gyre_process_yield(self);
	put(rig_mbuf(&rig, 1, frame));
	return 0;
}

START_TEST(test_behind_others)
{
	uint64_t deadline;
	struct frame frame;

	come_up();
	peer_talks = false;
	deadline = ours()->last_rx_nsec + GYRE_MSEC(30);
	make_saying(&frame);
	ck_assert_int_eq(gyre_process_spawn(loop(), late_main, &frame, NULL, NULL), 0);
	pass(deadline - now() + GYRE_USEC(100));
	ck_assert_int_eq(ours()->state, BFD_STATE_UP);
	ck_assert_uint_ge(ours()->last_rx_nsec, deadline);
	ck_assert_int_eq(route()->kind, NEXT_HOP_FORWARD);
	pass(GYRE_MSEC(31));
	ck_assert_int_eq(ours()->state, BFD_STATE_DOWN);
}
END_TEST

/* The loop did not run for three detection times: what the peer said meanwhile counts. */
START_TEST(test_stalled)
{
	struct frame frame;

	come_up();
	peer_talks = false;
	make_saying(&frame);
	put(rig_mbuf(&rig, 1, &frame));
	gyre_clock_advance(rig.clock, now() + GYRE_MSEC(90));
	pass(GYRE_MSEC(1));
	ck_assert_int_eq(ours()->state, BFD_STATE_UP);
	ck_assert_int_eq(route()->kind, NEXT_HOP_FORWARD);
	pass(GYRE_MSEC(30));
	ck_assert_int_eq(ours()->state, BFD_STATE_DOWN);
}
END_TEST

START_TEST(test_admin_down)
{
	struct bfd_change change;

	come_up();
	bfd_session_set_admin(&peer, true, now(), &change);
	pass(GYRE_MSEC(25));
	ck_assert_int_eq(ours()->state, BFD_STATE_DOWN);
	ck_assert_int_eq(route()->kind, NEXT_HOP_FORWARD);
	ck_assert_uint_eq(ours()->counters.times_down, 0);
	pass(GYRE_MSEC(100));
	ck_assert_int_eq(route()->kind, NEXT_HOP_FORWARD);
}
END_TEST

/* Each is counted under its own name and changes nothing else. */
static void refuse(const struct frame *frame, const uint64_t *counter)
{
	uint64_t before = *counter, received = ours()->counters.received;

	deliver(frame);
	ck_assert_uint_eq(*counter, before + 1);
	ck_assert_uint_eq(ours()->counters.received, received);
	ck_assert_int_eq(ours()->state, BFD_STATE_UP);
}

START_TEST(test_refused)
{
	const struct bfd_check *check = &checks.bfds[0];
	struct frame good, frame;

	come_up();
	make_saying(&good);

	frame = good;
	frame_put32(&frame, AT_SOURCE, RIG_ROUTER0 - 1);
	frame_udp_seal(&frame);
	refuse(&frame, &check->foreign);
	frame = good;
	frame_put32(&frame, AT_DESTINATION, RIG_INSIDE);
	frame_udp_seal(&frame);
	refuse(&frame, &check->foreign);
	frame = good;
	frame_put16(&frame, AT_UDP + 4, 7);
	refuse(&frame, &check->malformed);
	frame = good;
	frame_put16(&frame, AT_UDP + 4, 8 + BFD_PACKET_SIZE + 1);
	refuse(&frame, &check->malformed);
	frame = good;
	frame.len = AT_UDP + 7;
	refuse(&frame, &check->malformed);
	frame = good;
	frame.bytes[AT_BFD + 5] ^= 1;
	refuse(&frame, &check->checksum);
	frame = good;
	frame.bytes[AT_TTL] = 254;
	refuse(&frame, &ours()->counters.drops[BFD_DROP_TTL]);
	frame = good;
	frame.bytes[AT_BFD] = 0;
	frame_udp_seal(&frame);
	refuse(&frame, &ours()->counters.drops[BFD_DROP_VERSION]);
	deliver(&good);
	pass(GYRE_MSEC(20));
	ck_assert_int_eq(ours()->state, BFD_STATE_UP);
}
END_TEST

/* A checksum of 0 says that there is none (RFC 768); padding behind the datagram is no fault. */
START_TEST(test_taken)
{
	struct frame frame;
	uint64_t received;

	come_up();
	received = ours()->counters.received;
	make_saying(&frame);
	frame_put16(&frame, AT_UDP + 6, 0);
	deliver(&frame);
	ck_assert_uint_eq(ours()->counters.received, received + 1);
	make_saying(&frame);
	memset(frame.bytes + frame.len, 0x5a, 7);
	frame.len += 7;
	deliver(&frame);
	ck_assert_uint_eq(ours()->counters.received, received + 2);
}
END_TEST

/* In pieces of one byte each the same. */
START_TEST(test_segments)
{
	struct frame frame;
	uint64_t received;

	come_up();
	make_saying(&frame);
	for (unsigned split = 1; split < frame.len; split++) {
		received = ours()->counters.received;
		put(rig_mbuf_split(&rig, 1, &frame, split));
		pass(GYRE_USEC(2));
		ck_assert_msg(ours()->counters.received == received + 1, "split after %u", split);
	}
}
END_TEST

/* Without a buffer nothing is said, and that is counted; later it goes on. */
START_TEST(test_empty_pool)
{
	static struct rte_mbuf *mbufs[RIG_MBUFS];
	unsigned n = 0;

	come_up();
	while (n < RIG_MBUFS && (mbufs[n] = rte_pktmbuf_alloc(rig.gateway.pool)) != NULL)
		n++;
	peer_talks = false;
	pass(GYRE_MSEC(20));
	ck_assert_uint_ge(checks.bfds[0].unsent, 1);
	rte_pktmbuf_free_bulk(mbufs, n);
	peer_talks = true;
	come_up();
}
END_TEST

/* What the mailbox still holds at the end. */
START_TEST(test_flush)
{
	struct frame frame;
	uint64_t ended;

	come_up();
	peer_talks = false;
	ck_assert_int_eq(gyre_process_cancel(checks.bfds[0].process), 0);
	pass(GYRE_MSEC(1));
	make_saying(&frame);
	ended = rig.gateway.account.ended;
	deliver(&frame);
	ck_assert_uint_eq(rig.gateway.account.ended, ended);
	bfd_check_flush(&checks.bfds[0]);
	ck_assert_uint_eq(rig.gateway.account.ended, ended + 1);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("bfd_process");
	TCase *tcase = tcase_create("bfd_process");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_up);
	tcase_add_test(tcase, test_silence);
	tcase_add_test(tcase, test_behind_others);
	tcase_add_test(tcase, test_stalled);
	tcase_add_test(tcase, test_admin_down);
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_taken);
	tcase_add_test(tcase, test_segments);
	tcase_add_test(tcase, test_empty_pool);
	tcase_add_test(tcase, test_flush);
	suite_add_tcase(suite, tcase);
	return suite;
}
