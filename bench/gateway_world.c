/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway that bench/gateway measures: two interfaces, 100,000 routes over 16 routers behind
 * the uplink, a million flows of addresses within the routes. Owns them and the mbufs. Called by
 * gateway.c, calls the example's tables and DPDK. Invariant: all random numbers come from one seed,
 * so that every run is given the same packets.
 */
#include "bench/gateway.h"
#include "bench/harness.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_mbuf_pool_ops.h>
#include <stdlib.h>
#include <sys/mman.h>

#define INSIDE  UINT32_C(0x0a000001)
#define UPLINK  UINT32_C(0xc0000201)
#define ROUTER  UINT32_C(0xc0000202)
#define ROUTERS GATEWAY_INTERFACES_MAX
#define FLOWS   1000000

#define HUGE_PAGE (2u << 20)

static uint32_t addresses[FLOWS];
static void *packets_memory;
static size_t packets_size;

static uint32_t random_next(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 16;
}

/* --- Mbufs, on huge pages where the kernel has some, as DPDK's are --- */

static void pool_make(struct gateway *gateway)
{
	struct rte_pktmbuf_pool_private private = {
		.mbuf_data_room_size = RTE_MBUF_DEFAULT_BUF_SIZE,
	};
	unsigned size = sizeof(struct rte_mbuf) + private.mbuf_data_room_size;

	/* No device is to read them: they may lie across pages. */
	gateway->pool = rte_mempool_create_empty("bench", GATEWAY_MBUFS, size, 0, sizeof(private),
		SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	bench_check(gateway->pool ? 0 : -rte_errno, "mempool");
	bench_check(rte_mempool_set_ops_byname(gateway->pool, rte_mbuf_best_mempool_ops(), NULL),
		"ops");
	rte_pktmbuf_pool_init(gateway->pool, &private);
	packets_size = RTE_ALIGN_CEIL(
		(GATEWAY_MBUFS + 1) * (size_t)rte_mempool_calc_obj_size(size, 0, NULL), HUGE_PAGE);
	packets_memory = aligned_alloc(HUGE_PAGE, packets_size);
	bench_check(packets_memory ? 0 : -ENOMEM, "memory of packets");
	/* Where there are none, on small pages. */
	(void)madvise(packets_memory, packets_size, MADV_HUGEPAGE);
	bench_check(rte_mempool_populate_iova(
			    gateway->pool, packets_memory, RTE_BAD_IOVA, packets_size, NULL, NULL),
		"mempool");
	rte_mempool_obj_iter(gateway->pool, rte_pktmbuf_init, NULL);
}

/* --- Packets --- */

static uint32_t sum_words(const void *bytes, unsigned len)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < len; i += sizeof(uint16_t)) {
		uint16_t word;

		memcpy(&word, (const char *)bytes + i, sizeof(word));
		sum += word;
	}
	return sum;
}

static void template_make(struct gateway_world *world)
{
	struct gateway_source *source = &world->source;
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)source->template;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ether + 1);

	*ether = (struct rte_ether_hdr){
		.dst_addr = world->gateway.interfaces[0].mac,
		.src_addr = {{2, 0, 0, 0, 0, 9}},
		.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4),
	};
	*ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = RTE_BE16(GATEWAY_BYTES - RTE_ETHER_HDR_LEN),
		.time_to_live = 64,
		.next_proto_id = 17,
		.src_addr = RTE_BE32(INSIDE + 1),
	};
	for (unsigned i = sizeof(*ether) + sizeof(*ip); i < GATEWAY_BYTES; i++)
		source->template[i] = i;
	source->checksum = sum_words(ip, sizeof(*ip));
}

static void source_make(struct gateway_world *world)
{
	struct gateway_source *source = &world->source;

	bench_check(
		rte_pktmbuf_alloc_bulk(world->gateway.pool, source->ring, GATEWAY_MBUFS), "mbufs");
	source->given = GATEWAY_MBUFS;
	source->addresses = addresses;
	for (unsigned i = 0; i < GATEWAY_MBUFS; i++)
		source->ring[i]->port = 0;
	memcpy(&source->rearm, &source->ring[0]->rearm_data, sizeof(source->rearm));
	template_make(world);
}

/* --- Routes, neighbours, flows --- */

/* Somebody else's network. */
static uint32_t prefix_random(unsigned len)
{
	for (;;) {
		uint32_t address = random_next() & UINT32_MAX << (32 - len), first = address >> 24;

		if (first > 0 && first < 224 && first != 10 && first != 127 && first != 192)
			return address;
	}
}

/* Most of /16 to /24, 1 in 1,000 longer. A flow for every route, again and again. */
static void routes_make(struct fib *fib)
{
	for (unsigned i = 0; i < FLOWS; i++) {
		static struct {
			uint32_t address, len;
		} routes[GATEWAY_ROUTES], *route;

		route = &routes[i % GATEWAY_ROUTES];
		if (i < GATEWAY_ROUTES) {
			route->len =
				i % 1000 == 999 ? 25 + random_next() % 8 : 16 + random_next() % 9;
			route->address = prefix_random(route->len);
			bench_check(fib_add(fib, route->address, route->len,
					    NEXT_HOP_CONNECTED + i % ROUTERS),
				"route");
		}
		addresses[i] = rte_cpu_to_be_32(
			route->address | (random_next() & ~(UINT32_MAX << (32 - route->len))));
	}
}

static void neighbours_make(struct gateway *gateway)
{
	struct arp_table_config config = arp_table_config_default();
	void *waited[ARP_QUEUE_MAX];

	bench_check(arp_table_create(&config, &gateway->arp, NULL), "ARP table");
	for (unsigned i = 0; i < ROUTERS; i++) {
		const uint8_t mac[6] = {2, 0, 0, 0, 1, i};

		gateway->next_hops[NEXT_HOP_CONNECTED + i] =
			(struct next_hop){NEXT_HOP_FORWARD, 1, ROUTER + i};
		bench_check(arp_table_learn(gateway->arp, 1, ROUTER + i, mac, true, 0, waited),
			"neighbour");
	}
}

void gateway_world_flows(struct gateway_world *world, unsigned n)
{
	world->source.n_flows = n;
	world->source.flow = 0;
}

void gateway_world_make(struct gateway_world *world, const char *program, int core)
{
	struct gateway *gateway = &world->gateway;
	char lcores[16];
	char *eal[] = {(char *)program, "--lcores", lcores, "--no-pci", "--no-huge", "-m", "128",
		"--no-shconf", "--no-telemetry", "--log-level", "error"};

	snprintf(lcores, sizeof(lcores), "0@%d", core);
	bench_check(gyre_dpdk_eal_init(RTE_DIM(eal), eal, NULL), "EAL");
	gateway->n_interfaces = 2;
	gateway->interfaces[0] =
		(struct interface){"inside", 0, {{2, 0, 0, 0, 0, 1}}, INSIDE, 24, 0, .mtu = 1500};
	gateway->interfaces[1] = (struct interface){
		"uplink0", 1, {{2, 0, 0, 0, 0, 2}}, UPLINK, 24, ROUTER, .mtu = 1500};
	gateway->interface_of_port[1] = 1;
	gateway->next_hops[NEXT_HOP_DEFAULT] = (struct next_hop){NEXT_HOP_FORWARD, 1, ROUTER};
	bench_check(fib_create("bench", GATEWAY_ROUTES + 1, &gateway->fib), "routes");
	bench_check(fib_add(gateway->fib, 0, 0, NEXT_HOP_DEFAULT), "default route");
	pool_make(gateway);
	source_make(world);
	neighbours_make(gateway);
	routes_make(gateway->fib);
	gateway_world_flows(world, 1);
}

void gateway_world_end(struct gateway_world *world)
{
	struct gateway *gateway = &world->gateway;

	rte_pktmbuf_free_bulk(world->source.ring, GATEWAY_MBUFS);
	bench_check(rte_mempool_full(gateway->pool) ? 0 : -1, "the mempool is not full again");
	rte_mempool_free(gateway->pool);
	free(packets_memory);
	fib_destroy(gateway->fib);
	arp_table_destroy(gateway->arp);
}
