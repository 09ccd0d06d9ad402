/* SPDX-License-Identifier: Apache-2.0 */
/* Random schedules through gyre_uv_attach(), touched in poll, check and prepare callbacks. */
#include "harness.h"

#include <gyre/uv.h>

#include "schedule.h"

static uv_loop_t uv;
static struct gyre_uv handle;
static uv_poll_t fd;
static uv_check_t check;
static uv_prepare_t before, after; /* ours */
static bool over;

static void on_fd(uv_poll_t *which, int status, int events)
{
	(void)which, (void)status, (void)events;
	schedule_fd_ready();
}

static void on_check(uv_check_t *which)
{
	(void)which;
	schedule_place(1);
}

static void on_prepare(uv_prepare_t *which)
{
	schedule_place(which == &before ? 2 : 3);
}

/* The last one started is called first. */
static void open_host(struct gyre_loop *loop, int wake_fd)
{
	over = false;
	uv_loop_init(&uv);
	uv_prepare_init(&uv, &after);
	uv_prepare_start(&after, on_prepare);
	ck_assert_int_eq(gyre_uv_attach(&uv, loop, NULL, &handle), 0);
	uv_prepare_init(&uv, &before);
	uv_prepare_start(&before, on_prepare);
	uv_check_init(&uv, &check);
	uv_check_start(&check, on_check);
	uv_poll_init(&uv, &fd, wake_fd);
	uv_poll_start(&fd, UV_READABLE, on_fd);
}

static void run_host(void)
{
	while (!over)
		uv_run(&uv, UV_RUN_DEFAULT);
}

static void end_host(void)
{
	over = true;
	uv_stop(&uv);
}

static void close_one(uv_handle_t *one, void *arg)
{
	(void)arg;
	if (!uv_is_closing(one))
		uv_close(one, NULL);
}

static void close_host(void)
{
	gyre_uv_close(&handle, NULL);
	uv_walk(&uv, close_one, NULL);
	uv_run(&uv, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&uv), 0);
}

static void iterate_host(void)
{
	uv_run(&uv, UV_RUN_NOWAIT);
}

static const struct schedule_host host = {.name = "libuv",
	.places = 4,
	.open = open_host,
	.run = run_host,
	.over = end_host,
	.close = close_host,
	.iterate = iterate_host};

Suite *gyre_test_suite(void)
{
	return schedule_suite(&host);
}
