/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node that receives packets numbered one by one, and tells whether any is missing, out of order
 * or harmed. Used by the tests of devices.
 */
#include "sink.h"

#include <arpa/inet.h>
#include <check.h>
#include <gyre.h>

#include "packet.h"

static void sink_take(struct sink *sink, const struct rte_mbuf *mbuf)
{
	struct packet scratch;
	const struct packet *packet = gyre_dpdk_read(mbuf, 0, mbuf->pkt_len, &scratch);
	unsigned len;

	if (mbuf->pkt_len < 60 || packet->type != htons(PACKET_TYPE)) {
		sink->strangers++;
		return;
	}
	len = sink->fixed_len ? sink->fixed_len : packet_len(packet->number);
	sink->received++;
	sink->gaps += packet->number != sink->expected;
	sink->expected = packet->number + 1;
	sink->harmed += mbuf->pkt_len != len || !packet_is(packet, packet->number, len);
}

static gyre_next sink_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)nexts;
	for (unsigned i = 0; i < n; i++)
		sink_take(gyre_node_data(node), items[i]);
	return gyre_drop(0);
}

static const struct gyre_reason sink_reasons[] = {{"sunk", GYRE_SEVERITY_INFO}};

static const struct gyre_node_class sink_class = {
	.name = "sink",
	.kind = GYRE_NODE_OUTPUT,
	.process = sink_process,
	.data_size = sizeof(struct sink),
	.reasons = sink_reasons,
	.n_reasons = 1,
};

struct sink *sink_add(struct gyre_loop *loop)
{
	struct gyre_node_id id;

	ck_assert_int_eq(gyre_node_add(loop, &sink_class, "sink", NULL, &id), 0);
	return gyre_node_data(gyre_node_get(loop, id));
}
