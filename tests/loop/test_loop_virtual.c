/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/loop.c on virtual clocks: time moves when every loop is idle, stands while one works, and is
 * not clock_ by one whose run is over.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <gyre.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static unsigned posts, expired, called;
static struct gyre_clock *clock_;

static void setup(void)
{
	posts = expired = called = 0;
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

static int hour(struct gyre_process *self, void *arg)
{
	struct gyre_ticker tick;

	gyre_ticker_init(&tick, self, GYRE_MSEC(100));
	for (unsigned i = 0; i < 36000; i++)
		if (gyre_ticker_wait(&tick) != 0)
			return 1;
	*(uint64_t *)arg = gyre_loop_clock(gyre_process_loop(self));
	return 0;
}

static void *run_loop(void *arg)
{
	return (void *)(intptr_t)gyre_loop_run(arg, GYRE_RUN_DEFAULT);
}

START_TEST(an_hour_runs_in_seconds_on_two_loops_of_two_threads)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_loop *loops[2];
	uint64_t ends[2] = {0, 0};
	struct gyre_clock *clock;
	pthread_t thread;
	void *status;

	ck_assert_int_eq(gyre_clock_virtual_create(GYRE_SEC(1), &clock), 0);
	options.clock = clock;
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(gyre_loop_create(&options, &loops[i]), 0);
		ck_assert_int_eq(gyre_process_spawn(loops[i], hour, &ends[i], NULL, NULL), 0);
	}
	ck_assert_int_eq(pthread_create(&thread, NULL, run_loop, loops[1]), 0);
	ck_assert_int_eq(gyre_loop_run(loops[0], GYRE_RUN_DEFAULT), 0);
	pthread_join(thread, &status);
	ck_assert_ptr_null(status);
	for (int i = 0; i < 2; i++) {
		/* To the tick of the wheel: time jumps to when a timer is due, not past it. */
		ck_assert_uint_ge(ends[i], GYRE_SEC(3601));
		ck_assert_uint_le(ends[i], GYRE_SEC(3601) + 4096);
		ck_assert_int_eq(gyre_loop_destroy(loops[i]), 0);
	}
	ck_assert_int_eq(gyre_clock_destroy(clock), 0);
}
END_TEST

static int until_told(struct gyre_process *self, void *arg)
{
	(void)arg;
	return gyre_process_wait(self, GYRE_EVENT(0), GYRE_FOREVER, NULL);
}

struct tale {
	struct gyre_process_id listener;
	pthread_t thread;
	struct gyre_post late;
};

static int tell_and_go_on(struct gyre_process *self, void *arg)
{
	struct tale *tale = arg;
	void *status;

	ck_assert_int_eq(gyre_process_sleep(self, GYRE_SEC(1)), 0);
	ck_assert_int_eq(gyre_process_signal(tale->listener, GYRE_EVENT(0)), 0);
	pthread_join(tale->thread, &status);
	ck_assert_ptr_null(status);
	/* Nobody turns there any more. */
	gyre_loop_post(tale->listener.loop, &tale->late);
	return gyre_process_sleep(self, GYRE_SEC(1));
}

START_TEST(a_loop_whose_run_is_over_holds_no_time)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct tale tale = {.late.fn = count_post};
	struct gyre_loop *teller, *listener;
	struct gyre_clock *clock;

	ck_assert_int_eq(gyre_clock_virtual_create(0, &clock), 0);
	options.clock = clock;
	ck_assert_int_eq(gyre_loop_create(&options, &teller), 0);
	ck_assert_int_eq(gyre_loop_create(&options, &listener), 0);
	ck_assert_int_eq(gyre_process_spawn(listener, until_told, NULL, NULL, &tale.listener), 0);
	ck_assert_int_eq(gyre_process_spawn(teller, tell_and_go_on, &tale, NULL, NULL), 0);
	ck_assert_int_eq(pthread_create(&tale.thread, NULL, run_loop, listener), 0);
	ck_assert_int_eq(gyre_loop_run(teller, GYRE_RUN_DEFAULT), 0);
	ck_assert_uint_ge(gyre_clock_now(clock), GYRE_SEC(2));
	ck_assert_int_eq(gyre_loop_destroy(listener), 0);
	ck_assert_uint_eq(posts, 1);
	ck_assert_int_eq(gyre_loop_destroy(teller), 0);
	ck_assert_int_eq(gyre_clock_destroy(clock), 0);
}
END_TEST

static struct gyre_loop *second;
static uint64_t posted_at, seen_at;

static void see_time(struct gyre_post *post)
{
	(void)post;
	seen_at = gyre_clock_now(clock_);
	gyre_loop_unref(second);
}

static int post_and_sleep(struct gyre_process *self, void *arg)
{
	struct timespec pause = {.tv_nsec = 20000000};

	ck_assert_int_eq(gyre_process_sleep(self, GYRE_SEC(1)), 0);
	nanosleep(&pause, NULL); /* the other one is asleep by now */
	posted_at = gyre_clock_now(clock_);
	gyre_loop_post(second, arg);
	return gyre_process_sleep(self, GYRE_SEC(1));
}

START_TEST(a_second_run_holds_time_again)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_post post = {.fn = see_time};
	struct gyre_loop *poster;
	pthread_t thread;

	ck_assert_int_eq(gyre_clock_virtual_create(0, &clock_), 0);
	options.clock = clock_;
	ck_assert_int_eq(gyre_loop_create(&options, &second), 0);
	ck_assert_int_eq(gyre_loop_run(second, GYRE_RUN_DEFAULT), 0);
	gyre_loop_ref(second);
	ck_assert_int_eq(gyre_loop_create(&options, &poster), 0);
	ck_assert_int_eq(gyre_process_spawn(poster, post_and_sleep, &post, NULL, NULL), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_loop, second), 0);
	ck_assert_int_eq(gyre_loop_run(poster, GYRE_RUN_DEFAULT), 0);
	pthread_join(thread, NULL);
	ck_assert_uint_ge(seen_at, GYRE_SEC(1));
	ck_assert_uint_eq(seen_at, posted_at);
	ck_assert_int_eq(gyre_loop_destroy(second), 0);
	ck_assert_int_eq(gyre_loop_destroy(poster), 0);
	ck_assert_int_eq(gyre_clock_destroy(clock_), 0);
}
END_TEST

static atomic_bool flag, at_work;
static struct gyre_process_id worker;

static unsigned poll_flag(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	if (atomic_exchange(&flag, false))
		gyre_process_signal(worker, GYRE_EVENT(0));
	return 0;
}

static const struct gyre_node_class flag_class = {
	.name = "flag", .kind = GYRE_NODE_INPUT, .poll = poll_flag};

/* Works for some real time in the turn after the one that fed it. */
static int work_in_real_time(struct gyre_process *self, void *arg)
{
	struct timespec pause = {.tv_nsec = 20000000};

	(void)arg;
	ck_assert_int_eq(gyre_process_wait(self, GYRE_EVENT(0), GYRE_FOREVER, NULL), 0);
	ck_assert_int_eq(gyre_process_yield(self), 0);
	posted_at = gyre_clock_now(clock_);
	atomic_store(&at_work, true);
	nanosleep(&pause, NULL);
	seen_at = gyre_clock_now(clock_);
	gyre_loop_stop(gyre_process_loop(self));
	return 0;
}

static int feed_and_sleep(struct gyre_process *self, void *arg)
{
	(void)arg;
	ck_assert_int_eq(gyre_process_sleep(self, GYRE_SEC(1)), 0);
	atomic_store(&flag, true);
	while (!atomic_load(&at_work))
		sched_yield();
	return gyre_process_sleep(self, GYRE_SEC(1));
}

START_TEST(a_polling_loop_at_work_holds_time)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_loop *polling, *feeder;
	pthread_t thread;

	ck_assert_int_eq(gyre_clock_virtual_create(0, &clock_), 0);
	options.clock = clock_;
	ck_assert_int_eq(gyre_loop_create(&options, &polling), 0);
	ck_assert_int_eq(gyre_node_add(polling, &flag_class, "flag", NULL, NULL), 0);
	ck_assert_int_eq(gyre_process_spawn(polling, work_in_real_time, NULL, NULL, &worker), 0);
	ck_assert_int_eq(gyre_loop_create(&options, &feeder), 0);
	ck_assert_int_eq(gyre_process_spawn(feeder, feed_and_sleep, NULL, NULL, NULL), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_loop, polling), 0);
	ck_assert_int_eq(gyre_loop_run(feeder, GYRE_RUN_DEFAULT), 0);
	pthread_join(thread, NULL);
	ck_assert_uint_ge(seen_at, GYRE_SEC(1));
	ck_assert_uint_eq(seen_at, posted_at);
	ck_assert_int_eq(gyre_loop_destroy(polling), 0);
	ck_assert_int_eq(gyre_loop_destroy(feeder), 0);
	ck_assert_int_eq(gyre_clock_destroy(clock_), 0);
}
END_TEST

static void *feed_later(void *arg)
{
	struct timespec pause = {.tv_nsec = 20000000};

	nanosleep(&pause, NULL);
	ck_assert_int_eq(write(*(int *)arg, "x", 1), 1);
	return NULL;
}

/* While its loop works, here for some real time, the other one's deadline is not reached. */
static void expect_time_to_stand(struct gyre_watch *watch, uint32_t events)
{
	struct timespec pause = {.tv_nsec = 20000000};
	uint64_t now = gyre_clock_now(clock_);

	ck_assert_uint_eq(gyre_loop_now(gyre_loop_current()), now);
	(void)events;
	gyre_watch_del(watch);
	called++;
	nanosleep(&pause, NULL);
	ck_assert_uint_eq(gyre_clock_now(clock_), now);
}

static int wait_in_real_time(struct gyre_process *self, void *arg)
{
	struct timespec pause = {.tv_nsec = 30000000};

	(void)arg;
	ck_assert_int_eq(gyre_process_sleep(self, GYRE_SEC(1)), 0);
	nanosleep(&pause, NULL);
	return gyre_process_sleep(self, GYRE_SEC(1));
}

START_TEST(a_loop_that_an_fd_woke_holds_time)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_loop *fed, *other;
	pthread_t feeder, thread;
	struct gyre_watch watch = {0};
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(gyre_clock_virtual_create(0, &clock_), 0);
	options.clock = clock_;
	ck_assert_int_eq(gyre_loop_create(&options, &fed), 0);
	ck_assert_int_eq(gyre_loop_create(&options, &other), 0);
	ck_assert_int_eq(gyre_watch_add(fed, &watch, fds[0], EPOLLIN, expect_time_to_stand), 0);
	ck_assert_int_eq(gyre_process_spawn(other, wait_in_real_time, NULL, NULL, NULL), 0);
	ck_assert_int_eq(pthread_create(&feeder, NULL, feed_later, &fds[1]), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_loop, other), 0);
	ck_assert_int_eq(gyre_loop_run(fed, GYRE_RUN_DEFAULT), 0);
	pthread_join(feeder, NULL);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(called, 1);
	ck_assert_int_eq(gyre_loop_destroy(fed), 0);
	ck_assert_int_eq(gyre_loop_destroy(other), 0);
	ck_assert_int_eq(gyre_clock_destroy(clock_), 0);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

static void advance_by_hand(struct gyre_clock *clock, struct gyre_loop *virtual_loop)
{
	struct gyre_timer timer;

	gyre_timer_init(&timer, virtual_loop, count_timer);
	gyre_timer_start(&timer, GYRE_SEC(10));
	gyre_loop_run(virtual_loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(expired, 0);
	ck_assert_int_eq(gyre_clock_advance(clock, GYRE_SEC(10) + 2000), 0);
	gyre_loop_run(virtual_loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(expired, 1);
}

START_TEST(a_host_may_move_time_by_hand)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_loop *mine, *busy;
	struct gyre_clock *clock;

	ck_assert_int_eq(gyre_clock_virtual_create(0, &clock), 0);
	options.clock = clock;
	ck_assert_int_eq(gyre_loop_create(&options, &mine), 0);
	ck_assert_int_eq(gyre_loop_create(&options, &busy), 0); /* never idle: holds the clock */
	advance_by_hand(clock, mine);
	ck_assert_int_eq(gyre_loop_destroy(busy), 0);
	ck_assert_int_eq(gyre_loop_destroy(mine), 0);
	ck_assert_int_eq(gyre_clock_destroy(clock), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("loop_virtual");
	TCase *tcase = tcase_create("loop_virtual");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, an_hour_runs_in_seconds_on_two_loops_of_two_threads);
	tcase_add_test(tcase, a_loop_whose_run_is_over_holds_no_time);
	tcase_add_test(tcase, a_second_run_holds_time_again);
	tcase_add_test(tcase, a_polling_loop_at_work_holds_time);
	tcase_add_test(tcase, a_loop_that_an_fd_woke_holds_time);
	tcase_add_test(tcase, a_host_may_move_time_by_hand);
	suite_add_tcase(suite, tcase);
	return suite;
}
