/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event bits and cancellation: set from any thread, waited for by their process. Owns the event
 * word of every process. Called by processes, the loop's callbacks and other threads; wakes through
 * process.c. Invariant: whoever sets a bit after the process looked either finds the loop's own
 * thread under his feet and wakes it, or leaves a post behind that will; and a bit meant for one
 * process never reaches the next in its block.
 */
#include <errno.h>

#include "base/assert.h"
#include "sched/process.h"
#include "sched/sched.h"

/* What is pending of `mask`; a message is pending while the inbox holds one. */
static uint32_t pending(const struct gyre_process *process, uint32_t mask)
{
	uint32_t bits = (uint32_t)atomic_load_explicit(&process->word, memory_order_acquire) &
			GYRE_EVENT_USER;

	if (process->inbox.first)
		bits |= GYRE_EVENT_MESSAGE;
	return bits & mask;
}

/* On the loop's thread: wakes the process if the bits are what it waits for. */
static void deliver(struct gyre_process *process)
{
	uint64_t word = atomic_load_explicit(&process->word, memory_order_acquire);

	if (word & GYRE__WORD_CLOSED)
		return;
	if (word & GYRE__WORD_CANCEL) {
		process->canceled = true;
		gyre__process_wake(process, GYRE__WAKE_CANCEL);
	} else if (pending(process, process->mask)) {
		gyre__process_wake(process, GYRE__WAKE_EVENT);
	}
}

void gyre__event_arrive(struct gyre_post *post)
{
	struct gyre_process *process = (void *)((char *)post - offsetof(struct gyre_process, post));

	/* First: a bit that comes later is posted again. An exchange: the bits of whoever found the
	 * post in the box are seen. */
	atomic_exchange(&process->inbox.posted, false);
	deliver(process);
}

/* From another thread the word and the post are all that may be touched of a process: it may be
 * over, and its block another's. */
int gyre__event_set(
	struct gyre_process *process, uint32_t generation, uint64_t bits, struct gyre_loop *post_to)
{
	uint64_t word = atomic_load_explicit(&process->word, memory_order_relaxed), next;

	do {
		if (word >> 32 != generation || (word & GYRE__WORD_CLOSED))
			return -ESRCH;
		/* All pending already: whoever set them has seen to it that they are looked at.
		 * The exchange makes what was written before this signal visible all the same. */
		next = (word & bits) == bits ? word : word | bits;
	} while (!atomic_compare_exchange_weak(&process->word, &word, next));
	if (next == word) {
		if (bits != GYRE__WORD_CANCEL)
			atomic_fetch_add_explicit(&process->coalesced, 1, memory_order_relaxed);
		return 0;
	}
	if (!post_to)
		deliver(process);
	else if (!atomic_exchange(&process->inbox.posted, true))
		gyre__post_push(&post_to->posts, &process->post);
	return 0;
}

bool gyre__process_lives(struct gyre_process_id id)
{
	struct gyre_process *process;
	uint64_t word;

	process = id.loop ? gyre__table_at(&id.loop->sched->table, id.index) : NULL;
	if (!process)
		return false;
	word = atomic_load_explicit(&process->word, memory_order_acquire);
	return word >> 32 == id.generation && !(word & GYRE__WORD_CLOSED);
}

static int set_by_id(struct gyre_process_id id, uint64_t bits)
{
	struct gyre_process *process;

	process = id.loop ? gyre__table_at(&id.loop->sched->table, id.index) : NULL;
	if (!process)
		return -ESRCH;
	return gyre__event_set(
		process, id.generation, bits, gyre__loop_is_mine(id.loop) ? NULL : id.loop);
}

int gyre_process_signal(struct gyre_process_id id, uint32_t events)
{
	if (!events || (events & ~GYRE_EVENT_USER))
		return -EINVAL;
	return set_by_id(id, events);
}

int gyre_process_cancel(struct gyre_process_id id)
{
	return set_by_id(id, GYRE__WORD_CANCEL);
}

bool gyre_process_canceled(const struct gyre_process *self)
{
	return self->canceled;
}

/* What a wait ends with: cancellation first, then events, even if its time is over, too. */
static int take(struct gyre_process *self, uint32_t mask, uint32_t *ret_events)
{
	uint32_t events = pending(self, mask);

	if (self->canceled)
		return -ECANCELED;
	if (!events)
		return -ETIMEDOUT;
	if (events & GYRE_EVENT_USER)
		atomic_fetch_and(&self->word, ~(uint64_t)(events & GYRE_EVENT_USER));
	if (ret_events)
		*ret_events = events;
	return 0;
}

int gyre_process_wait(
	struct gyre_process *self, uint32_t mask, uint64_t deadline, uint32_t *ret_events)
{
	if (mask & ~(GYRE_EVENT_USER | GYRE_EVENT_MESSAGE))
		return -EINVAL;
	if (!gyre__process_may_suspend(self))
		return gyre__process_refuse(self);
	while (pending(self, mask) || self->canceled || deadline == 0)
		if (gyre__process_pass(self))
			return take(self, mask, ret_events);
	self->mask = mask;
	gyre__process_suspend(self, GYRE_PROCESS_WAITING, deadline);
	return take(self, mask, ret_events);
}
