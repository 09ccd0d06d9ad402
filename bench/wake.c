/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a wake-up from another thread costs: a bare epoll_wait(2) on an eventfd against a host that
 * prepares, sleeps in epoll_wait(2) and gives a slice, and against a loop that sleeps by itself.
 * From just before the write or the post until the code behind it runs; one round of each in turn.
 */
#include <gyre.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5000 };
enum way { BARE, HOSTED, ALONE, WAYS, END };

static struct gyre_loop *loop;
static int event_fd, bare_fd, host_fd;
static atomic_int asked; /* a way + 1 */
static _Atomic(uint64_t) sent;
static uint64_t took[WAYS][ROUNDS];
static uint64_t woken; /* 0: not yet */

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return GYRE_SEC(t.tv_sec) + (uint64_t)t.tv_nsec;
}

static void on_post(struct gyre_post *post)
{
	(void)post;
	woken = now();
}

/* Waits until the other thread is asleep, most probably, and wakes it. */
static void *waker(void *arg)
{
	static struct gyre_post post = {.fn = on_post};
	struct timespec pause = {.tv_nsec = 100000};
	uint64_t one = 1;
	int way;

	(void)arg;
	while ((way = atomic_exchange(&asked, 0) - 1) != END) {
		if (way < 0)
			continue;
		nanosleep(&pause, NULL);
		sent = now();
		if (way != BARE)
			gyre_loop_post(loop, &post);
		else if (write(event_fd, &one, sizeof(one)) < 0)
			abort();
	}
	return NULL;
}

static void wait_bare(void)
{
	struct epoll_event event;
	uint64_t value;

	while (epoll_wait(bare_fd, &event, 1, -1) != 1)
		;
	if (read(event_fd, &value, sizeof(value)) > 0)
		woken = now();
}

static void wait_hosted(void)
{
	struct gyre_slice slice = {.turns = 64, .nsec = GYRE_USEC(100)};
	struct epoll_event event;

	while (!woken) {
		int turn = gyre_loop_prepare(loop, NULL);

		slice.fd_ready = epoll_wait(host_fd, &event, 1, turn ? 0 : -1) == 1;
		if (turn || slice.fd_ready)
			gyre_loop_run_slice(loop, &slice);
	}
}

static void wait_alone(void)
{
	while (!woken)
		gyre_loop_run(loop, GYRE_RUN_ONCE);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void report(enum way way, const char *name)
{
	uint64_t *values = took[way];

	qsort(values, ROUNDS, sizeof(*values), compare);
	printf("%-16s median %5.2f us, 90 %% %5.2f us, %.2f of bare\n", name,
		(double)values[ROUNDS / 2] / 1e3, (double)values[ROUNDS * 9 / 10] / 1e3,
		(double)values[ROUNDS / 2] / (double)took[BARE][ROUNDS / 2]);
}

static int watch(int epoll_fd, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

int main(void)
{
	static void (*const waits[WAYS])(void) = {wait_bare, wait_hosted, wait_alone};
	pthread_t thread;

	event_fd = eventfd(0, EFD_NONBLOCK);
	bare_fd = epoll_create1(0);
	host_fd = epoll_create1(0);
	if (gyre_loop_create(NULL, &loop) < 0 || watch(bare_fd, event_fd) < 0 ||
		watch(host_fd, gyre_loop_fd(loop)) < 0 ||
		pthread_create(&thread, NULL, waker, NULL))
		return 1;
	gyre_loop_ref(loop); /* alone it sleeps for the post, and does not end */
	for (unsigned i = 0; i < ROUNDS; i++)
		for (int way = 0; way < WAYS; way++) {
			woken = 0;
			asked = way + 1;
			waits[way]();
			took[way][i] = woken - sent;
		}
	asked = END + 1;
	pthread_join(thread, NULL);
	report(BARE, "bare epoll_wait");
	report(HOSTED, "in a host");
	report(ALONE, "by itself");
	gyre_loop_destroy(loop);
	return 0;
}
