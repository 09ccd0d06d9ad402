/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of DPDK's tables of routes the gateway should use: nanoseconds per address of rte_lpm and
 * of rte_fib (DIR24_8 with next hops of 1, 2 and 4 bytes) for bulk lookups of 64, with 1, 1,000 and
 * 100,000 routes, 1 in 1,000 of them longer than /24; for addresses at random and for 64 flows.
 * Prints a table; run it by hand, on a quiet core, and compare figures of one run only.
 */
#include <rte_eal.h>
#include <rte_fib.h>
#include <rte_lpm.h>
#include <rte_memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BULK      64
#define ADDRESSES (1u << 16)
#define ROUNDS    4
#define REPEATS   31 /* of which the best counts: others use the machine, too */

struct route {
	uint32_t address;
	uint8_t len, next_hop;
};

struct table {
	const char *name;
	struct rte_lpm *lpm; /* one of the two */
	struct rte_fib *fib;
};

static uint64_t random_state = 88172645463325252u;

static uint32_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state >> 16;
}

static void routes_make(struct route *routes, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		routes[i].len = i % 1000 == 999 ? 25 + random_next() % 8 : 16 + random_next() % 9;
		routes[i].address = random_next() & UINT32_MAX << (32 - routes[i].len);
		routes[i].next_hop = 1 + random_next() % 100;
	}
	if (n == 1)
		routes[0].address = routes[0].len = 0;
}

static struct rte_fib *fib_make(const struct route *routes, unsigned n, unsigned size)
{
	struct rte_fib_conf conf = {
		.type = RTE_FIB_DIR24_8,
		.max_routes = 2 * n + 16,
		.dir24_8 = {.nh_sz = size, .num_tbl8 = 127},
	};
	struct rte_fib *fib = rte_fib_create("fib", SOCKET_ID_ANY, &conf);

	for (unsigned i = 0; fib && i < n; i++)
		rte_fib_add(fib, routes[i].address, routes[i].len, routes[i].next_hop);
	return fib;
}

static struct rte_lpm *lpm_make(const struct route *routes, unsigned n)
{
	struct rte_lpm_config conf = {.max_rules = 2 * n + 16, .number_tbl8s = 256};
	struct rte_lpm *lpm = rte_lpm_create("lpm", SOCKET_ID_ANY, &conf);

	/* A default route in lpm is two of /1. */
	for (unsigned i = 0; lpm && i < n; i++) {
		if (routes[i].len == 0)
			rte_lpm_add(lpm, UINT32_C(1) << 31, 1, routes[i].next_hop);
		rte_lpm_add(lpm, routes[i].address, routes[i].len ? routes[i].len : 1,
			routes[i].next_hop);
	}
	return lpm;
}

static void lookup(const struct table *table, uint32_t *addresses, uint64_t *sum)
{
	uint64_t next_hops[BULK];
	uint32_t lpm_hops[BULK];

	if (table->fib) {
		rte_fib_lookup_bulk(table->fib, addresses, next_hops, BULK);
		*sum += next_hops[BULK - 1];
	} else {
		rte_lpm_lookup_bulk(table->lpm, addresses, lpm_hops, BULK);
		*sum += lpm_hops[BULK - 1];
	}
}

static double measure_once(const struct table *table, uint32_t *addresses, unsigned n)
{
	struct timespec began, ended;
	uint64_t sum = 0;

	clock_gettime(CLOCK_MONOTONIC, &began);
	for (unsigned i = 0; i < ROUNDS * ADDRESSES; i += BULK)
		lookup(table, addresses + i % n, &sum);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	__asm__ volatile("" ::"r"(sum));
	return ((ended.tv_sec - began.tv_sec) * 1e9 + (ended.tv_nsec - began.tv_nsec)) /
	       (ROUNDS * ADDRESSES);
}

static double measure(const struct table *table, uint32_t *addresses, unsigned n)
{
	double best = 1e9;

	for (unsigned i = 0; i < REPEATS; i++) {
		double nsec = measure_once(table, addresses, n);

		best = nsec < best ? nsec : best;
	}
	return best;
}

/* Addresses within routes, so that tables are not missed but walked. */
static void addresses_make(const struct route *routes, unsigned n, uint32_t *ret_addresses)
{
	for (unsigned i = 0; i < ADDRESSES; i++) {
		const struct route *route = &routes[random_next() % n];
		uint32_t mask = route->len ? UINT32_MAX << (32 - route->len) : 0;

		ret_addresses[i] = route->address | (random_next() & ~mask);
	}
}

static int report(const struct table *table, const struct route *routes, unsigned n)
{
	uint32_t *addresses = malloc(ADDRESSES * sizeof(*addresses));

	if (!addresses || (!table->fib && !table->lpm)) {
		printf("%-8s %8u routes: no memory\n", table->name, n);
		free(addresses);
		return 1;
	}
	addresses_make(routes, n, addresses);
	printf("%-8s %8u %10.2f %10.2f\n", table->name, n, measure(table, addresses, ADDRESSES),
		measure(table, addresses, BULK));
	free(addresses);
	return 0;
}

static int run(unsigned n)
{
	static const char *const names[] = {"fib-1", "fib-2", "fib-4"};
	struct route *routes = calloc(n, sizeof(*routes));
	int failed = 0;

	if (!routes)
		return 1;
	routes_make(routes, n);
	for (unsigned size = RTE_FIB_DIR24_8_1B; size <= RTE_FIB_DIR24_8_4B; size++) {
		struct table table = {.name = names[size], .fib = fib_make(routes, n, size)};

		failed |= report(&table, routes, n);
		rte_fib_free(table.fib);
	}
	struct table table = {.name = "lpm", .lpm = lpm_make(routes, n)};

	failed |= report(&table, routes, n);
	rte_lpm_free(table.lpm);
	free(routes);
	return failed;
}

int main(int argc, char **argv)
{
	char *eal[] = {argv[0], "--no-pci", "-l", "0", "--no-huge", "-m", "256", "--no-shconf",
		"--no-telemetry", "--log-level", "error", NULL};

	(void)argc;
	if (rte_eal_init(RTE_DIM(eal) - 1, eal) < 0)
		return 1;
	printf("%-8s %8s %10s %10s   nsec per address, bulks of %d\n", "table", "routes", "random",
		"64 flows", BULK);
	return run(1) | run(1000) | run(100000);
}
