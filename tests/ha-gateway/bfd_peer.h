/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session under test and the peer that the test plays by hand: packets said to the session one by
 * one, time moved on purpose, everything the session sends recorded and parsed.
 */
#ifndef TESTS_BFD_PEER_H
#define TESTS_BFD_PEER_H

#include "examples/ha-gateway/bfd.h"
#include "examples/ha-gateway/nsec.h"

#define MSEC NSEC_PER_MSEC
#define SEC  NSEC_PER_SEC

#define PEER_LOCAL  UINT32_C(0x11223344) /* the session's discriminator */
#define PEER_REMOTE UINT32_C(0x55667788) /* the played peer's */

#define PEER_LOG_SIZE 4096

struct peer {
	struct bfd_session session;
	struct bfd_config config;
	uint64_t now;
	struct bfd_packet say; /* what the next peer_say() sends but for the state */
	struct bfd_change change; /* of the last call that gave one */
	unsigned events; /* all of them since the last peer_forget_log() */
	unsigned num_sent;
	uint64_t sent_at[PEER_LOG_SIZE];
	struct bfd_packet sent[PEER_LOG_SIZE];
};

/* 10 ms both ways, three times, active; peer->config may be changed before peer_start(). */
void peer_init(struct peer *peer);
void peer_start(struct peer *peer);

/* Says a packet in `state`, from the peer, now; does not send what it causes. */
enum bfd_drop peer_say(struct peer *peer, enum bfd_state state);

/* Lets the session do what is due now, its input drained. */
void peer_drain(struct peer *peer);

/* Moves time to `until` and lets the session act at each of its deadlines on the way. */
void peer_pass(struct peer *peer, uint64_t until);

/* Brings the session to `state` by packets alone, answering its Poll when it comes Up. */
void peer_bring(struct peer *peer, enum bfd_state state);

/* Keeps the peer talking, each 5 ms, in state Up, until `until`. */
void peer_talk(struct peer *peer, uint64_t until);

/* Says a Final, in state Up. */
void peer_answer_poll(struct peer *peer);
void peer_set_timers(struct peer *peer, uint64_t tx_msec, uint64_t rx_msec);

/* The gaps between the packets in the log are all within [min, max]. */
void peer_assert_gaps(const struct peer *peer, uint64_t min, uint64_t max);

void peer_forget_log(struct peer *peer);
const struct bfd_packet *peer_last(const struct peer *peer);

#endif
