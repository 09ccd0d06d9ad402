/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods by name, and parameters by their specs. Owns the list of the const tables. Called by
 * requests. Invariant: what a method sees has the type and the range that its table says, and no
 * parameter that the table does not know.
 */
#include "control/method.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control.h"

static const struct gyre__method *const tables[] = {gyre__loop_methods, gyre__runtime_methods,
	gyre__graph_methods, gyre__process_methods, gyre__subscribe_methods};

const struct gyre__method gyre__app_call = {.name = "", .need = GYRE__NEED_LOOP};

const struct gyre__method *gyre__method_next(unsigned *table, unsigned *i)
{
	while (*table < sizeof(tables) / sizeof(*tables)) {
		const struct gyre__method *method = &tables[*table][(*i)++];

		if (method->name)
			return method;
		++*table;
		*i = 0;
	}
	return NULL;
}

const struct gyre__method *gyre__method_find(const char *name)
{
	const struct gyre__method *method;
	unsigned table = 0, i = 0;

	while ((method = gyre__method_next(&table, &i)) != NULL)
		if (strcmp(method->name, name) == 0)
			break;
	return method;
}

const char *gyre__param_type_name(enum gyre_param_type type)
{
	static const char *const names[] = {"boolean", "integer", "number", "string", "any"};

	return names[type];
}

/* --- Checks --- */

static bool has_type(const json_t *value, enum gyre_param_type type)
{
	switch (type) {
	case GYRE_PARAM_BOOL:
		return json_is_boolean(value);
	case GYRE_PARAM_INTEGER:
		return json_is_integer(value);
	case GYRE_PARAM_NUMBER:
		return json_is_number(value);
	case GYRE_PARAM_STRING:
		return json_is_string(value);
	default:
		return true;
	}
}

/* A whole number is compared as one, for a double does not tell all of those apart. */
static bool in_range(const struct gyre_control_param *spec, const json_t *value)
{
	int64_t n;

	if (spec->type == GYRE_PARAM_ANY || (spec->min == 0 && spec->max == 0))
		return true;
	if (json_is_real(value))
		return json_real_value(value) >= (double)spec->min &&
		       json_real_value(value) <= (double)spec->max;
	if (json_is_integer(value))
		n = json_integer_value(value);
	else if (json_is_string(value))
		n = (int64_t)json_string_length(value);
	else
		return true;
	return n >= spec->min && n <= spec->max;
}

static int check_value(const struct gyre_control_param *spec, const json_t *value, char *message)
{
	if (!value && !spec->required)
		return 0;
	if (!value)
		snprintf(message, 256, "%s: is needed", spec->name);
	else if (!has_type(value, spec->type))
		snprintf(message, 256, "%s: must be of type %s", spec->name,
			gyre__param_type_name(spec->type));
	else if (!in_range(spec, value))
		snprintf(message, 256,
			json_is_string(value) ? "%s: must have %" PRId64 " to %" PRId64 " bytes"
					      : "%s: must be from %" PRId64 " to %" PRId64,
			spec->name, spec->min, spec->max);
	else
		return 0;
	return -EINVAL;
}

static bool is_known(
	const struct gyre_control_param *specs, unsigned n_specs, bool may_loop, const char *name)
{
	for (unsigned i = 0; i < n_specs; i++)
		if (strcmp(specs[i].name, name) == 0)
			return true;
	return may_loop && strcmp(name, "loop") == 0;
}

int gyre__params_check(const struct gyre_control_param *specs, unsigned n_specs, bool may_loop,
	json_t *params, char message[256])
{
	const char *name;
	json_t *value;

	json_object_foreach(params, name, value)
	{
		if (is_known(specs, n_specs, may_loop, name))
			continue;
		snprintf(message, 256, "%.100s: no such parameter", name);
		return -EINVAL;
	}
	for (unsigned i = 0; i < n_specs; i++) {
		value = json_object_get(params, specs[i].name);
		if (check_value(&specs[i], value, message) < 0)
			return -EINVAL;
	}
	return 0;
}

int gyre__choice_check(const struct gyre__method *method, json_t *params, char message[256])
{
	const char *given, *between = "";
	int n;

	if (!method->choice)
		return 0;
	given = json_string_value(json_object_get(params, method->choice));
	if (!given)
		return 0;
	n = snprintf(message, 256, "%s: must be one of ", method->choice);
	for (const char *const *choice = method->choices; *choice; choice++) {
		if (strcmp(*choice, given) == 0)
			return 0;
		n += snprintf(message + n, 256 - n, "%s%s", between, *choice);
		between = ", ";
	}
	return -EINVAL;
}

/* --- Parameters from text --- */

static json_t *bool_of_text(const char *text)
{
	if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
		return json_true();
	if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
		return json_false();
	return NULL;
}

/* A number as JSON writes it, and of that type; anything; or NULL. */
static json_t *json_of_text(const char *text, enum gyre_param_type type)
{
	json_t *value;

	if (type == GYRE_PARAM_STRING)
		return json_string(text);
	if (type == GYRE_PARAM_BOOL)
		return bool_of_text(text);
	value = json_loads(text, JSON_DECODE_ANY, NULL);
	if (value && has_type(value, type))
		return value;
	json_decref(value);
	return NULL;
}

static enum gyre_param_type type_of(const struct gyre__method *method, const char *name)
{
	for (unsigned i = 0; method && i < method->n_params; i++)
		if (strcmp(method->params[i].name, name) == 0)
			return method->params[i].type;
	return GYRE_PARAM_STRING;
}

int gyre__request_param(struct gyre_control *control, const char *method, json_t *params,
	const char *name, const char *text)
{
	json_t *value = json_of_text(text, type_of(gyre__method_find(method), name));

	(void)control; /* the application's methods are not asked by text */
	if (!value)
		return -EINVAL;
	return json_object_set_new(params, name, value) < 0 ? -EINVAL : 0;
}
