/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public face of timers: start, stop, ask. Called by everybody, on the loop's thread; calls the
 * loop's wheel, which runs them. Owns nothing: timers are their users'. Invariant: a timer is in
 * exactly one list of the wheel while it is active, in none while it is not.
 */
#include "sched/wheel.h"

#include <assert.h>

static_assert(sizeof(struct gyre_timer) == 40, "timers are embedded in great numbers");

void gyre_timer_init(struct gyre_timer *timer, struct gyre_loop *loop, gyre_timer_fn *fn)
{
	*timer = (struct gyre_timer){.fn = fn, .loop = loop};
}

void gyre_timer_start(struct gyre_timer *timer, uint64_t deadline)
{
	struct gyre__wheel *wheel = timer->loop->wheel;

	if (timer->link.next)
		gyre__wheel_remove(timer);
	timer->deadline = deadline;
	if (deadline != GYRE_FOREVER)
		gyre__wheel_insert(wheel, timer);
	gyre__hub_due(timer->loop, deadline);
}

void gyre_timer_start_after(struct gyre_timer *timer, uint64_t nsec)
{
	uint64_t deadline;

	if (__builtin_add_overflow(gyre__clock_read(timer->loop->clock), nsec, &deadline))
		deadline = GYRE_FOREVER;
	gyre_timer_start(timer, deadline);
}

void gyre_timer_stop(struct gyre_timer *timer)
{
	if (timer->link.next)
		gyre__wheel_remove(timer);
}

bool gyre_timer_active(const struct gyre_timer *timer)
{
	return timer->link.next != NULL;
}
