/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token bucket that bounds the ICMP errors the gateway sends; its icmp node calls it for each
 * one. It calls nothing. It guards that credit never exceeds the burst, whatever the clock does:
 * a span that would fill the bucket is never multiplied.
 */
#include "ratelimit.h"
#include "nsec.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#define TOKEN UINT64_C(1000000000) /* a second at one token a second */

static_assert(RATELIMIT_MAX <= UINT64_MAX / TOKEN - 1, "a full bucket fits 64 bits");

int ratelimit_init(struct ratelimit *limit, uint32_t rate_per_sec, uint32_t burst, uint64_t now,
	const char **ret_why)
{
	const char *why = NULL;

	if (rate_per_sec == 0 || rate_per_sec > RATELIMIT_MAX)
		why = "ratelimit: rate must be 1 to 1000000000 a second";
	else if (burst == 0 || burst > RATELIMIT_MAX)
		why = "ratelimit: burst must be 1 to 1000000000";
	if (why) {
		if (ret_why)
			*ret_why = why;
		return -EINVAL;
	}
	*limit = (struct ratelimit){
		.rate = rate_per_sec,
		.burst = burst,
		.credit = burst * TOKEN,
		.stamp_nsec = now,
	};
	return 0;
}

static void refill(struct ratelimit *limit, uint64_t now)
{
	uint64_t full = limit->burst * TOKEN;
	uint64_t span = nsec_since(now, limit->stamp_nsec);

	if (span > (full - limit->credit) / limit->rate)
		limit->credit = full;
	else
		limit->credit += span * limit->rate;
	limit->stamp_nsec += span;
}

bool ratelimit_take(struct ratelimit *limit, uint64_t now)
{
	refill(limit, now);
	if (limit->credit < TOKEN) {
		limit->denied++;
		return false;
	}
	limit->credit -= TOKEN;
	limit->passed++;
	return true;
}
