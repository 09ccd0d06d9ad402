/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.h: cooperative processes: functions with stacks of their own on the loop's thread.
 *
 * A process runs until it suspends itself: the functions marked "suspends" take `self` and may be
 * called by that process only, on its own stack. Each returns -ECANCELED once the process is
 * cancelled, and from then on at once; a process is expected to clean up and return. Misuse is
 * told, too: -EINVAL when `self` is NULL or not the process that runs, -EDEADLK inside
 * gyre_process_call(), -EFAULT when it runs on some other stack than its own.
 *
 * Two kinds of signal come from any thread: event bits, which coalesce and cannot fail while the
 * process lives, and messages, which are bounded and arrive in order. A wait whose condition
 * holds already, or whose deadline is 0, returns without suspending, but at most 16 times in a
 * row, so that a process that always has work still lets the packets through; so does one that
 * ignores -ECANCELED. Any other deadline that is past is met in the next turn.
 *
 * Rounding modes and exception masks are each process's own, those of its spawner to begin with, on
 * x86-64 where the switch is assembly. Exception flags are nobody's: after what suspends, those
 * that were raised may be gone, and others' may be there.
 */
#ifndef GYRE_PROCESS_H
#define GYRE_PROCESS_H

#include <gyre/loop.h>
#include <stdio.h>

GYRE_BEGIN_DECLS

struct gyre_process;

/* Names a process from outside; a plain value, never dangling while the loop lives: a dead one
 * gives -ESRCH. All zero is the name of no process. */
struct gyre_process_id {
	struct gyre_loop *loop;
	uint32_t index, generation;
};

/* The body of a process; what it returns is its exit status. */
typedef int gyre_process_fn(struct gyre_process *self, void *arg);

/* Event bits that users may signal: 0 to 27. */
#define GYRE_EVENT(n)   (UINT32_C(1) << (n))
#define GYRE_EVENT_USER UINT32_C(0x0fffffff)
/* In a wait's mask: a message can be received. */
#define GYRE_EVENT_MESSAGE UINT32_C(0x80000000)

struct gyre_process_options {
	size_t size;
	const char *name; /* for tables and reports; copied, cut at 31 bytes. "process" */
	size_t stack_size; /* bytes, rounded up to a power of 2, 16 KiB to 64 MiB. The loop's */
	unsigned message_max; /* messages waiting, 0 to 65535. 64 */
	bool daemon; /* does not keep the loop alive. false */
	bool joinable; /* keeps its exit status until joined. false */
	struct gyre_error *error; /* text of a failed spawn. NULL */
};

/* Fills *options with the defaults (stack_size 0 stands for the loop's). Any thread. */
GYRE_API void gyre_process_options_init(struct gyre_process_options *options, size_t size);

static inline struct gyre_process_options gyre__process_options_default(void)
{
	struct gyre_process_options options;

	gyre_process_options_init(&options, sizeof(options));
	return options;
}
#define GYRE_PROCESS_OPTIONS_INIT gyre__process_options_default()

/* Creates a process; it first runs in the next turn, or, before the loop runs, ahead of the first
 * poll. `ret_id` may be NULL. Errors: -EINVAL (no fn, a stack below 16 KiB or above 64 MiB, too
 * many messages), -E2BIG, -EAGAIN (process_max are alive, or ended and not joined), -ENOMEM (no
 * memory or no guard page). */
GYRE_API int gyre_process_spawn(struct gyre_loop *loop, gyre_process_fn *fn, void *arg,
	const struct gyre_process_options *options, struct gyre_process_id *ret_id);

/* The id of oneself, the loop one runs on, the name. */
GYRE_API struct gyre_process_id gyre_process_id(const struct gyre_process *self);
GYRE_API struct gyre_loop *gyre_process_loop(const struct gyre_process *self);
GYRE_API const char *gyre_process_name(const struct gyre_process *self);
/* The process that runs on this thread, or NULL. Any thread. */
GYRE_API struct gyre_process *gyre_process_current(void);

/* Lets everybody else run, and goes on in the next turn. Suspends.
 * Returns 0 or -ECANCELED. */
GYRE_API int gyre_process_yield(struct gyre_process *self);
/* Sleeps until the absolute `deadline`, nsec; one in the past is a yield. Suspends.
 * Returns 0 or -ECANCELED. */
GYRE_API int gyre_process_sleep_until(struct gyre_process *self, uint64_t deadline);
/* Sleeps at least `nsec`, counted from a fresh reading of the clock. Suspends.
 * Returns 0 or -ECANCELED. */
GYRE_API int gyre_process_sleep(struct gyre_process *self, uint64_t nsec);

/* Waits until any of the events in `mask` is pending, or until `deadline`. Takes those bits from
 * the pending ones (GYRE_EVENT_MESSAGE stays until the messages are received). Suspends.
 * Returns 0 and the bits (`ret_events` may be NULL); -ETIMEDOUT; -ECANCELED; -EINVAL (bits that are
 * no events). */
GYRE_API int gyre_process_wait(
	struct gyre_process *self, uint32_t mask, uint64_t deadline, uint32_t *ret_events);

/* Makes the events pending and wakes the process if it waits for one of them; several signals of
 * one bit are one. Errors: -ESRCH (it has ended), -EINVAL (no bits, or bits outside
 * GYRE_EVENT_USER). Any thread. */
GYRE_API int gyre_process_signal(struct gyre_process_id id, uint32_t events);

/* In the sender's memory; the library's once sent, the receiver's once received. */
struct gyre_message {
	struct gyre_post post; /* private */
	struct gyre_process_id to; /* private */
	/* Called on the loop's thread for a message that was sent but whose receiver ended before
	 * it received it. May be NULL. */
	void (*release)(struct gyre_message *message);
};

/* Sends a message: messages of one sender arrive in order. Errors: -EAGAIN (message_max are
 * waiting), -ESRCH (it has ended): the message is then still the sender's. Any thread. */
GYRE_API int gyre_process_send(struct gyre_process_id id, struct gyre_message *message);
/* Takes the oldest message, waiting for one until `deadline`. Suspends.
 * Returns 0; -ETIMEDOUT; -ECANCELED. */
GYRE_API int gyre_process_receive(
	struct gyre_process *self, uint64_t deadline, struct gyre_message **ret_message);

/* Asks a process to end: its present and later waits return -ECANCELED, from the loop's next turn
 * on when another thread asks. One that has not started never runs its function, and ends with
 * status -ECANCELED. Errors: -ESRCH. Any thread. */
GYRE_API int gyre_process_cancel(struct gyre_process_id id);
/* True once oneself has been cancelled. */
GYRE_API bool gyre_process_canceled(const struct gyre_process *self);

/* Waits until a process of the same loop has ended, and takes its exit status (`ret_status` may be
 * NULL). A joinable process can be joined once, also after its end; another one only while it
 * lives. Suspends. Returns 0; -ETIMEDOUT; -ECANCELED; -ESRCH; -EDEADLK (oneself); -EINVAL (another
 * loop's). */
GYRE_API int gyre_process_join(
	struct gyre_process *self, struct gyre_process_id id, uint64_t deadline, int *ret_status);

/* Calls fn(arg) on the loop's own big stack, for libraries that need a deep one; returns what it
 * returned, or -EINVAL (no fn). fn must not suspend: what suspends returns -EDEADLK inside. It may
 * itself use this call. It runs with the loop's rounding modes, and what it changes of them the
 * loop keeps. */
GYRE_API int gyre_process_call(struct gyre_process *self, int (*fn)(void *arg), void *arg);

/* Stacks end in guards of 64 KiB: a process that overflows its own faults. This tells which one it
 * was: the name of the process whose guard holds `address`, or NULL. For the application's own
 * handler of SIGSEGV, which gets the address as si_addr and must run on an alternate stack
 * (sigaltstack(2), SA_ONSTACK, SA_SIGINFO); this library installs none. Async-signal-safe, any
 * thread; the name is good until the process has ended. O(processes). */
GYRE_API const char *gyre_process_overflow(const void *address);

/* --- Tickers: periodic work on a fixed phase grid --- */

struct gyre_ticker {
	struct gyre_process *process;
	uint64_t period;
	uint64_t deadline; /* of the next tick */
	uint64_t missed; /* ticks missed since init */
};

/* Prepares a ticker; its first tick is one period after a fresh reading of the clock. Errors:
 * -EINVAL (period 0). */
GYRE_API int gyre_ticker_init(
	struct gyre_ticker *ticker, struct gyre_process *self, uint64_t period);
/* Sleeps until the next tick. The grid does not drift: a process that comes late skips the ticks
 * that it missed. Suspends. Returns how many it missed, 0 as a rule; -ECANCELED. */
GYRE_API int gyre_ticker_wait(struct gyre_ticker *ticker);
/* When the next tick is, nsec: to wait for it and for events in one gyre_process_wait(). */
GYRE_API uint64_t gyre_ticker_deadline(const struct gyre_ticker *ticker);
/* After such a wait timed out: moves on to the tick after now. Returns how many were missed, or
 * -EAGAIN when the tick is not due yet. */
GYRE_API int gyre_ticker_advance(struct gyre_ticker *ticker);

/* --- Accounts: times and lateness are kept if the loop's process_accounts is true --- */

enum gyre_process_state {
	GYRE_PROCESS_RUNNING,
	GYRE_PROCESS_READY,
	GYRE_PROCESS_SLEEPING, /* until a deadline */
	GYRE_PROCESS_WAITING, /* for events or a message */
	GYRE_PROCESS_JOINING,
	GYRE_PROCESS_ENDED, /* joinable and not joined yet */
};

#define GYRE_LATENESS_BUCKETS 32

struct gyre_process_stats {
	struct gyre_process_id id;
	char name[32];
	enum gyre_process_state state;
	bool daemon;
	uint64_t runs; /* times resumed */
	uint64_t run_nsec; /* total time run */
	uint64_t longest_nsec; /* longest single run */
	uint64_t deadline; /* what it sleeps until; GYRE_FOREVER: nothing */
	uint64_t events_coalesced; /* signals that found their bits pending already */
	/* How much later than due it ran after timed waits: bucket i counts 2^i to 2^(i+1) nsec, 0
	 * counts 0 and 1, the last everything above. */
	uint64_t late_count, late_max;
	uint64_t late_nsec; /* the sum of all */
	uint32_t late[GYRE_LATENESS_BUCKETS];
	size_t stack_size, stack_used; /* bytes; used is the high-water mark in whole pages */
};

/* Copies the account of a process. Errors: -ESRCH. */
GYRE_API int gyre_process_stats_get(
	struct gyre_process_id id, struct gyre_process_stats *ret_stats);
/* The lateness below which `percent` (0 to 100) of the timed waits ended, nsec, read off the
 * histogram: the upper edge of the bucket, at most late_max. Any thread. */
GYRE_API uint64_t gyre_process_lateness(const struct gyre_process_stats *stats, double percent);
/* Steps through all processes: start with an all-zero *id. False at the end. */
GYRE_API bool gyre_process_next(struct gyre_loop *loop, struct gyre_process_id *id);
/* Writes a table of all processes: name, state, runs, time, longest run, lateness at 50 and 99 %
 * and worst, stack. Errors: -EIO (the stream failed). */
GYRE_API int gyre_process_write_table(struct gyre_loop *loop, FILE *out);

GYRE_END_DECLS

#endif
