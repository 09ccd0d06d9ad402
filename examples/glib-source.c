/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gyre loop as a GSource. Owns nothing: the struct is GLib's, the loop its owner's. Called by
 * GLib, in the order prepare, poll(2), dispatch, and it looks at the fd in between by itself; calls
 * the loop's embedding functions.
 * Invariant: prepare lets the main loop sleep only after the gyre loop was told so, and whatever
 * brings it work from then on, other sources' callbacks too, makes its fd readable.
 */
#include "glib-source.h"

#include <errno.h>

struct glib_source {
	GSource base; /* first: a GSource * is a struct glib_source * */
	struct gyre_loop *loop;
	struct gyre_slice slice;
	gpointer fd; /* GLib's name of the loop's fd in this source */
	bool listens; /* to it */
	glib_source_failed *failed;
	gpointer data;
};

/* Only from one to the other: each change wakes GLib. */
static void listen_to_fd(struct glib_source *source, bool listens)
{
	if (listens != source->listens)
		g_source_modify_unix_fd(&source->base, source->fd, listens ? G_IO_IN : 0);
	source->listens = listens;
}

/* TRUE: do not sleep, dispatch. A loop that is busy waits for one of its own callbacks, which runs
 * a main loop for itself: that one is not for its fd to wake. Other errors are told by the slice,
 * which fails for the same reason. */
static gboolean prepare(GSource *base, gint *timeout)
{
	struct glib_source *source = (struct glib_source *)base;
	int status = gyre_loop_prepare(source->loop, NULL);

	*timeout = -1; /* the fd ends the sleep, to the nanosecond */
	listen_to_fd(source, status != -EBUSY);
	return status != 0 && status != -EBUSY;
}

static gboolean dispatch(GSource *base, GSourceFunc callback, gpointer data)
{
	struct glib_source *source = (struct glib_source *)base;
	int status;

	(void)callback, (void)data;
	source->slice.fd_ready = g_source_query_unix_fd(base, source->fd) != 0;
	status = gyre_loop_run_slice(source->loop, &source->slice);
	if (status >= 0 || status == -EBUSY)
		return G_SOURCE_CONTINUE;
	if (source->failed)
		source->failed(source->loop, status, source->data);
	return G_SOURCE_REMOVE;
}

GSource *glib_source_new(struct gyre_loop *loop)
{
	static GSourceFuncs functions = {.prepare = prepare, .dispatch = dispatch};
	GSource *base = g_source_new(&functions, sizeof(struct glib_source));
	struct glib_source *source = (struct glib_source *)base;

	source->loop = loop;
	source->slice = (struct gyre_slice){.turns = 64, .nsec = GYRE_USEC(100)};
	source->fd = g_source_add_unix_fd(base, gyre_loop_fd(loop), G_IO_IN);
	source->listens = true;
	/* Else GLib takes the fd out before each dispatch, and wakes itself by a write after it. */
	g_source_set_can_recurse(base, TRUE);
	g_source_set_name(base, gyre_loop_name(loop));
	return base;
}

void glib_source_set_slice(GSource *base, unsigned turns, uint64_t nsec)
{
	((struct glib_source *)base)->slice = (struct gyre_slice){.turns = turns, .nsec = nsec};
}

void glib_source_set_failed(GSource *base, glib_source_failed *fn, gpointer data)
{
	struct glib_source *source = (struct glib_source *)base;

	source->failed = fn;
	source->data = data;
}
