/* SPDX-License-Identifier: Apache-2.0 */
/* A timing wheel of VPP's shape, for process_steps.c. */
#ifndef GYRE_BENCH_PROCESS_WHEEL_H
#define GYRE_BENCH_PROCESS_WHEEL_H

#include "process.h"

struct wheel;

/* For at most n timers at a time. */
struct wheel *wheel_open(unsigned n);
void wheel_close(struct wheel *wheel);
/* Starts a timer that expires after so many ticks; returns its place in the pool. */
uint32_t wheel_start(struct wheel *wheel, uint32_t handle, uint64_t ticks);
/* Appends the handles of all that are due at `now`, nsec, to `expired`; returns its new end. */
uint32_t *wheel_expire(struct wheel *wheel, uint64_t now, uint32_t *expired);

#endif
