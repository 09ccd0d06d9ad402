/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of the program: where it asks, and where it prints. Called by every command; calls
 * client.c, page.c and stdio. Invariant: a failure is said once, on stderr, by one line that begins
 * with the program's name; and what cannot be written is a failure, not silence.
 */
#include "session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static bool wants_colour(const struct options *options)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (options->no_color || (no_color != NULL && *no_color != '\0'))
		return false;
	return term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
}

void session_init(struct session *session, const struct options *options)
{
	memset(session, 0, sizeof(*session));
	session->options = options;
	session->terminal = isatty(STDOUT_FILENO) == 1;
	session->colour = session->terminal && wants_colour(options);
	session->client.fd = -1;
}

void session_fini(struct session *session)
{
	client_close(&session->client);
}

int session_fail(int status, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("gyrectl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

int session_connect(struct session *session)
{
	const struct options *options = session->options;

	if (session->connected)
		return GYRECTL_OK;
	if (client_open(&session->client, options->path, options->timeout_nsec) != GYRECTL_OK)
		return session_fail(GYRECTL_LOST, "%s%s", session->client.error,
			strcmp(options->path, OPTIONS_PATH) == 0
				? "; -s or GYRE_CONTROL names another socket"
				: "");
	session->connected = true;
	return GYRECTL_OK;
}

json_t *session_params(const struct session *session, const char *method)
{
	static const char *const of_server[] = {"version", "loops", "methods"};
	const char *loop = session->options->loop;

	for (unsigned i = 0; i < sizeof(of_server) / sizeof(of_server[0]); i++)
		if (strcmp(method, of_server[i]) == 0)
			loop = NULL;
	return loop == NULL ? json_object() : json_pack("{s:s}", "loop", loop);
}

int session_call(struct session *session, const char *method, json_t *params, json_t **ret_result)
{
	int status = session_connect(session);

	if (status != GYRECTL_OK) {
		json_decref(params);
		return status;
	}
	status = client_call(&session->client, method, params, ret_result);
	if (status != GYRECTL_OK) {
		char name[TEXT_SIZE];

		session_fail(status, "%s: %s", text_escape(name, sizeof(name), method),
			session->client.error);
	}
	return status;
}

int session_print_json(const struct session *session, const json_t *value, bool one_line)
{
	size_t flags = JSON_ENCODE_ANY;
	char *text;

	if (session->terminal)
		flags |= JSON_ENSURE_ASCII;
	flags |= session->terminal && !one_line ? JSON_INDENT(2) : JSON_COMPACT;
	text = json_dumps(value, flags);
	if (text == NULL)
		return session_fail(GYRECTL_FAILED, "there is no memory for the answer");
	for (const char *c = text; *c != '\0'; c++)
		if (*c == '\177' && session->terminal) /* which jansson leaves as it is */
			fputs("\\u007f", stdout);
		else
			putchar(*c);
	putchar('\n');
	free(text);
	return session_flush();
}

int session_print_page(const struct session *session, struct page *page)
{
	bool failed = page->failed;

	page_write(page, stdout, session->colour);
	page_fini(page);
	if (failed)
		return session_fail(GYRECTL_FAILED, "there is no memory for the table");
	return session_flush();
}

int session_flush(void)
{
	bool failed = fflush(stdout) != 0;
	int error = errno;

	if (!failed && !ferror(stdout))
		return GYRECTL_OK;
	if (failed && error != EPIPE)
		session_fail(GYRECTL_FAILED, "cannot write the output: %s", strerror(error));
	return GYRECTL_FAILED;
}
