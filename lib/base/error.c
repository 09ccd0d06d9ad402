/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of errors. Owns nothing: the caller gave the struct. Called by every cold function
 * that can fail, calls libc alone. Invariant: the text always ends with a NUL.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

const char *gyre_error_text(const struct gyre_error *error)
{
	return error->text;
}

int gyre__error_set(struct gyre_error *error, int code, const char *format, ...)
{
	va_list args;

	if (error) {
		va_start(args, format);
		vsnprintf(error->text, sizeof(error->text), format, args);
		va_end(args);
	}
	return code;
}
