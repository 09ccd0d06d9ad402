/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libuv's timers: milliseconds, in a heap. A poll is uv_run(UV_RUN_NOWAIT), which updates the
 * loop's time by itself.
 */
#include "timer.h"

#ifdef HAVE_UV

#include <stdlib.h>
#include <uv.h>

#include "harness.h"

struct timer {
	uv_timer_t timer;
	uint64_t due;
};

static uv_loop_t loop;
static struct timer *timers;
static uint64_t *msecs; /* the delays, libuv's way */
static unsigned n_timers, next;

static void expired(uv_timer_t *handle);

static void start_one(struct timer *timer)
{
	uint64_t msec = msecs[next++ % TIMER_DELAYS];

	timer->due = timer_time + msec * 1000000;
	uv_timer_start(&timer->timer, expired, msec, 0);
}

static void expired(uv_timer_t *handle)
{
	struct timer *timer = (struct timer *)handle;

	timer_fired(timer_time, timer->due);
	start_one(timer);
}

static void poll_once(void)
{
	uv_run(&loop, UV_RUN_NOWAIT);
}

static void open_all(unsigned n, const uint64_t *delays, int core)
{
	(void)core;
	n_timers = n;
	timers = calloc(n, sizeof(*timers));
	msecs = calloc(TIMER_DELAYS, sizeof(*msecs));
	timer_faked = true; /* its clock begins in faked time */
	bench_check(timers && msecs ? uv_loop_init(&loop) : -1, "libuv");
	timer_faked = false;
	for (unsigned i = 0; i < TIMER_DELAYS; i++)
		msecs[i] = (delays[i] + 500000) / 1000000;
	for (unsigned i = 0; i < n; i++)
		bench_check(uv_timer_init(&loop, &timers[i].timer), "uv_timer_init");
}

static void close_all(void)
{
	for (unsigned i = 0; i < n_timers; i++)
		uv_close((uv_handle_t *)&timers[i].timer, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	bench_check(uv_loop_close(&loop), "uv_loop_close");
	free(timers);
	free(msecs);
}

/* Also moves started ones. */
static void start(const uint32_t *which, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		start_one(&timers[which[i]]);
}

static void stop(const uint32_t *which, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		uv_timer_stop(&timers[which[i]].timer);
}

const struct timer_system timer_uv = {
	.name = "libuv",
	.share = 8,
	.open = open_all,
	.close = close_all,
	.start = start,
	.stop = stop,
	.rearm = start,
	.poll = poll_once,
};

#endif
