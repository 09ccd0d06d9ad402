/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_NAMES_H
#define GYRE_LIB_CONTROL_NAMES_H

#include <gyre/snapshot.h>

/* "pre-input", "input", "internal", "output". */
const char *gyre__kind_name(enum gyre_node_kind kind);
bool gyre__kind_is_input(enum gyre_node_kind kind);
/* "polling", "active", "disabled". */
const char *gyre__node_state_name(const struct gyre_node_stats *node);
/* "info", "warning", "error". */
const char *gyre__severity_name(enum gyre_severity severity);
/* "running" and so on. */
const char *gyre__process_state_name(enum gyre_process_state state);

#endif
