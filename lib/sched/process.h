/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control block of a process and the scheduler's own state: what the files of this room share.
 * Only process.c changes a state, parks, wakes or resumes.
 */
#ifndef GYRE_LIB_SCHED_PROCESS_H
#define GYRE_LIB_SCHED_PROCESS_H

#include <gyre/process.h>
#include <gyre/timer.h>
#include <assert.h>
#include <stdatomic.h>

#include "base/hub.h"
#include "sched/alarm.h"
#include "sched/context.h"
#include "sched/ready.h"
#include "sched/stack.h"
#include "sched/table.h"

/* The states are the public ones, and one of blocks that hold no process. */
enum { GYRE__PROCESS_FREE = GYRE_PROCESS_ENDED + 1, GYRE__PROCESS_STATES };

/* Why a process is woken; or ready without that: it was spawned, or let the others go first. */
enum gyre__wake_reason {
	GYRE__WAKE_TIME, /* its deadline has come */
	GYRE__WAKE_EVENT, /* an event or a message that it waits for */
	GYRE__WAKE_END, /* the process that it joins has ended */
	GYRE__WAKE_CANCEL,
	GYRE__WAKE_REASONS,
	GYRE__NOT_WOKEN = GYRE__WAKE_REASONS
};

/* Answers that are there already are given so often in a row before a turn must go by. */
#define GYRE__INLINE_MAX 16
/* Without accounts, so many processes are resumed before the clock is asked about the budget. */
#define GYRE__RUNS_UNCLOCKED 32

/*
 * The event word: what other threads may write. `inbox.word` has the same upper half, and counts
 * the messages that were sent and not received in its lower one.
 *
 *   63        32 31     30     29 28   27          0
 *   generation   CLOSED CANCEL -       user events
 *
 * A word dies with its generation, so it is opened and closed by stores. What outlives the process
 * is not in there: that `post` is in the loop's postbox, and must not be pushed again.
 */
#define GYRE__WORD_CLOSED (UINT64_C(1) << 31)
#define GYRE__WORD_CANCEL (UINT64_C(1) << 30)

/* Messages that arrived, oldest first, linked by their posts. */
struct gyre__inbox {
	_Atomic(uint64_t) word;
	_Atomic(uint16_t) max;
	uint16_t arrived;
	_Atomic(bool) posted; /* there is room here: the process's own post is in the postbox */
	struct gyre_message *first, *last;
};

/* Two hot lines; a resume that no alarm brought touches the first alone. The rest is cold. */
struct gyre_process {
	/* A line for a resume and the yield that ends it. */
	struct gyre__context context, loop_context; /* its own; that of the loop while it runs */
	struct gyre__sched *sched;
	uintptr_t stack_low;
	uint32_t stack_size;
	uint8_t state, reason; /* why it was made ready last */
	uint8_t streak; /* answers given without suspending since it last suspended */
	bool canceled : 1; /* the CANCEL bit has arrived */
	bool timed : 1; /* the accounts of timed waits, below, are not all zeroes */
	uint64_t run_nsec, longest_nsec;
	uint32_t runs, index; /* the former has its upper half in runs_high */

	/* One for timed waits; one without any does not touch it. The deadline, with an alarm or
	 * without, is when one was due that time ended. */
	_Alignas(64) uint64_t deadline;
	uint64_t late_max, late_nsec;
	uint8_t late_new[GYRE_LATENESS_BUCKETS]; /* not in `late` yet, which has the carries */

	/* One for signals and messages, which other threads write. */
	_Alignas(64) _Atomic(uint64_t) word;
	struct gyre_post post; /* of the word's bits, when they come from another thread */
	struct gyre__inbox inbox;
	uint32_t mask; /* the events that it waits for, or waited for last */
	uint32_t generation;

	_Alignas(64) uint32_t late[GYRE_LATENESS_BUCKETS];

	struct gyre_process *next; /* among the free blocks */
	uint32_t runs_high;
	int status, joined_status; /* its exit status; that of the process it joined last */
	bool daemon, joinable, late_carried; /* the last: `late` is not all zeroes */
	struct gyre_process *joiners; /* waiting for its end, linked by join_next */
	struct gyre_process *join_next, **join_pprev;
	gyre_process_fn *fn;
	void *arg;
	struct gyre__stack stack;
	_Atomic(uint64_t) coalesced;
	char name[32];
};

/* An odd number of lines, so that the blocks' first lines do not compete for the same cache sets.
 */
static_assert(sizeof(void *) != 8 || sizeof(struct gyre__context) != 8 ||
		      (sizeof(struct gyre_process) == 448 &&
			      offsetof(struct gyre_process, deadline) == 64 &&
			      offsetof(struct gyre_process, word) == 128 &&
			      offsetof(struct gyre_process, late) == 192),
	"the lines of a control block");

struct gyre__sched {
	struct gyre_loop *loop;
	struct gyre_process *current;
	struct gyre__ready ready;
	struct gyre__alarms alarms;
	bool accounts; /* the clock is read after each run, and what each took is booked */
	struct {
		int (*fn)(void *arg); /* to be called on the loop's stack for the current process */
		void *arg;
		int result;
	} call;
	struct gyre__table table;
	struct gyre__stacks *stacks;
	size_t stack_size; /* of processes that do not ask for another */
	unsigned alive; /* not beside `counting`: read as one, they wait for two stores */
	bool ending; /* all were canceled: so is who is spawned now */
	unsigned counting;
	struct gyre__sched *_Atomic next; /* among those whose overflows can be told: overflow.c */
};

/* A block that was handed out once: who has an alarm has one. */
static inline struct gyre_process *gyre__table_block(
	const struct gyre__table *table, uint32_t index)
{
	return &table->chunks[index / GYRE__TABLE_CHUNK][index % GYRE__TABLE_CHUNK];
}

/* Whether `self` runs, on its own stack: sp is looked at whenever a process is about to suspend.
 * To be asked before anything is changed; if not, gyre__process_refuse() says what is wrong. */
static inline bool gyre__process_may_suspend(const struct gyre_process *self)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);

	return __builtin_expect(self != NULL, 1) &&
	       __builtin_expect(self->sched->current == self, 1) &&
	       __builtin_expect(sp - self->stack_low < self->stack_size, 1);
}

int gyre__process_refuse(struct gyre_process *self) __attribute__((cold));

/* For spawn: what a new process's context is to call; and puts it on the ready list. */
void gyre__process_main(void *process);
void gyre__process_start(struct gyre_process *process);

/* For an answer that is there already: true when it may be given at once; false after a turn in
 * which everybody else ran: look again. Suspends then. */
bool gyre__process_pass(struct gyre_process *self);
/* Suspends in `state` until something wakes it, `deadline` at the latest; `self->reason` says what.
 * Returns 0 or -ECANCELED. */
int gyre__process_suspend(
	struct gyre_process *self, enum gyre_process_state state, uint64_t deadline);
/* Makes a process ready if its state lets this reason do so; whether it did. */
bool gyre__process_wake(struct gyre_process *process, enum gyre__wake_reason reason);

/* The live (or ended and not joined) process of an id on the loop's thread, or NULL. */
struct gyre_process *gyre__process_find(struct gyre_process_id id);

/* event.c: `post` of every process calls it; sets bits from the loop's own side. */
void gyre__event_arrive(struct gyre_post *post);
int gyre__event_set(struct gyre_process *process, uint32_t generation, uint64_t bits,
	struct gyre_loop *post_to);
/* Opens the event word for a new process, and ends its life for signals. Stores will do: who still
 * means another generation, or comes later, fails in his exchange. */
static inline void gyre__event_open(struct gyre_process *process)
{
	atomic_store_explicit(
		&process->word, (uint64_t)process->generation << 32, memory_order_release);
}

static inline void gyre__event_close(struct gyre_process *process)
{
	atomic_store_explicit(&process->word,
		(uint64_t)process->generation << 32 | GYRE__WORD_CLOSED, memory_order_release);
}

/* message.c: releases the messages that are left. */
void gyre__inbox_discard(struct gyre_process *process);

/* Likewise of the inbox. */
static inline void gyre__inbox_open(struct gyre_process *process, unsigned max)
{
	struct gyre__inbox *inbox = &process->inbox; /* empty since it was closed */

	atomic_store_explicit(&inbox->max, (uint16_t)max, memory_order_relaxed);
	atomic_store_explicit(
		&inbox->word, (uint64_t)process->generation << 32, memory_order_release);
}

static inline void gyre__inbox_close(struct gyre_process *process)
{
	/* A store will do: a sender's exchange fails from here on, and the count is nobody's. */
	atomic_store_explicit(&process->inbox.word,
		(uint64_t)process->generation << 32 | GYRE__WORD_CLOSED, memory_order_release);
	if (__builtin_expect(process->inbox.first != NULL, 0))
		gyre__inbox_discard(process);
}

/* join.c: wakes those who wait for `process` to end. */
void gyre__join_tell(struct gyre_process *process);
void gyre__join_forget(struct gyre_process *joiner);
/* account.c: a counter of `late_new` has come around. */
void gyre__account_carry(struct gyre_process *process, unsigned bucket);

/* One more timed wait was over `late` nsec after it was due. The histogram's lines are cold: they
 * are touched at every 256th of a bucket only. */
static inline void gyre__account_late(struct gyre_process *process, uint64_t late)
{
	unsigned bucket = 63u - (unsigned)__builtin_clzll(late | 1);

	if (bucket >= GYRE_LATENESS_BUCKETS)
		bucket = GYRE_LATENESS_BUCKETS - 1;
	if (__builtin_expect(!++process->late_new[bucket], 0))
		gyre__account_carry(process, bucket);
	if (__builtin_expect(!process->timed, 0)) /* asked first: a store each time costs 1 ns */
		process->timed = true;
	process->late_max = late > process->late_max ? late : process->late_max;
	process->late_nsec += late;
}
/* overflow.c */
void gyre__overflow_register(struct gyre__sched *sched);
void gyre__overflow_unregister(struct gyre__sched *sched);

#endif
