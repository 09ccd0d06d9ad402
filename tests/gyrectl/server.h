/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program to look at: a loop on a thread that moves items, and its control.
 */
#ifndef GYRE_TESTS_GYRECTL_SERVER_H
#define GYRE_TESTS_GYRECTL_SERVER_H

#include <gyre/control.h>
#include <gyre/graph.h>
#include <gyre/link.h>
#include <gyre/thread.h>
#include <stdatomic.h>

enum { SERVER_LOOPS = 2 };

/*
 * Its graph: "lookup" (items are injected here) leads 9 of 10 to "sink" and drops the others as
 * "no-route"; "idle-rx" is an input that brings nothing and is disabled. Processes: "feeder"
 * injects, "waiter" waits for events, and both are there as long as the loop is. Links: "port-0" is
 * up, "port-1" down.
 */
struct server_loop {
	struct gyre_loop *loop;
	struct gyre_thread *thread;
	struct gyre_node_id lookup;
	struct gyre_link links[2];
	atomic_ulong injected;
	atomic_uint signalled; /* events that the waiter got */
};

struct server {
	char directory[32], path[64]; /* the socket's */
	struct gyre_control *control;
	struct server_loop loops[SERVER_LOOPS];
	unsigned n_loops;
};

/* Serves "data", and "other" if there are two; GYRE_CONTROL of the environment says where. */
void server_start(struct server *server, unsigned n_loops);
/* Until each loop has moved some items, and dropped one. */
void server_wait_moved(struct server *server);
/* The control alone: the loops go on. */
void server_control_stop(struct server *server);
void server_control_start(struct server *server);
/* Stops all of it, and asserts that of the items nothing is missing. */
void server_stop(struct server *server);

#endif
