/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which loop runs on the calling thread, the readings of a loop that every room may take, and how a
 * loop's own thread wakes its host. Owns the one thread-local of the library. Called by
 * gyre_loop_run(), by whoever must know whether a loop can be touched directly, and by whoever
 * brings work. Invariant: at most one loop is current on a thread, and the one that was current
 * before comes back when a nested one ends.
 */
#include "base/hub.h"

static _Thread_local struct gyre_loop *current;

bool gyre__loop_is_mine(const struct gyre_loop *loop)
{
	return current == loop;
}

struct gyre_loop *gyre__loop_enter(struct gyre_loop *loop)
{
	struct gyre_loop *before = current;

	current = loop;
	return before;
}

struct gyre_loop *gyre_loop_current(void)
{
	return current;
}

void gyre__hub_wake(struct gyre_loop *loop)
{
	struct gyre_clock *clock = loop->clock;

	/* Once: the fd stays readable until the loop has turned. */
	loop->prepared_until = 0;
	if (clock->is_virtual)
		clock->is_virtual->awake(clock, loop);
	gyre__post_kick(&loop->posts);
}

uint64_t gyre_loop_now(const struct gyre_loop *loop)
{
	return loop->now;
}

uint64_t gyre_loop_clock(const struct gyre_loop *loop)
{
	return gyre__clock_read(loop->clock);
}

const char *gyre_loop_name(const struct gyre_loop *loop)
{
	return loop->name;
}
