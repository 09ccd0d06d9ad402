/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EAL by the helper: argv and affinity stay as they were, a second start and bad arguments are
 * errors with text, and nothing ends the program.
 */
#include <errno.h>
#include <rte_eal.h>
#include <rte_lcore.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"

/* EAL keeps the copy of argv that it made for a start which then failed. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:librte_eal\n";
}

START_TEST(argv_and_affinity_stay)
{
	/* EAL would move "positional" behind the options, and write over what is before it. */
	char *const argv[] = {"prog", "positional", "--no-pci", "-l", "0", "--no-huge", "-m", "64",
		"--no-shconf", "--no-telemetry", "--", "--own", NULL};
	char *before[RTE_DIM(argv)];
	struct gyre_error error = {.text = "untouched"};
	cpu_set_t was, is;

	memcpy(before, argv, sizeof(argv));
	ck_assert_int_eq(sched_getaffinity(0, sizeof(was), &was), 0);
	ck_assert_int_eq(gyre_dpdk_eal_init(RTE_DIM(argv) - 1, argv, &error), 9);
	ck_assert_int_eq(sched_getaffinity(0, sizeof(is), &is), 0);
	ck_assert(CPU_EQUAL(&was, &is));
	ck_assert_mem_eq(before, argv, sizeof(argv));
	ck_assert_str_eq(argv[1], "positional");
	ck_assert_str_eq(error.text, "untouched");
	ck_assert_uint_eq(rte_lcore_count(), 1);
}
END_TEST

START_TEST(a_second_start_is_refused)
{
	char *const argv[] = {"prog", NULL};
	struct gyre_error error = {.text = ""};
	cpu_set_t was, is;

	fixture_eal();
	ck_assert_int_eq(sched_getaffinity(0, sizeof(was), &was), 0);
	ck_assert_int_eq(gyre_dpdk_eal_init(1, argv, &error), -EALREADY);
	ck_assert_int_eq(error.code, -EALREADY);
	ck_assert_ptr_nonnull(strstr(error.text, "only once"));
	ck_assert_int_eq(gyre_dpdk_eal_init(1, argv, NULL), -EALREADY);
	ck_assert_int_eq(sched_getaffinity(0, sizeof(is), &is), 0);
	ck_assert(CPU_EQUAL(&was, &is));
}
END_TEST

START_TEST(a_bad_argument_is_an_error_and_the_next_try_works)
{
	char *const argv[] = {"prog", "--no-such-option", NULL};
	struct gyre_error error = {.text = ""};
	cpu_set_t was, is;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(was), &was), 0);
	ck_assert_int_eq(gyre_dpdk_eal_init(2, argv, &error), -EINVAL);
	ck_assert_int_eq(error.code, -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "argument"));
	ck_assert_int_eq(sched_getaffinity(0, sizeof(is), &is), 0);
	ck_assert(CPU_EQUAL(&was, &is));
	fixture_eal();
}
END_TEST

START_TEST(an_argv_without_a_name_is_refused)
{
	char *const argv[] = {"prog", NULL, "--no-pci", NULL};
	struct gyre_error error = {.text = ""};

	ck_assert_int_eq(gyre_dpdk_eal_init(0, argv, &error), -EINVAL);
	ck_assert_int_eq(gyre_dpdk_eal_init(1, NULL, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "program name"));
	ck_assert_int_eq(gyre_dpdk_eal_init(3, argv, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "argv[1]"));
}
END_TEST

START_TEST(help_does_not_end_the_program)
{
	static char *const ways[] = {"--help", "--hel", "--he", "-h", "-vh", "-hv"};
	char *argv[] = {"prog", "--no-pci", ways[_i], NULL};
	struct gyre_error error = {.text = ""};

	ck_assert_int_eq(gyre_dpdk_eal_init(3, argv, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, ways[_i]));
	ck_assert_ptr_nonnull(strstr(error.text, "argument 2"));
}
END_TEST

START_TEST(help_behind_the_dashes_is_the_applications)
{
	char *const argv[] = {"prog", "--no-pci", "-l", "0", "--no-huge", "-m", "64", "--no-shconf",
		"--no-telemetry", "--", "--help", NULL};

	ck_assert_int_eq(gyre_dpdk_eal_init(RTE_DIM(argv) - 1, argv, NULL), 9);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("eal");
	TCase *tcase = tcase_create("eal");

	tcase_add_test(tcase, argv_and_affinity_stay);
	tcase_add_test(tcase, a_second_start_is_refused);
	tcase_add_test(tcase, a_bad_argument_is_an_error_and_the_next_try_works);
	tcase_add_test(tcase, an_argv_without_a_name_is_refused);
	tcase_add_loop_test(tcase, help_does_not_end_the_program, 0, 6);
	tcase_add_test(tcase, help_behind_the_dashes_is_the_applications);
	suite_add_tcase(suite, tcase);
	return suite;
}
