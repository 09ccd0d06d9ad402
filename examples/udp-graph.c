/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packet graph on a UDP socket, and the check of a link to a peer. Owns the gyre loop, the socket
 * and the packets. Called by the programs that embed it; calls gyre. The loop watches the socket,
 * so that nothing is polled without traffic. Invariant: a packet is free, in the graph, or counted
 * at its end: the account closes.
 */
#include "udp-graph.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BURST = 32, MISSES = 3, EVENT_ANSWER = 1 };
enum { TO_TX, TO_ANSWER };
enum { UNKNOWN };
enum { UNSENT };

/* --- Packets --- */

static struct udp_graph_packet *take(struct udp_graph *graph)
{
	struct udp_graph_packet *packet = graph->free;

	if (packet)
		graph->free = packet->next;
	return packet;
}

static void put_back(struct udp_graph_packet *packet)
{
	packet->next = packet->graph->free;
	packet->graph->free = packet;
}

/* What ends without an output: drops, and what is under way at the end. */
static void release(void *const *items, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct udp_graph_packet *packet = items[i];

		packet->graph->drops++;
		put_back(packet);
	}
}

static const struct gyre_item_ops packet_ops = {.release = release};

static void inject(struct udp_graph *graph, struct gyre_node_id node, void **packets, unsigned n)
{
	int taken = gyre_node_inject(graph->loop, node, packets, n);
	unsigned first = taken < 0 ? 0 : (unsigned)taken;

	release(packets + first, n - first);
}

/* --- Nodes --- */

static struct udp_graph *graph_of(const struct gyre_node *node)
{
	return *(struct udp_graph **)gyre_node_data(node);
}

static int keep_graph(struct gyre_node *node, const void *arg)
{
	*(const void **)gyre_node_data(node) = arg;
	return 0;
}

static gyre_next parse(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct udp_graph_packet *packet = items[i];
		char kind = packet->size ? packet->bytes[0] : 0;

		if (kind == 'P')
			packet->bytes[0] = 'R';
		if (kind == 'E' || kind == 'P')
			nexts[i] = TO_TX;
		else
			nexts[i] = kind == 'R' ? TO_ANSWER : gyre_drop(UNKNOWN);
	}
	return GYRE_NEXT_EACH;
}

static gyre_next answer(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct udp_graph *graph = graph_of(node);

	for (unsigned i = 0; i < n; i++)
		put_back(items[i]);
	graph->answers += n;
	gyre_process_signal(graph->checker, EVENT_ANSWER);
	return GYRE_NEXT_KEEP;
}

static gyre_next tx(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct udp_graph *graph = graph_of(node);

	for (unsigned i = 0; i < n; i++) {
		struct udp_graph_packet *packet = items[i];

		nexts[i] = gyre_drop(UNSENT);
		if (sendto(graph->fd, packet->bytes, packet->size, MSG_DONTWAIT,
			    (struct sockaddr *)&packet->address, sizeof(packet->address)) < 0)
			continue;
		nexts[i] = GYRE_NEXT_KEEP;
		graph->tx_packets++;
		put_back(packet);
	}
	return GYRE_NEXT_EACH;
}

static const char *const parse_nexts[] = {[TO_TX] = "tx", [TO_ANSWER] = "answer"};
static const struct gyre_reason unknown = {"unknown", GYRE_SEVERITY_WARNING};
static const struct gyre_reason unsent = {"unsent", GYRE_SEVERITY_ERROR};
#define OURS .init = keep_graph, .data_size = sizeof(struct udp_graph *)
static const struct gyre_node_class parse_class = {.name = "parse",
	OURS,
	.kind = GYRE_NODE_INTERNAL,
	.process = parse,
	.nexts = parse_nexts,
	.n_nexts = 2,
	.reasons = &unknown,
	.n_reasons = 1};
static const struct gyre_node_class answer_class = {
	.name = "answer", OURS, .kind = GYRE_NODE_OUTPUT, .process = answer};
static const struct gyre_node_class tx_class = {.name = "tx",
	OURS,
	.kind = GYRE_NODE_OUTPUT,
	.process = tx,
	.reasons = &unsent,
	.n_reasons = 1};

/* A burst; what is left makes the next turn call again. */
static void receive(struct gyre_watch *watch, uint32_t events)
{
	struct udp_graph *graph = (void *)((char *)watch - offsetof(struct udp_graph, watch));
	void *packets[BURST];
	unsigned n = 0;

	for (; n < BURST; n++) {
		struct udp_graph_packet *packet = take(graph);
		socklen_t length = sizeof(packet->address);
		ssize_t size = -1;

		if (packet)
			size = recvfrom(graph->fd, packet->bytes, UDP_GRAPH_SIZE, MSG_DONTWAIT,
				(struct sockaddr *)&packet->address, &length);
		if (size < 0) {
			if (packet)
				put_back(packet);
			break;
		}
		packet->size = (size_t)size;
		packets[n] = packet;
	}
	graph->rx += n;
	if (n)
		inject(graph, graph->parse, packets, n);
}

/* --- The link check --- */

static void probe(struct udp_graph *graph)
{
	struct udp_graph_packet *packet = take(graph);
	void *item = packet;

	if (!packet) /* as good as lost */
		return;
	packet->address = graph->peer;
	packet->bytes[0] = 'P';
	packet->size = 1;
	graph->probes++;
	inject(graph, graph->tx, &item, 1);
}

static void link_set(struct udp_graph *graph, bool up)
{
	if (up != graph->link.state.up)
		printf("link %s\n", up ? "up" : "down");
	fflush(stdout);
	gyre_link_set(&graph->link, up);
}

/* A probe every interval; up with the first answer, down after the third that did not come. */
static int check_link(struct gyre_process *self, void *arg)
{
	struct udp_graph *graph = arg;
	struct gyre_ticker ticker;
	unsigned missed = 0;
	int status = gyre_ticker_init(&ticker, self, graph->interval);

	while (status >= 0) {
		probe(graph);
		status = gyre_process_wait(self, EVENT_ANSWER, gyre_ticker_deadline(&ticker), NULL);
		missed = status == 0 ? 0 : missed + 1;
		if (status == -ECANCELED)
			break;
		if (missed == 0 || missed >= MISSES)
			link_set(graph, missed == 0);
		status = gyre_ticker_wait(&ticker);
	}
	return 0;
}

/* --- Life --- */

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int open_socket(uint16_t port)
{
	struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -errno;
}

static int make_nodes(struct udp_graph *graph)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	int status;

	options.arg = graph;
	status = gyre_node_add(graph->loop, &parse_class, "parse", &options, &graph->parse);
	if (status == 0)
		status = gyre_node_add(graph->loop, &answer_class, "answer", &options, NULL);
	if (status == 0)
		status = gyre_node_add(graph->loop, &tx_class, "tx", &options, &graph->tx);
	return status == 0 ? gyre_graph_build(graph->loop, NULL) : status;
}

static int make_check(struct udp_graph *graph, uint16_t peer_port)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	int status = gyre_link_add(graph->loop, &graph->link, "peer", false);

	options.name = "link-check";
	graph->peer = loopback(peer_port);
	graph->interval = GYRE_MSEC(50);
	if (status == 0 && peer_port)
		status = gyre_process_spawn(
			graph->loop, check_link, graph, &options, &graph->checker);
	return status;
}

int udp_graph_open(struct udp_graph *graph, uint16_t port, uint16_t peer_port)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	int status;

	*graph = (struct udp_graph){.fd = open_socket(port)};
	if (graph->fd < 0)
		return graph->fd;
	for (unsigned i = 0; i < UDP_GRAPH_PACKETS; i++) {
		graph->packets[i].graph = graph;
		put_back(&graph->packets[i]);
	}
	options.name = "udp";
	options.items = &packet_ops;
	status = gyre_loop_create(&options, &graph->loop);
	if (status == 0)
		status = make_nodes(graph);
	if (status == 0)
		status = make_check(graph, peer_port);
	if (status == 0)
		status = gyre_watch_add(graph->loop, &graph->watch, graph->fd, EPOLLIN, receive);
	return status;
}

unsigned udp_graph_port(const struct udp_graph *graph)
{
	struct sockaddr_in address = {.sin_port = 0};
	socklen_t length = sizeof(address);

	getsockname(graph->fd, (struct sockaddr *)&address, &length);
	return ntohs(address.sin_port);
}

bool udp_graph_close(struct udp_graph *graph)
{
	gyre_loop_destroy(graph->loop);
	if (graph->fd >= 0)
		close(graph->fd);
	printf("udp: rx %" PRIu64 " + probes %" PRIu64 " = tx %" PRIu64 " + answers %" PRIu64
	       " + drops %" PRIu64 "\n",
		graph->rx, graph->probes, graph->tx_packets, graph->answers, graph->drops);
	return graph->rx + graph->probes == graph->tx_packets + graph->answers + graph->drops;
}
