/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a control socket. Owns the socket and what was read from it. Called by every
 * command; calls jansson and the kernel. Invariant: nothing here waits longer than the time limit,
 * a message is looked at once it is whole, and whatever is not JSON-RPC ends the connection.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "field.h"
#include "text.h"

#define READ_SIZE   65536
#define MESSAGE_MAX ((size_t)64 << 20)

uint64_t client_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int lost(struct client *client, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int lost(struct client *client, const char *format, ...)
{
	char text[sizeof(client->error)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_escape(client->error, sizeof(client->error), text);
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	return GYRECTL_LOST;
}

/* connect(2) to a Unix socket whose queue is full waits for as long as its owner may send. */
static int limit_connect(int fd, uint64_t timeout_nsec)
{
	struct timeval t = {.tv_sec = (time_t)(timeout_nsec / 1000000000u),
		.tv_usec = (suseconds_t)(timeout_nsec / 1000u % 1000000u)};

	if (t.tv_sec == 0 && t.tv_usec == 0)
		t.tv_usec = 1;
	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

int client_open(struct client *client, const char *path, uint64_t timeout_nsec)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memset(client, 0, sizeof(*client));
	client->fd = -1;
	client->timeout_nsec = timeout_nsec;
	if (strlen(path) >= sizeof(address.sun_path))
		return lost(client, "%.40s...: a socket's path has at most %zu bytes", path,
			sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 || limit_connect(client->fd, timeout_nsec) < 0)
		return lost(client, "socket: %s", strerror(errno));
	if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return lost(client, "cannot connect to %s: %s", path,
			errno == EAGAIN ? "it does not accept" : strerror(errno));
	if (fcntl(client->fd, F_SETFL, O_NONBLOCK) < 0)
		return lost(client, "%s: %s", path, strerror(errno));
	return GYRECTL_OK;
}

void client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	free(client->buffer);
	client->buffer = NULL;
	client->first = client->end = client->size = client->scanned = 0;
}

/* Returns 1 when the socket is ready, 0 after the deadline, -1 for a signal. */
static int wait_until(const struct client *client, short events, uint64_t deadline)
{
	struct pollfd fd = {.fd = client->fd, .events = events};
	uint64_t now = client_now();
	uint64_t left = deadline > now ? deadline - now : 0;
	struct timespec t = {
		.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};

	return ppoll(&fd, 1, &t, NULL);
}

static int send_all(struct client *client, const char *line, size_t len)
{
	uint64_t deadline = client_now() + client->timeout_nsec;

	while (len > 0) {
		ssize_t sent = send(client->fd, line, len, MSG_NOSIGNAL);

		if (sent > 0) {
			line += sent;
			len -= (size_t)sent;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			return GYRECTL_OK; /* why it was closed may be there to read */
		} else if (errno != EAGAIN && errno != EINTR) {
			return lost(client, "the connection was lost: %s", strerror(errno));
		} else if (wait_until(client, POLLOUT, deadline) == 0) {
			return lost(client, "the server takes no question");
		}
	}
	return GYRECTL_OK;
}

int client_send(struct client *client, const char *method, json_t *params, json_int_t *ret_id)
{
	json_int_t id = client->last_id + 1;
	json_t *message;
	char *line;
	int status;

	if (client->fd < 0) {
		json_decref(params);
		return GYRECTL_LOST;
	}
	message = json_pack("{s:s, s:I, s:s, s:o*}", "jsonrpc", "2.0", "id", id, "method", method,
		"params", params);
	line = message == NULL ? NULL : json_dumps(message, JSON_COMPACT);
	json_decref(message);
	if (line == NULL)
		return lost(client, "%s: the question cannot be written as JSON", method);
	line[strlen(line)] = '\n'; /* in place of the final 0 */
	status = send_all(client, line, strcspn(line, "\n") + 1);
	free(line);
	if (status == GYRECTL_OK)
		*ret_id = client->last_id = id;
	return status;
}

/* Room for one more read behind what is there. */
static int make_room(struct client *client)
{
	char *buffer;

	if (client->first > 0) {
		memmove(client->buffer, client->buffer + client->first,
			client->end - client->first);
		client->end -= client->first;
		client->first = 0;
	}
	if (client->size - client->end >= READ_SIZE)
		return GYRECTL_OK;
	if (client->size >= MESSAGE_MAX)
		return lost(client, "the answer is longer than %zu MiB", MESSAGE_MAX >> 20);
	buffer = realloc(client->buffer, client->size * 2 + READ_SIZE);
	if (buffer == NULL)
		return lost(client, "there is no memory");
	client->buffer = buffer;
	client->size = client->size * 2 + READ_SIZE;
	return GYRECTL_OK;
}

static int read_more(struct client *client)
{
	ssize_t got;

	if (make_room(client) != GYRECTL_OK)
		return GYRECTL_LOST;
	got = recv(client->fd, client->buffer + client->end, client->size - client->end, 0);
	if (got == 0)
		return lost(client, "the server closed the connection");
	if (got < 0 && errno != EAGAIN && errno != EINTR)
		return lost(client, "the connection was lost: %s", strerror(errno));
	client->end += got > 0 ? (size_t)got : 0;
	return GYRECTL_OK;
}

/* A whole line, if one is there: its message, and it is passed over. */
static int take_line(struct client *client, json_t **ret_message)
{
	char *line = client->buffer + client->first;
	size_t there = client->end - client->first;
	char *end = there == client->scanned
			    ? NULL
			    : memchr(line + client->scanned, '\n', there - client->scanned);
	json_error_t error;

	client->scanned = end == NULL ? there : 0;
	if (end == NULL)
		return GYRECTL_OK;
	client->first += (size_t)(end - line) + 1;
	*ret_message = json_loadb(line, (size_t)(end - line), 0, &error);
	if (!json_is_object(*ret_message)) {
		json_decref(*ret_message);
		*ret_message = NULL;
		return lost(client, "the server's answer is not a JSON object");
	}
	return GYRECTL_OK;
}

int client_receive(struct client *client, uint64_t deadline, json_t **ret_message)
{
	*ret_message = NULL;
	if (client->fd < 0)
		return GYRECTL_LOST;
	for (;;) {
		if (client->buffer != NULL && take_line(client, ret_message) != GYRECTL_OK)
			return GYRECTL_LOST;
		if (*ret_message != NULL)
			return GYRECTL_OK;
		if (wait_until(client, POLLIN, deadline) <= 0)
			return GYRECTL_OK;
		if (read_more(client) != GYRECTL_OK)
			return GYRECTL_LOST;
	}
}

int client_result(struct client *client, const json_t *message, json_t **ret_result)
{
	const json_t *error = json_object_get(message, "error");
	const char *text = field_raw(error, "message");

	*ret_result = json_object_get(message, "result");
	if (error == NULL && *ret_result != NULL)
		return GYRECTL_OK;
	text_escape(client->error, sizeof(client->error),
		*text == '\0' ? "the server answered an error without a message" : text);
	return GYRECTL_FAILED;
}

/* Waits for the answer with that number; pushes and late answers are nobody's. */
static int await(struct client *client, json_int_t id, json_t **ret_message)
{
	uint64_t deadline = client_now() + client->timeout_nsec;
	json_t *message;

	for (;;) {
		int status = client_receive(client, deadline, &message);

		if (status != GYRECTL_OK)
			return status;
		if (message == NULL && client_now() >= deadline)
			return lost(
				client, "no answer in %.3g s", (double)client->timeout_nsec / 1e9);
		if (json_integer_value(json_object_get(message, "id")) == id)
			break;
		/* An answer to nobody is about the connection: too many clients, say. */
		if (json_is_null(json_object_get(message, "id")) &&
			json_object_get(message, "error") != NULL)
			break;
		json_decref(message);
	}
	*ret_message = message;
	return GYRECTL_OK;
}

int client_call(struct client *client, const char *method, json_t *params, json_t **ret_result)
{
	json_t *message = NULL, *result;
	json_int_t id;
	int status = client_send(client, method, params, &id);

	if (status == GYRECTL_OK)
		status = await(client, id, &message);
	if (status != GYRECTL_OK)
		return status;
	status = client_result(client, message, &result);
	if (status == GYRECTL_OK)
		*ret_result = json_incref(result);
	json_decref(message);
	return status;
}
