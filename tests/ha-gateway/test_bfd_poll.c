/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/bfd.c, Poll Sequences: the peer's are answered at once in any state, ours
 * carry each change of our timers, one after the other; which of an interval's old and new value is
 * in use meanwhile; and what ends them besides a Final.
 */
#include "bfd_peer.h"
#include "harness.h"

static struct peer peer;

static void set_up(void)
{
	peer_init(&peer);
	peer_start(&peer);
}

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
	peer_answer_poll(&peer);
	ck_assert_uint_eq(peer.change.events, BFD_EVENT_POLL_DONE);
	peer_forget_log(&peer);
	peer_talk(&peer, peer.now + 50 * MSEC);
	for (unsigned i = 0; i < peer.num_sent; i++)
		ck_assert(!peer.sent[i].poll);
	ck_assert_uint_ge(peer.num_sent, 5);
}
END_TEST

/* Each Poll gets one Final, at once, without P, even between our own Polls; the rate is kept. */
START_TEST(poll_is_answered_at_once)
{
	peer_bring(&peer, BFD_STATE_UP);
	peer_set_timers(&peer, 20, 10);
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
	peer_set_timers(&peer, 50, 10);
	peer_talk(&peer, peer.now + 200 * MSEC);
	peer_assert_gaps(&peer, 7500 * NSEC_PER_USEC, 10 * MSEC);
	for (unsigned i = 0; i < peer.num_sent; i++) {
		ck_assert(peer.sent[i].poll);
		ck_assert_uint_eq(peer.sent[i].desired_min_tx_usec, 50000);
	}
	peer_answer_poll(&peer);
	ck_assert_uint_eq(peer.change.events, BFD_EVENT_POLL_DONE);
	peer_talk(&peer, peer.now + 50 * MSEC);
	peer_forget_log(&peer);
	peer_talk(&peer, peer.now + 500 * MSEC);
	peer_assert_gaps(&peer, 37500 * NSEC_PER_USEC, 50 * MSEC);
}
END_TEST

START_TEST(faster_sending_does_not_wait)
{
	peer.say.required_min_rx_usec = 1000;
	peer_bring(&peer, BFD_STATE_UP);
	peer_set_timers(&peer, 2, 10);
	peer_talk(&peer, peer.now + 50 * MSEC);
	peer_assert_gaps(&peer, 1500 * NSEC_PER_USEC, 2 * MSEC);
	ck_assert(peer_last(&peer)->poll);
}
END_TEST

START_TEST(shorter_detection_waits_for_final)
{
	peer.say.desired_min_tx_usec = 1000;
	peer_bring(&peer, BFD_STATE_UP);
	peer_set_timers(&peer, 10, 2);
	peer_drain(&peer);
	ck_assert_uint_eq(peer_last(&peer)->required_min_rx_usec, 2000);
	peer_say(&peer, BFD_STATE_UP);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 30 * MSEC);
	peer_answer_poll(&peer);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 6 * MSEC);
}
END_TEST

START_TEST(longer_detection_does_not_wait)
{
	peer_bring(&peer, BFD_STATE_UP);
	peer_set_timers(&peer, 10, 40);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 120 * MSEC);
	peer_drain(&peer);
	ck_assert(peer_last(&peer)->poll);
}
END_TEST

/* A Final for the first change must not be taken for the second one's. */
START_TEST(second_change_waits_for_the_first)
{
	peer_bring(&peer, BFD_STATE_UP);
	peer_set_timers(&peer, 20, 10);
	peer_set_timers(&peer, 30, 10);
	peer_set_timers(&peer, 40, 10);
	peer_talk(&peer, peer.now + 20 * MSEC);
	ck_assert_uint_eq(peer_last(&peer)->desired_min_tx_usec, 20000);
	peer_answer_poll(&peer);
	peer_answer_poll(&peer);
	peer_drain(&peer);
	ck_assert_uint_eq(peer.session.desired_min_tx_usec, 20000);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 20 * MSEC);
	peer_say(&peer, BFD_STATE_UP);
	peer_drain(&peer);
	ck_assert(peer_last(&peer)->poll);
	ck_assert_uint_eq(peer_last(&peer)->desired_min_tx_usec, 40000);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 20 * MSEC);
	peer_answer_poll(&peer);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 40 * MSEC);
}
END_TEST

START_TEST(stray_final_means_nothing)
{
	peer_bring(&peer, BFD_STATE_UP);
	peer_answer_poll(&peer);
	ck_assert_uint_eq(peer.change.events, 0);
	peer_set_timers(&peer, 20, 10);
	peer_drain(&peer);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 10 * MSEC);
}
END_TEST

START_TEST(change_outside_up_is_immediate)
{
	peer_set_timers(&peer, 2000, 300);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 2 * SEC);
	peer_drain(&peer);
	ck_assert(!peer_last(&peer)->poll);
	ck_assert_uint_eq(peer_last(&peer)->required_min_rx_usec, 300000);
	peer_set_timers(&peer, 20, 10);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), SEC);
	peer_say(&peer, BFD_STATE_DOWN);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 30 * MSEC);
	peer_set_timers(&peer, 20, 20);
	peer_drain(&peer);
	ck_assert(peer_last(&peer)->poll);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 60 * MSEC);
}
END_TEST

/* The peer vanished in the middle of a Poll Sequence: nothing of it may be left over. */
START_TEST(down_ends_a_poll)
{
	peer_bring(&peer, BFD_STATE_UP);
	peer_set_timers(&peer, 50, 5);
	peer_pass(&peer, peer.now + 30 * MSEC);
	ck_assert_int_eq(peer.session.state, BFD_STATE_DOWN);
	ck_assert(!peer_last(&peer)->poll);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), SEC);
	peer_say(&peer, BFD_STATE_INIT);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 50 * MSEC);
	ck_assert_uint_eq(peer.session.used_rx_usec, 5000);
}
END_TEST

/* The Poll that told of the slow rate of Down is still unanswered when the session is Up again. */
START_TEST(up_does_not_wait_for_an_old_poll)
{
	peer_bring(&peer, BFD_STATE_UP);
	peer_say(&peer, BFD_STATE_DOWN);
	peer_drain(&peer);
	ck_assert(peer_last(&peer)->poll);
	ck_assert_uint_eq(peer_last(&peer)->desired_min_tx_usec, 1000000);
	peer_say(&peer, BFD_STATE_INIT);
	peer_drain(&peer);
	ck_assert(peer_last(&peer)->poll);
	ck_assert_uint_eq(peer_last(&peer)->desired_min_tx_usec, 10000);
	ck_assert_uint_eq(bfd_session_tx_interval(&peer.session), 10 * MSEC);
}
END_TEST

/* The peer said Down in the middle of a Poll Sequence, and the rate is slow enough to stay. */
START_TEST(signalled_down_ends_a_poll)
{
	peer.config.desired_min_tx_nsec = 2 * SEC;
	peer_start(&peer);
	peer_say(&peer, BFD_STATE_INIT);
	peer_set_timers(&peer, 2000, 5);
	peer_drain(&peer);
	ck_assert(peer_last(&peer)->poll);
	peer_say(&peer, BFD_STATE_DOWN);
	ck_assert_uint_eq(peer.session.used_rx_usec, 5000);
	peer_drain(&peer);
	ck_assert(!peer_last(&peer)->poll);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("bfd_poll");
	TCase *tcase = tcase_create("bfd_poll");

	tcase_add_checked_fixture(tcase, set_up, NULL);
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
	tcase_add_test(tcase, up_does_not_wait_for_an_old_poll);
	tcase_add_test(tcase, signalled_down_ends_a_poll);
	suite_add_tcase(suite, tcase);
	return suite;
}
