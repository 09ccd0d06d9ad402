/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gyre/uv.h: a gyre loop inside the uv_loop_t of a host, on the host's thread. libgyre-uv, which
 * needs libuv alone.
 *
 * By libuv's rules: the handle is the caller's memory, from attach to the callback of its close; it
 * keeps the uv loop alive while it is active, referenced, and its gyre loop is alive, so that
 * uv_run() returns by itself when there is nothing more to do; it may be stopped, started and
 * closed in any callback, those of the gyre loop included.
 *
 * While the gyre loop has work, or an enabled input to poll, each iteration of the uv loop gives it
 * one slice, after the host's own I/O: that is how long it delays the host, and the iteration does
 * not sleep. Else the uv loop sleeps as long as both of them may, to the nanosecond. The host's
 * callbacks may start timers, spawn, inject and signal at any time: nothing is missed, whatever the
 * order of the callbacks.
 *
 * Everything here is called on the uv loop's thread, and does not suspend. Errors are negative
 * errno, as libuv's own are.
 */
#ifndef GYRE_UV_H
#define GYRE_UV_H

#include <gyre/loop.h>
#include <uv.h>

GYRE_BEGIN_DECLS

struct gyre_uv;
typedef void gyre_uv_close_fn(struct gyre_uv *handle);
/* A slice failed with `status`, a negative errno of gyre_loop_run(), as when the graph cannot be
 * built (the loop's log has the text). The handle was stopped; fn may close it, or mend the loop
 * and start it again. */
typedef void gyre_uv_fail_fn(struct gyre_uv *handle, int status);

struct gyre_uv_options {
	size_t size;
	unsigned slice_turns; /* most turns of a slice, >= 1. 64 */
	uint64_t slice_nsec; /* a slice begins no turn later; 0: no limit. 100 us */
	gyre_uv_fail_fn *fail; /* NULL: the handle stops, that is all */
	struct gyre_error *error; /* text of a failed attach. NULL */
};

/* One gyre loop inside one uv loop. All fields but data are private. */
struct gyre_uv {
	void *data; /* the caller's; attach leaves it alone */
	struct gyre_loop *loop;
	gyre_uv_fail_fn *fail;
	gyre_uv_close_fn *close;
	struct gyre_slice slice;
	uv_prepare_t prepare; /* before the sleep; carries the reference to the uv loop */
	uv_poll_t poll; /* ends the sleep */
	uv_check_t check; /* after it: the slice */
	uv_idle_t idle; /* active: no sleep */
	unsigned closing; /* handles that are not closed yet */
	bool active, unref;
};

/* Fills *options with the defaults; `size` is sizeof *options of the caller's header. Any thread.
 */
GYRE_API void gyre_uv_options_init(struct gyre_uv_options *options, size_t size);

static inline struct gyre_uv_options gyre__uv_options_default(void)
{
	struct gyre_uv_options options;

	gyre_uv_options_init(&options, sizeof(options));
	return options;
}
#define GYRE_UV_OPTIONS_INIT gyre__uv_options_default()

/* Initialises *handle and starts it; what is spawned or added between that and uv_run() counts. Any
 * number of gyre loops may be inside one uv loop; both loops outlive the handle's gyre_uv_close().
 * gyre_loop_stop() ends no more than a slice from now on. `options` may be NULL. Errors, after
 * which *handle is nobody's: -EINVAL and -E2BIG (options), -EEXIST (the gyre loop is in this uv
 * loop already), -EBUSY (the gyre loop is running), and those of gyre_loop_prepare() and of
 * epoll_ctl(2): -EMFILE, -ENFILE, -ENOMEM, -ENOSPC. */
GYRE_API int gyre_uv_attach(uv_loop_t *uv, struct gyre_loop *loop,
	const struct gyre_uv_options *options, struct gyre_uv *handle);

/* The gyre loop gets turns again. The uv loop is kept for one iteration at least, in which it is
 * looked at whether the gyre loop is alive: so start an active handle again when the uv loop has
 * ended and the gyre loop got more to do. Errors: -EINVAL (it is closing), -EEXIST
 * (another handle of the gyre loop was started meanwhile), and those of gyre_loop_prepare(): the
 * handle stays stopped. */
GYRE_API int gyre_uv_start(struct gyre_uv *handle);
/* The gyre loop gets no turn from now on, and does not keep the uv loop alive. Returns 0. */
GYRE_API int gyre_uv_stop(struct gyre_uv *handle);

/* Whether an active handle keeps the uv loop alive as long as its gyre loop is: after attach it
 * does. As uv_ref(): twice is once. */
GYRE_API void gyre_uv_ref(struct gyre_uv *handle);
GYRE_API void gyre_uv_unref(struct gyre_uv *handle);
GYRE_API int gyre_uv_has_ref(const struct gyre_uv *handle);

/* As uv_is_active() and uv_is_closing(). */
GYRE_API int gyre_uv_is_active(const struct gyre_uv *handle);
GYRE_API int gyre_uv_is_closing(const struct gyre_uv *handle);

/* Stops the handle for good. The gyre loop is not touched any more once this returns, but for the
 * slice that it may have been called in: it can then be destroyed, or attached anew with another
 * handle. fn(handle), which may be NULL, is called in a later phase of the uv loop; the memory is
 * the caller's again. To be called once, and before the gyre loop is destroyed. uv_walk() shows the
 * handles of libuv that this one is made of: close this one first. */
GYRE_API void gyre_uv_close(struct gyre_uv *handle, gyre_uv_close_fn *fn);

GYRE_END_DECLS

#endif
