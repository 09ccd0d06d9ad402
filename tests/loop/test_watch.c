/* SPDX-License-Identifier: Apache-2.0 */
/* lib/watch.c: readiness reaches its watch, deleting is safe at any time, errors are the kernel's.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <gyre.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loop.h"

static struct gyre_loop *loop;
static int pipes[3][2];
static struct gyre_watch watches[3];
static unsigned called[3];
static int quiet[3];

static void setup(void)
{
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(pipe2(pipes[i], O_NONBLOCK | O_CLOEXEC), 0);
		watches[i] = (struct gyre_watch){0};
		called[i] = 0;
	}
}

static void teardown(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	for (unsigned i = 0; i < 3; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

static void count(struct gyre_watch *watch, uint32_t events)
{
	ck_assert_uint_eq(events & EPOLLIN, EPOLLIN);
	called[watch - watches]++;
}

static void add(unsigned i, gyre_watch_fn *fn)
{
	ck_assert_int_eq(gyre_watch_add(loop, &watches[i], pipes[i][0], EPOLLIN, fn), 0);
}

static void feed(unsigned i)
{
	ck_assert_int_eq(write(pipes[i][1], "x", 1), 1);
}

START_TEST(only_what_is_ready_is_called)
{
	add(0, count);
	add(1, count);
	feed(1);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 1);
	ck_assert_uint_eq(called[0], 0);
	ck_assert_uint_eq(called[1], 1);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT); /* level-triggered */
	ck_assert_uint_eq(called[1], 2);
}
END_TEST

static void delete_all(struct gyre_watch *watch, uint32_t events)
{
	(void)events;
	called[watch - watches]++;
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(gyre_watch_del(&watches[i]), 0);
}

START_TEST(a_watch_deleted_by_another_is_not_called)
{
	for (unsigned i = 0; i < 3; i++) {
		add(i, delete_all);
		feed(i);
	}
	/* The last watch gone, nothing keeps the loop alive. */
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	ck_assert_uint_eq(called[0] + called[1] + called[2], 1);
}
END_TEST

/* What had been found ready was another fd's: each watch now sleeps on one that nothing is fed to.
 */
static void move_the_others(struct gyre_watch *watch, uint32_t events)
{
	count(watch, events);
	for (unsigned i = 0; i < 3; i++) {
		if (&watches[i] == watch)
			continue;
		ck_assert_int_eq(gyre_watch_del(&watches[i]), 0);
		ck_assert_int_eq(gyre_watch_add(loop, &watches[i], quiet[i], EPOLLIN, count), 0);
	}
}

START_TEST(a_watch_that_is_added_anew_is_not_called_for_what_it_was)
{
	for (unsigned i = 0; i < 3; i++) {
		quiet[i] = eventfd(0, EFD_CLOEXEC);
		add(i, move_the_others);
		feed(i);
	}
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(called[0] + called[1] + called[2], 1);
	for (unsigned i = 0; i < 3; i++)
		close(quiet[i]);
}
END_TEST

START_TEST(once_sleeps_until_an_fd_is_ready)
{
	struct gyre_loop_stats stats;

	add(0, count);
	feed(0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_ONCE), 1);
	ck_assert_uint_eq(called[0], 1);
	gyre_loop_stats_get(loop, &stats);
	ck_assert_uint_eq(stats.sleeps, 1);
	ck_assert_uint_eq(stats.turns, 1);
}
END_TEST

START_TEST(events_can_be_changed)
{
	add(0, count);
	feed(0);
	ck_assert_int_eq(gyre_watch_set(&watches[0], 0), 0);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(called[0], 0);
	ck_assert_int_eq(gyre_watch_set(&watches[0], EPOLLIN), 0);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(called[0], 1);
}
END_TEST

static void hush_all(struct gyre_watch *watch, uint32_t events)
{
	count(watch, events);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(gyre_watch_set(&watches[i], 0), 0);
}

START_TEST(events_changed_by_another_watch_are_those_called_for)
{
	for (unsigned i = 0; i < 3; i++) {
		add(i, hush_all);
		feed(i);
	}
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(called[0] + called[1] + called[2], 1);
}
END_TEST

static void expect_hangup(struct gyre_watch *watch, uint32_t events)
{
	ck_assert_uint_eq(events, EPOLLHUP);
	called[watch - watches]++;
}

START_TEST(hanging_up_is_told_unasked)
{
	ck_assert_int_eq(gyre_watch_add(loop, &watches[0], pipes[0][0], 0, expect_hangup), 0);
	close(pipes[0][1]);
	pipes[0][1] = -1;
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(called[0], 1);
}
END_TEST

/* From now on epoll_pwait2(2) is unknown to the kernel, as before Linux 5.11. */
static void forbid_pwait2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_epoll_pwait2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = 4, .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
		return;
	gyre_test_note("no seccomp here: the flag is set by hand");
	gyre__loop_of(loop)->watches.no_pwait2 = true;
}

static int nap(struct gyre_process *self, void *arg)
{
	for (int i = 0; i < 20; i++)
		gyre_process_sleep(self, GYRE_USEC(700));
	feed(0);
	return gyre_process_wait(self, GYRE_EVENT(0), GYRE_FOREVER, arg);
}

static struct gyre_process_id napper;

static void tell(struct gyre_watch *watch, uint32_t events)
{
	count(watch, events);
	gyre_watch_del(watch);
	gyre_process_signal(napper, GYRE_EVENT(0));
}

START_TEST(a_kernel_without_pwait2_is_served)
{
	struct gyre_loop_stats stats;

	forbid_pwait2();
	ck_assert_int_eq(gyre_process_spawn(loop, nap, NULL, NULL, &napper), 0);
	add(0, tell);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	ck_assert_uint_eq(called[0], 1);
	ck_assert(gyre__loop_of(loop)->watches.no_pwait2);
	/* Milliseconds are rounded up: less than one to sleep is no reason to spin. */
	gyre_loop_stats_get(loop, &stats);
	ck_assert_uint_lt(stats.turns, 20 * 12);
}
END_TEST

START_TEST(errors_are_named_and_change_nothing)
{
	struct gyre_watch second = {0};
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(gyre_watch_add(loop, &watches[0], pipes[0][0], EPOLLIN, NULL), -EINVAL);
	ck_assert_int_eq(gyre_watch_add(loop, &watches[0], -1, EPOLLIN, count), -EBADF);
	ck_assert_int_eq(gyre_watch_add(loop, &watches[0], file, EPOLLIN, count), -EPERM);
	ck_assert_int_eq(gyre_watch_del(&watches[0]), -ENOENT);
	ck_assert_int_eq(gyre_watch_set(&watches[0], EPOLLIN), -ENOENT);
	add(0, count);
	ck_assert_int_eq(gyre_watch_add(loop, &second, pipes[0][0], EPOLLIN, count), -EEXIST);
	ck_assert_ptr_null(second.loop);
	ck_assert_int_eq(gyre_watch_add(loop, &watches[0], pipes[1][0], EPOLLIN, count), -EEXIST);
	ck_assert_int_eq(watches[0].fd, pipes[0][0]);
	ck_assert_int_eq(gyre_watch_del(&watches[0]), 0);
	ck_assert_int_eq(gyre_watch_del(&watches[0]), -ENOENT);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	close(file);
}
END_TEST

START_TEST(an_fd_closed_before_its_watch_does_no_harm)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	ck_assert_int_eq(gyre_watch_add(loop, &watches[0], fd, EPOLLIN, count), 0);
	close(fd);
	ck_assert_int_eq(gyre_watch_del(&watches[0]), 0);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
}
END_TEST

START_TEST(an_unreferenced_watch_is_called_but_keeps_nothing_alive)
{
	gyre_watch_unref(&watches[0]); /* not added: nothing happens */
	add(0, count);
	add(1, count);
	feed(0);
	gyre_watch_unref(&watches[0]);
	gyre_watch_unref(&watches[0]);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 1);
	ck_assert_uint_eq(called[0], 1);
	ck_assert_int_eq(gyre_watch_del(&watches[1]), 0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 0);
	ck_assert_uint_eq(called[0], 2);
	ck_assert_int_eq(gyre_watch_del(&watches[0]), 0);
	/* Added anew, it counts again. */
	add(0, count);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 1);
	ck_assert_int_eq(gyre_watch_del(&watches[0]), 0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("watch");
	TCase *tcase = tcase_create("watch");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, only_what_is_ready_is_called);
	tcase_add_test(tcase, a_watch_deleted_by_another_is_not_called);
	tcase_add_test(tcase, a_watch_that_is_added_anew_is_not_called_for_what_it_was);
	tcase_add_test(tcase, once_sleeps_until_an_fd_is_ready);
	tcase_add_test(tcase, events_can_be_changed);
	tcase_add_test(tcase, events_changed_by_another_watch_are_those_called_for);
	tcase_add_test(tcase, hanging_up_is_told_unasked);
	tcase_add_test(tcase, a_kernel_without_pwait2_is_served);
	tcase_add_test(tcase, errors_are_named_and_change_nothing);
	tcase_add_test(tcase, an_fd_closed_before_its_watch_does_no_harm);
	tcase_add_test(tcase, an_unreferenced_watch_is_called_but_keeps_nothing_alive);
	suite_add_tcase(suite, tcase);
	return suite;
}
