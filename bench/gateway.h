/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of bench/gateway share: the gateway that all of its systems are, made once, and
 * the source and sink around it. Mbufs go around: the source takes the one that was sent longest
 * ago, as a NIC's descriptors do, and writes a fresh packet into it.
 */
#ifndef GYRE_BENCH_GATEWAY_H
#define GYRE_BENCH_GATEWAY_H

#include <gyre/node.h>
#include <rte_ip.h>

#include "examples/ha-gateway/arp_table.h"
#include "examples/ha-gateway/fib.h"
#include "examples/ha-gateway/gateway.h"

#define GATEWAY_MBUFS  4096 /* a power of two */
#define GATEWAY_BYTES  64 /* of a packet */
#define GATEWAY_ROUTES 100000

/* --- Source and sink --- */

struct gateway_source {
	struct rte_mbuf *ring[GATEWAY_MBUFS];
	uint32_t taken, given; /* since the start; their difference is under way */
	uint32_t flow, n_flows; /* the next one, and how many are in use */
	const uint32_t *addresses; /* of flows, in network order */
	uint32_t checksum; /* not folded nor inverted, of the header without its destination */
	uint64_t rearm; /* the word of an mbuf that a driver sets */
	uint8_t template[GATEWAY_BYTES] __attribute__((aligned(GATEWAY_BYTES)));
};

/* A packet of the next flow, in an mbuf made as by a driver. */
static inline void gateway_source_write(struct gateway_source *source, struct rte_mbuf *mbuf)
{
	uint32_t address = source->addresses[source->flow];
	struct rte_ipv4_hdr *ip;
	uint32_t sum, word;
	char *data;

	source->flow = source->flow + 1 == source->n_flows ? 0 : source->flow + 1;
	memcpy(&mbuf->rearm_data, &source->rearm, sizeof(source->rearm));
	mbuf->ol_flags = 0;
	mbuf->packet_type = 0;
	mbuf->pkt_len = mbuf->data_len = GATEWAY_BYTES;
	data = rte_pktmbuf_mtod(mbuf, char *);
	memcpy(data, source->template, GATEWAY_BYTES);
	ip = (struct rte_ipv4_hdr *)(data + RTE_ETHER_HDR_LEN);
	ip->dst_addr = address;
	sum = source->checksum + (address & 0xffff) + (address >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	/* As one word with what lies before, which readers load together. */
	memcpy(&word, &ip->time_to_live, sizeof(word));
	word = (word & 0xffff) | (~sum & 0xffff) << 16;
	memcpy(&ip->time_to_live, &word, sizeof(word));
}

static inline void gateway_source_take(
	struct gateway_source *source, struct rte_mbuf **ret_mbufs, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *mbuf = source->ring[(source->taken + i) % GATEWAY_MBUFS];
		char *later = (char *)source->ring[(source->taken + i + 4) % GATEWAY_MBUFS];

		gyre_prefetch_write(later);
		gyre_prefetch_write(later + sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM);
		gateway_source_write(source, mbuf);
		ret_mbufs[i] = mbuf;
	}
	source->taken += n;
}

static inline void gateway_sink_give(
	struct gateway_source *source, struct rte_mbuf *const *mbufs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		source->ring[(source->given + i) % GATEWAY_MBUFS] = mbufs[i];
	source->given += n;
}

/* --- The gateway --- */

struct gateway_world {
	struct gateway gateway;
	struct gateway_source source;
	unsigned vector;
};

/* EAL on that core, the pool, routes, neighbours, flows. Ends the program if it cannot. */
void gateway_world_make(struct gateway_world *world, const char *program, int core);
/* Returns the mbufs, and checks that the pool is full. */
void gateway_world_end(struct gateway_world *world);
/* The flows in use from now on; starts with the first one. */
void gateway_world_flows(struct gateway_world *world, unsigned n);

/* --- The systems: each takes n packets from the source, routes them and gives them to the sink,
 * vectors of world->vector at a time --- */

typedef void gateway_run_fn(struct gateway_world *world, unsigned n);

/* The graph as the example wires it, with source and sink in place of ports; its loop is made for
 * world->vector. */
void gateway_gyre_begin(struct gateway_world *world);
void gateway_gyre_run(struct gateway_world *world, unsigned n);
void gateway_gyre_end(struct gateway_world *world);

/* Without a graph: packet-first, task-first, and the graph's node functions called one after
 * another. */
void gateway_skeleton_run(struct gateway_world *world, unsigned n);
void gateway_straight_run(struct gateway_world *world, unsigned n);
void gateway_direct_run(struct gateway_world *world, unsigned n);
/* Source and sink only. */
void gateway_source_run(struct gateway_world *world, unsigned n);
/* After the ARP table was filled. */
void gateway_router_begin(struct gateway_world *world);

#endif
