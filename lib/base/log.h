/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_BASE_LOG_H
#define GYRE_LIB_BASE_LOG_H

#include "base/hub.h"

/* Gives one formatted line to the loop's log callback, if there is one. */
void gyre__log(const struct gyre_loop *loop, enum gyre_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
