/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/loop.c, spinning: a loop that polls an input makes no system call while it watches no fd, and
 * one in so many turns when it does; one in a slice at most. Counted by seccomp, in a thread that
 * is thrown away.
 */
#include "harness.h"

#include <errno.h>
#include <gyre.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef HAVE_VALGRIND
#include <valgrind/valgrind.h>
#endif

/* Tools that make system calls of their own. */
static bool under_a_tool(void)
{
#if defined(HAVE_ASAN) || defined(__SANITIZE_THREAD__)
	return true;
#elif defined(HAVE_VALGRIND)
	return RUNNING_ON_VALGRIND;
#else
	return false;
#endif
}

#define TURNS 1000

static volatile sig_atomic_t calls;
static struct gyre_loop *loop;
static bool counted;

/* The call comes back as one that a signal interrupted. */
static void count_call(int number, siginfo_t *info, void *context)
{
	mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;

	(void)number, (void)info;
	calls++;
#if defined(__x86_64__)
	machine->gregs[REG_RAX] = -EINTR;
#elif defined(__aarch64__)
	machine->regs[0] = (unsigned long)-EINTR;
#else
#error "which register returns the result of a system call?"
#endif
}

/* From now on every system call of this thread is refused, and counted; but for the way back out
 * of the signal. */
static bool count_calls(void)
{
	struct sigaction action = {.sa_sigaction = count_call, .sa_flags = SA_SIGINFO};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
	};
	struct sock_fprog program = {.len = 5, .filter = code};

	return sigaction(SIGSYS, &action, NULL) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void turn_by_turn(void)
{
	for (int i = 0; i < TURNS; i++)
		gyre_loop_run(loop, GYRE_RUN_NOWAIT);
}

/* As a host does, that sees the fd ready every other time. */
static void slice_by_slice(void)
{
	struct gyre_slice slice = {.turns = 200, .nsec = GYRE_SEC(1)};

	for (int i = 0; i < TURNS; i++) {
		if (gyre_loop_prepare(loop, NULL) != 1)
			return;
		slice.fd_ready = i % 2 == 1;
		gyre_loop_run_slice(loop, &slice);
	}
}

static void (*how)(void) = turn_by_turn;

static void *spin(void *arg)
{
	gyre_loop_run(loop, GYRE_RUN_NOWAIT); /* builds the graph */
	counted = count_calls();
	/* Where even the clock is a system call there is nothing to see. */
	gyre_loop_clock(loop);
	counted = counted && !calls;
	if (counted)
		how();
	*(int *)arg = calls;
	return NULL;
}

/* How many system calls the turns of a thread took. */
static int spin_in_a_thread(void)
{
	pthread_t thread;
	int n = -1;

	if (under_a_tool())
		return -1;
	calls = 0;
	ck_assert_int_eq(pthread_create(&thread, NULL, spin, &n), 0);
	pthread_join(thread, NULL);
	return counted ? n : -1;
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
	how = turn_by_turn;
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
	int n = spin_in_a_thread();

	if (n < 0)
		gyre_test_note("a tool, no seccomp or no clock without a system call: nothing was "
			       "counted");
	else
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
	n = spin_in_a_thread();
	if (n < 0) {
		gyre_test_note("a tool, no seccomp or no clock without a system call: nothing was "
			       "counted");
	} else {
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

	how = slice_by_slice;
	ck_assert_int_eq(gyre_watch_add(loop, &watch, fd, EPOLLIN, nothing), 0);
	n = spin_in_a_thread();
	if (n < 0)
		gyre_test_note("a tool, no seccomp or no clock without a system call: nothing was "
			       "counted");
	else
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
