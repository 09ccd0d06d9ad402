/* SPDX-License-Identifier: Apache-2.0 */
/* What tests/control/app.h describes: called by the control, each on a process of its own. */
#include "control/app.h"

#include <errno.h>

#include "harness.h"

_Atomic(unsigned) app_cancelled, app_ran;
static struct rig *rig_of_app;

static int add(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	json_t *any = gyre_control_call_param(call, "any");

	ck_assert_ptr_eq(gyre_process_current(), self);
	ck_assert_ptr_eq(arg, rig_of_app);
	if (gyre_process_sleep(self, GYRE_MSEC(2)) < 0)
		return -ECANCELED;
	gyre_control_call_result(
		call, json_pack("{s:I, s:b, s:f, s:s?, s:b}", "sum",
			      (json_int_t)(gyre_control_call_integer(call, "a") +
					   gyre_control_call_integer(call, "b")),
			      "flag", gyre_control_call_bool(call, "flag"), "half",
			      gyre_control_call_number(call, "n") / 2, "text",
			      gyre_control_call_string(call, "text"), "any", any != NULL));
	return 0;
}

static int fails(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	(void)self;
	(void)arg;
	gyre_control_call_error(call, "no luck, %d times", 7);
	return -EDOM;
}

static int sleeps(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	(void)call;
	(void)arg;
	if (gyre_process_sleep(self, GYRE_SEC(60)) == -ECANCELED)
		app_cancelled++;
	return 0;
}

static int counts(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	(void)self;
	(void)call;
	(void)arg;
	app_ran++;
	return 0;
}

static const struct gyre_control_param add_params[] = {
	{.name = "a", .type = GYRE_PARAM_INTEGER, .required = true, .min = -10, .max = 10},
	{.name = "b", .type = GYRE_PARAM_INTEGER},
	{.name = "flag", .type = GYRE_PARAM_BOOL},
	{.name = "n", .type = GYRE_PARAM_NUMBER, .min = -8, .max = 8},
	{.name = "text", .type = GYRE_PARAM_STRING, .min = 2, .max = 4, .help = "short"},
	{.name = "any", .type = GYRE_PARAM_ANY},
};

static const struct gyre_control_method app_methods[] = {
	{"app.add", "Adds.", add_params, 6, add},
	{"app.fails", NULL, NULL, 0, fails},
	{"app.sleeps", NULL, NULL, 0, sleeps},
	{"app.counts", NULL, NULL, 0, counts},
};

void app_add_methods(struct rig *rig)
{
	rig_of_app = rig;
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(
			gyre_control_method_add(rig->control, rig->loop, &app_methods[i], rig), 0);
}
