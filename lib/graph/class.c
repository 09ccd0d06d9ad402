/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The look over a node's class before an instance is made of it. Owns nothing. Called by node.c,
 * calls base/error.c. Invariant: what passes needs no check later on, neither in a build nor in a
 * sweep, and every text names the class and the field.
 */
#include "graph/node.h"

#include <errno.h>

#include "base/error.h"

static int check_text(const char *text, const char *class_name, const char *what, unsigned i,
	struct gyre_error *error)
{
	if (!*text)
		return gyre__error_set(
			error, -EINVAL, "class '%s': %s[%u] is empty", class_name, what, i);
	if (strlen(text) >= GYRE__NAME_SIZE)
		return gyre__error_set(error, -EINVAL, "class '%s': %s[%u] is over %d bytes",
			class_name, what, i, GYRE__NAME_SIZE - 1);
	return 0;
}

static int check_name(const struct gyre_node_class *node_class, struct gyre_error *error)
{
	if (!node_class)
		return gyre__error_set(error, -EINVAL, "no class");
	if (!node_class->name || !*node_class->name)
		return gyre__error_set(error, -EINVAL, "class: no name");
	if (strlen(node_class->name) >= GYRE__NAME_SIZE)
		return gyre__error_set(error, -EINVAL, "class '%s': name is over %d bytes",
			node_class->name, GYRE__NAME_SIZE - 1);
	return 0;
}

static int check_functions(const struct gyre_node_class *node_class, struct gyre_error *error)
{
	static const struct {
		bool process, poll;
		const char *kind;
	} wants[] = {
		[GYRE_NODE_PRE_INPUT] = {false, true, "a pre-input"},
		[GYRE_NODE_INPUT] = {false, true, "an input"},
		[GYRE_NODE_INTERNAL] = {true, false, "an internal node"},
		[GYRE_NODE_OUTPUT] = {true, false, "an output"},
	};
	const char *name = node_class->name;
	unsigned kind = node_class->kind;

	if (kind >= sizeof(wants) / sizeof(*wants))
		return gyre__error_set(error, -EINVAL, "class '%s': bad kind %u", name, kind);
	if (wants[kind].process != !!node_class->process)
		return gyre__error_set(error, -EINVAL, "class '%s': process is %s, but it is %s",
			name, node_class->process ? "given" : "missing", wants[kind].kind);
	if (wants[kind].poll != !!node_class->poll)
		return gyre__error_set(error, -EINVAL, "class '%s': poll is %s, but it is %s", name,
			node_class->poll ? "given" : "missing", wants[kind].kind);
	if (node_class->fan_out > 1 && kind != GYRE_NODE_INTERNAL)
		return gyre__error_set(error, -EINVAL, "class '%s': fan_out is %u, but it is %s",
			name, node_class->fan_out, wants[kind].kind);
	return 0;
}

static int check_nexts(const struct gyre_node_class *node_class, struct gyre_error *error)
{
	const char *name = node_class->name;
	int code = 0;

	if (node_class->n_nexts && node_class->kind == GYRE_NODE_OUTPUT)
		return gyre__error_set(error, -EINVAL,
			"class '%s': n_nexts is %u, but it is an output", name,
			node_class->n_nexts);
	if (node_class->n_nexts > GYRE_NODE_NEXT_MAX)
		return gyre__error_set(error, -EINVAL, "class '%s': n_nexts is %u, at most %d",
			name, node_class->n_nexts, GYRE_NODE_NEXT_MAX);
	if (node_class->n_nexts && !node_class->nexts)
		return gyre__error_set(error, -EINVAL,
			"class '%s': nexts is NULL, but n_nexts is %u", name, node_class->n_nexts);
	for (unsigned i = 0; i < node_class->n_nexts && !code; i++)
		if (node_class->nexts[i])
			code = check_text(node_class->nexts[i], name, "nexts", i, error);
	return code;
}

static int check_reason(
	const struct gyre_node_class *node_class, unsigned i, struct gyre_error *error)
{
	const struct gyre_reason *reason = &node_class->reasons[i];

	if (!reason->name)
		return gyre__error_set(
			error, -EINVAL, "class '%s': reasons[%u] has no name", node_class->name, i);
	if ((unsigned)reason->severity > GYRE_SEVERITY_ERROR)
		return gyre__error_set(error, -EINVAL, "class '%s': reasons[%u]: bad severity %u",
			node_class->name, i, (unsigned)reason->severity);
	for (unsigned j = 0; j < i; j++)
		if (!strcmp(node_class->reasons[j].name, reason->name))
			return gyre__error_set(error, -EINVAL,
				"class '%s': reasons[%u] and [%u] are both '%s'", node_class->name,
				j, i, reason->name);
	return check_text(reason->name, node_class->name, "reasons", i, error);
}

static int check_reasons(const struct gyre_node_class *node_class, struct gyre_error *error)
{
	int code = 0;

	if (node_class->n_reasons > GYRE_REASON_MAX)
		return gyre__error_set(error, -EINVAL, "class '%s': n_reasons is %u, at most %d",
			node_class->name, node_class->n_reasons, GYRE_REASON_MAX);
	if (node_class->n_reasons && !node_class->reasons)
		return gyre__error_set(error, -EINVAL,
			"class '%s': reasons is NULL, but n_reasons is %u", node_class->name,
			node_class->n_reasons);
	for (unsigned i = 0; i < node_class->n_reasons && !code; i++)
		code = check_reason(node_class, i, error);
	return code;
}

int gyre__class_check(const struct gyre_node_class *node_class, struct gyre_error *error)
{
	int code = check_name(node_class, error);

	if (!code)
		code = check_functions(node_class, error);
	if (!code)
		code = check_nexts(node_class, error);
	if (!code)
		code = check_reasons(node_class, error);
	return code;
}
