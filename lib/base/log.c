/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way to the loop's log callback. Owns nothing. Called by cold paths of every room, calls
 * the application's callback. Invariant: a line longer than the buffer is cut, never lost.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void gyre__log(const struct gyre_loop *loop, enum gyre_log_level level, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!loop->log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	loop->log(loop->log_arg, level, text);
}
