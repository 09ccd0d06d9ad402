/* SPDX-License-Identifier: Apache-2.0 */
/* examples/glib-source.c: a main loop inside one of the gyre loop's callbacks, and what fails. */
#include "harness.h"

#include "examples/glib-source.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static GMainContext *context;
static GSource *source;
static struct gyre_loop *loop;
static unsigned polls, polls_inside, seen, failed;
static int full_fd;
static bool over;

static gint count_polls(GPollFD *fds, guint n, gint timeout)
{
	polls++;
	return g_poll(fds, n, timeout);
}

static void setup(void)
{
	polls = seen = failed = 0;
	over = false;
	context = g_main_context_new();
	g_main_context_set_poll_func(context, count_polls);
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	source = glib_source_new(loop);
	g_source_attach(source, context);
}

static void teardown(void)
{
	g_source_destroy(source);
	g_source_unref(source);
	g_main_context_unref(context);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}

static gboolean end(gpointer data)
{
	(void)data;
	over = true;
	return G_SOURCE_REMOVE;
}

static void run_for(guint msec)
{
	GSource *timeout = g_timeout_source_new(msec);

	over = false;
	g_source_set_callback(timeout, end, NULL, NULL);
	g_source_attach(timeout, context);
	while (!over)
		g_main_context_iteration(context, TRUE);
	g_source_unref(timeout);
}

static void on_fd(struct gyre_watch *watch, uint32_t events)
{
	(void)events;
	seen++;
	gyre_watch_del(watch);
}

static void run_inside(struct gyre_post *post)
{
	static struct gyre_watch watch;

	(void)post;
	ck_assert_int_eq(gyre_watch_add(loop, &watch, full_fd, EPOLLIN, on_fd), 0);
	polls = 0;
	run_for(100);
	polls_inside = polls;
	ck_assert_uint_eq(seen, 0);
}

/* The loop's fd is readable all that time; the loop has its turn afterwards. */
START_TEST(a_main_loop_inside_a_callback_sleeps)
{
	struct gyre_post post = {.fn = run_inside};

	full_fd = eventfd(1, EFD_CLOEXEC);
	gyre_loop_post(loop, &post);
	run_for(10);
	ck_assert_uint_ge(polls_inside, 1);
	ck_assert_uint_lt(polls_inside, 20);
	ck_assert(!g_source_is_destroyed(source));
	while (!seen)
		g_main_context_iteration(context, TRUE);
	close(full_fd);
}
END_TEST

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node, (void)max;
	return 0;
}

static void on_failure(struct gyre_loop *which, int status, gpointer data)
{
	ck_assert_ptr_eq(which, loop);
	ck_assert_int_lt(status, 0);
	++*(unsigned *)data;
}

START_TEST(a_graph_that_cannot_be_built_destroys_the_source)
{
	static const char *const nexts[] = {"nobody"};
	static const struct gyre_node_class lost = {.name = "lost",
		.kind = GYRE_NODE_INPUT,
		.poll = poll_nothing,
		.nexts = nexts,
		.n_nexts = 1};

	glib_source_set_failed(source, on_failure, &failed);
	ck_assert_int_eq(gyre_node_add(loop, &lost, "lost", NULL, NULL), 0);
	run_for(20);
	ck_assert_uint_eq(failed, 1);
	ck_assert(g_source_is_destroyed(source));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("glib-source");
	TCase *tcase = tcase_create("glib-source");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_main_loop_inside_a_callback_sleeps);
	tcase_add_test(tcase, a_graph_that_cannot_be_built_destroys_the_source);
	suite_add_tcase(suite, tcase);
	return suite;
}
