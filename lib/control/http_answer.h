/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_HTTP_ANSWER_H
#define GYRE_LIB_CONTROL_HTTP_ANSWER_H

#include <jansson.h>
#include <microhttpd.h>

#include "control/metrics_text.h"

/* An answer to a request. The response is the owner's; NULL: no memory, or none yet. */
struct gyre__http_answer {
	unsigned status;
	struct MHD_Response *response;
};

struct gyre__http_answer gyre__http_answer_page(void);
/* Takes over the text, which is free()d. */
struct gyre__http_answer gyre__http_answer_metrics(
	enum gyre__metrics_format format, char *text, size_t size);
/* Borrows the JSON. */
struct gyre__http_answer gyre__http_answer_json(json_t *result);
/* {"error":{"code","message"}} with the status that the code (request.h) means. */
struct gyre__http_answer gyre__http_answer_error(int code, const char *message);
/* A line of text. */
struct gyre__http_answer gyre__http_answer_text(unsigned status, const char *text);

#endif
