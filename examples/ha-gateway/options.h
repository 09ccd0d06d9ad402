/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's command line.
 */
#ifndef HA_OPTIONS_H
#define HA_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_UPLINKS_MAX 15
#define OPTIONS_PORT_MAX    31 /* DPDK's port numbers */

struct options_interface {
	char port[64]; /* a port's number or its device's name */
	uint32_t address; /* host order, as all */
	uint8_t prefix_len;
	uint32_t gateway; /* the router of an uplink; 0: the inside */
};

struct options {
	struct options_interface interfaces[1 + OPTIONS_UPLINKS_MAX]; /* the inside, the uplinks */
	unsigned n_uplinks;
	bool bfd;
	uint64_t bfd_interval_nsec;
	unsigned bfd_multiplier;
	uint64_t hold_nsec; /* how long a failed uplink must be up to be returned to */
	bool revert; /* return to a preferred uplink */
	bool withdraw; /* the route when no uplink is up */
	bool damping;
	uint64_t arp_timeout_nsec;
	bool arp_refresh;
	unsigned icmp_rate; /* errors a second */
	unsigned vector;
	unsigned mbufs;
	const char *control, *http; /* where to listen for who looks after it; NULL: nowhere */
	int eal_argc; /* with the program's name first, as rte_eal_init() wants it */
	char **eal_argv;
};

/*
 * Reads the command line; what follows "--" is EAL's. Does not return from --help (exit status 0)
 * and from a fault (64): its message on stderr names the option, the value and what is allowed.
 * ret_options->eal_argv points into argv, whose "--" has become the program's name.
 */
void options_parse(int argc, char **argv, struct options *ret_options);

#endif
