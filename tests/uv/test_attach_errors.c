/* SPDX-License-Identifier: Apache-2.0 */
/* lib/uv/attach.c: what attach refuses, and what becomes of a handle whose gyre loop fails. */
#include "harness.h"

#include <errno.h>
#include <string.h>

#include "rig.h"

static unsigned failed;
static int fail_status;

START_TEST(options_are_checked)
{
	struct gyre_uv_options options = GYRE_UV_OPTIONS_INIT;
	struct gyre_error error = {0, ""};
	struct {
		struct gyre_uv_options known;
		uint64_t unknown;
	} larger = {GYRE_UV_OPTIONS_INIT, 1};

	ck_assert_uint_eq(options.size, sizeof(options));
	ck_assert_uint_eq(options.slice_turns, 64);
	ck_assert_uint_eq(options.slice_nsec, GYRE_USEC(100));
	options.error = &error;
	options.slice_turns = 0;
	ck_assert_int_eq(gyre_uv_attach(&rig.uv, rig.loop, &options, &rig.handle), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "slice_turns"));
	options.size = 4;
	ck_assert_int_eq(gyre_uv_attach(&rig.uv, rig.loop, &options, &rig.handle), -EINVAL);
	larger.known.size = sizeof(larger);
	larger.known.error = &error;
	ck_assert_int_eq(gyre_uv_attach(&rig.uv, rig.loop, &larger.known, &rig.handle), -E2BIG);
	larger.unknown = 0;
	ck_assert_int_eq(gyre_uv_attach(&rig.uv, rig.loop, &larger.known, &rig.handle), 0);
	rig_close_and_run();
}
END_TEST

START_TEST(a_loop_is_attached_once)
{
	struct gyre_uv_options options = GYRE_UV_OPTIONS_INIT;
	struct gyre_error error = {0, ""};
	static struct gyre_uv second;

	options.error = &error;
	rig_attach(NULL);
	ck_assert_int_eq(gyre_uv_attach(&rig.uv, rig.loop, &options, &second), -EEXIST);
	ck_assert_int_eq(error.code, -EEXIST);
	ck_assert_str_ne(error.text, "");
	rig_spawn(rig_sleep_thrice, &rig.runs, false);
	gyre_uv_start(&rig.handle);
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.runs, 3); /* the first is as it was */
	rig_close_and_run();
}
END_TEST

static struct gyre_uv first;

/* Between the other handle's prepare and the sleep. */
static void start_the_first(uv_prepare_t *prepare)
{
	(void)prepare;
	ck_assert_int_eq(gyre_uv_start(&first), -EEXIST);
	ck_assert(!gyre_uv_is_active(&first));
}

START_TEST(a_second_handle_leaves_the_sleep_of_the_active_one_alone)
{
	uv_prepare_t prepare;

	ck_assert_int_eq(gyre_uv_attach(&rig.uv, rig.loop, NULL, &first), 0);
	gyre_uv_stop(&first);
	rig_spawn(rig_sleep_thrice, &rig.runs, false);
	uv_prepare_init(&rig.uv, &prepare);
	/* The last that was started is called first. */
	uv_prepare_start(&prepare, start_the_first);
	uv_unref((uv_handle_t *)&prepare);
	rig_attach(NULL);
	uv_ref((uv_handle_t *)&rig.watchdog);
	while (rig.runs < 3)
		uv_run(&rig.uv, UV_RUN_ONCE);
	uv_unref((uv_handle_t *)&rig.watchdog);
	uv_close((uv_handle_t *)&prepare, NULL);
	gyre_uv_close(&first, NULL);
	rig_close_and_run();
}
END_TEST

static void attach_inside(struct gyre_post *post)
{
	(void)post;
	ck_assert_int_eq(gyre_uv_attach(&rig.uv, rig.loop, NULL, &rig.handle), -EBUSY);
	rig.runs++;
}

START_TEST(a_running_loop_is_not_attached)
{
	struct gyre_post post = {.fn = attach_inside};

	gyre_loop_post(rig.loop, &post);
	gyre_loop_run(rig.loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(rig.runs, 1);
}
END_TEST

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	return 0;
}

static const char *const nexts[] = {"nowhere"};
static const struct gyre_node_class broken_class = {.name = "broken",
	.kind = GYRE_NODE_INPUT,
	.poll = poll_nothing,
	.nexts = nexts,
	.n_nexts = 1};

static struct gyre_node_id broken;

static void failing(struct gyre_uv *which, int status)
{
	ck_assert_ptr_eq(which, &rig.handle);
	ck_assert(!gyre_uv_is_active(which));
	fail_status = status;
	failed++;
	if (which->data) {
		gyre_uv_close(which, rig_count_closed);
		ck_assert_int_eq(gyre_loop_destroy(rig.loop), 0);
		rig.loop = NULL;
	}
}

static void attach_broken(gyre_uv_fail_fn *fn)
{
	struct gyre_uv_options options = GYRE_UV_OPTIONS_INIT;

	options.fail = fn;
	ck_assert_int_eq(gyre_node_add(rig.loop, &broken_class, "broken", NULL, &broken), 0);
	ck_assert_int_eq(gyre_uv_attach(&rig.uv, rig.loop, &options, &rig.handle), 0);
	gyre_loop_ref(rig.loop);
	gyre_uv_start(&rig.handle);
	rig_run_to_the_end();
}

START_TEST(a_graph_that_cannot_be_built_stops_the_handle)
{
	attach_broken(failing);
	ck_assert_uint_eq(failed, 1);
	ck_assert_int_lt(fail_status, 0);
	gyre_loop_unref(rig.loop);
	ck_assert_int_eq(gyre_node_del(rig.loop, broken), 0);
	rig_spawn(rig_sleep_thrice, &rig.runs, false);
	ck_assert_int_eq(gyre_uv_start(&rig.handle), 0); /* mended */
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.runs, 3);
	rig_close_and_run();
}
END_TEST

START_TEST(the_fail_callback_may_end_it_all)
{
	rig.handle.data = &failed;
	attach_broken(failing);
	ck_assert_uint_eq(failed, 1);
	ck_assert_uint_eq(rig.closed, 1);
}
END_TEST

START_TEST(without_a_fail_callback_it_stops)
{
	attach_broken(NULL);
	ck_assert(!gyre_uv_is_active(&rig.handle));
	rig_close_and_run();
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("attach, errors");
	TCase *errors = tcase_create("errors");

	tcase_add_checked_fixture(errors, rig_setup, rig_teardown);
	tcase_add_test(errors, options_are_checked);
	tcase_add_test(errors, a_loop_is_attached_once);
	tcase_add_test(errors, a_second_handle_leaves_the_sleep_of_the_active_one_alone);
	tcase_add_test(errors, a_running_loop_is_not_attached);
	tcase_add_test(errors, a_graph_that_cannot_be_built_stops_the_handle);
	tcase_add_test(errors, the_fail_callback_may_end_it_all);
	tcase_add_test(errors, without_a_fail_callback_it_stops);
	suite_add_tcase(suite, errors);
	return suite;
}
