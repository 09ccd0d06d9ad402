/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of handles share: see the header. */
#include "rig.h"
#include "harness.h"

struct rig rig;

static void too_late(uv_timer_t *timer)
{
	(void)timer;
	ck_abort_msg("the uv loop did not end, or nobody was woken");
}

void rig_setup(void)
{
	rig = (struct rig){.runs = 0};
	ck_assert_int_eq(uv_loop_init(&rig.uv), 0);
	ck_assert_int_eq(gyre_loop_create(NULL, &rig.loop), 0);
	uv_timer_init(&rig.uv, &rig.watchdog);
	uv_timer_start(&rig.watchdog, too_late, 30000, 0);
	uv_unref((uv_handle_t *)&rig.watchdog);
}

static void close_it(uv_handle_t *one, void *arg)
{
	(void)arg;
	if (!uv_is_closing(one))
		uv_close(one, NULL);
}

void rig_teardown(void)
{
	if (rig.handle.loop && gyre_uv_is_active(&rig.handle))
		gyre_uv_close(&rig.handle, NULL);
	uv_walk(&rig.uv, close_it, NULL);
	ck_assert_int_eq(uv_run(&rig.uv, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(uv_loop_close(&rig.uv), 0);
	ck_assert_int_eq(gyre_loop_destroy(rig.loop), 0);
}

void rig_attach(const struct gyre_uv_options *options)
{
	ck_assert_int_eq(gyre_uv_attach(&rig.uv, rig.loop, options, &rig.handle), 0);
	ck_assert(gyre_uv_is_active(&rig.handle));
	ck_assert(gyre_uv_has_ref(&rig.handle));
	ck_assert(!gyre_uv_is_closing(&rig.handle));
}

void rig_run_to_the_end(void)
{
	ck_assert_int_eq(uv_run(&rig.uv, UV_RUN_DEFAULT), 0);
}

void rig_count_closed(struct gyre_uv *handle)
{
	(void)handle;
	rig.closed++;
}

void rig_close_and_run(void)
{
	gyre_uv_close(&rig.handle, rig_count_closed);
	rig_run_to_the_end();
	ck_assert_uint_eq(rig.closed, 1);
}

int rig_sleep_thrice(struct gyre_process *self, void *arg)
{
	for (int i = 0; i < 3; i++)
		if (gyre_process_sleep(self, GYRE_MSEC(2)) == 0)
			++*(unsigned *)arg;
	return 0;
}

void rig_spawn(gyre_process_fn *fn, void *arg, bool daemon)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;

	options.daemon = daemon;
	ck_assert_int_eq(gyre_process_spawn(rig.loop, fn, arg, &options, NULL), 0);
}
