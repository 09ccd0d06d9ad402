/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench/gateway's graph: the example's nodes on a loop, a source in place of the receiving port and
 * a sink in place of the others. Owns the loop. Called by gateway.c; calls gyre's public API only.
 * Invariant: a run is one of gyre_loop_run()'s default mode, turns and all.
 */
#include "bench/gateway.h"
#include "bench/harness.h"

static unsigned left; /* packets that the run still takes from the source */

struct port {
	struct gateway_source *source;
};

static int init(struct gyre_node *node, const void *arg)
{
	struct port *port = gyre_node_data(node);

	port->source = &(*(struct gateway_world *const *)arg)->source;
	return 0;
}

static unsigned source_poll(struct gyre_node *node, unsigned max)
{
	struct port *port = gyre_node_data(node);
	unsigned n = RTE_MIN(max, left);
	struct rte_mbuf **places;

	if (gyre_unlikely(!n)) {
		gyre_loop_stop(gyre_node_loop(node));
		return 0;
	}
	places = (struct rte_mbuf **)gyre_next_reserve(node, 0, n);
	gateway_source_take(port->source, places, n);
	gyre_next_commit(node, 0, n);
	left -= n;
	return n;
}

static gyre_next sink(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct port *port = gyre_node_data(node);

	(void)nexts;
	gateway_sink_give(port->source, (struct rte_mbuf **)items, n);
	return GYRE_NEXT_KEEP;
}

static const struct gyre_node_class source_class = {
	.name = "source",
	.kind = GYRE_NODE_INPUT,
	.poll = source_poll,
	.init = init,
	.data_size = sizeof(struct port),
	.nexts = (const char *const[]){"ethernet-input"},
	.n_nexts = 1,
};

static const struct gyre_node_class sink_class = {
	.name = "sink",
	.kind = GYRE_NODE_OUTPUT,
	.process = sink,
	.init = init,
	.data_size = sizeof(struct port),
};

/* All of the example's, though only four of them see packets. */
static void nodes_add(struct gateway_world *world)
{
	static const struct gyre_node_class *const classes[] = {&ethernet_input_class,
		&arp_input_class, &ip4_input_class, &ip4_lookup_class, &ip4_local_class,
		&ip4_rewrite_class, &icmp_echo_class, &icmp_error_class};
	struct gyre_loop *loop = world->gateway.loop;
	struct gateway_node_arg arg = {&world->gateway};
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct gyre_node_id id;

	options.arg = &arg;
	for (unsigned i = 0; i < RTE_DIM(classes); i++) {
		bench_check(gyre_node_add(loop, classes[i], classes[i]->name, &options, &id),
			classes[i]->name);
		for (unsigned next = 0; next < classes[i]->n_nexts; next++)
			if (!classes[i]->nexts[next])
				bench_check(gyre_node_connect(loop, id, next, "sink"), "connect");
	}
	options.arg = &world;
	bench_check(gyre_node_add(loop, &source_class, "source", &options, NULL), "source");
	bench_check(gyre_node_add(loop, &sink_class, "sink", &options, NULL), "sink");
}

void gateway_gyre_begin(struct gateway_world *world)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	options.vector = world->vector;
	options.items = gyre_dpdk_items();
	bench_check(gyre_loop_create(&options, &world->gateway.loop), "loop");
	nodes_add(world);
}

void gateway_gyre_run(struct gateway_world *world, unsigned n)
{
	left = n;
	bench_check(gyre_loop_run(world->gateway.loop, GYRE_RUN_DEFAULT), "run");
}

void gateway_gyre_end(struct gateway_world *world)
{
	bench_check(gyre_loop_destroy(world->gateway.loop), "destroy");
}
