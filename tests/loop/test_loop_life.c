/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/loop.c, the life of a loop: what may be done inside a run, what a failed build leaves, and
 * what destroy gives everybody the time for.
 */
#include "harness.h"

#include <errno.h>
#include <gyre.h>
#include <stdio.h>
#include <string.h>

static struct gyre_loop *loop;
static unsigned posts;

static void setup(void)
{
	posts = 0;
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	return 0;
}

static gyre_next sink(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

static const char *const to_sink[] = {"sink"};
static const struct gyre_node_class input_class = {.name = "input",
	.kind = GYRE_NODE_INPUT,
	.poll = poll_nothing,
	.nexts = to_sink,
	.n_nexts = 1};
static const struct gyre_node_class sink_class = {
	.name = "sink", .kind = GYRE_NODE_OUTPUT, .process = sink};

static int says_where(struct gyre_process *self, void *arg)
{
	gyre_process_sleep(self, GYRE_SEC(1000));
	*(struct gyre_loop **)arg = gyre_loop_current();
	return 0;
}

/* A loop of its own, run and destroyed inside the other's turn. */
static void nest(struct gyre_post *post)
{
	struct gyre_loop *inner, *at_end = NULL;

	(void)post;
	ck_assert_int_eq(gyre_loop_create(NULL, &inner), 0);
	ck_assert_int_eq(gyre_process_spawn(inner, says_where, &at_end, NULL, NULL), 0);
	ck_assert_int_eq(gyre_loop_run(inner, GYRE_RUN_NOWAIT), 1);
	ck_assert_ptr_eq(gyre_loop_current(), loop);
	ck_assert_int_eq(gyre_loop_destroy(inner), 0);
	ck_assert_ptr_eq(at_end, inner);
	ck_assert_ptr_eq(gyre_loop_current(), loop);
	posts++;
}

START_TEST(loops_nest)
{
	struct gyre_post post = {.fn = nest};

	gyre_loop_post(loop, &post);
	gyre_loop_run(loop, GYRE_RUN_DEFAULT);
	ck_assert_uint_eq(posts, 1);
}
END_TEST

static void nested_run(struct gyre_post *post)
{
	(void)post;
	ck_assert_ptr_eq(gyre_loop_current(), loop);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_NOWAIT), -EBUSY);
	ck_assert_int_eq(gyre_loop_destroy(loop), -EBUSY);
	posts++;
}

START_TEST(a_running_loop_is_busy)
{
	struct gyre_post post = {.fn = nested_run};

	gyre_loop_post(loop, &post);
	gyre_loop_run(loop, GYRE_RUN_DEFAULT);
	ck_assert_uint_eq(posts, 1);
	ck_assert_ptr_null(gyre_loop_current());
}
END_TEST

static void keep_line(void *arg, enum gyre_log_level level, const char *text)
{
	(void)level;
	snprintf(arg, 200, "%s", text);
}

/* A loop whose log's last line is in `line`, of 200 bytes. */
static struct gyre_loop *logged_loop(char *line)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_loop *logged;

	line[0] = 0;
	options.log = keep_line;
	options.log_arg = line;
	options.name = "logged";
	ck_assert_int_eq(gyre_loop_create(&options, &logged), 0);
	return logged;
}

START_TEST(a_graph_that_cannot_be_built_is_an_error_and_a_log_line)
{
	char line[200];
	struct gyre_loop *logged = logged_loop(line);

	ck_assert_int_eq(gyre_node_add(logged, &input_class, "input", NULL, NULL), 0);
	ck_assert_int_eq(gyre_loop_run(logged, GYRE_RUN_NOWAIT), -ENOENT);
	ck_assert_ptr_nonnull(strstr(line, "logged: "));
	ck_assert_ptr_nonnull(strstr(line, "sink"));
	ck_assert_int_eq(gyre_node_add(logged, &sink_class, "sink", NULL, NULL), 0);
	ck_assert_int_eq(gyre_loop_run(logged, GYRE_RUN_NOWAIT), 1);
	ck_assert_int_eq(gyre_loop_destroy(logged), 0);
}
END_TEST

static int ignores_the_end(struct gyre_process *self, void *arg)
{
	(void)arg;
	for (;;)
		gyre_process_yield(self);
	return 0;
}

START_TEST(a_line_above_the_loops_level_is_not_logged)
{
	char line[200];
	struct gyre_loop *logged;

	for (int level = GYRE_LOG_ERROR; level <= GYRE_LOG_WARNING; level++) {
		logged = logged_loop(line);
		ck_assert_int_eq(gyre_loop_log_level(logged), GYRE_LOG_DEBUG);
		gyre_loop_log_level_set(logged, (enum gyre_log_level)level);
		ck_assert_int_eq(gyre_process_spawn(logged, ignores_the_end, NULL, NULL, NULL), 0);
		gyre_loop_run(logged, GYRE_RUN_NOWAIT);
		ck_assert_int_eq(gyre_loop_destroy(logged), 0); /* abandons it: a warning */
		ck_assert_int_eq(line[0] != 0, level == GYRE_LOG_WARNING);
	}
}
END_TEST

static int cleans_up(struct gyre_process *self, void *arg)
{
	while (gyre_process_sleep(self, GYRE_SEC(1000)) == 0)
		;
	*(bool *)arg = true;
	return 0;
}

static void free_me(struct gyre_post *post)
{
	(void)post;
	posts++;
}

START_TEST(destroy_lets_processes_clean_up_and_runs_posts)
{
	struct gyre_post post = {.fn = free_me};
	struct gyre_loop *short_lived;
	bool cleaned = false;

	ck_assert_int_eq(gyre_loop_create(NULL, &short_lived), 0);
	ck_assert_int_eq(gyre_process_spawn(short_lived, cleans_up, &cleaned, NULL, NULL), 0);
	gyre_loop_run(short_lived, GYRE_RUN_NOWAIT);
	gyre_loop_post(short_lived, &post);
	ck_assert_int_eq(gyre_loop_destroy(short_lived), 0);
	ck_assert(cleaned);
	ck_assert_uint_eq(posts, 1);
	ck_assert_int_eq(gyre_loop_destroy(NULL), 0);
}
END_TEST

/* Of 17 yields of a canceled process one suspends. */
static int listens_late(struct gyre_process *self, void *arg)
{
	unsigned *left = arg;

	for (; *left; --*left)
		gyre_process_yield(self);
	return 0;
}

START_TEST(destroy_is_patient_but_not_for_ever)
{
	char line[200];
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	struct gyre_loop *logged = logged_loop(line);
	unsigned slow = 900 * 17, never = 1000000;

	ck_assert_int_eq(gyre_process_spawn(logged, listens_late, &slow, NULL, NULL), 0);
	gyre_loop_run(logged, GYRE_RUN_NOWAIT);
	ck_assert_int_eq(gyre_loop_destroy(logged), 0);
	ck_assert_uint_eq(slow, 0);
	ck_assert_str_eq(line, "");

	logged = logged_loop(line);
	options.name = "deaf";
	ck_assert_int_eq(gyre_process_spawn(logged, listens_late, &never, &options, NULL), 0);
	gyre_loop_run(logged, GYRE_RUN_NOWAIT);
	ck_assert_int_eq(gyre_loop_destroy(logged), 0);
	ck_assert_uint_gt(never, 0);
	ck_assert_ptr_nonnull(strstr(line, "deaf"));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("loop_life");
	TCase *tcase = tcase_create("loop_life");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, loops_nest);
	tcase_add_test(tcase, a_running_loop_is_busy);
	tcase_add_test(tcase, a_graph_that_cannot_be_built_is_an_error_and_a_log_line);
	tcase_add_test(tcase, a_line_above_the_loops_level_is_not_logged);
	tcase_add_test(tcase, destroy_lets_processes_clean_up_and_runs_posts);
	tcase_add_test(tcase, destroy_is_patient_but_not_for_ever);
	suite_add_tcase(suite, tcase);
	return suite;
}
