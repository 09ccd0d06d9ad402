/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flap damping after RFC 2439 sections 4.2 and 4.5: every flap adds a penalty to a figure of merit
 * that decays exponentially; above `suppress` the thing is not to be used until the figure has
 * fallen to `reuse`, but never longer than max_suppress_nsec after its last flap.
 *
 * Integers only, and no state but what the last flap left: the answer depends on that and on the
 * instant asked about, not on how often or in what steps one asks.
 */
#ifndef HA_DAMPING_H
#define HA_DAMPING_H

#include <stdbool.h>
#include <stdint.h>

#define DAMPING_FIGURE_MAX    UINT32_C(1000000) /* of penalty, suppress and reuse */
#define DAMPING_SPAN_MAX_NSEC UINT64_C(86400000000000) /* of half life and suppression: a day */

struct damping_config {
	uint32_t penalty; /* 0: no damping, the other fields are ignored */
	uint32_t suppress; /* above reuse */
	uint32_t reuse; /* above 0 */
	uint64_t half_life_nsec;
	uint64_t max_suppress_nsec;
};

/* The third flap within a few seconds suppresses; one minute at most. */
#define DAMPING_CONFIG_DEFAULT \
	((struct damping_config){1000, 2500, 1000, UINT64_C(15000000000), UINT64_C(60000000000)})

struct damping {
	struct damping_config config;
	uint64_t ceiling; /* figures here: 2^32nds */
	uint64_t figure; /* as of the stamp */
	uint64_t stamp_nsec;
	uint64_t suppressed_until_nsec;
	uint64_t flaps;
	uint64_t suppressions;
};

/*
 * Returns 0, or -EINVAL with *ret_why (may be NULL): a value of 0 or too large, suppress not above
 * reuse, or a suppression time so short that the figure's ceiling is not above suppress.
 */
int damping_init(
	struct damping *damping, const struct damping_config *config, const char **ret_why);

/* Counts one flap at `now`. */
void damping_flap(struct damping *damping, uint64_t now);

/* Whether not to use it at `now`. */
bool damping_suppressed(const struct damping *damping, uint64_t now);

/* From when on it may be used, as far as is known now; in the past when it may. */
uint64_t damping_reuse_at(const struct damping *damping);

/* The figure of merit at `now`, rounded down to units of the configuration. */
uint32_t damping_figure(const struct damping *damping, uint64_t now);

#endif
