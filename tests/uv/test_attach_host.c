/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/uv/attach.c, beside a host with work of its own: no wake-up is missed wherever the host
 * touches the gyre loop, a slice is all that the host waits for, a spinning loop makes one system
 * call a slice, an idle one uses no CPU.
 */
#include "harness.h"

#include <errno.h>
#include <gyre.h>
#include <gyre/uv.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "syscalls.h"

#define WATCHDOG 30000 /* msec */

static uv_loop_t uv;
static struct gyre_loop *loop;
static struct gyre_uv handle;
static uv_timer_t watchdog, ticker;
static unsigned woken;

static void too_late(uv_timer_t *timer)
{
	(void)timer;
	ck_abort_msg("nobody was woken");
}

static void setup(void)
{
	woken = 0;
	ck_assert_int_eq(uv_loop_init(&uv), 0);
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	uv_timer_init(&uv, &watchdog);
	uv_timer_start(&watchdog, too_late, WATCHDOG, 0);
	uv_timer_init(&uv, &ticker);
}

static void close_it(uv_handle_t *one, void *arg)
{
	(void)arg;
	if (!uv_is_closing(one))
		uv_close(one, NULL);
}

static void teardown(void)
{
	gyre_uv_close(&handle, NULL);
	uv_walk(&uv, close_it, NULL);
	ck_assert_int_eq(uv_run(&uv, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(uv_loop_close(&uv), 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}

static void attach(const struct gyre_uv_options *options)
{
	ck_assert_int_eq(gyre_uv_attach(&uv, loop, options, &handle), 0);
}

/* --- No wake-up is missed --- */

enum touch { SHORTEN, START, SPAWN, SIGNAL, POST, WATCH, ENABLE, TOUCHES };
enum place { PREPARE, CHECK, TIMER, FD, ASYNC, IDLE, PLACES };

static enum touch touch;
static enum place place;
static struct gyre_timer timer;
static struct gyre_post post;
static struct gyre_watch watch;
static struct gyre_process_id waiter;
static struct gyre_node_id input;
static int event_fd;
static bool touched;

static void wake(void)
{
	woken++;
	uv_stop(&uv);
}

static void by_timer(struct gyre_timer *which)
{
	(void)which;
	wake();
}

static void by_post(struct gyre_post *which)
{
	(void)which;
	wake();
}

static void by_watch(struct gyre_watch *which, uint32_t events)
{
	(void)events;
	ck_assert_int_eq(gyre_watch_del(which), 0);
	wake();
}

static int by_spawn(struct gyre_process *self, void *arg)
{
	(void)self, (void)arg;
	wake();
	return 0;
}

static int wait_for_event(struct gyre_process *self, void *arg)
{
	(void)arg;
	if (gyre_process_wait(self, GYRE_EVENT_USER, GYRE_FOREVER, NULL) == 0)
		wake();
	return 0;
}

static unsigned by_poll(struct gyre_node *node, unsigned max)
{
	(void)max;
	ck_assert_int_eq(gyre_node_disable(loop, gyre_node_id(node)), 0);
	wake();
	return 0;
}

static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = by_poll};

static void prepare_touch(void)
{
	gyre_timer_init(&timer, loop, by_timer);
	if (touch == SHORTEN)
		gyre_timer_start_after(&timer, GYRE_SEC(3600));
	if (touch == SIGNAL)
		gyre_process_spawn(loop, wait_for_event, NULL, NULL, &waiter);
	if (touch == ENABLE) {
		gyre_node_add(loop, &input_class, "input", NULL, &input);
		gyre_node_disable(loop, input);
	}
	event_fd = eventfd(1, EFD_CLOEXEC);
	post.fn = by_post;
}

static void touch_it(void)
{
	int status = 0;

	touched = true;
	if (touch == SHORTEN || touch == START)
		gyre_timer_start_after(&timer, GYRE_USEC(300));
	else if (touch == SPAWN)
		status = gyre_process_spawn(loop, by_spawn, NULL, NULL, NULL);
	else if (touch == SIGNAL)
		status = gyre_process_signal(waiter, GYRE_EVENT(0));
	else if (touch == POST)
		gyre_loop_post(loop, &post);
	else if (touch == WATCH)
		status = gyre_watch_add(loop, &watch, event_fd, EPOLLIN, by_watch);
	else
		status = gyre_node_enable(loop, input);
	ck_assert_int_eq(status, 0);
}

/* The host's handles: whichever is the place touches the loop, once, in an iteration that would
 * then sleep until the watchdog. */
static uv_prepare_t prepare;
static uv_check_t check;
static uv_idle_t idle;
static uv_async_t async;
static uv_poll_t fd;
static unsigned iterations;

static void arm(void)
{
	uint64_t one = 1;

	if (place == TIMER)
		uv_timer_start(&ticker, (uv_timer_cb)touch_it, 1, 0);
	else if (place == ASYNC || place == CHECK)
		uv_async_send(&async);
	else if (place == FD)
		ck_assert_int_eq(write(*(int *)fd.data, &one, sizeof(one)), sizeof(one));
}

/* Some iterations on, when all that began is over: wakes itself until then. */
static void in_prepare(uv_prepare_t *which)
{
	(void)which;
	if (++iterations < 5)
		uv_async_send(&async);
	else if (iterations == 5 && place == PREPARE)
		touch_it();
	else if (iterations == 5)
		arm();
}

static void in_check(uv_check_t *which)
{
	(void)which;
	if (iterations == 5 && place == CHECK && !touched)
		touch_it();
}

static void in_idle(uv_idle_t *which)
{
	if (iterations < 5)
		return;
	uv_idle_stop(which);
	touch_it();
}

static void in_async(uv_async_t *which)
{
	(void)which;
	if (iterations == 5 && place == ASYNC && !touched)
		touch_it();
}

static void in_fd(uv_poll_t *which, int status, int events)
{
	(void)status, (void)events;
	uv_poll_stop(which);
	touch_it();
}

static void start_host(void)
{
	static int host_fd;

	host_fd = eventfd(0, EFD_CLOEXEC);
	iterations = 0;
	touched = false;
	uv_prepare_init(&uv, &prepare);
	uv_check_init(&uv, &check);
	uv_idle_init(&uv, &idle);
	uv_async_init(&uv, &async, in_async);
	uv_poll_init(&uv, &fd, host_fd);
	fd.data = &host_fd;
	uv_prepare_start(&prepare, in_prepare);
	uv_check_start(&check, in_check);
	if (place == IDLE)
		uv_idle_start(&idle, in_idle);
	if (place == FD)
		uv_poll_start(&fd, UV_READABLE, in_fd);
}

/* Every touch in every place, the host's handles started before ours and after. */
START_TEST(a_touch_anywhere_is_seen)
{
	bool host_first = _i % 2;

	place = (enum place)(_i / 2 % PLACES);
	touch = (enum touch)(_i / 2 / PLACES);
	prepare_touch();
	if (host_first)
		start_host();
	attach(NULL);
	if (!host_first)
		start_host();
	gyre_loop_ref(loop);
	uv_run(&uv, UV_RUN_DEFAULT);
	ck_assert_uint_eq(woken, 1);
	close(event_fd);
}
END_TEST

static void *signal_often(void *arg)
{
	struct timespec pause = {.tv_nsec = 200000};

	(void)arg;
	for (unsigned i = 0; i < 500; i++) {
		ck_assert_int_eq(gyre_process_signal(waiter, GYRE_EVENT(i % 2)), 0);
		nanosleep(&pause, NULL);
	}
	gyre_process_signal(waiter, GYRE_EVENT(2));
	return NULL;
}

static int count_events(struct gyre_process *self, void *arg)
{
	uint32_t events = 0;

	(void)arg;
	while (!(events & GYRE_EVENT(2)))
		if (gyre_process_wait(self, GYRE_EVENT_USER, GYRE_FOREVER, &events) == 0)
			woken++;
	return 0;
}

START_TEST(another_threads_signals_are_seen)
{
	pthread_t thread;

	ck_assert_int_eq(gyre_process_spawn(loop, count_events, NULL, NULL, &waiter), 0);
	attach(NULL);
	uv_unref((uv_handle_t *)&watchdog);
	ck_assert_int_eq(pthread_create(&thread, NULL, signal_often, NULL), 0);
	ck_assert_int_eq(uv_run(&uv, UV_RUN_DEFAULT), 0);
	pthread_join(thread, NULL);
	ck_assert_uint_gt(woken, 1);
}
END_TEST

/* A host that sleeps on uv_backend_fd() itself, as one with a uv loop inside another loop. */
START_TEST(a_host_that_sleeps_on_the_backend_is_woken)
{
	struct pollfd backend = {.fd = uv_backend_fd(&uv), .events = POLLIN};
	int timeout;

	touch = (enum touch)_i;
	prepare_touch();
	attach(NULL);
	do {
		uv_run(&uv, UV_RUN_NOWAIT);
		timeout = uv_backend_timeout(&uv);
	} while (timeout >= 0 && timeout < 1000);
	touch_it();
	while (!woken) {
		timeout = uv_backend_timeout(&uv);
		ck_assert_int_ge(poll(&backend, 1, timeout), 0);
		uv_run(&uv, UV_RUN_NOWAIT);
	}
	close(event_fd);
}
END_TEST

/* --- What it costs the host --- */

static uint64_t turns_before, most;
static uint64_t turn_nsec;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return GYRE_SEC(t.tv_sec) + (uint64_t)t.tv_nsec;
}

static unsigned poll_slowly(struct gyre_node *node, unsigned max)
{
	uint64_t end = now() + turn_nsec;

	(void)node, (void)max;
	while (turn_nsec && now() < end)
		;
	return 0;
}

static const struct gyre_node_class slow_class = {
	.name = "slow", .kind = GYRE_NODE_INPUT, .poll = poll_slowly};

static void measure_slice(uv_prepare_t *which)
{
	struct gyre_loop_stats stats;

	(void)which;
	gyre_loop_stats_get(loop, &stats);
	if (stats.turns - turns_before > most)
		most = stats.turns - turns_before;
	turns_before = stats.turns;
	if (++iterations == 50)
		uv_stop(&uv);
}

static void run_slices(const struct gyre_uv_options *options)
{
	turns_before = most = iterations = 0;
	ck_assert_int_eq(gyre_node_add(loop, &slow_class, "slow", NULL, &input), 0);
	attach(options);
	uv_prepare_init(&uv, &prepare);
	uv_prepare_start(&prepare, measure_slice);
	uv_run(&uv, UV_RUN_DEFAULT);
}

START_TEST(a_slice_is_bounded_by_turns)
{
	struct gyre_uv_options options = GYRE_UV_OPTIONS_INIT;

	options.slice_turns = 7;
	options.slice_nsec = 0;
	turn_nsec = 0;
	run_slices(&options);
	ck_assert_uint_eq(most, 7);
}
END_TEST

/* A turn of 100 us and a slice of 500: a loaded machine only makes them fewer. */
START_TEST(a_slice_is_bounded_by_time)
{
	struct gyre_uv_options options = GYRE_UV_OPTIONS_INIT;

	options.slice_turns = 1000000;
	options.slice_nsec = GYRE_USEC(500);
	turn_nsec = GYRE_USEC(100);
	run_slices(&options);
	ck_assert_uint_ge(most, 1);
	ck_assert_uint_le(most, 6);
}
END_TEST

static uint64_t due, worst;
static unsigned ticks;

static void tick(uv_timer_t *which)
{
	uint64_t late = uv_hrtime() > due ? uv_hrtime() - due : 0;

	if (late > worst)
		worst = late;
	if (++ticks == 50)
		uv_stop(&uv);
	due = uv_hrtime() + GYRE_MSEC(4);
	uv_timer_start(which, tick, 4, 0);
}

static uint64_t worst_lateness(void)
{
	worst = ticks = 0;
	due = uv_hrtime() + GYRE_MSEC(4);
	uv_update_time(&uv);
	uv_timer_start(&ticker, tick, 4, 0);
	uv_run(&uv, UV_RUN_DEFAULT);
	return worst;
}

/* The noise of a machine is whatever it is: it is given a hundredfold. */
START_TEST(the_hosts_timers_wait_for_a_slice_at_most)
{
	struct gyre_uv_options options = GYRE_UV_OPTIONS_INIT;
	uint64_t alone = worst_lateness(), beside;

	options.slice_nsec = GYRE_MSEC(1);
	turn_nsec = GYRE_USEC(20);
	ck_assert_int_eq(gyre_node_add(loop, &slow_class, "slow", NULL, &input), 0);
	attach(&options);
	beside = worst_lateness();
	gyre_test_note("a host's timers came late by at most %.2f ms alone, %.2f ms beside slices "
		       "of 1 ms",
		(double)alone / 1e6, (double)beside / 1e6);
	ck_assert_uint_lt(beside, GYRE_SEC(1) + 100 * alone);
}
END_TEST

static void count_iteration(uv_prepare_t *which)
{
	(void)which;
	iterations++;
}

static void begin_spin(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10; i++)
		uv_run(&uv, UV_RUN_NOWAIT);
	turns_before = iterations = 0;
}

static void spin(void *arg)
{
	(void)arg;
	for (int i = 0; i < 1000; i++)
		uv_run(&uv, UV_RUN_NOWAIT);
}

/* libuv's own look at its fds. */
START_TEST(a_spinning_loop_makes_one_system_call_a_slice)
{
	struct gyre_loop_stats stats;
	int n;

	turn_nsec = 0;
	ck_assert_int_eq(gyre_node_add(loop, &slow_class, "slow", NULL, &input), 0);
	event_fd = eventfd(0, EFD_CLOEXEC);
	ck_assert_int_eq(gyre_watch_add(loop, &watch, event_fd, EPOLLIN, by_watch), 0);
	attach(NULL);
	uv_prepare_init(&uv, &prepare);
	uv_prepare_start(&prepare, count_iteration);
	n = gyre_test_count_syscalls(begin_spin, spin, NULL);
	gyre_loop_stats_get(loop, &stats);
	ck_assert_uint_gt(stats.turns, iterations);
	if (n >= 0)
		ck_assert_int_le(n, 1000);
	ck_assert_int_eq(gyre_watch_del(&watch), 0);
	close(event_fd);
}
END_TEST

static int tick_slowly(struct gyre_process *self, void *arg)
{
	struct gyre_ticker each;

	(void)arg;
	gyre_ticker_init(&each, self, GYRE_SEC(1));
	while (gyre_ticker_wait(&each) >= 0)
		woken++;
	return 0;
}

static uint64_t cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return GYRE_SEC(t.tv_sec) + (uint64_t)t.tv_nsec;
}

static void end(uv_timer_t *which)
{
	(void)which;
	uv_stop(&uv);
}

/* Iterations tell a spin from a slow machine. */
START_TEST(an_idle_loop_uses_no_cpu)
{
	uint64_t used, began;

	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(gyre_process_spawn(loop, tick_slowly, NULL, NULL, NULL), 0);
	attach(NULL);
	uv_prepare_init(&uv, &prepare);
	uv_prepare_start(&prepare, count_iteration);
	uv_run(&uv, UV_RUN_NOWAIT);
	iterations = 0;
	uv_timer_start(&ticker, end, 1500, 0);
	used = cpu_time();
	began = now();
	uv_run(&uv, UV_RUN_DEFAULT);
	gyre_test_note("100 tickers of 1 s: %u ticks in %u iterations, %.2f %% of a CPU", woken,
		iterations, 100.0 * (double)(cpu_time() - used) / (double)(now() - began));
	ck_assert_uint_ge(woken, 100);
	/* A tick may take more than one: the timing wheel is looked at ahead of its deadlines. */
	ck_assert_uint_le(iterations, 10 * woken + 100);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("attach, beside a host");
	TCase *wake_ups = tcase_create("wake-ups"), *costs = tcase_create("costs");

	tcase_add_checked_fixture(wake_ups, setup, teardown);
	tcase_add_loop_test(wake_ups, a_touch_anywhere_is_seen, 0, 2 * PLACES * TOUCHES);
	tcase_add_test(wake_ups, another_threads_signals_are_seen);
	tcase_add_loop_test(wake_ups, a_host_that_sleeps_on_the_backend_is_woken, 0, TOUCHES);
	suite_add_tcase(suite, wake_ups);
	tcase_add_checked_fixture(costs, setup, teardown);
	tcase_add_test(costs, a_slice_is_bounded_by_turns);
	tcase_add_test(costs, a_slice_is_bounded_by_time);
	tcase_add_test(costs, the_hosts_timers_wait_for_a_slice_at_most);
	tcase_add_test(costs, a_spinning_loop_makes_one_system_call_a_slice);
	tcase_add_test(costs, an_idle_loop_uses_no_cpu);
	suite_add_tcase(suite, costs);
	return suite;
}
