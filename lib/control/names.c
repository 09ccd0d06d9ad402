/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words for kinds, states and severities, which socket and HTTP share. Owns const tables;
 * called by methods and by the metrics. Invariant: a value that the core may give has a word.
 */
#include "control/names.h"

const char *gyre__kind_name(enum gyre_node_kind kind)
{
	static const char *const names[] = {
		[GYRE_NODE_PRE_INPUT] = "pre-input",
		[GYRE_NODE_INPUT] = "input",
		[GYRE_NODE_INTERNAL] = "internal",
		[GYRE_NODE_OUTPUT] = "output",
	};

	return names[kind];
}

bool gyre__kind_is_input(enum gyre_node_kind kind)
{
	return kind == GYRE_NODE_PRE_INPUT || kind == GYRE_NODE_INPUT;
}

const char *gyre__node_state_name(const struct gyre_node_stats *node)
{
	if (node->disabled)
		return "disabled";
	return gyre__kind_is_input(node->kind) ? "polling" : "active";
}

const char *gyre__severity_name(enum gyre_severity severity)
{
	static const char *const names[] = {
		[GYRE_SEVERITY_INFO] = "info",
		[GYRE_SEVERITY_WARNING] = "warning",
		[GYRE_SEVERITY_ERROR] = "error",
	};

	return names[severity];
}

const char *gyre__process_state_name(enum gyre_process_state state)
{
	static const char *const names[] = {
		[GYRE_PROCESS_RUNNING] = "running",
		[GYRE_PROCESS_READY] = "ready",
		[GYRE_PROCESS_SLEEPING] = "sleeping",
		[GYRE_PROCESS_WAITING] = "waiting",
		[GYRE_PROCESS_JOINING] = "joining",
		[GYRE_PROCESS_ENDED] = "ended",
	};

	return names[state];
}
