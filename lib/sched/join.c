/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joining: waiting for the end of another process. Owns the list of joiners of each process. Called
 * by the joiner; by process.c when the joined one ends, and when a joiner stops waiting. Invariant:
 * a joiner is on one list exactly while its state is JOINING, and an exit status that was kept is
 * given to those who wait at the end, or else to one who comes later.
 */
#include <errno.h>

#include "base/assert.h"
#include "sched/process.h"

static void remember(struct gyre_process *process, struct gyre_process *joiner)
{
	joiner->join_next = process->joiners;
	joiner->join_pprev = &process->joiners;
	if (joiner->join_next)
		joiner->join_next->join_pprev = &joiner->join_next;
	process->joiners = joiner;
}

void gyre__join_forget(struct gyre_process *joiner)
{
	gyre__assert(*joiner->join_pprev == joiner);
	*joiner->join_pprev = joiner->join_next;
	if (joiner->join_next)
		joiner->join_next->join_pprev = joiner->join_pprev;
}

void gyre__join_tell(struct gyre_process *process)
{
	/* A wake-up takes the joiner off the list. */
	while (process->joiners) {
		struct gyre_process *joiner = process->joiners;

		joiner->joined_status = process->status;
		gyre__process_wake(joiner, GYRE__WAKE_END);
	}
}

/* Whether `self` can join the process of the id now or by waiting: 0 or an error. */
static int check(const struct gyre_process *self, struct gyre_process_id id)
{
	if (id.loop && id.loop != self->sched->loop)
		return -EINVAL;
	if (!gyre__process_find(id))
		return -ESRCH;
	return id.index == self->index ? -EDEADLK : 0;
}

/* What needs no waiting: -EAGAIN when it does. */
static int at_once(struct gyre_process *self, struct gyre_process_id id, uint64_t deadline)
{
	int err = check(self, id);

	if (self->canceled)
		return -ECANCELED;
	if (err < 0)
		return err;
	if (gyre__process_find(id)->state == GYRE_PROCESS_ENDED)
		return 0;
	return deadline ? -EAGAIN : -ETIMEDOUT;
}

/* Takes the status that an ended process was kept for. */
static int collect(struct gyre_process *self, struct gyre_process_id id, int *ret_status)
{
	struct gyre_process *process = gyre__process_find(id);

	if (ret_status)
		*ret_status = process->status;
	gyre__table_put(&self->sched->table, process);
	return 0;
}

int gyre_process_join(
	struct gyre_process *self, struct gyre_process_id id, uint64_t deadline, int *ret_status)
{
	int err;

	if (!gyre__process_may_suspend(self))
		return gyre__process_refuse(self);
	while ((err = at_once(self, id, deadline)) != -EAGAIN)
		if (gyre__process_pass(self))
			return err < 0 ? err : collect(self, id, ret_status);
	remember(gyre__process_find(id), self);
	err = gyre__process_suspend(self, GYRE_PROCESS_JOINING, deadline);
	/* The status is gone from there: it is given even to one who was canceled since. */
	if (self->reason != GYRE__WAKE_END)
		return err < 0 ? err : -ETIMEDOUT;
	if (ret_status)
		*ret_status = self->joined_status;
	return 0;
}
