/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/host.c: each way in which work can come after a host has prepared to sleep, most of them on
 * the loop's own thread, makes the fd readable; what brings none leaves it quiet.
 */
#include "harness.h"

#include <gyre.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/hub.h"

static struct gyre_loop *loop;
static struct gyre_timer later, other;
static struct gyre_post post;
static struct gyre_message message;
static struct gyre_watch watch, ready;
static struct gyre_node_id input, output;
static struct gyre_process_id waiter;
static int fd = -1, full = -1;
static unsigned happened, arrived;
static uint64_t at; /* a timer ran */

static void on_timer(struct gyre_timer *timer)
{
	at = gyre_loop_now(timer->loop);
	happened++;
}

static void on_post(struct gyre_post *p)
{
	(void)p;
	happened++;
}

static void on_fd(struct gyre_watch *w, uint32_t events)
{
	(void)events;
	happened++;
	gyre_watch_del(w);
}

static unsigned poll_once(struct gyre_node *node, unsigned max)
{
	(void)max;
	happened++;
	gyre_node_disable(gyre_node_loop(node), gyre_node_id(node));
	return 0;
}

static gyre_next swallow(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts;
	happened++;
	arrived += n;
	return GYRE_NEXT_KEEP;
}

static const char *const nexts[] = {"output"};
static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = poll_once, .nexts = nexts, .n_nexts = 1};
static const struct gyre_node_class output_class = {
	.name = "output", .kind = GYRE_NODE_OUTPUT, .process = swallow};

static int listen_to_all(struct gyre_process *self, void *arg)
{
	uint32_t events;

	(void)arg;
	while (gyre_process_wait(
		       self, GYRE_EVENT_USER | GYRE_EVENT_MESSAGE, GYRE_FOREVER, &events) == 0) {
		struct gyre_message *got;

		happened++;
		if (events & GYRE_EVENT_MESSAGE)
			gyre_process_receive(self, 0, &got);
	}
	happened++;
	return 0;
}

static int end(struct gyre_process *self, void *arg)
{
	(void)self, (void)arg;
	happened++;
	return 0;
}

static int full_eventfd(void)
{
	int n = eventfd(1, EFD_CLOEXEC);

	ck_assert_int_ge(n, 0);
	return n;
}

/* Something of everything, that waits. */
static void setup(void)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;

	happened = arrived = 0;
	options.disabled = true;
	watch = ready = (struct gyre_watch){0};
	post = (struct gyre_post){.fn = on_post};
	message = (struct gyre_message){0};
	fd = full_eventfd();
	full = full_eventfd();
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", &options, &input), 0);
	ck_assert_int_eq(gyre_node_add(loop, &output_class, "output", NULL, &output), 0);
	ck_assert_int_eq(gyre_process_spawn(loop, listen_to_all, NULL, NULL, &waiter), 0);
	ck_assert_int_eq(gyre_watch_add(loop, &watch, fd, EPOLLOUT | EPOLLONESHOT, on_fd), 0);
	ck_assert_int_eq(gyre_watch_set(&watch, 0), 0);
	gyre_timer_init(&later, loop, on_timer);
	gyre_timer_init(&other, loop, on_timer);
	gyre_timer_start_after(&later, GYRE_SEC(3600));
}

static void teardown(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	close(fd);
	close(full);
}

static bool readable_within(int msec)
{
	struct pollfd set = {.fd = gyre_loop_fd(loop), .events = POLLIN};

	return poll(&set, 1, msec) == 1;
}

static void turn(void)
{
	struct gyre_slice slice = {.turns = 100, .fd_ready = readable_within(0)};

	ck_assert_int_ge(gyre_loop_run_slice(loop, &slice), 0);
}

static void prepare(void)
{
	int err;

	for (int i = 0; (err = gyre_loop_prepare(loop, NULL)) == 1 && i < 10; i++)
		turn();
	ck_assert_int_eq(err, 0);
}

static void start_timer(void)
{
	gyre_timer_start_after(&other, GYRE_MSEC(1));
}

static void start_timer_in_the_past(void)
{
	gyre_timer_start(&other, 1);
}

static void shorten_timer(void)
{
	gyre_timer_start_after(&later, GYRE_MSEC(1));
}

static void spawn(void)
{
	ck_assert_int_eq(gyre_process_spawn(loop, end, NULL, NULL, NULL), 0);
}

static void signal_process(void)
{
	ck_assert_int_eq(gyre_process_signal(waiter, 1), 0);
}

static void send_message(void)
{
	ck_assert_int_eq(gyre_process_send(waiter, &message), 0);
}

static void cancel_process(void)
{
	ck_assert_int_eq(gyre_process_cancel(waiter), 0);
}

static void post_call(void)
{
	gyre_loop_post(loop, &post);
}

static void inject(void)
{
	void *item = &arrived;

	ck_assert_int_eq(gyre_node_inject(loop, output, &item, 1), 1);
}

static void enable_input(void)
{
	ck_assert_int_eq(gyre_node_enable(loop, input), 0);
}

static void add_input(void)
{
	ck_assert_int_eq(gyre_node_add(loop, &input_class, "another", NULL, NULL), 0);
}

static void add_watch(void)
{
	ck_assert_int_eq(gyre_watch_add(loop, &ready, full, EPOLLIN, on_fd), 0);
}

static void set_watch(void)
{
	ck_assert_int_eq(gyre_watch_set(&watch, EPOLLIN), 0);
}

/* Brings no work but its own: a build, or a run that returns at once. */
static void connect_nodes(void)
{
	ck_assert_int_eq(gyre_node_connect(loop, input, 0, "output"), 0);
	happened++;
}

static void stop(void)
{
	gyre_loop_stop(loop);
	happened++;
}

static void (*const bring[])(void) = {start_timer, start_timer_in_the_past, shorten_timer, spawn,
	signal_process, send_message, cancel_process, post_call, inject, enable_input, add_input,
	add_watch, set_watch, connect_nodes, stop};

#define WAYS (int)(sizeof(bring) / sizeof(*bring))

START_TEST(it_makes_the_fd_readable_once)
{
	for (int round = 0; round < 2; round++) {
		prepare();
		ck_assert(!readable_within(5));
	}
	happened = 0;
	bring[_i]();
	ck_assert_msg(readable_within(10000), "way %d wakes nobody", _i);
	for (int i = 0; !happened && i < 10000; i++) {
		turn();
		if (!happened && gyre_loop_prepare(loop, NULL) == 0)
			ck_assert(readable_within(10000));
	}
	ck_assert_msg(happened, "way %d: nothing came of it", _i);
	prepare();
	ck_assert_msg(!readable_within(5), "way %d is not over", _i);
}
END_TEST

/* One after the other, with no turn between: each finds a host that was kicked already. */
START_TEST(all_of_it_at_once_is_done)
{
	prepare();
	for (int i = 0; i < WAYS; i++)
		if (bring[i] != cancel_process)
			bring[i]();
	ck_assert(readable_within(10000));
	/* Bits and messages may come as one; and the timer is one. */
	for (int i = 0; i < 10000 && !(arrived && happened >= WAYS - 3); i++) {
		if (gyre_loop_prepare(loop, NULL) == 0)
			ck_assert(readable_within(10000));
		turn();
	}
	ck_assert_uint_eq(arrived, 1);
	prepare();
	ck_assert(!readable_within(5));
}
END_TEST

START_TEST(no_work_leaves_it_quiet)
{
	prepare();
	gyre_timer_start_after(&other, GYRE_SEC(7200));
	gyre_timer_stop(&other);
	gyre_timer_start(&other, GYRE_FOREVER);
	gyre_loop_ref(loop);
	gyre_loop_unref(loop);
	gyre_node_disable(loop, input);
	gyre_watch_unref(&watch);
	ck_assert_int_eq(gyre_node_inject(loop, output, NULL, 0), 0);
	ck_assert(!readable_within(20));
	gyre_timer_stop(&later);
	ck_assert(!readable_within(20));
	prepare();
	gyre_timer_start(&other, GYRE_FOREVER);
	ck_assert(!readable_within(20));
}
END_TEST

/* What is due at the end of time is armed once, and far from now. */
START_TEST(deadlines_do_not_overflow)
{
	static const uint64_t ends[] = {1, 2, 1022, 1023, 1024, 1025, UINT64_MAX / 2 + 1};
	uint64_t deadline;

	gyre_timer_stop(&later);
	for (unsigned i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		turn(); /* nobody sleeps who were to be woken */
		gyre_timer_start(&other, GYRE_FOREVER - ends[i]);
		prepare();
		ck_assert(!readable_within(2));
		deadline = gyre_loop_deadline(loop);
		ck_assert_uint_gt(deadline, gyre_loop_clock(loop) + GYRE_SEC(3600));
		gyre_timer_start_after(&other, GYRE_FOREVER - ends[i]);
		prepare();
		ck_assert(!readable_within(2));
	}
	ck_assert_uint_eq(happened, 0);
}
END_TEST

static int sleep_until(struct gyre_process *self, void *arg)
{
	return gyre_process_sleep_until(self, *(const uint64_t *)arg);
}

/* Of two timers in one slot the first is later than what the host sleeps for, the second is not. */
START_TEST(the_second_timer_of_a_slot_makes_it_readable)
{
	const uint64_t slot = UINT64_C(1) << 50; /* how long one is, of those that far from now */
	uint64_t middle = (gyre_loop_clock(loop) / slot + 1) * slot + slot / 2;

	gyre_timer_stop(&later);
	ck_assert_int_eq(gyre_process_spawn(loop, sleep_until, &middle, NULL, NULL), 0);
	prepare();
	gyre_timer_start(&later, middle + slot / 4);
	ck_assert(!readable_within(5));
	gyre_timer_start(&other, middle - slot / 4);
	ck_assert(readable_within(10000));
}
END_TEST

static struct gyre_loop *inner;
static struct gyre_timer inner_timer;

static void touch_inner(struct gyre_post *p)
{
	(void)p;
	happened++;
	gyre_timer_start_after(&inner_timer, GYRE_USEC(10));
}

static void turn_inner(struct gyre_watch *w, uint32_t events)
{
	struct gyre_slice slice = {.turns = 10, .fd_ready = true};

	(void)w, (void)events;
	do
		ck_assert_int_ge(gyre_loop_run_slice(inner, &slice), 0);
	while (gyre_loop_prepare(inner, NULL) == 1);
}

/* A loop whose host is another loop, and whose timer is started by that one's callbacks. */
START_TEST(a_loop_inside_a_loop_is_woken_by_its_host)
{
	struct gyre_watch hosted = {0};
	struct gyre_post touch = {.fn = touch_inner};

	ck_assert_int_eq(gyre_loop_create(NULL, &inner), 0);
	gyre_timer_init(&inner_timer, inner, on_timer);
	ck_assert_int_eq(
		gyre_watch_add(loop, &hosted, gyre_loop_fd(inner), EPOLLIN, turn_inner), 0);
	while (gyre_loop_prepare(inner, NULL) == 1)
		gyre_loop_run(inner, GYRE_RUN_NOWAIT);
	gyre_loop_post(loop, &touch);
	for (int i = 0; happened < 2 && i < 10000; i++) {
		if (gyre_loop_prepare(loop, NULL) == 0)
			ck_assert(readable_within(10000));
		turn();
	}
	ck_assert_uint_eq(happened, 2);
	gyre_watch_del(&hosted);
	ck_assert_int_eq(gyre_loop_destroy(inner), 0);
}
END_TEST

/* Two loops in one time: what one of them starts while its host sleeps holds the other's time. */
START_TEST(virtual_time_waits_for_what_came)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_loop *real = loop, *b;
	struct gyre_clock *clock;
	struct gyre_timer far;

	ck_assert_int_eq(gyre_clock_virtual_create(0, &clock), 0);
	options.clock = clock;
	ck_assert_int_eq(gyre_loop_create(&options, &loop), 0);
	ck_assert_int_eq(gyre_loop_create(&options, &b), 0);
	ck_assert_int_eq(gyre_loop_run(b, GYRE_RUN_NOWAIT), 0);
	gyre_timer_init(&far, b, on_timer);
	gyre_timer_start(&far, GYRE_SEC(3600));
	prepare();
	gyre_timer_init(&other, loop, on_timer);
	gyre_timer_start(&other, GYRE_SEC(1));
	ck_assert(readable_within(10000));
	/* The other loop alone cannot move time on. */
	for (int i = 0; i < 10; i++)
		gyre_loop_run(b, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(gyre_clock_now(clock), 0);
	for (int i = 0; !happened && i < 10; i++) {
		turn();
		gyre_loop_prepare(loop, NULL);
	}
	ck_assert_uint_eq(happened, 1);
	ck_assert_uint_ge(at, GYRE_SEC(1));
	ck_assert_uint_lt(at, GYRE_SEC(2));
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_int_eq(gyre_loop_destroy(b), 0);
	ck_assert_int_eq(gyre_clock_destroy(clock), 0);
	loop = real;
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("host-work");
	TCase *tcase = tcase_create("host-work");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, it_makes_the_fd_readable_once, 0, WAYS);
	tcase_add_test(tcase, all_of_it_at_once_is_done);
	tcase_add_test(tcase, no_work_leaves_it_quiet);
	tcase_add_test(tcase, deadlines_do_not_overflow);
	tcase_add_test(tcase, the_second_timer_of_a_slot_makes_it_readable);
	tcase_add_test(tcase, a_loop_inside_a_loop_is_woken_by_its_host);
	tcase_add_test(tcase, virtual_time_waits_for_what_came);
	suite_add_tcase(suite, tcase);
	return suite;
}
