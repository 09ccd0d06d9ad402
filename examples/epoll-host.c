/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gyre loops inside a program's own epoll loop. Owns nothing but the table of the loops. Called by
 * the program in place of epoll_wait(); gives the loops their slices before it sleeps, and tells
 * each that it will. Invariant: it sleeps only after every loop has said that it may, and hands no
 * event of a loop's to the program.
 */
#include "epoll-host.h"

#include <errno.h>

void epoll_host_init(struct epoll_host *host, int epoll_fd)
{
	*host = (struct epoll_host){
		.epoll_fd = epoll_fd, .slice_turns = 64, .slice_nsec = GYRE_USEC(100)};
}

static struct epoll_host_member *find(struct epoll_host *host, const struct gyre_loop *loop)
{
	for (int i = 0; i < EPOLL_HOST_LOOPS; i++)
		if (host->members[i].loop == loop)
			return &host->members[i];
	return NULL;
}

int epoll_host_add(struct epoll_host *host, struct gyre_loop *loop)
{
	struct epoll_host_member *member = find(host, NULL);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = member};

	if (!member)
		return -ENOSPC;
	if (epoll_ctl(host->epoll_fd, EPOLL_CTL_ADD, gyre_loop_fd(loop), &event) < 0)
		return -errno;
	*member = (struct epoll_host_member){.loop = loop};
	return 0;
}

void epoll_host_del(struct epoll_host *host, struct gyre_loop *loop)
{
	struct epoll_host_member *member = loop ? find(host, loop) : NULL;

	if (!member)
		return;
	epoll_ctl(host->epoll_fd, EPOLL_CTL_DEL, gyre_loop_fd(loop), NULL);
	gyre_loop_cancel(loop);
	*member = (struct epoll_host_member){.loop = NULL};
}

void epoll_host_fini(struct epoll_host *host)
{
	for (int i = 0; i < EPOLL_HOST_LOOPS; i++)
		epoll_host_del(host, host->members[i].loop);
}

static int fail(struct epoll_host *host, struct gyre_loop *loop, int error)
{
	epoll_host_del(host, loop);
	host->failed = loop;
	errno = -error;
	return -1;
}

/* Gives a loop a slice if it has something to do; then whether it wants another: 1, or 0: it may
 * sleep; below 0: it failed. */
static int serve(struct epoll_host *host, struct epoll_host_member *member)
{
	struct gyre_slice slice = {
		.turns = host->slice_turns, .nsec = host->slice_nsec, .fd_ready = member->fd_ready};
	int status = member->fd_ready ? 1 : gyre_loop_prepare(member->loop, NULL);

	if (status <= 0)
		return status;
	member->fd_ready = false;
	status = gyre_loop_run_slice(member->loop, &slice);
	return status < 0 ? status : gyre_loop_prepare(member->loop, NULL);
}

/* Returns how many loops want more; all others were told that the program is about to sleep. */
static int serve_all(struct epoll_host *host)
{
	int n = 0;

	for (int i = 0; i < EPOLL_HOST_LOOPS; i++) {
		struct epoll_host_member *member = &host->members[i];
		int status = member->loop ? serve(host, member) : 0;

		if (status < 0)
			return fail(host, member->loop, status);
		n += status;
	}
	return n;
}

/* Keeps the loops' events, moves the program's together; returns how many those are. */
static int take_ours(struct epoll_host *host, struct epoll_event *events, int n)
{
	int theirs = 0;

	for (int i = 0; i < n; i++) {
		struct epoll_host_member *member = NULL;

		for (int m = 0; m < EPOLL_HOST_LOOPS && !member; m++)
			if (events[i].data.ptr == &host->members[m])
				member = &host->members[m];
		if (member)
			member->fd_ready = true;
		else
			events[theirs++] = events[i];
	}
	return theirs;
}

int epoll_host_wait(struct epoll_host *host, struct epoll_event *events, int max, int timeout)
{
	int wanting = serve_all(host), n;

	if (wanting < 0)
		return -1;
	n = epoll_wait(host->epoll_fd, events, max, wanting ? 0 : timeout);
	return n > 0 ? take_ours(host, events, n) : n;
}
