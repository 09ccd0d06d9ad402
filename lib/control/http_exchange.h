/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_HTTP_EXCHANGE_H
#define GYRE_LIB_CONTROL_HTTP_EXCHANGE_H

#include "control/http.h"

/* libmicrohttpd's callbacks for requests; `arg` is the struct gyre__http. */
enum MHD_Result gyre__http_exchange_handle(void *arg, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *body,
	size_t *body_size, void **exchange);
void gyre__http_exchange_completed(void *arg, struct MHD_Connection *connection, void **exchange,
	enum MHD_RequestTerminationCode code);
/* Leaves the path and the query encoded, as they came. */
size_t gyre__http_exchange_unescape(void *arg, struct MHD_Connection *connection, char *text);

/* Gives up what waits for an answer; resumes its connections, as the daemon's end wants it. */
void gyre__http_exchange_abandon_all(struct gyre__http *http);
/* The daemon is broken: frees the exchanges, which it will not complete. */
void gyre__http_exchange_free_all(struct gyre__http *http);

#endif
