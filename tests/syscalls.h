/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_TESTS_SYSCALLS_H
#define GYRE_TESTS_SYSCALLS_H

/*
 * Calls begin(arg) and then run(arg) on a thread of its own that is thrown away, and returns how
 * many system calls run made: each was refused as if a signal had interrupted it (EINTR). -1, with
 * a note in the log: they cannot be counted here, for there is no seccomp, a tool that makes
 * system calls of its own, or no clock without one.
 */
int gyre_test_count_syscalls(void (*begin)(void *arg), void (*run)(void *arg), void *arg);

#endif
