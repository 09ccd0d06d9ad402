/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the laboratory's programs agree on: the probe packet and the clock. Every time that they
 * print is CLOCK_MONOTONIC, so that lines of different programs, and the gateway's log, can be
 * compared.
 */
#ifndef GYRE_DEMO_PROBE_H
#define GYRE_DEMO_PROBE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { PROBE_PORT = 7007, PROBE_SIZE = 24 };

struct probe {
	uint64_t sequence;
	uint64_t sent_nsec;
};

void probe_write(const struct probe *probe, unsigned char payload[PROBE_SIZE]);
/* 0, or -1 when the payload is none of ours. */
int probe_read(const unsigned char *payload, size_t size, struct probe *ret_probe);

uint64_t probe_now(void);
/* The kernel's SO_TIMESTAMPNS of a received message; now, if it carries none. */
uint64_t probe_arrival(struct msghdr *message);
void probe_print_time(uint64_t nsec);

#endif
