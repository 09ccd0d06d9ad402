/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's life: what main() does with it. */
#ifndef HA_PROGRAM_H
#define HA_PROGRAM_H

#include "gateway.h"
#include "options.h"

/* Opens the ports, makes tables, nodes and processes. EAL is up, and SIGINT, SIGTERM and SIGUSR1
 * are blocked in every thread. Faults are logged; nothing is left then. Errors: negative errno. */
int gateway_create(const struct options *options, struct gateway **ret_gateway);

/* Forwards until SIGINT or SIGTERM; then ends the processes, sends what is under way, and writes
 * the report, which SIGUSR1 also does, to the standard output. Returns 0 or a negative errno. */
int gateway_run(struct gateway *gateway);

/* Closes the ports and frees everything. Returns 0, or -EIO when a packet is unaccounted for: the
 * log says how many. NULL is fine. */
int gateway_destroy(struct gateway *gateway);

#endif
