/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two BFD sessions on a virtual clock over a link that loses, doubles, delays and reorders, all
 * from a seed. Every event is held against the rules that must hold whatever the link does; the
 * running test fails, naming the seed, when one does not.
 */
#ifndef TESTS_BFD_LINK_H
#define TESTS_BFD_LINK_H

#include "examples/ha-gateway/bfd.h"
#include "examples/ha-gateway/nsec.h"

#define MSEC NSEC_PER_MSEC
#define SEC  NSEC_PER_SEC

#define LINK_FLIGHTS 1024

struct link_options {
	uint64_t seed;
	unsigned loss_permille;
	unsigned double_permille;
	uint64_t delay_min_nsec;
	uint64_t delay_max_nsec;
	bool reorder; /* else each direction keeps its order */
	uint64_t lateness_nsec; /* a session is called up to that much after its deadline */
};

struct link_end {
	struct bfd_session session;
	bool cut; /* what it sends is lost */
	uint64_t stalled_until; /* its loop does not run: no input, no call */
	uint64_t stalled_since;
	uint64_t late; /* of its next call */
	uint64_t last_arrival; /* at this end */
	uint64_t last_sent; /* by this end, but for Finals */
	uint64_t slowest; /* interval since then */
	uint64_t not_up_since; /* Down or AdminDown, without a break */
	uint64_t sent;
	unsigned ups, downs, admin_downs, polls_done;
	uint64_t changed_at;
	uint64_t touched_at; /* by an operator */
};

struct flight {
	uint64_t at;
	unsigned to;
	uint8_t bytes[BFD_PACKET_SIZE];
};

struct bfd_link {
	struct link_options options;
	uint64_t random;
	uint64_t now;
	struct link_end ends[2];
	unsigned num_flights;
	struct flight flights[LINK_FLIGHTS];
};

uint64_t link_draw(uint64_t *random);

/* Uniform in [low, high]. */
uint64_t link_between(uint64_t *random, uint64_t low, uint64_t high);

/* The discriminators are given by the link; everything else of the configurations counts. */
void link_init(struct bfd_link *link, const struct link_options *options,
	const struct bfd_config configs[2]);

void link_run(struct bfd_link *link, uint64_t span);

/* Whether both came Up within `span`; stops as soon as they are. */
bool link_run_until_up(struct bfd_link *link, uint64_t span);

/* An operator at one end. */
void link_set_admin(struct bfd_link *link, unsigned end, bool down);
void link_set_timers(struct bfd_link *link, unsigned end, uint64_t tx_nsec, uint64_t rx_nsec);

#endif
