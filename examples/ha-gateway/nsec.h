/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic on instants and spans in nanoseconds that is defined for every pair of values: sums
 * saturate at NSEC_NEVER, spans end at zero when the clock seems to have gone back. Every module
 * here that takes a `now` uses these, so that no time jump can wrap a deadline.
 */
#ifndef HA_NSEC_H
#define HA_NSEC_H

#include <stdint.h>

/* The deadline of something that will not happen by itself. */
#define NSEC_NEVER UINT64_MAX

#define NSEC_PER_USEC UINT64_C(1000)
#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_SEC  UINT64_C(1000000000)

static inline uint64_t nsec_add(uint64_t instant, uint64_t span)
{
	return instant > NSEC_NEVER - span ? NSEC_NEVER : instant + span;
}

static inline uint64_t nsec_since(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

static inline uint64_t nsec_earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t nsec_later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

#endif
