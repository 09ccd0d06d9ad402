/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway without ports: a real loop on a virtual clock, a real graph of the nodes under test
 * with capture nodes around them, a small mempool, and the account at the end.
 */
#ifndef GYRE_TESTS_HA_RIG_H
#define GYRE_TESTS_HA_RIG_H

#include "harness.h"

#include "examples/ha-gateway/arp_table.h"
#include "examples/ha-gateway/fib.h"
#include "examples/ha-gateway/gateway.h"
#include "tests/ha-gateway/frame.h"

#define RIG_MBUFS    512
#define RIG_CAPTURES 64
#define RIG_CAPTURED 4096

/* inside 10.0.0.1/24, uplink0 192.0.2.1/24 via .254, uplink1 198.51.100.1/24 via .254; DPDK's
 * ports would be 3, 4 and 5. */
#define RIG_INTERFACES 3
#define RIG_PORT       3
#define RIG_INSIDE     UINT32_C(0x0a000001)
#define RIG_HOST       UINT32_C(0x0a00004d)
#define RIG_UPLINK0    UINT32_C(0xc0000201)
#define RIG_ROUTER0    UINT32_C(0xc00002fe)
#define RIG_UPLINK1    UINT32_C(0xc6336401)
#define RIG_ROUTER1    UINT32_C(0xc63364fe)
#define RIG_FAR        UINT32_C(0xcb007109)

extern const uint8_t rig_mac[RIG_INTERFACES][6]; /* ours */
extern const uint8_t rig_peer_mac[RIG_INTERFACES][6]; /* the host's and the routers' */

struct rig_capture {
	char name[32];
	unsigned n;
	struct rte_mbuf *mbufs[RIG_CAPTURED];
};

struct rig {
	struct gateway gateway;
	struct gyre_clock *clock;
	struct gyre_process_id busy; /* holds time, which moves by hand */
	struct rig_capture *captures[RIG_CAPTURES];
	unsigned n_captures;
	uint64_t injected;
	uint64_t captured; /* also those released since */
	uint64_t segments; /* filled */
};

/* EAL, pool, loop, interfaces, routes (default to uplink0), an empty ARP table. */
void rig_begin(struct rig *rig);
/* From now on time moves by itself when nobody has anything to do. */
void rig_let_time_pass(struct rig *rig);
/* Adds a node of the gateway under its own name; its next hops by interface, beginning with
 * `first_tx`, are connected to captures "tx-0" to "tx-2". */
struct gyre_node_id rig_add(
	struct rig *rig, const struct gyre_node_class *node_class, int first_tx);
/* Adds an output that keeps what it gets. */
void rig_capture(struct rig *rig, const char *name);
/* All of the gateway's nodes, tx-<i> and bfd-<i> being captures. */
void rig_all(struct rig *rig);
/* Asserts injected + made = captured + dropped + ended + held, frees what was captured or is held,
 * and asserts that the pool is full. */
void rig_end(struct rig *rig);

/* An mbuf that came in on an interface; NULL bytes beyond the frame are not touched. */
struct rte_mbuf *rig_mbuf(struct rig *rig, unsigned interface, const struct frame *frame);
/* The same in two segments, the first of `split` bytes; or in segments of one byte each, at most
 * `split` of them and the rest. */
struct rte_mbuf *rig_mbuf_split(
	struct rig *rig, unsigned interface, const struct frame *frame, unsigned split);
struct rte_mbuf *rig_mbuf_crumbs(
	struct rig *rig, unsigned interface, const struct frame *frame, unsigned crumbs);
/* Puts mbufs at a node, and turns the loop until all is quiet. */
void rig_send_n(struct rig *rig, const char *node, struct rte_mbuf **mbufs, unsigned n);
void rig_send(struct rig *rig, const char *node, struct rte_mbuf *mbuf);
void rig_turn(struct rig *rig);
/* Moves the clock, from one deadline of the ARP table to the next, and turns the loop. */
void rig_wait(struct rig *rig, uint64_t nsec);

/* What a capture has got since the last look: its packet number i as bytes; how many. */
unsigned rig_got(const struct rig *rig, const char *capture);
void rig_get(const struct rig *rig, const char *capture, unsigned i, struct frame *ret_frame);
struct rte_mbuf *rig_got_mbuf(const struct rig *rig, const char *capture, unsigned i);
/* In all captures. */
unsigned rig_got_all(const struct rig *rig);
/* Frees what was captured. */
void rig_release(struct rig *rig);
/* What a node counted under a reason, by names; fails when there is no such reason. */
uint64_t rig_reason(const struct rig *rig, const char *node, const char *reason);

/* Sends the frame whole, split after each of its bytes, and in crumbs, each way to end for the
 * reason (`outcome` begins with '!') or in the capture, and nowhere else. */
void rig_expect(struct rig *rig, const char *node, unsigned interface, const struct frame *frame,
	const char *outcome);
/* The same with one mbuf. */
void rig_expect_mbuf(struct rig *rig, const char *node, struct rte_mbuf *mbuf, const char *outcome);

#endif
