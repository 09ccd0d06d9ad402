/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/bfd.c, what a session does about time: rates before and in Up, jitter, the
 * peer's wishes (zero Required Min RX, demand mode), lateness, linger, time jumps. Changes of
 * timers are in test_bfd_poll.c.
 */
#include "bfd_peer.h"
#include "harness.h"

static struct peer peer;

static void set_up(void)
{
	peer_init(&peer);
	peer_start(&peer);
}

START_TEST(slow_until_up)
{
	peer_pass(&peer, peer.now + 500 * SEC);
	peer_assert_gaps(&peer, 750 * MSEC, 1000 * MSEC);
	ck_assert_uint_ge(peer.num_sent, 550);
	ck_assert_uint_le(peer.num_sent, 595);
	peer_forget_log(&peer);
	peer.config.desired_min_tx_nsec = 3 * SEC;
	peer_start(&peer);
	peer_pass(&peer, peer.now + 500 * SEC);
	peer_assert_gaps(&peer, 2250 * MSEC, 3000 * MSEC);
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
	peer_talk(&peer, peer.now + 20 * SEC);
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

START_TEST(intervals_are_rounded_up)
{
	ck_assert_int_eq(bfd_session_set_timers(&peer.session, UINT32_MAX * UINT64_C(1000) - 999,
				 1001, peer.now, NULL),
		0);
	ck_assert_uint_eq(peer.session.config_tx_usec, UINT32_MAX);
	ck_assert_uint_eq(peer.session.config_rx_usec, 2);
}
END_TEST

START_TEST(zero_min_rx_stops_periodic_packets)
{
	peer_bring(&peer, BFD_STATE_UP);
	peer.say.required_min_rx_usec = 0;
	peer_talk(&peer, peer.now + SEC);
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
	peer_talk(&peer, peer.now + SEC);
	ck_assert_uint_eq(peer.num_sent, 0);
	peer_set_timers(&peer, 20, 10);
	peer_talk(&peer, peer.now + 100 * MSEC);
	ck_assert_uint_ge(peer.num_sent, 9);
	ck_assert(peer_last(&peer)->poll);
	peer_answer_poll(&peer);
	peer_forget_log(&peer);
	peer_talk(&peer, peer.now + SEC);
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

/* A peer that changes its mind every millisecond is told of the first changes at once, not of all.
 */
START_TEST(changes_do_not_storm)
{
	peer.config.desired_min_tx_nsec = SEC;
	peer_start(&peer);
	for (int i = 0; i < 2500; i++) {
		peer.now += MSEC;
		peer_say(&peer, i & 1 ? BFD_STATE_INIT : BFD_STATE_DOWN);
		peer_drain(&peer);
		if (i < 7)
			ck_assert_uint_eq(peer.num_sent, i + 1);
	}
	ck_assert_uint_gt(peer.session.counters.times_up, 800);
	ck_assert_uint_ge(peer.num_sent, 25);
	ck_assert_uint_le(peer.num_sent, 8 + 25 + 4);
	peer_forget_log(&peer);
	peer_pass(&peer, peer.now + 5 * SEC);
	peer_say(&peer, BFD_STATE_DOWN);
	peer_say(&peer, BFD_STATE_DOWN);
	peer_forget_log(&peer);
	peer_drain(&peer);
	ck_assert_uint_eq(peer.num_sent, 1);
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

/* Input while a packet or a timeout is overdue must not make it look less overdue. */
START_TEST(input_never_hides_what_is_overdue)
{
	uint64_t due;

	peer_bring(&peer, BFD_STATE_UP);
	due = bfd_session_deadline(&peer.session);
	peer.now += 20 * MSEC;
	peer.say.poll = true;
	peer_say(&peer, BFD_STATE_UP);
	ck_assert_uint_eq(bfd_session_deadline(&peer.session), due);
	peer_set_timers(&peer, 20, 20);
	ck_assert_uint_eq(bfd_session_deadline(&peer.session), due);
	peer_drain(&peer);
	due = ++peer.now;
	peer_say(&peer, BFD_STATE_UP);
	peer.now += MSEC;
	peer_say(&peer, BFD_STATE_UP);
	ck_assert_uint_eq(bfd_session_deadline(&peer.session), due);
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
	tcase_add_test(tcase, intervals_are_rounded_up);
	tcase_add_test(tcase, zero_min_rx_stops_periodic_packets);
	tcase_add_test(tcase, remote_demand_mode);
	tcase_add_test(tcase, changes_do_not_storm);
	tcase_add_test(tcase, late_call_sends_one_packet);
	tcase_add_test(tcase, input_never_hides_what_is_overdue);
	tcase_add_test(tcase, linger_covers_the_peers_detection_time);
	tcase_add_test(tcase, time_jumps);
	suite_add_tcase(suite, tcase);
	return suite;
}
