/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gyre loop inside a uv loop. Owns nothing: its four libuv handles are in the caller's struct.
 * Called by the host and by libuv; calls the gyre loop's embedding functions. An iteration of the
 * uv loop goes: prepare (may it sleep?), sleep on the gyre loop's fd, check (a slice, if there is
 * reason), and may it sleep at once again, for a host that sleeps outside of uv_run(). Invariant:
 * outside of a slice, an active handle either keeps the uv loop from sleeping, by `idle`, or its
 * gyre loop has been told of the sleep and ends it by its fd.
 */
#include <errno.h>
#include <gyre/uv.h>

#include "base/error.h"

static const struct gyre_uv_options defaults = {
	.size = sizeof(struct gyre_uv_options),
	.slice_turns = 64,
	.slice_nsec = GYRE_USEC(100),
};

void gyre_uv_options_init(struct gyre_uv_options *options, size_t size)
{
	gyre__options_init(options, size, &defaults, sizeof(defaults));
}

/* --- Between the two loops --- */

static void do_not_sleep(uv_idle_t *idle)
{
	(void)idle; /* that it is active is all */
}

/* Only ahead of a sleep is the uv loop let go, for a gyre loop that is not alive: until then
 * whoever comes later, after the start or in the iteration, may bring that to life. */
static void keep_alive(struct gyre_uv *handle, bool alive)
{
	if (alive && !handle->unref)
		uv_ref((uv_handle_t *)&handle->prepare);
	else
		uv_unref((uv_handle_t *)&handle->prepare);
}

/* Whether the uv loop may sleep. */
static int settle(struct gyre_uv *handle)
{
	int status = gyre_loop_prepare(handle->loop, NULL);

	if (status < 0)
		return status;
	return status ? uv_idle_start(&handle->idle, do_not_sleep) : uv_idle_stop(&handle->idle);
}

static void fail(struct gyre_uv *handle, int status)
{
	gyre_uv_stop(handle);
	if (handle->fail)
		handle->fail(handle, status);
}

/* Another prepare callback of the same iteration may still bring work: it makes the fd readable. */
static void before_sleep(uv_prepare_t *prepare)
{
	struct gyre_uv *handle = prepare->data;
	int status = settle(handle);

	keep_alive(handle, gyre_loop_alive(handle->loop));
	if (status < 0)
		fail(handle, status);
}

static void fd_ready(uv_poll_t *poll, int status, int events)
{
	struct gyre_uv *handle = poll->data;

	(void)status, (void)events;
	handle->slice.fd_ready = true;
}

/* The gyre loop's callbacks may stop or close the handle: its memory is there until the iteration's
 * end, and the gyre loop still ours. */
static int run_slice(struct gyre_uv *handle)
{
	int status = gyre_loop_run_slice(handle->loop, &handle->slice);

	handle->slice.fd_ready = false;
	if (!handle->active)
		gyre_loop_cancel(handle->loop);
	return status >= 0 && handle->active ? settle(handle) : status;
}

static void after_sleep(uv_check_t *check)
{
	struct gyre_uv *handle = check->data;
	int status = 0;

	if (handle->slice.fd_ready || uv_is_active((const uv_handle_t *)&handle->idle))
		status = run_slice(handle);
	if (!handle->active)
		return;
	if (gyre_loop_alive(handle->loop))
		keep_alive(handle, true);
	if (status < 0)
		fail(handle, status);
}

/* --- Life --- */

/* *options holds the defaults. */
static int check_options(const struct gyre_uv_options *given, struct gyre_uv_options *options)
{
	struct gyre_error *error = NULL;
	int status;

	if (given && given->size >= sizeof(*given))
		error = given->error;
	status = gyre__options_copy(
		options, sizeof(*options), given, sizeof(*options), "gyre_uv_options", error);
	if (status >= 0 && !options->slice_turns)
		status = gyre__error_set(error, -EINVAL, "gyre_uv_options: slice_turns is 0");
	return status;
}

static int init(uv_loop_t *uv, struct gyre_uv *handle)
{
	int status = uv_poll_init(uv, &handle->poll, gyre_loop_fd(handle->loop));

	if (status < 0)
		return status;
	/* These cannot fail; a handle that was initialised must be closed. */
	uv_prepare_init(uv, &handle->prepare);
	uv_check_init(uv, &handle->check);
	uv_idle_init(uv, &handle->idle);
	handle->prepare.data = handle->poll.data = handle->check.data = handle;
	handle->idle.data = handle;
	/* The fourth carries the reference. */
	uv_unref((uv_handle_t *)&handle->poll);
	uv_unref((uv_handle_t *)&handle->check);
	uv_unref((uv_handle_t *)&handle->idle);
	return 0;
}

int gyre_uv_attach(uv_loop_t *uv, struct gyre_loop *loop, const struct gyre_uv_options *given,
	struct gyre_uv *handle)
{
	struct gyre_uv_options options = defaults;
	int status = check_options(given, &options);

	if (status < 0)
		return status;
	handle->loop = loop;
	handle->fail = options.fail;
	handle->close = NULL;
	handle->slice = (struct gyre_slice){options.slice_turns, options.slice_nsec, false};
	handle->closing = 0;
	handle->active = handle->unref = false;
	/* Whatever can fail, ahead of what must then be closed. */
	status = gyre_loop_prepare(loop, NULL);
	if (status >= 0)
		status = init(uv, handle);
	if (status < 0)
		return gyre__error_set(options.error, status, "loop '%s' in a uv loop: %s",
			gyre_loop_name(loop), uv_strerror(status));
	return gyre_uv_start(handle);
}

int gyre_uv_start(struct gyre_uv *handle)
{
	int status;

	if (gyre_uv_is_closing(handle))
		return -EINVAL;
	/* First: where another handle is the active one, its sleep is not to be touched. */
	status = uv_poll_start(&handle->poll, UV_READABLE, fd_ready);
	if (status < 0)
		return status;
	handle->active = true;
	uv_prepare_start(&handle->prepare, before_sleep);
	uv_check_start(&handle->check, after_sleep);
	keep_alive(handle, true);
	/* In a slice of the gyre loop there is no settling: the slice's end does it. */
	if (gyre_loop_current() == handle->loop)
		return 0;
	status = settle(handle);
	if (status < 0)
		gyre_uv_stop(handle);
	return status;
}

int gyre_uv_stop(struct gyre_uv *handle)
{
	if (!handle->active)
		return 0;
	handle->active = handle->slice.fd_ready = false;
	uv_prepare_stop(&handle->prepare);
	uv_check_stop(&handle->check);
	uv_idle_stop(&handle->idle);
	uv_poll_stop(&handle->poll);
	gyre_loop_cancel(handle->loop);
	return 0;
}

static void reference(struct gyre_uv *handle, bool unref)
{
	handle->unref = unref;
	if (handle->active)
		keep_alive(handle, true);
}

void gyre_uv_ref(struct gyre_uv *handle)
{
	reference(handle, false);
}

void gyre_uv_unref(struct gyre_uv *handle)
{
	reference(handle, true);
}

int gyre_uv_has_ref(const struct gyre_uv *handle)
{
	return !handle->unref;
}

int gyre_uv_is_active(const struct gyre_uv *handle)
{
	return handle->active;
}

int gyre_uv_is_closing(const struct gyre_uv *handle)
{
	return uv_is_closing((const uv_handle_t *)&handle->prepare);
}

static void closed(uv_handle_t *one)
{
	struct gyre_uv *handle = one->data;

	if (--handle->closing == 0 && handle->close)
		handle->close(handle);
}

void gyre_uv_close(struct gyre_uv *handle, gyre_uv_close_fn *fn)
{
	uv_handle_t *all[] = {(uv_handle_t *)&handle->prepare, (uv_handle_t *)&handle->poll,
		(uv_handle_t *)&handle->check, (uv_handle_t *)&handle->idle};

	gyre_uv_stop(handle);
	handle->close = fn;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (uv_is_closing(all[i]))
			continue;
		handle->closing++;
		uv_close(all[i], closed);
	}
}
