/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node may ask of a port before it uses it: that it exists, is started, has the queue. Owns
 * nothing. Called by rx.c, tx.c and link.c when something is added, calls ethdev. Invariant: a
 * queue that passed has burst functions of its driver behind it, not ethdev's placeholders, which
 * dump a stack at every first call.
 */
#include "dpdk/port.h"

#include <errno.h>

#include "base/error.h"

int gyre__dpdk_port_info(uint16_t port, const char *what, struct rte_eth_dev_info *ret_info,
	struct gyre_error *error)
{
	int err;

	if (!rte_eth_dev_is_valid_port(port))
		return gyre__error_set(error, -ENODEV, "%s: there is no port %u", what, port);
	err = rte_eth_dev_info_get(port, ret_info);
	if (err < 0)
		return gyre__error_set(error, err, "%s: port %u does not describe itself: %s", what,
			port, rte_strerror(-err));
	return 0;
}

/* ethdev tells by no function whether a port is started, but it parks the burst functions of ports
 * that are not on placeholders: those that a port which does not exist has, too. */
static bool started(uint16_t port)
{
	for (uint16_t other = 0; other < RTE_MAX_ETHPORTS; other++)
		if (!rte_eth_dev_is_valid_port(other))
			return rte_eth_fp_ops[port].rx_pkt_burst !=
			       rte_eth_fp_ops[other].rx_pkt_burst;
	return true;
}

int gyre__dpdk_queue_check(uint16_t port, uint16_t queue, enum gyre__dpdk_direction direction,
	struct gyre_error *error)
{
	const char *what = direction == GYRE__DPDK_RX ? "rx" : "tx";
	struct rte_eth_dev_info info;
	unsigned queues;
	int err;

	err = gyre__dpdk_port_info(port, what, &info, error);
	if (err < 0)
		return err;
	if (!started(port))
		return gyre__error_set(error, -EINVAL, "%s: port %u is not started", what, port);
	queues = direction == GYRE__DPDK_RX ? info.nb_rx_queues : info.nb_tx_queues;
	if (queue >= queues)
		return gyre__error_set(error, -EINVAL, "%s: port %u has no queue %u: it has %u",
			what, port, queue, queues);
	return 0;
}
