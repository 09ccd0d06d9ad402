/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/uv/attach.c, beside a host with work of its own: no wake-up is missed, wherever the host
 * touches the gyre loop and in whichever order the two have their callbacks.
 */
#include "harness.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "rig.h"

static uv_timer_t ticker;
static unsigned woken;

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
	uv_stop(&rig.uv);
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
	ck_assert_int_eq(gyre_node_disable(rig.loop, gyre_node_id(node)), 0);
	wake();
	return 0;
}

static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = by_poll};

static void prepare_touch(void)
{
	gyre_timer_init(&timer, rig.loop, by_timer);
	if (touch == SHORTEN)
		gyre_timer_start_after(&timer, GYRE_SEC(3600));
	if (touch == SIGNAL)
		gyre_process_spawn(rig.loop, wait_for_event, NULL, NULL, &waiter);
	if (touch == ENABLE) {
		gyre_node_add(rig.loop, &input_class, "input", NULL, &input);
		gyre_node_disable(rig.loop, input);
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
		status = gyre_process_spawn(rig.loop, by_spawn, NULL, NULL, NULL);
	else if (touch == SIGNAL)
		status = gyre_process_signal(waiter, GYRE_EVENT(0));
	else if (touch == POST)
		gyre_loop_post(rig.loop, &post);
	else if (touch == WATCH)
		status = gyre_watch_add(rig.loop, &watch, event_fd, EPOLLIN, by_watch);
	else
		status = gyre_node_enable(rig.loop, input);
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
	uv_ref((uv_handle_t *)&rig.watchdog);
	uv_timer_init(&rig.uv, &ticker);
	uv_prepare_init(&rig.uv, &prepare);
	uv_check_init(&rig.uv, &check);
	uv_idle_init(&rig.uv, &idle);
	uv_async_init(&rig.uv, &async, in_async);
	uv_poll_init(&rig.uv, &fd, host_fd);
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
	rig_attach(NULL);
	if (!host_first)
		start_host();
	gyre_loop_ref(rig.loop);
	uv_run(&rig.uv, UV_RUN_DEFAULT);
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

	ck_assert_int_eq(gyre_process_spawn(rig.loop, count_events, NULL, NULL, &waiter), 0);
	rig_attach(NULL);
	ck_assert_int_eq(pthread_create(&thread, NULL, signal_often, NULL), 0);
	ck_assert_int_eq(uv_run(&rig.uv, UV_RUN_DEFAULT), 0);
	pthread_join(thread, NULL);
	ck_assert_uint_gt(woken, 1);
}
END_TEST

/* A host that sleeps on uv_backend_fd() itself, as one with a uv loop inside another loop. */
START_TEST(a_host_that_sleeps_on_the_backend_is_woken)
{
	struct pollfd backend = {.fd = uv_backend_fd(&rig.uv), .events = POLLIN};
	int timeout;

	touch = (enum touch)_i;
	prepare_touch();
	uv_ref((uv_handle_t *)&rig.watchdog);
	rig_attach(NULL);
	do {
		uv_run(&rig.uv, UV_RUN_NOWAIT);
		timeout = uv_backend_timeout(&rig.uv);
	} while (timeout >= 0 && timeout < 1000);
	touch_it();
	while (!woken) {
		timeout = uv_backend_timeout(&rig.uv);
		ck_assert_int_ge(poll(&backend, 1, timeout), 0);
		uv_run(&rig.uv, UV_RUN_NOWAIT);
	}
	close(event_fd);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("attach, beside a host");
	TCase *wake_ups = tcase_create("wake-ups");

	tcase_add_checked_fixture(wake_ups, rig_setup, rig_teardown);
	tcase_add_loop_test(wake_ups, a_touch_anywhere_is_seen, 0, 2 * PLACES * TOUCHES);
	tcase_add_test(wake_ups, another_threads_signals_are_seen);
	tcase_add_loop_test(wake_ups, a_host_that_sleeps_on_the_backend_is_woken, 0, TOUCHES);
	suite_add_tcase(suite, wake_ups);
	return suite;
}
