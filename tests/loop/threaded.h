/* SPDX-License-Identifier: Apache-2.0 */
/* A loop to be run by a thread, with the options of its start. */
#ifndef GYRE_TESTS_LOOP_THREADED_H
#define GYRE_TESTS_LOOP_THREADED_H

#include <gyre.h>

struct threaded {
	struct gyre_loop *loop; /* "the-loop-of-the-thread" */
	struct gyre_thread_options options; /* to be changed before the start */
	struct gyre_error error;
};

void threaded_open(struct threaded *threaded);
void threaded_close(struct threaded *threaded);

struct gyre_thread *threaded_start(struct threaded *threaded);
/* Return how the loop ended. */
int threaded_join(struct gyre_thread *thread);
int threaded_stop_and_join(struct gyre_thread *thread);

#endif
