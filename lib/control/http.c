/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server. Owns its handles; called by the control's life. Invariant: what it serves
 * changes nothing.
 */
#include "control/http.h"

#include <errno.h>

#include "base/error.h"

int gyre__http_create(struct gyre_control *control, struct gyre_error *error)
{
	(void)control;
	return gyre__error_set(error, -ENOTSUP, "this library was built without HTTP");
}

void gyre__http_close(struct gyre_control *control)
{
	(void)control;
}

uint16_t gyre__http_port(const struct gyre_control *control)
{
	(void)control;
	return 0;
}
