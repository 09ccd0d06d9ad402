/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of several uplinks carries the default route, decided from the words of link checks.
 *
 * No I/O, no allocation, no clock: it takes words and `now`, and gives moves of the route and the
 * next deadline. Nothing here suspends; one thread. Its user:
 *
 *	failover_init(&failover, &config, now, &why);
 *	for (;;) {
 *		wait for a check's word, until failover_deadline(&failover) at the latest;
 *		if (failover_report(&failover, uplink, check, word, now, &move) == 1)
 *			move the route;
 *		if (failover_advance(&failover, now, &move) == 1)
 *			move the route;
 *	}
 *
 * The rules:
 * - Uplinks are given in order of preference, 0 the most preferred.
 * - An uplink is up while each of its checks says UP or ABSTAIN. One DOWN takes it out at once.
 * - An uplink that is up is *settled* when it never failed, or has been up without a break for
 *   hold_nsec since, and is not suppressed by damping (each loss of an uplink that was up is a
 *   flap). Which uplinks may be returned to is a question of being settled.
 * - When the active uplink fails, the route goes to the first settled uplink; if there is none, to
 *   the first that is up: an unsettled uplink is better than a dead one.
 * - Otherwise the route moves only when that is what the configuration wants: with `revertive`, to
 *   a settled uplink that is preferred to the active one, or from an unsettled uplink to a settled
 *   one. Without it the active uplink keeps the route until it fails.
 * - When no uplink is up, FAILOVER_KEEP leaves the route where it is (checks can be wrong, and a
 *   dead route costs no more than none) and FAILOVER_WITHDRAW takes it away, so that senders get
 *   "unreachable" at once. Either way the first uplink that comes up gets it, without hold.
 */
#ifndef HA_FAILOVER_H
#define HA_FAILOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damping.h"

#define FAILOVER_MAX_UPLINKS 16
#define FAILOVER_MAX_CHECKS  8 /* of one uplink */

#define FAILOVER_NONE UINT32_MAX /* no uplink, no check */

enum failover_word {
	FAILOVER_PENDING, /* has not spoken yet: counts as not up, but is no failure */
	FAILOVER_UP,
	FAILOVER_DOWN,
	FAILOVER_ABSTAIN, /* no opinion, such as BFD in AdminDown */
};

enum failover_all_down {
	FAILOVER_KEEP,
	FAILOVER_WITHDRAW,
};

enum failover_reason {
	FAILOVER_REASON_FIRST, /* there was no route: the first uplink that is up */
	FAILOVER_REASON_DOWN, /* the active uplink failed; move.check said so */
	FAILOVER_REASON_PREFERRED, /* a preferred uplink is settled */
	FAILOVER_REASON_SETTLED, /* the active uplink is up but unsettled, another is settled */
	FAILOVER_REASON_ALL_DOWN, /* withdrawn */
};

const char *failover_word_name(enum failover_word word);
const char *failover_reason_name(enum failover_reason reason);

struct failover_config {
	unsigned num_uplinks; /* 1 to FAILOVER_MAX_UPLINKS */
	unsigned num_checks[FAILOVER_MAX_UPLINKS]; /* of each, 1 to FAILOVER_MAX_CHECKS */
	uint64_t hold_nsec; /* 0: settled as soon as up */
	bool stay; /* not revertive */
	enum failover_all_down all_down;
	struct damping_config damping; /* penalty 0: none */
};

struct failover_move {
	uint32_t from; /* an uplink, or FAILOVER_NONE */
	uint32_t to;
	enum failover_reason reason;
	uint32_t check; /* of `from`, with FAILOVER_REASON_DOWN and _ALL_DOWN */
	uint64_t at_nsec; /* when it was decided */
};

struct failover_uplink {
	enum failover_word words[FAILOVER_MAX_CHECKS];
	unsigned num_checks;
	bool up;
	bool settled;
	bool failed; /* ever: from then on it needs the hold */
	uint32_t failed_check; /* which took it out last */
	uint64_t up_since_nsec; /* while up */
	struct damping damping;
};

struct failover {
	struct failover_uplink uplinks[FAILOVER_MAX_UPLINKS];
	unsigned num_uplinks;
	uint32_t active;
	uint64_t hold_nsec;
	bool stay;
	enum failover_all_down all_down;
	uint64_t moves;
};

/* The configuration that is revertive, holds 5 s and damps as DAMPING_CONFIG_DEFAULT does. */
void failover_config_init(
	struct failover_config *config, unsigned num_uplinks, unsigned num_checks);

/*
 * All checks begin PENDING, no uplink is active. Returns 0, or -EINVAL with *ret_why (may be
 * NULL), *failover then untouched.
 */
int failover_init(
	struct failover *failover, const struct failover_config *config, const char **ret_why);

/*
 * A check's word; saying the same again is harmless. Returns 1 and fills *ret_move when the route
 * is to move now, 0 when not, -EINVAL for an uplink, check or word that is not, or for PENDING.
 */
int failover_report(struct failover *failover, uint32_t uplink, uint32_t check,
	enum failover_word word, uint64_t now, struct failover_move *ret_move);

/* Lets time pass. Returns 1 and fills *ret_move when the route is to move now, else 0. */
int failover_advance(struct failover *failover, uint64_t now, struct failover_move *ret_move);

/* When to call failover_advance() at the latest; UINT64_MAX when only a word can matter. */
uint64_t failover_deadline(const struct failover *failover);

#endif
