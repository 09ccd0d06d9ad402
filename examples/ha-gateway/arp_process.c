/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ARP process: lets time pass for the ARP table, sends the requests that follow the first,
 * gives up for packets that waited in vain, and reports claims to our addresses. Spawned by the
 * program, woken by arp-input and ip4-rewrite; calls arp_table.c and arp_packet.c. Invariant: a
 * packet that the graph does not take is freed and counted as ended.
 */
#include "arp_packet.h"
#include "arp_table.h"
#include "icmp.h"
#include "nsec.h"
#include "packet.h"

#include <errno.h>

static void inject(struct gateway *gateway, struct gyre_node_id node, void **items, unsigned n)
{
	int taken = gyre_node_inject(gateway->loop, node, items, n);
	unsigned done = taken < 0 ? 0 : taken;

	if (done == n)
		return;
	rte_pktmbuf_free_bulk((struct rte_mbuf **)items + done, n - done);
	gateway->account.ended += n - done;
}

/* Without an mbuf there is no request this time; the next one is due a second later. */
static void ask(struct gateway *gateway, const struct arp_action *action)
{
	void *request = arp_request_create(
		gateway, action->interface, action->address, action->unicast ? action->mac : NULL);

	if (request)
		inject(gateway, gateway->tx[action->interface], &request, 1);
}

static void give_up(struct gateway *gateway, struct arp_action *action)
{
	for (unsigned i = 0; i < action->n; i++)
		packet_ask_error(action->items[i], ICMP_UNREACHABLE, ICMP_HOST_UNREACHABLE, 0);
	if (action->n)
		inject(gateway, gateway->icmp_error, action->items, action->n);
}

static void advance(struct gateway *gateway)
{
	struct arp_action action;

	while (arp_table_advance(gateway->arp, gyre_loop_now(gateway->loop), &action)) {
		if (action.kind == ARP_ACTION_REQUEST)
			ask(gateway, &action);
		else
			give_up(gateway, &action);
	}
}

static void pin_routers(struct gateway *gateway)
{
	for (unsigned i = 0; gateway->arp_refresh && i < gateway->n_interfaces; i++)
		if (gateway->interfaces[i].gateway != 0)
			arp_table_pin(gateway->arp, i, gateway->interfaces[i].gateway,
				gyre_loop_now(gateway->loop));
}

/* Reports claims that were not reported yet, unless the last report was less than a second ago.
 * Returns when to try again. */
static uint64_t report(struct gateway *gateway, uint64_t *reported, uint64_t *last_nsec)
{
	uint64_t now = gyre_loop_now(gateway->loop), due = nsec_add(*last_nsec, NSEC_PER_SEC);

	if (gateway->arp_conflict.count == *reported)
		return NSEC_NEVER;
	if (*reported > 0 && now < due)
		return due;
	if (gateway->arp_conflict_fn)
		gateway->arp_conflict_fn(gateway->arp_conflict_arg, &gateway->arp_conflict);
	*reported = gateway->arp_conflict.count;
	*last_nsec = now;
	return NSEC_NEVER;
}

int arp_process(struct gyre_process *self, void *arg)
{
	struct gateway *gateway = arg;
	uint64_t reported = 0, last_nsec = 0, due;
	uint32_t events;
	int error = 0;

	pin_routers(gateway);
	while (error == 0 || error == -ETIMEDOUT) {
		advance(gateway);
		due = nsec_earlier(
			report(gateway, &reported, &last_nsec), arp_table_deadline(gateway->arp));
		error = gyre_process_wait(
			self, ARP_EVENT_CHANGED | ARP_EVENT_CONFLICT, due, &events);
	}
	return error == -ECANCELED ? 0 : error;
}
