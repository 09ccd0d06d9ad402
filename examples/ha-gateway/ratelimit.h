/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token bucket: at most `burst` at once and `rate` a second in the long run (RFC 1812 section
 * 4.3.2.8 asks for one where ICMP errors are sent). Exact for every rate: the credit is kept in
 * billionths of a token, so nothing is rounded. A clock that goes back adds nothing.
 */
#ifndef HA_RATELIMIT_H
#define HA_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define RATELIMIT_MAX UINT32_C(1000000000) /* of rate and of burst */

struct ratelimit {
	uint32_t rate;
	uint32_t burst;
	uint64_t credit; /* billionths of a token */
	uint64_t stamp_nsec;
	uint64_t passed;
	uint64_t denied;
};

/*
 * The bucket begins full. Returns 0, or -EINVAL with *ret_why (may be NULL) when rate or burst is
 * 0 or beyond RATELIMIT_MAX.
 */
int ratelimit_init(struct ratelimit *limit, uint32_t rate_per_sec, uint32_t burst, uint64_t now,
	const char **ret_why);

/* Takes a token when there is one; says whether there was, and counts either way. */
bool ratelimit_take(struct ratelimit *limit, uint64_t now);

#endif
