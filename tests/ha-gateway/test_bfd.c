/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/bfd.c, what a session does about states: the state machine packet by packet,
 * rejected packets that change nothing, detection and its lateness rule, AdminDown on either side,
 * the passive role. Its timers are in test_bfd_timers.c and test_bfd_poll.c, two sessions
 * against each other in test_bfd_link.c.
 */
#include "bfd_peer.h"
#include "harness.h"

#include <errno.h>
#include <string.h>

static struct peer peer;

static void set_up(void)
{
	peer_init(&peer);
	peer_start(&peer);
}

static void refuse(const char *text)
{
	struct bfd_session session, before;
	const char *why = "";

	memset(&session, 0x5a, sizeof(session));
	before = session;
	ck_assert_int_eq(bfd_session_init(&session, &peer.config, 0, &why), -EINVAL);
	ck_assert_msg(strstr(why, text) != NULL, "%s", why);
	ck_assert_int_eq(bfd_session_init(&session, &peer.config, 0, NULL), -EINVAL);
	ck_assert_mem_eq(&session, &before, sizeof(session));
	peer_init(&peer);
}

START_TEST(bad_config_is_named)
{
	peer.config.local_discriminator = 0;
	refuse("discriminator");
	peer.config.desired_min_tx_nsec = 0;
	refuse("min tx");
	peer.config.desired_min_tx_nsec = (UINT32_MAX + UINT64_C(1)) * 1000;
	refuse("min tx");
	peer.config.required_min_rx_nsec = 0;
	refuse("min rx");
	peer.config.required_min_rx_nsec = UINT64_MAX;
	refuse("min rx");
	peer.config.detect_mult = 0;
	refuse("mult");
	peer.config.detect_mult = 256;
	refuse("mult");
	peer_start(&peer);
	ck_assert_int_eq(bfd_session_set_timers(&peer.session, 0, 1, 0, NULL), -EINVAL);
	ck_assert_int_eq(bfd_session_set_timers(&peer.session, 1, 0, 0, NULL), -EINVAL);
	ck_assert_uint_eq(peer.session.config_tx_usec, 10000);
	ck_assert_uint_eq(peer.session.config_rx_usec, 10000);
}
END_TEST

START_TEST(first_packet)
{
	ck_assert_uint_eq(bfd_session_deadline(&peer.session), peer.now);
	peer_drain(&peer);
	ck_assert_uint_eq(peer.num_sent, 1);
	ck_assert_int_eq(peer_last(&peer)->state, BFD_STATE_DOWN);
	ck_assert_uint_eq(peer_last(&peer)->diag, BFD_DIAG_NONE);
	ck_assert_uint_eq(peer_last(&peer)->my_discriminator, PEER_LOCAL);
	ck_assert_uint_eq(peer_last(&peer)->your_discriminator, 0);
	ck_assert_uint_eq(peer_last(&peer)->detect_mult, 3);
	ck_assert_uint_eq(peer_last(&peer)->desired_min_tx_usec, 1000000);
	ck_assert_uint_eq(peer_last(&peer)->required_min_rx_usec, 10000);
	ck_assert_uint_eq(peer_last(&peer)->required_min_echo_rx_usec, 0);
	ck_assert(!peer_last(&peer)->poll && !peer_last(&peer)->final);
	ck_assert(!peer_last(&peer)->demand);
}
END_TEST

struct step {
	enum bfd_state ours, heard, then;
	enum bfd_diag diag;
	unsigned events;
};

#define ADMIN BFD_STATE_ADMIN_DOWN
#define DOWN  BFD_STATE_DOWN
#define INIT  BFD_STATE_INIT
#define UP    BFD_STATE_UP
#define STATE BFD_EVENT_STATE

static const struct step steps[] = {
	{ADMIN, ADMIN, ADMIN, BFD_DIAG_ADMIN_DOWN, BFD_EVENT_REMOTE_ADMIN_DOWN},
	{ADMIN, DOWN, ADMIN, BFD_DIAG_ADMIN_DOWN, 0},
	{ADMIN, INIT, ADMIN, BFD_DIAG_ADMIN_DOWN, 0},
	{ADMIN, UP, ADMIN, BFD_DIAG_ADMIN_DOWN, 0},
	{DOWN, ADMIN, DOWN, BFD_DIAG_NONE, BFD_EVENT_REMOTE_ADMIN_DOWN},
	{DOWN, DOWN, INIT, BFD_DIAG_NONE, STATE},
	{DOWN, INIT, UP, BFD_DIAG_NONE, STATE | BFD_EVENT_UP},
	{DOWN, UP, DOWN, BFD_DIAG_NONE, 0},
	{INIT, ADMIN, DOWN, BFD_DIAG_NEIGHBOR_DOWN, STATE | BFD_EVENT_REMOTE_ADMIN_DOWN},
	{INIT, DOWN, INIT, BFD_DIAG_NONE, 0},
	{INIT, INIT, UP, BFD_DIAG_NONE, STATE | BFD_EVENT_UP},
	{INIT, UP, UP, BFD_DIAG_NONE, STATE | BFD_EVENT_UP},
	{UP, ADMIN, DOWN, BFD_DIAG_NEIGHBOR_DOWN, STATE | BFD_EVENT_REMOTE_ADMIN_DOWN},
	{UP, DOWN, DOWN, BFD_DIAG_NEIGHBOR_DOWN, STATE | BFD_EVENT_DOWN},
	{UP, INIT, UP, BFD_DIAG_NONE, 0},
	{UP, UP, UP, BFD_DIAG_NONE, 0},
};

START_TEST(state_machine)
{
	const struct step *step = &steps[_i];
	enum bfd_drop drop;

	peer_bring(&peer, step->ours);
	drop = peer_say(&peer, step->heard);
	ck_assert_int_eq(drop, step->ours == ADMIN ? BFD_DROP_ADMIN_DOWN : BFD_DROP_NONE);
	ck_assert_int_eq(peer.session.state, step->then);
	ck_assert_int_eq(peer.session.remote_state, step->heard);
	ck_assert_int_eq(peer.session.local_diag, step->diag);
	ck_assert_uint_eq(peer.change.events, step->events);
	ck_assert_int_eq(peer.change.from, step->ours);
	ck_assert_int_eq(peer.change.to, step->then);
	ck_assert_int_eq(peer.change.diag, step->diag);

	peer_drain(&peer);
	ck_assert_uint_eq(peer.num_sent, step->ours != step->then);
	if (peer.num_sent) {
		ck_assert_int_eq(peer_last(&peer)->state, step->then);
		ck_assert_uint_eq(peer_last(&peer)->diag, step->diag);
		ck_assert_uint_eq(peer_last(&peer)->your_discriminator, PEER_REMOTE);
	}
}
END_TEST

/* A reason per packet, counted, and apart from the count not a bit of the session changed. */
static void reject(enum bfd_drop want, const uint8_t *bytes, size_t len, uint8_t ttl, uint16_t port)
{
	struct bfd_datagram datagram = {bytes, len, ttl, port};
	struct bfd_session before = peer.session;
	enum bfd_drop drop =
		bfd_session_receive(&peer.session, &datagram, peer.now + 1, &peer.change);

	ck_assert_msg(drop == want, "%s, not %s", bfd_drop_name(drop), bfd_drop_name(want));
	ck_assert_uint_eq(peer.change.events, 0);
	ck_assert_int_eq(peer.change.from, before.state);
	ck_assert_int_eq(peer.change.to, before.state);
	before.counters.drops[want]++;
	ck_assert_mem_eq(&peer.session, &before, sizeof(before));
}

START_TEST(malformed_changes_nothing)
{
	uint8_t good[28] = {0}, bad[28];

	peer_bring(&peer, (enum bfd_state)_i);
	peer.say.state = BFD_STATE_INIT;
	bfd_packet_build(&peer.say, good);
	reject(BFD_DROP_PORT, good, 24, 255, 3785);
	reject(BFD_DROP_TTL, good, 24, 254, 3784);
	reject(BFD_DROP_TRUNCATED, good, 3, 255, 3784);
	reject(BFD_DROP_LENGTH_PAYLOAD, good, 23, 255, 3784);

#define REJECT(drop, at, value)                            \
	do {                                               \
		memcpy(bad, good, sizeof(bad));            \
		bad[at] = (value);                         \
		reject(drop, bad, sizeof(bad), 255, 3784); \
	} while (0)
	REJECT(BFD_DROP_VERSION, 0, 0x40);
	REJECT(BFD_DROP_LENGTH_SHORT, 3, 23);
	REJECT(BFD_DROP_LENGTH_SHORT, 1, 0xc4);
	REJECT(BFD_DROP_LENGTH_PAYLOAD, 3, 29);
	REJECT(BFD_DROP_DETECT_MULT, 2, 0);
	REJECT(BFD_DROP_MULTIPOINT, 1, 0xc1);
	REJECT(BFD_DROP_SESSION, 8, 0xff);
	REJECT(BFD_DROP_SESSION, 11, 0);

	memset(good + 4, 0, 4);
	reject(BFD_DROP_MY_DISCRIMINATOR, good, 24, 255, 3784);
	bfd_packet_build(&peer.say, good);
	memset(good + 8, 0, 4);
	reject(BFD_DROP_YOUR_DISCRIMINATOR, good, 24, 255, 3784);
	bfd_packet_build(&peer.say, good);
	good[1] |= 4;
	good[3] = 26;
	reject(BFD_DROP_AUTH, good, 26, 255, 3784);
	good[11] ^= 1;
	reject(BFD_DROP_SESSION, good, 26, 255, 3784);
}
END_TEST

START_TEST(detection_time_expires)
{
	uint64_t heard = peer.now;

	peer_bring(&peer, (enum bfd_state)_i);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 30 * MSEC);
	peer_pass(&peer, heard + 30 * MSEC - 1);
	ck_assert_int_eq(peer.session.state, _i);
	ck_assert_uint_eq(peer.events & STATE, 0);
	peer_pass(&peer, heard + 30 * MSEC);
	ck_assert_int_eq(peer.session.state, DOWN);
	ck_assert_uint_eq(
		peer.events, STATE | BFD_EVENT_FORGOTTEN | (_i == UP ? BFD_EVENT_DOWN : 0));
	ck_assert_int_eq(peer.change.diag, BFD_DIAG_TIMEOUT);
	ck_assert_uint_eq(peer.sent_at[peer.num_sent - 1], heard + 30 * MSEC);
	ck_assert_int_eq(peer_last(&peer)->state, DOWN);
	ck_assert_uint_eq(peer_last(&peer)->diag, BFD_DIAG_TIMEOUT);
	ck_assert_uint_eq(peer_last(&peer)->your_discriminator, 0);
	ck_assert(!peer_last(&peer)->poll);
	ck_assert_uint_eq(bfd_session_detection_time(&peer.session), 0);
	ck_assert_uint_eq(peer.session.counters.times_down, _i == UP);
}
END_TEST

START_TEST(any_taken_packet_defers_detection)
{
	peer_bring(&peer, UP);
	for (int i = 0; i < 100; i++) {
		peer_pass(&peer, peer.now + 30 * MSEC - 1);
		ck_assert_int_eq(peer_say(&peer, UP), BFD_DROP_NONE);
	}
	ck_assert_uint_eq(peer.events & STATE, 0);
	peer_pass(&peer, peer.now + 30 * MSEC);
	ck_assert_int_eq(peer.session.state, DOWN);
}
END_TEST

/* The loop stood still for a second; the peer's packets lie in the queue. */
START_TEST(silence_not_listened_to_does_not_count)
{
	uint8_t bytes[BFD_PACKET_SIZE];
	uint64_t heard = peer.now, late = heard + SEC;

	peer_bring(&peer, UP);
	while (bfd_session_advance(&peer.session, late, heard + 30 * MSEC - 1, bytes, &peer.change))
		ck_assert_uint_eq(peer.change.events, 0);
	ck_assert_int_eq(peer.session.state, UP);
	ck_assert_uint_eq(bfd_session_deadline(&peer.session), heard + 30 * MSEC);

	peer.now = late;
	peer_say(&peer, UP);
	bfd_session_advance(&peer.session, late, late, bytes, &peer.change);
	ck_assert_int_eq(peer.session.state, UP);
	ck_assert_uint_gt(bfd_session_deadline(&peer.session), late);

	bfd_session_advance(&peer.session, late + 30 * MSEC, late + 30 * MSEC, bytes, &peer.change);
	ck_assert_uint_eq(peer.change.events, STATE | BFD_EVENT_DOWN | BFD_EVENT_FORGOTTEN);
}
END_TEST

/* Drained to the deadline is enough, though now is later; a now before it is never enough. */
START_TEST(drained_to_the_deadline_is_enough)
{
	uint8_t bytes[BFD_PACKET_SIZE];
	uint64_t heard = peer.now;

	peer_bring(&peer, UP);
	bfd_session_advance(&peer.session, heard + 29 * MSEC, UINT64_MAX, bytes, &peer.change);
	ck_assert_int_eq(peer.session.state, UP);
	bfd_session_advance(
		&peer.session, heard + 40 * MSEC, heard + 30 * MSEC, bytes, &peer.change);
	ck_assert_int_eq(peer.session.state, DOWN);
}
END_TEST

START_TEST(reason_is_told_until_up)
{
	peer_bring(&peer, UP);
	peer_pass(&peer, peer.now + 30 * MSEC);
	peer.say.your_discriminator = 0;
	peer_say(&peer, DOWN);
	peer_drain(&peer);
	ck_assert_int_eq(peer_last(&peer)->state, INIT);
	ck_assert_uint_eq(peer_last(&peer)->diag, BFD_DIAG_TIMEOUT);
	peer.say.your_discriminator = PEER_LOCAL;
	peer_say(&peer, INIT);
	peer_drain(&peer);
	ck_assert_int_eq(peer_last(&peer)->state, UP);
	ck_assert_uint_eq(peer_last(&peer)->diag, BFD_DIAG_NONE);
	ck_assert_uint_eq(peer.session.counters.times_up, 2);
	ck_assert_uint_eq(peer.session.counters.times_down, 1);
}
END_TEST

/* A session Down whose peer falls silent forgets it, says so once, and goes on sending. */
START_TEST(silent_peer_is_forgotten_when_down)
{
	peer.say.desired_min_tx_usec = 100000;
	peer_say(&peer, UP);
	ck_assert_uint_eq(peer.session.remote_discriminator, PEER_REMOTE);
	peer_pass(&peer, peer.now + 300 * MSEC);
	ck_assert_uint_eq(peer.session.remote_discriminator, 0);
	ck_assert_uint_eq(peer.events, BFD_EVENT_FORGOTTEN);
	peer_forget_log(&peer);
	peer_pass(&peer, peer.now + 60 * SEC);
	ck_assert_uint_ge(peer.num_sent, 60);
	ck_assert_uint_le(peer.num_sent, 80);
	ck_assert_uint_eq(peer_last(&peer)->your_discriminator, 0);
	ck_assert_uint_eq(peer.events, 0);
}
END_TEST

/* The peer restarted: another discriminator, and it no longer knows ours. */
START_TEST(restarted_peer)
{
	peer_bring(&peer, UP);
	peer.say.my_discriminator = 99;
	peer.say.your_discriminator = 0;
	peer_say(&peer, DOWN);
	ck_assert_uint_eq(peer.change.events, STATE | BFD_EVENT_DOWN);
	peer_drain(&peer);
	ck_assert_uint_eq(peer_last(&peer)->your_discriminator, 99);
	ck_assert_int_eq(peer_last(&peer)->state, DOWN);
}
END_TEST

START_TEST(admin_down_and_back)
{
	uint64_t begin = peer.now;

	peer_bring(&peer, UP);
	bfd_session_set_admin(&peer.session, true, peer.now, &peer.change);
	ck_assert_uint_eq(peer.change.events, STATE);
	ck_assert_uint_ge(bfd_session_linger(&peer.session), begin + 30 * MSEC);
	peer_drain(&peer);
	ck_assert_int_eq(peer_last(&peer)->state, ADMIN);
	ck_assert_uint_eq(peer_last(&peer)->diag, BFD_DIAG_ADMIN_DOWN);
	ck_assert_uint_eq(peer_last(&peer)->desired_min_tx_usec, 1000000);
	ck_assert_uint_eq(peer_last(&peer)->your_discriminator, PEER_REMOTE);

	bfd_session_set_admin(&peer.session, true, peer.now, &peer.change);
	ck_assert_uint_eq(peer.change.events, 0);
	peer_pass(&peer, peer.now + 10 * SEC);
	ck_assert_int_eq(peer.session.state, ADMIN);
	ck_assert_uint_eq(peer_last(&peer)->diag, BFD_DIAG_ADMIN_DOWN);
	ck_assert_uint_eq(peer.session.counters.times_down, 0);

	bfd_session_set_admin(&peer.session, false, peer.now, &peer.change);
	ck_assert_uint_eq(peer.change.events, STATE);
	ck_assert_int_eq(peer.session.state, DOWN);
	peer_drain(&peer);
	ck_assert_int_eq(peer_last(&peer)->state, DOWN);
	bfd_session_set_admin(&peer.session, false, peer.now, &peer.change);
	ck_assert_uint_eq(peer.change.events, 0);
}
END_TEST

START_TEST(remote_admin_down_is_told_once)
{
	peer_bring(&peer, UP);
	peer_say(&peer, ADMIN);
	ck_assert_uint_eq(peer.change.events, STATE | BFD_EVENT_REMOTE_ADMIN_DOWN);
	for (int i = 0; i < 5; i++) {
		peer_say(&peer, ADMIN);
		ck_assert_uint_eq(peer.change.events, 0);
	}
	ck_assert_uint_eq(peer.session.counters.times_down, 0);
	peer_say(&peer, DOWN);
	peer_say(&peer, ADMIN);
	ck_assert_uint_eq(peer.change.events, STATE | BFD_EVENT_REMOTE_ADMIN_DOWN);
}
END_TEST

START_TEST(passive_waits_for_the_peer)
{
	peer.config.passive = true;
	peer_start(&peer);
	ck_assert_uint_eq(bfd_session_deadline(&peer.session), NSEC_NEVER);
	peer_pass(&peer, peer.now + 100 * SEC);
	ck_assert_uint_eq(peer.num_sent, 0);
	peer.say.your_discriminator = 0;
	peer_say(&peer, DOWN);
	peer_drain(&peer);
	ck_assert_uint_eq(peer.num_sent, 1);
	ck_assert_int_eq(peer_last(&peer)->state, INIT);
	peer_pass(&peer, peer.now + 30 * MSEC);
	ck_assert_int_eq(peer.session.state, DOWN);
	ck_assert_uint_eq(peer.num_sent, 1);
	ck_assert_uint_eq(bfd_session_deadline(&peer.session), NSEC_NEVER);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("bfd");
	TCase *tcase = tcase_create("bfd");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, bad_config_is_named);
	tcase_add_test(tcase, first_packet);
	tcase_add_loop_test(tcase, state_machine, 0, (int)(sizeof(steps) / sizeof(*steps)));
	tcase_add_loop_test(tcase, malformed_changes_nothing, ADMIN, UP + 1);
	tcase_add_loop_test(tcase, detection_time_expires, INIT, UP + 1);
	tcase_add_test(tcase, any_taken_packet_defers_detection);
	tcase_add_test(tcase, silence_not_listened_to_does_not_count);
	tcase_add_test(tcase, drained_to_the_deadline_is_enough);
	tcase_add_test(tcase, reason_is_told_until_up);
	tcase_add_test(tcase, silent_peer_is_forgotten_when_down);
	tcase_add_test(tcase, restarted_peer);
	tcase_add_test(tcase, admin_down_and_back);
	tcase_add_test(tcase, remote_admin_down_is_told_once);
	tcase_add_test(tcase, passive_waits_for_the_peer);
	suite_add_tcase(suite, tcase);
	return suite;
}
