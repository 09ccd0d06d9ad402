/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One BFD session: the state machine, timers, Poll Sequences and transmission rules of RFC 5880
 * sections 6.5 to 6.8. Called by the gateway's BFD process and by the tests; calls bfd_packet.c.
 * It guards that an interval changes hands in order (configured, said, confirmed, used), and that
 * only silence that was listened to takes a session down. Due times are computed from what they
 * depend on whenever asked, never stored, so that no change can leave a stale one behind.
 */
#include "bfd.h"
#include "nsec.h"

#include <errno.h>

#define SLOW_TX_USEC 1000000u /* the least interval of sending until Up, section 6.8.3 */

/* Jitter as a share of 2^20: 75 % to 100 %, but 75 % to 90 % with a detect mult of 1 (6.8.7). */
#define JITTER_SHIFT  20
#define JITTER_MIN    786432u
#define JITTER_MAX    1048576u
#define JITTER_MAX_M1 943718u

/*
 * Changes are told without waiting for the timer, but no more than these many in a row and one per
 * span in the long run: over a path that doubles packets two sessions could else excite each other
 * into a storm of changes.
 */
#define URGENT_BURST     8
#define URGENT_SPAN_NSEC (100 * NSEC_PER_MSEC)

#define STATE_COUNT (BFD_STATE_UP + 1)

/* Section 6.8.6, by our state and the one received. AdminDown is left by the operator only. */
static const enum bfd_state next_state[STATE_COUNT][STATE_COUNT] = {
	[BFD_STATE_DOWN] = {[BFD_STATE_ADMIN_DOWN] = BFD_STATE_DOWN,
		[BFD_STATE_DOWN] = BFD_STATE_INIT,
		[BFD_STATE_INIT] = BFD_STATE_UP,
		[BFD_STATE_UP] = BFD_STATE_DOWN},
	[BFD_STATE_INIT] = {[BFD_STATE_ADMIN_DOWN] = BFD_STATE_DOWN,
		[BFD_STATE_DOWN] = BFD_STATE_INIT,
		[BFD_STATE_INIT] = BFD_STATE_UP,
		[BFD_STATE_UP] = BFD_STATE_UP},
	[BFD_STATE_UP] = {[BFD_STATE_ADMIN_DOWN] = BFD_STATE_DOWN,
		[BFD_STATE_DOWN] = BFD_STATE_DOWN,
		[BFD_STATE_INIT] = BFD_STATE_UP,
		[BFD_STATE_UP] = BFD_STATE_UP},
};

static uint32_t max32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* splitmix64 */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void draw_jitter(struct bfd_session *s)
{
	uint32_t max = s->detect_mult == 1 ? JITTER_MAX_M1 : JITTER_MAX;

	s->jitter = JITTER_MIN + (uint32_t)(draw(&s->random) % (max - JITTER_MIN + 1));
}

static void begin_change(const struct bfd_session *s, struct bfd_change *change)
{
	*change = (struct bfd_change){.from = s->state, .to = s->state, .diag = s->local_diag};
}

static void mark_due(struct bfd_session *s, bool *what, uint64_t now)
{
	if (!s->final_due && !s->urgent)
		s->due_since_nsec = now;
	*what = true;
}

uint64_t bfd_session_tx_interval(const struct bfd_session *session)
{
	return max32(session->used_tx_usec, session->remote_min_rx_usec) * NSEC_PER_USEC;
}

uint64_t bfd_session_detection_time(const struct bfd_session *session)
{
	if (session->remote_discriminator == 0)
		return 0;
	return max32(session->used_rx_usec, session->remote_min_tx_usec) * NSEC_PER_USEC *
	       session->remote_detect_mult;
}

static uint64_t detection_deadline(const struct bfd_session *s)
{
	if (s->remote_discriminator == 0)
		return NSEC_NEVER;
	return nsec_add(s->last_rx_nsec, bfd_session_detection_time(s));
}

/* The passive role is silent while it knows no peer, even about its own changes. */
static bool may_send(const struct bfd_session *s)
{
	return !s->passive || s->remote_discriminator != 0;
}

static bool remote_in_demand_mode(const struct bfd_session *s)
{
	return s->remote_demand && s->state == BFD_STATE_UP && s->remote_state == BFD_STATE_UP;
}

static bool sends_periodically(const struct bfd_session *s)
{
	if (s->remote_min_rx_usec == 0)
		return false;
	return s->polling || !remote_in_demand_mode(s);
}

static uint64_t urgent_deadline(const struct bfd_session *s)
{
	uint64_t allowed = nsec_since(s->urgent_paid_nsec, (URGENT_BURST - 1) * URGENT_SPAN_NSEC);

	if (!s->urgent)
		return NSEC_NEVER;
	return nsec_later(allowed, s->due_since_nsec);
}

/* When the next packet other than a Final is due. */
static uint64_t tx_deadline(const struct bfd_session *s)
{
	uint64_t deadline = urgent_deadline(s);

	if (!may_send(s))
		return NSEC_NEVER;
	if (!sends_periodically(s))
		return deadline;
	return nsec_earlier(deadline,
		nsec_add(s->last_tx_nsec, bfd_session_tx_interval(s) * s->jitter >> JITTER_SHIFT));
}

uint64_t bfd_session_deadline(const struct bfd_session *session)
{
	uint64_t deadline = nsec_earlier(tx_deadline(session), detection_deadline(session));

	return session->final_due ? nsec_earlier(deadline, session->due_since_nsec) : deadline;
}

uint64_t bfd_session_linger(const struct bfd_session *session)
{
	return session->linger_nsec;
}

static uint32_t wanted_tx(const struct bfd_session *s)
{
	if (s->state == BFD_STATE_UP)
		return s->config_tx_usec;
	return max32(s->config_tx_usec, SLOW_TX_USEC);
}

static void use_said_timers(struct bfd_session *s)
{
	s->used_tx_usec = s->desired_min_tx_usec;
	s->used_rx_usec = s->required_min_rx_usec;
}

/*
 * Says what is wanted, if that is news, by a Poll Sequence (section 6.8.3). In Up what would make
 * the peer or us expire too early is used after its Final only; and a second Poll Sequence begins
 * only when a Final cannot be mistaken for the first one's any more.
 */
static void say_timers(struct bfd_session *s, uint64_t now)
{
	uint32_t tx = wanted_tx(s), rx = s->config_rx_usec;
	bool up = s->state == BFD_STATE_UP;

	if (tx == s->desired_min_tx_usec && rx == s->required_min_rx_usec)
		return;
	if (up && (s->polling || s->settling))
		return;
	s->desired_min_tx_usec = tx;
	s->required_min_rx_usec = rx;
	if (!up || tx < s->used_tx_usec)
		s->used_tx_usec = tx;
	if (!up || rx > s->used_rx_usec)
		s->used_rx_usec = rx;
	s->polling = s->remote_discriminator != 0;
	mark_due(s, &s->urgent, now);
}

/* How long the peer may go on believing in us: its detection time, as far as we can tell. */
static uint64_t remote_detection_time(const struct bfd_session *s)
{
	uint32_t usec = max32(s->desired_min_tx_usec, s->used_tx_usec);

	return max32(usec, s->remote_min_rx_usec) * NSEC_PER_USEC * s->detect_mult;
}

static void count_transition(struct bfd_session *s, const struct bfd_change *change)
{
	if (change->events & BFD_EVENT_UP)
		s->counters.times_up++;
	if (change->events & BFD_EVENT_DOWN)
		s->counters.times_down++;
}

/*
 * The one place where the state changes. A Poll Sequence of the state before is void: outside Up
 * the said timers are in use at once, and on the way to Up the rate only grows.
 */
static void enter_state(struct bfd_session *s, enum bfd_state to, enum bfd_diag diag, uint64_t now,
	struct bfd_change *change)
{
	enum bfd_state from = s->state;
	bool by_operator = to == BFD_STATE_ADMIN_DOWN || s->remote_state == BFD_STATE_ADMIN_DOWN;

	if (from == BFD_STATE_INIT || from == BFD_STATE_UP)
		s->linger_nsec = nsec_add(now, remote_detection_time(s));
	use_said_timers(s);
	s->polling = false;
	s->settling = false;
	s->state = to;
	s->local_diag = diag;
	mark_due(s, &s->urgent, now);
	say_timers(s, now);

	change->events |= BFD_EVENT_STATE;
	if (to == BFD_STATE_UP)
		change->events |= BFD_EVENT_UP;
	else if (from == BFD_STATE_UP && !by_operator)
		change->events |= BFD_EVENT_DOWN;
	change->to = to;
	change->diag = diag;
	count_transition(s, change);
}

static void forget_remote(struct bfd_session *s)
{
	s->remote_state = BFD_STATE_DOWN;
	s->remote_discriminator = 0;
	s->remote_min_rx_usec = 1;
	s->remote_min_tx_usec = 0;
	s->remote_detect_mult = 0;
	s->remote_diag = BFD_DIAG_NONE;
	s->remote_demand = false;
	s->polling = false;
	s->settling = false;
	use_said_timers(s);
}

static int fail(const char **ret_why, const char *why)
{
	if (ret_why)
		*ret_why = why;
	return -EINVAL;
}

static int to_usec(uint64_t nsec, uint32_t *ret_usec)
{
	if (nsec == 0 || nsec > UINT32_MAX * NSEC_PER_USEC)
		return -EINVAL;
	*ret_usec = (uint32_t)((nsec + NSEC_PER_USEC - 1) / NSEC_PER_USEC);
	return 0;
}

int bfd_session_init(struct bfd_session *session, const struct bfd_config *config, uint64_t now,
	const char **ret_why)
{
	struct bfd_session s = {.state = BFD_STATE_DOWN};

	if (config->local_discriminator == 0)
		return fail(ret_why, "bfd: local discriminator must not be 0");
	if (to_usec(config->desired_min_tx_nsec, &s.config_tx_usec) < 0)
		return fail(ret_why, "bfd: desired min tx must be 1 us to 4294 s");
	if (to_usec(config->required_min_rx_nsec, &s.config_rx_usec) < 0)
		return fail(ret_why, "bfd: required min rx must be 1 us to 4294 s");
	if (config->detect_mult < 1 || config->detect_mult > UINT8_MAX)
		return fail(ret_why, "bfd: detect mult must be 1 to 255");

	s.local_discriminator = config->local_discriminator;
	s.detect_mult = (uint8_t)config->detect_mult;
	s.passive = config->passive;
	s.random = config->seed ^ (uint64_t)config->local_discriminator << 32;
	s.last_tx_nsec = now;
	s.last_rx_nsec = now;
	s.linger_nsec = now;
	forget_remote(&s);
	draw_jitter(&s);
	say_timers(&s, now);
	*session = s;
	return 0;
}

int bfd_session_set_timers(struct bfd_session *session, uint64_t desired_min_tx_nsec,
	uint64_t required_min_rx_nsec, uint64_t now, const char **ret_why)
{
	uint32_t tx, rx;

	if (to_usec(desired_min_tx_nsec, &tx) < 0)
		return fail(ret_why, "bfd: desired min tx must be 1 us to 4294 s");
	if (to_usec(required_min_rx_nsec, &rx) < 0)
		return fail(ret_why, "bfd: required min rx must be 1 us to 4294 s");
	session->config_tx_usec = tx;
	session->config_rx_usec = rx;
	say_timers(session, now);
	return 0;
}

void bfd_session_set_admin(
	struct bfd_session *session, bool down, uint64_t now, struct bfd_change *ret_change)
{
	begin_change(session, ret_change);
	if (down == (session->state == BFD_STATE_ADMIN_DOWN))
		return;
	if (down)
		enter_state(session, BFD_STATE_ADMIN_DOWN, BFD_DIAG_ADMIN_DOWN, now, ret_change);
	else
		enter_state(session, BFD_STATE_DOWN, BFD_DIAG_NONE, now, ret_change);
}

/* The tests of section 6.8.6 that need the session. */
static enum bfd_drop admit(const struct bfd_session *s, const struct bfd_packet *packet)
{
	uint32_t your = packet->your_discriminator;

	if (your != 0 && your != s->local_discriminator)
		return BFD_DROP_SESSION;
	if (packet->auth)
		return BFD_DROP_AUTH;
	return BFD_DROP_NONE;
}

static void note_final(struct bfd_session *s, bool final, struct bfd_change *change)
{
	if (!final) {
		s->settling = false;
	} else if (s->polling) {
		s->polling = false;
		s->settling = true;
		use_said_timers(s);
		change->events |= BFD_EVENT_POLL_DONE;
	}
}

/* What the RFC takes over from a packet before it looks at the states. */
static void note_remote(struct bfd_session *s, const struct bfd_packet *packet, uint64_t now,
	struct bfd_change *change)
{
	if (packet->state == BFD_STATE_ADMIN_DOWN && s->remote_state != BFD_STATE_ADMIN_DOWN)
		change->events |= BFD_EVENT_REMOTE_ADMIN_DOWN;
	s->remote_discriminator = packet->my_discriminator;
	s->remote_state = packet->state;
	s->remote_diag = packet->diag;
	s->remote_demand = packet->demand;
	s->remote_min_rx_usec = packet->required_min_rx_usec;
	s->remote_min_tx_usec = packet->desired_min_tx_usec;
	s->remote_detect_mult = packet->detect_mult;
	s->last_rx_nsec = now;
	note_final(s, packet->final, change);
}

/* The reason stays told until the session is Up again, for the peer's operator to see. */
static void step_state(struct bfd_session *s, uint64_t now, struct bfd_change *change)
{
	enum bfd_state to = next_state[s->state][s->remote_state];
	enum bfd_diag diag = s->local_diag;

	if (to == s->state)
		return;
	if (to == BFD_STATE_UP)
		diag = BFD_DIAG_NONE;
	else if (to == BFD_STATE_DOWN)
		diag = BFD_DIAG_NEIGHBOR_DOWN;
	enter_state(s, to, diag, now, change);
}

static enum bfd_drop take_packet(struct bfd_session *s, const struct bfd_packet *packet,
	uint64_t now, struct bfd_change *change)
{
	note_remote(s, packet, now, change);
	if (s->state == BFD_STATE_ADMIN_DOWN)
		return BFD_DROP_ADMIN_DOWN;
	step_state(s, now, change);
	say_timers(s, now);
	if (packet->poll)
		mark_due(s, &s->final_due, now);
	return BFD_DROP_NONE;
}

enum bfd_drop bfd_session_receive(struct bfd_session *session, const struct bfd_datagram *datagram,
	uint64_t now, struct bfd_change *ret_change)
{
	struct bfd_packet packet;
	enum bfd_drop drop;

	begin_change(session, ret_change);
	drop = bfd_packet_parse(datagram, &packet);
	if (drop == BFD_DROP_NONE)
		drop = admit(session, &packet);
	if (drop == BFD_DROP_NONE)
		drop = take_packet(session, &packet, now, ret_change);
	if (drop == BFD_DROP_NONE)
		session->counters.received++;
	else
		session->counters.drops[drop]++;
	return drop;
}

static void expire(
	struct bfd_session *s, uint64_t now, uint64_t drained_at, struct bfd_change *change)
{
	uint64_t deadline = detection_deadline(s);

	if (deadline == NSEC_NEVER || now < deadline || drained_at < deadline)
		return;
	forget_remote(s);
	change->events |= BFD_EVENT_FORGOTTEN;
	if (s->state == BFD_STATE_INIT || s->state == BFD_STATE_UP)
		enter_state(s, BFD_STATE_DOWN, BFD_DIAG_TIMEOUT, now, change);
}

static size_t emit(struct bfd_session *s, bool final, uint8_t ret_packet[BFD_PACKET_SIZE])
{
	struct bfd_packet packet = {
		.diag = (uint8_t)s->local_diag,
		.state = s->state,
		.poll = s->polling && !final,
		.final = final,
		.detect_mult = s->detect_mult,
		.my_discriminator = s->local_discriminator,
		.your_discriminator = s->remote_discriminator,
		.desired_min_tx_usec = s->desired_min_tx_usec,
		.required_min_rx_usec = s->required_min_rx_usec,
	};

	bfd_packet_build(&packet, ret_packet);
	s->counters.sent++;
	return BFD_PACKET_SIZE;
}

size_t bfd_session_advance(struct bfd_session *session, uint64_t now, uint64_t drained_at,
	uint8_t ret_packet[BFD_PACKET_SIZE], struct bfd_change *ret_change)
{
	uint64_t deadline;

	begin_change(session, ret_change);
	expire(session, now, drained_at, ret_change);
	if (session->final_due) {
		session->final_due = false;
		return emit(session, true, ret_packet);
	}
	deadline = tx_deadline(session);
	if (deadline == NSEC_NEVER || now < deadline)
		return 0;
	if (session->urgent)
		session->urgent_paid_nsec =
			nsec_add(nsec_later(session->urgent_paid_nsec, now), URGENT_SPAN_NSEC);
	session->urgent = false;
	session->last_tx_nsec = now;
	draw_jitter(session);
	return emit(session, false, ret_packet);
}
