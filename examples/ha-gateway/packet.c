/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nodes share and is not hot: their init, cutting packets, sums over segments. Owns nothing.
 * Called by the nodes, calls mbuf functions. Invariant: a packet that was cut has as many segments
 * as it says, none of them empty behind the first.
 */
#include "packet.h"

#include <errno.h>

int gateway_node_init(struct gyre_node *node, const void *arg)
{
	const struct gateway_node_arg *node_arg = arg;
	struct gateway_node *data = gyre_node_data(node);

	if (!node_arg || !node_arg->gateway)
		return -EINVAL;
	data->gateway = node_arg->gateway;
	return 0;
}

void packet_cut(struct rte_mbuf *mbuf, uint32_t len)
{
	struct rte_mbuf *last = mbuf, *rest;
	uint32_t before = 0;
	uint16_t segments = 1;

	while (len - before > last->data_len) {
		before += last->data_len;
		last = last->next;
		segments++;
	}
	rest = last->next;
	last->next = NULL;
	last->data_len = len - before;
	mbuf->pkt_len = len;
	mbuf->nb_segs = segments;
	while (rest) {
		struct rte_mbuf *next = rest->next;

		rte_pktmbuf_free_seg(rest);
		rest = next;
	}
}

uint16_t packet_sum(const struct rte_mbuf *mbuf, uint32_t offset)
{
	uint32_t sum = 0, done = 0;

	while (offset >= mbuf->data_len && mbuf->next) {
		offset -= mbuf->data_len;
		mbuf = mbuf->next;
	}
	for (; mbuf; mbuf = mbuf->next, offset = 0) {
		uint32_t len = mbuf->data_len - offset;
		uint16_t part =
			rte_raw_cksum(rte_pktmbuf_mtod_offset(mbuf, const char *, offset), len);

		/* What begins at an odd byte counts with its bytes exchanged. */
		sum += done % 2 ? rte_bswap16(part) : part;
		sum = (sum & 0xffff) + (sum >> 16);
		done += len;
	}
	return sum;
}
