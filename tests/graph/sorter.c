/* SPDX-License-Identifier: Apache-2.0 */
/* Four classes and a graph of them, for tests that look at what nodes count. */
#include "sorter.h"

#include <check.h>
#include <string.h>

#include "graph/graph.h"

static const struct gyre_reason sort_reasons[] = {
	[SORT_DROP_ODD] = {"odd", GYRE_SEVERITY_INFO},
	[SORT_PUNT_THREE] = {"three", GYRE_SEVERITY_WARNING},
};

static gyre_next sort_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	const gyre_next ways[] = {SORT_NEXT_OUT, gyre_drop(SORT_DROP_ODD), GYRE_NEXT_KEEP,
		gyre_punt(SORT_PUNT_THREE)};

	(void)node;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = ways[(uintptr_t)items[i] % 4];
	return GYRE_NEXT_EACH;
}

static gyre_next out_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

/* Brings as many items as its data says, once. */
static unsigned in_poll(struct gyre_node *node, unsigned max)
{
	unsigned *left = gyre_node_data(node);
	unsigned n = *left < max ? *left : max;
	void **items = gyre_next_reserve(node, 0, n ? n : 1);

	for (unsigned i = 0; i < n; i++)
		items[i] = (void *)(uintptr_t)i;
	gyre_next_commit(node, 0, n);
	*left -= n;
	return n;
}

static const char *const sort_nexts[] = {[SORT_NEXT_OUT] = "out"};
static const char *const in_nexts[] = {"sort"};

const struct gyre_node_class in_class = {.name = "in",
	.kind = GYRE_NODE_INPUT,
	.poll = in_poll,
	.data_size = sizeof(unsigned),
	.nexts = in_nexts,
	.n_nexts = 1};
const struct gyre_node_class early_class = {.name = "early",
	.kind = GYRE_NODE_PRE_INPUT,
	.poll = in_poll,
	.data_size = sizeof(unsigned),
	.nexts = in_nexts,
	.n_nexts = 1};
const struct gyre_node_class sort_class = {.name = "sort",
	.kind = GYRE_NODE_INTERNAL,
	.process = sort_process,
	.nexts = sort_nexts,
	.n_nexts = SORT_NEXTS,
	.reasons = sort_reasons,
	.n_reasons = SORT_REASONS};
const struct gyre_node_class out_class = {
	.name = "out", .kind = GYRE_NODE_OUTPUT, .process = out_process};

static uint64_t clock_read(struct gyre_clock *clock)
{
	(void)clock;
	return 1000;
}

static void punt(void *arg, struct gyre_node *node, unsigned reason, void **items, unsigned n)
{
	(void)arg, (void)node, (void)reason, (void)items, (void)n;
}

struct gyre_loop *loop_create(struct fixture *fixture)
{
	const struct gyre_loop_options options = {.size = sizeof(options),
		.vector = VECTOR,
		.hop_budget = 4,
		.sample_period = 1,
		.node_stats = true,
		.inject_max = 64,
		.punt = punt};

	memset(fixture, 0, sizeof(*fixture));
	fixture->clock.read = clock_read;
	fixture->loop.clock = &fixture->clock;
	fixture->loop.now = 12345;
	ck_assert_int_eq(gyre__graph_create(&fixture->loop, &options, &fixture->loop.graph), 0);
	return &fixture->loop;
}

struct gyre_node_id node_add(
	struct gyre_loop *loop, const struct gyre_node_class *node_class, const char *name)
{
	struct gyre_node_id id;

	ck_assert_int_eq(gyre_node_add(loop, node_class, name, NULL, &id), 0);
	return id;
}

struct gyre_loop *graph_create(struct fixture *fixture)
{
	struct gyre_loop *loop = loop_create(fixture);

	node_add(loop, &out_class, "out");
	node_add(loop, &sort_class, "sort");
	node_add(loop, &in_class, "in");
	node_add(loop, &early_class, "early");
	ck_assert_int_eq(gyre_graph_build(loop, NULL), 0);
	return loop;
}

void items_run(struct gyre_loop *loop, unsigned n)
{
	struct gyre_node_id id;
	unsigned brought;

	ck_assert_int_eq(gyre_node_find(loop, "in", &id), 0);
	*(unsigned *)gyre_node_data(gyre_node_get(loop, id)) = n;
	gyre__graph_sweep(loop->graph, 100, &brought);
	ck_assert_uint_eq(brought, n);
	while (gyre__graph_pending(loop->graph)) {
		gyre__graph_sweep(loop->graph, 100, &brought);
		ck_assert_uint_eq(brought, 0);
	}
}
