/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers to HTTP requests: bodies, types, statuses and the headers that all of them have. Owns
 * nothing. Called by the HTTP exchange, calls jansson and libmicrohttpd. Invariant: no answer may
 * be stored, be guessed to be another type, or be read by a page from elsewhere.
 */
#include "control/http_answer.h"

#include <stdlib.h>
#include <string.h>

#include "control/json.h"
#include "control/page.h"
#include "control/request.h"

/* Takes over a body that was malloc()ed, or, to be kept, one that is always there. */
static struct gyre__http_answer make(unsigned status, const char *type, const char *body,
	size_t size, enum MHD_ResponseMemoryMode mode)
{
	static const char *const headers[][2] = {
		{MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
	};
	struct gyre__http_answer answer = {.status = status};
	struct MHD_Response *response = MHD_create_response_from_buffer(size, (void *)body, mode);

	if (!response && mode == MHD_RESPMEM_MUST_FREE)
		free((void *)body);
	if (!response)
		return answer;
	answer.response = response;
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) != MHD_YES)
		goto fail;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		if (MHD_add_response_header(response, headers[i][0], headers[i][1]) != MHD_YES)
			goto fail;
	return answer;
fail:
	MHD_destroy_response(response);
	answer.response = NULL;
	return answer;
}

/* Without the header there is no answer. */
static struct gyre__http_answer with(
	struct gyre__http_answer answer, const char *name, const char *value)
{
	if (answer.response && MHD_add_response_header(answer.response, name, value) != MHD_YES) {
		MHD_destroy_response(answer.response);
		answer.response = NULL;
	}
	return answer;
}

/* What is no page loads nothing, should a browser show it. */
static struct gyre__http_answer bare(struct gyre__http_answer answer)
{
	return with(answer, "Content-Security-Policy", "default-src 'none'");
}

struct gyre__http_answer gyre__http_answer_page(void)
{
	return with(make(MHD_HTTP_OK, "text/html; charset=utf-8", gyre__page, gyre__page_size,
			    MHD_RESPMEM_PERSISTENT),
		"Content-Security-Policy", gyre__page_csp);
}

struct gyre__http_answer gyre__http_answer_metrics(
	enum gyre__metrics_format format, char *text, size_t size)
{
	static const char *const types[] = {
		[GYRE__METRICS_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
		[GYRE__METRICS_OPENMETRICS] =
			"application/openmetrics-text; version=1.0.0; charset=utf-8",
	};

	return with(bare(make(MHD_HTTP_OK, types[format], text, size, MHD_RESPMEM_MUST_FREE)),
		MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT);
}

static struct gyre__http_answer json(unsigned status, json_t *value)
{
	struct gyre__http_answer none = {.status = status};
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	if (!text)
		return none;
	return bare(make(status, "application/json", text, strlen(text), MHD_RESPMEM_MUST_FREE));
}

struct gyre__http_answer gyre__http_answer_json(json_t *result)
{
	return json(MHD_HTTP_OK, result);
}

static unsigned status_of(int code)
{
	switch (code) {
	case GYRE__RPC_INVALID_PARAMS:
	case GYRE__RPC_LIMIT:
		return MHD_HTTP_BAD_REQUEST;
	case GYRE__RPC_NO_METHOD:
	case GYRE__RPC_NO_LOOP:
	case GYRE__RPC_NOT_FOUND:
		return MHD_HTTP_NOT_FOUND;
	case GYRE__RPC_BUSY:
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	case GYRE__RPC_TIMEOUT:
		return MHD_HTTP_GATEWAY_TIMEOUT;
	default:
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
}

struct gyre__http_answer gyre__http_answer_error(int code, const char *message)
{
	json_t *value = json_pack(
		"{s:{s:i,s:o}}", "error", "code", code, "message", gyre__json_text(message));
	struct gyre__http_answer answer;

	answer = json(status_of(code), value);
	json_decref(value);
	return answer;
}

struct gyre__http_answer gyre__http_answer_text(unsigned status, const char *text)
{
	struct gyre__http_answer answer = bare(make(
		status, "text/plain; charset=utf-8", text, strlen(text), MHD_RESPMEM_MUST_COPY));

	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		return with(answer, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	return answer;
}
