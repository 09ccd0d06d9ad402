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

/* Makes the frame that an entry's packets get from now on. */
static __attribute__((noinline)) void entry_frame(
	struct arp_entry *entry, const struct interface *interface)
{
	const struct rte_ether_hdr frame = packet_frame(interface, entry->mac);

	static_assert(sizeof(frame) == sizeof(entry->frame), "it is an Ethernet header");
	memcpy(entry->frame, &frame, sizeof(frame));
	entry->framed = entry->used = true;
}

static inline gyre_next rewrite(struct gyre_node *node, struct gateway *gateway,
	struct arp_index index, struct rte_mbuf *mbuf)
{
	const struct packet_meta *meta = packet_meta(mbuf);
	unsigned tx = meta->tx;
	struct arp_entry *entry = arp_index_find(index, tx, meta->next_hop);

	if (gyre_unlikely(!entry || !entry->framed)) {
		if (!entry || !arp_entry_resolved(entry))
			return resolve(node, gateway, mbuf);
		entry_frame(entry, &gateway->interfaces[tx]);
	}
	packet_rewrite(mbuf, entry->frame);
	return IP4_REWRITE_NEXT_TX + tx;
}

/* Packets to one interface whose frame is made, up to the first one that is not; returns how many.
 * Calls nothing: all that it needs stays in registers. */
static inline unsigned usual_rewrite(struct arp_index index, uint8_t tx, void **items, unsigned n)
{
	void **item, **end = items + n;

	for (item = items; item < end; item++) {
		struct rte_mbuf *mbuf = *item;
		const struct packet_meta *meta = packet_meta(mbuf);
		const struct arp_entry *entry = arp_index_find(index, tx, meta->next_hop);

		if (gyre_unlikely(meta->tx != tx || !entry || !entry->framed))
			break;
		packet_rewrite(mbuf, entry->frame);
	}
	return item - items;
}

/* From the first packet on that is not usual: packet i. */
static __attribute__((noinline)) gyre_next rewrite_each(
	struct gyre_node *node, void **items, gyre_next *nexts, unsigned i, unsigned n)
{
	struct gateway *gateway = node_gateway(node);
	struct arp_index index = *arp_table_index(gateway->arp);
	unsigned differ = 0;

	packet_nexts_fill(nexts, IP4_REWRITE_NEXT_TX + packet_meta(items[0])->tx, i);
	for (; i < n; i++) {
		nexts[i] = rewrite(node, gateway, index, items[i]);
		differ |= nexts[i] ^ nexts[0];
	}
	return packet_nexts(nexts[0], differ);
}

static gyre_next process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	/* A copy, which stores to packets cannot change. */
	struct arp_index index = *arp_table_index(node_gateway(node)->arp);
	uint8_t tx = packet_meta(items[0])->tx;
	unsigned usual = usual_rewrite(index, tx, items, n);

	if (gyre_likely(usual == n))
		return IP4_REWRITE_NEXT_TX + tx;
	return rewrite_each(node, items, nexts, usual, n);
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
