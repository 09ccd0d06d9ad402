/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the order of work costs: ns per packet through eight nodes, each node over the whole vector
 * (by gyre's graph, and by plain loops) or each packet through all nodes, by how much code a node
 * has, how it is laid out, how much its tables take, and how long the vector is. Misses of the
 * caches beside it, where valgrind is there. Walks are in order_walk.c.
 */
#include "bench/order.h"

#include <string.h>

#define KIB 1024u
#define MIB (1024u * KIB)

const char *const order_shape_names[] = {"straight", "jumpy", "sparse"};
const char *const order_system_names[] = {"gyre", "task-first", "packet-first"};
const unsigned order_sizes[] = {512, 2 * KIB, 8 * KIB, 32 * KIB, 128 * KIB, 512 * KIB};

struct run {
	enum order_system system;
	unsigned walks, vector;
};

/* "B=8KiB,": in the largest unit that fits. */
static void size_print(char *text, size_t room, const char *name, unsigned size)
{
	if (size % MIB == 0)
		snprintf(text, room, "%s=%uMiB,", name, size / MIB);
	else if (size % KIB == 0)
		snprintf(text, room, "%s=%uKiB,", name, size / KIB);
	else
		snprintf(text, room, "%s=%uB,", name, size);
}

void order_param(const struct order_case *what, char text[48])
{
	char tables[16] = "", code[16];

	size_print(code, sizeof(code), "B", what->code);
	if (what->tables)
		size_print(tables, sizeof(tables), "T", what->tables);
	snprintf(text, 48, "%s%sV=%u", code, tables, what->vector);
}

static double round_run(void *arg)
{
	const struct run *run = arg;
	uint64_t began = bench_now();

	order_walk(run->system, run->walks);
	return (double)(bench_now() - began) / run->walks / run->vector;
}

/* All ways do the same; returns how many nanoseconds a walk takes at most. */
static uint64_t walks_check(const struct order_case *what)
{
	uint64_t slowest = 1;
	uint32_t digest = 0;

	for (unsigned system = 0; system < ORDER_SYSTEMS; system++) {
		uint64_t began;

		order_prepare(what);
		began = bench_now();
		order_walk(system, 2);
		began = (bench_now() - began) / 2;
		slowest = began > slowest ? began : slowest;
		if (system > 0 && order_digest() != digest)
			bench_check(-1, "two ways through the nodes differ");
		digest = order_digest();
	}
	return slowest;
}

/* A walk through much code takes longer than a round should: rounds are few then. */
static void case_run(struct bench *bench, const struct order_case *what)
{
	unsigned rounds = bench->rounds;
	struct bench_system systems[ORDER_SYSTEMS];
	struct run runs[ORDER_SYSTEMS];
	struct bench_case row = {.name = order_shape_names[what->shape], .unit = "ns/packet"};
	uint64_t nsec, round = bench_size(bench, 2500000, 600000);
	char param[48];

	order_param(what, param);
	row.param = param;
	if (!bench_wants(bench, row.name) || !bench_wants_param(bench, param))
		return;
	nsec = walks_check(what);
	for (unsigned i = 0; i < ORDER_SYSTEMS; i++) {
		runs[i] = (struct run){i, 1 + round / nsec, what->vector};
		systems[i] = (struct bench_system){order_system_names[i], round_run, &runs[i]};
	}
	bench->rounds = nsec > round ? 9 : rounds;
	bench_compare(bench, &row, systems, ORDER_SYSTEMS, NULL);
	bench->rounds = rounds;
}

static const unsigned vectors[] = {1, 4, 16, 64, 256};
#define VECTORS (sizeof(vectors) / sizeof(*vectors))

/* Through much code, long vectors take too long for a quick look. */
static bool too_long(const struct bench *bench, const struct order_case *what)
{
	return bench->quick && (uint64_t)what->code * what->vector > (16u << 20);
}

static void shape_run(struct bench *bench, enum order_shape shape)
{
	static const unsigned tables[] = {16 * KIB, 256 * KIB, 4 * MIB};

	for (unsigned v = 0; v < VECTORS; v++) {
		struct order_case what = {.shape = shape, .vector = vectors[v]};

		for (unsigned i = 0; i < ORDER_SIZES; i++) {
			what.code = order_sizes[i];
			if (!too_long(bench, &what))
				case_run(bench, &what);
		}
		what.code = 8 * KIB;
		for (unsigned i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
			what.tables = tables[i];
			case_run(bench, &what);
		}
	}
}

int main(int argc, char **argv)
{
	struct bench bench;

	if (argc > 1 && strcmp(argv[1], "--count") == 0)
		return order_misses_child(argc - 2, argv + 2);
	bench_open(&bench, "order", argc, argv);
	order_open();
	for (unsigned shape = 0; shape < ORDER_SHAPES; shape++)
		shape_run(&bench, shape);
	order_misses(&bench);
	bench_close(&bench);
	return 0;
}
