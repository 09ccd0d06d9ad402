/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/spawn.c: bad options are named and leave nothing behind; a new process has nothing of
 * the one whose block it got.
 */
#include "harness.h"

#include "fixture.h"
#include "sched/process.h"

#include <errno.h>
#include <string.h>

static struct fixture f;

static void setup(void)
{
	fixture_open(&f, 0);
}

static int nothing(struct gyre_process *self, void *arg)
{
	(void)self;
	(void)arg;
	return 0;
}

static void expect_bad(
	gyre_process_fn *fn, struct gyre_process_options options, int err, const char *text)
{
	struct gyre_process_id id = {NULL, 7, 7};
	struct gyre_error error = {0, ""};

	options.error = &error;
	ck_assert_int_eq(gyre_process_spawn(&f.loop, fn, NULL, &options, &id), err);
	ck_assert_int_eq(error.code, err);
	ck_assert_msg(strstr(error.text, text), "'%s' is not in '%s'", text, error.text);
	ck_assert_uint_eq(id.index, 7);
	ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), 0);
	/* Nor does it need somebody to tell. */
	options.error = NULL;
	ck_assert_int_eq(gyre_process_spawn(&f.loop, fn, NULL, &options, NULL), err);
}

START_TEST(bad_options_are_named)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;

	options.name = "victim";
	expect_bad(NULL, options, -EINVAL, "'victim': fn is NULL");
	options.stack_size = (16 << 10) - 1;
	expect_bad(nothing, options, -EINVAL, "stack_size 16383");
	options.stack_size = (64u << 20) + 1;
	expect_bad(nothing, options, -EINVAL, "stack_size 67108865");
	options.stack_size = 0;
	options.message_max = 65536;
	expect_bad(nothing, options, -EINVAL, "message_max 65536");
	fixture_close(&f);
}
END_TEST

START_TEST(sizes_of_options_are_checked)
{
	struct {
		struct gyre_process_options known;
		uint64_t later;
	} options = {.known = GYRE_PROCESS_OPTIONS_INIT};
	struct gyre_error error = {0, ""};

	options.known.size = sizeof(options.known) - 1;
	ck_assert_int_eq(gyre_process_spawn(&f.loop, nothing, NULL, &options.known, NULL), -EINVAL);
	options.known.size = sizeof(options);
	options.known.error = &error;
	ck_assert_int_eq(gyre_process_spawn(&f.loop, nothing, NULL, &options.known, NULL), 0);
	options.later = 1;
	ck_assert_int_eq(gyre_process_spawn(&f.loop, nothing, NULL, &options.known, NULL), -E2BIG);
	ck_assert_int_eq(error.code, -E2BIG);
	gyre_process_options_init(&options.known, sizeof(options));
	ck_assert_uint_eq(options.known.size, sizeof(options));
	ck_assert_uint_eq(options.later, 0);
	ck_assert_uint_eq(options.known.message_max, 64);
	fixture_close(&f);
}
END_TEST

START_TEST(process_max_is_kept)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	struct gyre_error error = {0, ""};

	options.error = &error;
	options.name = NULL;
	for (int i = 0; i < 64; i++)
		ck_assert_int_eq(gyre_process_spawn(&f.loop, nothing, NULL, &options, NULL), 0);
	ck_assert_int_eq(gyre_process_spawn(&f.loop, nothing, NULL, &options, NULL), -EAGAIN);
	ck_assert_ptr_nonnull(strstr(error.text, "process_max, 64"));
	fixture_settle(&f, 5);
	ck_assert_int_eq(gyre_process_spawn(&f.loop, nothing, NULL, &options, NULL), 0);
	fixture_close(&f);
}
END_TEST

static int busy(struct gyre_process *self, void *arg)
{
	uint32_t events;

	(void)arg;
	f.now += 1000;
	gyre_process_signal(gyre_process_id(self), GYRE_EVENT(3));
	gyre_process_signal(gyre_process_id(self), GYRE_EVENT(3));
	gyre_process_sleep(self, 1);
	return gyre_process_wait(self, GYRE_EVENT(5), GYRE_FOREVER, &events);
}

START_TEST(a_used_block_is_as_new)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	static struct gyre_process_stats empty = {
		.state = GYRE_PROCESS_READY}; /* zero, its padding, too */
	struct gyre_process_stats stats;
	struct gyre_process_id old, id;

	options.name = "a-long-name-for-the-first";
	ck_assert_int_eq(gyre_process_spawn(&f.loop, busy, NULL, &options, &old), 0);
	fixture_settle(&f, 5);
	fixture_settle_at(&f, f.now + 5000);
	gyre_process_cancel(old);
	fixture_settle(&f, 5);
	options.name = "b";
	options.daemon = true;
	ck_assert_int_eq(gyre_process_spawn(&f.loop, nothing, NULL, &options, &id), 0);
	ck_assert_uint_eq(id.index, old.index);
	ck_assert(!gyre_process_canceled(gyre__process_find(id)));
	ck_assert_int_eq(gyre_process_stats_get(id, &stats), 0);
	empty.id = id;
	strcpy(empty.name, "b");
	empty.daemon = true;
	empty.deadline = GYRE_FOREVER;
	empty.stack_size = stats.stack_size;
	empty.stack_used = stats.stack_used;
	ck_assert_mem_eq(&stats, &empty, sizeof(stats));
	fixture_close(&f);
}
END_TEST

START_TEST(stacks_are_as_big_as_asked)
{
	static const size_t sizes[] = {0, 16 << 10, (16 << 10) + 1, 100000, 64 << 20};
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct gyre_process_stats stats;
		struct gyre_process_id id;

		options.stack_size = sizes[i];
		ck_assert_int_eq(gyre_process_spawn(&f.loop, nothing, NULL, &options, &id), 0);
		ck_assert_int_eq(gyre_process_stats_get(id, &stats), 0);
		ck_assert_uint_ge(stats.stack_size, sizes[i] ? sizes[i] : 64 << 10);
	}
	fixture_close(&f);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("spawn");
	TCase *tcase = tcase_create("spawn");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, bad_options_are_named);
	tcase_add_test(tcase, sizes_of_options_are_checked);
	tcase_add_test(tcase, process_max_is_kept);
	tcase_add_test(tcase, a_used_block_is_as_new);
	tcase_add_test(tcase, stacks_are_as_big_as_asked);
	suite_add_tcase(suite, tcase);
	return suite;
}
