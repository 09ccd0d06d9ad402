/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of telemetry ask, and whom. */
#ifndef GYRE_TESTS_DPDK_ASKED_H
#define GYRE_TESTS_DPDK_ASKED_H

#include <gyre.h>

#define REPLY_SIZE 16384
#define ITEMS      1000

/* EAL with telemetry, in a directory of ours. */
void asked_eal(void);

/* rx-0 -> ip4-third -> tx-0, a process that sleeps, the links wan, up, and lan-1, down. */
struct subject {
	struct gyre_loop *loop;
	struct gyre_thread *thread;
	struct gyre_link links[2];
};

/* Not running yet; `nodes` more than it needs. */
void subject_make(struct subject *subject, const char *name, unsigned nodes);
/* On a thread of its own, until ITEMS have passed: then its counters stand. */
void subject_run(struct subject *subject);
struct gyre_snapshot *subject_read(struct subject *subject);
void subject_end(struct subject *subject);

/* A connection to telemetry's socket. */
int client_open(void);
/* The reply is one whole JSON object, within telemetry's bound; good until the thread asks again.
 */
const char *ask(int fd, const char *command);
/* Fails unless the text is in the reply. */
void has(const char *reply, const char *text);

#endif
