/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_SOCKET_H
#define GYRE_LIB_CONTROL_SOCKET_H

#include "control/client.h"

/* Listens at options.path; sets control->socket. On failure nothing of it is left but uv handles
 * that are closing. Errors: as gyre_control_create(). */
int gyre__socket_create(struct gyre_control *control, struct gyre_error *error);
/* On the control's thread: with all its clients; the path is removed if it is still ours. Nothing
 * happens without one. */
void gyre__socket_close(struct gyre_control *control);
/* A client has closed. */
void gyre__socket_forget(struct gyre_control *control, struct gyre__client *client);

#endif
