/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts the system calls of a thread, by seccomp: no tracer is needed, and not one is overlooked.
 * Called by the tests of loops that spin. Invariant: but for the way out of the signal handler and
 * of the thread, a system call that was not counted was not made.
 */
#include "syscalls.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>

#include "harness.h"

#ifdef HAVE_VALGRIND
#include <valgrind/valgrind.h>
#endif

/* Tools that make system calls of their own. */
static bool under_a_tool(void)
{
#if defined(HAVE_ASAN) || defined(HAVE_TSAN)
	return true;
#elif defined(HAVE_VALGRIND)
	return RUNNING_ON_VALGRIND;
#else
	return false;
#endif
}

static volatile sig_atomic_t calls;

struct job {
	void (*begin)(void *arg), (*run)(void *arg);
	void *arg;
	int counted;
};

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

/* From now on every system call of this thread is refused, and counted. */
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

static void *work(void *arg)
{
	struct job *job = arg;
	struct timespec now;

	job->begin(job->arg);
	if (!count_calls())
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (calls)
		return NULL;
	job->run(job->arg);
	job->counted = calls;
	return NULL;
}

int gyre_test_count_syscalls(void (*begin)(void *arg), void (*run)(void *arg), void *arg)
{
	struct job job = {begin, run, arg, -1};
	pthread_t thread;

	calls = 0;
	if (!under_a_tool() && pthread_create(&thread, NULL, work, &job) == 0)
		pthread_join(thread, NULL);
	if (job.counted < 0)
		gyre_test_note("a tool, no seccomp or no clock without a system call: nothing was "
			       "counted");
	return job.counted;
}
