/* SPDX-License-Identifier: Apache-2.0 */
/* What tests/loop/threaded.h describes. */
#include "threaded.h"

#include "harness.h"

void threaded_open(struct threaded *threaded)
{
	struct gyre_loop_options named = GYRE_LOOP_OPTIONS_INIT;

	named.name = "the-loop-of-the-thread";
	ck_assert_int_eq(gyre_loop_create(&named, &threaded->loop), 0);
	threaded->error = (struct gyre_error){0, ""};
	threaded->options = GYRE_THREAD_OPTIONS_INIT;
	threaded->options.error = &threaded->error;
}

void threaded_close(struct threaded *threaded)
{
	ck_assert_int_eq(gyre_loop_destroy(threaded->loop), 0);
}

struct gyre_thread *threaded_start(struct threaded *threaded)
{
	struct gyre_thread *thread = NULL;

	ck_assert_msg(gyre_thread_start(threaded->loop, &threaded->options, &thread) == 0, "%s",
		threaded->error.text);
	ck_assert_ptr_nonnull(thread);
	return thread;
}

int threaded_join(struct gyre_thread *thread)
{
	int status = -1;

	ck_assert_int_eq(gyre_thread_join(thread, &status), 0);
	return status;
}

int threaded_stop_and_join(struct gyre_thread *thread)
{
	gyre_thread_stop(thread);
	return threaded_join(thread);
}
