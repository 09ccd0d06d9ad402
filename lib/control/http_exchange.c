/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request and its answer. Owns the exchange, from the request's headers to its completion.
 * Called by libmicrohttpd, first with the headers, then with the whole request, and again after a
 * wait; calls the seam, which answers later, on this thread. Invariant: a connection is suspended
 * exactly while its exchange waits for the seam, and nothing is asked that may change a loop.
 */
#include "control/http_exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/http_accept.h"
#include "control/http_answer.h"
#include "control/http_query.h"
#include "control/request.h"

#define METHOD_MAX 64

struct gyre__http_exchange {
	LIST_ENTRY(gyre__http_exchange) entry;
	struct gyre__http *http;
	struct MHD_Connection *connection;
	/* What it waits for; both NULL: nothing. */
	struct gyre__request *request;
	struct gyre__readings *readings;
	enum gyre__metrics_format format; /* of the answer from readings */
	struct gyre__http_answer answer; /* there, and not queued yet */
};

size_t gyre__http_exchange_unescape(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg;
	(void)connection;
	return strlen(text);
}

/* --- Answers --- */

static enum MHD_Result queue(struct gyre__http_exchange *exchange, struct gyre__http_answer answer)
{
	enum MHD_Result result;

	if (!answer.response)
		return MHD_NO; /* no memory: the connection is closed */
	result = MHD_queue_response(exchange->connection, answer.status, answer.response);
	MHD_destroy_response(answer.response);
	return result;
}

static enum MHD_Result reject(struct gyre__http_exchange *exchange, enum gyre__http_reject reason,
	unsigned status, const char *text)
{
	exchange->http->counts.rejected[reason]++;
	return queue(exchange, gyre__http_answer_text(status, text));
}

static enum MHD_Result suspend(struct gyre__http_exchange *exchange)
{
	gyre__http_waits(exchange->http, exchange->connection, true);
	MHD_suspend_connection(exchange->connection);
	return MHD_YES;
}

/* The seam has answered: libmicrohttpd is to call again. */
static void resume(struct gyre__http_exchange *exchange, struct gyre__http_answer answer)
{
	exchange->request = NULL;
	exchange->readings = NULL;
	exchange->answer = answer;
	gyre__http_resume(exchange->http, exchange->connection);
}

static void answered(void *arg, const struct gyre__answer *answer)
{
	if (answer->result)
		resume(arg, gyre__http_answer_json(answer->result));
	else
		resume(arg, gyre__http_answer_error(answer->code, answer->message));
}

static void have_read(void *arg, const struct gyre__reading *const *readings, unsigned n)
{
	struct gyre__http_exchange *exchange = arg;
	struct gyre__metrics_source source = {readings, n, &exchange->http->counts};
	struct gyre__http_answer answer = {.response = NULL};
	size_t size;
	char *text;

	if (gyre__metrics_write(&source, exchange->format, &text, &size) == 0)
		answer = gyre__http_answer_metrics(exchange->format, text, size);
	resume(exchange, answer);
}

/* --- What there is --- */

static const char *header(const struct gyre__http_exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result serve_metrics(struct gyre__http_exchange *exchange)
{
	exchange->format = gyre__http_accept_format(header(exchange, MHD_HTTP_HEADER_ACCEPT));
	exchange->readings = gyre__readings_start(exchange->http->control, have_read, exchange);
	return exchange->readings ? suspend(exchange) : MHD_NO;
}

/* "app/verb" is the method app.verb. */
static bool read_method(const char *path, char method[static METHOD_MAX])
{
	size_t length = strlen(path);

	if (length == 0 || length >= METHOD_MAX)
		return false;
	for (size_t i = 0; i <= length; i++)
		method[i] = path[i] == '/' ? '.' : path[i];
	return true;
}

static enum MHD_Result serve_api(struct gyre__http_exchange *exchange, const char *path)
{
	struct gyre_control *control = exchange->http->control;
	struct gyre__asker asker = {.read_only = true, .done = answered, .arg = exchange};
	char method[METHOD_MAX];
	struct gyre_error error;
	json_t *params;
	int status;

	if (!read_method(path, method))
		return queue(
			exchange, gyre__http_answer_error(GYRE__RPC_NO_METHOD, "no such method"));
	status = gyre__http_query_params(control, method, exchange->connection, &params, &error);
	if (status < 0)
		return queue(
			exchange, gyre__http_answer_error(GYRE__RPC_INVALID_PARAMS, error.text));
	exchange->request = gyre__request_start(control, method, params, &asker);
	return exchange->request ? suspend(exchange) : MHD_NO;
}

static enum MHD_Result serve(struct gyre__http_exchange *exchange, const char *path)
{
	if (!strcmp(path, "/"))
		return queue(exchange, gyre__http_answer_page());
	if (!strcmp(path, "/metrics"))
		return serve_metrics(exchange);
	if (!strncmp(path, "/api/", strlen("/api/")))
		return serve_api(exchange, path + strlen("/api/"));
	return queue(exchange, gyre__http_answer_text(MHD_HTTP_NOT_FOUND,
				       "Not found. There are /, /metrics and /api/METHOD.\n"));
}

/* --- What may ask --- */

/* A request with a body, or of a method that we do not have, is answered before its body comes;
 * libmicrohttpd then closes the connection. */
static enum MHD_Result check_method(struct gyre__http_exchange *exchange, const char *method)
{
	const char *length = header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);

	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reject(exchange, GYRE__HTTP_REJECT_METHOD, MHD_HTTP_METHOD_NOT_ALLOWED,
			"This server is read-only: GET and HEAD.\n");
	if (header(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING) ||
		(length && strcmp(length, "0") != 0))
		return reject(exchange, GYRE__HTTP_REJECT_METHOD, MHD_HTTP_BAD_REQUEST,
			"A request has no body here.\n");
	return MHD_YES;
}

/* False: it was told so. */
static bool check_host(
	struct gyre__http_exchange *exchange, const char *version, enum MHD_Result *ret_result)
{
	const char *host = header(exchange, MHD_HTTP_HEADER_HOST);

	if (host && gyre__http_address_is_host(&exchange->http->address, host))
		return true;
	if (!host && !strcmp(version, MHD_HTTP_VERSION_1_0))
		return true;
	*ret_result = reject(exchange, GYRE__HTTP_REJECT_HOST,
		host ? MHD_HTTP_FORBIDDEN : MHD_HTTP_BAD_REQUEST,
		host ? "The request's Host is not this server's: localhost, 127.x.x.x or [::1], "
		       "with its port.\n"
		     : "The request names no Host.\n");
	return false;
}

/* --- Life --- */

static struct gyre__http_exchange *begin(struct gyre__http *http, struct MHD_Connection *connection)
{
	struct gyre__http_exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		return NULL;
	exchange->http = http;
	exchange->connection = connection;
	http->counts.requests++;
	LIST_INSERT_HEAD(&http->exchanges, exchange, entry);
	return exchange;
}

static bool is_waiting(const struct gyre__http_exchange *exchange)
{
	return exchange->request || exchange->readings;
}

static void abandon(struct gyre__http_exchange *exchange)
{
	if (exchange->request)
		gyre__request_abandon(exchange->request);
	if (exchange->readings)
		gyre__readings_abandon(exchange->readings);
	exchange->request = NULL;
	exchange->readings = NULL;
}

static void end(struct gyre__http_exchange *exchange)
{
	abandon(exchange);
	LIST_REMOVE(exchange, entry);
	free(exchange);
}

enum MHD_Result gyre__http_exchange_handle(void *arg, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *body,
	size_t *body_size, void **ret_exchange)
{
	struct gyre__http_exchange *exchange = *ret_exchange;
	struct gyre__http_answer answer;
	enum MHD_Result result;

	(void)body;
	if (!exchange) {
		*ret_exchange = exchange = begin(arg, connection);
		return exchange ? check_method(exchange, method) : MHD_NO;
	}
	if (*body_size)
		return MHD_NO;
	answer = exchange->answer;
	exchange->answer.response = NULL;
	if (answer.status)
		return queue(exchange, answer);
	if (!check_host(exchange, version, &result))
		return result;
	return serve(exchange, url);
}

void gyre__http_exchange_completed(void *arg, struct MHD_Connection *connection,
	void **ret_exchange, enum MHD_RequestTerminationCode code)
{
	struct gyre__http_exchange *exchange = *ret_exchange;

	(void)code;
	*ret_exchange = NULL;
	if (!exchange)
		return;
	gyre__http_waits(arg, connection, false);
	if (exchange->answer.response)
		MHD_destroy_response(exchange->answer.response);
	end(exchange);
}

void gyre__http_exchange_abandon_all(struct gyre__http *http)
{
	struct gyre__http_exchange *exchange;

	LIST_FOREACH(exchange, &http->exchanges, entry)
	{
		if (!is_waiting(exchange))
			continue;
		abandon(exchange);
		MHD_resume_connection(exchange->connection);
	}
}

void gyre__http_exchange_free_all(struct gyre__http *http)
{
	while (!LIST_EMPTY(&http->exchanges))
		end(LIST_FIRST(&http->exchanges));
}
