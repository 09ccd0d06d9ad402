/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_BASE_ERROR_H
#define GYRE_LIB_BASE_ERROR_H

#include <gyre/base.h>

/* Writes the text unless error is NULL; returns code, so that `return gyre__error_set(...)` reads
 * well. */
int gyre__error_set(struct gyre_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
