/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_TESTS_HARNESS_H
#define GYRE_TESTS_HARNESS_H

#include <check.h>
#include <stdbool.h>

/* Each test program defines it: the suite that main() runs. */
Suite *gyre_test_suite(void);

/*
 * Ends the running test: prints "SKIP: reason" and counts it. With GYRE_TEST_NO_SKIP=1 in the
 * environment the test fails instead. A program of which every test was skipped exits with 77.
 * To be called from the test, a fixture or a helper; not from a process's stack.
 */
void gyre_test_skip(const char *reason) __attribute__((noreturn));

/* Prints "NOTE: ..." into the log; never fails. For CPU features that are absent, and figures. */
void gyre_test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether valgrind runs the test: a CPU of its own, on which everything takes tens of times longer,
 * and threads that it refuses by itself. */
bool gyre_test_on_valgrind(void);
/* How often to do what each time is many times dearer under ThreadSanitizer or valgrind: n, or
 * `fewer` there. */
unsigned gyre_test_rounds(unsigned n, unsigned fewer);

#endif
