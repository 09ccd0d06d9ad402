/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages: sent from any thread, in the sender's memory, received in order by their process. Owns
 * the inbox of every process. Called by processes, callbacks and other threads; wakes through
 * process.c. Invariant: a message that was sent is received once or released once; at most `max`
 * are under way or waiting; and those of one sender keep their order, whether they went by the
 * postbox or straight into the inbox.
 */
#include <errno.h>

#include "base/assert.h"
#include "sched/process.h"

static struct gyre_message *of_post(struct gyre_post *post)
{
	return (void *)((char *)post - offsetof(struct gyre_message, post));
}

static void append(struct gyre_process *process, struct gyre_message *message)
{
	struct gyre__inbox *inbox = &process->inbox;

	message->post.next = NULL;
	if (inbox->first)
		inbox->last->post.next = &message->post;
	else
		inbox->first = message;
	inbox->last = message;
	inbox->arrived++;
	if (process->mask & GYRE_EVENT_MESSAGE)
		gyre__process_wake(process, GYRE__WAKE_EVENT);
}

static void release(struct gyre_message *message)
{
	if (message->release)
		message->release(message);
}

/* From the postbox, on the loop's thread. */
static void arrive(struct gyre_post *post)
{
	struct gyre_message *message = of_post(post);
	struct gyre_process *process = gyre__process_find(message->to);

	if (process && process->state != GYRE_PROCESS_ENDED)
		append(process, message);
	else
		release(message);
}

void gyre__inbox_discard(struct gyre_process *process)
{
	struct gyre_message *message = process->inbox.first;

	process->inbox.first = NULL;
	process->inbox.arrived = 0;
	while (message) {
		struct gyre_post *next = message->post.next;

		release(message);
		message = next ? of_post(next) : NULL;
	}
}

/* Counts one more message, and says in *ret_under_way how many others have not arrived yet as far
 * as the loop's thread can tell. */
static int reserve(struct gyre_process *process, uint32_t generation, uint32_t *ret_waiting)
{
	struct gyre__inbox *inbox = &process->inbox;
	uint64_t word = atomic_load_explicit(&inbox->word, memory_order_relaxed);

	do {
		if (word >> 32 != generation || (word & GYRE__WORD_CLOSED))
			return -ESRCH;
		/* Of a later process perhaps, but then the exchange fails. */
		if ((uint32_t)word >= atomic_load_explicit(&inbox->max, memory_order_relaxed))
			return -EAGAIN;
	} while (!atomic_compare_exchange_weak(&inbox->word, &word, word + 1));
	*ret_waiting = (uint32_t)word;
	return 0;
}

int gyre_process_send(struct gyre_process_id id, struct gyre_message *message)
{
	struct gyre_process *process;
	uint32_t waiting;
	int err;

	process = id.loop ? gyre__table_at(&id.loop->sched->table, id.index) : NULL;
	if (!process)
		return -ESRCH;
	err = reserve(process, id.generation, &waiting);
	if (err < 0)
		return err;
	message->to = id;
	message->post.fn = arrive;
	/* Some of those under way may be this thread's, from before it ran the loop: queue up. */
	if (gyre__loop_is_mine(id.loop) && waiting == process->inbox.arrived)
		append(process, message);
	else
		gyre__post_push(&id.loop->posts, &message->post);
	return 0;
}

static int take(struct gyre_process *self, struct gyre_message **ret_message)
{
	struct gyre__inbox *inbox = &self->inbox;
	struct gyre_message *message = inbox->first;

	if (self->canceled)
		return -ECANCELED;
	if (!message)
		return -ETIMEDOUT;
	inbox->first = message->post.next ? of_post(message->post.next) : NULL;
	inbox->arrived--;
	atomic_fetch_sub(&inbox->word, 1);
	*ret_message = message;
	return 0;
}

int gyre_process_receive(
	struct gyre_process *self, uint64_t deadline, struct gyre_message **ret_message)
{
	if (!gyre__process_may_suspend(self))
		return gyre__process_refuse(self);
	while (self->inbox.first || self->canceled || deadline == 0)
		if (gyre__process_pass(self))
			return take(self, ret_message);
	self->mask = GYRE_EVENT_MESSAGE;
	gyre__process_suspend(self, GYRE_PROCESS_WAITING, deadline);
	return take(self, ret_message);
}
