/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: who connects is checked, counted, and becomes a client. Owns the listening fd
 * and the list of clients. Called by the control's life and by the uv loop, calls path.c and
 * client.c. Invariant: no more than clients_max are connected, and those beyond are told so; where
 * file descriptors run out, who connects waits, and nothing spins.
 */
#include "control/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "control/listen.h"
#include "control/peer.h"
#include "control/rpc.h"

#define ACCEPTS    32 /* in one go, before others have their turn */
#define SWEEP_MSEC 1000
#define RETRY_MSEC 5 /* after file descriptors ran out: a full backlog must drain in a second */

struct gyre__socket {
	struct gyre_control *control;
	struct gyre__listen listen;
	bool everybody; /* its mode lets others write */
	uv_poll_t poll;
	uv_timer_t sweep, retry;
	unsigned handles; /* of the three */
	struct gyre__client_list clients;
	unsigned n_clients;
};

/* --- Those who connect --- */

static void refuse(int fd, int code, const char *message)
{
	char text[256];
	size_t n = gyre__rpc_error_text(text, sizeof(text), code, message);

	/* If he does not get it, he sees at least that he is disconnected. */
	if (send(fd, text, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		errno = 0;
	close(fd);
}

static void sweep(uv_timer_t *timer)
{
	struct gyre__socket *listener = timer->data;
	struct gyre__client *client, *next;
	uint64_t now = uv_hrtime();

	for (client = TAILQ_FIRST(&listener->clients); client; client = next) {
		next = TAILQ_NEXT(client, link);
		gyre__client_check(client, now);
	}
	if (listener->n_clients == 0)
		uv_timer_stop(timer);
}

static void welcome(struct gyre__socket *listener, int fd)
{
	struct gyre_control *control = listener->control;
	struct gyre__client *client;

	if (!listener->everybody && !gyre__peer_may_connect(fd, listener->listen.group)) {
		gyre__control_log(control, GYRE_LOG_WARNING,
			"a client of user %u may not connect: refused", gyre__peer_user(fd));
		refuse(fd, GYRE__RPC_LIMIT, "permission denied");
		return;
	}
	if (listener->n_clients >= control->options.clients_max) {
		char text[64];

		snprintf(text, sizeof(text), "too many clients: clients_max is %u",
			control->options.clients_max);
		refuse(fd, GYRE__RPC_LIMIT, text);
		return;
	}
	if (gyre__client_create(control, fd, &client) < 0)
		return;
	TAILQ_INSERT_TAIL(&listener->clients, client, link);
	if (listener->n_clients++ == 0)
		uv_timer_start(&listener->sweep, sweep, SWEEP_MSEC, SWEEP_MSEC);
}

void gyre__socket_forget(struct gyre_control *control, struct gyre__client *client)
{
	TAILQ_REMOVE(&control->socket->clients, client, link);
	control->socket->n_clients--;
}

static void connected(uv_poll_t *poll, int status, int events);

static void retry(uv_timer_t *timer)
{
	struct gyre__socket *listener = timer->data;

	uv_poll_start(&listener->poll, UV_READABLE, connected);
}

static void connected(uv_poll_t *poll, int status, int events)
{
	struct gyre__socket *listener = poll->data;

	(void)status;
	(void)events;
	for (unsigned i = 0; i < ACCEPTS; i++) {
		int fd = accept4(listener->listen.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			welcome(listener, fd);
			continue;
		}
		if (errno == ECONNABORTED || errno == EINTR)
			continue;
		if (errno == EAGAIN)
			return;
		/* No file descriptor, no memory: they wait in the backlog. */
		uv_poll_stop(poll);
		uv_timer_start(&listener->retry, retry, RETRY_MSEC, 0);
		return;
	}
}

/* --- Life --- */

static void closed(uv_handle_t *handle)
{
	struct gyre__socket *listener = handle->data;
	struct gyre_control *control = listener->control;

	if (--listener->handles == 0)
		free(listener);
	gyre__control_release(control);
}

static void hold(struct gyre__socket *listener, uv_handle_t *handle)
{
	handle->data = listener;
	listener->handles++;
	gyre__control_hold(listener->control);
}

static int listen_at(struct gyre__socket *listener, struct gyre_error *error)
{
	const struct gyre_control_options *options = &listener->control->options;

	listener->everybody = options->mode & 0002;
	return gyre__listen_open(
		options->path, options->mode, options->group, error, &listener->listen);
}

int gyre__socket_create(struct gyre_control *control, struct gyre_error *error)
{
	struct gyre__socket *listener = calloc(1, sizeof(*listener));
	int status;

	if (!listener)
		return gyre__error_set(error, -ENOMEM, "no memory for a socket");
	listener->control = control;
	listener->listen.fd = -1;
	TAILQ_INIT(&listener->clients);
	status = listen_at(listener, error);
	if (status == 0 &&
		(status = uv_poll_init(control->uv, &listener->poll, listener->listen.fd)) < 0)
		gyre__error_set(
			error, status, "%s: %s", control->options.path, uv_strerror(status));
	if (status < 0) {
		gyre__listen_close(&listener->listen, control->options.path);
		free(listener);
		return status;
	}
	hold(listener, (uv_handle_t *)&listener->poll);
	uv_timer_init(control->uv, &listener->sweep);
	hold(listener, (uv_handle_t *)&listener->sweep);
	uv_timer_init(control->uv, &listener->retry);
	hold(listener, (uv_handle_t *)&listener->retry);
	uv_poll_start(&listener->poll, UV_READABLE, connected);
	control->socket = listener;
	return 0;
}

void gyre__socket_close(struct gyre_control *control)
{
	struct gyre__socket *listener = control->socket;
	struct gyre__client *client;

	if (!listener)
		return;
	while ((client = TAILQ_FIRST(&listener->clients)) != NULL)
		gyre__client_close(client);
	uv_close((uv_handle_t *)&listener->poll, closed);
	uv_close((uv_handle_t *)&listener->sweep, closed);
	uv_close((uv_handle_t *)&listener->retry, closed);
	gyre__listen_close(&listener->listen, control->options.path);
	control->socket = NULL;
}
