/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the socket. Owns its fd, its uv handle, what it sent and what waits for it. Called by
 * the uv loop and by what is added to its output, calls rpc.c with whole lines. Invariant: a client
 * holds no more memory than its limits, for it is not read while it has too much under way or takes
 * too little; a long line costs no more than looking for its
 * end; and nobody is heard for long while others wait.
 */
#include "control/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/rpc.h"
#include "control/socket.h"

#define CALLS_MAX  16 /* under way at a time */
#define LINES_MAX  32 /* heard in one go, before others have their turn */
#define CHUNK      65536
#define STALL_NSEC GYRE_SEC(10)

size_t gyre__client_queued(const struct gyre__client *client)
{
	return client->out.n + client->batched;
}

bool gyre__client_has_room(const struct gyre__client *client)
{
	return gyre__client_queued(client) < client->control->options.output_max / 2;
}

/* It is not heard before it has been answered, and has taken the answers. */
static bool is_held_back(const struct gyre__client *client)
{
	return client->n_calls >= CALLS_MAX || !gyre__client_has_room(client) ||
	       client->asked >= client->control->options.request_max / 4;
}

/* --- Lines --- */

static void discard(struct gyre__client *client, const char *end)
{
	struct gyre__bytes *in = &client->in;

	client->discarding = !end;
	gyre__bytes_take(in, end ? (size_t)(end - gyre__bytes_at(in)) + 1 : in->n);
}

static void refuse_line(struct gyre__client *client, const char *end)
{
	gyre__rpc_error(client, GYRE__RPC_LIMIT, "the request is too long: request_max is %zu",
		client->control->options.request_max);
	discard(client, end);
}

/* Takes one line, whole or too long; false: there is none. */
static bool take_line(struct gyre__client *client)
{
	struct gyre__bytes *in = &client->in;
	const char *at = gyre__bytes_at(in);
	const char *end = in->n ? memchr(at, '\n', in->n) : NULL;
	size_t n = end ? (size_t)(end - at) : in->n;

	if (client->discarding) {
		if (in->n)
			discard(client, end);
		return end;
	}
	if (n > client->control->options.request_max) {
		refuse_line(client, end);
		return true;
	}
	if (!end)
		return false;
	client->heard = uv_hrtime();
	gyre__rpc_line(client, at, n);
	gyre__bytes_take(in, n + 1);
	return true;
}

static void take_lines(struct gyre__client *client)
{
	for (unsigned i = 0; i < LINES_MAX && !is_held_back(client); i++)
		if (!take_line(client))
			return;
}

/* Whole, or too long. */
static bool has_line(const struct gyre__client *client)
{
	const struct gyre__bytes *in = &client->in;

	return in->n && (in->n > client->control->options.request_max ||
				memchr(gyre__bytes_at(in), '\n', in->n));
}

/* --- Reading and writing --- */

/* Gone altogether; one that only sends no more may wait for answers. */
static bool has_hung_up(const struct gyre__client *client)
{
	struct pollfd look = {.fd = client->fd};

	return poll(&look, 1, 0) == 1 && (look.revents & POLLHUP);
}

/* False: it is gone. */
static bool read_some(struct gyre__client *client)
{
	char *room = gyre__bytes_reserve(&client->in, CHUNK);
	ssize_t n = room ? recv(client->fd, room, CHUNK, MSG_DONTWAIT) : 0;

	if (!room || (n < 0 && errno != EAGAIN && errno != EINTR))
		return false;
	if (n == 0 && has_hung_up(client))
		return false;
	if (n == 0)
		client->eof = true;
	if (n > 0)
		client->in.n += (size_t)n;
	if (client->in.n == 0)
		gyre__bytes_fini(&client->in);
	return true;
}

static bool write_some(struct gyre__client *client)
{
	struct gyre__bytes *out = &client->out;

	while (out->n) {
		ssize_t n =
			send(client->fd, gyre__bytes_at(out), out->n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		client->taken = uv_hrtime();
		gyre__bytes_take(out, (size_t)n);
	}
	return true;
}

static void ready(uv_poll_t *poll, int status, int events);

static void poll_for(struct gyre__client *client, int events)
{
	if (events == client->events)
		return;
	client->events = events;
	if (events)
		uv_poll_start(&client->poll, events, ready);
	else
		uv_poll_stop(&client->poll);
}

/* It sends no more, and nothing more is for it. */
static bool is_over(const struct gyre__client *client)
{
	return client->eof && client->n_calls == 0 && client->n_subscriptions == 0 &&
	       client->out.n == 0 && !has_line(client);
}

/* One whose lines are not over goes on in the uv loop's next turn, for it can be written to. */
static int wanted(const struct gyre__client *client)
{
	int events = client->out.n ? UV_WRITABLE : 0;

	if (is_held_back(client))
		return events;
	if (has_line(client))
		return UV_WRITABLE;
	return events | (client->eof ? 0 : UV_READABLE);
}

void gyre__client_go_on(struct gyre__client *client)
{
	if (client->fd < 0)
		return;
	take_lines(client);
	if (!write_some(client) || is_over(client))
		gyre__client_close(client);
	else
		poll_for(client, wanted(client));
}

static void ready(uv_poll_t *poll, int status, int events)
{
	struct gyre__client *client = poll->data;

	if (status < 0 || ((events & UV_READABLE) && !read_some(client)))
		gyre__client_close(client);
	else
		gyre__client_go_on(client);
}

/* --- Life --- */

static void closed(uv_handle_t *poll)
{
	struct gyre__client *client = poll->data;
	struct gyre_control *control = client->control;

	free(client);
	gyre__control_release(control);
}

void gyre__client_close(struct gyre__client *client)
{
	if (client->fd < 0)
		return;
	gyre__rpc_abandon(client);
	gyre__subscriptions_end(client);
	uv_close((uv_handle_t *)&client->poll, closed);
	close(client->fd);
	client->fd = -1;
	gyre__bytes_fini(&client->in);
	gyre__bytes_fini(&client->out);
	gyre__socket_forget(client->control, client);
}

void gyre__client_check(struct gyre__client *client, uint64_t now)
{
	uint64_t idle = client->control->options.idle_nsec;
	bool waits = client->n_calls || client->n_subscriptions || client->out.n;

	if (client->out.n && now - client->taken >= STALL_NSEC) {
		gyre__control_log(client->control, GYRE_LOG_WARNING,
			"a client that does not read is disconnected");
		gyre__client_close(client);
	} else if (idle && !waits && now - client->heard >= idle) {
		gyre__control_log(
			client->control, GYRE_LOG_DEBUG, "an idle client is disconnected");
		gyre__client_close(client);
	}
}

int gyre__client_create(struct gyre_control *control, int fd, struct gyre__client **ret_client)
{
	struct gyre__client *client = calloc(1, sizeof(*client));
	int status = client ? uv_poll_init(control->uv, &client->poll, fd) : -ENOMEM;

	if (status < 0) {
		free(client);
		close(fd);
		return status;
	}
	gyre__control_hold(control);
	client->poll.data = client;
	client->control = control;
	client->fd = fd;
	client->heard = client->taken = uv_hrtime();
	TAILQ_INIT(&client->calls);
	TAILQ_INIT(&client->subscriptions);
	poll_for(client, UV_READABLE);
	*ret_client = client;
	return 0;
}
