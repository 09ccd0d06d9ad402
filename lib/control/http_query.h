/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_HTTP_QUERY_H
#define GYRE_LIB_CONTROL_HTTP_QUERY_H

#include <gyre/control.h>
#include <jansson.h>
#include <microhttpd.h>

/* Undoes percent-encoding in place. False: a % without two hexadecimal digits, or one that stands
 * for 0; the text is then useless. */
bool gyre__http_query_decode(char *text);
/* Makes a method's parameters of a request's query, "?loop=NAME&total=true"; the caller's
 * reference. What is wrong with it is in the error's text. Errors: -EINVAL, -ENOMEM. */
int gyre__http_query_params(struct gyre_control *control, const char *method,
	struct MHD_Connection *connection, json_t **ret_params, struct gyre_error *error);

#endif
