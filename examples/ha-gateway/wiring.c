/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adds the nodes and connects them. gateway.c calls it once; it calls the classes' own files by
 * way of gyre_node_add(). It guards that a next that depends on the interface leads to that
 * interface's node for those that are there, and somewhere harmless for those that are not.
 */
#include "wiring.h"
#include "log.h"

#include <stdio.h>
#include <string.h>

static int add_receive(struct gateway *gateway, unsigned interface, const struct options *options)
{
	struct gyre_dpdk_rx_options rx = GYRE_DPDK_RX_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	char name[16];
	int err;

	snprintf(name, sizeof(name), "rx-%u", interface);
	rx.port = gateway->interfaces[interface].port;
	rx.burst = (uint16_t)options->vector;
	rx.next = "ethernet-input";
	rx.pool = gateway->pool;
	rx.error = &error;
	err = gyre_dpdk_rx_add(gateway->loop, name, &rx, &gateway->rx[interface]);
	if (err < 0)
		log_fault("%s: %s", name, error.text);
	return err;
}

static int add_transmit(struct gateway *gateway, unsigned interface)
{
	struct gyre_dpdk_tx_options tx = GYRE_DPDK_TX_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	char name[16];
	int err;

	snprintf(name, sizeof(name), "tx-%u", interface);
	tx.port = gateway->interfaces[interface].port;
	tx.error = &error;
	err = gyre_dpdk_tx_add(gateway->loop, name, &tx, &gateway->tx[interface]);
	if (err < 0)
		log_fault("%s: %s", name, error.text);
	return err;
}

/* The only instance of its class, under the class's name. */
static int add(struct gateway *gateway, const struct gyre_node_class *node_class,
	struct gyre_node_id *ret_id)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	const struct gateway_node_arg arg = {.gateway = gateway};
	struct gyre_error error = {.text = ""};
	int err;

	options.arg = &arg;
	options.error = &error;
	err = gyre_node_add(gateway->loop, node_class, node_class->name, &options, ret_id);
	if (err < 0)
		log_fault("%s: %s", node_class->name,
			error.text[0] != '\0' ? error.text : strerror(-err));
	return err;
}

/* Next `first` + i leads to tx-<i>, and to tx-0 where there is no interface i. */
static int connect_transmits(struct gateway *gateway, struct gyre_node_id id, gyre_next first)
{
	char name[16];
	int err = 0;

	for (unsigned i = 0; err == 0 && i < GATEWAY_INTERFACES_MAX; i++) {
		snprintf(name, sizeof(name), "tx-%u", i < gateway->n_interfaces ? i : 0);
		err = gyre_node_connect(gateway->loop, id, (gyre_next)(first + i), name);
	}
	return err;
}

static int connect_mailboxes(struct gateway *gateway, struct gyre_node_id id)
{
	char name[16];
	int err = 0;

	for (unsigned i = 0; err == 0 && i < GATEWAY_INTERFACES_MAX; i++) {
		snprintf(name, sizeof(name), "bfd-%u", i);
		err = gyre_node_connect(gateway->loop, id, (gyre_next)(IP4_LOCAL_NEXT_BFD + i),
			gateway->interfaces[i].bfd ? name : "icmp-error");
	}
	return err;
}

static int add_all(struct gateway *gateway, struct gyre_node_id *ret_arp_input,
	struct gyre_node_id *ret_ip4_local)
{
	int err = add(gateway, &ethernet_input_class, NULL);

	if (err == 0)
		err = add(gateway, &arp_input_class, ret_arp_input);
	if (err == 0)
		err = add(gateway, &ip4_input_class, NULL);
	if (err == 0)
		err = add(gateway, &ip4_lookup_class, NULL);
	if (err == 0)
		err = add(gateway, &ip4_local_class, ret_ip4_local);
	if (err == 0)
		err = add(gateway, &ip4_rewrite_class, &gateway->ip4_rewrite);
	if (err == 0)
		err = add(gateway, &icmp_echo_class, NULL);
	if (err == 0)
		err = add(gateway, &icmp_error_class, &gateway->icmp_error);
	return err;
}

int wiring_build(struct gateway *gateway, const struct options *options)
{
	struct gyre_node_id arp_input, ip4_local;
	struct gyre_error error = {.text = ""};
	int err = add_all(gateway, &arp_input, &ip4_local);

	for (unsigned i = 0; err == 0 && i < gateway->n_interfaces; i++) {
		err = add_receive(gateway, i, options);
		if (err == 0)
			err = add_transmit(gateway, i);
	}
	if (err < 0)
		return err;
	err = connect_transmits(gateway, arp_input, ARP_INPUT_NEXT_TX);
	if (err == 0)
		err = connect_transmits(gateway, gateway->ip4_rewrite, IP4_REWRITE_NEXT_TX);
	if (err == 0)
		err = connect_mailboxes(gateway, ip4_local);
	if (err < 0)
		log_fault("the graph: a node cannot be connected: %s", strerror(-err));
	else
		err = gyre_graph_build(gateway->loop, &error);
	if (error.text[0] != '\0')
		log_fault("the graph: %s", error.text);
	return err;
}
