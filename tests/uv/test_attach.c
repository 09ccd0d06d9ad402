/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/uv/attach.c, the life of a handle by libuv's rules: what keeps the uv loop alive, stop,
 * start, close from every place, and several in one uv loop.
 */
#include "harness.h"

#include <errno.h>
#include <string.h>

#include "rig.h"

#define LOOPS 20

START_TEST(the_uv_loop_ends_with_the_gyre_loop)
{
	rig_spawn(rig_sleep_thrice, &rig.runs, false);
	rig_attach(NULL);
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.runs, 3);
	ck_assert(gyre_uv_is_active(&rig.handle));
	rig_close_and_run();
}
END_TEST

/* What is attached, and started, is looked at once before the uv loop ends. */
START_TEST(what_comes_after_attach_is_run)
{
	rig_attach(NULL);
	rig_spawn(rig_sleep_thrice, &rig.runs, false);
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.runs, 3);
	gyre_uv_stop(&rig.handle);
	gyre_uv_start(&rig.handle);
	rig_spawn(rig_sleep_thrice, &rig.runs, false);
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.runs, 6);
	rig_close_and_run();
}
END_TEST

START_TEST(a_loop_without_anything_does_not_keep_it)
{
	rig_attach(NULL);
	rig_run_to_the_end();
	rig_spawn(rig_sleep_thrice, &rig.runs, false);
	ck_assert_int_eq(gyre_uv_start(&rig.handle), 0); /* it is looked at again */
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.runs, 3);
	rig_close_and_run();
}
END_TEST

static int sleep_long(struct gyre_process *self, void *arg)
{
	(void)arg;
	return gyre_process_sleep(self, GYRE_SEC(3600));
}

START_TEST(a_daemon_does_not_keep_it)
{
	rig_spawn(sleep_long, NULL, true);
	rig_attach(NULL);
	rig_run_to_the_end();
	rig_close_and_run();
}
END_TEST

START_TEST(what_is_unreferenced_does_not_keep_it)
{
	rig_spawn(sleep_long, NULL, false);
	rig_attach(NULL);
	gyre_uv_unref(&rig.handle);
	gyre_uv_unref(&rig.handle);
	ck_assert(!gyre_uv_has_ref(&rig.handle));
	rig_run_to_the_end();
	gyre_uv_ref(&rig.handle);
	ck_assert(gyre_uv_has_ref(&rig.handle));
	ck_assert(uv_loop_alive(&rig.uv));
	rig_close_and_run();
}
END_TEST

static void let_go(uv_timer_t *timer)
{
	gyre_loop_unref(timer->data);
}

/* Nothing but the account changes: nobody is woken for it. */
START_TEST(the_hosts_references_count)
{
	uv_timer_t timer;

	gyre_loop_ref(rig.loop);
	rig_attach(NULL);
	timer.data = rig.loop;
	uv_timer_init(&rig.uv, &timer);
	uv_timer_start(&timer, let_go, 10, 0);
	rig_run_to_the_end();
	ck_assert_int_eq(gyre_loop_alive(rig.loop), 0);
	uv_close((uv_handle_t *)&timer, NULL);
	rig_close_and_run();
}
END_TEST

static void revive(uv_timer_t *timer)
{
	(void)timer;
	rig_spawn(rig_sleep_thrice, &rig.runs, false);
}

START_TEST(a_dead_loop_comes_to_life_again)
{
	uv_timer_t timer;

	rig_attach(NULL);
	uv_timer_init(&rig.uv, &timer);
	uv_timer_start(&timer, revive, 10, 0);
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.runs, 3);
	uv_close((uv_handle_t *)&timer, NULL);
	rig_close_and_run();
}
END_TEST

static void check_revives(uv_check_t *check)
{
	if (rig.runs == 3 && check->data)
		rig_spawn(rig_sleep_thrice, &rig.runs, false);
	if (rig.runs == 3)
		check->data = NULL;
}

/* The process ends in a slice; whoever rig.runs after the slice, or before, brings another. */
START_TEST(a_callback_after_the_last_slice_brings_more)
{
	uv_check_t check;

	rig_spawn(rig_sleep_thrice, &rig.runs, false);
	uv_check_init(&rig.uv, &check);
	check.data = &rig.runs;
	if (_i)
		uv_check_start(&check, check_revives);
	rig_attach(NULL);
	uv_check_start(&check, check_revives);
	uv_unref((uv_handle_t *)&check);
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.runs, 6);
	uv_close((uv_handle_t *)&check, NULL);
	rig_close_and_run();
}
END_TEST

START_TEST(stop_and_start)
{
	rig_spawn(rig_sleep_thrice, &rig.runs, false);
	rig_attach(NULL);
	ck_assert_int_eq(gyre_uv_stop(&rig.handle), 0);
	ck_assert_int_eq(gyre_uv_stop(&rig.handle), 0);
	ck_assert(!gyre_uv_is_active(&rig.handle));
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.runs, 0);
	ck_assert_int_eq(gyre_uv_start(&rig.handle), 0);
	ck_assert_int_eq(gyre_uv_start(&rig.handle), 0);
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.runs, 3);
	rig_close_and_run();
}
END_TEST

START_TEST(close_calls_back_later_and_the_loop_can_go_first)
{
	rig_spawn(sleep_long, NULL, false);
	rig_attach(NULL);
	uv_run(&rig.uv, UV_RUN_NOWAIT);
	gyre_uv_close(&rig.handle, rig_count_closed);
	ck_assert(gyre_uv_is_closing(&rig.handle));
	ck_assert(!gyre_uv_is_active(&rig.handle));
	ck_assert_int_eq(gyre_uv_start(&rig.handle), -EINVAL);
	ck_assert_uint_eq(rig.closed, 0);
	ck_assert_int_eq(gyre_loop_destroy(rig.loop), 0);
	rig.loop = NULL;
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.closed, 1);
	memset(&rig.handle, 0, sizeof(rig.handle)); /* the caller's again */
}
END_TEST

START_TEST(close_needs_no_callback_and_the_loop_attaches_anew)
{
	static struct gyre_uv another;

	rig_spawn(rig_sleep_thrice, &rig.runs, false);
	rig_attach(NULL);
	gyre_uv_close(&rig.handle, NULL);
	ck_assert_int_eq(gyre_uv_attach(&rig.uv, rig.loop, NULL, &another), 0);
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.runs, 3);
	gyre_uv_close(&another, rig_count_closed);
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.closed, 1);
}
END_TEST

enum act { STOP, CLOSE, RESTART };

static void act(enum act what)
{
	if (what == CLOSE)
		gyre_uv_close(&rig.handle, rig_count_closed);
	else
		gyre_uv_stop(&rig.handle);
	if (what == RESTART)
		ck_assert_int_eq(gyre_uv_start(&rig.handle), 0);
}

static int act_and_sleep(struct gyre_process *self, void *arg)
{
	enum act what = *(enum act *)arg;

	act(what);
	for (int i = 0; i < 3; i++) {
		/* The slice under way goes on, and a slow one would see 2 ms pass. */
		gyre_process_sleep(self, what == RESTART ? GYRE_MSEC(2) : GYRE_SEC(3600));
		rig.runs++;
	}
	return 0;
}

/* On a process's stack, in the middle of a slice. */
START_TEST(the_gyre_loop_stops_or_closes_its_own_handle)
{
	enum act what = (enum act)_i;

	rig_spawn(act_and_sleep, &what, false);
	rig_attach(NULL);
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.runs, what == RESTART ? 3 : 0);
	ck_assert_uint_eq(rig.closed, what == CLOSE);
	if (what != CLOSE)
		rig_close_and_run();
}
END_TEST

static int yield_on(struct gyre_process *self, void *arg)
{
	(void)arg;
	while (gyre_process_yield(self) == 0)
		rig.runs++;
	return 0;
}

static void act_in_prepare(uv_prepare_t *host)
{
	if (rig.runs)
		act(*(enum act *)host->data);
	if (rig.runs)
		uv_prepare_stop(host);
}

static void act_in_check(uv_check_t *host)
{
	if (rig.runs)
		act(*(enum act *)host->data);
	if (rig.runs)
		uv_check_stop(host);
}

/* Beside our own callbacks, whichever of them came first. */
START_TEST(the_host_stops_or_closes_the_handle_anywhere)
{
	enum act what = _i % 2 ? STOP : CLOSE;
	uv_prepare_t prepare;
	uv_check_t check;
	bool first = _i & 2;

	uv_prepare_init(&rig.uv, &prepare);
	uv_check_init(&rig.uv, &check);
	prepare.data = check.data = &what;
	rig_spawn(yield_on, NULL, false);
	if (!first)
		rig_attach(NULL);
	if (_i & 4)
		uv_prepare_start(&prepare, act_in_prepare);
	else
		uv_check_start(&check, act_in_check);
	if (first)
		rig_attach(NULL);
	rig_run_to_the_end();
	ck_assert_uint_gt(rig.runs, 0);
	ck_assert_uint_eq(rig.closed, what == CLOSE);
	if (what != CLOSE)
		rig_close_and_run();
	uv_close((uv_handle_t *)&prepare, NULL);
	uv_close((uv_handle_t *)&check, NULL);
	rig_run_to_the_end();
}
END_TEST

/* --- Several --- */

static struct gyre_loop *loops[LOOPS];
static struct gyre_uv handles[LOOPS];
static unsigned counts[LOOPS];

static void attach_many(gyre_process_fn *fn)
{
	for (unsigned i = 0; i < LOOPS; i++) {
		counts[i] = 0;
		ck_assert_int_eq(gyre_loop_create(NULL, &loops[i]), 0);
		ck_assert_int_eq(gyre_process_spawn(loops[i], fn, &counts[i], NULL, NULL), 0);
		ck_assert_int_eq(gyre_uv_attach(&rig.uv, loops[i], NULL, &handles[i]), 0);
	}
}

static void end_many(void)
{
	for (unsigned i = 0; i < LOOPS; i++)
		if (!gyre_uv_is_closing(&handles[i]))
			gyre_uv_close(&handles[i], rig_count_closed);
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.closed, LOOPS);
	for (unsigned i = 0; i < LOOPS; i++)
		ck_assert_int_eq(gyre_loop_destroy(loops[i]), 0);
}

START_TEST(many_loops_share_a_uv_loop)
{
	attach_many(rig_sleep_thrice);
	rig_run_to_the_end();
	for (unsigned i = 0; i < LOOPS; i++)
		ck_assert_uint_eq(counts[i], 3);
	end_many();
}
END_TEST

/* The first to run closes every other one and stops itself: those whose turn in this iteration is
 * still to come, and those that had it. */
static int close_the_others(struct gyre_process *self, void *arg)
{
	(void)self;
	++*(unsigned *)arg;
	for (unsigned i = 0; i < LOOPS; i++) {
		if (arg == &counts[i])
			gyre_uv_stop(&handles[i]);
		else if (!gyre_uv_is_closing(&handles[i]))
			gyre_uv_close(&handles[i], rig_count_closed);
	}
	return 0;
}

START_TEST(one_loop_closes_the_others)
{
	unsigned ran = 0;

	attach_many(close_the_others);
	rig_run_to_the_end();
	for (unsigned i = 0; i < LOOPS; i++)
		ran += counts[i];
	ck_assert_uint_eq(ran, 1);
	end_many();
}
END_TEST

static int sleep_for_an_hour(struct gyre_process *self, void *arg)
{
	if (gyre_process_sleep(self, GYRE_SEC(3600)) == 0)
		++*(unsigned *)arg;
	return 0;
}

static int stop_and_sleep(struct gyre_process *self, void *arg)
{
	gyre_uv_stop(arg);
	return gyre_process_sleep(self, GYRE_SEC(1));
}

/* Two loops in one time, of which one is stopped, by the host or by itself. */
START_TEST(a_stopped_handle_holds_no_virtual_time)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	unsigned slept = 0;

	ck_assert_int_eq(gyre_clock_virtual_create(0, &options.clock), 0);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(gyre_loop_create(&options, &loops[i]), 0);
		ck_assert_int_eq(gyre_uv_attach(&rig.uv, loops[i], NULL, &handles[i]), 0);
	}
	gyre_process_spawn(loops[0], sleep_for_an_hour, &slept, NULL, NULL);
	gyre_process_spawn(loops[1], _i ? stop_and_sleep : sleep_long, &handles[1], NULL, NULL);
	if (!_i)
		gyre_uv_stop(&handles[1]);
	uv_ref((uv_handle_t *)&rig.watchdog);
	while (!slept)
		uv_run(&rig.uv, UV_RUN_ONCE);
	uv_unref((uv_handle_t *)&rig.watchdog);
	for (unsigned i = 0; i < 2; i++) {
		gyre_uv_close(&handles[i], NULL);
		ck_assert_int_eq(gyre_loop_destroy(loops[i]), 0);
	}
	rig_run_to_the_end();
	ck_assert_int_eq(gyre_clock_destroy(options.clock), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("attach");
	TCase *life = tcase_create("life");

	tcase_add_checked_fixture(life, rig_setup, rig_teardown);
	tcase_add_test(life, the_uv_loop_ends_with_the_gyre_loop);
	tcase_add_test(life, what_comes_after_attach_is_run);
	tcase_add_test(life, a_loop_without_anything_does_not_keep_it);
	tcase_add_test(life, a_daemon_does_not_keep_it);
	tcase_add_test(life, what_is_unreferenced_does_not_keep_it);
	tcase_add_test(life, the_hosts_references_count);
	tcase_add_test(life, a_dead_loop_comes_to_life_again);
	tcase_add_loop_test(life, a_callback_after_the_last_slice_brings_more, 0, 2);
	tcase_add_test(life, stop_and_start);
	tcase_add_test(life, close_calls_back_later_and_the_loop_can_go_first);
	tcase_add_test(life, close_needs_no_callback_and_the_loop_attaches_anew);
	tcase_add_loop_test(life, the_gyre_loop_stops_or_closes_its_own_handle, STOP, RESTART + 1);
	tcase_add_loop_test(life, the_host_stops_or_closes_the_handle_anywhere, 0, 8);
	tcase_add_test(life, many_loops_share_a_uv_loop);
	tcase_add_test(life, one_loop_closes_the_others);
	tcase_add_loop_test(life, a_stopped_handle_holds_no_virtual_time, 0, 2);
	suite_add_tcase(suite, life);
	return suite;
}
