/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spawn: checks what the caller asked for, and makes a control block and a stack into a process.
 * Owns nothing. Called by applications and processes; calls the table, the stacks and process.c.
 * Invariant: a spawn that fails leaves nothing behind, and one that succeeds leaves no trace of the
 * block's last process.
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "sched/process.h"

#define STACK_LEAST   ((size_t)16 << 10)
#define STACK_MOST    ((size_t)64 << 20)
#define MESSAGES_MOST 65535u

static const struct gyre_process_options defaults = {
	.size = sizeof(defaults),
	.name = "process",
	.message_max = 64,
};
static const char default_name[sizeof(((struct gyre_process *)0)->name)] = "process";

void gyre_process_options_init(struct gyre_process_options *options, size_t size)
{
	gyre__options_init(options, size, &defaults, sizeof(defaults));
}

/* Checks what the caller asked for, and fills in what he left to us. */
static __attribute__((noinline)) int check(
	const struct gyre_process_options *asked, struct gyre_process_options *options)
{
	struct gyre_error *error = asked && asked->size >= sizeof(*asked) ? asked->error : NULL;
	int err;

	gyre_process_options_init(options, sizeof(*options));
	err = gyre__options_copy(
		options, sizeof(*options), asked, sizeof(*options), "gyre_process_options", error);
	if (err < 0)
		return err;
	if (!options->name)
		options->name = "process";
	if (options->stack_size &&
		(options->stack_size < STACK_LEAST || options->stack_size > STACK_MOST))
		return gyre__error_set(error, -EINVAL,
			"process '%s': stack_size %zu is not in %zu to %zu", options->name,
			options->stack_size, STACK_LEAST, STACK_MOST);
	if (options->message_max > MESSAGES_MOST)
		return gyre__error_set(error, -EINVAL, "process '%s': message_max %u is above %u",
			options->name, options->message_max, MESSAGES_MOST);
	return 0;
}

/* Apart, as what else is seldom: a spawn of defaults saves fewer registers. */
static __attribute__((noinline)) void clear_late(struct gyre_process *process)
{
	memset(process->late_new, 0, sizeof(process->late_new));
	if (process->late_carried) /* else it is empty */
		memset(process->late, 0, sizeof(process->late));
	process->late_carried = false;
	process->late_max = process->late_nsec = 0;
	process->timed = false;
}

/* A block that holds no trace of its last process; FREE still. What every process leaves empty, or
 * sets before it is looked at, is left out, and so is a line that the last one did not touch. */
static inline void clear(struct gyre_process *process, struct gyre__sched *sched)
{
	process->streak = 0;
	process->canceled = false;
	process->run_nsec = process->longest_nsec = 0;
	process->runs = process->runs_high = 0;
	atomic_store_explicit(&process->coalesced, 0, memory_order_relaxed);
	if (process->timed)
		clear_late(process);
	if (process->sched) /* the block is not new: what no process changes is there */
		return;
	process->sched = sched;
	process->post.fn = gyre__event_arrive;
}

static __attribute__((noinline)) void set_name(struct gyre_process *process, const char *text)
{
	size_t length = strnlen(text, sizeof(process->name) - 1);

	memset(process->name, 0, sizeof(process->name));
	memcpy(process->name, text, length);
}

static inline void describe(
	struct gyre_process *process, const struct gyre_process_options *options)
{
	if (options->name == defaults.name)
		memcpy(process->name, default_name, sizeof(process->name));
	else
		set_name(process, options->name);
	process->daemon = options->daemon;
	process->joinable = options->joinable;
}

/* Room for a block that was never handed out; for one that was, there is. */
static __attribute__((noinline, cold)) int make_room(
	struct gyre__sched *sched, const struct gyre_process_options *options)
{
	uint32_t blocks = atomic_load_explicit(&sched->table.used, memory_order_relaxed);

	blocks += blocks < sched->table.max;
	if (gyre__ready_reserve(&sched->ready, blocks) < 0 ||
		gyre__alarms_reserve(&sched->alarms, blocks) < 0)
		return gyre__error_set(options->error, -ENOMEM,
			"process '%s': no memory to wake it beside %u", options->name,
			sched->alive);
	return 0;
}

/* A block with a stack, as the checked options want it. */
static inline int make(struct gyre__sched *sched, const struct gyre_process_options *options,
	struct gyre_process **ret_process)
{
	struct gyre_process *process;
	int err;

	if (!sched->table.free) {
		err = make_room(sched, options);
		if (err < 0)
			return err;
	}
	err = gyre__table_get(&sched->table, &process);
	if (err < 0)
		return gyre__error_set(options->error, err,
			err == -EAGAIN ? "process '%s': process_max, %u, are there already"
				       : "process '%s': no memory for a control block beside %u",
			options->name, sched->table.max);
	err = gyre__stack_get(sched->stacks,
		options->stack_size ? options->stack_size : sched->stack_size, options->error,
		&process->stack);
	if (err < 0) {
		gyre__table_put(&sched->table, process);
		return err;
	}
	*ret_process = process;
	return 0;
}

int gyre_process_spawn(struct gyre_loop *loop, gyre_process_fn *fn, void *arg,
	const struct gyre_process_options *asked, struct gyre_process_id *ret_id)
{
	struct gyre__sched *sched = loop->sched;
	const struct gyre_process_options *options = &defaults;
	struct gyre_process_options checked;
	struct gyre_process *process = NULL;
	int err = asked ? check(asked, &checked) : 0;

	if (err < 0)
		return err;
	if (asked)
		options = &checked;
	if (!fn)
		return gyre__error_set(
			options->error, -EINVAL, "process '%s': fn is NULL", options->name);
	err = make(sched, options, &process);
	if (err < 0)
		return err;
	clear(process, sched);
	describe(process, options);
	process->fn = fn;
	process->arg = arg;
	process->stack_low = (uintptr_t)process->stack.low;
	process->stack_size = (uint32_t)process->stack.size;
	gyre__context_init(&process->context, process->stack.low, process->stack.size,
		gyre__process_main, process);
	gyre__event_open(process);
	gyre__inbox_open(process, options->message_max);
	sched->alive++;
	sched->counting += !process->daemon;
	gyre__process_start(process);
	if (sched->ending)
		gyre__event_set(process, process->generation, GYRE__WORD_CANCEL, NULL);
	gyre__hub_due(loop, 0);
	if (ret_id)
		*ret_id = gyre_process_id(process);
	return 0;
}
