/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of a loop, and what the files of the loop room call of one another. */
#ifndef GYRE_LIB_LOOP_H
#define GYRE_LIB_LOOP_H

#include <gyre/graph.h>
#include <gyre/link.h>
#include <gyre/loop.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#include "base/hub.h"

/* An item that waits to enter the graph. */
struct gyre__injected {
	void *item;
	struct gyre_node_id node;
};

/* A ring of what processes injected: [first, first + count) modulo the options' inject_max. */
struct gyre__injection {
	struct gyre__injected *ring;
	unsigned first, count;
	uint64_t dropped; /* for nodes that were deleted meanwhile */
};

#define GYRE__READY_MAX 64 /* fds that one look at epoll brings */

struct gyre__watches {
	unsigned n, n_refs; /* watches; those that keep the loop alive */
	int epoll_fd;
	unsigned unpolled; /* turns since the last look */
	unsigned n_ready, next_ready; /* of what the last look brought */
	bool no_pwait2; /* the kernel has no epoll_pwait2(2) */
	struct epoll_event ready[GYRE__READY_MAX];
};

struct gyre__links {
	struct gyre_link *first, *last; /* in the order of adding */
};

struct gyre__reading; /* snapshot.h */

struct gyre__loop {
	struct gyre_loop hub; /* first: a struct gyre_loop * is a struct gyre__loop * */
	struct gyre_loop_options options;
	struct gyre_clock *own_clock; /* NULL when the clock is borrowed */
	struct gyre__watches watches;
	struct gyre__injection injection;
	struct gyre__links links;
	struct gyre__reading *readings; /* under way */
	struct gyre_loop_stats stats;
	uint64_t switches_before; /* those of the thread when the default mode's run began */
	bool counts_switches; /* such a run is under way */
	unsigned refs;
	int timer_fd; /* for a host's sleep, -1 before the first */
	uint64_t armed; /* for when, on the kernel's clock, and has not been heard; 0: for never */
	bool prepared; /* a host may sleep on our fd */
	bool fd_ready; /* our fd may be readable: the next look is not to be left out */
	bool slicing; /* no look at the fds but that */
	bool started; /* processes have had their run ahead of the first poll */
	bool ending; /* destroy gives the rest its last turns */
	bool worked; /* the last turn found something to do */
	atomic_bool running, stopping;
};

static inline struct gyre__loop *gyre__loop_of(struct gyre_loop *loop)
{
	return (struct gyre__loop *)loop;
}

/* loop.c: when the loop must turn again: 0 when it has work at hand, GYRE_FOREVER when only another
 * thread or an fd can bring some. */
uint64_t gyre__loop_next_work(const struct gyre__loop *loop);
/* Tells a virtual clock that nothing happens before `work`; true: time moved on, turn again. */
static inline bool gyre__loop_idle_virtually(struct gyre__loop *loop, uint64_t work)
{
	struct gyre_clock *clock = loop->hub.clock;

	loop->hub.clock_at = 0;
	return clock->is_virtual && clock->is_virtual->idle(clock, &loop->hub, work);
}
/* Without turns it waits for nothing: others on its virtual clock go on. */
static inline void gyre__loop_rest_virtually(struct gyre__loop *loop)
{
	struct gyre_clock *clock = loop->hub.clock;

	if (clock->is_virtual)
		clock->is_virtual->rest(clock, &loop->hub);
}
/* The claim of whoever runs the loop: -EBUSY if another one has it. */
int gyre__loop_claim(struct gyre__loop *loop);
void gyre__loop_unclaim(struct gyre__loop *loop);
int gyre__loop_run_claimed(struct gyre__loop *loop, enum gyre_run_mode mode);
/* For how long to sleep, nsec of the real world. */
uint64_t gyre__loop_time_until(const struct gyre__loop *loop, uint64_t work);

/* host.c: the host's sleep is over; the timerfd was found ready, and is quiet. */
void gyre__host_awake(struct gyre__loop *loop);
void gyre__host_timer_rang(struct gyre__loop *loop);
void gyre__host_fini(struct gyre__loop *loop);

/* options.c: checks a caller's options and copies them over the defaults. */
int gyre__loop_options_check(
	const struct gyre_loop_options *given, struct gyre_loop_options *ret_options);

/* watch.c: looks at the fds for at most timeout nsec (0: does not sleep, GYRE_FOREVER: until woken)
 * and calls the watches; returns how many. */
int gyre__watches_init(struct gyre__loop *loop);
void gyre__watches_fini(struct gyre__loop *loop);
unsigned gyre__watches_poll(struct gyre__loop *loop, uint64_t timeout);

/* inject.c: lets injected items into the graph; returns how many. */
int gyre__injection_init(struct gyre__loop *loop);
void gyre__injection_fini(struct gyre__loop *loop);
unsigned gyre__injection_enter(struct gyre__loop *loop);

#endif
