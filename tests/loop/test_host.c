/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/host.c: a host that sleeps in its own poll(2) is woken for every reason there is, is told
 * not to sleep when there is work, and finds the fd quiet otherwise.
 */
#include "harness.h"

#include <errno.h>
#include <gyre.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static struct gyre_loop *loop;
static unsigned posts, expired, seen;

static void setup(void)
{
	posts = expired = seen = 0;
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
}

static void teardown(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}

static bool readable_within(int msec)
{
	struct pollfd fd = {.fd = gyre_loop_fd(loop), .events = POLLIN};

	return poll(&fd, 1, msec) == 1;
}

static void turn(void)
{
	ck_assert_int_ge(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 0);
}

/* A timing wheel may want to be looked at before anything is due, but then no more. */
static void prepare(void)
{
	int err;

	for (int i = 0; (err = gyre_loop_prepare(loop, NULL)) == 1 && i < 10; i++)
		turn();
	ck_assert_int_eq(err, 0);
}

static void count_post(struct gyre_post *post)
{
	(void)post;
	posts++;
}

static void count_timer(struct gyre_timer *timer)
{
	(void)timer;
	expired++;
}

static void count_fd(struct gyre_watch *watch, uint32_t events)
{
	uint64_t value;

	(void)events;
	ck_assert_int_eq(read(watch->fd, &value, sizeof(value)), sizeof(value));
	seen++;
}

START_TEST(nothing_to_do_is_quiet)
{
	uint64_t deadline = 1;

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(gyre_loop_prepare(loop, &deadline), 0);
		ck_assert_uint_eq(deadline, GYRE_FOREVER);
		ck_assert(!readable_within(0));
		turn();
	}
}
END_TEST

START_TEST(a_post_wakes_and_is_over_when_it_ran)
{
	struct gyre_post post = {.fn = count_post};

	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 0);
	gyre_loop_post(loop, &post);
	ck_assert(readable_within(0));
	turn();
	ck_assert_uint_eq(posts, 1);
	ck_assert(!readable_within(0));
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 0);
	turn();
	ck_assert_uint_eq(loop->posts.sleeping, 0); /* else a post were a system call */
	gyre_loop_post(loop, &post);
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 1); /* there is work */
	ck_assert(!readable_within(0));
	turn();
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 0);
}
END_TEST

/* A host's own epoll set, as it polls: level-triggered. */
static int outer = -1;

static void open_outer(void)
{
	struct epoll_event event = {.events = EPOLLIN};

	outer = epoll_create1(EPOLL_CLOEXEC);
	ck_assert_int_eq(epoll_ctl(outer, EPOLL_CTL_ADD, gyre_loop_fd(loop), &event), 0);
}

/* However often the host looks, and whoever else polls the fd or another set that holds it. */
static void stays_readable(void)
{
	struct epoll_event event;

	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(epoll_wait(outer, &event, 1, 10000), 1);
		ck_assert(readable_within(0));
		ck_assert_int_ge(gyre_loop_prepare(loop, NULL), 0);
	}
	ck_assert_int_eq(epoll_wait(outer, &event, 1, 0), 1);
}

static void goes_quiet(void)
{
	struct gyre_slice slice = {.turns = 1, .fd_ready = true};
	struct epoll_event event;

	ck_assert_int_ge(gyre_loop_run_slice(loop, &slice), 0);
	ck_assert_int_eq(epoll_wait(outer, &event, 1, 0), 0);
}

/* The eventfd is polled for edges, in a set that is polled for levels: an edge is there until the
 * loop itself has looked, and the next one is another, though nobody ever reads the eventfd. */
START_TEST(a_kick_stays_until_the_loop_looks)
{
	struct gyre_post post = {.fn = count_post};

	open_outer();
	for (unsigned i = 1; i <= 100; i++) {
		ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 0);
		gyre_loop_post(loop, &post);
		stays_readable();
		goes_quiet();
		ck_assert_uint_eq(posts, i);
	}
	close(outer);
}
END_TEST

/* Of a timer that is not due before the host has prepared: then the fd says so, and goes on. */
static void wait_for_expiry(struct gyre_timer *timer)
{
	do
		gyre_timer_start_after(timer, GYRE_USEC(50));
	while (gyre_loop_prepare(loop, NULL) != 0);
	ck_assert(readable_within(10000));
	while (gyre_loop_clock(loop) < timer->deadline + GYRE_USEC(20))
		;
	ck_assert(readable_within(10000));
}

/* Nor is the timerfd read: set anew it is quiet, and its next expiry an edge of its own, be the
 * last one heard or not. */
START_TEST(an_expiry_stays_until_the_loop_looks)
{
	struct gyre_timer timer;

	open_outer();
	gyre_timer_init(&timer, loop, count_timer);
	for (unsigned i = 1; i <= 100; i++) {
		wait_for_expiry(&timer);
		stays_readable();
		goes_quiet();
		ck_assert_uint_eq(expired, i);
		/* Never heard: put off, and waited for again. */
		wait_for_expiry(&timer);
		gyre_timer_stop(&timer);
		prepare();
		ck_assert(!readable_within(0));
	}
	close(outer);
}
END_TEST

START_TEST(a_timer_wakes_and_not_early)
{
	struct gyre_timer timer;
	uint64_t start = gyre_loop_clock(loop), deadline = 0;

	gyre_timer_init(&timer, loop, count_timer);
	gyre_timer_start(&timer, start + GYRE_MSEC(20));
	while (!expired) {
		int err = gyre_loop_prepare(loop, &deadline);

		ck_assert_int_ge(err, 0);
		ck_assert_uint_le(deadline, start + GYRE_MSEC(20) + 1024);
		if (err == 0)
			ck_assert(readable_within(10000));
		turn();
	}
	ck_assert_uint_ge(gyre_loop_clock(loop), start + GYRE_MSEC(20));
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 0);
	ck_assert(!readable_within(0));
}
END_TEST

/* Two of those that outlast their reasons: a deadline put off, and one that was never seen. */
START_TEST(a_timer_that_was_stopped_wakes_nobody)
{
	struct timespec pause = {.tv_nsec = 120000000};
	struct gyre_timer timer;

	gyre_timer_init(&timer, loop, count_timer);
	gyre_timer_start_after(&timer, GYRE_MSEC(100));
	prepare();
	gyre_timer_stop(&timer);
	prepare();
	ck_assert(!readable_within(120));
	gyre_timer_start_after(&timer, GYRE_MSEC(100));
	prepare();
	nanosleep(&pause, NULL);
	ck_assert(readable_within(0));
	gyre_timer_stop(&timer);
	turn();
	ck_assert(!readable_within(0));
}
END_TEST

/* Never a busy wait before it is due, however near it is. */
START_TEST(a_deadline_some_nanoseconds_ahead_is_slept_for)
{
	struct gyre_timer timer;
	unsigned early = 0;

	gyre_timer_init(&timer, loop, count_timer);
	for (unsigned i = 0; i < 200; i++) {
		unsigned before = expired, turns = 0;

		gyre_timer_start_after(&timer, 300 + i);
		while (expired == before) {
			if (gyre_loop_prepare(loop, NULL) == 0)
				ck_assert(readable_within(10000));
			turn();
			turns++;
		}
		early += turns - 1;
	}
	ck_assert_uint_eq(expired, 200);
	ck_assert_uint_lt(early, 200); /* one of the wheel's own looks here and there */
}
END_TEST

START_TEST(the_same_deadline_is_armed_once)
{
	struct itimerspec before, after;
	struct gyre_timer timer;
	struct gyre_post post = {.fn = count_post};
	uint64_t armed;

	gyre_timer_init(&timer, loop, count_timer);
	gyre_timer_start_after(&timer, GYRE_SEC(100));
	prepare();
	armed = ((struct gyre__loop *)loop)->armed;
	ck_assert_int_eq(timerfd_gettime(((struct gyre__loop *)loop)->timer_fd, &before), 0);
	gyre_loop_post(loop, &post);
	turn();
	ck_assert_uint_eq(posts, 1);
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 0);
	if (!gyre_test_on_valgrind()) /* there it is another one meanwhile */
		ck_assert_uint_eq(((struct gyre__loop *)loop)->armed, armed);
	ck_assert_int_eq(timerfd_gettime(((struct gyre__loop *)loop)->timer_fd, &after), 0);
	ck_assert_int_le(after.it_value.tv_sec, before.it_value.tv_sec);
	ck_assert_int_gt(after.it_value.tv_sec, 1);
	ck_assert(!readable_within(0));
}
END_TEST

START_TEST(a_cancel_takes_the_deadline_back)
{
	struct gyre_post post = {.fn = count_post};
	struct gyre_timer timer;

	gyre_loop_cancel(loop); /* not prepared: nothing happens */
	gyre_timer_init(&timer, loop, count_timer);
	gyre_timer_start_after(&timer, GYRE_MSEC(20));
	prepare();
	gyre_loop_cancel(loop);
	ck_assert(!readable_within(100));
	ck_assert_uint_eq(loop->posts.sleeping, 0);
	gyre_loop_post(loop, &post); /* kicks nobody */
	ck_assert(!readable_within(0));
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 1);
	turn();
	ck_assert_uint_eq(posts, 1);
	ck_assert_uint_eq(expired, 1);
	prepare();
	ck_assert(!readable_within(0));
	gyre_loop_cancel(loop);
}
END_TEST

START_TEST(the_deadline_is_what_is_due_first)
{
	struct gyre_timer timer;
	uint64_t start, deadline;

	ck_assert_uint_eq(gyre_loop_deadline(loop), GYRE_FOREVER);
	gyre_timer_init(&timer, loop, count_timer);
	start = gyre_loop_clock(loop);
	gyre_timer_start(&timer, start + GYRE_SEC(100));
	deadline = gyre_loop_deadline(loop);
	ck_assert_uint_gt(deadline, start);
	ck_assert_uint_le(deadline, start + GYRE_SEC(100) + 1024);
	gyre_timer_start(&timer, 1);
	ck_assert_uint_eq(gyre_loop_deadline(loop), 0);
	turn();
	gyre_loop_stop(loop);
	ck_assert_uint_eq(gyre_loop_deadline(loop), 0);
	turn();
	ck_assert_uint_eq(gyre_loop_deadline(loop), GYRE_FOREVER);
}
END_TEST

START_TEST(an_fd_wakes)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	uint64_t one = 1;
	struct gyre_watch watch = {0};

	ck_assert_int_eq(gyre_watch_add(loop, &watch, fd, EPOLLIN, count_fd), 0);
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 0);
	ck_assert(!readable_within(0));
	ck_assert_int_eq(write(fd, &one, sizeof(one)), sizeof(one));
	ck_assert(readable_within(0));
	turn();
	ck_assert_uint_eq(seen, 1);
	ck_assert(!readable_within(0));
	close(fd);
}
END_TEST

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	return 0;
}

static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = poll_nothing};

static int one_yield(struct gyre_process *self, void *arg)
{
	(void)arg;
	return gyre_process_yield(self);
}

static void prepare_inside(struct gyre_post *post)
{
	count_post(post);
	gyre_loop_cancel(loop); /* is none of its business */
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), -EBUSY);
}

START_TEST(whatever_there_is_to_do_forbids_sleep)
{
	struct gyre_post post = {.fn = prepare_inside};
	struct gyre_timer timer;
	struct gyre_node_id id;

	gyre_timer_init(&timer, loop, count_timer);
	gyre_timer_start(&timer, 1);
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 1);
	turn();
	ck_assert_int_eq(gyre_process_spawn(loop, one_yield, NULL, NULL, NULL), 0);
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 1);
	turn();
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 1); /* it yielded */
	turn();
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 0);
	gyre_loop_stop(loop);
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 1);
	turn();
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 0);
	gyre_loop_post(loop, &post);
	turn();
	ck_assert_uint_eq(posts, 1);
	ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", NULL, &id), 0);
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 1); /* the graph is to be built */
	turn();
	ck_assert_int_eq(gyre_loop_prepare(loop, NULL), 1); /* and polled */
}
END_TEST

#define CALLS 5000

static void *post_many(void *arg)
{
	static struct gyre_post all[CALLS];
	unsigned seed = 1;

	(void)arg;
	for (unsigned i = 0; i < CALLS; i++) {
		unsigned pause = (unsigned)rand_r(&seed) % 2000;

		for (volatile unsigned spin = 0; spin < pause; spin++)
			;
		all[i].fn = count_post;
		gyre_loop_post(loop, &all[i]);
	}
	return NULL;
}

START_TEST(a_host_that_sleeps_misses_no_post)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, post_many, NULL), 0);
	while (posts < CALLS) {
		if (gyre_loop_prepare(loop, NULL) == 0)
			ck_assert_msg(readable_within(10000), "asleep after %u posts", posts);
		turn();
	}
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(virtual_time_goes_on_without_sleep)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_loop *simulated;
	struct gyre_clock *clock;
	struct gyre_timer timer;
	unsigned turns = 0;

	ck_assert_int_eq(gyre_clock_virtual_create(0, &clock), 0);
	options.clock = clock;
	ck_assert_int_eq(gyre_loop_create(&options, &simulated), 0);
	gyre_timer_init(&timer, simulated, count_timer);
	gyre_timer_start(&timer, GYRE_SEC(3600));
	for (; !expired && turns < 20; turns++) {
		ck_assert_int_eq(gyre_loop_prepare(simulated, NULL), 1);
		gyre_loop_run(simulated, GYRE_RUN_NOWAIT);
	}
	ck_assert_uint_eq(expired, 1);
	ck_assert_uint_ge(gyre_clock_now(clock), GYRE_SEC(3600));
	ck_assert_int_eq(gyre_loop_destroy(simulated), 0);
	ck_assert_int_eq(gyre_clock_destroy(clock), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("host");
	TCase *tcase = tcase_create("host");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, nothing_to_do_is_quiet);
	tcase_add_test(tcase, a_post_wakes_and_is_over_when_it_ran);
	tcase_add_test(tcase, a_kick_stays_until_the_loop_looks);
	tcase_add_test(tcase, an_expiry_stays_until_the_loop_looks);
	tcase_add_test(tcase, a_timer_wakes_and_not_early);
	tcase_add_test(tcase, a_timer_that_was_stopped_wakes_nobody);
	tcase_add_test(tcase, a_deadline_some_nanoseconds_ahead_is_slept_for);
	tcase_add_test(tcase, the_same_deadline_is_armed_once);
	tcase_add_test(tcase, a_cancel_takes_the_deadline_back);
	tcase_add_test(tcase, the_deadline_is_what_is_due_first);
	tcase_add_test(tcase, an_fd_wakes);
	tcase_add_test(tcase, whatever_there_is_to_do_forbids_sleep);
	tcase_add_test(tcase, a_host_that_sleeps_misses_no_post);
	tcase_add_test(tcase, virtual_time_goes_on_without_sleep);
	suite_add_tcase(suite, tcase);
	return suite;
}
