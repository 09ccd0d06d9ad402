/* SPDX-License-Identifier: Apache-2.0 */
/* A uv loop with a gyre loop to be attached, and a watchdog. */
#ifndef GYRE_TESTS_UV_RIG_H
#define GYRE_TESTS_UV_RIG_H

#include <gyre.h>
#include <gyre/uv.h>

struct rig {
	uv_loop_t uv;
	struct gyre_loop *loop;
	struct gyre_uv handle;
	unsigned runs; /* of rig_sleep_thrice() */
	unsigned closed; /* handles */
	uv_timer_t watchdog; /* after 30 s it fails the test */
};

/* One for each test. */
extern struct rig rig;

/* Fixtures. Teardown closes what is open, and sees that nothing is left. */
void rig_setup(void);
void rig_teardown(void);

/* With the defaults if options is NULL. */
void rig_attach(const struct gyre_uv_options *options);
/* Until nothing keeps the uv loop. */
void rig_run_to_the_end(void);
void rig_close_and_run(void);
void rig_count_closed(struct gyre_uv *handle);

void rig_spawn(gyre_process_fn *fn, void *arg, bool daemon);
/* Adds 1 to the unsigned at arg after each of three sleeps of 2 ms. */
int rig_sleep_thrice(struct gyre_process *self, void *arg);

#endif
