/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports and their pool. gateway.c calls it at start and end; it calls DPDK. It guards that a port
 * that is open is started with queue 0 both ways and with nothing offloaded: checksums are checked
 * and written by the nodes, the same on every driver.
 */
#include "port.h"
#include "log.h"

#include <rte_ethdev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DESCRIPTORS = 512, POOL_CACHE = 256 };

/* "there are 0 (net_pcap0), 1 (net_pcap1)" */
static void log_unknown(const char *text)
{
	char known[256] = "there are none: EAL's options make them";
	char name[RTE_ETH_NAME_MAX_LEN];
	size_t len = 0;
	uint16_t port;

	RTE_ETH_FOREACH_DEV(port) {
		if (len >= sizeof(known) || rte_eth_dev_get_name_by_port(port, name) < 0)
			continue;
		len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%u (%s)",
			len == 0 ? "there are " : ", ", port, name);
	}
	log_fault("port '%s' does not exist: %s", text, known);
}

int port_find(const char *text, uint16_t *ret_port)
{
	uint16_t port = (uint16_t)atoi(text);

	if (strspn(text, "0123456789") == strlen(text)
			? !rte_eth_dev_is_valid_port(port)
			: rte_eth_dev_get_port_by_name(text, &port) < 0) {
		log_unknown(text);
		return -ENODEV;
	}
	*ret_port = port;
	return 0;
}

int port_pool_create(unsigned mbufs, struct rte_mempool **ret_pool)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
		"packets", mbufs, POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);

	if (pool == NULL) {
		log_fault("no pool of %u packet buffers: %s; EAL's -m gives more memory, --mbufs "
			  "wants less",
			mbufs, rte_strerror(rte_errno));
		return -rte_errno;
	}
	*ret_pool = pool;
	return 0;
}

static int configure(uint16_t port, struct rte_mempool *pool, const char **ret_step)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf = {0};
	uint16_t rx = DESCRIPTORS, tx = DESCRIPTORS;
	int err;

	*ret_step = "asking what it is";
	err = rte_eth_dev_info_get(port, &info);
	if (err < 0)
		return err;
	*ret_step = "configuring it";
	conf.intr_conf.lsc = (*info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0;
	err = rte_eth_dev_configure(port, 1, 1, &conf);
	if (err == 0)
		err = rte_eth_dev_adjust_nb_rx_tx_desc(port, &rx, &tx);
	if (err < 0)
		return err;
	*ret_step = "setting up its receive queue";
	err = rte_eth_rx_queue_setup(port, 0, rx, SOCKET_ID_ANY, NULL, pool);
	if (err < 0)
		return err;
	*ret_step = "setting up its transmit queue";
	err = rte_eth_tx_queue_setup(port, 0, tx, SOCKET_ID_ANY, NULL);
	if (err < 0)
		return err;
	*ret_step = "starting it";
	return rte_eth_dev_start(port);
}

int port_open(struct interface *interface, struct rte_mempool *pool)
{
	uint16_t port = interface->port;
	const char *step;
	int err = configure(port, pool, &step);

	if (err == 0) {
		step = "asking for its address";
		err = rte_eth_macaddr_get(port, &interface->mac);
	}
	if (err == 0) {
		step = "asking for its MTU";
		err = rte_eth_dev_get_mtu(port, &interface->mtu);
	}
	if (err < 0) {
		log_fault("port %u of %s: %s: %s", port, interface->name, step, rte_strerror(-err));
		port_close(port);
	}
	return err;
}

void port_close(uint16_t port)
{
	/* Either may have been done or never been begun: closing means that it is closed. */
	rte_eth_dev_stop(port);
	rte_eth_dev_close(port);
}
