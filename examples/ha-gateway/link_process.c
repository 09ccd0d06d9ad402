/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process for each link: waits for what gyre-dpdk's link monitor says of the port and passes it
 * on to failover. checks.c starts it; it calls failover_say(). It guards that failover knows the
 * link's state before the first packet: the monitor says it when subscribed to.
 */
#include "checks.h"
#include "log.h"

#include <stdio.h>
#include <string.h>

#define EVENT_UP   GYRE_EVENT(0)
#define EVENT_DOWN GYRE_EVENT(1)

/* When both are pending it went down and up, or up and down: the monitor knows how it ended. */
static void tell(const struct link_check *check)
{
	struct gyre_dpdk_link_state state;

	gyre_dpdk_link_get(check->link, &state);
	if (check->interface != GATEWAY_INSIDE)
		failover_say(check->gateway, check->interface - 1, CHECK_LINK,
			state.up ? FAILOVER_UP : FAILOVER_DOWN,
			state.up ? "carrier" : "no carrier");
	log_event("%s link %s", check->gateway->interfaces[check->interface].name,
		state.up ? "up" : "down");
}

static int link_process(struct gyre_process *self, void *arg)
{
	const struct link_check *check = arg;
	uint32_t events;

	while (gyre_process_wait(self, EVENT_UP | EVENT_DOWN, GYRE_FOREVER, &events) == 0)
		tell(check);
	return 0;
}

int link_check_start(struct link_check *check, struct gateway *gateway, unsigned interface)
{
	struct gyre_process_options process = GYRE_PROCESS_OPTIONS_INIT;
	struct gyre_dpdk_link_options link = GYRE_DPDK_LINK_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	char name[32];
	int err;

	snprintf(name, sizeof(name), "link-%s", gateway->interfaces[interface].name);
	check->gateway = gateway;
	check->interface = interface;
	link.port = gateway->interfaces[interface].port;
	link.name = gateway->interfaces[interface].name;
	link.error = &error;
	err = gyre_dpdk_link_create(gateway->loop, &link, &check->link);
	process.name = name;
	process.joinable = true;
	process.error = &error;
	if (err == 0)
		err = gyre_process_spawn(
			gateway->loop, link_process, check, &process, &check->process);
	if (err == 0)
		err = gyre_dpdk_link_subscribe(check->link, check->process, EVENT_UP, EVENT_DOWN);
	if (err < 0)
		log_fault("%s: %s", name, error.text[0] != '\0' ? error.text : strerror(-err));
	return err;
}
