/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_TESTS_CONTROL_TRAFFIC_LOOP_H
#define GYRE_TESTS_CONTROL_TRAFFIC_LOOP_H

#include <gyre.h>
#include <gyre/thread.h>
#include <semaphore.h>

/*
 * A loop with traffic, on a thread of its own:
 *
 *	source -> classify -> tunnel -> count -> sink
 *	                 \-------------^
 *
 * "classify" drops one item of 16 as "filtered" (info) and one of 64 as "bad-checksum" (error), and
 * sends each second of the others through the tunnel. The process "pulse" lets the source bring a
 * burst every 10 ms; "link-check" takes the link "backup" down or up every 250 ms, "uplink" stays
 * up; "keepalive" ticks every 50 ms.
 */
struct traffic_loop {
	struct gyre_loop *loop;
	struct gyre_thread *thread;
	unsigned burst; /* items of a pulse */
	struct gyre_node_id source;
	struct gyre_link uplink, backup;
	struct gyre_process_id processes[3];
};

/* Exits on errors, as all here. */
void traffic_loop_start(struct traffic_loop *traffic, const char *name, unsigned burst);
/* Calls fn(arg) on the loop's thread, and waits for it. */
void traffic_loop_call(struct traffic_loop *traffic, void (*fn)(void *arg), void *arg);
/* No more items, ticks and changes of links from now on, until the loop is ended: what the loop
 * says of nodes, processes and links stays as it is. */
void traffic_loop_quiet(struct traffic_loop *traffic);
/* The loop's own counters, taken on its thread; the caller's. */
struct gyre_snapshot *traffic_loop_snapshot(struct traffic_loop *traffic);
/* Whether what came is what went: brought = kept by the sink + dropped; of a loop that is quiet. */
bool traffic_loop_is_closed(const struct gyre_snapshot *snapshot);
void traffic_loop_end(struct traffic_loop *traffic);

#endif
