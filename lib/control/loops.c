/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loops that a control serves. Owns their list; called by the application from the loops'
 * threads. Invariant: a loop that was deleted is not touched any more by the control's thread.
 */
#include <errno.h>
#include <gyre/control.h>

#include "base/error.h"

int gyre_control_loop_add(
	struct gyre_control *control, struct gyre_loop *loop, struct gyre_error *error)
{
	if (!control || !loop)
		return gyre__error_set(error, -EINVAL, "no control or no loop");
	return gyre__error_set(error, -ENOTSUP, "not built");
}

int gyre_control_loop_del(struct gyre_control *control, struct gyre_loop *loop)
{
	(void)control;
	(void)loop;
	return -ENOENT;
}
