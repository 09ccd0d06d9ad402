/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DPDK's ports, as the gateway uses them: one queue each way, no offloads. Faults are logged by
 * name; what is returned then is a negative errno.
 */
#ifndef HA_PORT_H
#define HA_PORT_H

#include "gateway.h"

/* The port of that number, or of the device of that name. -ENODEV: the log says which there are. */
int port_find(const char *text, uint16_t *ret_port);

/* The pool of all packets. */
int port_pool_create(unsigned mbufs, struct rte_mempool **ret_pool);

/* Configures and starts interface->port, and fills in its mac and mtu. */
int port_open(struct interface *interface, struct rte_mempool *pool);

/* Stops and closes; gives the mbufs of its queues back. */
void port_close(uint16_t port);

#endif
