/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libev's timers, by its own best ways: ev_timer_again to re-arm; a timer that repeats, whose next
 * delay is written from its callback, so that an expiry moves it within the heap; a poll is
 * ev_run(EVRUN_NOWAIT).
 */
#include "timer.h"

#ifdef HAVE_EV

#include <ev.h>
#include <stdlib.h>

#include "harness.h"

struct timer {
	ev_timer timer;
	uint64_t due;
};

static struct ev_loop *loop;
static struct timer *timers;
static const uint64_t *delays;
static double *seconds; /* the same delays, libev's way */
static unsigned next;

static void expired(EV_P_ ev_timer *handle, int events)
{
	struct timer *timer = (struct timer *)handle;

	(void)EV_A;
	(void)events;
	timer_fired(timer_time, timer->due);
	/* It was started again by what `repeat` said, counted from when it was due. */
	timer->due += (uint64_t)(handle->repeat * 1e9);
	if (timer->due < timer_time)
		timer->due = timer_time;
	handle->repeat = seconds[next++ % TIMER_DELAYS];
}

static void poll_once(void)
{
	ev_run(loop, EVRUN_NOWAIT);
}

static void open_all(unsigned n, const uint64_t *with, int core)
{
	(void)core;
	delays = with;
	timers = calloc(n, sizeof(*timers));
	seconds = calloc(TIMER_DELAYS, sizeof(*seconds));
	timer_faked = true; /* its clock begins in faked time */
	loop = ev_loop_new(EVBACKEND_EPOLL);
	timer_faked = false;
	bench_check(loop && timers && seconds ? 0 : -1, "libev");
	for (unsigned i = 0; i < TIMER_DELAYS; i++)
		seconds[i] = (double)delays[i] / 1e9;
	for (unsigned i = 0; i < n; i++)
		ev_timer_init(&timers[i].timer, expired, 0, 0);
}

static void close_all(void)
{
	ev_loop_destroy(loop);
	free(timers);
	free(seconds);
}

static void start(const uint32_t *which, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct timer *timer = &timers[which[i]];
		unsigned delay = next++ % TIMER_DELAYS;

		timer->due = timer_time + delays[delay];
		ev_timer_set(&timer->timer, seconds[delay], seconds[delay]);
		ev_timer_start(loop, &timer->timer);
	}
}

static void stop(const uint32_t *which, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ev_timer_stop(loop, &timers[which[i]].timer);
}

static void rearm(const uint32_t *which, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct timer *timer = &timers[which[i]];
		unsigned delay = next++ % TIMER_DELAYS;

		timer->due = timer_time + delays[delay];
		timer->timer.repeat = seconds[delay];
		ev_timer_again(loop, &timer->timer);
	}
}

const struct timer_system timer_ev = {
	.name = "libev",
	.share = 4,
	.open = open_all,
	.close = close_all,
	.start = start,
	.stop = stop,
	.rearm = rearm,
	.poll = poll_once,
};

#endif
