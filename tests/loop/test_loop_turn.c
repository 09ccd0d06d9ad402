/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/loop.c, the turn in detail: each phase ends with its budget, each counter counts its own, and
 * whatever is left to do keeps the default mode going. On a clock that only the test moves.
 */
#include "harness.h"

#include <errno.h>
#include <gyre.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "loop.h"

static struct gyre_clock *hand;
static struct gyre_loop *loop, *holder; /* the other loop holds the clock: it never runs */
static unsigned posts_run, timers_run, to_bring, polls, passed;

static void open_loop(struct gyre_loop_options *options)
{
	struct gyre_loop_options other = GYRE_LOOP_OPTIONS_INIT;

	posts_run = timers_run = to_bring = polls = passed = 0;
	ck_assert_int_eq(gyre_clock_virtual_create(GYRE_SEC(1), &hand), 0);
	options->clock = other.clock = hand;
	ck_assert_int_eq(gyre_loop_create(options, &loop), 0);
	ck_assert_int_eq(gyre_loop_create(&other, &holder), 0);
}

static void close_loop(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_int_eq(gyre_loop_destroy(holder), 0);
	ck_assert_int_eq(gyre_clock_destroy(hand), 0);
}

static void turn(void)
{
	ck_assert_int_ge(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 0);
}

static struct gyre_loop_stats stats(void)
{
	struct gyre_loop_stats now;

	gyre_loop_stats_get(loop, &now);
	return now;
}

static void on_post(struct gyre_post *post)
{
	(void)post;
	posts_run++;
}

static void on_timer(struct gyre_timer *timer)
{
	(void)timer;
	timers_run++;
}

/* --- A graph: input -> first -> last --- */

static int item;

static unsigned bring(struct gyre_node *node, unsigned max)
{
	void *items[] = {&item};

	ck_assert_uint_ge(max, 1);
	polls++;
	if (!to_bring)
		return 0;
	to_bring--;
	gyre_next_put(node, 0, items, 1);
	return 1;
}

static gyre_next pass(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts;
	passed += n;
	return 0;
}

static gyre_next keep(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts;
	passed += n;
	return GYRE_NEXT_KEEP;
}

static const char *const to_first[] = {"first"}, *const to_last[] = {"last"};
static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = bring, .nexts = to_first, .n_nexts = 1};
static const struct gyre_node_class first_class = {.name = "first",
	.kind = GYRE_NODE_INTERNAL,
	.process = pass,
	.nexts = to_last,
	.n_nexts = 1};
static const struct gyre_node_class last_class = {
	.name = "last", .kind = GYRE_NODE_OUTPUT, .process = keep};
static struct gyre_node_id first;

static void add_nodes(bool with_input)
{
	if (with_input)
		ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", NULL, NULL), 0);
	ck_assert_int_eq(gyre_node_add(loop, &first_class, "first", NULL, &first), 0);
	ck_assert_int_eq(gyre_node_add(loop, &last_class, "last", NULL, NULL), 0);
}

/* --- Budgets --- */

START_TEST(posts_have_a_budget)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_post posts[10];

	options.post_budget = 4;
	open_loop(&options);
	for (int i = 0; i < 10; i++) {
		posts[i].fn = on_post;
		gyre_loop_post(loop, &posts[i]);
	}
	for (unsigned seen = 0; seen < 10;) {
		turn();
		seen = seen + 4 < 10 ? seen + 4 : 10;
		ck_assert_uint_eq(posts_run, seen);
		ck_assert_uint_eq(stats().posts, seen);
	}
	close_loop();
}
END_TEST

START_TEST(timers_have_a_budget)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_timer timers[10];

	options.timer_budget = 3;
	open_loop(&options);
	for (int i = 0; i < 10; i++) {
		gyre_timer_init(&timers[i], loop, on_timer);
		gyre_timer_start(&timers[i], 1);
	}
	for (unsigned seen = 0; seen < 10;) {
		turn();
		seen = seen + 3 < 10 ? seen + 3 : 10;
		ck_assert_uint_eq(timers_run, seen);
		ck_assert_uint_eq(stats().timers, seen);
	}
	close_loop();
}
END_TEST

START_TEST(a_sweep_that_ran_out_of_budget_goes_on_before_anything_is_polled)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	options.dispatch_budget = 1;
	open_loop(&options);
	add_nodes(true);
	to_bring = 2;
	turn();
	ck_assert_uint_eq(polls, 1);
	ck_assert_uint_eq(passed, 1);
	turn(); /* the other node, no poll */
	ck_assert_uint_eq(polls, 1);
	ck_assert_uint_eq(passed, 2);
	turn();
	ck_assert_uint_eq(polls, 2);
	ck_assert_uint_eq(passed, 3);
	close_loop();
}
END_TEST

/* Takes 600 us of the test's time before each yield. */
static int take_time(struct gyre_process *self, void *arg)
{
	unsigned *runs = arg;

	do {
		++*runs;
		gyre_clock_advance(hand, gyre_clock_now(hand) + GYRE_USEC(600));
	} while (gyre_process_yield(self) == 0);
	return 0;
}

START_TEST(processes_have_a_budget_of_time_and_the_rest_goes_first)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	unsigned runs[3] = {0, 0, 0};

	options.process_budget = GYRE_MSEC(1);
	open_loop(&options);
	turn(); /* the processes come after the start: no run ahead of the first poll */
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(gyre_process_spawn(loop, take_time, &runs[i], NULL, NULL), 0);
	turn();
	ck_assert_uint_eq(stats().resumes, 2);
	ck_assert_uint_eq(runs[0] + runs[1], 2);
	ck_assert_uint_eq(runs[2], 0);
	turn();
	ck_assert_uint_eq(stats().resumes, 4);
	ck_assert_uint_eq(runs[2], 1);
	for (int i = 0; i < 28; i++)
		turn();
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(runs[i], 20);
	close_loop();
}
END_TEST

static void see(struct gyre_watch *watch, uint32_t events)
{
	(void)watch, (void)events;
	posts_run++;
}

START_TEST(a_busy_loop_looks_at_its_fds_now_and_then_only)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	int fd = eventfd(1, EFD_CLOEXEC);
	struct gyre_watch watch = {0};

	options.poll_interval = 10;
	open_loop(&options);
	add_nodes(true);
	ck_assert_int_eq(gyre_watch_add(loop, &watch, fd, EPOLLIN, see), 0);
	for (int i = 0; i < 100; i++)
		turn();
	ck_assert_uint_eq(posts_run, 10);
	close_loop();
	close(fd);
}
END_TEST

/* --- Time --- */

static unsigned bring_the_deadline(struct gyre_node *node, unsigned max)
{
	gyre_clock_advance(hand, GYRE_SEC(3));
	return bring(node, max);
}

/* What waited while the inputs were polled is seen before its timeout. */
START_TEST(timers_are_judged_by_the_clock_before_the_poll)
{
	struct gyre_node_class slow_class = input_class;
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_timer timer;

	slow_class.poll = bring_the_deadline;
	open_loop(&options);
	ck_assert_int_eq(gyre_node_add(loop, &slow_class, "slow", NULL, NULL), 0);
	add_nodes(false);
	gyre_timer_init(&timer, loop, on_timer);
	gyre_timer_start(&timer, GYRE_SEC(2));
	turn();
	ck_assert_uint_eq(timers_run, 0);
	turn();
	ck_assert_uint_eq(timers_run, 1);
	close_loop();
}
END_TEST

START_TEST(virtual_time_waits_until_the_inputs_are_empty)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_timer timer;

	open_loop(&options);
	ck_assert_int_eq(gyre_loop_destroy(holder), 0);
	holder = NULL;
	add_nodes(true);
	gyre_timer_init(&timer, loop, on_timer);
	gyre_timer_start(&timer, GYRE_SEC(100));
	turn();
	to_bring = 5;
	for (int i = 0; i < 20 && !timers_run; i++)
		turn();
	ck_assert_uint_eq(timers_run, 1);
	ck_assert_uint_eq(to_bring, 0);
	close_loop();
}
END_TEST

/* --- Counters --- */

static int one_yield(struct gyre_process *self, void *arg)
{
	(void)arg;
	return gyre_process_yield(self);
}

START_TEST(a_turn_is_idle_when_no_phase_found_anything)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_post post = {.fn = on_post};
	struct gyre_timer timer;
	struct gyre_watch watch = {0};
	int fd = eventfd(1, EFD_CLOEXEC);

	open_loop(&options);
	turn();
	ck_assert_uint_eq(stats().idle_turns, 1);
	gyre_loop_post(loop, &post);
	turn();
	ck_assert_uint_eq(stats().idle_turns, 1);
	gyre_timer_init(&timer, loop, on_timer);
	gyre_timer_start(&timer, 1);
	turn();
	ck_assert_uint_eq(stats().idle_turns, 1);
	ck_assert_int_eq(gyre_process_spawn(loop, one_yield, NULL, NULL, NULL), 0);
	turn();
	turn();
	ck_assert_uint_eq(stats().idle_turns, 1);
	ck_assert_int_eq(gyre_watch_add(loop, &watch, fd, EPOLLIN, see), 0);
	turn();
	ck_assert_uint_eq(stats().idle_turns, 1);
	ck_assert_int_eq(gyre_watch_del(&watch), 0);
	turn();
	ck_assert_uint_eq(stats().idle_turns, 2);
	ck_assert_uint_eq(stats().turns, 7);
	ck_assert_uint_eq(stats().sleeps, 0);
	close_loop();
	close(fd);
}
END_TEST

START_TEST(a_turn_with_items_is_not_idle)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	options.dispatch_budget = 1;
	open_loop(&options);
	add_nodes(true);
	turn();
	ck_assert_uint_eq(stats().idle_turns, 1);
	to_bring = 1;
	turn(); /* brought, and one call */
	turn(); /* a call alone */
	ck_assert_uint_eq(passed, 2);
	ck_assert_uint_eq(stats().idle_turns, 1);
	turn();
	ck_assert_uint_eq(stats().idle_turns, 2);
	close_loop();
}
END_TEST

/* A loop that no longer sleeps is not kicked: that would be a system call a post. */
START_TEST(a_sleep_is_over_when_it_ends)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	int fd = eventfd(1, EFD_CLOEXEC);
	struct gyre_watch watch = {0};

	open_loop(&options);
	ck_assert_int_eq(gyre_watch_add(loop, &watch, fd, EPOLLIN, see), 0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_ONCE), 1);
	ck_assert_uint_eq(stats().sleeps, 1);
	ck_assert_uint_eq(loop->posts.sleeping, 0);
	ck_assert_int_eq(gyre_watch_del(&watch), 0);
	close_loop();
	close(fd);
}
END_TEST

/* --- What keeps the default mode going --- */

static int inject_and_end(struct gyre_process *self, void *arg)
{
	void *items[] = {&item};

	(void)arg;
	ck_assert_int_eq(gyre_node_inject(gyre_process_loop(self), first, items, 1), 1);
	return 0;
}

START_TEST(items_keep_it_alive_to_their_end)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	options.dispatch_budget = 1; /* so that a turn ends with one pending */
	open_loop(&options);
	add_nodes(false);
	turn();
	ck_assert_int_eq(gyre_process_spawn(loop, inject_and_end, NULL, NULL, NULL), 0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	ck_assert_uint_eq(passed, 2);
	close_loop();
}
END_TEST

static int post_and_end(struct gyre_process *self, void *arg)
{
	gyre_loop_post(gyre_process_loop(self), arg);
	return 0;
}

START_TEST(a_post_keeps_it_alive)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_post post = {.fn = on_post};

	open_loop(&options);
	turn();
	ck_assert_int_eq(gyre_process_spawn(loop, post_and_end, &post, NULL, NULL), 0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	ck_assert_uint_eq(posts_run, 1);
	close_loop();
}
END_TEST

START_TEST(a_stop_ends_one_run_only)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	open_loop(&options);
	turn();
	ck_assert_int_eq(gyre_process_spawn(loop, one_yield, NULL, NULL, NULL), 0);
	gyre_loop_stop(loop);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 1);
	ck_assert_int_eq(gyre_process_spawn(loop, one_yield, NULL, NULL, NULL), 0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	close_loop();
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("loop_turn");
	TCase *tcase = tcase_create("loop_turn");

	tcase_add_test(tcase, posts_have_a_budget);
	tcase_add_test(tcase, timers_have_a_budget);
	tcase_add_test(tcase, a_sweep_that_ran_out_of_budget_goes_on_before_anything_is_polled);
	tcase_add_test(tcase, processes_have_a_budget_of_time_and_the_rest_goes_first);
	tcase_add_test(tcase, a_busy_loop_looks_at_its_fds_now_and_then_only);
	tcase_add_test(tcase, timers_are_judged_by_the_clock_before_the_poll);
	tcase_add_test(tcase, virtual_time_waits_until_the_inputs_are_empty);
	tcase_add_test(tcase, a_turn_is_idle_when_no_phase_found_anything);
	tcase_add_test(tcase, a_turn_with_items_is_not_idle);
	tcase_add_test(tcase, a_sleep_is_over_when_it_ends);
	tcase_add_test(tcase, items_keep_it_alive_to_their_end);
	tcase_add_test(tcase, a_post_keeps_it_alive);
	tcase_add_test(tcase, a_stop_ends_one_run_only);
	suite_add_tcase(suite, tcase);
	return suite;
}
