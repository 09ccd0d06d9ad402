/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's log: lines on stderr, each one write(2). */
#ifndef HA_LOG_H
#define HA_LOG_H

#include <gyre/base.h>

/* "ha-gateway: TEXT": why the program does not start, or does not end well. */
void log_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "ha-gateway: SECONDS.NANOSECONDS TEXT", by CLOCK_MONOTONIC: what happened. */
void log_event(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the library has to say. */
void log_library(void *arg, enum gyre_log_level level, const char *text);

#endif
