/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_DPDK_NETLINK_H
#define GYRE_LIB_DPDK_NETLINK_H

#include <gyre/base.h>

/* Called for each message about the interface, in order. */
typedef void gyre__netlink_fn(void *arg, bool up);

struct gyre__netlink {
	int fd; /* non-blocking; -1: closed */
	int if_index;
	uint32_t seq;
	bool lost; /* messages were: ask when all that is left is read */
};

/* Opens a socket that hears of the interface, and asks for its present state, which the first read
 * then finds. Errors: socket(2)'s, bind(2)'s, send(2)'s. */
int gyre__netlink_open(struct gyre__netlink *netlink, int if_index, struct gyre_error *error);
/* A closed one is fine. */
void gyre__netlink_close(struct gyre__netlink *netlink);

/* Asks for the interface's present state. */
int gyre__netlink_ask(struct gyre__netlink *netlink);
/* Reads what has arrived, at most 64 datagrams. An interface that is gone is down. Returns how many
 * messages concerned the interface. Errors: recv(2)'s. */
int gyre__netlink_read(struct gyre__netlink *netlink, gyre__netlink_fn *fn, void *arg);

#endif
