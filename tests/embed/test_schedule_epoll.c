/* SPDX-License-Identifier: Apache-2.0 */
/* Random schedules through examples/epoll-host.c, touched by an event and before the next wait. */
#include "harness.h"

#include <unistd.h>

#include "examples/epoll-host.h"
#include "schedule.h"

static struct epoll_host epoll;
static int own_fd;
static bool over;

static void open_host(struct gyre_loop *loop, int wake_fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = wake_fd};
	int fd = epoll_create1(EPOLL_CLOEXEC);

	over = false;
	own_fd = wake_fd;
	epoll_host_init(&epoll, fd);
	ck_assert_int_eq(epoll_ctl(fd, EPOLL_CTL_ADD, wake_fd, &event), 0);
	ck_assert_int_eq(epoll_host_add(&epoll, loop), 0);
}

static void wait_in_host(int timeout)
{
	struct epoll_event events[4];
	int n = epoll_host_wait(&epoll, events, 4, timeout);

	for (int i = 0; i < n; i++)
		schedule_fd_ready();
	schedule_place(1);
}

static void run_host(void)
{
	while (!over)
		wait_in_host(-1);
}

/* Called in a slice, which is before the sleep. */
static void end_host(void)
{
	static const uint64_t one = 1;

	over = true;
	ck_assert_int_eq(write(own_fd, &one, sizeof(one)), sizeof(one));
}

static void iterate_host(void)
{
	wait_in_host(0);
}

static void close_host(void)
{
	epoll_host_fini(&epoll);
	close(epoll.epoll_fd);
}

static const struct schedule_host host = {.name = "epoll",
	.places = 2,
	.open = open_host,
	.run = run_host,
	.over = end_host,
	.close = close_host,
	.iterate = iterate_host};

Suite *gyre_test_suite(void)
{
	return schedule_suite(&host);
}
