/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated link of the BFD tests. Calls the two sessions as the gateway's process would, in
 * the order of their deadlines and the packets' arrivals. It guards what holds over any link: no
 * session goes Down before its detection time or later than that, none stays Up beside one that is
 * Down, no packet is sent too early or too late, none contradicts its sender's state.
 */
#include "bfd_link.h"
#include "harness.h"

#include <string.h>

#define FAIL(link, format, ...)                                                                \
	ck_abort_msg("seed %llu at %.6f s: " format, (unsigned long long)(link)->options.seed, \
		(double)(link)->now / 1e9, __VA_ARGS__)

uint64_t link_draw(uint64_t *random)
{
	uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t link_between(uint64_t *random, uint64_t low, uint64_t high)
{
	return low + link_draw(random) % (high - low + 1);
}

static bool chance(struct bfd_link *link, unsigned permille)
{
	return permille && link_draw(&link->random) % 1000 < permille;
}

void link_init(struct bfd_link *link, const struct link_options *options,
	const struct bfd_config configs[2])
{
	memset(link, 0, sizeof(*link));
	link->options = *options;
	link->random = options->seed;
	link->now = SEC;
	for (unsigned i = 0; i < 2; i++) {
		struct bfd_config config = configs[i];
		const char *why = NULL;

		config.local_discriminator = 100 + i;
		config.seed ^= options->seed;
		if (bfd_session_init(&link->ends[i].session, &config, link->now, &why) < 0)
			ck_abort_msg("%s", why);
		link->ends[i].not_up_since = link->now;
	}
}

static void fly(struct bfd_link *link, unsigned to, const uint8_t *bytes)
{
	const struct link_options *options = &link->options;
	struct link_end *end = &link->ends[to];
	struct flight *flight = &link->flights[link->num_flights];
	uint64_t delay =
		link_between(&link->random, options->delay_min_nsec, options->delay_max_nsec);

	if (link->num_flights == LINK_FLIGHTS)
		FAIL(link, "more than %u packets under way", LINK_FLIGHTS);
	flight->at = link->now + delay;
	if (!options->reorder && flight->at < end->last_arrival)
		flight->at = end->last_arrival;
	end->last_arrival = flight->at;
	flight->to = to;
	memcpy(flight->bytes, bytes, BFD_PACKET_SIZE);
	link->num_flights++;
}

static void transmit(struct bfd_link *link, unsigned from, const uint8_t *bytes)
{
	if (link->ends[from].cut || chance(link, link->options.loss_permille))
		return;
	fly(link, !from, bytes);
	if (chance(link, link->options.double_permille))
		fly(link, !from, bytes);
}

static void check_rate(struct bfd_link *link, const struct link_end *end)
{
	uint64_t interval = bfd_session_tx_interval(&end->session);
	uint64_t gap = link->now - end->last_sent;

	if (gap < interval / 4 * 3)
		FAIL(link, "sent after %llu of %llu ns", (unsigned long long)gap,
			(unsigned long long)interval);
	if (gap > nsec_add(end->slowest, link->options.lateness_nsec))
		FAIL(link, "sent after %llu of %llu ns", (unsigned long long)gap,
			(unsigned long long)end->slowest);
}

/* The longest interval that applied since the last packet; a shorter one may come too late. */
static void note_interval(struct link_end *end)
{
	uint64_t interval = bfd_session_tx_interval(&end->session);

	if (end->session.passive && end->session.remote_discriminator == 0)
		interval = NSEC_NEVER;
	if (interval > end->slowest)
		end->slowest = interval;
}

/* A packet says what its sender is; `urgent`: it had reason not to wait for the timer. */
static void check_packet(struct bfd_link *link, unsigned from, const uint8_t *bytes, bool urgent)
{
	struct bfd_datagram datagram = {bytes, BFD_PACKET_SIZE, BFD_TTL, BFD_UDP_PORT};
	struct link_end *end = &link->ends[from];
	struct bfd_packet packet;

	if (bfd_packet_parse(&datagram, &packet) != BFD_DROP_NONE)
		FAIL(link, "end %u sent nonsense", from);
	if (packet.poll && packet.final)
		FAIL(link, "end %u polls in a Final", from);
	if (packet.state != end->session.state || packet.my_discriminator != 100 + from)
		FAIL(link, "end %u lies about itself", from);
	if (packet.your_discriminator != 0 && packet.your_discriminator != 100 + !from)
		FAIL(link, "end %u knows somebody else", from);
	if (packet.state != BFD_STATE_UP && packet.desired_min_tx_usec < 1000000)
		FAIL(link, "end %u is fast outside Up", from);
	if (packet.final)
		return;
	if (!urgent && end->last_sent != 0)
		check_rate(link, end);
	end->last_sent = link->now;
	end->slowest = 0;
}

static void note_change(
	struct bfd_link *link, struct link_end *end, const struct bfd_change *change)
{
	bool not_up =
		end->session.state == BFD_STATE_DOWN || end->session.state == BFD_STATE_ADMIN_DOWN;

	if (!not_up)
		end->not_up_since = NSEC_NEVER;
	else if (end->not_up_since == NSEC_NEVER)
		end->not_up_since = link->now;
	end->ups += !!(change->events & BFD_EVENT_UP);
	end->downs += !!(change->events & BFD_EVENT_DOWN);
	end->admin_downs += !!(change->events & BFD_EVENT_REMOTE_ADMIN_DOWN);
	end->polls_done += !!(change->events & BFD_EVENT_POLL_DONE);
	if (change->events & BFD_EVENT_STATE)
		end->changed_at = link->now;
	note_interval(end);
	if (!!(change->events & BFD_EVENT_STATE) != (change->from != change->to))
		FAIL(link, "change of state told wrongly: %x", change->events);
}

/*
 * A timeout comes when the detection time is over: not before, and no later than the session was
 * called after that, or after an operator shortened it outside Up.
 */
static void check_timeout(struct bfd_link *link, const struct link_end *end,
	const struct bfd_session *before, const struct bfd_change *change)
{
	uint64_t detection = bfd_session_detection_time(before);
	uint64_t due = before->last_rx_nsec + detection;
	bool forgotten = change->events & BFD_EVENT_FORGOTTEN;

	if (before->remote_discriminator != 0 && forgotten != (link->now >= due))
		FAIL(link, "%s after %llu of %llu ns", forgotten ? "down" : "not down",
			(unsigned long long)(link->now - before->last_rx_nsec),
			(unsigned long long)detection);
	if (due < end->touched_at)
		due = end->touched_at;
	if (forgotten && link->now > due + link->options.lateness_nsec)
		FAIL(link, "down %llu ns late", (unsigned long long)(link->now - due));
}

static void call(struct bfd_link *link, unsigned i)
{
	struct link_end *end = &link->ends[i];
	uint8_t bytes[BFD_PACKET_SIZE];
	size_t len;

	do {
		struct bfd_session before = end->session;
		struct bfd_change change;

		len = bfd_session_advance(&end->session, link->now, link->now, bytes, &change);
		check_timeout(link, end, &before, &change);
		if (len) {
			check_packet(link, i, bytes, before.urgent || change.events);
			transmit(link, i, bytes);
			end->sent++;
		}
		note_change(link, end, &change);
	} while (len);
	end->late = link_between(&link->random, 0, link->options.lateness_nsec);
	if (bfd_session_deadline(&end->session) <= link->now)
		FAIL(link, "end %u would spin", i);
}

/* What a loop does that stood still: its timers come first, and know no better. */
static void wake_from_stall(struct bfd_link *link, unsigned i)
{
	struct link_end *end = &link->ends[i];
	uint8_t bytes[BFD_PACKET_SIZE];
	struct bfd_change change;

	while (bfd_session_advance(&end->session, link->now, end->stalled_since, bytes, &change)) {
		note_change(link, end, &change);
		end->last_sent = link->now;
		transmit(link, i, bytes);
	}
	end->stalled_until = 0;
	end->slowest = NSEC_NEVER;
}

static void deliver(struct bfd_link *link, unsigned at)
{
	struct flight flight = link->flights[at];
	struct bfd_datagram datagram = {flight.bytes, BFD_PACKET_SIZE, BFD_TTL, BFD_UDP_PORT};
	struct link_end *end = &link->ends[flight.to];
	struct bfd_change change;

	link->num_flights--;
	memmove(&link->flights[at], &link->flights[at + 1],
		(link->num_flights - at) * sizeof(flight));
	bfd_session_receive(&end->session, &datagram, link->now, &change);
	note_change(link, end, &change);
}

/* The next thing to happen at an end; *ret_flight is LINK_FLIGHTS when that is its own deadline. */
static uint64_t next_at(const struct bfd_link *link, unsigned i, unsigned *ret_flight)
{
	const struct link_end *end = &link->ends[i];
	uint64_t at = nsec_add(bfd_session_deadline(&end->session), end->late);

	*ret_flight = LINK_FLIGHTS;
	if (at < link->now)
		at = link->now;
	for (unsigned k = 0; k < link->num_flights; k++) {
		if (link->flights[k].to == i && link->flights[k].at <= at &&
			(*ret_flight == LINK_FLIGHTS || link->flights[k].at < at)) {
			at = link->flights[k].at;
			*ret_flight = k;
		}
	}
	return at < end->stalled_until ? end->stalled_until : at;
}

/* One side Up, the other Down: for no longer than packets fly and the detection time lasts. */
static void check_agreement(
	struct bfd_link *link, const struct link_end *up, const struct link_end *down)
{
	uint64_t since = down->not_up_since, until;

	if (up->session.state != BFD_STATE_UP || since == NSEC_NEVER || up->stalled_until)
		return;
	until = since + link->options.delay_max_nsec + link->options.lateness_nsec +
		bfd_session_detection_time(&up->session);
	if (link->now > until)
		FAIL(link, "Up beside a session that is Down since %.6f s", (double)since / 1e9);
}

static bool step(struct bfd_link *link, uint64_t until)
{
	unsigned flights[2], i;
	uint64_t at[2];

	at[0] = next_at(link, 0, &flights[0]);
	at[1] = next_at(link, 1, &flights[1]);
	i = at[1] < at[0];
	if (at[i] > until)
		return false;
	if (at[i] > link->now)
		link->now = at[i];
	check_agreement(link, &link->ends[0], &link->ends[1]);
	check_agreement(link, &link->ends[1], &link->ends[0]);
	if (link->ends[i].stalled_until) {
		wake_from_stall(link, i);
		return true;
	}
	if (flights[i] == LINK_FLIGHTS)
		call(link, i);
	else
		deliver(link, flights[i]);
	return true;
}

void link_run(struct bfd_link *link, uint64_t span)
{
	uint64_t until = link->now + span;

	while (step(link, until))
		;
	link->now = until;
}

static bool both_up(const struct bfd_link *link)
{
	return link->ends[0].session.state == BFD_STATE_UP &&
	       link->ends[1].session.state == BFD_STATE_UP;
}

bool link_run_until_up(struct bfd_link *link, uint64_t span)
{
	uint64_t until = link->now + span;

	while (!both_up(link) && step(link, until))
		;
	return both_up(link);
}

void link_set_admin(struct bfd_link *link, unsigned end, bool down)
{
	struct bfd_change change;

	bfd_session_set_admin(&link->ends[end].session, down, link->now, &change);
	note_change(link, &link->ends[end], &change);
	link->ends[end].touched_at = link->now;
}

void link_set_timers(struct bfd_link *link, unsigned end, uint64_t tx_nsec, uint64_t rx_nsec)
{
	bfd_session_set_timers(&link->ends[end].session, tx_nsec, rx_nsec, link->now, NULL);
	link->ends[end].touched_at = link->now;
}
