/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/hub.c: the current loop is the thread's own, and nests. */
#include "harness.h"

#include <pthread.h>

#include "base/hub.h"

static void *other_thread(void *arg)
{
	ck_assert(!gyre__loop_is_mine(arg));
	ck_assert_ptr_null(gyre_loop_current());
	return NULL;
}

START_TEST(the_current_loop_is_the_threads_own)
{
	struct gyre_loop outer = {0}, inner = {0};
	pthread_t thread;

	ck_assert(!gyre__loop_is_mine(&outer));
	ck_assert_ptr_null(gyre__loop_enter(&outer));
	ck_assert(gyre__loop_is_mine(&outer));
	ck_assert_int_eq(pthread_create(&thread, NULL, other_thread, &outer), 0);
	pthread_join(thread, NULL);
	ck_assert_ptr_eq(gyre__loop_enter(&inner), &outer);
	ck_assert(!gyre__loop_is_mine(&outer));
	ck_assert_ptr_eq(gyre_loop_current(), &inner);
	gyre__loop_enter(&outer);
	ck_assert_ptr_eq(gyre_loop_current(), &outer);
	gyre__loop_enter(NULL);
}
END_TEST

START_TEST(readings_are_the_loops)
{
	struct gyre_clock *clock;
	struct gyre_loop loop = {.now = 7, .name = "lo"};

	ck_assert_int_eq(gyre_clock_virtual_create(42, &clock), 0);
	loop.clock = clock;
	ck_assert_uint_eq(gyre_loop_now(&loop), 7);
	ck_assert_uint_eq(gyre_loop_clock(&loop), 42);
	ck_assert_str_eq(gyre_loop_name(&loop), "lo");
	gyre_clock_destroy(clock);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("hub");
	TCase *tcase = tcase_create("hub");

	tcase_add_test(tcase, the_current_loop_is_the_threads_own);
	tcase_add_test(tcase, readings_are_the_loops);
	suite_add_tcase(suite, tcase);
	return suite;
}
