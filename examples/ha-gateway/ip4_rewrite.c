/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ip4-rewrite: gives a packet its frame for the next hop and sends it, or, where the next hop's MAC
 * is not known, leaves it in the ARP table and asks. ip4-lookup and processes lead here, it leads
 * to the interfaces' outputs. Calls arp_table.c and arp_packet.c. Invariant: the TTL is counted
 * down when a packet is sent, once, here or by arp-input.
 */
#include "arp_packet.h"
#include "arp_table.h"
#include "packet.h"

enum reason {
	DROP_QUEUE_FULL,
	DROP_TABLE_FULL,
	DROP_HELD_MAX,
	COUNT_NO_MBUF,
};

static const struct gyre_reason reasons[] = {
	[DROP_QUEUE_FULL] = {"arp-queue-full", GYRE_SEVERITY_WARNING},
	[DROP_TABLE_FULL] = {"arp-table-full", GYRE_SEVERITY_WARNING},
	[DROP_HELD_MAX] = {"arp-held-max", GYRE_SEVERITY_WARNING},
	/* Counts only: the ARP process asks a second later. */
	[COUNT_NO_MBUF] = {"no-mbuf", GYRE_SEVERITY_ERROR},
};

static const char *const nexts_default[IP4_REWRITE_NEXT_TX + GATEWAY_INTERFACES_MAX];

static void ask(struct gyre_node *node, struct gateway *gateway, unsigned tx, uint32_t address)
{
	struct rte_mbuf *request = arp_request_create(gateway, tx, address, NULL);

	if (request)
		gyre_next_put_1(node, IP4_REWRITE_NEXT_TX + tx, request);
	else
		gyre_node_count(node, COUNT_NO_MBUF, 1);
	/* Whose deadline may have come nearer. The process may have ended: then nobody repeats. */
	gyre_process_signal(gateway->arp_process, ARP_EVENT_CHANGED);
}

static __attribute__((noinline, cold)) gyre_next resolve(
	struct gyre_node *node, struct gateway *gateway, struct rte_mbuf *mbuf)
{
	const struct packet_meta *meta = packet_meta(mbuf);
	struct arp_evicted evicted;
	int asks;

	asks = arp_table_hold(
		gateway->arp, meta->tx, meta->next_hop, mbuf, gyre_node_now(node), &evicted);
	if (asks < 0)
		return gyre_drop(DROP_HELD_MAX);
	if (evicted.n)
		gyre_node_drop(node, evicted.table_full ? DROP_TABLE_FULL : DROP_QUEUE_FULL,
			evicted.items, evicted.n);
	if (asks)
		ask(node, gateway, meta->tx, meta->next_hop);
	return GYRE_NEXT_KEEP;
}

static inline unsigned rewrite(struct gyre_node *node, struct gateway *gateway,
	struct arp_index index, struct rte_mbuf *mbuf)
{
	const struct packet_meta *meta = packet_meta(mbuf);
	unsigned tx = meta->tx;
	struct arp_entry *entry = arp_index_find(index, tx, meta->next_hop);

	if (gyre_unlikely(!entry || !arp_entry_resolved(entry)))
		return resolve(node, gateway, mbuf);
	if (!entry->used)
		entry->used = true;
	packet_rewrite(mbuf, &gateway->interfaces[tx], entry->mac);
	return IP4_REWRITE_NEXT_TX + tx;
}

static gyre_next process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct gateway *gateway = node_gateway(node);
	/* A copy, which stores to packets cannot change. */
	struct arp_index index = *arp_table_index(gateway->arp);
	unsigned any = 0, all = UINT16_MAX;

	for (unsigned i = 0; i < n; i++) {
		unsigned next = rewrite(node, gateway, index, items[i]);

		nexts[i] = next;
		any |= next;
		all &= next;
	}
	return packet_nexts(all, any ^ all);
}

const struct gyre_node_class ip4_rewrite_class = {
	.name = "ip4-rewrite",
	.kind = GYRE_NODE_INTERNAL,
	.process = process,
	.init = gateway_node_init,
	.data_size = sizeof(struct gateway_node),
	.nexts = nexts_default,
	.n_nexts = RTE_DIM(nexts_default),
	.reasons = reasons,
	.n_reasons = RTE_DIM(reasons),
};
