/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs of embed-uv.c and embed-glib.c gain: a packet graph on a UDP socket that echoes
 * datagrams, and a process that checks the link to a peer of the same kind.
 *
 *   socket ~~> parse ==> tx       "E...": back to where it came from; "P...": answered by "R..."
 *                    ==> answer   "R...": the peer has answered
 *
 * Nothing here knows whose loop the gyre loop is in.
 */
#ifndef EXAMPLES_UDP_GRAPH_H
#define EXAMPLES_UDP_GRAPH_H

#include <gyre.h>
#include <gyre/link.h>
#include <netinet/in.h>

#define UDP_GRAPH_PACKETS 512
#define UDP_GRAPH_SIZE    1500

struct udp_graph;

struct udp_graph_packet {
	struct udp_graph_packet *next; /* of the free ones */
	struct udp_graph *graph;
	struct sockaddr_in address; /* from or to */
	size_t size;
	char bytes[UDP_GRAPH_SIZE];
};

struct udp_graph {
	struct gyre_loop *loop; /* its own */
	struct gyre_watch watch;
	struct gyre_node_id parse, tx;
	struct gyre_process_id checker;
	struct gyre_link link; /* to the peer */
	struct sockaddr_in peer; /* sin_port 0: none */
	uint64_t interval; /* between probes, nsec */
	int fd;
	/* rx + probes = tx + answers + drops, when nothing is under way. */
	uint64_t rx, probes, tx_packets, answers, drops;
	struct udp_graph_packet *free, packets[UDP_GRAPH_PACKETS];
};

/* On 127.0.0.1, port 0: any; peer_port 0: no link is checked. Prints the link's changes. Returns 0
 * or a negative errno. */
int udp_graph_open(struct udp_graph *graph, uint16_t port, uint16_t peer_port);
unsigned udp_graph_port(const struct udp_graph *graph);
/* Not inside the loop, and out of the host's loop. Prints the account; false: it does not close. */
bool udp_graph_close(struct udp_graph *graph);

#endif
