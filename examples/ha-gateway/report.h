/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway did, in tables; and whether every packet is accounted for.
 */
#ifndef HA_REPORT_H
#define HA_REPORT_H

#include "gateway.h"

#include <stdio.h>

struct account {
	uint64_t received, made; /* what came to be here */
	uint64_t sent, dropped, ended; /* what ended here */
	uint64_t held; /* in queues: of the ARP table, of mailboxes, to be injected */
};

/* Adds up. Errors: -ENOMEM. */
int account_take(struct gateway *gateway, struct account *ret_account);

/* How many are missing: 0 when the account is closed; negative: more ended than came to be. */
int64_t account_missing(const struct account *account);

/* Writes the processes' table, how late they ran, BFD's sessions and the route. Errors: -EIO. */
int report_processes(struct gateway *gateway, FILE *out);

/* Writes the nodes' table, the drops by reason, and the account of packets. Errors: -ENOMEM, -EIO.
 */
int report_packets(struct gateway *gateway, FILE *out);

#endif
