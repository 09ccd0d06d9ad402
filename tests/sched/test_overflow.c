/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/overflow.c: an overflow faults in the guard, and a handler of the application's can say
 * whose it was; addresses elsewhere, and of ended processes, are nobody's.
 */
#include "harness.h"

#include "fixture.h"
#include "sched/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fixture f;

static void setup(void)
{
	fixture_open(&f, 0);
}

static int report_fd;

static void on_fault(int number, siginfo_t *info, void *context)
{
	const char *name = gyre_process_overflow(info->si_addr);

	(void)number;
	(void)context;
	if (!name)
		_exit(3);
	if (write(report_fd, name, strlen(name)) < 0)
		_exit(4);
	_exit(42);
}

/* Frames of 1 KiB, which the compiler cannot fold into a loop. */
static __attribute__((noinline)) int descend(int depth)
{
	volatile char frame[1024];

	frame[0] = (char)depth;
	return depth ? descend(depth - 1) + frame[0] : frame[0];
}

static int overflows(struct gyre_process *self, void *arg)
{
	(void)arg;
	gyre_process_yield(self);
	return descend(1 << 20);
}

static int waits(struct gyre_process *self, void *arg)
{
	(void)arg;
	return gyre_process_sleep(self, GYRE_FOREVER);
}

/* In a child: three processes, of which the second overflows. */
static void child(int fd)
{
	static char alternate[64 << 10];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_ONSTACK | SA_SIGINFO};

	report_fd = fd;
	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
	fixture_spawn(&f, "before", waits, NULL);
	fixture_spawn(&f, "the-deep-one", overflows, NULL);
	fixture_spawn(&f, "after", waits, NULL);
	fixture_settle(&f, 10);
	_exit(5);
}

START_TEST(a_handler_names_the_process)
{
	char name[32] = "";
	int fds[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		child(fds[1]);
	close(fds[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 42, "status %x", status);
	ck_assert_int_gt(read(fds[0], name, sizeof(name) - 1), 0);
	ck_assert_str_eq(name, "the-deep-one");
	close(fds[0]);
	fixture_close(&f);
}
END_TEST

START_TEST(the_guard_is_its_process_s)
{
	struct gyre_process_id id = fixture_spawn(&f, "mine", waits, NULL);
	const char *low = gyre__process_find(id)->stack.low;

	fixture_settle(&f, 10);
	ck_assert_str_eq(gyre_process_overflow(low - 1), "mine");
	ck_assert_str_eq(gyre_process_overflow(low - GYRE__GUARD_SIZE), "mine");
	ck_assert_ptr_null(gyre_process_overflow(low));
	ck_assert_ptr_null(gyre_process_overflow(NULL));
	ck_assert_ptr_null(gyre_process_overflow(&id));
	gyre_process_cancel(id);
	fixture_settle(&f, 10);
	ck_assert_ptr_null(gyre_process_overflow(low - 1));
	fixture_close(&f);
}
END_TEST

START_TEST(several_loops)
{
	static struct fixture g, h;
	const char *low[3];

	fixture_open(&g, 0);
	fixture_open(&h, 0);
	low[0] = gyre__process_find(fixture_spawn(&f, "f", waits, NULL))->stack.low;
	low[1] = gyre__process_find(fixture_spawn(&g, "g", waits, NULL))->stack.low;
	low[2] = gyre__process_find(fixture_spawn(&h, "h", waits, NULL))->stack.low;
	ck_assert_str_eq(gyre_process_overflow(low[0] - 8), "f");
	ck_assert_str_eq(gyre_process_overflow(low[1] - 8), "g");
	ck_assert_str_eq(gyre_process_overflow(low[2] - 8), "h");
	fixture_close(&g);
	ck_assert_ptr_null(gyre_process_overflow(low[1] - 8));
	ck_assert_str_eq(gyre_process_overflow(low[0] - 8), "f");
	ck_assert_str_eq(gyre_process_overflow(low[2] - 8), "h");
	fixture_close(&h);
	fixture_close(&f);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("overflow");
	TCase *tcase = tcase_create("overflow");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_handler_names_the_process);
	tcase_add_test(tcase, the_guard_is_its_process_s);
	tcase_add_test(tcase, several_loops);
	suite_add_tcase(suite, tcase);
	return suite;
}
