/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a method of the application sees of its call: parameters that were checked before, and the
 * answer. Owns nothing. Called on the loop's thread, in the call's process. Invariant: while the
 * function runs, the call's JSON is that thread's alone.
 */
#include "control/call.h"

#include <stdarg.h>
#include <stdio.h>

json_t *gyre_control_call_param(const struct gyre_control_call *call, const char *name)
{
	return json_object_get(call->params, name);
}

bool gyre_control_call_bool(const struct gyre_control_call *call, const char *name)
{
	return json_is_true(gyre_control_call_param(call, name));
}

int64_t gyre_control_call_integer(const struct gyre_control_call *call, const char *name)
{
	return json_integer_value(gyre_control_call_param(call, name));
}

double gyre_control_call_number(const struct gyre_control_call *call, const char *name)
{
	return json_number_value(gyre_control_call_param(call, name));
}

const char *gyre_control_call_string(const struct gyre_control_call *call, const char *name)
{
	return json_string_value(gyre_control_call_param(call, name));
}

void gyre_control_call_result(struct gyre_control_call *call, struct json_t *result)
{
	json_decref(call->result);
	call->result = result;
}

void gyre_control_call_error(struct gyre_control_call *call, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(call->message, sizeof(call->message), format, args);
	va_end(args);
}
