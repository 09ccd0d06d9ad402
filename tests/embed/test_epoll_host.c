/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/epoll-host.c: a program's own epoll loop gets all of its own events and none of a gyre
 * loop's, sleeps while no loop has work, and turns them when they have.
 */
#include "harness.h"

#include <errno.h>
#include <gyre.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "examples/epoll-host.h"

static struct epoll_host host;
static struct gyre_loop *loop;
static struct epoll_event events[8];
static int own = -1, epoll_fd = -1;
static unsigned happened, polls;

static void setup(void)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 7};

	happened = polls = 0;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	own = eventfd(0, EFD_CLOEXEC);
	ck_assert_int_eq(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, own, &event), 0);
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	epoll_host_init(&host, epoll_fd);
	ck_assert_int_eq(epoll_host_add(&host, loop), 0);
}

static void teardown(void)
{
	epoll_host_fini(&host);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	close(own);
	close(epoll_fd);
}

static uint64_t turns(void)
{
	struct gyre_loop_stats stats;

	gyre_loop_stats_get(loop, &stats);
	return stats.turns;
}

static void wait_until_happened(unsigned n)
{
	for (int i = 0; happened < n && i < 1000; i++)
		ck_assert_int_eq(epoll_host_wait(&host, events, 8, 10000), 0);
	ck_assert_uint_eq(happened, n);
}

static void on_post(struct gyre_post *post)
{
	(void)post;
	happened++;
}

static void on_timer(struct gyre_timer *timer)
{
	(void)timer;
	happened++;
}

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	polls++;
	return 0;
}

static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = poll_nothing};

static void ring(void)
{
	uint64_t one = 1;

	ck_assert_int_eq(write(own, &one, sizeof(one)), sizeof(one));
}

START_TEST(idle_loops_are_not_turned)
{
	uint64_t before;

	epoll_host_wait(&host, events, 8, 0);
	before = turns();
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(epoll_host_wait(&host, events, 8, 5), 0);
	ck_assert_uint_eq(turns(), before);
}
END_TEST

START_TEST(the_programs_events_are_its_own)
{
	struct gyre_post post = {.fn = on_post};

	ring();
	gyre_loop_post(loop, &post);
	for (int i = 0; i < 3; i++) {
		events[0].data.u64 = events[1].data.u64 = 0;
		ck_assert_int_eq(epoll_host_wait(&host, events, 8, 10000), 1);
		ck_assert_uint_eq(events[0].data.u64, 7);
		ck_assert_uint_eq(events[0].events, EPOLLIN);
	}
	ck_assert_uint_eq(happened, 1);
}
END_TEST

static void *post_later(void *arg)
{
	struct timespec pause = {.tv_nsec = 20000000};

	nanosleep(&pause, NULL);
	gyre_loop_post(loop, arg);
	return NULL;
}

START_TEST(another_thread_ends_the_sleep)
{
	struct gyre_post post = {.fn = on_post};
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, post_later, &post), 0);
	wait_until_happened(1);
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(timers_of_several_loops_are_slept_for)
{
	struct gyre_timer timers[2];
	struct gyre_loop *second;

	ck_assert_int_eq(gyre_loop_create(NULL, &second), 0);
	ck_assert_int_eq(epoll_host_add(&host, second), 0);
	gyre_timer_init(&timers[0], loop, on_timer);
	gyre_timer_init(&timers[1], second, on_timer);
	epoll_host_wait(&host, events, 8, 0);
	gyre_timer_start_after(&timers[1], GYRE_MSEC(30));
	gyre_timer_start_after(&timers[0], GYRE_MSEC(10));
	wait_until_happened(2);
	ck_assert_uint_lt(turns(), 100); /* it did not spin, */
	epoll_host_del(&host, second);
	gyre_timer_start_after(&timers[1], GYRE_MSEC(1));
	gyre_timer_start_after(&timers[0], GYRE_MSEC(10));
	wait_until_happened(3);
	ck_assert(gyre_timer_active(&timers[1])); /* and forgets the loop that was taken out */
	ck_assert_int_eq(gyre_loop_destroy(second), 0);
}
END_TEST

START_TEST(a_loop_that_polls_leaves_the_program_its_share)
{
	unsigned seen = 0;

	ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", NULL, NULL), 0);
	ring();
	host.slice_turns = 10;
	host.slice_nsec = 0;
	for (unsigned i = 1; i <= 20; i++) {
		seen += (unsigned)epoll_host_wait(&host, events, 8, -1);
		ck_assert_uint_eq(polls, i * 10);
	}
	ck_assert_uint_eq(seen, 20);
}
END_TEST

START_TEST(a_loop_that_fails_is_taken_out)
{
	static const char *const nexts[] = {"nobody"};
	static const struct gyre_node_class lost = {.name = "lost",
		.kind = GYRE_NODE_INPUT,
		.poll = poll_nothing,
		.nexts = nexts,
		.n_nexts = 1};
	int n = 0;

	ck_assert_int_eq(gyre_node_add(loop, &lost, "lost", NULL, NULL), 0);
	for (int i = 0; n == 0 && i < 10; i++)
		n = epoll_host_wait(&host, events, 8, 10000);
	ck_assert_int_eq(n, -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_eq(host.failed, loop);
	ring();
	ck_assert_int_eq(epoll_host_wait(&host, events, 8, 10000), 1);
}
END_TEST

START_TEST(there_is_room_for_eight)
{
	struct gyre_loop *more[EPOLL_HOST_LOOPS];

	for (int i = 0; i < EPOLL_HOST_LOOPS; i++) {
		ck_assert_int_eq(gyre_loop_create(NULL, &more[i]), 0);
		ck_assert_int_eq(
			epoll_host_add(&host, more[i]), i < EPOLL_HOST_LOOPS - 1 ? 0 : -ENOSPC);
	}
	epoll_host_fini(&host);
	ring();
	ck_assert_int_eq(epoll_host_wait(&host, events, 8, 10000), 1);
	for (int i = 0; i < EPOLL_HOST_LOOPS; i++)
		ck_assert_int_eq(gyre_loop_destroy(more[i]), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("epoll-host");
	TCase *tcase = tcase_create("epoll-host");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, idle_loops_are_not_turned);
	tcase_add_test(tcase, the_programs_events_are_its_own);
	tcase_add_test(tcase, another_thread_ends_the_sleep);
	tcase_add_test(tcase, timers_of_several_loops_are_slept_for);
	tcase_add_test(tcase, a_loop_that_polls_leaves_the_program_its_share);
	tcase_add_test(tcase, a_loop_that_fails_is_taken_out);
	tcase_add_test(tcase, there_is_room_for_eight);
	suite_add_tcase(suite, tcase);
	return suite;
}
