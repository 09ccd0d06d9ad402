/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: libmicrohttpd on the control's uv loop. Owns the listening socket, the daemon
 * and the list of clients; libmicrohttpd owns their sockets. Called by the control's life, calls
 * libmicrohttpd under the guard; requests go to http_exchange.c. Invariant: libmicrohttpd is
 * entered from the uv loop's callbacks alone, never from inside itself, and a client has 30 seconds
 * (or less, if idle_nsec is) from connecting, or from one answer, until it has taken the next one.
 */
#include "control/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "control/control.h"
#include "control/http_exchange.h"
#include "control/http_guard.h"
#include "control/peer.h"

#define ACCEPT_BURST    16
#define CLIENT_MEMORY   16384 /* a request's line and headers, and what is sent of the answer */
#define EXCHANGE_MSEC   30000
#define STARVATION_MSEC 100
#define IGNORED_MAX     16 /* KiB that who is rejected has sent */

/* --- Calls of libmicrohttpd --- */

static void stop_serving(struct gyre__http *http);

/* A socket whose fd was closed, and is another file now, is not ours to touch. */
static void hang_up(const struct gyre__http_client *client)
{
	struct stat stat;

	if (fstat(client->fd, &stat) == 0 && stat.st_ino == client->inode)
		shutdown(client->fd, SHUT_RDWR);
}

/* The daemon, and what it holds, is left where it is: nobody knows what of it is sound. */
static void give_up(struct gyre__http *http, const char *reason)
{
	struct gyre__http_client *client;

	http->broken = true;
	gyre__control_log(http->control, GYRE_LOG_ERROR, "HTTP is off: libmicrohttpd: %s", reason);
	stop_serving(http);
	gyre__http_exchange_free_all(http);
	while ((client = TAILQ_FIRST(&http->clients))) {
		hang_up(client);
		TAILQ_REMOVE(&http->clients, client, entry);
		free(client);
	}
	http->counts.connections = 0;
}

static void guarded(struct gyre__http *http, void (*fn)(void *arg), void *arg)
{
	char reason[160];

	if (!http->broken && !gyre__http_guard(fn, arg, reason, sizeof(reason)))
		give_up(http, reason);
}

/* --- Running --- */

static void drive(struct gyre__http *http);

static void on_timer(uv_timer_t *timer)
{
	drive(timer->data);
}

static void on_events(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	drive(poll->data);
}

static void run(void *arg)
{
	struct gyre__http *http = arg;

	MHD_run(http->daemon);
}

/* Clients that are too slow, or idle for too long. */
static void hang_up_late(struct gyre__http *http)
{
	struct gyre__http_client *client;
	uint64_t now = uv_now(http->control->uv);

	while ((client = TAILQ_FIRST(&http->clients)) && client->deadline <= now) {
		if (!client->answering) {
			hang_up(client);
			http->counts.rejected[GYRE__HTTP_REJECT_SLOW]++;
		}
		/* libmicrohttpd closes it soon; one that we keep waiting is looked at again. */
		TAILQ_REMOVE(&http->clients, client, entry);
		client->deadline = now + EXCHANGE_MSEC;
		TAILQ_INSERT_TAIL(&http->clients, client, entry);
	}
}

static void set_timer(struct gyre__http *http)
{
	const struct gyre__http_client *client = TAILQ_FIRST(&http->clients);
	uint64_t now = uv_now(http->control->uv), wait = UINT64_MAX;
	unsigned long long pending;

	if (client)
		wait = client->deadline > now ? client->deadline - now : 0;
	if (MHD_get_timeout(http->daemon, &pending) == MHD_YES && pending < wait)
		wait = pending;
	if (wait == UINT64_MAX)
		uv_timer_stop(&http->timer);
	else
		uv_timer_start(&http->timer, on_timer, wait, 0);
}

static void drive(struct gyre__http *http)
{
	hang_up_late(http);
	guarded(http, run, http);
	if (!http->broken)
		set_timer(http);
}

static void resume(void *connection)
{
	MHD_resume_connection(connection);
}

void gyre__http_resume(struct gyre__http *http, struct MHD_Connection *connection)
{
	guarded(http, resume, connection);
	if (!http->broken)
		uv_timer_start(&http->timer, on_timer, 0, 0);
}

/* --- Clients --- */

static uint64_t client_deadline(const struct gyre__http *http)
{
	uint64_t idle = http->control->options.idle_nsec / GYRE_MSEC(1), limit = EXCHANGE_MSEC;

	if (http->control->options.idle_nsec && idle < limit)
		limit = idle;
	return uv_now(http->control->uv) + limit;
}

static void set_deadline(struct gyre__http *http, struct gyre__http_client *client)
{
	TAILQ_REMOVE(&http->clients, client, entry);
	client->deadline = client_deadline(http);
	TAILQ_INSERT_TAIL(&http->clients, client, entry);
}

void gyre__http_waits(struct gyre__http *http, struct MHD_Connection *connection, bool for_us)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct gyre__http_client *client = info ? info->socket_context : NULL;

	if (!client)
		return;
	client->answering = for_us;
	set_deadline(http, client);
}

static void notify(void *arg, struct MHD_Connection *connection, void **context,
	enum MHD_ConnectionNotificationCode code)
{
	struct gyre__http *http = arg;
	struct gyre__http_client *client = *context;

	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		client = *context = http->adding;
		http->adding = NULL;
		client->deadline = client_deadline(http);
		TAILQ_INSERT_TAIL(&http->clients, client, entry);
		http->counts.connections++;
		return;
	}
	TAILQ_REMOVE(&http->clients, client, entry);
	http->counts.connections--;
	free(client);
	*context = NULL;
}

struct newcomer {
	struct gyre__http *http;
	int fd;
	struct sockaddr_storage from;
	socklen_t size;
};

static void add(void *arg)
{
	struct newcomer *newcomer = arg;

	MHD_add_connection(newcomer->http->daemon, newcomer->fd,
		(const struct sockaddr *)&newcomer->from, newcomer->size);
}

/* Before libmicrohttpd has it. */
static void reject(struct gyre__http *http, int fd, enum gyre__http_reject reason)
{
	static const char *const texts[] = {
		[GYRE__HTTP_REJECT_LIMIT] =
			"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
			"Content-Type: text/plain\r\nContent-Length: 22\r\n\r\n"
			"Too many connections.\n",
		[GYRE__HTTP_REJECT_PEER] = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\n"
					   "Content-Type: text/plain\r\nContent-Length: 24\r\n"
					   "\r\nYou are not of my group.",
	};
	char ignored[1024];

	http->counts.rejected[reason]++;
	/* What it has sent already would make the close a reset, before it has read the text. */
	for (int i = 0; i < IGNORED_MAX; i++)
		if (recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT) < (ssize_t)sizeof(ignored))
			break;
	if (send(fd, texts[reason], strlen(texts[reason]), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
	close(fd);
}

/* libmicrohttpd closes the fd, also when it cannot take it. */
static void take(struct gyre__http *http, struct newcomer *newcomer)
{
	struct stat stat = {.st_ino = 0};

	if (http->checks_peer && !gyre__peer_may_connect(newcomer->fd, http->listen.group)) {
		reject(http, newcomer->fd, GYRE__HTTP_REJECT_PEER);
		return;
	}
	if (http->counts.connections >= http->control->options.clients_max) {
		reject(http, newcomer->fd, GYRE__HTTP_REJECT_LIMIT);
		return;
	}
	http->adding = calloc(1, sizeof(*http->adding));
	if (!http->adding) {
		http->counts.rejected[GYRE__HTTP_REJECT_FILES]++;
		close(newcomer->fd);
		return;
	}
	fstat(newcomer->fd, &stat);
	http->adding->fd = newcomer->fd;
	http->adding->inode = stat.st_ino;
	guarded(http, add, newcomer);
	free(http->adding);
	http->adding = NULL;
}

static void on_listening(uv_poll_t *poll, int status, int events);

static void on_pause(uv_timer_t *timer)
{
	struct gyre__http *http = timer->data;

	uv_poll_start(&http->listening, UV_READABLE, on_listening);
}

/* Clients wait in the kernel's queue until there are fds again. */
static void starve(struct gyre__http *http, int error)
{
	http->counts.rejected[GYRE__HTTP_REJECT_FILES]++;
	if (!http->starved)
		gyre__control_log(http->control, GYRE_LOG_WARNING,
			"HTTP clients have to wait: accept: %s", strerror(error));
	http->starved = true;
	uv_poll_stop(&http->listening);
	uv_timer_start(&http->pause, on_pause, STARVATION_MSEC, 0);
}

/* True: there may be more. */
static bool accept_one(struct gyre__http *http)
{
	struct newcomer newcomer = {.http = http, .size = sizeof(newcomer.from)};

	newcomer.fd = accept4(http->listen.fd, (struct sockaddr *)&newcomer.from, &newcomer.size,
		SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (newcomer.fd >= 0) {
		http->starved = false;
		take(http, &newcomer);
		return !http->broken;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		starve(http, errno);
	return errno == EINTR || errno == ECONNABORTED;
}

static void on_listening(uv_poll_t *poll, int status, int events)
{
	struct gyre__http *http = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPT_BURST && accept_one(http); i++)
		;
	if (!http->broken)
		drive(http);
}

/* --- Life --- */

static void closed(uv_handle_t *handle)
{
	struct gyre__http *http = handle->data;
	struct gyre_control *control = http->control;

	if (--http->handles == 0)
		free(http);
	gyre__control_release(control);
}

static void hold(struct gyre__http *http, void *handle)
{
	((uv_handle_t *)handle)->data = http;
	http->handles++;
	gyre__control_hold(http->control);
}

static void close_handle(struct gyre__http *http, void *handle)
{
	if (((uv_handle_t *)handle)->data == http && !uv_is_closing(handle))
		uv_close(handle, closed);
}

/* Nothing comes from the uv loop any more. The fds may be closed after that, not before: another
 * handle of the uv loop may have the same number soon. */
static void stop_serving(struct gyre__http *http)
{
	close_handle(http, &http->listening);
	close_handle(http, &http->events);
	uv_timer_stop(&http->timer);
	uv_timer_stop(&http->pause);
	if (http->address.path)
		gyre__listen_close(&http->listen, http->address.path);
	else if (http->listen.fd >= 0)
		close(http->listen.fd);
	http->listen.fd = -1;
}

static void stop(void *arg)
{
	struct gyre__http *http = arg;

	gyre__http_exchange_abandon_all(http);
	MHD_stop_daemon(http->daemon);
}

void gyre__http_close(struct gyre_control *control)
{
	struct gyre__http *http = control->http;

	if (!http)
		return;
	control->http = NULL;
	stop_serving(http);
	if (http->daemon)
		guarded(http, stop, http);
	close_handle(http, &http->timer);
	close_handle(http, &http->pause);
}

uint16_t gyre__http_port(const struct gyre_control *control)
{
	return control->http ? gyre__http_address_port(&control->http->address) : 0;
}

static void log_message(void *arg, const char *format, va_list args)
{
	const struct gyre__http *http = arg;
	char text[200];

	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	gyre__control_log(http->control, GYRE_LOG_DEBUG, "libmicrohttpd: %s", text);
}

static void start(void *arg)
{
	struct gyre__http *http = arg;

	http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
						MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
		0, NULL, NULL, gyre__http_exchange_handle, http, MHD_OPTION_EXTERNAL_LOGGER,
		log_message, http, MHD_OPTION_CONNECTION_LIMIT, http->control->options.clients_max,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CLIENT_MEMORY,
		MHD_OPTION_NOTIFY_COMPLETED, gyre__http_exchange_completed, http,
		MHD_OPTION_NOTIFY_CONNECTION, notify, http, MHD_OPTION_UNESCAPE_CALLBACK,
		gyre__http_exchange_unescape, NULL, MHD_OPTION_END);
}

static int start_daemon(struct gyre__http *http, struct gyre_error *error)
{
	const union MHD_DaemonInfo *info;
	int status;

	gyre__http_guard_install();
	errno = 0;
	guarded(http, start, http);
	if (!http->daemon)
		return gyre__error_set(error, errno ? -errno : -ENOMEM,
			"http: libmicrohttpd does not start: %s", strerror(errno));
	info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	status = uv_poll_init(http->control->uv, &http->events, info->epoll_fd);
	if (status < 0)
		return gyre__error_set(error, status, "http: %s", uv_strerror(status));
	hold(http, &http->events);
	uv_poll_start(&http->events, UV_READABLE, on_events);
	return 0;
}

/* As at the control socket: whose the file is may ask, or everybody if its mode says so. */
static int open_path(struct gyre__http *http, struct gyre_error *error)
{
	const struct gyre_control_options *options = &http->control->options;

	http->checks_peer = !(options->mode & 0002);
	return gyre__listen_open(
		http->address.path, options->mode, options->group, error, &http->listen);
}

static int open_listen(struct gyre__http *http, struct gyre_error *error)
{
	int status = gyre__http_address_parse(http->control->options.http, &http->address, error);

	if (status < 0)
		return status;
	if (http->address.path)
		return open_path(http, error);
	status = gyre__http_address_listen(&http->address, error);
	if (status < 0)
		return status;
	http->listen.fd = status;
	return 0;
}

static int start_listening(struct gyre__http *http, struct gyre_error *error)
{
	int status = open_listen(http, error);

	if (status < 0)
		return status;
	status = uv_poll_init(http->control->uv, &http->listening, http->listen.fd);
	if (status < 0)
		return gyre__error_set(error, status, "http: %s", uv_strerror(status));
	hold(http, &http->listening);
	uv_poll_start(&http->listening, UV_READABLE, on_listening);
	return 0;
}

int gyre__http_create(struct gyre_control *control, struct gyre_error *error)
{
	struct gyre__http *http = calloc(1, sizeof(*http));
	int status;

	if (!http)
		return gyre__error_set(error, -ENOMEM, "http: no memory");
	http->control = control;
	http->listen.fd = -1;
	TAILQ_INIT(&http->clients);
	LIST_INIT(&http->exchanges);
	control->http = http;
	uv_timer_init(control->uv, &http->timer);
	hold(http, &http->timer);
	uv_timer_init(control->uv, &http->pause);
	hold(http, &http->pause);
	status = start_listening(http, error);
	if (status == 0)
		status = start_daemon(http, error);
	if (status < 0)
		gyre__http_close(control);
	return status;
}
