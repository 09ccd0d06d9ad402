/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hand-played peer of the BFD tests. Calls the session as the gateway's process does and fails
 * the running test when a call does not do what its header says. It guards that no test waits for
 * a session that would spin: between two deadlines time must move.
 */
#include "bfd_peer.h"
#include "harness.h"

#include <string.h>

void peer_init(struct peer *peer)
{
	memset(peer, 0, sizeof(*peer));
	peer->now = 1000 * SEC;
	peer->config = (struct bfd_config){
		.local_discriminator = PEER_LOCAL,
		.desired_min_tx_nsec = 10 * MSEC,
		.required_min_rx_nsec = 10 * MSEC,
		.detect_mult = 3,
		.seed = 42,
	};
	peer->say = (struct bfd_packet){
		.detect_mult = 3,
		.my_discriminator = PEER_REMOTE,
		.your_discriminator = PEER_LOCAL,
		.desired_min_tx_usec = 10000,
		.required_min_rx_usec = 10000,
	};
}

void peer_start(struct peer *peer)
{
	const char *why = NULL;
	int status = bfd_session_init(&peer->session, &peer->config, peer->now, &why);

	ck_assert_msg(status == 0, "%s", why);
}

enum bfd_drop peer_say(struct peer *peer, enum bfd_state state)
{
	uint8_t bytes[BFD_PACKET_SIZE];
	struct bfd_datagram datagram = {
		.payload = bytes, .len = sizeof(bytes), .ttl = BFD_TTL, .dest_port = BFD_UDP_PORT};
	enum bfd_drop drop;

	peer->say.state = state;
	bfd_packet_build(&peer->say, bytes);
	drop = bfd_session_receive(&peer->session, &datagram, peer->now, &peer->change);
	peer->events |= peer->change.events;
	return drop;
}

static void record(struct peer *peer, const uint8_t *bytes, size_t len)
{
	struct bfd_datagram datagram = {
		.payload = bytes, .len = len, .ttl = BFD_TTL, .dest_port = BFD_UDP_PORT};

	ck_assert_uint_lt(peer->num_sent, PEER_LOG_SIZE);
	ck_assert_int_eq(bfd_packet_parse(&datagram, &peer->sent[peer->num_sent]), 0);
	peer->sent_at[peer->num_sent++] = peer->now;
}

void peer_drain(struct peer *peer)
{
	uint8_t bytes[BFD_PACKET_SIZE];
	size_t len;

	do {
		struct bfd_change change;

		len = bfd_session_advance(&peer->session, peer->now, peer->now, bytes, &change);
		peer->events |= change.events;
		if (change.events)
			peer->change = change;
		if (len)
			record(peer, bytes, len);
	} while (len);
}

void peer_pass(struct peer *peer, uint64_t until)
{
	peer_drain(peer);
	while (bfd_session_deadline(&peer->session) <= until) {
		uint64_t deadline = bfd_session_deadline(&peer->session);

		ck_assert_uint_gt(deadline, peer->now);
		peer->now = deadline;
		peer_drain(peer);
	}
	peer->now = until;
}

static void peer_bring_up(struct peer *peer)
{
	peer_say(peer, BFD_STATE_UP);
	peer_drain(peer);
	peer->say.final = true;
	peer_say(peer, BFD_STATE_UP);
	peer->say.final = false;
	peer_say(peer, BFD_STATE_UP);
	ck_assert(!peer->session.polling);
}

void peer_bring(struct peer *peer, enum bfd_state state)
{
	if (state == BFD_STATE_ADMIN_DOWN)
		bfd_session_set_admin(&peer->session, true, peer->now, &peer->change);
	if (state >= BFD_STATE_INIT)
		peer_say(peer, BFD_STATE_DOWN);
	if (state == BFD_STATE_UP)
		peer_bring_up(peer);
	peer_drain(peer);
	ck_assert_int_eq(peer->session.state, state);
	peer_forget_log(peer);
}

void peer_forget_log(struct peer *peer)
{
	peer->num_sent = 0;
	peer->events = 0;
}

const struct bfd_packet *peer_last(const struct peer *peer)
{
	ck_assert_uint_gt(peer->num_sent, 0);
	return &peer->sent[peer->num_sent - 1];
}

void peer_talk(struct peer *peer, uint64_t until)
{
	while (peer->now < until) {
		peer_say(peer, BFD_STATE_UP);
		peer_pass(peer, nsec_earlier(until, peer->now + 5 * MSEC));
	}
}

void peer_answer_poll(struct peer *peer)
{
	peer->say.final = true;
	peer_say(peer, BFD_STATE_UP);
	peer->say.final = false;
}

void peer_set_timers(struct peer *peer, uint64_t tx_msec, uint64_t rx_msec)
{
	ck_assert_int_eq(bfd_session_set_timers(
				 &peer->session, tx_msec * MSEC, rx_msec * MSEC, peer->now, NULL),
		0);
}

void peer_assert_gaps(const struct peer *peer, uint64_t min, uint64_t max)
{
	ck_assert_uint_gt(peer->num_sent, 1);
	for (unsigned i = 1; i < peer->num_sent; i++) {
		uint64_t gap = peer->sent_at[i] - peer->sent_at[i - 1];

		if (gap < min || gap > max)
			ck_abort_msg("gap %u is %llu ns", i, (unsigned long long)gap);
	}
}
