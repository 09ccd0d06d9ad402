/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/uv/attach.c, what it costs the host: a slice is all that its own callbacks wait for, a
 * spinning loop makes one system call a slice, an idle one uses no CPU.
 */
#include "harness.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "rig.h"
#include "syscalls.h"

static uv_timer_t ticker;
static uv_prepare_t prepare;
static struct gyre_node_id input;
static unsigned iterations;

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
	gyre_loop_stats_get(rig.loop, &stats);
	if (stats.turns - turns_before > most)
		most = stats.turns - turns_before;
	turns_before = stats.turns;
	if (++iterations == 50)
		uv_stop(&rig.uv);
}

static void run_slices(const struct gyre_uv_options *options)
{
	turns_before = most = iterations = 0;
	ck_assert_int_eq(gyre_node_add(rig.loop, &slow_class, "slow", NULL, &input), 0);
	rig_attach(options);
	uv_prepare_init(&rig.uv, &prepare);
	uv_prepare_start(&prepare, measure_slice);
	uv_run(&rig.uv, UV_RUN_DEFAULT);
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
		uv_stop(&rig.uv);
	due = uv_hrtime() + GYRE_MSEC(4);
	uv_timer_start(which, tick, 4, 0);
}

static uint64_t worst_lateness(void)
{
	worst = ticks = 0;
	due = uv_hrtime() + GYRE_MSEC(4);
	uv_update_time(&rig.uv);
	uv_timer_start(&ticker, tick, 4, 0);
	uv_run(&rig.uv, UV_RUN_DEFAULT);
	return worst;
}

/* The noise of a machine is whatever it is: it is given a hundredfold. */
START_TEST(the_hosts_timers_wait_for_a_slice_at_most)
{
	struct gyre_uv_options options = GYRE_UV_OPTIONS_INIT;
	uint64_t alone, beside;

	uv_timer_init(&rig.uv, &ticker);
	alone = worst_lateness();
	options.slice_nsec = GYRE_MSEC(1);
	turn_nsec = GYRE_USEC(20);
	ck_assert_int_eq(gyre_node_add(rig.loop, &slow_class, "slow", NULL, &input), 0);
	rig_attach(&options);
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

static void nothing(struct gyre_watch *watch, uint32_t events)
{
	(void)watch, (void)events;
}

static void begin_spin(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10; i++)
		uv_run(&rig.uv, UV_RUN_NOWAIT);
	turns_before = iterations = 0;
}

static void spin(void *arg)
{
	(void)arg;
	for (int i = 0; i < 1000; i++)
		uv_run(&rig.uv, UV_RUN_NOWAIT);
}

/* libuv's own look at its fds. */
START_TEST(a_spinning_loop_makes_one_system_call_a_slice)
{
	int event_fd = eventfd(0, EFD_CLOEXEC), n;
	struct gyre_watch watch = {0};
	struct gyre_loop_stats stats;

	turn_nsec = 0;
	ck_assert_int_eq(gyre_node_add(rig.loop, &slow_class, "slow", NULL, &input), 0);
	ck_assert_int_eq(gyre_watch_add(rig.loop, &watch, event_fd, EPOLLIN, nothing), 0);
	rig_attach(NULL);
	uv_prepare_init(&rig.uv, &prepare);
	uv_prepare_start(&prepare, count_iteration);
	n = gyre_test_count_syscalls(begin_spin, spin, NULL);
	gyre_loop_stats_get(rig.loop, &stats);
	if (n >= 0) { /* else nothing was counted, and nothing spun */
		ck_assert_uint_gt(stats.turns, iterations);
		ck_assert_int_le(n, 1000);
	}
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
		ticks++;
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
	uv_stop(&rig.uv);
}

/* Iterations tell a spin from a slow machine. */
START_TEST(an_idle_loop_uses_no_cpu)
{
	uint64_t used, began;

	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(gyre_process_spawn(rig.loop, tick_slowly, NULL, NULL, NULL), 0);
	rig_attach(NULL);
	uv_prepare_init(&rig.uv, &prepare);
	uv_prepare_start(&prepare, count_iteration);
	uv_run(&rig.uv, UV_RUN_NOWAIT);
	iterations = 0;
	uv_timer_init(&rig.uv, &ticker);
	uv_timer_start(&ticker, end, 1500, 0);
	used = cpu_time();
	began = now();
	uv_run(&rig.uv, UV_RUN_DEFAULT);
	gyre_test_note("100 tickers of 1 s: %u ticks in %u iterations, %.2f %% of a CPU", ticks,
		iterations, 100.0 * (double)(cpu_time() - used) / (double)(now() - began));
	ck_assert_uint_ge(ticks, 100);
	/* A tick may take more than one: the timing wheel is looked at ahead of its deadlines. */
	ck_assert_uint_le(iterations, 10 * ticks + 100);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("attach, what it costs");
	TCase *costs = tcase_create("costs");

	tcase_add_checked_fixture(costs, rig_setup, rig_teardown);
	tcase_add_test(costs, a_slice_is_bounded_by_turns);
	tcase_add_test(costs, a_slice_is_bounded_by_time);
	tcase_add_test(costs, the_hosts_timers_wait_for_a_slice_at_most);
	tcase_add_test(costs, a_spinning_loop_makes_one_system_call_a_slice);
	tcase_add_test(costs, an_idle_loop_uses_no_cpu);
	suite_add_tcase(suite, costs);
	return suite;
}
