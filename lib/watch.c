/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches on file descriptors, and the one place where a loop sleeps. Owns the epoll set, in which
 * the postbox's eventfd is, too. Called by the turn and by the application. Invariant: a watch that
 * was deleted is not called again, not even when the last look at epoll had found it ready.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

int gyre__watches_init(struct gyre__loop *loop)
{
	struct gyre__watches *watches = &loop->watches;
	/* No watch. For edges: the one look that finds it ready makes it quiet, too. */
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};

	watches->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (watches->epoll_fd < 0)
		return -errno;
	if (epoll_ctl(watches->epoll_fd, EPOLL_CTL_ADD, loop->hub.posts.wake_fd, &event) < 0)
		return -errno;
	return 0;
}

void gyre__watches_fini(struct gyre__loop *loop)
{
	if (loop->watches.epoll_fd >= 0)
		close(loop->watches.epoll_fd);
}

int gyre_watch_add(struct gyre_loop *loop, struct gyre_watch *watch, int fd, uint32_t events,
	gyre_watch_fn *fn)
{
	struct gyre__watches *watches = &gyre__loop_of(loop)->watches;
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (!fn)
		return -EINVAL;
	if (watch->loop)
		return -EEXIST;
	if (epoll_ctl(watches->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	*watch = (struct gyre_watch){.loop = loop, .fn = fn, .events = events, .fd = fd};
	watches->n++;
	watches->n_refs++;
	return 0;
}

int gyre_watch_set(struct gyre_watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (!watch->loop)
		return -ENOENT;
	if (epoll_ctl(gyre__loop_of(watch->loop)->watches.epoll_fd, EPOLL_CTL_MOD, watch->fd,
		    &event) < 0)
		return -errno;
	watch->events = events;
	return 0;
}

static void forget_ready(struct gyre__watches *watches, const struct gyre_watch *watch)
{
	for (unsigned i = watches->next_ready; i < watches->n_ready; i++)
		if (watches->ready[i].data.ptr == watch)
			watches->ready[i].events = 0;
}

void gyre_watch_unref(struct gyre_watch *watch)
{
	if (!watch->loop || watch->unref)
		return;
	watch->unref = true;
	gyre__loop_of(watch->loop)->watches.n_refs--;
}

int gyre_watch_del(struct gyre_watch *watch)
{
	struct gyre__watches *watches;

	if (!watch->loop)
		return -ENOENT;
	watches = &gyre__loop_of(watch->loop)->watches;
	/* Fails only if the fd was closed before: then the kernel has removed it already. */
	epoll_ctl(watches->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	forget_ready(watches, watch);
	watches->n--;
	watches->n_refs -= !watch->unref;
	memset(watch, 0, sizeof(*watch));
	return 0;
}

/* epoll_wait(2) with nanoseconds, or, where the kernel cannot, milliseconds rounded up. */
static int wait_ready(struct gyre__watches *watches, uint64_t timeout)
{
	struct timespec t = {.tv_sec = (time_t)(timeout / GYRE_SEC(1)),
		.tv_nsec = (long)(timeout % GYRE_SEC(1))};
	bool forever = timeout == GYRE_FOREVER;
	uint64_t msec;
	int n;

	if (timeout == 0)
		return epoll_wait(watches->epoll_fd, watches->ready, GYRE__READY_MAX, 0);
	if (!watches->no_pwait2) {
		n = epoll_pwait2(watches->epoll_fd, watches->ready, GYRE__READY_MAX,
			forever ? NULL : &t, NULL);
		if (n >= 0 || errno != ENOSYS)
			return n;
		watches->no_pwait2 = true;
	}
	msec = (timeout - 1) / GYRE_MSEC(1) + 1;
	return epoll_wait(watches->epoll_fd, watches->ready, GYRE__READY_MAX,
		forever ? -1 : (int)(msec < 1000000 ? msec : 1000000));
}

/* Its events may have been changed since it was found ready; errors are told unasked. */
static unsigned call(struct gyre_watch *watch, uint32_t ready)
{
	ready &= watch->events | EPOLLERR | EPOLLHUP;
	if (ready)
		watch->fn(watch, ready);
	return ready != 0;
}

/* After a sleep: it has work, and time went on. */
static void wake_up(struct gyre__loop *loop)
{
	struct gyre_clock *clock = loop->hub.clock;

	if (clock->is_virtual)
		clock->is_virtual->awake(clock, &loop->hub);
	loop->hub.now = gyre__clock_read(clock);
}

unsigned gyre__watches_poll(struct gyre__loop *loop, uint64_t timeout)
{
	struct gyre__watches *watches = &loop->watches;
	unsigned called = 0;
	int n = wait_ready(watches, timeout);

	if (n <= 0)
		return 0; /* nothing, or interrupted by a signal: the next turn looks again */
	if (timeout)
		wake_up(loop);
	watches->n_ready = (unsigned)n;
	for (watches->next_ready = 0; watches->next_ready < watches->n_ready;) {
		struct epoll_event *event = &watches->ready[watches->next_ready++];
		struct gyre_watch *watch = event->data.ptr;

		if (event->data.ptr == loop)
			gyre__host_timer_rang(loop);
		else if (watch && event->events) /* else it was deleted */
			called += call(watch, event->events);
	}
	watches->n_ready = watches->next_ready = 0;
	return called;
}
