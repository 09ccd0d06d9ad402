/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors with text, and the checks of versioned option structs. Owns nothing: the caller gave the
 * structs. Called by every cold function that can fail, calls libc alone. Invariant: a text always
 * ends with a NUL, and a failed copy leaves the defaults as they were.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STRING(x) #x
#define NUMBER(x) STRING(x)

const char *gyre_version(void)
{
	return NUMBER(GYRE_VERSION_MAJOR) "." NUMBER(GYRE_VERSION_MINOR) "." NUMBER(
		GYRE_VERSION_PATCH);
}

int gyre__error_set(struct gyre_error *error, int code, const char *format, ...)
{
	va_list args;

	if (!error)
		return code;
	error->code = code;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return code;
}

void gyre__options_init(void *options, size_t size, const void *defaults, size_t ours)
{
	memset(options, 0, size);
	memcpy(options, defaults, size < ours ? size : ours);
	memcpy(options, &size, sizeof(size));
}

int gyre__options_copy(void *dst, size_t ours, const void *src, size_t least, const char *what,
	struct gyre_error *error)
{
	const unsigned char *bytes = src;
	size_t size;

	if (!src)
		return 0;
	memcpy(&size, src, sizeof(size));
	if (size < least)
		return gyre__error_set(error, -EINVAL,
			"%s: size %zu is below %zu: was it set by %s's init?", what, size, least,
			what);
	for (size_t i = ours; i < size; i++)
		if (bytes[i])
			return gyre__error_set(error, -E2BIG,
				"%s: byte %zu is set, but this library knows %zu bytes only", what,
				i, ours);
	memcpy(dst, src, size < ours ? size : ours);
	memcpy(dst, &ours, sizeof(ours));
	return 0;
}
