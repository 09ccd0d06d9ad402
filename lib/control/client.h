/* SPDX-License-Identifier: Apache-2.0 */
/* A client of the socket: what it sent and what waits for it. All on the control's thread. */
#ifndef GYRE_LIB_CONTROL_CLIENT_H
#define GYRE_LIB_CONTROL_CLIENT_H

#include <sys/queue.h>

#include "control/bytes.h"
#include "control/control.h"

struct gyre__rpc_call;
struct gyre__subscription;

struct gyre__client {
	TAILQ_ENTRY(gyre__client) link; /* of the socket */
	struct gyre_control *control;
	uv_poll_t poll;
	int fd; /* -1: closed */
	int events; /* what is polled for */

	struct gyre__bytes in, out;
	bool discarding; /* the rest of a line that is too long */
	bool eof; /* it sends no more */
	uint64_t heard, taken; /* uv_hrtime() of its last request, and when it last took bytes */

	unsigned n_calls; /* under way, rpc.c's */
	size_t asked; /* bytes that they came in: as JSON they take many times as much */
	size_t batched; /* bytes of answers in batches that are not whole yet, rpc.c's */
	TAILQ_HEAD(gyre__rpc_calls, gyre__rpc_call) calls;
	unsigned n_subscriptions, last_subscription; /* subscribe.c's */
	TAILQ_HEAD(, gyre__subscription) subscriptions;
};

TAILQ_HEAD(gyre__client_list, gyre__client);

/* Takes over the connected fd. On failure it is closed. */
int gyre__client_create(struct gyre_control *control, int fd, struct gyre__client **ret_client);
/* Ends all that it asked for; it is freed when its handles are closed. Nothing happens twice. */
void gyre__client_close(struct gyre__client *client);
/* After anything was added to its output or taken from its calls: writes what can be written, goes
 * on with lines that were held back, polls for what is wanted. May close it. */
void gyre__client_go_on(struct gyre__client *client);
/* Closes it if it is idle or stalled. */
void gyre__client_check(struct gyre__client *client, uint64_t now);
/* Bytes that wait for it, in its output and in batches. */
size_t gyre__client_queued(const struct gyre__client *client);
/* Whether more may be added to them. */
bool gyre__client_has_room(const struct gyre__client *client);

#endif
