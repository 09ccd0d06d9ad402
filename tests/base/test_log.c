/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/log.c: lines reach the callback whole or cut, those above the level and nobody's do not.
 */
#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

static char got[1024];
static enum gyre_log_level got_level;

static void keep(void *arg, enum gyre_log_level level, const char *text)
{
	ck_assert_ptr_eq(arg, &got);
	got_level = level;
	snprintf(got, sizeof(got), "%s", text);
}

START_TEST(a_line_reaches_the_callback)
{
	struct gyre_loop loop = {.log = keep, .log_arg = &got, .log_level = GYRE_LOG_DEBUG};

	gyre__log(&loop, GYRE_LOG_WARNING, "node %s: %d", "tap", 7);
	ck_assert_str_eq(got, "node tap: 7");
	ck_assert_int_eq(got_level, GYRE_LOG_WARNING);
}
END_TEST

START_TEST(a_long_line_is_cut)
{
	struct gyre_loop loop = {.log = keep, .log_arg = &got, .log_level = GYRE_LOG_DEBUG};

	gyre__log(&loop, GYRE_LOG_INFO, "%0*d", 5000, 1);
	ck_assert_uint_eq(strlen(got), 511);
}
END_TEST

START_TEST(without_a_callback_nothing_happens)
{
	struct gyre_loop loop = {0};

	strcpy(got, "untouched");
	gyre__log(&loop, GYRE_LOG_ERROR, "lost");
	ck_assert_str_eq(got, "untouched");
}
END_TEST

START_TEST(lines_above_the_level_are_left_out)
{
	struct gyre_loop loop = {.log = keep, .log_arg = &got};

	for (int level = GYRE_LOG_ERROR; level <= GYRE_LOG_DEBUG; level++) {
		ck_assert_int_eq(gyre_loop_log_level_set(&loop, (enum gyre_log_level)level), 0);
		ck_assert_int_eq((int)gyre_loop_log_level(&loop), level);
		for (int line = GYRE_LOG_ERROR; line <= GYRE_LOG_DEBUG; line++) {
			strcpy(got, "untouched");
			gyre__log(&loop, (enum gyre_log_level)line, "line");
			ck_assert_str_eq(got, line <= level ? "line" : "untouched");
		}
	}
}
END_TEST

START_TEST(a_level_that_is_none_is_refused)
{
	struct gyre_loop loop = {.log_level = GYRE_LOG_INFO};

	ck_assert_int_eq(gyre_loop_log_level_set(&loop, (enum gyre_log_level)4), -EINVAL);
	ck_assert_int_eq(gyre_loop_log_level_set(&loop, (enum gyre_log_level) - 1), -EINVAL);
	ck_assert_int_eq(gyre_loop_log_level(&loop), GYRE_LOG_INFO);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("log");
	TCase *tcase = tcase_create("log");

	tcase_add_test(tcase, a_line_reaches_the_callback);
	tcase_add_test(tcase, a_long_line_is_cut);
	tcase_add_test(tcase, without_a_callback_nothing_happens);
	tcase_add_test(tcase, lines_above_the_level_are_left_out);
	tcase_add_test(tcase, a_level_that_is_none_is_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}
