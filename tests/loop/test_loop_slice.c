/* SPDX-License-Identifier: Apache-2.0 */
/* lib/loop.c: a slice ends when nothing is left to do, and within its turns and nanoseconds. */
#include "harness.h"

#include <errno.h>
#include <gyre.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct gyre_loop *loop;
static unsigned polls, seen;

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	polls++;
	return 0;
}

static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = poll_nothing};

static void setup(void)
{
	polls = seen = 0;
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}

static int slice(unsigned turns, uint64_t nsec)
{
	struct gyre_slice slice = {.turns = turns, .nsec = nsec};

	return gyre_loop_run_slice(loop, &slice);
}

static uint64_t turns(void)
{
	struct gyre_loop_stats stats;

	gyre_loop_stats_get(loop, &stats);
	return stats.turns;
}

START_TEST(a_slice_of_no_turn_is_refused)
{
	ck_assert_int_eq(slice(0, GYRE_SEC(1)), -EINVAL);
	ck_assert_int_eq(gyre_loop_run_slice(loop, NULL), -EINVAL);
	ck_assert_uint_eq(turns(), 0);
}
END_TEST

static int yields(struct gyre_process *self, void *arg)
{
	for (unsigned i = *(unsigned *)arg; i > 0; i--)
		gyre_process_yield(self);
	return 0;
}

START_TEST(a_slice_ends_when_nothing_is_left)
{
	unsigned n = 10;

	ck_assert_int_eq(slice(1000, 0), 0);
	ck_assert_uint_eq(turns(), 1);
	ck_assert_int_eq(gyre_process_spawn(loop, yields, &n, NULL, NULL), 0);
	ck_assert_int_eq(slice(4, 0), 1);
	ck_assert_uint_eq(turns(), 5);
	ck_assert_int_eq(slice(1000, 0), 0);
	ck_assert_uint_eq(turns(), 1 + n + 1);
}
END_TEST

START_TEST(a_slice_that_polls_takes_its_turns)
{
	ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", NULL, NULL), 0);
	ck_assert_int_eq(slice(100, 0), 1); /* the graph is built first */
	ck_assert_uint_eq(polls, 100);
	ck_assert_int_eq(slice(1, 0), 1);
	ck_assert_uint_eq(polls, 101);
}
END_TEST

START_TEST(a_slice_that_polls_ends_in_time)
{
	uint64_t start;

	ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", NULL, NULL), 0);
	start = gyre_loop_clock(loop);
	ck_assert_int_eq(slice(UINT32_MAX, GYRE_MSEC(5)), 1);
	ck_assert_uint_ge(gyre_loop_clock(loop) - start, GYRE_MSEC(5));
	ck_assert_uint_ge(polls, 1);
	polls = 0;
	ck_assert_int_eq(slice(UINT32_MAX, 1), 1); /* at least one turn */
	ck_assert_uint_eq(polls, 1);
}
END_TEST

static void stop(struct gyre_timer *timer)
{
	gyre_loop_stop(timer->loop);
}

START_TEST(a_slice_that_polls_is_stopped)
{
	struct gyre_timer timer;

	ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", NULL, NULL), 0);
	gyre_timer_init(&timer, loop, stop);
	gyre_timer_start_after(&timer, GYRE_MSEC(1));
	ck_assert_int_eq(slice(UINT32_MAX, 0), 1);
	ck_assert_int_eq(slice(3, 0), 1); /* that was the end of one slice only */
	ck_assert_uint_ge(polls, 4);
}
END_TEST

static void count_fd(struct gyre_watch *watch, uint32_t events)
{
	(void)watch, (void)events;
	seen++;
}

/* And the fd, level-triggered, stays ready. */
START_TEST(fds_are_looked_at_when_ready_and_once)
{
	struct gyre_slice ready = {.turns = 500, .fd_ready = true};
	struct gyre_watch watch = {0};
	int fd = eventfd(1, EFD_CLOEXEC);

	ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", NULL, NULL), 0);
	ck_assert_int_eq(gyre_watch_add(loop, &watch, fd, EPOLLIN, count_fd), 0);
	ck_assert_int_eq(slice(500, 0), 1);
	ck_assert_uint_eq(seen, 0);
	ck_assert_int_eq(gyre_loop_run_slice(loop, &ready), 1);
	ck_assert_uint_eq(seen, 1);
	ck_assert_int_eq(slice(500, 0), 1);
	ck_assert_uint_eq(seen, 1);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 1); /* looks again as before */
	for (int i = 0; i < 64; i++)
		gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_ge(seen, 2);
	close(fd);
}
END_TEST

static void slice_inside(struct gyre_post *post)
{
	(void)post;
	seen++;
	ck_assert_int_eq(slice(1, 0), -EBUSY);
}

START_TEST(a_running_loop_is_busy)
{
	struct gyre_post post = {.fn = slice_inside};

	gyre_loop_post(loop, &post);
	ck_assert_int_eq(slice(1, 0), 0);
	ck_assert_uint_eq(seen, 1);
}
END_TEST

START_TEST(a_graph_that_cannot_be_built_is_told)
{
	static const char *const nexts[] = {"nobody"};
	static const struct gyre_node_class lost = {.name = "lost",
		.kind = GYRE_NODE_INPUT,
		.poll = poll_nothing,
		.nexts = nexts,
		.n_nexts = 1};

	ck_assert_int_eq(gyre_node_add(loop, &lost, "lost", NULL, NULL), 0);
	ck_assert_int_lt(slice(1, 0), 0);
	ck_assert_uint_eq(polls, 0);
}
END_TEST

static void count_timer(struct gyre_timer *timer)
{
	(void)timer;
	seen++;
}

START_TEST(virtual_time_goes_on_while_inputs_are_empty)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_clock *clock;
	struct gyre_timer timer;

	ck_assert_int_eq(gyre_clock_virtual_create(0, &clock), 0);
	options.clock = clock;
	gyre_loop_destroy(loop);
	ck_assert_int_eq(gyre_loop_create(&options, &loop), 0);
	ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", NULL, NULL), 0);
	gyre_timer_init(&timer, loop, count_timer);
	gyre_timer_start(&timer, GYRE_SEC(3600));
	ck_assert_int_eq(slice(100, 0), 1);
	ck_assert_uint_eq(seen, 1);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_int_eq(gyre_clock_destroy(clock), 0);
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("slice");
	TCase *tcase = tcase_create("slice");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_slice_of_no_turn_is_refused);
	tcase_add_test(tcase, a_slice_ends_when_nothing_is_left);
	tcase_add_test(tcase, a_slice_that_polls_takes_its_turns);
	tcase_add_test(tcase, a_slice_that_polls_ends_in_time);
	tcase_add_test(tcase, a_slice_that_polls_is_stopped);
	tcase_add_test(tcase, fds_are_looked_at_when_ready_and_once);
	tcase_add_test(tcase, a_running_loop_is_busy);
	tcase_add_test(tcase, a_graph_that_cannot_be_built_is_told);
	tcase_add_test(tcase, virtual_time_goes_on_while_inputs_are_empty);
	suite_add_tcase(suite, tcase);
	return suite;
}
