/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_HTTP_ACCEPT_H
#define GYRE_LIB_CONTROL_HTTP_ACCEPT_H

#include "control/metrics_text.h"

/* The format that a request's Accept header prefers; NULL: there is none. */
enum gyre__metrics_format gyre__http_accept_format(const char *accept);

#endif
