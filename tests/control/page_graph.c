/* SPDX-License-Identifier: Apache-2.0 */
/* The graph of the page's test program: page_graph.h has its drawing. Inputs bring as many packets
 * as their rate allows since they were last asked, and none is ever lost unaccounted. */
#include "control/page_graph.h"

#include <inttypes.h>
#include <stdio.h>

#define PACKETS 4096 /* more than one turn can bring: none is in the graph twice */

struct packet {
	uint64_t number;
	bool answered; /* came through echo: goes out */
};

struct rx {
	struct packet packets[PACKETS];
	struct gyre_loop *loop;
	uint64_t rate, since, number;
};

static int rx_init(struct gyre_node *node, const void *arg)
{
	struct rx *rx = gyre_node_data(node);

	rx->loop = *(struct gyre_loop *const *)arg;
	return 0;
}

static unsigned rx_poll(struct gyre_node *node, unsigned max)
{
	struct rx *rx = gyre_node_data(node);
	uint64_t nsec = gyre_loop_now(rx->loop) - rx->since, more = nsec * rx->rate / GYRE_SEC(1);
	unsigned n = more < max ? (unsigned)more : max;

	/* What was not brought by now is not made up for: a late turn is no burst. */
	if (more)
		rx->since = gyre_loop_now(rx->loop);
	for (unsigned i = 0; i < n; i++) {
		struct packet *packet = &rx->packets[rx->number % PACKETS];

		*packet = (struct packet){.number = rx->number++};
		gyre_next_put_1(node, 0, packet);
	}
	return n;
}

static gyre_next ethernet(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = ((struct packet *)items[i])->number % 200 == 0 ? 0 : 1;
	return GYRE_NEXT_EACH;
}

static gyre_next forward(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return 0;
}

static gyre_next ip4(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = ((struct packet *)items[i])->number % 100 == 7 ? gyre_drop(0) : 0;
	return GYRE_NEXT_EACH;
}

static gyre_next lookup(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node;
	for (unsigned i = 0; i < n; i++) {
		const struct packet *packet = items[i];

		if (packet->number % 1000 == 501)
			nexts[i] = gyre_drop(0);
		else
			nexts[i] = packet->number % 50 == 3 && !packet->answered ? 1 : 0;
	}
	return GYRE_NEXT_EACH;
}

static gyre_next echo(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)nexts;
	for (unsigned i = 0; i < n; i++)
		((struct packet *)items[i])->answered = true;
	return 0;
}

static gyre_next rewrite(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = ((struct packet *)items[i])->number % 3 != 0;
	return GYRE_NEXT_EACH;
}

static gyre_next tx(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node;
	for (unsigned i = 0; i < n; i++)
		if (((struct packet *)items[i])->number % 5000 != 4999)
			nexts[i] = GYRE_NEXT_KEEP;
		else
			nexts[i] = gyre_drop(0);
	return GYRE_NEXT_EACH;
}

#define REASON(reason, is) \
	.reasons = (const struct gyre_reason[]){{reason, GYRE_SEVERITY_##is}}, .n_reasons = 1
#define NEXTS(...)                                   \
	.nexts = (const char *const[]){__VA_ARGS__}, \
	.n_nexts = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)
#define INTERNAL(fn) .name = #fn, .kind = GYRE_NODE_INTERNAL, .process = fn

static const struct gyre_node_class rx_class = {.name = "rx",
	.kind = GYRE_NODE_INPUT,
	.poll = rx_poll,
	.init = rx_init,
	.data_size = sizeof(struct rx),
	NEXTS("ethernet")};
static const struct gyre_node_class tx_class = {
	.name = "tx", .kind = GYRE_NODE_OUTPUT, .process = tx, REASON("queue-full", ERROR)};
static const struct gyre_node_class classes[] = {
	{INTERNAL(ethernet), NEXTS("arp", "ip4")},
	{.name = "arp", .kind = GYRE_NODE_INTERNAL, .process = forward, NEXTS("tx-0")},
	{INTERNAL(ip4), NEXTS("lookup"), REASON("ttl-expired", WARNING)},
	{INTERNAL(lookup), NEXTS("rewrite", "local"), REASON("no-route", INFO)},
	{.name = "local", .kind = GYRE_NODE_INTERNAL, .process = forward, NEXTS("echo")},
	{INTERNAL(echo), NEXTS("lookup")},
	{INTERNAL(rewrite), NEXTS("tx-0", "tx-1")},
};

static const char *port_name(const char *kind, unsigned port)
{
	static const char *const names[2][PAGE_PORTS] = {{"rx-0", "rx-1"}, {"tx-0", "tx-1"}};

	return names[*kind == 't'][port];
}

int page_graph_add(struct gyre_loop *loop)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	int status = 0;

	options.arg = &loop;
	for (unsigned i = 0; i < sizeof(classes) / sizeof(*classes) && status == 0; i++)
		status = gyre_node_add(loop, &classes[i], classes[i].name, NULL, NULL);
	for (unsigned i = 0; i < PAGE_PORTS && status == 0; i++) {
		status = gyre_node_add(loop, &rx_class, port_name("rx", i), &options, NULL);
		if (status == 0)
			status = gyre_node_add(loop, &tx_class, port_name("tx", i), NULL, NULL);
	}
	return status;
}

void page_graph_rate(struct gyre_loop *loop, uint64_t rate)
{
	struct gyre_node_id id;

	for (unsigned i = 0; i < PAGE_PORTS; i++) {
		if (gyre_node_find(loop, port_name("rx", i), &id) < 0)
			continue;
		struct rx *rx = gyre_node_data(gyre_node_get(loop, id));

		rx->rate = rate / (i + 1);
		rx->since = gyre_loop_now(loop);
	}
}

bool page_graph_account(struct gyre_loop *loop)
{
	struct gyre_snapshot *snapshot;
	uint64_t in = 0, out = 0, dropped = 0;

	if (gyre_snapshot_create(loop, &snapshot) < 0)
		return false;
	for (unsigned i = 0; i < snapshot->n_nodes; i++) {
		const struct gyre_node_stats *node = &snapshot->nodes[i];

		in += node->kind == GYRE_NODE_INPUT ? node->items : 0;
		out += node->kept;
		dropped += node->dropped;
	}
	gyre_snapshot_destroy(snapshot);
	printf("in %" PRIu64 ", out %" PRIu64 ", dropped %" PRIu64 "\n", in, out, dropped);
	return in > 0 && in == out + dropped;
}
