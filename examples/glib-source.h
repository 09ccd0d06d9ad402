/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gyre loop inside a GMainContext, as a GSource: to be copied into a program that has a GLib main
 * loop.
 *
 *	GSource *source = glib_source_new(loop);
 *
 *	g_source_attach(source, NULL);
 *	g_main_loop_run(main_loop);
 *	g_source_destroy(source);
 *	g_source_unref(source);
 *	gyre_loop_destroy(loop);
 *
 * Priority, context and life are those of any other source; the program's own sources of the same
 * or a higher priority wait for one slice at most. The main loop sleeps whenever the gyre loop has
 * no work and nothing to poll.
 */
#ifndef EXAMPLES_GLIB_SOURCE_H
#define EXAMPLES_GLIB_SOURCE_H

#include <glib.h>
#include <gyre.h>

/* When a slice failed with a negative errno, as gyre_loop_run() does. The source is destroyed. */
typedef void glib_source_failed(struct gyre_loop *loop, int status, gpointer data);

/* The source is the caller's, to be attached; 64 turns or 100 us a slice. The loop outlives it. */
GSource *glib_source_new(struct gyre_loop *loop);
/* Other bounds of a slice, before the source is attached. */
void glib_source_set_slice(GSource *source, unsigned turns, uint64_t nsec);
/* NULL: the source is destroyed, that is all. */
void glib_source_set_failed(GSource *source, glib_source_failed *fn, gpointer data);

#endif
