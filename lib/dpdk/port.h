/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_DPDK_PORT_H
#define GYRE_LIB_DPDK_PORT_H

#include <gyre/base.h>
#include <rte_ethdev.h>

enum gyre__dpdk_direction { GYRE__DPDK_RX, GYRE__DPDK_TX };

/* Whether the port exists; fills *ret_info. `what` begins the text. Errors: -ENODEV, and the
 * driver's. */
int gyre__dpdk_port_info(uint16_t port, const char *what, struct rte_eth_dev_info *ret_info,
	struct gyre_error *error);

/* Whether the port exists, was started, and has the queue. Errors: -ENODEV, -EINVAL. */
int gyre__dpdk_queue_check(uint16_t port, uint16_t queue, enum gyre__dpdk_direction direction,
	struct gyre_error *error);

#endif
