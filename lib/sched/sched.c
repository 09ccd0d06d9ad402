/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler of a loop: made with it, asked by it, taken down with it. Owns the control blocks,
 * the stacks and the lists. Called by the loop alone; what runs processes is in process.c.
 * Invariant: nothing of a process outlives the scheduler but what its function left behind, and
 * whoever is abandoned is named in the log.
 */
#include "sched/sched.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "sched/process.h"
#include "sched/wheel.h"

int gyre__sched_create(struct gyre_loop *loop, const struct gyre_loop_options *options,
	struct gyre__sched **ret_sched)
{
	struct gyre__sched *sched = calloc(1, sizeof(*sched));
	int err = -ENOMEM;

	if (!sched)
		return err;
	sched->loop = loop;
	sched->stack_size = options->stack_size;
	sched->accounts = options->process_accounts;
	err = gyre__table_init(&sched->table, options->process_max);
	if (err < 0)
		goto fail;
	err = gyre__alarms_init(&sched->alarms, loop->now >> GYRE__TICK_SHIFT);
	if (err < 0)
		goto fail_table;
	err = gyre__stacks_create(&sched->stacks);
	if (err < 0)
		goto fail_table;
	gyre__overflow_register(sched);
	*ret_sched = sched;
	return 0;

fail_table:
	gyre__alarms_fini(&sched->alarms);
	gyre__table_fini(&sched->table);
fail:
	free(sched);
	return err;
}

static struct gyre_process *next_live(struct gyre__sched *sched, uint32_t *index)
{
	struct gyre_process *process;

	while ((process = gyre__table_at(&sched->table, (*index)++)))
		if (process->state < GYRE_PROCESS_ENDED)
			return process;
	return NULL;
}

static void abandon(struct gyre_process *process)
{
	gyre__log(process->sched->loop, GYRE_LOG_WARNING, "process '%s': abandoned, it did not end",
		process->name);
	gyre__event_close(process);
	gyre__inbox_close(process);
	gyre__context_fini(&process->context);
	gyre__stack_put(process->sched->stacks, &process->stack);
}

void gyre__sched_destroy(struct gyre__sched *sched)
{
	struct gyre_process *process;
	uint32_t index = 0;

	if (!sched)
		return;
	gyre__overflow_unregister(sched);
	while ((process = next_live(sched, &index)))
		abandon(process);
	gyre__stacks_destroy(sched->stacks);
	gyre__table_fini(&sched->table);
	gyre__ready_fini(&sched->ready);
	gyre__alarms_fini(&sched->alarms);
	free(sched);
}

bool gyre__sched_ready(const struct gyre__sched *sched)
{
	return !gyre__ready_empty(&sched->ready);
}

unsigned gyre__sched_alive(const struct gyre__sched *sched)
{
	return sched->alive;
}

unsigned gyre__sched_counting(const struct gyre__sched *sched)
{
	return sched->counting;
}

void gyre__sched_cancel_all(struct gyre__sched *sched)
{
	struct gyre_process *process;
	uint32_t index = 0;

	sched->ending = true;
	while ((process = next_live(sched, &index)))
		gyre__event_set(process, process->generation, GYRE__WORD_CANCEL, NULL);
}
