/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h: the loop: create, run, stop; posted calls, fd watches, clocks.
 *
 * One loop belongs to one thread at a time: the one that runs it. A process may hold any number of
 * loops, each on its own thread. After fork(2) they are the parent's: the child shares their fds,
 * and must not touch them. One turn of the loop does, in this order: fd watches, asleep until one
 * is ready or something is due if there is nothing to poll and nothing to do; a reading of the
 * clock; posted calls and signals; the rest of an unfinished sweep, else injected items and
 * a poll of every input node; the pending frames in rank order; expired timers; ready processes.
 * Every phase has a budget, so none starves another.
 */
#ifndef GYRE_LOOP_H
#define GYRE_LOOP_H

#include <gyre/base.h>

GYRE_BEGIN_DECLS

struct gyre_loop;
struct gyre_clock;
struct gyre_item_ops; /* graph.h */
struct gyre_node; /* node.h */

/* Takes over n items that `node` punted with `reason` (an index into its class's reasons). The
 * items are the callee's from then on. Runs inside the sweep: must not suspend. */
typedef void gyre_punt_fn(
	void *arg, struct gyre_node *node, unsigned reason, void **items, unsigned n);

struct gyre_loop_options {
	size_t size;
	const char *name; /* shown in logs and tables; copied, cut at 31 bytes. "gyre" */
	struct gyre_error *error; /* text of a failed create. NULL */
	gyre_log_fn *log; /* NULL: no log */
	void *log_arg;
	enum gyre_log_level log_level; /* lines above it are not given to log. GYRE_LOG_DEBUG */
	struct gyre_clock *clock; /* borrowed, outlives the loop. NULL: the CPU's time stamp counter
				     calibrated against CLOCK_MONOTONIC, or, where that counter
				     is not invariant, CLOCK_MONOTONIC itself */

	unsigned vector; /* most items a node sees in one call, 1 to 256. 64: longer ones hardly
			    save more of the turn, and leave the first cache. */
	unsigned hop_budget; /* most times an item may cross a back edge in a sweep, 1 to 255. 16 */
	unsigned sample_period; /* of so many sweeps, drawn by lot, all calls of one are clocked;
				   0: of none. 256 */
	bool node_stats; /* false saves a nanosecond or so for each call of a node: `calls` of all
			    nodes and `items` of those that are no inputs stay 0, and no call is
			    clocked. What inputs bring and where items end or are created is
			    counted all the same. true */
	unsigned inject_max; /* most items waiting to be injected, 1 to 65536. 1024 */
	const struct gyre_item_ops *items; /* how to release items; borrowed. NULL: not released */
	gyre_punt_fn *punt; /* takes punted items. NULL: punted items are dropped */
	void *punt_arg;

	size_t stack_size; /* default stack of a process, bytes. 65536 */
	unsigned process_max; /* most processes alive at a time, 1 to 1048576. 65536 */
	bool process_accounts; /* false saves a reading of the clock, some 20 ns, for each run of a
				  process: its time, its longest run and its lateness stay 0, and
				  process_budget is looked at after every 32 runs only. true */

	unsigned poll_interval; /* a busy loop looks at its fds every so-manieth turn, >= 1. 64 */
	unsigned post_budget; /* most posted calls a turn, >= 1. 256 */
	unsigned timer_budget; /* most timers expired or cascaded a turn, >= 1; and as many
				  processes whose deadlines have come. 128 */
	unsigned dispatch_budget; /* most node calls a turn, >= 1. 65536 */
	uint64_t process_budget; /* time that processes may take a turn, nsec, >= 1000. 1 ms */
};

/* Fills *options with the defaults; `size` is sizeof *options of the caller's header. Any thread.
 */
GYRE_API void gyre_loop_options_init(struct gyre_loop_options *options, size_t size);

static inline struct gyre_loop_options gyre__loop_options_default(void)
{
	struct gyre_loop_options options;

	gyre_loop_options_init(&options, sizeof(options));
	return options;
}
#define GYRE_LOOP_OPTIONS_INIT gyre__loop_options_default()

/* Creates a loop; the caller owns it and destroys it. `options` may be NULL; it is copied.
 * Errors: -EINVAL (an option is out of range; options->error names it), -E2BIG (unknown option),
 * -ENOMEM, -EMFILE, -ENFILE (epoll or eventfd), -ENOTSUP (no guard could be proved under stacks).
 * Any thread: the loop belongs to the thread that runs it first. */
GYRE_API int gyre_loop_create(const struct gyre_loop_options *options, struct gyre_loop **ret_loop);

/* Cancels all processes and lets them end, releases every item that frames, injection and
 * mailboxes hold, and frees the loop. NULL is fine. A process that does not end after 1,000 resumes
 * is abandoned, and named in the log. Watches and timers that are still there are forgotten: the
 * caller may free, but not delete or stop them. Not from inside the loop's own callbacks or
 * processes, and not while another thread is inside a call on the loop: join the threads first.
 * Returns 0, or -EBUSY when the loop is running: it is then untouched. */
GYRE_API int gyre_loop_destroy(struct gyre_loop *loop);

enum gyre_run_mode {
	/* Turn until gyre_loop_stop(), or until nothing keeps the loop alive: no process that
	 * counts (one not spawned as a daemon), no fd watch, no enabled input node, no pending
	 * frame, injected item or post. Timers that belong to nobody do not keep it alive:
	 * gyre_loop_ref() does. */
	GYRE_RUN_DEFAULT,
	GYRE_RUN_ONCE, /* one turn; sleeps in it when there is nothing to do */
	GYRE_RUN_NOWAIT, /* one turn; never sleeps */
};

/* Runs the loop on the calling thread. Builds the graph first if it has changed.
 * Returns 1 if the loop is still alive (stopped, or more to do after ONCE or NOWAIT), 0 if not.
 * Errors: -EBUSY (it is running already, on this or another thread), -EINVAL (bad mode), and what
 * gyre_graph_build() returns (its text goes to the log). Not from inside a process. */
GYRE_API int gyre_loop_run(struct gyre_loop *loop, enum gyre_run_mode mode);

/* Makes the present or the next gyre_loop_run() return after its turn. Any thread, and safe in a
 * signal handler. */
GYRE_API void gyre_loop_stop(struct gyre_loop *loop);

/* Whether anything keeps the default mode alive, 1 or 0: what a run returns, without a turn. */
GYRE_API int gyre_loop_alive(const struct gyre_loop *loop);

/* Keeps the default mode alive until unref'd as often. */
GYRE_API void gyre_loop_ref(struct gyre_loop *loop);
GYRE_API void gyre_loop_unref(struct gyre_loop *loop);

/* The loop's time, nsec: read once a turn; the same through a node's or a callback's run. */
GYRE_API uint64_t gyre_loop_now(const struct gyre_loop *loop);
/* A fresh reading of the loop's clock, nsec: 20-40 ns. */
GYRE_API uint64_t gyre_loop_clock(const struct gyre_loop *loop);
/* Which lines the log is given: those of `level` and what is graver. Any thread. Errors: -EINVAL
 * (no such level). */
GYRE_API int gyre_loop_log_level_set(struct gyre_loop *loop, enum gyre_log_level level);
GYRE_API enum gyre_log_level gyre_loop_log_level(const struct gyre_loop *loop);
GYRE_API const char *gyre_loop_name(const struct gyre_loop *loop);
/* The loop that runs on the calling thread, or NULL. Any thread. */
GYRE_API struct gyre_loop *gyre_loop_current(void);

struct gyre_loop_stats {
	uint64_t turns; /* turns of the loop */
	uint64_t idle_turns; /* turns that found no item, timer, post or process */
	uint64_t sleeps; /* turns that ended asleep in epoll */
	uint64_t posts; /* posted calls that ran */
	uint64_t timers; /* timers that expired; waits of processes are none */
	uint64_t resumes; /* processes resumed */
	uint64_t inject_dropped; /* injected items whose node was deleted or not built */
	uint64_t involuntary_switches; /* of its thread in runs of the default mode (getrusage) */
};
/* Copies the counters. */
GYRE_API void gyre_loop_stats_get(const struct gyre_loop *loop, struct gyre_loop_stats *ret_stats);

/* --- Posts: calls from other threads --- */

struct gyre_post;
typedef void gyre_post_fn(struct gyre_post *post);

/* In the caller's memory, the library's from gyre_loop_post() until fn is called. */
struct gyre_post {
	struct gyre_post *next; /* private */
	gyre_post_fn *fn;
};

/* Calls post->fn(post) on the loop's thread in one of its next turns (it must not suspend); wakes
 * the loop if it sleeps. Posts of one thread run in order. No allocation, cannot fail. One post
 * may not be posted again before its fn was called; fn may post or free it. Any thread.
 * What was posted and not run when the loop is destroyed runs then. */
GYRE_API void gyre_loop_post(struct gyre_loop *loop, struct gyre_post *post);

/* --- Watches: file descriptors --- */

struct gyre_watch;
typedef void gyre_watch_fn(struct gyre_watch *watch, uint32_t events);

/* In the caller's memory from add to del; the fields are the library's. All zero before it is first
 * added: every call looks at it. */
struct gyre_watch {
	struct gyre_loop *loop;
	gyre_watch_fn *fn;
	uint32_t events;
	int fd;
	bool unref;
};

/* Calls fn(watch, ready) in the loop's turns while fd is ready for any of `events` (EPOLLIN and
 * the like, level-triggered; EPOLLET and EPOLLONESHOT pass through). fn must not suspend; it may
 * delete any watch. The fd stays the caller's: delete the watch before closing it.
 * Errors: -EINVAL (NULL fn), -EBADF, -EEXIST (the fd is watched, or the watch added, already),
 * -EPERM (fd cannot be polled, a plain file), -ENOMEM, -ENOSPC. */
GYRE_API int gyre_watch_add(struct gyre_loop *loop, struct gyre_watch *watch, int fd,
	uint32_t events, gyre_watch_fn *fn);
/* Changes the events. Errors: -ENOENT (not added), as epoll_ctl(2). */
GYRE_API int gyre_watch_set(struct gyre_watch *watch, uint32_t events);
/* From now on the watch does not keep the default mode alive: for what a library watches on its own
 * account. Nothing happens to one that was not added. */
GYRE_API void gyre_watch_unref(struct gyre_watch *watch);
/* Ends the watch; its fn is not called again. Errors: -ENOENT (not added). */
GYRE_API int gyre_watch_del(struct gyre_watch *watch);

/* --- Inside a host's loop ---
 *
 * A host with a loop of its own sleeps there, and gives this loop its turns:
 *
 *	struct gyre_slice slice = {.turns = 64, .nsec = GYRE_USEC(100)};
 *
 *	timeout = gyre_loop_prepare(loop, NULL) == 0 ? forever : 0;
 *	the host sleeps until gyre_loop_fd(loop), or anything of its own, is ready
 *	slice.fd_ready = whether that fd was;
 *	gyre_loop_run_slice(loop, &slice);
 *
 * Whoever prepares makes no mistake by what it does afterwards: all that brings work, on any
 * thread, makes the fd readable.
 */

/* For the host's poll, select or epoll: readable, level-triggered, when the loop may have work
 * while its host sleeps: posts, signals, stop, watched fds, timers. May be so once in a while
 * without a reason. Not to be read from; good until the loop is destroyed. */
GYRE_API int gyre_loop_fd(const struct gyre_loop *loop);
/* Says that the host is about to sleep; the next run or slice, gyre_loop_cancel(), or a prepare
 * that returns 1 ends that. Returns 1: it should turn the loop instead, for there is work or
 * something to poll; 0: it may sleep on the fd, which is readable by *ret_deadline (nsec,
 * GYRE_FOREVER: nothing is due; may be NULL). Whatever brings work from then on makes it readable
 * at once, on the loop's own thread, too: a timer started or shortened, a spawn, an inject, an
 * enabled input, a watch, a changed graph.
 * Costs a system call when the deadline is another than the last time's, else none.
 * Errors: -EBUSY (it is running), -EMFILE, -ENFILE, -ENOMEM, -ENOSPC (the first time only:
 * timerfd). */
GYRE_API int gyre_loop_prepare(struct gyre_loop *loop, uint64_t *ret_deadline);
/* Says that the host does not sleep and runs nothing either, as one that leaves the loop alone for
 * a while: takes the deadline back, and holds up no time of other loops on a virtual clock. Nothing
 * happens while it is running. */
GYRE_API void gyre_loop_cancel(struct gyre_loop *loop);
/* When the loop wants a turn, absolute nsec on its clock: 0: now; GYRE_FOREVER: nothing is due. For
 * hosts that compute a timeout of their own beside a prepare: to be rounded up to their unit, for a
 * turn before it is due finds nothing to do. On a virtual clock it says nothing of how long to
 * sleep: only the fd does. */
GYRE_API uint64_t gyre_loop_deadline(const struct gyre_loop *loop);

struct gyre_slice {
	unsigned turns; /* at most; >= 1 */
	uint64_t nsec; /* begins no turn that late after its beginning; 0: no limit */
	bool fd_ready; /* the host saw gyre_loop_fd() readable */
};

/* Runs the loop on the calling thread, as GYRE_RUN_NOWAIT does, for turns until one leaves nothing
 * to do and nothing to poll, gyre_loop_stop(), or the slice's end. It makes no system call but one
 * look at the fds at its beginning, and that only if fd_ready. Returns and errors as
 * gyre_loop_run(); -EINVAL also: no slice, or one of no turn. */
GYRE_API int gyre_loop_run_slice(struct gyre_loop *loop, const struct gyre_slice *slice);

/* --- Clocks --- */

/* A clock that moves only when every loop on it is idle (no frame pending, no process ready, every
 * input polled empty): it then jumps to the earliest deadline of them all. So an hour of timers
 * runs in seconds, and the same way each time. Starts at `start` nsec. Loops on several threads
 * may share it; the caller owns it and destroys it after them. Errors: -ENOMEM. */
GYRE_API int gyre_clock_virtual_create(uint64_t start, struct gyre_clock **ret_clock);
/* CLOCK_MONOTONIC itself, for machines whose time stamp counter is not to be trusted: those that
 * are suspended or migrated while the loop runs. Loops on several threads may share it; the caller
 * owns it and destroys it after them. Errors: -ENOMEM. */
GYRE_API int gyre_clock_monotonic_create(struct gyre_clock **ret_clock);
/* NULL is fine. Errors: -EBUSY while a loop uses it (a virtual clock only). */
GYRE_API int gyre_clock_destroy(struct gyre_clock *clock);
/* The clock's time, nsec. Any thread. */
GYRE_API uint64_t gyre_clock_now(struct gyre_clock *clock);
/* Moves a virtual clock forward by hand to `nsec` (never back: an earlier time is ignored); for
 * hosts that turn their loops with GYRE_RUN_NOWAIT. Errors: -EINVAL (not a virtual clock). */
GYRE_API int gyre_clock_advance(struct gyre_clock *clock, uint64_t nsec);

GYRE_END_DECLS

#endif
