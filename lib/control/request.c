/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions: looked up, checked, answered once. Owns the requests under way; called by the socket
 * and by HTTP. Invariant: who asks is answered once, unless he abandons the request before.
 */
#include "control/request.h"

#include <errno.h>

int gyre_control_method_add(struct gyre_control *control, struct gyre_loop *loop,
	const struct gyre_control_method *method, void *arg)
{
	(void)control;
	(void)loop;
	(void)method;
	(void)arg;
	return -ENOENT;
}

struct gyre__request *gyre__request_start(struct gyre_control *control, const char *method,
	json_t *params, const struct gyre__asker *asker)
{
	(void)control;
	(void)method;
	(void)asker;
	json_decref(params);
	return NULL;
}

void gyre__request_abandon(struct gyre__request *request)
{
	(void)request;
}

int gyre__request_param(struct gyre_control *control, const char *method, json_t *params,
	const char *name, const char *text)
{
	(void)control;
	(void)method;
	return json_object_set_new(params, name, json_string(text)) < 0 ? -EINVAL : 0;
}

struct gyre__readings *gyre__readings_start(
	struct gyre_control *control, gyre__readings_fn *done, void *arg)
{
	(void)control;
	(void)done;
	(void)arg;
	return NULL;
}

void gyre__readings_abandon(struct gyre__readings *readings)
{
	(void)readings;
}
