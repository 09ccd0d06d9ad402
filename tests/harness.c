/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main() of every test program: runs the suite that the program defines, one fork for each test
 * unless CK_FORK=no. Called by nobody else, calls libcheck. Invariant: a skipped test is counted in
 * memory that the forks share, so that a program which tested nothing says so (77), and nothing is
 * skipped where GYRE_TEST_NO_SKIP=1 forbids it.
 */
#include "harness.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(HAVE_VALGRIND)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif
#if defined(HAVE_TSAN)
#define UNDER_A_SLOW_TOOL true
#else
#define UNDER_A_SLOW_TOOL RUNNING_ON_VALGRIND
#endif

#define EXIT_SKIP 77

static atomic_int *skipped;
static enum fork_status fork_status;

bool gyre_test_on_valgrind(void)
{
	return RUNNING_ON_VALGRIND;
}

void gyre_test_skip(const char *reason)
{
	const char *no_skip = getenv("GYRE_TEST_NO_SKIP");

	if (no_skip && !strcmp(no_skip, "1"))
		ck_abort_msg("skipped, but GYRE_TEST_NO_SKIP=1: %s", reason);
	printf("SKIP: %s\n", reason);
	fflush(stdout);
	atomic_fetch_add(skipped, 1);
	/* Without forks there is no way back into check that is not a failure: end it all. */
	_exit(fork_status == CK_FORK ? EXIT_SUCCESS : EXIT_SKIP);
}

void gyre_test_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("NOTE: ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	fflush(stdout);
}

unsigned gyre_test_rounds(unsigned n, unsigned fewer)
{
	return UNDER_A_SLOW_TOOL ? fewer : n;
}

int main(void)
{
	SRunner *runner;
	int failed, run;

	setvbuf(stdout, NULL, _IOLBF, 0);
	setenv("CK_DEFAULT_TIMEOUT", "120", 0);
	skipped = mmap(
		NULL, sizeof(*skipped), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (skipped == MAP_FAILED)
		return EXIT_FAILURE;
	runner = srunner_create(gyre_test_suite());
	fork_status = srunner_fork_status(runner);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	run = srunner_ntests_run(runner);
	srunner_free(runner);
	if (failed)
		return EXIT_FAILURE;
	if (run == 0) {
		puts("no test was run");
		return EXIT_FAILURE;
	}
	printf("%d skipped\n", atomic_load(skipped));
	return atomic_load(skipped) == run ? EXIT_SKIP : EXIT_SUCCESS;
}
