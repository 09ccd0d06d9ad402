/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines on stderr. The program's start, its end and its processes call it, never a node; it calls
 * libc. It guards that a line is written whole, by one call: the laboratory reads them while the
 * gateway runs.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX = 512 };

static void put(const char *head, const char *format, va_list args)
{
	char line[LINE_MAX];
	size_t len = (size_t)snprintf(line, sizeof(line), "ha-gateway: %s", head);
	int more = vsnprintf(line + len, sizeof(line) - len, format, args);

	len += more > 0 ? (size_t)more : 0;
	if (len > sizeof(line) - 1)
		len = sizeof(line) - 1;
	line[len] = '\n';
	/* There is nobody to tell when the log cannot be written. */
	if (write(STDERR_FILENO, line, len + 1) < 0)
		return;
}

void log_fault(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put("", format, args);
	va_end(args);
}

void log_event(const char *format, ...)
{
	struct timespec now;
	char stamp[32];
	va_list args;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(stamp, sizeof(stamp), "%lld.%09ld ", (long long)now.tv_sec, now.tv_nsec);
	va_start(args, format);
	put(stamp, format, args);
	va_end(args);
}

void log_library(void *arg, enum gyre_log_level level, const char *text)
{
	if (level <= GYRE_LOG_INFO)
		log_event("gyre: %s", text);
}
