/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a control socket: JSON-RPC 2.0, one message a line.
 */
#ifndef GYRECTL_CLIENT_H
#define GYRECTL_CLIENT_H

#include <jansson.h>
#include <stdint.h>

/* How a command ends, which is the program's exit status. */
enum gyrectl_exit {
	GYRECTL_OK = 0,
	GYRECTL_FAILED = 1, /* the server answered an error, or the output cannot be written */
	GYRECTL_USAGE = 2,
	GYRECTL_LOST = 3, /* no connection, or no answer in time */
};

struct client {
	int fd; /* -1: not connected */
	uint64_t timeout_nsec; /* of one question and its answer */
	json_int_t last_id;
	char *buffer; /* what came and was not looked at yet: [first, end) */
	size_t first, end, size;
	size_t scanned; /* from first on, without an end of line */
	char error[512]; /* why the last call failed: escaped */
};

/* Connects. Returns GYRECTL_OK, or GYRECTL_LOST. */
int client_open(struct client *client, const char *path, uint64_t timeout_nsec);
void client_close(struct client *client);

/* Asks and waits for the answer. `params` is taken over; NULL for none. Returns GYRECTL_OK,
 * GYRECTL_FAILED (the server's error) or GYRECTL_LOST. */
int client_call(struct client *client, const char *method, json_t *params, json_t **ret_result);

/* The two halves of it, for who has something else to do meanwhile. client_send() takes `params`
 * over, and gives the number that the answer will have. */
int client_send(struct client *client, const char *method, json_t *params, json_int_t *ret_id);
/* The next message, if one comes until `deadline` (client_now()'s nanoseconds; a past one does not
 * wait): an answer or a subscription's push. *ret_message is NULL if none came, or a signal did. */
int client_receive(struct client *client, uint64_t deadline, json_t **ret_message);
/* What an answer holds: a borrowed result, or GYRECTL_FAILED and the text in `error`. */
int client_result(struct client *client, const json_t *message, json_t **ret_result);

uint64_t client_now(void);

#endif
