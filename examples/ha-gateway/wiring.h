/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's graph: its nodes, and what leads where. */
#ifndef HA_WIRING_H
#define HA_WIRING_H

#include "gateway.h"
#include "options.h"

/* Adds and connects all nodes but the mailboxes of BFD, which are added by their processes, and
 * builds the graph. After the ports, the tables and the checks. Faults are logged. */
int wiring_build(struct gateway *gateway, const struct options *options);

#endif
