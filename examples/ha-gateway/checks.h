/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes that judge the uplinks: one for each link, one for each BFD session, and the one
 * that moves the default route on their word. All run on the gateway's loop, so that a word moves
 * the route at once, by a call.
 */
#ifndef HA_CHECKS_H
#define HA_CHECKS_H

#include "bfd.h"
#include "failover.h"
#include "gateway.h"
#include "options.h"

/* Of each uplink; without BFD the first alone. */
enum check {
	CHECK_LINK,
	CHECK_BFD,
	CHECK_COUNT,
};

struct link_check {
	struct gateway *gateway;
	unsigned interface; /* the inside is watched, too: its state is logged */
	struct gyre_dpdk_link *link;
	struct gyre_process_id process;
};

struct bfd_check {
	struct gateway *gateway;
	unsigned uplink;
	struct gyre_node_id mailbox;
	struct gyre_process_id process;
	struct bfd_session session;
	uint64_t drained_at; /* see bfd_session_advance() */
	unsigned drain_turns; /* so many polls empty the longest receive queue */
	uint64_t taken; /* packets, from the mailbox */
	uint64_t malformed; /* of them, not a whole UDP datagram */
	uint64_t checksum; /* with a wrong UDP checksum */
	uint64_t foreign; /* not from the router to us */
	uint64_t unsent; /* no mbuf, or no room to inject */
};

struct checks {
	struct failover failover;
	const char *why[FAILOVER_MAX_UPLINKS][CHECK_COUNT]; /* each check's last word */
	struct gyre_process_id failover_process;
	struct link_check links[GATEWAY_INTERFACES_MAX]; /* by interface */
	struct bfd_check bfds[GATEWAY_INTERFACES_MAX]; /* by uplink */
};

/* Spawns all of them, ahead of the run; faults are logged. On failure the loop that is destroyed
 * ends those that were, after checks_release(). */
int checks_start(struct gateway *gateway, const struct options *options);

/* Ends them, from a process: cancels, joins, and lets go of the links. Suspends. */
void checks_stop(struct gateway *gateway, struct gyre_process *self);

/* Lets go of the links where the loop does not run. */
void checks_release(struct gateway *gateway);

/* --- One process each --- */

int link_check_start(struct link_check *check, struct gateway *gateway, unsigned interface);
int bfd_check_start(struct bfd_check *check, struct gateway *gateway, unsigned uplink,
	const struct options *options);
/* Frees what its mailbox holds, once its process has ended. */
void bfd_check_flush(struct bfd_check *check);
int failover_start(struct gateway *gateway, const struct options *options);

/* A check's word about an uplink, and why, a static text: moves the route at once when that is what
 * follows. From any of the processes; does not suspend. */
void failover_say(struct gateway *gateway, unsigned uplink, enum check check,
	enum failover_word word, const char *why);

/* The interface of an uplink. */
static inline struct interface *uplink_interface(struct gateway *gateway, unsigned uplink)
{
	return &gateway->interfaces[1 + uplink];
}

#endif
