/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way to the loop's log callback, and which lines go there. Owns nothing. Called by cold
 * paths of every room, calls the application's callback. Invariant: a line longer than the buffer
 * is cut, never lost, and one that nobody wants is not formatted.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

void gyre__log(const struct gyre_loop *loop, enum gyre_log_level level, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!loop->log || level > gyre_loop_log_level(loop))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	loop->log(loop->log_arg, level, text);
}

int gyre_loop_log_level_set(struct gyre_loop *loop, enum gyre_log_level level)
{
	if ((unsigned)level > GYRE_LOG_DEBUG)
		return -EINVAL;
	atomic_store_explicit(&loop->log_level, (int)level, memory_order_relaxed);
	return 0;
}

enum gyre_log_level gyre_loop_log_level(const struct gyre_loop *loop)
{
	return (enum gyre_log_level)atomic_load_explicit(&loop->log_level, memory_order_relaxed);
}
