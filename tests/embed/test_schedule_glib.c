/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random schedules through examples/glib-source.c, touched in the dispatch of a source and in the
 * prepare of one ahead of ours and of one behind.
 */
#include "harness.h"

#include "examples/glib-source.h"
#include <glib-unix.h>
#include "schedule.h"

struct place {
	GSource base;
	unsigned place;
};

static GMainContext *context;
static GSource *sources[4];
static bool over;

static gboolean on_fd(gint fd, GIOCondition condition, gpointer data)
{
	(void)fd, (void)condition, (void)data;
	schedule_fd_ready();
	return G_SOURCE_CONTINUE;
}

static gboolean on_prepare(GSource *base, gint *timeout)
{
	*timeout = -1;
	schedule_place(((struct place *)base)->place);
	return FALSE;
}

static gboolean on_nothing(GSource *base, GSourceFunc callback, gpointer data)
{
	(void)base, (void)callback, (void)data;
	return G_SOURCE_CONTINUE;
}

static GSource *place_source(unsigned place)
{
	static GSourceFuncs functions = {.prepare = on_prepare, .dispatch = on_nothing};
	GSource *source = g_source_new(&functions, sizeof(struct place));

	((struct place *)source)->place = place;
	return source;
}

/* Sources of one priority are prepared in the order in which they were attached. */
static void open_host(struct gyre_loop *loop, int wake_fd)
{
	over = false;
	context = g_main_context_new();
	sources[0] = place_source(1);
	sources[1] = glib_source_new(loop);
	sources[2] = place_source(2);
	sources[3] = g_unix_fd_source_new(wake_fd, G_IO_IN);
	g_source_set_callback(sources[3], (GSourceFunc)(void (*)(void))on_fd, NULL, NULL);
	for (unsigned i = 0; i < 4; i++)
		g_source_attach(sources[i], context);
}

static void run_host(void)
{
	while (!over)
		g_main_context_iteration(context, TRUE);
}

static void end_host(void)
{
	over = true;
}

static void close_host(void)
{
	for (unsigned i = 0; i < 4; i++) {
		g_source_destroy(sources[i]);
		g_source_unref(sources[i]);
	}
	g_main_context_unref(context);
}

static void iterate_host(void)
{
	g_main_context_iteration(context, FALSE);
}

static const struct schedule_host host = {.name = "GLib",
	.places = 3,
	.open = open_host,
	.run = run_host,
	.over = end_host,
	.close = close_host,
	.iterate = iterate_host};

Suite *gyre_test_suite(void)
{
	return schedule_suite(&host);
}
