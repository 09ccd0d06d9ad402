/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_RPC_H
#define GYRE_LIB_CONTROL_RPC_H

#include "control/client.h"

/* One line of a client, without its end: what it asks is begun, what is wrong is added to its
 * output. Does not close the client. */
void gyre__rpc_line(struct gyre__client *client, const char *line, size_t n);
/* Adds an error that belongs to no request. */
void gyre__rpc_error(struct gyre__client *client, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Such an error as a line in text; returns its length, less than size. */
size_t gyre__rpc_error_text(char *text, size_t size, int code, const char *message);
/* Adds a message that nobody asked for; takes over the reference. False: it did not fit. */
bool gyre__rpc_push(struct gyre__client *client, json_t *message);
/* The client is gone, and with it what it asked. */
void gyre__rpc_abandon(struct gyre__client *client);

/* subscribe.c: the same for its subscriptions. */
void gyre__subscriptions_end(struct gyre__client *client);

#endif
