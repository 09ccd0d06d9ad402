/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop inside the loop of a host: the host sleeps, on the loop's fd, and gives the loop its turns
 * in between. Owns the timerfd, which a prepare sets for the host's sleep, so that to start a timer
 * costs no system call; it is set again only for another time. Called by the host; calls loop.c,
 * which says what there is to do. Invariant: what brings work after a prepare said that there is
 * none makes the fd readable.
 */
#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "graph/graph.h"
#include "loop.h"

#define NEAR 1024 /* a tick: times that are no farther apart are the same */

int gyre_loop_fd(const struct gyre_loop *loop)
{
	return ((const struct gyre__loop *)loop)->watches.epoll_fd;
}

/* --- The timerfd --- */

static int make_timer(struct gyre__loop *loop)
{
	/* No watch; for edges, as the postbox's. */
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = loop};
	int fd;

	if (loop->timer_fd >= 0)
		return 0;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (epoll_ctl(loop->watches.epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	loop->timer_fd = fd;
	return 0;
}

/* 0 disarms; either takes an expiry back that was not heard. Valid times cannot fail. */
static void arm(struct gyre__loop *loop, uint64_t nsec)
{
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)(nsec / GYRE_SEC(1)),
					  .tv_nsec = (long)(nsec % GYRE_SEC(1))}};

	timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
	loop->armed = nsec;
}

void gyre__host_timer_rang(struct gyre__loop *loop)
{
	loop->armed = 0;
}

static uint64_t kernel_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * GYRE_SEC(1) + (uint64_t)t.tv_nsec;
}

/* When the kernel's clock will say what the loop's will say at `work`, as far as one can tell now;
 * 0: never. The kernel's is read first: who is interrupted here wakes early, not late. */
static uint64_t kernel_time_of(const struct gyre__loop *loop, uint64_t work, uint64_t kernel)
{
	uint64_t timeout = gyre__loop_time_until(loop, work), at;

	return __builtin_add_overflow(kernel, timeout, &at) ? 0 : at;
}

/* Sets the timerfd, unless it is set for that time and has not expired. */
static void set_timer(struct gyre__loop *loop, uint64_t work)
{
	uint64_t now = kernel_now(), at = kernel_time_of(loop, work, now);

	if (!at && !loop->armed)
		return;
	if (at && loop->armed > now && loop->armed <= at + NEAR && at <= loop->armed + NEAR)
		return;
	arm(loop, at);
}

/* --- The sleep --- */

static bool must_turn(const struct gyre__loop *loop, uint64_t work)
{
	return work == 0 || gyre__graph_inputs(loop->hub.graph) ||
	       gyre__graph_changed(loop->hub.graph) || atomic_load(&loop->stopping) ||
	       work <= gyre__clock_read(loop->hub.clock);
}

/* From now on a post or a stop makes the fd readable: those that came before are looked for after
 * that was said. */
static bool may_sleep(struct gyre__loop *loop, uint64_t work)
{
	loop->prepared = true;
	return gyre__post_sleep(&loop->hub.posts) && !atomic_load(&loop->stopping) &&
	       !gyre__loop_idle_virtually(loop, work);
}

int gyre_loop_prepare(struct gyre_loop *public_loop, uint64_t *ret_deadline)
{
	struct gyre__loop *loop = gyre__loop_of(public_loop);
	uint64_t work;
	int err;

	if (atomic_load(&loop->running))
		return -EBUSY;
	work = gyre__loop_next_work(loop);
	if (must_turn(loop, work)) {
		gyre__host_awake(loop);
		return 1;
	}
	err = make_timer(loop);
	if (err < 0)
		return err;
	if (!may_sleep(loop, work)) {
		gyre__host_awake(loop);
		return 1;
	}
	set_timer(loop, work);
	public_loop->prepared_until = work;
	if (ret_deadline)
		*ret_deadline = work;
	return 0;
}

uint64_t gyre_loop_deadline(const struct gyre_loop *public_loop)
{
	const struct gyre__loop *loop = (const struct gyre__loop *)public_loop;
	uint64_t work = gyre__loop_next_work(loop);

	return must_turn(loop, work) ? 0 : work;
}

/* The timerfd stays armed: it is for the same time, mostly, that the next sleep is to end. */
void gyre__host_awake(struct gyre__loop *loop)
{
	struct gyre_clock *clock = loop->hub.clock;

	if (!loop->prepared)
		return;
	loop->prepared = false;
	loop->fd_ready = true;
	loop->hub.prepared_until = 0;
	gyre__post_awake(&loop->hub.posts);
	if (clock->is_virtual)
		clock->is_virtual->awake(clock, &loop->hub);
}

void gyre_loop_cancel(struct gyre_loop *public_loop)
{
	struct gyre__loop *loop = gyre__loop_of(public_loop);

	if (atomic_load(&loop->running))
		return;
	gyre__host_awake(loop);
	gyre__loop_rest_virtually(loop);
	if (loop->armed)
		arm(loop, 0);
}

void gyre__host_fini(struct gyre__loop *loop)
{
	if (loop->timer_fd >= 0)
		close(loop->timer_fd);
}
