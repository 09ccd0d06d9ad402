/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/bfd.c, what a session does about time: rates before and in Up, jitter, Poll
 * Sequences in both directions, which of an interval's old and new value is in use meanwhile, and
 * the peer's wishes (zero Required Min RX, demand mode).
 */
#include "bfd_peer.h"
#include "harness.h"

static struct peer peer;

static void set_up(void)
{
	peer_init(&peer);
	peer_start(&peer);
}

/* The gaps between what was sent, in the log: all within [min, max]. */
static void assert_gaps(uint64_t min, uint64_t max)
{
	ck_assert_uint_gt(peer.num_sent, 1);
	for (unsigned i = 1; i < peer.num_sent; i++) {
		uint64_t gap = peer.sent_at[i] - peer.sent_at[i - 1];

		if (gap < min || gap > max)
			ck_abort_msg("gap %u is %llu ns", i, (unsigned long long)gap);
	}
}

/* Keeps the peer talking, each 5 ms, in state Up, until `until`. */
static void talk(uint64_t until)
{
	while (peer.now < until) {
		peer_say(&peer, BFD_STATE_UP);
		peer_pass(&peer, nsec_earlier(until, peer.now + 5 * MSEC));
	}
}

static void answer_poll(void)
{
	peer.say.final = true;
	peer_say(&peer, BFD_STATE_UP);
	peer.say.final = false;
}

static void set_timers(uint64_t tx_msec, uint64_t rx_msec)
{
	ck_assert_int_eq(bfd_session_set_timers(
				 &peer.session, tx_msec * MSEC, rx_msec * MSEC, peer.now, NULL),
		0);
}

START_TEST(slow_until_up)
{
	peer_pass(&peer, peer.now + 500 * SEC);
	assert_gaps(750 * MSEC, 1000 * MSEC);
	ck_assert_uint_ge(peer.num_sent, 550);
	ck_assert_uint_le(peer.num_sent, 595);
	peer_forget_log(&peer);
	peer.config.desired_min_tx_nsec = 3 * SEC;
	peer_start(&peer);
	peer_pass(&peer, peer.now + 500 * SEC);
	assert_gaps(2250 * MSEC, 3000 * MSEC);
}
END_TEST

/* Spread over the whole range, the mean in its middle, and no two sessions alike. */
static void check_jitter(unsigned mult, uint64_t max)
{
	unsigned buckets[5] = {0};
	uint64_t sum = 0, min = 7500 * NSEC_PER_USEC, width = (max - min) / 5 + 1;

	peer.config.detect_mult = mult;
	peer_start(&peer);
	peer_bring(&peer, BFD_STATE_UP);
	talk(peer.now + 20 * SEC);
	ck_assert_uint_gt(peer.num_sent, 2000);
	for (unsigned i = 2; i < peer.num_sent; i++) {
		uint64_t gap = peer.sent_at[i] - peer.sent_at[i - 1];

		if (gap < min || gap > max)
			ck_abort_msg("gap %u is %llu ns", i, (unsigned long long)gap);
		sum += gap;
		buckets[(gap - min) / width]++;
	}
	for (unsigned i = 0; i < 5; i++)
		ck_assert_uint_gt(buckets[i], peer.num_sent / 5 / 5 * 4);
	sum /= peer.num_sent - 2;
	ck_assert_uint_gt(sum, (min + max) / 2 - 100000);
	ck_assert_uint_lt(sum, (min + max) / 2 + 100000);
}

START_TEST(jitter)
{
	check_jitter(3, 10 * MSEC);
}
END_TEST

START_TEST(jitter_with_mult_one)
{
	check_jitter(1, 9 * MSEC);
}
END_TEST

START_TEST(jitter_depends_on_seed_and_discriminator)
{
	uint64_t deadlines[4];

	for (unsigned i = 0; i < 4; i++) {
		peer.config.seed = 7 + i % 2;
		peer.config.local_discriminator = 1 + i / 2;
		peer_start(&peer);
		peer_drain(&peer);
		deadlines[i] = bfd_session_deadline(&peer.session);
		for (unsigned k = 0; k < i; k++)
			ck_assert_uint_ne(deadlines[i], deadlines[k]);
	}
}
END_TEST

START_TEST(agreed_intervals)
{
	peer_bring(&peer, BFD_STATE_UP);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 10 * MSEC);
	peer.say.required_min_rx_usec = 25000;
	peer.say.desired_min_tx_usec = 40000;
	peer.say.detect_mult = 5;
	peer_say(&peer, BFD_STATE_UP);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 25 * MSEC);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 200 * MSEC);
	peer.say.desired_min_tx_usec = 1;
	peer_say(&peer, BFD_STATE_UP);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 50 * MSEC);
	peer.say.desired_min_tx_usec = UINT32_MAX;
	peer.say.required_min_rx_usec = UINT32_MAX;
	peer.say.detect_mult = 255;
	peer_say(&peer, BFD_STATE_UP);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), UINT32_MAX * UINT64_C(255000));
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), UINT32_MAX * UINT64_C(1000));
}
END_TEST

/* Section 6.8.3: the next packet may not wait longer than the new interval since the last one. */
START_TEST(faster_at_once_when_the_peer_allows)
{
	uint64_t sent;

	peer_bring(&peer, BFD_STATE_UP);
	peer.say.desired_min_tx_usec = 10000000;
	peer.say.required_min_rx_usec = 1000000;
	peer_say(&peer, BFD_STATE_UP);
	peer_pass(&peer, peer.now + 3 * SEC);
	sent = peer.sent_at[peer.num_sent - 1];
	peer.now = sent + 5 * MSEC;
	peer.say.required_min_rx_usec = 10000;
	peer_say(&peer, BFD_STATE_UP);
	ck_assert_uint_le(bfd_session_deadline(&peer.session), sent + 10 * MSEC);
	ck_assert_uint_ge(bfd_session_deadline(&peer.session), sent + 7500 * NSEC_PER_USEC);
}
END_TEST

START_TEST(up_begins_a_poll)
{
	peer_say(&peer, BFD_STATE_DOWN);
	peer_drain(&peer);
	peer_say(&peer, BFD_STATE_UP);
	peer_forget_log(&peer);
	peer_pass(&peer, peer.now + 25 * MSEC);
	ck_assert_uint_ge(peer.num_sent, 3);
	for (unsigned i = 0; i < peer.num_sent; i++) {
		ck_assert(peer.sent[i].poll);
		ck_assert_uint_eq(peer.sent[i].desired_min_tx_usec, 10000);
	}
	answer_poll();
	ck_assert_uint_eq(peer.change.events, BFD_EVENT_POLL_DONE);
	peer_forget_log(&peer);
	talk(peer.now + 50 * MSEC);
	for (unsigned i = 0; i < peer.num_sent; i++)
		ck_assert(!peer.sent[i].poll);
	ck_assert_uint_ge(peer.num_sent, 5);
}
END_TEST

/* Each Poll gets one Final, at once, without P, even between our own Polls; the rate is kept. */
START_TEST(poll_is_answered_at_once)
{
	peer_bring(&peer, BFD_STATE_UP);
	set_timers(20, 10);
	peer_drain(&peer);
	ck_assert(peer_last(&peer)->poll);
	peer.now += MSEC;
	peer.say.poll = true;
	peer_say(&peer, BFD_STATE_UP);
	ck_assert_uint_eq(bfd_session_deadline(&peer.session), peer.now);
	peer_forget_log(&peer);
	peer_drain(&peer);
	ck_assert_uint_eq(peer.num_sent, 1);
	ck_assert(peer_last(&peer)->final && !peer_last(&peer)->poll);
	peer_pass(&peer, peer.now + 9 * MSEC);
	ck_assert_uint_eq(peer.num_sent, 2);
	ck_assert(!peer_last(&peer)->final && peer_last(&peer)->poll);
}
END_TEST

START_TEST(poll_is_answered_in_any_state)
{
	peer_drain(&peer);
	peer.say.poll = true;
	peer_say(&peer, BFD_STATE_UP);
	ck_assert_int_eq(peer.session.state, BFD_STATE_DOWN);
	peer_forget_log(&peer);
	peer_drain(&peer);
	ck_assert_uint_eq(peer.num_sent, 1);
	ck_assert(peer_last(&peer)->final);
	peer.say.required_min_rx_usec = 0;
	peer.say.demand = true;
	peer_say(&peer, BFD_STATE_DOWN);
	peer_drain(&peer);
	ck_assert_uint_eq(peer.num_sent, 3);
	ck_assert(peer.sent[1].final);
}
END_TEST

START_TEST(slower_sending_waits_for_final)
{
	peer_bring(&peer, BFD_STATE_UP);
	set_timers(50, 10);
	talk(peer.now + 200 * MSEC);
	assert_gaps(7500 * NSEC_PER_USEC, 10 * MSEC);
	for (unsigned i = 0; i < peer.num_sent; i++) {
		ck_assert(peer.sent[i].poll);
		ck_assert_uint_eq(peer.sent[i].desired_min_tx_usec, 50000);
	}
	answer_poll();
	ck_assert_uint_eq(peer.change.events, BFD_EVENT_POLL_DONE);
	talk(peer.now + 50 * MSEC);
	peer_forget_log(&peer);
	talk(peer.now + 500 * MSEC);
	assert_gaps(37500 * NSEC_PER_USEC, 50 * MSEC);
}
END_TEST

START_TEST(faster_sending_does_not_wait)
{
	peer.say.required_min_rx_usec = 1000;
	peer_bring(&peer, BFD_STATE_UP);
	set_timers(2, 10);
	talk(peer.now + 50 * MSEC);
	assert_gaps(1500 * NSEC_PER_USEC, 2 * MSEC);
	ck_assert(peer_last(&peer)->poll);
}
END_TEST

START_TEST(shorter_detection_waits_for_final)
{
	peer.say.desired_min_tx_usec = 1000;
	peer_bring(&peer, BFD_STATE_UP);
	set_timers(10, 2);
	peer_drain(&peer);
	ck_assert_uint_eq(peer_last(&peer)->required_min_rx_usec, 2000);
	peer_say(&peer, BFD_STATE_UP);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 30 * MSEC);
	answer_poll();
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 6 * MSEC);
}
END_TEST

START_TEST(longer_detection_does_not_wait)
{
	peer_bring(&peer, BFD_STATE_UP);
	set_timers(10, 40);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 120 * MSEC);
	peer_drain(&peer);
	ck_assert(peer_last(&peer)->poll);
}
END_TEST

/* A Final for the first change must not be taken for the second one's. */
START_TEST(second_change_waits_for_the_first)
{
	peer_bring(&peer, BFD_STATE_UP);
	set_timers(20, 10);
	set_timers(30, 10);
	set_timers(40, 10);
	talk(peer.now + 20 * MSEC);
	ck_assert_uint_eq(peer_last(&peer)->desired_min_tx_usec, 20000);
	answer_poll();
	answer_poll();
	peer_drain(&peer);
	ck_assert_uint_eq(peer.session.desired_min_tx_usec, 20000);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 20 * MSEC);
	peer_say(&peer, BFD_STATE_UP);
	peer_drain(&peer);
	ck_assert(peer_last(&peer)->poll);
	ck_assert_uint_eq(peer_last(&peer)->desired_min_tx_usec, 40000);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 20 * MSEC);
	answer_poll();
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 40 * MSEC);
}
END_TEST

START_TEST(stray_final_means_nothing)
{
	peer_bring(&peer, BFD_STATE_UP);
	answer_poll();
	ck_assert_uint_eq(peer.change.events, 0);
	set_timers(20, 10);
	peer_drain(&peer);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 10 * MSEC);
}
END_TEST

START_TEST(change_outside_up_is_immediate)
{
	set_timers(2000, 300);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 2 * SEC);
	peer_drain(&peer);
	ck_assert(!peer_last(&peer)->poll);
	ck_assert_uint_eq(peer_last(&peer)->required_min_rx_usec, 300000);
	set_timers(20, 10);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), SEC);
	peer_say(&peer, BFD_STATE_DOWN);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 30 * MSEC);
	set_timers(20, 20);
	peer_drain(&peer);
	ck_assert(peer_last(&peer)->poll);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 60 * MSEC);
}
END_TEST

/* The peer vanished in the middle of a Poll Sequence: nothing of it may be left over. */
START_TEST(down_ends_a_poll)
{
	peer_bring(&peer, BFD_STATE_UP);
	set_timers(50, 5);
	peer_pass(&peer, peer.now + 30 * MSEC);
	ck_assert_int_eq(peer.session.state, BFD_STATE_DOWN);
	ck_assert(!peer_last(&peer)->poll);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), SEC);
	peer_say(&peer, BFD_STATE_INIT);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 50 * MSEC);
	ck_assert_uint_eq(peer.session.used_rx_usec, 5000);
}
END_TEST

START_TEST(zero_min_rx_stops_periodic_packets)
{
	peer_bring(&peer, BFD_STATE_UP);
	peer.say.required_min_rx_usec = 0;
	talk(peer.now + SEC);
	ck_assert_uint_eq(peer.num_sent, 0);
	ck_assert_int_eq(peer.session.state, BFD_STATE_UP);
	peer_say(&peer, BFD_STATE_DOWN);
	peer_drain(&peer);
	ck_assert_uint_eq(peer.num_sent, 1);
	ck_assert_int_eq(peer_last(&peer)->state, BFD_STATE_DOWN);
	peer_pass(&peer, peer.now + 30 * MSEC);
	peer_forget_log(&peer);
	peer_pass(&peer, peer.now + 10 * SEC);
	ck_assert_uint_ge(peer.num_sent, 9);
}
END_TEST

START_TEST(remote_demand_mode)
{
	peer_bring(&peer, BFD_STATE_UP);
	peer.say.demand = true;
	talk(peer.now + SEC);
	ck_assert_uint_eq(peer.num_sent, 0);
	set_timers(20, 10);
	talk(peer.now + 100 * MSEC);
	ck_assert_uint_ge(peer.num_sent, 9);
	ck_assert(peer_last(&peer)->poll);
	answer_poll();
	peer_forget_log(&peer);
	talk(peer.now + SEC);
	ck_assert_uint_eq(peer.num_sent, 0);
	peer.say.poll = true;
	peer_say(&peer, BFD_STATE_UP);
	peer.say.poll = false;
	peer_drain(&peer);
	ck_assert_uint_eq(peer.num_sent, 1);
	ck_assert(peer_last(&peer)->final);
	peer_pass(&peer, peer.now + 30 * MSEC);
	ck_assert_int_eq(peer.session.state, BFD_STATE_DOWN);
	peer_say(&peer, BFD_STATE_DOWN);
	peer_forget_log(&peer);
	while (peer.num_sent < 5) {
		peer_say(&peer, BFD_STATE_DOWN);
		peer_pass(&peer, peer.now + 10 * MSEC);
	}
	ck_assert_int_eq(peer.session.state, BFD_STATE_INIT);
}
END_TEST

/* Called late, a session sends one packet and goes on from there; it makes up for nothing. */
START_TEST(late_call_sends_one_packet)
{
	peer_bring(&peer, BFD_STATE_UP);
	for (int i = 0; i < 10; i++) {
		peer.now += SEC;
		peer_say(&peer, BFD_STATE_UP);
		peer_drain(&peer);
	}
	ck_assert_uint_eq(peer.num_sent, 10);
	ck_assert_uint_ge(bfd_session_deadline(&peer.session), peer.now + 7500 * NSEC_PER_USEC);
}
END_TEST

START_TEST(linger_covers_the_peers_detection_time)
{
	peer.say.required_min_rx_usec = 200000;
	peer_bring(&peer, BFD_STATE_UP);
	bfd_session_set_admin(&peer.session, true, peer.now, &peer.change);
	ck_assert_uint_eq(bfd_session_linger(&peer.session), peer.now + 600 * MSEC);
}
END_TEST

START_TEST(time_jumps)
{
	uint8_t bytes[BFD_PACKET_SIZE];

	peer_bring(&peer, BFD_STATE_UP);
	ck_assert_uint_eq(bfd_session_advance(&peer.session, 0, 0, bytes, &peer.change), 0);
	ck_assert_int_eq(peer.session.state, BFD_STATE_UP);
	peer.now = UINT64_MAX - 1;
	peer_say(&peer, BFD_STATE_UP);
	peer_drain(&peer);
	ck_assert_uint_eq(bfd_session_deadline(&peer.session), NSEC_NEVER);
	peer.now = UINT64_MAX;
	peer_forget_log(&peer);
	peer_drain(&peer);
	ck_assert_uint_eq(peer.num_sent, 0);
	ck_assert_int_eq(peer.session.state, BFD_STATE_UP);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("bfd_timers");
	TCase *tcase = tcase_create("bfd_timers");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, slow_until_up);
	tcase_add_test(tcase, jitter);
	tcase_add_test(tcase, jitter_with_mult_one);
	tcase_add_test(tcase, jitter_depends_on_seed_and_discriminator);
	tcase_add_test(tcase, agreed_intervals);
	tcase_add_test(tcase, faster_at_once_when_the_peer_allows);
	tcase_add_test(tcase, up_begins_a_poll);
	tcase_add_test(tcase, poll_is_answered_at_once);
	tcase_add_test(tcase, poll_is_answered_in_any_state);
	tcase_add_test(tcase, slower_sending_waits_for_final);
	tcase_add_test(tcase, faster_sending_does_not_wait);
	tcase_add_test(tcase, shorter_detection_waits_for_final);
	tcase_add_test(tcase, longer_detection_does_not_wait);
	tcase_add_test(tcase, second_change_waits_for_the_first);
	tcase_add_test(tcase, stray_final_means_nothing);
	tcase_add_test(tcase, change_outside_up_is_immediate);
	tcase_add_test(tcase, down_ends_a_poll);
	tcase_add_test(tcase, zero_min_rx_stops_periodic_packets);
	tcase_add_test(tcase, remote_demand_mode);
	tcase_add_test(tcase, late_call_sends_one_packet);
	tcase_add_test(tcase, linger_covers_the_peers_detection_time);
	tcase_add_test(tcase, time_jumps);
	suite_add_tcase(suite, tcase);
	return suite;
}
