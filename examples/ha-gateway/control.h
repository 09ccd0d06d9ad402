/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's control side: where gyrectl and browsers look at it, by --control and --http. */
#ifndef HA_CONTROL_H
#define HA_CONTROL_H

#include "gateway.h"
#include "options.h"

struct gyre_control;

/* Listens where the options say, on a thread of its own, which keeps off the CPUs that EAL was
 * given where there are others. Without either option there is none. Faults are logged. On the
 * loop's thread, before it runs. */
int control_start(
	struct gateway *gateway, const struct options *options, struct gyre_control **ret_control);

/* After the loop's last run. NULL is fine. */
void control_stop(struct gyre_control *control, struct gateway *gateway);

#endif
