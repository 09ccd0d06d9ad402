/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tx node: sends what a sweep gathered on one queue of a port. Owns nothing but a few words per
 * instance; what the driver takes is the driver's. Called by the dispatcher, calls the port's
 * prepare and burst functions. Invariant: an mbuf is either taken by the driver (kept) or dropped
 * with a reason, and packets of one vector leave in its order.
 */
#include <errno.h>
#include <gyre/dpdk.h>
#include <gyre/node.h>
#include <rte_ethdev.h>

#include "base/error.h"
#include "dpdk/port.h"

#define RETRIES_MAX 1000

enum { TX_FULL, TX_PREPARE };

struct tx {
	uint16_t port, queue;
	unsigned retries;
};

static unsigned tx_burst(const struct tx *tx, struct rte_mbuf **mbufs, unsigned n)
{
	unsigned sent = rte_eth_tx_burst(tx->port, tx->queue, mbufs, n);

	for (unsigned tries = tx->retries; gyre_unlikely(sent < n) && tries; tries--)
		sent += rte_eth_tx_burst(tx->port, tx->queue, mbufs + sent, n - sent);
	return sent;
}

static void mark(gyre_next *nexts, unsigned sent, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		nexts[i] = i < sent ? GYRE_NEXT_KEEP : gyre_drop(TX_FULL);
}

/* Prepare stops at the first packet that it refuses: what is before it leaves, it is dropped, and
 * the rest goes on. */
static gyre_next send_prepared(
	const struct tx *tx, struct rte_mbuf **mbufs, gyre_next *nexts, unsigned n)
{
	unsigned i = 0, good, sent;

	while (i < n) {
		good = rte_eth_tx_prepare(tx->port, tx->queue, mbufs + i, n - i);
		sent = tx_burst(tx, mbufs + i, good);
		mark(nexts + i, sent, good);
		i += good;
		if (i < n)
			nexts[i++] = gyre_drop(TX_PREPARE);
	}
	return GYRE_NEXT_EACH;
}

static bool any_offload(struct rte_mbuf *const *mbufs, unsigned n)
{
	uint64_t flags = 0;

	for (unsigned i = 0; i < n; i++)
		flags |= mbufs[i]->ol_flags;
	return flags & RTE_MBUF_F_TX_OFFLOAD_MASK;
}

static gyre_next tx_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	const struct tx *tx = gyre_node_data(node);
	struct rte_mbuf **mbufs = (struct rte_mbuf **)items;
	unsigned sent;

	if (gyre_unlikely(any_offload(mbufs, n)))
		return send_prepared(tx, mbufs, nexts, n);
	sent = tx_burst(tx, mbufs, n);
	if (gyre_likely(sent == n))
		return GYRE_NEXT_KEEP;
	mark(nexts, sent, n);
	return GYRE_NEXT_EACH;
}

static int tx_init(struct gyre_node *node, const void *arg)
{
	const struct gyre_dpdk_tx_options *options = arg;
	struct tx *tx = gyre_node_data(node);

	tx->port = options->port;
	tx->queue = options->queue;
	tx->retries = options->retries;
	return 0;
}

static const struct gyre_reason tx_reasons[] = {
	[TX_FULL] = {"tx-full", GYRE_SEVERITY_WARNING},
	[TX_PREPARE] = {"tx-prepare", GYRE_SEVERITY_ERROR},
};

static const struct gyre_node_class tx_class = {
	.name = "dpdk-tx",
	.kind = GYRE_NODE_OUTPUT,
	.process = tx_process,
	.init = tx_init,
	.data_size = sizeof(struct tx),
	.reasons = tx_reasons,
	.n_reasons = RTE_DIM(tx_reasons),
};

void gyre_dpdk_tx_options_init(struct gyre_dpdk_tx_options *options, size_t size)
{
	const struct gyre_dpdk_tx_options defaults = {.retries = 4};

	gyre__options_init(options, size, &defaults, sizeof(defaults));
}

int gyre_dpdk_tx_add(struct gyre_loop *loop, const char *name,
	const struct gyre_dpdk_tx_options *options, struct gyre_node_id *ret_id)
{
	struct gyre_dpdk_tx_options ours = GYRE_DPDK_TX_OPTIONS_INIT;
	struct gyre_node_options node = GYRE_NODE_OPTIONS_INIT;
	int err;

	err = gyre__options_copy(&ours, sizeof(ours), options, sizeof(ours), "gyre_dpdk_tx_options",
		options ? options->error : NULL);
	if (err < 0)
		return err;
	if (ours.retries > RETRIES_MAX)
		return gyre__error_set(ours.error, -EINVAL, "tx: retries is %u, above %d",
			ours.retries, RETRIES_MAX);
	err = gyre__dpdk_queue_check(ours.port, ours.queue, GYRE__DPDK_TX, ours.error);
	if (err < 0)
		return err;
	node.arg = &ours;
	node.error = ours.error;
	return gyre_node_add(loop, &tx_class, name, &node, ret_id);
}
