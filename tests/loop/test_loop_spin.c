/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/loop.c, spinning: a loop that polls an input makes no system call while it watches no fd, and
 * one in so many turns when it does; one in a slice at most. Counted by seccomp, in a thread that
 * is thrown away.
 */
#include "harness.h"

#include <gyre.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "syscalls.h"

#define TURNS 1000

static struct gyre_loop *loop;

static void build(void *arg)
{
	(void)arg;
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
}

static void turn_by_turn(void *arg)
{
	(void)arg;
	for (int i = 0; i < TURNS; i++)
		gyre_loop_run(loop, GYRE_RUN_NOWAIT);
}

/* As a host does, that sees the fd ready every other time. */
static void slice_by_slice(void *arg)
{
	struct gyre_slice slice = {.turns = 200, .nsec = GYRE_SEC(1)};

	(void)arg;
	for (int i = 0; i < TURNS; i++) {
		if (gyre_loop_prepare(loop, NULL) != 1)
			return;
		slice.fd_ready = i % 2 == 1;
		gyre_loop_run_slice(loop, &slice);
	}
}

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	return 0;
}

static const struct gyre_node_class input_class = {
	.name = "input", .kind = GYRE_NODE_INPUT, .poll = poll_nothing};

static int tick(struct gyre_process *self, void *arg)
{
	struct gyre_ticker ticker;

	gyre_ticker_init(&ticker, self, GYRE_USEC(10));
	while (gyre_ticker_wait(&ticker) >= 0)
		++*(unsigned *)arg;
	return 0;
}

static unsigned ticks;

static void setup(void)
{
	ticks = 0;
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	ck_assert_int_eq(gyre_node_add(loop, &input_class, "input", NULL, NULL), 0);
	ck_assert_int_eq(gyre_process_spawn(loop, tick, &ticks, NULL, NULL), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}

START_TEST(without_fds_there_is_none)
{
	int n = gyre_test_count_syscalls(build, turn_by_turn, NULL);

	if (n >= 0)
		ck_assert_int_eq(n, 0);
}
END_TEST

static void nothing(struct gyre_watch *watch, uint32_t events)
{
	(void)watch, (void)events;
}

START_TEST(with_fds_there_is_one_in_64_turns)
{
	struct gyre_watch watch = {0};
	int fd = eventfd(0, EFD_CLOEXEC), n;

	ck_assert_int_eq(gyre_watch_add(loop, &watch, fd, EPOLLIN, nothing), 0);
	n = gyre_test_count_syscalls(build, turn_by_turn, NULL);
	if (n >= 0) {
		ck_assert_int_ge(n, TURNS / 64);
		ck_assert_int_le(n, TURNS / 64 + 1);
	}
	ck_assert_int_eq(gyre_watch_del(&watch), 0);
	close(fd);
}
END_TEST

START_TEST(in_slices_there_is_one_where_the_fd_was_ready)
{
	struct gyre_watch watch = {0};
	int fd = eventfd(0, EFD_CLOEXEC), n;

	ck_assert_int_eq(gyre_watch_add(loop, &watch, fd, EPOLLIN, nothing), 0);
	n = gyre_test_count_syscalls(build, slice_by_slice, NULL);
	if (n >= 0)
		ck_assert_int_eq(n, TURNS / 2);
	ck_assert(n < 0 || ticks > 0);
	ck_assert_int_eq(gyre_watch_del(&watch), 0);
	close(fd);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("spin");
	TCase *tcase = tcase_create("spin");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, without_fds_there_is_none);
	tcase_add_test(tcase, with_fds_there_is_one_in_64_turns);
	tcase_add_test(tcase, in_slices_there_is_one_where_the_fd_was_ready);
	suite_add_tcase(suite, tcase);
	return suite;
}
