/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gyre loops inside a program that has a loop of its own around epoll_wait(2): to be copied into
 * such a program. The program calls epoll_host_wait() where it called epoll_wait(), and that is all
 * it changes; its own fds, timers and signals stay as they are.
 *
 *	struct epoll_host host;
 *
 *	epoll_host_init(&host, epoll_fd);
 *	epoll_host_add(&host, loop);
 *	for (;;) {
 *		n = epoll_host_wait(&host, events, max, timeout);
 *		handle the n events as ever
 *	}
 *	epoll_host_fini(&host);
 *
 * The program's events are never later than a slice for each loop, and it sleeps whenever no loop
 * has work or something to poll.
 */
#ifndef EXAMPLES_EPOLL_HOST_H
#define EXAMPLES_EPOLL_HOST_H

#include <gyre.h>
#include <sys/epoll.h>

#define EPOLL_HOST_LOOPS 8

struct epoll_host_member {
	struct gyre_loop *loop; /* NULL: none */
	bool fd_ready;
};

struct epoll_host {
	int epoll_fd; /* the program's */
	unsigned slice_turns; /* what a loop may do before the program's events are looked at */
	uint64_t slice_nsec;
	struct gyre_loop *failed; /* that was taken out since its run returned an error */
	struct epoll_host_member members[EPOLL_HOST_LOOPS];
};

/* For the program's own epoll set, which stays the program's. 64 turns or 100 us a slice. */
void epoll_host_init(struct epoll_host *host, int epoll_fd);
/* Takes all loops out; they stay their owner's. */
void epoll_host_fini(struct epoll_host *host);
/* From now on the waits turn the loop. Returns 0 or a negative errno: -ENOSPC, as epoll_ctl(2). */
int epoll_host_add(struct epoll_host *host, struct gyre_loop *loop);
/* Not from inside one of the loops. Nothing happens if it is not there. */
void epoll_host_del(struct epoll_host *host, struct gyre_loop *loop);
/* As epoll_wait(2), but that it turns the loops, and may return 0 before the time is over. -1 with
 * errno as epoll_wait(2); or as gyre_loop_run(), and the loop in host->failed is taken out. */
int epoll_host_wait(struct epoll_host *host, struct epoll_event *events, int max, int timeout);

#endif
