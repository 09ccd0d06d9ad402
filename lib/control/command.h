/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands: functions that run in a process on a loop, asked for by the control's thread and
 * answered to it.
 *
 *   waiting --paced--> posted --spawned--> its process --done, pushed--> drained: answered, freed
 *                         \________________ canceled _______________/
 *
 * From the post until it is drained a command is the loop's, but for `canceled`.
 */
#ifndef GYRE_LIB_CONTROL_COMMAND_H
#define GYRE_LIB_CONTROL_COMMAND_H

#include <stdatomic.h>
#include <sys/queue.h>
#include <uv.h>

#include "control/call.h"

struct gyre__command;
struct gyre__request;

/* The way back from all loops, shared by the control and by the commands under way: whoever is last
 * frees it. `gate` counts the loops' threads inside, and has a bit for closed. */
struct gyre__port {
	atomic_uint refs, gate;
	_Atomic(struct gyre__command *) done; /* a stack */
	uv_async_t *wake;
};

struct gyre__command {
	TAILQ_ENTRY(gyre__command) link; /* of the queue */
	struct gyre_post start, cancel;
	struct gyre__port *port;
	atomic_uint refs; /* the way through the loop, and the cancel post */
	atomic_bool canceled;
	struct gyre__command *next_done;

	char name[64]; /* the method's: the process has it, too */
	gyre_control_fn *fn;
	void *arg;
	struct gyre_control_call call;
	int status; /* what fn returned, or why it did not run */

	struct gyre_loop *loop; /* the loop's thread: */
	struct gyre_process_id process;
	bool begun; /* its function has */

	struct gyre__request *request; /* the control's thread: NULL, nobody waits any more */
	struct gyre__queue *queue; /* NULL: the loop is deleted */
	bool posted;
};

TAILQ_HEAD(gyre__command_list, gyre__command);

/* One loop's. */
struct gyre__queue {
	struct gyre__command_list waiting, posted;
	unsigned n_waiting, n_posted;
	uint64_t paced; /* uv_hrtime(): what was started is paid for until then */
	uint64_t changed; /* when the last one was drained: readings must be younger */
};

struct gyre__port *gyre__port_create(uv_async_t *wake);
/* Waits for loops' threads that are inside, which are for a system call at most; from then on
 * commands that end free themselves. */
void gyre__port_close(struct gyre__port *port);

void gyre__queue_init(struct gyre__queue *queue);
/* Makes a command wait for its turn; takes over `params`. NULL: GYRE__QUEUE_MAX are waiting, or
 * there is no memory. */
struct gyre__command *gyre__command_create(struct gyre__queue *queue, struct gyre__port *port,
	const char *name, gyre_control_fn *fn, void *arg, json_t *params);
#define GYRE__QUEUE_MAX 64

/* With the lock held, all below: they touch the loop. Starts what is due; returns when more is. */
uint64_t gyre__queue_poll(struct gyre__queue *queue, struct gyre_loop *loop, uint64_t now);
/* Nobody waits for it any more: frees it, or has it canceled. */
void gyre__command_cancel(struct gyre__command *command);
/* The loop is deleted, or the control: the commands under way are canceled and belong to nobody. */
void gyre__queue_detach(struct gyre__queue *queue);
/* One that was drained leaves its queue. */
void gyre__command_ended(struct gyre__command *command, uint64_t now);

/* The commands that have ended since, oldest last; NULL: none. Each is to be freed. */
struct gyre__command *gyre__port_drain(struct gyre__port *port);
void gyre__command_free(struct gyre__command *command);

#endif
