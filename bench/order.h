/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order benchmark's parts: bodies as generated code (order_bodies.S), the three ways through
 * eight of them (order_walk.c), their misses (order_misses.c), the cases (order.c).
 */
#ifndef GYRE_BENCH_ORDER_H
#define GYRE_BENCH_ORDER_H

#include "bench/harness.h"

#define ORDER_NODES 8
#define ORDER_SIZES 6

enum order_shape { ORDER_STRAIGHT, ORDER_JUMPY, ORDER_SPARSE, ORDER_SHAPES };
enum order_system { ORDER_GYRE, ORDER_TASK_FIRST, ORDER_PACKET_FIRST, ORDER_SYSTEMS };

struct order_case {
	enum order_shape shape;
	unsigned code; /* bytes of a node's body, one of order_sizes */
	unsigned tables; /* bytes of all nodes' tables together; 0: none */
	unsigned vector;
};

extern const char *const order_shape_names[ORDER_SHAPES];
extern const char *const order_system_names[ORDER_SYSTEMS];
extern const unsigned order_sizes[ORDER_SIZES];

/* Once, before the rest. */
void order_open(void);
/* Makes ready for the case, which lasts until the next; 0 walks made. */
void order_prepare(const struct order_case *what);
/* Takes the vector through all nodes so many times. */
void order_walk(enum order_system system, unsigned walks);
/* What the packets have become: the same after as many walks, whatever the system. */
uint32_t order_digest(void);

/* The case's parameter: "B=8KiB,T=4MiB,V=64". */
void order_param(const struct order_case *what, char text[48]);

/* Rows of misses for some cases, by cachegrind. */
void order_misses(struct bench *bench);
/* What cachegrind runs: the program's arguments from behind --count. */
int order_misses_child(int argc, char **argv);

#endif
