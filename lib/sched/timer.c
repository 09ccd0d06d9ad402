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

/* What is due now, comes first into its slot, or is never due. Apart, so that all others save no
 * registers. */
__attribute__((noinline)) static void start_rare(struct gyre_timer *timer)
{
	timer->link.next = NULL;
	if (timer->deadline == GYRE_FOREVER)
		return;
	gyre__wheel_insert(timer->loop->wheel, timer);
	gyre__hub_due(timer->loop, timer->deadline);
}

void gyre_timer_start(struct gyre_timer *timer, uint64_t deadline)
{
	struct gyre_loop *loop = timer->loop;
	struct gyre__wheel *wheel = loop->wheel;
	/* That of gyre__tick_of; but the last of all deadlines, and never, come round to tick 0,
	 * which is not later than `near`. */
	uint64_t tick = (deadline + (1u << GYRE__TICK_SHIFT) - 1) >> GYRE__TICK_SHIFT;

	if (timer->link.next)
		gyre__wheel_unlink(&timer->link);
	timer->deadline = deadline;
	if (__builtin_expect(tick > wheel->near, 1)) {
		struct gyre_timer_link *slot = &wheel->lists[gyre__wheel_slot(wheel, tick)];

		if (__builtin_expect(slot->prev != NULL, 1)) {
			gyre__wheel_append(slot, &timer->link);
			gyre__hub_due(loop, deadline);
			return;
		}
	}
	start_rare(timer);
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
	if (timer->link.next) {
		gyre__wheel_unlink(&timer->link);
		timer->link.next = NULL;
	}
}

bool gyre_timer_active(const struct gyre_timer *timer)
{
	return timer->link.next != NULL;
}
