/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns without other threads: an idle one with 1 to 64 inputs that bring nothing, beside a reading
 * of the loop's clock and of the counter behind it; and which part of a turn is chores (clock,
 * posts, timers, processes: all but polling and nodes) as a turn brings more items. Owns a loop a
 * case. Called by loop.c. Invariant: a round is one gyre_loop_run(), which its input ends.
 */
#include "loop.h"

#include <gyre.h>
#include <stdlib.h>

enum {
	STAGES = 4,
	TICKERS = 10,
	LINE = 64,
};

static struct gyre_loop *loop;
static unsigned turns, turns_left;

static struct gyre_node_id add(const struct gyre_node_class *node_class, const char *name)
{
	struct gyre_node_id id;

	bench_check(gyre_node_add(loop, node_class, name, NULL, &id), name);
	return id;
}

static void run(void)
{
	turns_left = turns;
	bench_check(gyre_loop_run(loop, GYRE_RUN_DEFAULT), "gyre_loop_run");
}

static void count_turn(void)
{
	if (--turns_left == 0)
		gyre_loop_stop(loop);
}

/* --- Idle --- */

static unsigned poll_first(struct gyre_node *node, unsigned max)
{
	(void)node;
	(void)max;
	count_turn();
	return 0;
}

static unsigned poll_nothing(struct gyre_node *node, unsigned max)
{
	(void)node;
	(void)max;
	return 0;
}

static const struct gyre_node_class first_class = {
	.name = "first", .kind = GYRE_NODE_INPUT, .poll = poll_first};
static const struct gyre_node_class empty_class = {
	.name = "empty", .kind = GYRE_NODE_INPUT, .poll = poll_nothing};

static double turn_round(void *arg)
{
	uint64_t t0 = bench_now();

	(void)arg;
	run();
	return (double)(bench_now() - t0) / turns;
}

static double clock_round(void *arg)
{
	uint64_t t0 = bench_now();

	(void)arg;
	for (unsigned i = 0; i < turns; i++)
		gyre_loop_clock(loop);
	return (double)(bench_now() - t0) / turns;
}

#ifdef __x86_64__
static double counter_round(void *arg)
{
	uint64_t t0 = bench_now();

	(void)arg;
	for (unsigned i = 0; i < turns; i++)
		__builtin_ia32_rdtsc();
	return (double)(bench_now() - t0) / turns;
}
#endif

static void idle_turn(struct bench *bench, unsigned n, const char *param)
{
	static const struct bench_system systems[] = {
		{"gyre", turn_round, NULL},
		{"clock-read", clock_round, NULL},
#ifdef __x86_64__
		{"rdtsc", counter_round, NULL},
#endif
	};
	char name[16];

	if (!bench_wants(bench, "idle-turn") || !bench_wants_param(bench, param))
		return;
	turns = bench_size(bench, 100000, 10000);
	bench_check(gyre_loop_create(NULL, &loop), "gyre_loop_create");
	add(&first_class, "first");
	for (unsigned i = 1; i < n; i++) {
		snprintf(name, sizeof(name), "empty%u", i);
		add(&empty_class, name);
	}
	bench_compare(bench, &(struct bench_case){"idle-turn", param, "ns"}, systems,
		sizeof(systems) / sizeof(*systems), NULL);
	gyre_loop_destroy(loop);
}

/* --- Chores --- */

static unsigned vector; /* items a turn */
static uint64_t nodes_from, nodes_nsec;
static unsigned char lines[GYRE_VECTOR_MAX][LINE] __attribute__((aligned(LINE)));
static void *items[GYRE_VECTOR_MAX];

static unsigned poll_items(struct gyre_node *node, unsigned max)
{
	(void)max;
	nodes_from = gyre_loop_clock(loop);
	count_turn();
	gyre_next_put(node, 0, items, vector);
	return vector;
}

/* A little of what a packet's node does: looks at its line, changes it. */
static gyre_next touch(struct gyre_node *node, void **touched, gyre_next *nexts, unsigned n)
{
	(void)node;
	(void)nexts;
	for (unsigned i = 0; i < n; i++) {
		unsigned char *line = touched[i];

		line[1] = (unsigned char)(line[0] + line[LINE - 1]);
	}
	return 0;
}

static gyre_next sink(struct gyre_node *node, void **touched, gyre_next *nexts, unsigned n)
{
	(void)node;
	(void)touched;
	(void)nexts;
	(void)n;
	nodes_nsec += gyre_loop_clock(loop) - nodes_from;
	return GYRE_NEXT_KEEP;
}

static const char *const one_next[] = {NULL};
static const struct gyre_node_class source_class = {.name = "source",
	.kind = GYRE_NODE_INPUT,
	.poll = poll_items,
	.nexts = one_next,
	.n_nexts = 1};
static const struct gyre_node_class touch_class = {.name = "touch",
	.kind = GYRE_NODE_INTERNAL,
	.process = touch,
	.nexts = one_next,
	.n_nexts = 1};
static const struct gyre_node_class sink_class = {
	.name = "sink", .kind = GYRE_NODE_OUTPUT, .process = sink};

static int tick(struct gyre_process *self, void *arg)
{
	struct gyre_ticker ticker;
	int status;

	(void)arg;
	gyre_ticker_init(&ticker, self, GYRE_MSEC(1));
	do {
		status = gyre_ticker_wait(&ticker);
	} while (status >= 0);
	return status;
}

/* Percent. A turn has two readings of the clock more than it would have: one counts in what the
 * nodes took, so that is taken away there, and both in the whole. */
static double chores_round(void *arg)
{
	static double reading = 1e9; /* the least that was seen */
	double once = clock_round(arg), whole, nodes;
	uint64_t t0;

	reading = once < reading ? once : reading;
	nodes_nsec = 0;
	t0 = bench_now();
	run();
	whole = (double)(bench_now() - t0) - 2 * reading * turns;
	nodes = (double)nodes_nsec - reading * turns;
	return 100 * (whole - nodes) / whole;
}

static void chores_open(void)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_node_id before;
	char name[16];

	options.vector = GYRE_VECTOR_MAX;
	bench_check(gyre_loop_create(&options, &loop), "gyre_loop_create");
	before = add(&source_class, "source");
	for (unsigned i = 0; i < STAGES; i++) {
		snprintf(name, sizeof(name), "touch%u", i);
		bench_check(gyre_node_connect(loop, before, 0, name), name);
		before = add(&touch_class, name);
	}
	bench_check(gyre_node_connect(loop, before, 0, "sink"), "sink");
	add(&sink_class, "sink");
	for (unsigned i = 0; i < TICKERS; i++)
		bench_check(gyre_process_spawn(loop, tick, NULL, NULL, NULL), "tick");
	for (unsigned i = 0; i < GYRE_VECTOR_MAX; i++)
		items[i] = lines[i];
}

static void chores(struct bench *bench)
{
	static const struct bench_system system = {"gyre", chores_round, NULL};
	char param[16];

	if (!bench_wants(bench, "chores"))
		return;
	chores_open();
	for (vector = 1; vector <= GYRE_VECTOR_MAX; vector *= 2) {
		turns = bench_size(bench, 2000000, 200000) / (vector + 32);
		snprintf(param, sizeof(param), "V=%u", vector);
		bench_compare(bench, &(struct bench_case){"chores", param, "%"}, &system, 1, NULL);
	}
	gyre_loop_destroy(loop);
}

void loop_turn(struct bench *bench)
{
	idle_turn(bench, 1, "N=1");
	idle_turn(bench, 2, "N=2");
	idle_turn(bench, 4, "N=4");
	idle_turn(bench, 8, "N=8");
	idle_turn(bench, 16, "N=16");
	idle_turn(bench, 32, "N=32");
	idle_turn(bench, 64, "N=64");
	chores(bench);
}
