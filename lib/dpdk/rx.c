/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rx node: polls one queue of a port. Owns nothing but a word of state per instance; what it
 * receives is the next node's at once. Called by the dispatcher's poll of inputs, calls the port's
 * burst function. Invariant: the driver writes its mbufs straight into the next node's frame.
 */
#include <errno.h>
#include <gyre/dpdk.h>
#include <gyre/node.h>
#include <rte_ethdev.h>

#include "base/error.h"
#include "dpdk/port.h"

#define NEXT 0

/* Empty polls between looks at the pool: a look reads the length of every lcore's cache. A power of
 * two. */
#define LOOK_PERIOD 64u

enum { POOL_EMPTY };

struct rx {
	uint16_t port, queue, burst;
	unsigned empty; /* polls in a row that brought nothing */
	struct rte_mempool *pool; /* may be NULL */
};

/* Whether this thread could not allocate one mbuf. What other threads' caches hold is no help. */
static bool pool_empty(struct rte_mempool *pool)
{
	unsigned others = 0, mine = rte_lcore_id();

	for (unsigned lcore = 0; pool->cache_size && lcore < RTE_MAX_LCORE; lcore++)
		if (lcore != mine)
			others += rte_mempool_default_cache(pool, lcore)->len;
	return rte_mempool_avail_count(pool) <= others;
}

static void __attribute__((noinline)) look_at_pool(struct gyre_node *node, struct rx *rx)
{
	if (rx->pool && pool_empty(rx->pool))
		gyre_node_count(node, POOL_EMPTY, 1);
}

static unsigned rx_poll(struct gyre_node *node, unsigned max)
{
	struct rx *rx = gyre_node_data(node);
	unsigned want = RTE_MIN(max, rx->burst);
	struct rte_mbuf **places = (struct rte_mbuf **)gyre_next_reserve(node, NEXT, want);
	unsigned n = rte_eth_rx_burst(rx->port, rx->queue, places, want);

	gyre_next_commit(node, NEXT, n);
	if (gyre_likely(n))
		rx->empty = 0;
	else if (rx->empty++ % LOOK_PERIOD == 0)
		look_at_pool(node, rx);
	return n;
}

static int rx_init(struct gyre_node *node, const void *arg)
{
	const struct gyre_dpdk_rx_options *options = arg;
	struct rx *rx = gyre_node_data(node);
	struct rte_eth_rxq_info info;

	rx->port = options->port;
	rx->queue = options->queue;
	rx->burst = options->burst;
	rx->pool = options->pool;
	if (!rx->pool && rte_eth_rx_queue_info_get(rx->port, rx->queue, &info) == 0)
		rx->pool = info.mp;
	return 0;
}

static const char *const rx_nexts[] = {NULL};

static const struct gyre_reason rx_reasons[] = {
	[POOL_EMPTY] = {"pool-empty", GYRE_SEVERITY_WARNING},
};

static const struct gyre_node_class rx_class = {
	.name = "dpdk-rx",
	.kind = GYRE_NODE_INPUT,
	.poll = rx_poll,
	.init = rx_init,
	.data_size = sizeof(struct rx),
	.nexts = rx_nexts,
	.n_nexts = RTE_DIM(rx_nexts),
	.reasons = rx_reasons,
	.n_reasons = RTE_DIM(rx_reasons),
};

void gyre_dpdk_rx_options_init(struct gyre_dpdk_rx_options *options, size_t size)
{
	const struct gyre_dpdk_rx_options defaults = {.burst = 64};

	gyre__options_init(options, size, &defaults, sizeof(defaults));
}

static int options_check(const struct gyre_dpdk_rx_options *options)
{
	if (options->burst < 1 || options->burst > GYRE_VECTOR_MAX)
		return gyre__error_set(options->error, -EINVAL, "rx: burst is %u, not 1 to %d",
			options->burst, GYRE_VECTOR_MAX);
	if (!options->next)
		return gyre__error_set(options->error, -EINVAL, "rx: next is not set");
	return gyre__dpdk_queue_check(options->port, options->queue, GYRE__DPDK_RX, options->error);
}

int gyre_dpdk_rx_add(struct gyre_loop *loop, const char *name,
	const struct gyre_dpdk_rx_options *options, struct gyre_node_id *ret_id)
{
	struct gyre_dpdk_rx_options ours = GYRE_DPDK_RX_OPTIONS_INIT;
	struct gyre_node_options node = GYRE_NODE_OPTIONS_INIT;
	int err;

	err = gyre__options_copy(&ours, sizeof(ours), options, sizeof(ours), "gyre_dpdk_rx_options",
		options ? options->error : NULL);
	if (err < 0)
		return err;
	err = options_check(&ours);
	if (err < 0)
		return err;
	node.arg = &ours;
	node.nexts = &ours.next;
	node.error = ours.error;
	return gyre_node_add(loop, &rx_class, name, &node, ret_id);
}
