/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes: how one suspends itself, is woken, is resumed and ends. Owns the ready lists and the
 * one table that says which wake-up is legal. Called by the turn (gyre__sched_run) and by
 * processes; event.c, message.c, join.c and ticker.c suspend and wake through here alone. Calls the
 * table of blocks, the alarms, the stacks and the switch. Invariant: a process is on a list exactly
 * when its state is READY, and runs only between resume() and the park() that answers it.
 */
#include "sched/process.h"

#include <errno.h>

#include "base/assert.h"
#include "base/log.h"
#include "sched/sched.h"
#include "sched/wheel.h"

enum {
	GROUP = 16, /* processes whose lines are fetched at once */
	BATCH = 64, /* processes that are woken at once */
	BRIEF = 4, /* wake-ups that take no time worth booking */
};

/* --- Ready --- */

enum verdict { NEVER, KEEP, WAKE };

/* What a reason does to a process in a state. NEVER is a fault of the scheduler itself. KEEP: the
 * process learns of it when it looks: it runs, or will run, or waits for something else. */
static const uint8_t verdicts[GYRE__PROCESS_STATES][GYRE__WAKE_REASONS] = {
	/* clang-format off */
	/*                          TIME   EVENT  END    CANCEL */
	[GYRE_PROCESS_RUNNING]  = { NEVER, KEEP,  NEVER, KEEP },
	[GYRE_PROCESS_READY]    = { NEVER, KEEP,  NEVER, KEEP },
	[GYRE_PROCESS_SLEEPING] = { WAKE,  KEEP,  NEVER, WAKE },
	[GYRE_PROCESS_WAITING]  = { WAKE,  WAKE,  NEVER, WAKE },
	[GYRE_PROCESS_JOINING]  = { WAKE,  KEEP,  WAKE,  WAKE },
	[GYRE_PROCESS_ENDED]    = { NEVER, KEEP,  NEVER, KEEP },
	[GYRE__PROCESS_FREE]    = { NEVER, KEEP,  NEVER, KEEP },
	/* clang-format on */
};

static inline void make_ready(struct gyre_process *process, enum gyre__wake_reason reason)
{
	process->state = GYRE_PROCESS_READY;
	process->reason = (uint8_t)reason;
	gyre__ready_add(&process->sched->ready, process);
}

static inline bool wake(struct gyre_process *process, enum gyre__wake_reason reason)
{
	switch (verdicts[process->state][reason]) {
	case KEEP:
		return false;
	case NEVER:
		gyre__log(process->sched->loop, GYRE_LOG_ERROR,
			"process '%s': wake-up by reason %d in state %d is a fault: ignored",
			process->name, (int)reason, (int)process->state);
		return false;
	}
	if (process->state == GYRE_PROCESS_JOINING)
		gyre__join_forget(process);
	if (reason != GYRE__WAKE_TIME)
		gyre__alarm_stop(&process->sched->alarms, process->index);
	make_ready(process, reason);
	return true;
}

bool gyre__process_wake(struct gyre_process *process, enum gyre__wake_reason reason)
{
	return wake(process, reason);
}

/* Fetches a line by a load whose value nobody wants. A prefetch is slow, or dropped, where the page
 * is not in the TLB, as that of a stack seldom is. By hand, so that no sanitizer asks whose it is.
 */
static inline void touch(const void *line)
{
#ifdef HAVE_X86_64
	char value;

	__asm__ volatile("movb %1, %0" : "=q"(value) : "m"(*(const char *)line));
#else
	__builtin_prefetch(line, 1);
#endif
}

/* The two lines of a stack where the switch saved the registers. */
static inline void touch_stack(const struct gyre_process *process)
{
	const char *sp = process->context.sp;

	touch(sp - 8);
	touch(sp + 55);
}

/* Who is due, a batch at a time. Apart, so that the idle turn saves no registers. */
static __attribute__((noinline)) bool wake_due(
	struct gyre__sched *sched, uint64_t tick, unsigned budget)
{
	struct gyre__ready *ready = &sched->ready;
	uint32_t due[BATCH], first = ready->end;

	do {
		unsigned max = budget < BATCH ? budget : BATCH;
		unsigned n = gyre__alarms_take(&sched->alarms, tick, due, max);

		for (unsigned i = 0; i < n; i++) {
			struct gyre_process *process = gyre__table_block(&sched->table, due[i]);

			touch(&process->deadline); /* its lateness is booked there */
			/* More would be displaced until they run; who has ended has no stack. */
			if (n <= GROUP && process->context.sp)
				touch_stack(process);
			wake(process, GYRE__WAKE_TIME);
		}
		/* A few take less time than to read the clock anew. */
		if (n > BRIEF)
			sched->loop->clock_at = 0;
		budget -= max;
	} while (budget && sched->alarms.next <= tick);
	gyre__alarms_pass(&sched->alarms, tick);
	if (ready->first == first && ready->end - first <= GROUP)
		ready->fetched = ready->end;
	return !gyre__ready_empty(ready);
}

bool gyre__sched_wake(struct gyre__sched *sched, uint64_t now, unsigned budget)
{
	uint64_t tick = now >> GYRE__TICK_SHIFT;

	if (tick >= sched->alarms.next)
		return wake_due(sched, tick, budget);
	if (gyre__ready_empty(&sched->ready))
		return false;
	gyre__alarms_pass(&sched->alarms, tick);
	return true;
}

bool gyre__sched_due(struct gyre__sched *sched, uint64_t now)
{
	uint64_t tick = now >> GYRE__TICK_SHIFT;

	return tick >= sched->alarms.next && tick >= gyre__alarms_first(&sched->alarms);
}

uint64_t gyre__sched_deadline(struct gyre__sched *sched)
{
	return gyre__tick_nsec(gyre__alarms_first(&sched->alarms));
}

void gyre__process_start(struct gyre_process *process)
{
	gyre__assert(process->state == GYRE__PROCESS_FREE);
	make_ready(process, GYRE__NOT_WOKEN);
}

/* --- Suspend: on the process's stack --- */

/* The way out of every process: back into resume(). Goes on when it is resumed, and returns what
 * resume() says: 0 or -ECANCELED. */
static inline int park(struct gyre_process *self)
{
	gyre__assert(gyre__process_may_suspend(self));
	self->streak = 0;
	return gyre__context_switch(&self->context, &self->loop_context);
}

int gyre__process_suspend(
	struct gyre_process *self, enum gyre_process_state state, uint64_t deadline)
{
	uint64_t now = self->sched->loop->now;

	self->state = (uint8_t)state;
	if (deadline <= now) {
		/* What was due before it began to wait is late since then. */
		self->deadline = now;
		gyre__process_wake(self, GYRE__WAKE_TIME);
	} else if (deadline != GYRE_FOREVER) {
		self->deadline = deadline;
		gyre__alarm_set(&self->sched->alarms, self->index, gyre__tick_of(deadline));
	}
	return park(self);
}

bool gyre__process_pass(struct gyre_process *self)
{
	if (self->streak < GYRE__INLINE_MAX) {
		self->streak++;
		return true;
	}
	make_ready(self, GYRE__NOT_WOKEN);
	park(self);
	return false;
}

int gyre__process_refuse(struct gyre_process *self)
{
	struct gyre__sched *sched;

	if (!self || self->sched->current != self)
		return -EINVAL;
	sched = self->sched;
	if (sched->call.fn)
		return -EDEADLK;
	gyre__log(sched->loop, GYRE_LOG_ERROR,
		"process '%s': suspends while it is not on its stack of %u bytes", self->name,
		(unsigned)self->stack_size);
	return -EFAULT;
}

/* The answer to a canceled process; one that does not listen still lets the others run. */
static __attribute__((noinline, cold)) int canceled(struct gyre_process *self)
{
	gyre__process_pass(self);
	return -ECANCELED;
}

int gyre_process_yield(struct gyre_process *self)
{
	if (!gyre__process_may_suspend(self))
		return gyre__process_refuse(self);
	if (self->canceled)
		return canceled(self);
	make_ready(self, GYRE__NOT_WOKEN);
	return park(self);
}

int gyre_process_sleep_until(struct gyre_process *self, uint64_t deadline)
{
	if (!gyre__process_may_suspend(self))
		return gyre__process_refuse(self);
	if (self->canceled)
		return canceled(self);
	return gyre__process_suspend(self, GYRE_PROCESS_SLEEPING, deadline);
}

int gyre_process_sleep(struct gyre_process *self, uint64_t nsec)
{
	uint64_t now;

	if (!self)
		return -EINVAL;
	now = gyre__clock_read(self->sched->loop->clock);
	return gyre_process_sleep_until(
		self, nsec < GYRE_FOREVER - now ? now + nsec : GYRE_FOREVER);
}

int gyre_process_call(struct gyre_process *self, int (*fn)(void *arg), void *arg)
{
	struct gyre__sched *sched;

	if (!self || !fn)
		return -EINVAL;
	sched = self->sched;
	/* A call inside a call is on the big stack already. */
	if (sched->current == self && sched->call.fn)
		return fn(arg);
	if (!gyre__process_may_suspend(self))
		return gyre__process_refuse(self);
	sched->call.fn = fn;
	sched->call.arg = arg;
	gyre__context_switch(&self->context, &self->loop_context);
	return sched->call.result;
}

/* --- Resume: on the loop's stack --- */

/* The first thing on a process's stack, and the last. A cancellation counts here though its post
 * may not have run yet. */
void gyre__process_main(void *arg)
{
	struct gyre_process *self = arg;
	bool canceled_before = atomic_load(&self->word) & GYRE__WORD_CANCEL;

	self->status = canceled_before ? -ECANCELED : self->fn(self, self->arg);
	self->state = GYRE_PROCESS_ENDED;
	gyre__context_exit(&self->context, &self->loop_context);
}

static void process_end(struct gyre_process *process)
{
	struct gyre__sched *sched = process->sched;
	bool joined;

	gyre__event_close(process);
	gyre__inbox_close(process);
	gyre__context_fini(&process->context);
	gyre__stack_put(sched->stacks, &process->stack);
	process->stack_low = 0;
	sched->alive--;
	sched->counting -= !process->daemon;
	joined = process->joiners != NULL;
	if (joined)
		gyre__join_tell(process);
	if (!process->joinable || joined)
		gyre__table_put(&sched->table, process);
}

/* Fetches what those who go from `at` on touch first, GROUP of them at once, so that what is not in
 * the caches, or in the TLB, is waited for once: the block and the stack. Returns who comes after
 * them. */
static __attribute__((noinline)) uint32_t fetch(
	const struct gyre__ready *ready, uint32_t at, uint32_t until)
{
	uint32_t end = until - at > GROUP ? at + GROUP : until;

	for (uint32_t i = at; i != end; i++)
		touch(gyre__ready_at(ready, i));
	for (uint32_t i = at; i != end; i++)
		touch_stack(gyre__ready_at(ready, i));
	return end;
}

/* A run through the ready list. */
struct run {
	struct gyre__ready *ready;
	uint32_t until, fetched; /* where it ends; who goes before was fetched */
	struct gyre_process *next; /* known before the switch: one load away behind it */
	uint64_t control; /* the loop's control words */
};

static inline void run_begin(struct run *run, struct gyre__ready *ready)
{
	uint32_t first = ready->first;

	run->control = gyre__context_control();
	run->ready = ready;
	run->until = ready->end;
	run->fetched = run->until;
	if (run->until - first > 1 && run->until != ready->fetched)
		run->fetched = fetch(ready, first, run->until);
	run->next = gyre__ready_at(ready, first);
}

/* Takes who goes next off the list. */
static inline struct gyre_process *run_take(struct run *run)
{
	struct gyre_process *process = run->next;
	uint32_t at = ++run->ready->first;

	if (at == run->fetched && at != run->until)
		run->fetched = fetch(run->ready, at, run->until);
	run->next = gyre__ready_at(run->ready, at);
	return process;
}

/* Runs a process until it suspends or ends, and the calls that it makes on this stack. Whoever else
 * is called here returns the control words as they were, as every function has to. */
static inline void resume(struct gyre__sched *sched, struct gyre_process *process, struct run *run)
{
	process->state = GYRE_PROCESS_RUNNING;
	sched->current = process;
	for (;;) {
		int word = process->canceled ? -ECANCELED : 0;

		gyre__context_switch_under(
			&process->loop_context, &process->context, word, run->control);
		if (__builtin_expect(!sched->call.fn, 1))
			break;
		sched->call.result = sched->call.fn(sched->call.arg);
		sched->call.fn = NULL;
		run->control = gyre__context_control();
	}
	sched->current = NULL;
}

static inline void count_run(struct gyre_process *process)
{
	if (__builtin_expect(!++process->runs, 0))
		process->runs_high++;
}

static inline void account(struct gyre_process *process, uint64_t took)
{
	process->run_nsec += took;
	if (took > process->longest_nsec)
		process->longest_nsec = took;
}

static inline uint64_t late(const struct gyre_process *process, uint64_t now)
{
	return now > process->deadline ? now - process->deadline : 0;
}

/* One reading of the clock for each: what ends one's run begins the next's. */
static GYRE__RETURNS_BY_JUMP void run_accounted(struct gyre__sched *sched, uint64_t budget)
{
	struct gyre_loop *loop = sched->loop;
	uint64_t now = loop->clock_at ? loop->clock_at : gyre__clock_read(loop->clock);
	uint64_t begin = now;
	struct run run;

	run_begin(&run, &sched->ready);
	do {
		struct gyre_process *process = run_take(&run);
		uint64_t before = now;

		if (process->reason == GYRE__WAKE_TIME)
			gyre__account_late(process, late(process, now));
		count_run(process);
		resume(sched, process, &run);
		now = gyre__clock_read(loop->clock);
		account(process, now - before);
		if (__builtin_expect(process->state == GYRE_PROCESS_ENDED, 0))
			process_end(process);
	} while (sched->ready.first != run.until && now - begin < budget);
	loop->clock_at = now;
}

/* The clock is read for the budget alone. */
static GYRE__RETURNS_BY_JUMP void run_unaccounted(struct gyre__sched *sched, uint64_t budget)
{
	uint64_t begin = sched->loop->clock_at, now;
	struct run run;
	unsigned n = 0;

	run_begin(&run, &sched->ready);
	do {
		struct gyre_process *process = run_take(&run);

		count_run(process);
		resume(sched, process, &run);
		if (__builtin_expect(process->state == GYRE_PROCESS_ENDED, 0))
			process_end(process);
		if (++n % GYRE__RUNS_UNCLOCKED == 0) {
			now = gyre__clock_read(sched->loop->clock);
			begin = begin ? begin : now;
			if (now - begin >= budget)
				break;
		}
	} while (sched->ready.first != run.until);
	sched->loop->clock_at = 0;
}

GYRE__RETURNS_BY_JUMP unsigned gyre__sched_run(struct gyre__sched *sched, uint64_t budget)
{
	uint32_t first = sched->ready.first;

	if (gyre__ready_empty(&sched->ready))
		return 0;
	if (sched->accounts)
		run_accounted(sched, budget);
	else
		run_unaccounted(sched, budget);
	return sched->ready.first - first;
}

/* --- Names --- */

struct gyre_process *gyre__process_find(struct gyre_process_id id)
{
	struct gyre_process *process;

	if (!id.loop)
		return NULL;
	process = gyre__table_at(&id.loop->sched->table, id.index);
	if (!process || process->generation != id.generation ||
		process->state == GYRE__PROCESS_FREE)
		return NULL;
	return process;
}

struct gyre_process_id gyre_process_id(const struct gyre_process *self)
{
	return (struct gyre_process_id){self->sched->loop, self->index, self->generation};
}

struct gyre_loop *gyre_process_loop(const struct gyre_process *self)
{
	return self->sched->loop;
}

const char *gyre_process_name(const struct gyre_process *self)
{
	return self->name;
}

struct gyre_process *gyre_process_current(void)
{
	struct gyre_loop *loop = gyre_loop_current();

	return loop && loop->sched ? loop->sched->current : NULL;
}
