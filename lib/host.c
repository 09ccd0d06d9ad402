/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop inside the loop of a host: the host sleeps, on the loop's fd, and turns the loop with
 * GYRE_RUN_NOWAIT. Owns the timerfd, which is armed between a prepare and the next run only, so
 * that to start a timer costs no system call. Called by the host; calls loop.c, which says what
 * there is to do. Invariant: what brings work after a prepare said that there is none makes the fd
 * readable.
 */
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "graph/graph.h"
#include "loop.h"

int gyre_loop_fd(const struct gyre_loop *loop)
{
	return ((const struct gyre__loop *)loop)->watches.epoll_fd;
}

static int make_timer(struct gyre__loop *loop)
{
	/* As the postbox's, it only ends a sleep. */
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

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

/* 0 disarms, and takes an expiry back that was not seen. Valid times cannot fail. */
static void arm(struct gyre__loop *loop, uint64_t nsec)
{
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)(nsec / GYRE_SEC(1)),
					  .tv_nsec = (long)(nsec % GYRE_SEC(1))}};

	timerfd_settime(loop->timer_fd, 0, &when, NULL);
	loop->armed = nsec > 0;
}

static bool must_turn(const struct gyre__loop *loop, uint64_t work)
{
	return work <= gyre__clock_read(loop->hub.clock) || gyre__graph_inputs(loop->hub.graph) ||
	       gyre__graph_changed(loop->hub.graph);
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
	uint64_t work, timeout;
	int err;

	if (atomic_load(&loop->running))
		return -EBUSY;
	err = loop->timer_fd < 0 ? make_timer(loop) : 0;
	if (err < 0)
		return err;
	work = gyre__loop_next_work(loop);
	if (must_turn(loop, work) || !may_sleep(loop, work)) {
		gyre__host_cancel(loop);
		return 1;
	}
	timeout = gyre__loop_time_until(loop, work);
	/* A timeout of 0 would disarm. */
	if (timeout != GYRE_FOREVER)
		arm(loop, timeout ? timeout : 1);
	else if (loop->armed)
		arm(loop, 0);
	if (ret_deadline)
		*ret_deadline = work;
	return 0;
}

void gyre__host_cancel(struct gyre__loop *loop)
{
	if (loop->armed)
		arm(loop, 0);
	if (!loop->prepared)
		return;
	loop->prepared = false;
	gyre__post_awake(&loop->hub.posts);
	/* A turn that does not look at epoll would leave the fd readable. */
	gyre__post_drain(&loop->hub.posts);
}

void gyre__host_fini(struct gyre__loop *loop)
{
	if (loop->timer_fd >= 0)
		close(loop->timer_fd);
}
