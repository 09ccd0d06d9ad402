/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands on their way to a loop and back. Owns the queues and the commands; called by requests
 * and by the control's wake-up, calls the core's posts and processes. Invariant: however many ask,
 * a loop is given no more than one command every 2 ms, but for a small burst, and has no more
 * than RUNNING_MAX under way; a command ends once, whether it ran, failed, or was canceled before.
 */
#include "control/command.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define RUNNING_MAX 16
#define PACE_NSEC   GYRE_MSEC(2)
#define BURST_NSEC  GYRE_MSEC(4) /* so much is lent to a loop that had nothing to do */
#define GATE_CLOSED (1u << 31)

/* --- The way back --- */

struct gyre__port *gyre__port_create(uv_async_t *wake)
{
	struct gyre__port *port = calloc(1, sizeof(*port));

	if (!port)
		return NULL;
	atomic_init(&port->refs, 1);
	atomic_init(&port->gate, 0);
	atomic_init(&port->done, NULL);
	port->wake = wake;
	return port;
}

static void port_unref(struct gyre__port *port)
{
	if (atomic_fetch_sub(&port->refs, 1) == 1)
		free(port);
}

void gyre__port_close(struct gyre__port *port)
{
	struct gyre__command *command, *next;

	atomic_fetch_or(&port->gate, GATE_CLOSED);
	while (atomic_load(&port->gate) != GATE_CLOSED)
		sched_yield();
	for (command = gyre__port_drain(port); command; command = next) {
		next = command->next_done;
		gyre__command_free(command);
	}
	port_unref(port);
}

struct gyre__command *gyre__port_drain(struct gyre__port *port)
{
	return atomic_exchange(&port->done, NULL);
}

void gyre__command_free(struct gyre__command *command)
{
	struct gyre__port *port = command->port;

	if (atomic_fetch_sub(&command->refs, 1) != 1)
		return;
	json_decref(command->call.params);
	json_decref(command->call.result);
	free(command);
	port_unref(port);
}

/* --- On the loop's thread --- */

/* Back to the control, if it is still there. */
static void end(struct gyre__command *command, int status)
{
	struct gyre__port *port = command->port;
	struct gyre__command *head;

	command->status = status;
	if (atomic_fetch_add(&port->gate, 1) & GATE_CLOSED) {
		atomic_fetch_sub(&port->gate, 1);
		gyre__command_free(command);
		return;
	}
	head = atomic_load(&port->done);
	do {
		command->next_done = head;
	} while (!atomic_compare_exchange_weak(&port->done, &head, command));
	uv_async_send(port->wake);
	atomic_fetch_sub(&port->gate, 1);
}

static int command_main(struct gyre_process *self, void *arg)
{
	struct gyre__command *command = arg;

	command->begun = true;
	end(command, command->fn(self, &command->call, command->arg));
	return 0;
}

static void start(struct gyre_post *post)
{
	struct gyre__command *command =
		(void *)((char *)post - offsetof(struct gyre__command, start));
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	int status = -ECANCELED;

	options.name = command->name;
	options.daemon = true;
	if (!atomic_load(&command->canceled))
		status = gyre_process_spawn(
			command->loop, command_main, command, &options, &command->process);
	if (status < 0)
		end(command, status);
}

/* After start, for posts of one thread run in order. One that was spawned and has not begun never
 * will. The process's id is that of none if there is none, and of a dead one after its end. */
static void cancel(struct gyre_post *post)
{
	struct gyre__command *command =
		(void *)((char *)post - offsetof(struct gyre__command, cancel));
	bool waits = command->process.loop && !command->begun;

	if (command->process.loop)
		gyre_process_cancel(command->process);
	if (waits)
		end(command, -ECANCELED);
	gyre__command_free(command);
}

/* --- On the control's thread --- */

void gyre__queue_init(struct gyre__queue *queue)
{
	TAILQ_INIT(&queue->waiting);
	TAILQ_INIT(&queue->posted);
}

struct gyre__command *gyre__command_create(struct gyre__queue *queue, struct gyre__port *port,
	const char *name, gyre_control_fn *fn, void *arg, json_t *params)
{
	struct gyre__command *command = NULL;

	if (queue->n_waiting < GYRE__QUEUE_MAX)
		command = calloc(1, sizeof(*command));
	if (!command) {
		json_decref(params);
		return NULL;
	}
	snprintf(command->name, sizeof(command->name), "%s", name);
	atomic_init(&command->refs, 1);
	atomic_fetch_add(&port->refs, 1);
	command->port = port;
	command->fn = fn;
	command->arg = arg;
	command->call.params = params;
	command->queue = queue;
	queue->n_waiting++;
	TAILQ_INSERT_TAIL(&queue->waiting, command, link);
	return command;
}

static void post(struct gyre__queue *queue, struct gyre_loop *loop)
{
	struct gyre__command *command = TAILQ_FIRST(&queue->waiting);

	TAILQ_REMOVE(&queue->waiting, command, link);
	queue->n_waiting--;
	TAILQ_INSERT_TAIL(&queue->posted, command, link);
	queue->n_posted++;
	command->posted = true;
	command->loop = loop;
	command->start.fn = start;
	gyre_loop_post(loop, &command->start);
}

uint64_t gyre__queue_poll(struct gyre__queue *queue, struct gyre_loop *loop, uint64_t now)
{
	if (queue->paced < now)
		queue->paced = now;
	while (!TAILQ_EMPTY(&queue->waiting) && queue->n_posted < RUNNING_MAX) {
		if (queue->paced - now >= BURST_NSEC)
			return queue->paced - BURST_NSEC + 1;
		queue->paced += PACE_NSEC;
		post(queue, loop);
	}
	return GYRE_FOREVER;
}

/* Once; by the loop that has it. */
static void ask_to_end(struct gyre__command *command)
{
	if (atomic_exchange(&command->canceled, true))
		return;
	atomic_fetch_add(&command->refs, 1);
	command->cancel.fn = cancel;
	gyre_loop_post(command->loop, &command->cancel);
}

void gyre__command_cancel(struct gyre__command *command)
{
	struct gyre__queue *queue = command->queue;

	command->request = NULL;
	if (command->posted) {
		if (queue)
			ask_to_end(command);
		return;
	}
	TAILQ_REMOVE(&queue->waiting, command, link);
	queue->n_waiting--;
	gyre__command_free(command);
}

void gyre__queue_detach(struct gyre__queue *queue)
{
	struct gyre__command *command;

	while ((command = TAILQ_FIRST(&queue->posted)) != NULL) {
		ask_to_end(command);
		TAILQ_REMOVE(&queue->posted, command, link);
		command->queue = NULL;
	}
	queue->n_posted = 0;
}

void gyre__command_ended(struct gyre__command *command, uint64_t now)
{
	struct gyre__queue *queue = command->queue;

	if (!queue)
		return;
	TAILQ_REMOVE(&queue->posted, command, link);
	queue->n_posted--;
	queue->changed = now;
	command->queue = NULL;
}
