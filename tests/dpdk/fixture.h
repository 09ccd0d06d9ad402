/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_TESTS_DPDK_FIXTURE_H
#define GYRE_TESTS_DPDK_FIXTURE_H

#include <gyre.h>
#include <gyre/dpdk.h>
#include <rte_ethdev.h>

/* EAL works once per process: each test, in its own fork, brings it up as the unprivileged profile.
 * Without forks (CK_FORK=no) the first test does, for all. */
void fixture_eal(void);

/* A network namespace of the test's own, before EAL is up; as a user, a user namespace too. Skips
 * the test where that is not allowed. */
void fixture_namespace(void);
/* Runs a program to its end, NULL after the last argument; returns its exit status. */
int fixture_run(const char *program, ...) __attribute__((sentinel));
/* The same, and fails unless it returned 0. */
#define fixture_must(...) ck_assert_int_eq(fixture_run(__VA_ARGS__), 0)
/* A fresh directory, removed with its files when the program ends. */
const char *fixture_directory(void);

/* `n` mbufs with data rooms for 1500-byte packets. */
struct rte_mempool *fixture_pool(const char *name, unsigned n);
/* Every mbuf is back in the pool, caches included; frees the pool. */
void fixture_pool_end(struct rte_mempool *pool);
/* An mbuf of `len` bytes, byte i being first + i. */
struct rte_mbuf *fixture_mbuf(struct rte_mempool *pool, unsigned len, unsigned first);

struct fixture_port {
	const char *vdev, *args;
	struct rte_mempool *pool;
	bool lsc; /* asks for the interrupt */
	bool stopped; /* is not started */
	uint16_t id;
};
/* Plugs the device in, sets it up with one queue each way, starts it. Returns the first error. */
int fixture_port_try(struct fixture_port *port);
/* The same, and fails on errors. */
void fixture_port(struct fixture_port *port);
/* Stops, closes and unplugs it. */
void fixture_port_end(struct fixture_port *port);

/* A loop with mbufs as items, and what it logs on stdout. */
struct gyre_loop *fixture_loop(void);
/* Turns the loop, without sleeping, until *value is at least `least`, or fails after `nsec`. */
void fixture_turn_until(
	struct gyre_loop *loop, const uint64_t *value, uint64_t least, uint64_t nsec);
/* Turns the loop `turns` times; for `nsec`, and 8 times at least. */
void fixture_turns(struct gyre_loop *loop, unsigned turns);
void fixture_turn(struct gyre_loop *loop, uint64_t nsec);
/* What a node counted under a reason, by name; and a copy of its counters but the pointers. */
uint64_t fixture_reason(struct gyre_loop *loop, const char *node, const char *reason);
struct gyre_node_stats fixture_stats(struct gyre_loop *loop, const char *node);
/* Asserts that what came in by inputs and injection went out, was dropped or is held by a node, to
 * the packet, and that every frame is back. */
void fixture_account(struct gyre_loop *loop, uint64_t injected);

/* A daemon process that counts how often it was told UP and DOWN. */
#define FIXTURE_UP   GYRE_EVENT(3)
#define FIXTURE_DOWN GYRE_EVENT(4)
struct fixture_listener {
	struct gyre_process_id id;
	uint64_t ups, downs;
};
void fixture_listen(struct gyre_loop *loop, struct fixture_listener *listener);

#endif
