/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of the scheduler's tests. Owns the hub, its wheel and its scheduler. Called by the tests
 * of this room. Invariant: time stands still between the steps that the test makes, so that a test
 * runs the same way each time.
 */
#include "fixture.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static uint64_t read_clock(struct gyre_clock *clock)
{
	struct fixture *f = (void *)((char *)clock - offsetof(struct fixture, clock));

	f->now += f->step;
	return f->now;
}

static void keep_line(void *arg, enum gyre_log_level level, const char *text)
{
	struct fixture *f = arg;

	(void)level;
	f->logged++;
	snprintf(f->log, sizeof(f->log), "%s", text);
}

void fixture_open(struct fixture *f, unsigned process_max)
{
	struct gyre_loop_options options = {
		.size = sizeof(options),
		.stack_size = 64 << 10,
		.process_max = process_max ? process_max : 64,
		.process_accounts = true,
	};

	memset(f, 0, sizeof(*f));
	f->now = GYRE_SEC(1);
	f->clock.read = read_clock;
	f->loop.clock = &f->clock;
	f->loop.log = keep_line;
	f->loop.log_level = GYRE_LOG_DEBUG;
	f->loop.log_arg = f;
	f->loop.now = f->now;
	ck_assert_int_eq(gyre__postbox_init(&f->loop.posts, &f->loop), 0);
	ck_assert_int_eq(gyre__wheel_create(f->now, &f->loop.wheel), 0);
	ck_assert_int_eq(gyre__sched_create(&f->loop, &options, &f->loop.sched), 0);
	gyre__loop_enter(&f->loop);
}

void fixture_close(struct fixture *f)
{
	gyre__sched_cancel_all(f->loop.sched);
	for (int i = 0; i < 1000 && gyre__sched_alive(f->loop.sched); i++)
		fixture_turn(f);
	while (gyre__post_run(&f->loop.posts, 256))
		;
	gyre__sched_destroy(f->loop.sched);
	gyre__wheel_destroy(f->loop.wheel);
	gyre__postbox_fini(&f->loop.posts);
	gyre__loop_enter(NULL);
}

unsigned fixture_turn(struct fixture *f)
{
	f->loop.now = gyre__clock_read(&f->clock);
	gyre__post_run(&f->loop.posts, 256);
	gyre__wheel_expire(f->loop.wheel, f->loop.now, 256);
	gyre__sched_wake(f->loop.sched, f->loop.now, 256);
	return fixture_run(f, GYRE_SEC(1));
}

unsigned fixture_run(struct fixture *f, uint64_t budget)
{
	f->loop.clock_at = 0;
	return gyre__sched_run(f->loop.sched, budget);
}

unsigned fixture_settle(struct fixture *f, unsigned most)
{
	unsigned turns = 0;

	while (turns < most) {
		turns++;
		if (!fixture_turn(f) && !gyre__post_pending(&f->loop.posts) &&
			!gyre__wheel_due(f->loop.wheel, f->loop.now) &&
			!gyre__sched_due(f->loop.sched, f->loop.now))
			break;
	}
	return turns;
}

void fixture_settle_at(struct fixture *f, uint64_t now)
{
	f->now = now;
	fixture_settle(f, 1000);
}

struct gyre_process_id fixture_spawn(
	struct fixture *f, const char *name, gyre_process_fn *fn, void *arg)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	struct gyre_process_id id;

	options.name = name;
	options.joinable = true;
	ck_assert_int_eq(gyre_process_spawn(&f->loop, fn, arg, &options, &id), 0);
	return id;
}
