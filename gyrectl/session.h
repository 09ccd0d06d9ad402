/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of the program: its options, its connection, its output.
 */
#ifndef GYRECTL_SESSION_H
#define GYRECTL_SESSION_H

#include "client.h"
#include "options.h"
#include "page.h"

struct session {
	const struct options *options;
	struct client client; /* connected by the first question */
	bool connected;
	bool terminal, colour; /* the standard output */
};

void session_init(struct session *session, const struct options *options);
void session_fini(struct session *session);

/* Says on stderr, "gyrectl: ...", what failed; returns `status`. */
int session_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
int session_connect(struct session *session);
/* New parameters: the loop of -l, if there is one and the method takes one. */
json_t *session_params(const struct session *session, const char *method);
/* client_call(), after which a failure has been said. */
int session_call(struct session *session, const char *method, json_t *params, json_t **ret_result);

/* One line, or indented on a terminal, where no character does anything but print. */
int session_print_json(const struct session *session, const json_t *value, bool one_line);
/* Prints the page and ends it. */
int session_print_page(const struct session *session, struct page *page);
/* What stdio could not write so far: said once, on stderr; a reader that has gone is no news. */
int session_flush(void);

#endif
