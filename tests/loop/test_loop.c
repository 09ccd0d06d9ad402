/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/loop.c: the order of a turn, the run modes and what keeps the default one alive, stop from
 * threads and signal handlers, sleeping, statistics.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <gyre.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static struct gyre_loop *loop;
static char order[512];

static void note(char what)
{
	size_t n = strlen(order);

	if (n < sizeof(order) - 1)
		order[n] = what;
}

static void setup(void)
{
	memset(order, 0, sizeof(order));
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}

static uint64_t thread_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* --- The order of a turn --- */

static unsigned poll_one(struct gyre_node *node, unsigned max)
{
	static int item;
	void *items[] = {&item};

	ck_assert_uint_ge(max, 1);
	note('i');
	gyre_next_put(node, 0, items, 1);
	return 1;
}

static gyre_next sink(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	note('n');
	return GYRE_NEXT_KEEP;
}

static const char *const to_sink[] = {"sink"};
static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = poll_one, .nexts = to_sink, .n_nexts = 1};
static const struct gyre_node_class sink_class = {
	.name = "sink", .kind = GYRE_NODE_OUTPUT, .process = sink};

static void on_post(struct gyre_post *post)
{
	(void)post;
	note('p');
}

static void on_timer(struct gyre_timer *timer)
{
	(void)timer;
	note('t');
}

static void on_fd(struct gyre_watch *watch, uint32_t events)
{
	(void)events;
	note('w');
	gyre_watch_del(watch);
}

static int yields(struct gyre_process *self, void *arg)
{
	(void)arg;
	do
		note('r');
	while (gyre_process_yield(self) == 0);
	return 0;
}

START_TEST(a_turn_has_its_order)
{
	struct gyre_post post = {.fn = on_post};
	struct gyre_watch watch = {0};
	struct gyre_timer timer;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", NULL, NULL), 0);
	ck_assert_int_eq(gyre_node_add(loop, &sink_class, "sink", NULL, NULL), 0);
	ck_assert_int_eq(gyre_process_spawn(loop, yields, NULL, NULL, NULL), 0);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_str_eq(order, "rinr"); /* processes start before the first poll */

	memset(order, 0, sizeof(order));
	gyre_timer_init(&timer, loop, on_timer);
	gyre_timer_start(&timer, 0);
	gyre_loop_post(loop, &post);
	ck_assert_int_eq(gyre_watch_add(loop, &watch, fds[0], EPOLLIN, on_fd), 0);
	for (int i = 0; i < 70 && !strchr(order, 'w'); i++)
		gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_ptr_nonnull(strchr(order, 'w')); /* a busy loop looks every 64 turns */
	ck_assert_int_eq(strncmp(order, "pintr", 5), 0);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* --- Modes and what keeps the loop alive --- */

START_TEST(an_empty_loop_ends_at_once)
{
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_ONCE), 0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 0);
	ck_assert_int_eq(gyre_loop_run(loop, (enum gyre_run_mode)7), -EINVAL);
}
END_TEST

static int sleeper(struct gyre_process *self, void *arg)
{
	return gyre_process_sleep(self, *(uint64_t *)arg);
}

START_TEST(processes_keep_it_alive_but_daemons_do_not)
{
	struct gyre_process_options daemon = GYRE_PROCESS_OPTIONS_INIT;
	uint64_t nap = GYRE_MSEC(5), age = GYRE_SEC(1000);

	daemon.daemon = true;
	ck_assert_int_eq(gyre_process_spawn(loop, sleeper, &age, &daemon, NULL), 0);
	ck_assert_int_eq(gyre_loop_alive(loop), 0);
	ck_assert_int_eq(gyre_process_spawn(loop, sleeper, &nap, NULL, NULL), 0);
	ck_assert_int_eq(gyre_loop_alive(loop), 1);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 1);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	ck_assert_int_eq(gyre_loop_alive(loop), 0);
}
END_TEST

static void unref_on_timer(struct gyre_timer *timer)
{
	gyre_loop_unref(timer->loop);
}

START_TEST(a_reference_keeps_it_alive)
{
	struct gyre_timer timer;

	gyre_timer_init(&timer, loop, unref_on_timer);
	gyre_timer_start_after(&timer, GYRE_MSEC(2));
	gyre_loop_ref(loop);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	ck_assert(!gyre_timer_active(&timer));
	gyre_loop_unref(loop); /* one too many does nothing */
}
END_TEST

/* --- Stopping and waking --- */

static void *stop_later(void *arg)
{
	struct timespec pause = {.tv_nsec = 20000000};

	nanosleep(&pause, NULL);
	gyre_loop_stop(arg);
	return NULL;
}

START_TEST(another_thread_stops_a_sleeping_loop)
{
	pthread_t thread;
	uint64_t cpu;

	gyre_loop_ref(loop);
	ck_assert_int_eq(pthread_create(&thread, NULL, stop_later, loop), 0);
	cpu = thread_cpu();
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 1);
	if (!gyre_test_on_valgrind())
		ck_assert_uint_lt(thread_cpu() - cpu, GYRE_MSEC(10)); /* it slept */
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(a_stop_before_the_run_ends_its_first_turn)
{
	struct gyre_loop_stats stats;

	gyre_loop_ref(loop);
	gyre_loop_stop(loop);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 1);
	gyre_loop_stats_get(loop, &stats);
	ck_assert_uint_eq(stats.turns, 1);
}
END_TEST

static void on_signal(int number)
{
	(void)number;
	gyre_loop_stop(loop);
}

START_TEST(a_signal_handler_stops_it)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct itimerspec when = {.it_value.tv_nsec = 10000000};
	timer_t timer;

	sigaction(SIGALRM, &action, NULL);
	ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, NULL, &timer), 0);
	timer_settime(timer, 0, &when, NULL);
	gyre_loop_ref(loop);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 1);
	timer_delete(timer);
}
END_TEST

#define CALLS 2000

static unsigned heard;

static void hear(struct gyre_post *post)
{
	(void)post;
	if (++heard == CALLS)
		gyre_loop_stop(loop);
}

static void *post_many(void *arg)
{
	static struct gyre_post posts[CALLS];
	struct timespec pause = {.tv_nsec = 20000};

	(void)arg;
	for (unsigned i = 0; i < CALLS; i++) {
		posts[i].fn = hear;
		gyre_loop_post(loop, &posts[i]);
		if (i % 16 == 0)
			nanosleep(&pause, NULL);
	}
	return NULL;
}

START_TEST(posts_wake_a_sleeping_loop)
{
	pthread_t thread;

	heard = 0;
	gyre_loop_ref(loop);
	ck_assert_int_eq(pthread_create(&thread, NULL, post_many, NULL), 0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 1);
	ck_assert_uint_eq(heard, CALLS);
	pthread_join(thread, NULL);
}
END_TEST

/* --- Sleeping --- */

START_TEST(a_timer_wakes_it_and_never_early)
{
	struct gyre_loop_stats stats;
	uint64_t nap = GYRE_USEC(700), before = gyre_loop_clock(loop), cpu = thread_cpu();
	uint64_t shortest = GYRE_FOREVER;

	for (int i = 0; i < 20; i++) {
		uint64_t start = gyre_loop_clock(loop);

		ck_assert_int_eq(gyre_process_spawn(loop, sleeper, &nap, NULL, NULL), 0);
		ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
		start = gyre_loop_clock(loop) - start;
		ck_assert_uint_ge(start, nap);
		shortest = start < shortest ? start : shortest;
	}
	ck_assert_uint_lt(shortest, nap + GYRE_MSEC(20));
	gyre_loop_stats_get(loop, &stats);
	/* On valgrind some of the naps are over before it would sleep. */
	ck_assert_uint_ge(stats.sleeps, gyre_test_on_valgrind() ? 1 : 20);
	/* Less than a millisecond to sleep is no reason to spin. */
	ck_assert_uint_lt(stats.turns, 20 * 12);
	ck_assert_uint_lt(thread_cpu() - cpu, (gyre_loop_clock(loop) - before) / 2 + GYRE_MSEC(10));
}
END_TEST

START_TEST(a_ready_process_keeps_it_awake)
{
	struct gyre_loop_stats stats;

	ck_assert_int_eq(gyre_process_spawn(loop, yields, NULL, NULL, NULL), 0);
	for (int i = 0; i < 100; i++)
		gyre_loop_run(loop, GYRE_RUN_ONCE);
	gyre_loop_stats_get(loop, &stats);
	ck_assert_uint_eq(stats.turns, 100);
	ck_assert_uint_eq(stats.sleeps, 0);
}
END_TEST

/* --- Statistics --- */

/* Two threads of a CPU of their own take turns on it, and neither wants to. */
static void *spin(void *arg)
{
	while (!atomic_load((atomic_bool *)arg))
		;
	return NULL;
}

static int spin_for_long(struct gyre_process *self, void *arg)
{
	struct gyre_loop_stats *stats = arg;
	uint64_t end = gyre_loop_clock(gyre_process_loop(self)) + GYRE_SEC(10);

	do
		gyre_loop_stats_get(gyre_process_loop(self), stats);
	while (stats->involuntary_switches < 2 && gyre_loop_clock(gyre_process_loop(self)) < end);
	return 0;
}

START_TEST(involuntary_switches_are_counted_and_kept)
{
	struct gyre_loop_stats during, after;
	atomic_bool enough = false;
	pthread_t thread;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, spin, &enough), 0);
	ck_assert_int_eq(gyre_process_spawn(loop, spin_for_long, &during, NULL, NULL), 0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	atomic_store(&enough, true);
	pthread_join(thread, NULL);
	ck_assert_uint_ge(during.involuntary_switches, 2);
	gyre_loop_stats_get(loop, &after);
	ck_assert_uint_ge(after.involuntary_switches, during.involuntary_switches);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	gyre_loop_stats_get(loop, &during);
	ck_assert_uint_eq(after.involuntary_switches, during.involuntary_switches);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_turn_has_its_order);
	tcase_add_test(tcase, an_empty_loop_ends_at_once);
	tcase_add_test(tcase, processes_keep_it_alive_but_daemons_do_not);
	tcase_add_test(tcase, a_reference_keeps_it_alive);
	tcase_add_test(tcase, another_thread_stops_a_sleeping_loop);
	tcase_add_test(tcase, a_stop_before_the_run_ends_its_first_turn);
	tcase_add_test(tcase, a_signal_handler_stops_it);
	tcase_add_test(tcase, posts_wake_a_sleeping_loop);
	tcase_add_test(tcase, a_timer_wakes_it_and_never_early);
	tcase_add_test(tcase, a_ready_process_keeps_it_awake);
	tcase_add_test(tcase, involuntary_switches_are_counted_and_kept);
}

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("loop");
	TCase *tcase = tcase_create("loop");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}
