/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway's nodes cost: nanoseconds per packet from an input that replays packets, through
 * ethernet-input, ip4-input, ip4-lookup and ip4-rewrite, to an output that takes them back, for
 * vectors of 1 to 256, over 64 mbufs that stay in the first cache and 4096 that do not. The turn of
 * the loop is in it. Prints a table; run it by hand, on a quiet core.
 */
#include <gyre.h>
#include <gyre/dpdk.h>
#include <rte_ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "examples/ha-gateway/arp_table.h"
#include "examples/ha-gateway/fib.h"
#include "examples/ha-gateway/gateway.h"

#define PACKETS 4096
#define ROUND   (1u << 16) /* packets measured at once */
#define REPEATS 41 /* of which the best counts: others use the machine, too */

#define INSIDE UINT32_C(0x0a000001)
#define UPLINK UINT32_C(0xc0000201)
#define ROUTER UINT32_C(0xc0000202)

struct bench {
	struct gateway gateway;
	struct rte_mbuf *packets[PACKETS];
	unsigned n, at; /* in use, the next one */
	uint64_t sent;
};

struct bench_node {
	struct bench *bench;
};

static int init(struct gyre_node *node, const void *arg)
{
	((struct bench_node *)gyre_node_data(node))->bench = *(struct bench *const *)arg;
	return 0;
}

static struct bench *bench_of(const struct gyre_node *node)
{
	return ((struct bench_node *)gyre_node_data(node))->bench;
}

static unsigned replay(struct gyre_node *node, unsigned max)
{
	struct bench *bench = bench_of(node);
	unsigned n = RTE_MIN(max, bench->n - bench->at);

	gyre_next_put(node, 0, (void **)bench->packets + bench->at, n);
	bench->at = (bench->at + n) % bench->n;
	return n;
}

static gyre_next take_back(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)nexts;
	/* So that it may come in again: to us, by the port that it came from. */
	for (unsigned i = 0; i < n; i++)
		rte_pktmbuf_mtod((struct rte_mbuf *)items[i], struct rte_ether_hdr *)->dst_addr =
			(struct rte_ether_addr){{2, 0, 0, 0, 0, 1}};
	bench_of(node)->sent += n;
	return GYRE_NEXT_KEEP;
}

static const struct gyre_node_class replay_class = {
	.name = "replay",
	.kind = GYRE_NODE_INPUT,
	.poll = replay,
	.init = init,
	.data_size = sizeof(struct bench_node),
	.nexts = (const char *const[]){"ethernet-input"},
	.n_nexts = 1,
};

static const struct gyre_node_class send_class = {
	.name = "send",
	.kind = GYRE_NODE_OUTPUT,
	.process = take_back,
	.init = init,
	.data_size = sizeof(struct bench_node),
};

static void must(int status, const char *what)
{
	if (status >= 0)
		return;
	fprintf(stderr, "%s: %d\n", what, status);
	exit(1);
}

/* Between rounds: each pass counts the TTL down. */
static void packet_write(struct rte_mbuf *mbuf, unsigned number)
{
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ether + 1);

	*ether = (struct rte_ether_hdr){
		.dst_addr = {{2, 0, 0, 0, 0, 1}},
		.src_addr = {{2, 0, 0, 0, 0, 9}},
		.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4),
	};
	*ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = RTE_BE16(50),
		.time_to_live = 255,
		.next_proto_id = 17,
		.src_addr = RTE_BE32(INSIDE + 1),
		.dst_addr = rte_cpu_to_be_32(0x14000000 + number % 64 * 0x10101),
	};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

static void gateway_make(struct gateway *gateway)
{
	struct arp_table_config config = arp_table_config_default();
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 8};
	void *items[ARP_QUEUE_MAX];

	gateway->n_interfaces = 2;
	gateway->interfaces[0] =
		(struct interface){"inside", 0, {{2, 0, 0, 0, 0, 1}}, INSIDE, 24, .mtu = 1500};
	gateway->interfaces[1] = (struct interface){
		"uplink0", 1, {{2, 0, 0, 0, 0, 2}}, UPLINK, 24, ROUTER, .mtu = 1500};
	gateway->interface_of_port[1] = 1;
	gateway->next_hops[NEXT_HOP_DEFAULT] = (struct next_hop){NEXT_HOP_FORWARD, 1, ROUTER};
	gateway->pool = rte_pktmbuf_pool_create("bench", PACKETS, 0, sizeof(struct packet_meta),
		RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	must(gateway->pool ? 0 : -1, "mempool");
	must(fib_create("bench", 100, &gateway->fib), "routes");
	must(fib_add(gateway->fib, 0, 0, NEXT_HOP_DEFAULT), "default route");
	must(arp_table_create(&config, &gateway->arp, NULL), "ARP table");
	must(arp_table_learn(gateway->arp, 1, ROUTER, mac, true, 0, items), "ARP entry");
}

static void nodes_make(struct bench *bench, unsigned vector)
{
	static const struct gyre_node_class *const classes[] = {&ethernet_input_class,
		&arp_input_class, &ip4_input_class, &ip4_lookup_class, &ip4_local_class,
		&ip4_rewrite_class, &icmp_echo_class, &icmp_error_class};
	struct gateway_node_arg arg = {&bench->gateway};
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_node_options node = GYRE_NODE_OPTIONS_INIT;
	struct gyre_node_id id;

	options.vector = vector;
	options.items = gyre_dpdk_items();
	must(gyre_loop_create(&options, &bench->gateway.loop), "loop");
	node.arg = &arg;
	for (unsigned i = 0; i < RTE_DIM(classes); i++) {
		must(gyre_node_add(bench->gateway.loop, classes[i], classes[i]->name, &node, &id),
			classes[i]->name);
		for (unsigned next = 0; next < classes[i]->n_nexts; next++)
			if (!classes[i]->nexts[next])
				must(gyre_node_connect(bench->gateway.loop, id, next, "send"),
					"connect");
	}
	node.arg = &bench;
	must(gyre_node_add(bench->gateway.loop, &send_class, "send", &node, NULL), "send");
	must(gyre_node_add(bench->gateway.loop, &replay_class, "replay", &node, NULL), "replay");
}

static double measure_once(struct bench *bench)
{
	struct timespec began, ended;

	for (unsigned i = 0; i < bench->n; i++)
		packet_write(bench->packets[i], i);
	bench->sent = 0;
	clock_gettime(CLOCK_MONOTONIC, &began);
	/* Not more passes than there is TTL. */
	while (bench->sent < RTE_MIN(ROUND, bench->n * 128))
		must(gyre_loop_run(bench->gateway.loop, GYRE_RUN_NOWAIT), "run");
	clock_gettime(CLOCK_MONOTONIC, &ended);
	return ((ended.tv_sec - began.tv_sec) * 1e9 + (ended.tv_nsec - began.tv_nsec)) /
	       bench->sent;
}

static double measure(struct bench *bench, unsigned vector, unsigned n)
{
	double best = 1e9;

	nodes_make(bench, vector);
	bench->n = n;
	bench->at = 0;
	for (unsigned i = 0; i < REPEATS; i++) {
		double nsec = measure_once(bench);

		best = nsec < best ? nsec : best;
	}
	must(gyre_loop_destroy(bench->gateway.loop), "destroy");
	return best;
}

int main(int argc, char **argv)
{
	static const unsigned vectors[] = {1, 4, 16, 64, 256};
	static struct bench bench;
	char *eal[] = {argv[0], "--no-pci", "-l", "0", "--no-huge", "-m", "64", "--no-shconf",
		"--no-telemetry", "--log-level", "error", NULL};

	(void)argc;
	must(gyre_dpdk_eal_init(RTE_DIM(eal) - 1, eal, NULL), "EAL");
	gateway_make(&bench.gateway);
	for (unsigned i = 0; i < PACKETS; i++) {
		bench.packets[i] = rte_pktmbuf_alloc(bench.gateway.pool);
		must(bench.packets[i] && rte_pktmbuf_append(bench.packets[i], 64) ? 0 : -1, "mbuf");
		bench.packets[i]->port = 0;
	}
	printf("%-8s %12s %12s   nsec per packet\n", "vector", "64 mbufs", "4096 mbufs");
	for (unsigned i = 0; i < RTE_DIM(vectors); i++)
		printf("%-8u %12.1f %12.1f\n", vectors[i], measure(&bench, vectors[i], 64),
			measure(&bench, vectors[i], PACKETS));
	return 0;
}
