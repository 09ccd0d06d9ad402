/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of routes: IPv4 prefixes to small numbers (enum next_hop_index), longest match first.
 * Addresses are in host order. For one thread: the loop's.
 */
#ifndef HA_FIB_H
#define HA_FIB_H

#include <stdint.h>

#define FIB_NEXT_HOP_MAX 127
#define FIB_ROUTES_MAX   1000000

struct fib;

/* A table in which nothing matches: lookups give next hop 0. Its name is EAL's to find it, at most
 * 24 characters. Takes 16 MiB of EAL's memory, and some 400 bytes a route. Errors: -EINVAL
 * (routes_max is not 1 to FIB_ROUTES_MAX), -EEXIST (the name is taken), -ENOMEM. */
int fib_create(const char *name, unsigned routes_max, struct fib **ret_fib);
/* NULL is fine. */
void fib_destroy(struct fib *fib);

/* Adds a route, or changes where it leads. Bits behind the prefix must be 0, and only the default
 * route may contain the limited broadcast address. Errors: -EINVAL, -ENOSPC. */
int fib_add(struct fib *fib, uint32_t address, uint8_t prefix_len, uint8_t next_hop);
/* Errors: -ENOENT. */
int fib_del(struct fib *fib, uint32_t address, uint8_t prefix_len);

/* Next hops of n addresses; does not fail. */
void fib_lookup(struct fib *fib, uint32_t *addresses, uint64_t *ret_next_hops, unsigned n);

#endif
