/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_METRICS_H
#define GYRE_LIB_CONTROL_METRICS_H

#include <gyre/snapshot.h>

#include "control/metrics_text.h"

/* Why the HTTP side turned a client away. */
enum gyre__http_reject {
	GYRE__HTTP_REJECT_LIMIT, /* connections */
	GYRE__HTTP_REJECT_FILES, /* no file descriptor or memory to accept it with */
	GYRE__HTTP_REJECT_PEER, /* another user, at a path */
	GYRE__HTTP_REJECT_HOST, /* a Host that is not this server's */
	GYRE__HTTP_REJECT_METHOD, /* neither GET nor HEAD, or with a body */
	GYRE__HTTP_REJECT_SLOW, /* a request or an answer took too long */
	GYRE__HTTP_REJECTS,
};

/* What the HTTP side says of itself. */
struct gyre__http_counts {
	uint64_t requests, connections;
	uint64_t rejected[GYRE__HTTP_REJECTS];
};

struct gyre__reading;

struct gyre__metrics_source {
	const struct gyre__reading *const *readings; /* request.h: one of each loop */
	unsigned n_readings;
	const struct gyre__http_counts *http;
};

/* Writes all metrics; the caller frees the text, which a 0 follows. Errors: -ENOMEM. */
int gyre__metrics_write(const struct gyre__metrics_source *source, enum gyre__metrics_format format,
	char **ret_text, size_t *ret_size);

#endif
