/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/uv/attach.c, the life of a handle by libuv's rules: what keeps the uv loop alive, stop,
 * start, close from every place, several loops in one, and every error.
 */
#include "harness.h"

#include <errno.h>
#include <gyre.h>
#include <gyre/uv.h>
#include <stdlib.h>
#include <string.h>

#define LOOPS 20

static uv_loop_t uv;
static struct gyre_loop *loop;
static struct gyre_uv handle;
static uv_timer_t watchdog;
static unsigned closed, runs, failed;
static int fail_status;

static void too_late(uv_timer_t *timer)
{
	(void)timer;
	ck_abort_msg("the uv loop did not end, or nobody was woken");
}

static void setup(void)
{
	closed = runs = failed = 0;
	fail_status = 0;
	ck_assert_int_eq(uv_loop_init(&uv), 0);
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	uv_timer_init(&uv, &watchdog);
	uv_timer_start(&watchdog, too_late, 30000, 0);
	uv_unref((uv_handle_t *)&watchdog);
}

static void count_closed(struct gyre_uv *which)
{
	(void)which;
	closed++;
}

/* Whatever was opened has been closed by then. */
static void teardown(void)
{
	uv_close((uv_handle_t *)&watchdog, NULL);
	ck_assert_int_eq(uv_run(&uv, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(uv_loop_close(&uv), 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}

static void attach(void)
{
	ck_assert_int_eq(gyre_uv_attach(&uv, loop, NULL, &handle), 0);
	ck_assert(gyre_uv_is_active(&handle));
	ck_assert(gyre_uv_has_ref(&handle));
	ck_assert(!gyre_uv_is_closing(&handle));
}

static void run_to_the_end(void)
{
	ck_assert_int_eq(uv_run(&uv, UV_RUN_DEFAULT), 0);
}

static void close_and_run(void)
{
	gyre_uv_close(&handle, count_closed);
	run_to_the_end();
	ck_assert_uint_eq(closed, 1);
}

static int sleep_thrice(struct gyre_process *self, void *arg)
{
	for (int i = 0; i < 3; i++)
		if (gyre_process_sleep(self, GYRE_MSEC(2)) == 0)
			++*(unsigned *)arg;
	return 0;
}

static void spawn(gyre_process_fn *fn, void *arg, bool daemon)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;

	options.daemon = daemon;
	ck_assert_int_eq(gyre_process_spawn(loop, fn, arg, &options, NULL), 0);
}

START_TEST(the_uv_loop_ends_with_the_gyre_loop)
{
	spawn(sleep_thrice, &runs, false);
	attach();
	run_to_the_end();
	ck_assert_uint_eq(runs, 3);
	ck_assert(gyre_uv_is_active(&handle));
	close_and_run();
}
END_TEST

START_TEST(a_loop_without_anything_does_not_keep_it)
{
	attach();
	run_to_the_end();
	spawn(sleep_thrice, &runs, false);
	ck_assert_int_eq(gyre_uv_start(&handle), 0); /* it is looked at again */
	run_to_the_end();
	ck_assert_uint_eq(runs, 3);
	close_and_run();
}
END_TEST

static int sleep_long(struct gyre_process *self, void *arg)
{
	(void)arg;
	return gyre_process_sleep(self, GYRE_SEC(3600));
}

START_TEST(a_daemon_does_not_keep_it)
{
	spawn(sleep_long, NULL, true);
	attach();
	run_to_the_end();
	close_and_run();
}
END_TEST

START_TEST(what_is_unreferenced_does_not_keep_it)
{
	spawn(sleep_long, NULL, false);
	attach();
	gyre_uv_unref(&handle);
	gyre_uv_unref(&handle);
	ck_assert(!gyre_uv_has_ref(&handle));
	run_to_the_end();
	gyre_uv_ref(&handle);
	ck_assert(gyre_uv_has_ref(&handle));
	ck_assert(uv_loop_alive(&uv));
	close_and_run();
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

	gyre_loop_ref(loop);
	attach();
	timer.data = loop;
	uv_timer_init(&uv, &timer);
	uv_timer_start(&timer, let_go, 10, 0);
	run_to_the_end();
	ck_assert_int_eq(gyre_loop_alive(loop), 0);
	uv_close((uv_handle_t *)&timer, NULL);
	close_and_run();
}
END_TEST

static void revive(uv_timer_t *timer)
{
	(void)timer;
	spawn(sleep_thrice, &runs, false);
}

START_TEST(a_dead_loop_comes_to_life_again)
{
	uv_timer_t timer;

	attach();
	uv_timer_init(&uv, &timer);
	uv_timer_start(&timer, revive, 10, 0);
	run_to_the_end();
	ck_assert_uint_eq(runs, 3);
	uv_close((uv_handle_t *)&timer, NULL);
	close_and_run();
}
END_TEST

static void check_revives(uv_check_t *check)
{
	if (runs == 3 && check->data)
		spawn(sleep_thrice, &runs, false);
	if (runs == 3)
		check->data = NULL;
}

/* The process ends in a slice; whoever runs after the slice, or before, brings another. */
START_TEST(a_callback_after_the_last_slice_brings_more)
{
	uv_check_t check;

	spawn(sleep_thrice, &runs, false);
	uv_check_init(&uv, &check);
	check.data = &runs;
	if (_i)
		uv_check_start(&check, check_revives);
	attach();
	uv_check_start(&check, check_revives);
	uv_unref((uv_handle_t *)&check);
	run_to_the_end();
	ck_assert_uint_eq(runs, 6);
	uv_close((uv_handle_t *)&check, NULL);
	close_and_run();
}
END_TEST

START_TEST(stop_and_start)
{
	spawn(sleep_thrice, &runs, false);
	attach();
	ck_assert_int_eq(gyre_uv_stop(&handle), 0);
	ck_assert_int_eq(gyre_uv_stop(&handle), 0);
	ck_assert(!gyre_uv_is_active(&handle));
	run_to_the_end();
	ck_assert_uint_eq(runs, 0);
	ck_assert_int_eq(gyre_uv_start(&handle), 0);
	ck_assert_int_eq(gyre_uv_start(&handle), 0);
	run_to_the_end();
	ck_assert_uint_eq(runs, 3);
	close_and_run();
}
END_TEST

START_TEST(close_calls_back_later_and_the_loop_can_go_first)
{
	spawn(sleep_long, NULL, false);
	attach();
	uv_run(&uv, UV_RUN_NOWAIT);
	gyre_uv_close(&handle, count_closed);
	ck_assert(gyre_uv_is_closing(&handle));
	ck_assert(!gyre_uv_is_active(&handle));
	ck_assert_int_eq(gyre_uv_start(&handle), -EINVAL);
	ck_assert_uint_eq(closed, 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	loop = NULL;
	run_to_the_end();
	ck_assert_uint_eq(closed, 1);
	memset(&handle, 0xff, sizeof(handle)); /* the caller's again */
}
END_TEST

START_TEST(close_needs_no_callback_and_the_loop_attaches_anew)
{
	static struct gyre_uv another;

	spawn(sleep_thrice, &runs, false);
	attach();
	gyre_uv_close(&handle, NULL);
	ck_assert_int_eq(gyre_uv_attach(&uv, loop, NULL, &another), 0);
	run_to_the_end();
	ck_assert_uint_eq(runs, 3);
	gyre_uv_close(&another, count_closed);
	run_to_the_end();
	ck_assert_uint_eq(closed, 1);
}
END_TEST

enum act { STOP, CLOSE, RESTART };

static void act(enum act what)
{
	if (what == CLOSE)
		gyre_uv_close(&handle, count_closed);
	else
		gyre_uv_stop(&handle);
	if (what == RESTART)
		ck_assert_int_eq(gyre_uv_start(&handle), 0);
}

static int act_and_sleep(struct gyre_process *self, void *arg)
{
	act(*(enum act *)arg);
	for (int i = 0; i < 3; i++) {
		gyre_process_sleep(self, GYRE_MSEC(2));
		runs++;
	}
	return 0;
}

/* On a process's stack, in the middle of a slice. */
START_TEST(the_gyre_loop_stops_or_closes_its_own_handle)
{
	enum act what = (enum act)_i;

	spawn(act_and_sleep, &what, false);
	attach();
	run_to_the_end();
	ck_assert_uint_eq(runs, what == RESTART ? 3 : 0);
	ck_assert_uint_eq(closed, what == CLOSE);
	if (what != CLOSE)
		close_and_run();
}
END_TEST

static int yield_on(struct gyre_process *self, void *arg)
{
	(void)arg;
	while (gyre_process_yield(self) == 0)
		runs++;
	return 0;
}

static void act_in_prepare(uv_prepare_t *host)
{
	if (runs)
		act(*(enum act *)host->data);
	if (runs)
		uv_prepare_stop(host);
}

static void act_in_check(uv_check_t *host)
{
	if (runs)
		act(*(enum act *)host->data);
	if (runs)
		uv_check_stop(host);
}

/* Beside our own callbacks, whichever of them came first. */
START_TEST(the_host_stops_or_closes_the_handle_anywhere)
{
	enum act what = _i % 2 ? STOP : CLOSE;
	uv_prepare_t prepare;
	uv_check_t check;
	bool first = _i & 2;

	uv_prepare_init(&uv, &prepare);
	uv_check_init(&uv, &check);
	prepare.data = check.data = &what;
	spawn(yield_on, NULL, false);
	if (!first)
		attach();
	if (_i & 4)
		uv_prepare_start(&prepare, act_in_prepare);
	else
		uv_check_start(&check, act_in_check);
	if (first)
		attach();
	run_to_the_end();
	ck_assert_uint_gt(runs, 0);
	ck_assert_uint_eq(closed, what == CLOSE);
	if (what != CLOSE)
		close_and_run();
	uv_close((uv_handle_t *)&prepare, NULL);
	uv_close((uv_handle_t *)&check, NULL);
	run_to_the_end();
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
		ck_assert_int_eq(gyre_uv_attach(&uv, loops[i], NULL, &handles[i]), 0);
	}
}

static void end_many(void)
{
	for (unsigned i = 0; i < LOOPS; i++)
		if (!gyre_uv_is_closing(&handles[i]))
			gyre_uv_close(&handles[i], count_closed);
	run_to_the_end();
	ck_assert_uint_eq(closed, LOOPS);
	for (unsigned i = 0; i < LOOPS; i++)
		ck_assert_int_eq(gyre_loop_destroy(loops[i]), 0);
}

START_TEST(many_loops_share_a_uv_loop)
{
	attach_many(sleep_thrice);
	run_to_the_end();
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
			gyre_uv_close(&handles[i], count_closed);
	}
	return 0;
}

START_TEST(one_loop_closes_the_others)
{
	unsigned ran = 0;

	attach_many(close_the_others);
	run_to_the_end();
	for (unsigned i = 0; i < LOOPS; i++)
		ran += counts[i];
	ck_assert_uint_eq(ran, 1);
	end_many();
}
END_TEST

/* --- Errors --- */

START_TEST(options_are_checked)
{
	struct gyre_uv_options options = GYRE_UV_OPTIONS_INIT;
	struct gyre_error error = {0, ""};
	struct {
		struct gyre_uv_options known;
		uint64_t unknown;
	} larger = {GYRE_UV_OPTIONS_INIT, 1};

	ck_assert_uint_eq(options.size, sizeof(options));
	ck_assert_uint_eq(options.slice_turns, 64);
	ck_assert_uint_eq(options.slice_nsec, GYRE_USEC(100));
	options.error = &error;
	options.slice_turns = 0;
	ck_assert_int_eq(gyre_uv_attach(&uv, loop, &options, &handle), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "slice_turns"));
	options.size = 4;
	ck_assert_int_eq(gyre_uv_attach(&uv, loop, &options, &handle), -EINVAL);
	larger.known.size = sizeof(larger);
	larger.known.error = &error;
	ck_assert_int_eq(gyre_uv_attach(&uv, loop, &larger.known, &handle), -E2BIG);
	larger.unknown = 0;
	ck_assert_int_eq(gyre_uv_attach(&uv, loop, &larger.known, &handle), 0);
	close_and_run();
}
END_TEST

START_TEST(a_loop_is_attached_once)
{
	struct gyre_uv_options options = GYRE_UV_OPTIONS_INIT;
	struct gyre_error error = {0, ""};
	static struct gyre_uv second;

	options.error = &error;
	attach();
	ck_assert_int_eq(gyre_uv_attach(&uv, loop, &options, &second), -EEXIST);
	ck_assert_int_eq(error.code, -EEXIST);
	ck_assert_str_ne(error.text, "");
	spawn(sleep_thrice, &runs, false);
	gyre_uv_start(&handle);
	run_to_the_end();
	ck_assert_uint_eq(runs, 3); /* the first is as it was */
	close_and_run();
}
END_TEST

static void attach_inside(struct gyre_post *post)
{
	(void)post;
	ck_assert_int_eq(gyre_uv_attach(&uv, loop, NULL, &handle), -EBUSY);
	runs++;
}

START_TEST(a_running_loop_is_not_attached)
{
	struct gyre_post post = {.fn = attach_inside};

	gyre_loop_post(loop, &post);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(runs, 1);
}
END_TEST

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	return 0;
}

static const char *const nexts[] = {"nowhere"};
static const struct gyre_node_class broken_class = {.name = "broken",
	.kind = GYRE_NODE_INPUT,
	.poll = poll_nothing,
	.nexts = nexts,
	.n_nexts = 1};

static struct gyre_node_id broken;

static void failing(struct gyre_uv *which, int status)
{
	ck_assert_ptr_eq(which, &handle);
	ck_assert(!gyre_uv_is_active(which));
	fail_status = status;
	failed++;
	if (which->data) {
		gyre_uv_close(which, count_closed);
		ck_assert_int_eq(gyre_loop_destroy(loop), 0);
		loop = NULL;
	}
}

static void attach_broken(gyre_uv_fail_fn *fn)
{
	struct gyre_uv_options options = GYRE_UV_OPTIONS_INIT;

	options.fail = fn;
	ck_assert_int_eq(gyre_node_add(loop, &broken_class, "broken", NULL, &broken), 0);
	ck_assert_int_eq(gyre_uv_attach(&uv, loop, &options, &handle), 0);
	gyre_loop_ref(loop);
	gyre_uv_start(&handle);
	run_to_the_end();
}

START_TEST(a_graph_that_cannot_be_built_stops_the_handle)
{
	attach_broken(failing);
	ck_assert_uint_eq(failed, 1);
	ck_assert_int_lt(fail_status, 0);
	gyre_loop_unref(loop);
	ck_assert_int_eq(gyre_node_del(loop, broken), 0);
	spawn(sleep_thrice, &runs, false);
	ck_assert_int_eq(gyre_uv_start(&handle), 0); /* mended */
	run_to_the_end();
	ck_assert_uint_eq(runs, 3);
	close_and_run();
}
END_TEST

START_TEST(the_fail_callback_may_end_it_all)
{
	handle.data = &failed;
	attach_broken(failing);
	ck_assert_uint_eq(failed, 1);
	ck_assert_uint_eq(closed, 1);
}
END_TEST

START_TEST(without_a_fail_callback_it_stops)
{
	attach_broken(NULL);
	ck_assert(!gyre_uv_is_active(&handle));
	close_and_run();
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("attach");
	TCase *life = tcase_create("life"), *errors = tcase_create("errors");

	tcase_add_checked_fixture(life, setup, teardown);
	tcase_add_test(life, the_uv_loop_ends_with_the_gyre_loop);
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
	suite_add_tcase(suite, life);
	tcase_add_checked_fixture(errors, setup, teardown);
	tcase_add_test(errors, options_are_checked);
	tcase_add_test(errors, a_loop_is_attached_once);
	tcase_add_test(errors, a_running_loop_is_not_attached);
	tcase_add_test(errors, a_graph_that_cannot_be_built_stops_the_handle);
	tcase_add_test(errors, the_fail_callback_may_end_it_all);
	tcase_add_test(errors, without_a_fail_callback_it_stops);
	suite_add_tcase(suite, errors);
	return suite;
}
