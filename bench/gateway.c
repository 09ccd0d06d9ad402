/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forwarding gateway on one core: nanoseconds per packet from a source that writes fresh
 * packets, through the example's graph, to a sink; beside DPDK's packet-first skeleton, the same
 * passes as straight loops, and the nodes' functions without the graph. For vectors of 1 to 256 and
 * for 1, 1,000 and 1,000,000 flows over 100,000 routes. Case source is the source and the sink
 * alone, which is in every figure. First it is checked that all systems send the same bytes.
 */
#include "bench/gateway.h"
#include "bench/harness.h"

#include <rte_ip.h>

static struct gateway_world world;

struct system {
	gateway_run_fn *run;
	unsigned n; /* packets in a round */
};

/* --- What they send --- */

static uint8_t expected[GATEWAY_MBUFS][GATEWAY_BYTES];

/* That the packet of a flow was routed: to one of the routers, a hop further, and whole. */
static bool routed(const uint8_t *packet, uint32_t flow)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(packet + RTE_ETHER_HDR_LEN);
	uint32_t address = rte_be_to_cpu_32(ip->dst_addr);
	uint64_t hop;

	fib_lookup(world.gateway.fib, &address, &hop, 1);
	return ip->dst_addr == world.source.addresses[flow] && ip->time_to_live == 63 &&
	       rte_raw_cksum(ip, sizeof(*ip)) == 0xffff && hop >= NEXT_HOP_CONNECTED &&
	       packet[4] == 1 && packet[5] == hop - NEXT_HOP_CONNECTED &&
	       memcmp(packet + RTE_ETHER_ADDR_LEN, &world.gateway.interfaces[1].mac,
		       RTE_ETHER_ADDR_LEN) == 0;
}

/* All mbufs are sent once; then their packets lie in the ring in the order in which they left. */
static void check(gateway_run_fn *run, unsigned n_flows, bool first)
{
	gateway_world_flows(&world, n_flows);
	run(&world, GATEWAY_MBUFS);
	bench_check(world.source.given - world.source.taken == GATEWAY_MBUFS ? 0 : -1,
		"a packet was lost");
	for (unsigned i = 0; i < GATEWAY_MBUFS; i++) {
		struct rte_mbuf *mbuf = world.source.ring[(world.source.given + i) % GATEWAY_MBUFS];
		const uint8_t *packet = rte_pktmbuf_mtod(mbuf, const uint8_t *);

		if (first)
			memcpy(expected[i], packet, GATEWAY_BYTES);
		bench_check(mbuf->pkt_len == GATEWAY_BYTES && routed(packet, i % n_flows) &&
					    memcmp(expected[i], packet, GATEWAY_BYTES) == 0
				    ? 0
				    : -1,
			"a packet was not routed alike");
	}
}

static void check_all(unsigned n_flows)
{
	check(gateway_gyre_run, n_flows, true);
	check(gateway_skeleton_run, n_flows, false);
	check(gateway_straight_run, n_flows, false);
	check(gateway_direct_run, n_flows, false);
}

/* --- How long they take --- */

static double round_run(void *arg)
{
	const struct system *system = arg;
	uint64_t began = bench_now();

	system->run(&world, system->n);
	return (double)(bench_now() - began) / system->n;
}

static void measure(struct bench *bench, unsigned n_flows)
{
	/* Short vectors cost more. */
	unsigned n = bench_size(bench, 1 << 17, 1 << 15) / (world.vector < 8 ? 4 : 1);
	struct system gyre = {gateway_gyre_run, n}, skeleton = {gateway_skeleton_run, n},
		      straight = {gateway_straight_run, n}, direct = {gateway_direct_run, n},
		      source = {gateway_source_run, n};
	const struct bench_system systems[] = {{"gyre", round_run, &gyre},
		{"skeleton", round_run, &skeleton}, {"straight", round_run, &straight},
		{"direct", round_run, &direct}};
	const struct bench_system source_only = {"source", round_run, &source};
	char param[32];

	snprintf(param, sizeof(param), "V=%u,F=%u", world.vector, n_flows);
	gateway_world_flows(&world, n_flows);
	bench_compare(
		bench, &(struct bench_case){"source", param, "ns/packet"}, &source_only, 1, NULL);
	bench_compare(bench, &(struct bench_case){"forward", param, "ns/packet"}, systems,
		RTE_DIM(systems), NULL);
}

int main(int argc, char **argv)
{
	static const unsigned vectors[] = {1, 4, 16, 32, 64, 128, 256};
	static const unsigned flows[] = {1, 1000, 1000000};
	struct bench bench;

	bench_open(&bench, "gateway", argc, argv);
	gateway_world_make(&world, argv[0], bench.core);
	gateway_router_begin(&world);
	for (unsigned f = 0; f < RTE_DIM(flows); f++)
		for (unsigned v = 0; v < RTE_DIM(vectors); v++) {
			world.vector = vectors[v];
			gateway_gyre_begin(&world);
			check_all(flows[f]);
			measure(&bench, flows[f]);
			gateway_gyre_end(&world);
		}
	gateway_world_end(&world);
	bench_close(&bench);
	return 0;
}
