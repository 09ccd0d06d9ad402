/* SPDX-License-Identifier: Apache-2.0 */
/* lib/options.c: every bound of every option, each named in the text when it is broken. */
#include "harness.h"

#include <errno.h>
#include <gyre.h>
#include <string.h>

#include "loop.h"

static struct gyre_error error;

static int check(const struct gyre_loop_options *options)
{
	struct gyre_loop_options ret;

	error = (struct gyre_error){0, ""};
	return gyre__loop_options_check(options, &ret);
}

START_TEST(defaults_pass_and_null_stands_for_them)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT, ret;

	ck_assert_int_eq(check(&options), 0);
	ck_assert_int_eq(gyre__loop_options_check(NULL, &ret), 0);
	ck_assert_uint_eq(ret.vector, options.vector);
	ck_assert_uint_eq(ret.size, sizeof(ret));
	ck_assert_str_eq(ret.name, "gyre");
}
END_TEST

/* What include/gyre/loop.h says of each. */
START_TEST(the_defaults_are_those_of_the_header)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	/* Static: its padding is zero. */
	static struct gyre_loop_options documented = {
		.size = sizeof(options),
		.log_level = GYRE_LOG_DEBUG,
		.vector = 64,
		.hop_budget = 16,
		.sample_period = 256,
		.node_stats = true,
		.inject_max = 1024,
		.stack_size = 65536,
		.process_max = 65536,
		.process_accounts = true,
		.poll_interval = 64,
		.post_budget = 256,
		.timer_budget = 128,
		.dispatch_budget = 65536,
		.process_budget = GYRE_MSEC(1),
	};

	documented.name = options.name;
	ck_assert_mem_eq(&options, &documented, sizeof(options));
}
END_TEST

START_TEST(init_writes_as_much_as_its_caller_knows)
{
	struct {
		struct gyre_loop_options options;
		uint64_t later;
	} newer = {.later = 1};
	size_t old = offsetof(struct gyre_loop_options, process_budget);

	gyre_loop_options_init(&newer.options, sizeof(newer));
	ck_assert_uint_eq(newer.options.size, sizeof(newer));
	ck_assert_uint_eq(newer.later, 0);
	newer.options.process_budget = 5;
	gyre_loop_options_init(&newer.options, old);
	ck_assert_uint_eq(newer.options.size, old);
	ck_assert_uint_eq(newer.options.process_budget, 5);
}
END_TEST

#define BROKEN(field, value)                                               \
	do {                                                               \
		struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT; \
		options.error = &error;                                    \
		options.field = (value);                                   \
		ck_assert_int_eq(check(&options), -EINVAL);                \
		ck_assert_int_eq(error.code, -EINVAL);                     \
		ck_assert_ptr_nonnull(strstr(error.text, #field));         \
	} while (0)

START_TEST(every_bound_is_named)
{
	BROKEN(name, NULL);
	BROKEN(vector, 0);
	BROKEN(vector, 257);
	BROKEN(hop_budget, 0);
	BROKEN(hop_budget, 256);
	BROKEN(inject_max, 0);
	BROKEN(inject_max, 65537);
	BROKEN(stack_size, 16383);
	BROKEN(stack_size, (64 << 20) + 1);
	BROKEN(process_max, 0);
	BROKEN(process_max, (1 << 20) + 1);
	BROKEN(poll_interval, 0);
	BROKEN(post_budget, 0);
	BROKEN(timer_budget, 0);
	BROKEN(dispatch_budget, 0);
	BROKEN(process_budget, 999);
	BROKEN(log_level, (enum gyre_log_level)4);
}
END_TEST

START_TEST(the_bounds_themselves_pass)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	options.vector = 1;
	options.hop_budget = 255;
	options.sample_period = 0;
	options.inject_max = 65536;
	options.stack_size = 16384;
	options.process_max = 1 << 20;
	options.process_budget = 1000;
	ck_assert_int_eq(check(&options), 0);
	options.vector = 256;
	options.hop_budget = 1;
	options.stack_size = 64 << 20;
	ck_assert_int_eq(check(&options), 0);
}
END_TEST

START_TEST(sizes_are_checked)
{
	struct {
		struct gyre_loop_options options;
		uint64_t later;
	} newer = {GYRE_LOOP_OPTIONS_INIT, 0};

	newer.options.error = &error;
	newer.options.size = sizeof(newer);
	ck_assert_int_eq(check(&newer.options), 0);
	newer.later = 1;
	ck_assert_int_eq(check(&newer.options), -E2BIG);
	ck_assert_ptr_nonnull(strstr(error.text, "gyre_loop_options"));
	newer.options.size = sizeof(struct gyre_loop_options) - 1;
	ck_assert_int_eq(check(&newer.options), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "size"));
	newer.options.size = 0;
	ck_assert_int_eq(check(&newer.options), -EINVAL);
}
END_TEST

START_TEST(a_failed_create_leaves_nothing)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_loop *loop = (struct gyre_loop *)&options;

	options.vector = 0;
	options.error = &error;
	ck_assert_int_eq(gyre_loop_create(&options, &loop), -EINVAL);
	ck_assert_ptr_eq(loop, (struct gyre_loop *)&options);
	ck_assert_str_eq(error.text, "gyre_loop_options: vector is 0, not from 1 to 256");
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");

	tcase_add_test(tcase, defaults_pass_and_null_stands_for_them);
	tcase_add_test(tcase, the_defaults_are_those_of_the_header);
	tcase_add_test(tcase, init_writes_as_much_as_its_caller_knows);
	tcase_add_test(tcase, every_bound_is_named);
	tcase_add_test(tcase, the_bounds_themselves_pass);
	tcase_add_test(tcase, sizes_are_checked);
	tcase_add_test(tcase, a_failed_create_leaves_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
