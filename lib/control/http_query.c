/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's query as a method's parameters. Owns nothing. Called by the HTTP exchange, calls the
 * seam for the types of parameters. libmicrohttpd hands the query over as it came, cut at & and =,
 * with + turned into blanks. Invariant: what a method gets is exactly what the client encoded, or
 * the client is told what is wrong; no parameter is given twice.
 */
#include "control/http_query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "control/request.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

bool gyre__http_query_decode(char *text)
{
	char *to = text;

	for (; *text; text++) {
		int high, low;

		if (*text != '%') {
			*to++ = *text;
			continue;
		}
		high = digit(text[1]);
		low = high < 0 ? -1 : digit(text[2]);
		if (low < 0 || !(high | low))
			return false;
		*to++ = (char)(high << 4 | low);
		text += 2;
	}
	*to = '\0';
	return true;
}

struct reading {
	struct gyre_control *control;
	const char *method;
	json_t *params;
	struct gyre_error *error;
	int status;
};

/* Both are ours, and encoded. */
static int add(const struct reading *reading, char *name, char *text)
{
	int status;

	if (!gyre__http_query_decode(name) || !gyre__http_query_decode(text))
		return gyre__error_set(
			reading->error, -EINVAL, "the query has a %% without two digits, or %%00");
	if (json_object_get(reading->params, name))
		return gyre__error_set(
			reading->error, -EINVAL, "%s: more than once in the query", name);
	status =
		gyre__request_param(reading->control, reading->method, reading->params, name, text);
	if (status == -EINVAL)
		return gyre__error_set(
			reading->error, status, "%s: of the wrong type, or no UTF-8", name);
	return status;
}

static enum MHD_Result each(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct reading *reading = arg;
	char *name = strdup(key), *text = strdup(value ? value : "");

	(void)kind;
	reading->status = name && text ? add(reading, name, text) : -ENOMEM;
	free(name);
	free(text);
	return reading->status == 0 ? MHD_YES : MHD_NO;
}

int gyre__http_query_params(struct gyre_control *control, const char *method,
	struct MHD_Connection *connection, json_t **ret_params, struct gyre_error *error)
{
	struct reading reading = {control, method, json_object(), error, 0};

	if (!reading.params)
		return gyre__error_set(error, -ENOMEM, "no memory");
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, each, &reading);
	if (reading.status < 0) {
		json_decref(reading.params);
		if (reading.status == -ENOMEM)
			gyre__error_set(error, -ENOMEM, "no memory");
		return reading.status;
	}
	*ret_params = reading.params;
	return 0;
}
