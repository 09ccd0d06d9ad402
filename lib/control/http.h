/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_HTTP_H
#define GYRE_LIB_CONTROL_HTTP_H

#include <gyre/control.h>

/* Serves HTTP at options.http, which is neither NULL nor empty, from the control's uv loop, which
 * does not run yet; sets control->http. On failure nothing of it is left but uv handles that are
 * closing. Errors: as gyre_control_create(). */
int gyre__http_create(struct gyre_control *control, struct gyre_error *error);
/* On the control's thread: closes it; its memory is gone when its handles are, which
 * gyre__control_release() counts. Nothing happens without one. */
void gyre__http_close(struct gyre_control *control);
/* Any thread. */
uint16_t gyre__http_port(const struct gyre_control *control);

#endif
