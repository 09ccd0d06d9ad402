/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_HTTP_GUARD_H
#define GYRE_LIB_CONTROL_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* Makes libmicrohttpd call us when it panics; once, before the first guard. It has one such
 * function per process: an application that sets its own afterwards has that. */
void gyre__http_guard_install(void);

/* Calls fn(arg), which calls libmicrohttpd. False: that found itself broken in the middle, as
 * `ret_reason` says; its daemon must not be touched any more, nor freed. Does not nest. */
bool gyre__http_guard(void (*fn)(void *arg), void *arg, char *ret_reason, size_t size);

#endif
