/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a control: its options, a thread of its own, a host's uv loop. */
#include <errno.h>
#include <gyre/control.h>
#include <string.h>
#include <uv.h>

#include "harness.h"

static int try(struct gyre_control_options *options, struct gyre_error *error)
{
	struct gyre_control *control = NULL;
	int status;

	options->error = error;
	status = gyre_control_create(options, &control);
	gyre_control_destroy(control);
	return status;
}

START_TEST(defaults_are_in_bounds)
{
	struct gyre_control_options options = GYRE_CONTROL_OPTIONS_INIT;
	struct gyre_error error = {0, ""};

	ck_assert_uint_eq(options.mode, 0660);
	ck_assert_uint_eq(options.clients_max, 64);
	ck_assert_int_eq(try(&options, &error), 0);
}
END_TEST

START_TEST(options_out_of_range_are_named)
{
	struct gyre_error error;
	struct gyre_control_options options = GYRE_CONTROL_OPTIONS_INIT;

	options.clients_max = 0;
	ck_assert_int_eq(try(&options, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "clients_max is 0"));
	options = GYRE_CONTROL_OPTIONS_INIT;
	options.depth_max = 1025;
	ck_assert_int_eq(try(&options, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "depth_max"));
	options = GYRE_CONTROL_OPTIONS_INIT;
	options.reading_nsec = GYRE_FOREVER;
	ck_assert_int_eq(try(&options, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "reading_nsec"));
	options = GYRE_CONTROL_OPTIONS_INIT;
	options.size--;
	ck_assert_int_eq(try(&options, &error), -EINVAL);
}
END_TEST

static void closed(void *arg)
{
	++*(int *)arg;
}

START_TEST(a_hosts_loop_ends_when_closed)
{
	struct gyre_control_options options = GYRE_CONTROL_OPTIONS_INIT;
	struct gyre_control *control;
	uv_loop_t uv;
	int n = 0;

	ck_assert_int_eq(uv_loop_init(&uv), 0);
	options.uv = &uv;
	ck_assert_int_eq(gyre_control_create(&options, &control), 0);
	gyre_control_close(control, closed, &n);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(uv_run(&uv, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(uv_loop_close(&uv), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("control");
	TCase *tcase = tcase_create("control");

	tcase_add_test(tcase, defaults_are_in_bounds);
	tcase_add_test(tcase, options_out_of_range_are_named);
	tcase_add_test(tcase, a_hosts_loop_ends_when_closed);
	suite_add_tcase(suite, tcase);
	return suite;
}
