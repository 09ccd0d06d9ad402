/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread.h: a loop on a thread of its own, while the host keeps its threads and its loop.
 *
 *	static int enter(void *arg)   { return gyre_dpdk_thread_register(); }
 *	static void leave(void *arg)  { gyre_dpdk_thread_unregister(); }
 *
 *	struct gyre_thread_options options = GYRE_THREAD_OPTIONS_INIT;
 *	struct gyre_thread *thread;
 *
 *	options.cpu = 3;
 *	options.enter = enter; // only a loop with DPDK's ports needs these two
 *	options.leave = leave;
 *	if (gyre_thread_start(loop, &options, &thread) < 0)
 *		...
 *	gyre_loop_post(loop, &post); // from any thread; or gyre_process_signal() and _send()
 *	...
 *	gyre_thread_stop(thread);
 *	gyre_thread_join(thread, NULL);
 *	gyre_loop_destroy(loop);
 *
 * From the start to the join the loop is the new thread's: others reach it by what is marked "any
 * thread". The way back to the host is the same if the host has a loop of this library; if not,
 * whatever wakes the host's own loop: an eventfd(2), say, written to by a node, process or posted
 * call.
 *
 * The thread runs the loop in GYRE_RUN_DEFAULT: until it is stopped, or until nothing keeps the
 * loop alive. Posts that may come do not: call gyre_loop_ref() before the start for a loop that
 * serves posts only, and let a post call gyre_loop_unref() to end it without a stop.
 */
#ifndef GYRE_THREAD_H
#define GYRE_THREAD_H

#include <gyre/loop.h>

GYRE_BEGIN_DECLS

struct gyre_thread;

struct gyre_thread_options {
	size_t size;
	const char *name; /* the thread's, cut at 15 bytes. NULL: the loop's name */
	int cpu; /* the only one that the thread runs on; -1: those of the caller. -1 */
	/* Called on the new thread before the loop runs; a negative errno fails the start. NULL */
	int (*enter)(void *arg);
	/* Called on the thread after the loop's run, if enter did not fail. NULL */
	void (*leave)(void *arg);
	void *arg; /* of both. NULL */
	struct gyre_error *error; /* text of a failed start. NULL */
};

/* Fills *options with the defaults; `size` is sizeof *options of the caller's header. Any thread.
 */
GYRE_API void gyre_thread_options_init(struct gyre_thread_options *options, size_t size);

static inline struct gyre_thread_options gyre__thread_options_default(void)
{
	struct gyre_thread_options options;

	gyre_thread_options_init(&options, sizeof(options));
	return options;
}
#define GYRE_THREAD_OPTIONS_INIT gyre__thread_options_default()

/* Runs the loop on a new thread; returns when `enter` has, and *ret_thread is set before the loop's
 * first turn. `options` may be NULL. The caller's affinity and signal mask stay as they are. The
 * new thread blocks all signals but those of its own faults (SIGSEGV, SIGBUS, SIGFPE, SIGILL,
 * SIGTRAP, SIGSYS), so that the host's handlers run on the host's threads; `enter` may unblock
 * some. Errors, of which nothing is left and after which the loop is the caller's as before:
 * -EINVAL (no loop, no ret_thread; a cpu that is not there, or that the kernel does not let this
 * process use), -E2BIG (unknown option), -EBUSY (the loop runs already), -EAGAIN (no room for
 * another thread), -ENOMEM, and what `enter` returned. Any thread; blocks it as long as `enter`
 * takes. */
GYRE_API int gyre_thread_start(struct gyre_loop *loop, const struct gyre_thread_options *options,
	struct gyre_thread **ret_thread);

/* Makes the loop return after its turn; once is enough, more is the same, and after the loop's end
 * nothing happens. Any thread, before gyre_thread_join() returns, which frees the thread: who stops
 * it beside a join sees to it that the loop does not end by itself. Not in a signal handler, where
 * gyre_loop_stop() is for that. */
GYRE_API void gyre_thread_stop(struct gyre_thread *thread);

/* Waits until the thread has ended, and frees it; ret_status, which may be NULL, gets what
 * gyre_loop_run() returned: 1 if it was stopped, 0 if nothing kept the loop alive, or a negative
 * errno (its text is in the loop's log). The loop is the caller's again. To be called once, by any
 * thread, which it blocks: not by a process of another loop that has more to do. Errors: -EDEADLK
 * (the calling thread is the one to wait for: nothing is freed), -EINVAL (NULL). */
GYRE_API int gyre_thread_join(struct gyre_thread *thread, int *ret_status);

GYRE_END_DECLS

#endif
