/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bidirectional Forwarding Detection: asynchronous mode, one hop, IPv4 (RFC 5880, RFC 5881).
 *
 * No I/O, no allocation, no clock: a session takes datagrams and `now` (nanoseconds of any
 * monotonic clock) and gives packets, changes and its next deadline. Nothing here suspends. A
 * session belongs to one thread. Its user is a loop of this shape, one for each session:
 *
 *	bfd_session_init(&session, &config, now, &why);
 *	for (;;) {
 *		wait for a datagram, until bfd_session_deadline(&session) at the latest;
 *		for each datagram that came in on this session's interface:
 *			bfd_session_receive(&session, &datagram, now, &change), act on change;
 *		do {
 *			len = bfd_session_advance(&session, now, drained_at, packet, &change);
 *			act on change; if len != 0, send packet (UDP 3784, TTL 255);
 *		} while (len != 0);
 *	}
 *
 * How to act on change.events for a link check: BFD_EVENT_UP is "up", BFD_EVENT_DOWN is "down",
 * BFD_EVENT_REMOTE_ADMIN_DOWN is "no opinion" (RFC 5882 section 3.2: the peer's operator switched
 * BFD off; the path has not failed). The fields of struct bfd_session are for reading.
 */
#ifndef HA_BFD_H
#define HA_BFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BFD_UDP_PORT 3784 /* destination port of control packets, RFC 5881 section 4 */
#define BFD_TTL      255 /* sent and required, RFC 5881 section 5 */

/* Source ports that RFC 5881 section 4 wants on what is sent; any is accepted. */
#define BFD_SOURCE_PORT_MIN 49152
#define BFD_SOURCE_PORT_MAX 65535

/* Bytes of a control packet without authentication: all that is ever sent. */
#define BFD_PACKET_SIZE 24

/* Values as on the wire. */
enum bfd_state {
	BFD_STATE_ADMIN_DOWN,
	BFD_STATE_DOWN,
	BFD_STATE_INIT,
	BFD_STATE_UP,
};

/* RFC 5880 section 4.1; a peer may send values beyond these. */
enum bfd_diag {
	BFD_DIAG_NONE,
	BFD_DIAG_TIMEOUT,
	BFD_DIAG_ECHO_FAILED,
	BFD_DIAG_NEIGHBOR_DOWN,
	BFD_DIAG_FORWARDING_RESET,
	BFD_DIAG_PATH_DOWN,
	BFD_DIAG_CONCATENATED_DOWN,
	BFD_DIAG_ADMIN_DOWN,
	BFD_DIAG_REVERSE_CONCATENATED_DOWN,
};

/*
 * Why a datagram was not taken, in the order of the tests. The first two are RFC 5881's; the
 * others RFC 5880 section 6.8.6's.
 */
enum bfd_drop {
	BFD_DROP_NONE, /* taken */
	BFD_DROP_PORT, /* destination port is not 3784 */
	BFD_DROP_TTL, /* TTL is not 255: not from a neighbour */
	BFD_DROP_TRUNCATED, /* payload ends before the length field */
	BFD_DROP_VERSION, /* version is not 1 */
	BFD_DROP_LENGTH_SHORT, /* length field below 24, or 26 with the A bit */
	BFD_DROP_LENGTH_PAYLOAD, /* length field exceeds the payload */
	BFD_DROP_DETECT_MULT, /* detect mult is 0 */
	BFD_DROP_MULTIPOINT, /* M bit */
	BFD_DROP_MY_DISCRIMINATOR, /* my discriminator is 0 */
	BFD_DROP_YOUR_DISCRIMINATOR, /* your discriminator is 0 in state Init or Up */
	BFD_DROP_SESSION, /* your discriminator names no session here */
	BFD_DROP_AUTH, /* A bit, and no authentication is in use */
	BFD_DROP_ADMIN_DOWN, /* taken note of, but the session is in AdminDown */
	BFD_DROP_COUNT,
};

/* Names for humans; static strings, "unknown" beyond the enums. */
const char *bfd_state_name(enum bfd_state state);
const char *bfd_diag_name(enum bfd_diag diag);
const char *bfd_drop_name(enum bfd_drop drop);

/* The mandatory section of a control packet (RFC 5880 section 4.1). */
struct bfd_packet {
	uint8_t diag;
	enum bfd_state state;
	bool poll;
	bool final;
	bool auth;
	bool demand;
	uint8_t detect_mult;
	uint32_t my_discriminator;
	uint32_t your_discriminator;
	uint32_t desired_min_tx_usec;
	uint32_t required_min_rx_usec;
	uint32_t required_min_echo_rx_usec;
};

/* What IP and UDP say of a received payload; `payload` needs no alignment. */
struct bfd_datagram {
	const uint8_t *payload;
	size_t len; /* of the UDP payload, as far as it was really received */
	uint8_t ttl;
	uint16_t dest_port;
};

/*
 * Applies every test that needs no session, in order. Returns BFD_DROP_NONE and fills *ret_packet,
 * or the reason and leaves *ret_packet alone. Bytes behind the length field's end are ignored.
 * Whoever serves several sessions of one interface picks by ret_packet->your_discriminator.
 */
enum bfd_drop bfd_packet_parse(const struct bfd_datagram *datagram, struct bfd_packet *ret_packet);

/* Writes version 1, without authentication; packet->auth is ignored. */
void bfd_packet_build(const struct bfd_packet *packet, uint8_t ret_bytes[BFD_PACKET_SIZE]);

/* Intervals are rounded up to whole microseconds, the unit of the wire. */
struct bfd_config {
	uint32_t local_discriminator; /* not 0; unique among this system's sessions */
	uint64_t desired_min_tx_nsec; /* 1 us to 4294 s; at least 1 s is used until Up */
	uint64_t required_min_rx_nsec;
	unsigned detect_mult; /* 1 to 255 */
	bool passive; /* say nothing until the peer has spoken */
	uint64_t seed; /* of the jitter; any value */
};

/* What a call changed; a call makes at most one step of the state machine. */
enum bfd_event {
	BFD_EVENT_STATE = 1 << 0, /* from and to differ */
	BFD_EVENT_UP = 1 << 1, /* reached Up */
	BFD_EVENT_DOWN = 1 << 2, /* left Up: timeout, or the peer signalled Down */
	BFD_EVENT_REMOTE_ADMIN_DOWN = 1 << 3, /* the peer entered AdminDown: not a failure */
	BFD_EVENT_POLL_DONE = 1 << 4, /* the peer confirmed our timers */
	BFD_EVENT_FORGOTTEN = 1 << 5, /* silent for a detection time: peer forgotten */
};

struct bfd_change {
	unsigned events; /* of enum bfd_event; 0: nothing to act on */
	enum bfd_state from;
	enum bfd_state to;
	enum bfd_diag diag; /* our reason for the state `to` */
};

struct bfd_counters {
	uint64_t received; /* taken */
	uint64_t sent;
	uint64_t times_up;
	uint64_t times_down;
	uint64_t drops[BFD_DROP_COUNT];
};

struct bfd_session {
	/* The state variables of RFC 5880 section 6.8.1. */
	enum bfd_state state;
	enum bfd_state remote_state;
	uint32_t local_discriminator;
	uint32_t remote_discriminator; /* 0: the peer is not known (any more) */
	enum bfd_diag local_diag;
	uint32_t desired_min_tx_usec; /* as we say it; in use only after Final when it grew */
	uint32_t required_min_rx_usec; /* as we say it; in use only after Final when it shrank */
	uint32_t remote_min_rx_usec;
	bool remote_demand;
	uint8_t detect_mult;

	/* What else the peer said last. */
	uint8_t remote_detect_mult;
	uint8_t remote_diag;
	uint32_t remote_min_tx_usec;

	/* What the configuration wants, and what is in use; said values lie in between. */
	uint32_t config_tx_usec;
	uint32_t config_rx_usec;
	uint32_t used_tx_usec;
	uint32_t used_rx_usec;

	bool passive;
	bool polling; /* our Poll Sequence is under way */
	bool settling; /* it ended, but no packet without Final came since */
	bool final_due; /* the peer polled */
	bool urgent; /* what we have to say changed: not to wait for the timer */

	uint32_t jitter; /* share of the interval until the next packet, of 2^20 */
	uint64_t random;
	uint64_t due_since_nsec; /* of final_due and urgent */
	uint64_t urgent_paid_nsec; /* until when urgent packets have used up their allowance */
	uint64_t last_tx_nsec;
	uint64_t last_rx_nsec;
	uint64_t linger_nsec;
	struct bfd_counters counters;
};

/*
 * Begins in state Down; the active role sends its first packet at once. Returns 0, or -EINVAL with
 * *ret_why (may be NULL) naming the fault, the session then untouched. There is nothing to undo.
 */
int bfd_session_init(struct bfd_session *session, const struct bfd_config *config, uint64_t now,
	const char **ret_why);

/*
 * Takes a datagram of this session's interface. Returns BFD_DROP_NONE or the reason, which is
 * counted; a datagram with any reason but BFD_DROP_ADMIN_DOWN changed nothing else. *ret_change is
 * always written. What is to be sent as a consequence comes out of bfd_session_advance().
 */
enum bfd_drop bfd_session_receive(struct bfd_session *session, const struct bfd_datagram *datagram,
	uint64_t now, struct bfd_change *ret_change);

/*
 * Does what is due at `now`: expires the detection time, and puts at most one packet into
 * ret_packet. Returns its length, BFD_PACKET_SIZE or 0; to be called again until that is 0.
 * *ret_change is always written.
 *
 * drained_at: every datagram that had arrived by then has been given to bfd_session_receive().
 * Silence counts only as far as it was listened to: a session is declared down when both now and
 * drained_at are past its detection time. A loop that polled its inputs after it read `now`, and
 * found no more than it could take, passes now. One that was held up, or took a full burst, passes
 * the last instant that satisfies the above, and drains and calls again: until then
 * bfd_session_deadline() stays in the past.
 */
size_t bfd_session_advance(struct bfd_session *session, uint64_t now, uint64_t drained_at,
	uint8_t ret_packet[BFD_PACKET_SIZE], struct bfd_change *ret_change);

/* When to call bfd_session_advance() at the latest; UINT64_MAX when only a datagram can matter. */
uint64_t bfd_session_deadline(const struct bfd_session *session);

/*
 * Enters or leaves AdminDown (RFC 5880 section 6.8.16); nothing when it is so already. After
 * entering it, the caller goes on with its loop until bfd_session_linger() at least, so that the
 * peer learns that this is no failure.
 */
void bfd_session_set_admin(
	struct bfd_session *session, bool down, uint64_t now, struct bfd_change *ret_change);

/*
 * Changes our intervals, at any time and in any state. In Up a Poll Sequence tells the peer, and
 * a slower rate of sending or a shorter detection time waits for its Final (section 6.8.3). A
 * change during a Poll Sequence waits for its end; the last one counts. Returns 0, or -EINVAL
 * with *ret_why (may be NULL), the session then untouched.
 */
int bfd_session_set_timers(struct bfd_session *session, uint64_t desired_min_tx_nsec,
	uint64_t required_min_rx_nsec, uint64_t now, const char **ret_why);

/* The agreed interval of our packets before jitter, in nanoseconds (section 6.8.2). */
uint64_t bfd_session_tx_interval(const struct bfd_session *session);

/* How much silence means failure, in nanoseconds (section 6.8.4); 0 without a peer. */
uint64_t bfd_session_detection_time(const struct bfd_session *session);

/* Until when a session that left Init or Up must go on sending before it may be given up. */
uint64_t bfd_session_linger(const struct bfd_session *session);

#endif
