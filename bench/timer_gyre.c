/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gyre's timers: of a loop nothing but the wheel is there, and it is polled as a turn polls it, at
 * the time and with the budget that a loop has.
 */
#include "timer.h"

#include <stdlib.h>

#include "harness.h"
#include "sched/wheel.h"

static struct gyre_loop loop;
static struct gyre_timer *timers;
static const uint64_t *delays;
static unsigned next;
static unsigned budget; /* a loop's own */

static uint64_t deadline(void)
{
	return timer_time + delays[next++ % TIMER_DELAYS];
}

static void expired(struct gyre_timer *timer)
{
	timer_fired(timer_time, timer->deadline);
	gyre_timer_start(timer, deadline());
}

static void gyre_open(unsigned n, const uint64_t *with, int core)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	(void)core;
	budget = options.timer_budget;
	delays = with;
	timers = calloc(n, sizeof(*timers));
	bench_check(timers ? 0 : -1, "memory for gyre's timers");
	bench_check(gyre__wheel_create(timer_time, &loop.wheel), "gyre's wheel");
	for (unsigned i = 0; i < n; i++)
		gyre_timer_init(&timers[i], &loop, expired);
}

static void gyre_close(void)
{
	gyre__wheel_destroy(loop.wheel);
	free(timers);
}

static void gyre_start(const uint32_t *which, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		gyre_timer_start(&timers[which[i]], deadline());
}

static void gyre_stop(const uint32_t *which, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		gyre_timer_stop(&timers[which[i]]);
}

static void gyre_poll(void)
{
	gyre__wheel_expire(loop.wheel, timer_time, budget);
}

const struct timer_system timer_gyre = {
	.name = "gyre",
	.share = 1,
	.open = gyre_open,
	.close = gyre_close,
	.start = gyre_start,
	.stop = gyre_stop,
	.rearm = gyre_start, /* moves a started one */
	.poll = gyre_poll,
};
