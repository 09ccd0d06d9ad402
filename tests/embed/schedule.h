/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_TESTS_EMBED_SCHEDULE_H
#define GYRE_TESTS_EMBED_SCHEDULE_H

#include <check.h>
#include <gyre.h>

/*
 * Random schedules against a gyre loop inside a host's loop. A schedule is up to six events that
 * bring the gyre loop work within 2 ms: timers, started or shortened; posts, signals and fds of
 * three threads; and the same by callbacks of the host, at any place of its iteration. The next
 * one begins when the last event was seen. In most there is one event only, and nothing else that
 * would wake the host: a wake-up that is missed stays missed, until the watchdog says so.
 */

/* What an adapter's test provides; all but `over` on the host's thread. */
struct schedule_host {
	const char *name;
	unsigned places; /* of schedule_place(), >= 1 */
	/* The loop gets its turns from the host, which watches the fd for input, too. */
	void (*open)(struct gyre_loop *loop, int fd);
	void (*run)(void); /* until over() was called */
	void (*over)(void); /* in any callback on the host's thread */
	void (*close)(void);
	void (*iterate)(void); /* once, without sleeping */
};

/* Called by the host when its fd is readable. */
void schedule_fd_ready(void);
/* Called by the host in each iteration, at its places 1 to places - 1: those between the callback
 * for its fd and the sleep. */
void schedule_place(unsigned place);

/* Runs GYRE_SCHEDULES (4000) schedules by the seed GYRE_SCHEDULE_SEED (a new one); fails the test
 * if an event was not seen, twice, too early or late. */
void schedule_run(const struct schedule_host *host);
/* An input that is polled all the time: the host makes one system call for each slice at most. */
void schedule_spin(const struct schedule_host *host);
/* A suite of both. */
Suite *schedule_suite(const struct schedule_host *host);

#endif
