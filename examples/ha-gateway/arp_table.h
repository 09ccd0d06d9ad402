/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ARP table: which MAC answers for an address on an interface, and the packets that wait to
 * learn it (RFC 826; RFC 1122 section 2.3.2 for ageing, bounds and the rate of requests).
 *
 * No I/O, no clock, and no allocation after its creation: it takes packets, what others claim, and
 * `now`, and gives packets back and requests to send. Items are opaque. Nothing here suspends; a
 * table belongs to one thread.
 *
 *	INCOMPLETE   asked for by broadcast; packets wait. Given up after 3 requests: pinned ones
 *are asked for anew, others end. An answer makes it REACHABLE    until it was silent for the
 *timeout. After 3/4 of that, if it is pinned or was used, it is PROBING      asked by unicast, and
 *in use still. Silence ends it, or makes it INCOMPLETE if pinned.
 */
#ifndef HA_ARP_TABLE_H
#define HA_ARP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARP_QUEUE_MAX 16 /* packets that wait for one address */
#define ARP_TRIES     3 /* requests without an answer until what waits is given back */

#define ARP_ENTRIES_DEFAULT 1024
#define ARP_HELD_DEFAULT    512
#define ARP_RETRY_DEFAULT   UINT64_C(1000000000)
#define ARP_TIMEOUT_DEFAULT UINT64_C(30000000000)

enum arp_state {
	ARP_FREE,
	ARP_INCOMPLETE,
	ARP_REACHABLE,
	ARP_PROBING, /* resolved still, and asked by unicast whether it is so still */
};

struct arp_table_config {
	unsigned entries_max; /* 1 to 65535 */
	unsigned held_max; /* packets in all queues, so that they cannot take the pool */
	uint64_t timeout_nsec; /* without a word an entry ages out */
	uint64_t retry_nsec; /* between the requests for an entry, at least */
};

static inline struct arp_table_config arp_table_config_default(void)
{
	return (struct arp_table_config){
		.entries_max = ARP_ENTRIES_DEFAULT,
		.held_max = ARP_HELD_DEFAULT,
		.timeout_nsec = ARP_TIMEOUT_DEFAULT,
		.retry_nsec = ARP_RETRY_DEFAULT,
	};
}

#define ARP_FRAME_HEADER 14 /* bytes of an Ethernet header */

/* For reading; what is said to be the sender's is for whoever sends by it to set. */
struct arp_entry {
	uint32_t address; /* host order */
	uint8_t interface;
	uint8_t state; /* enum arp_state */
	uint8_t mac[6];
	uint8_t frame[ARP_FRAME_HEADER]; /* the sender's: what its packets begin with */
	bool framed; /* the sender's: `frame` is made; it is resolved, to this MAC, and used */
	bool used; /* the sender's: since it was confirmed */
	bool pinned; /* kept resolved */
	uint8_t tries; /* requests since the last answer */
	uint8_t head, waiting; /* of the queue */
	uint32_t heap_at;
	struct arp_entry *chain; /* of its hash bucket, or of the free ones */
	uint64_t confirmed_nsec;
	uint64_t requested_nsec; /* the last request */
	uint64_t deadline_nsec;
	struct arp_entry *older, *newer; /* among the resolved, or the others */
	void *queue[ARP_QUEUE_MAX];
} __attribute__((aligned(64)));

struct arp_table;

/* What a table begins with: how an entry is found. */
struct arp_index {
	struct arp_entry **buckets;
	uint64_t mask;
};

/* Errors: -EINVAL (a value out of range, named in *ret_why), -ENOMEM. */
int arp_table_create(
	const struct arp_table_config *config, struct arp_table **ret_table, const char **ret_why);
/* NULL is fine. What still waits is nobody's: drain it before. */
void arp_table_destroy(struct arp_table *table);

/* An address is on one interface, as a rule. */
static inline struct arp_entry **arp_index_bucket(struct arp_index index, uint32_t address)
{
	return &index.buckets[address * UINT32_C(0x9e3779b1) >> 15 & index.mask];
}

static inline struct arp_entry *arp_index_find(
	struct arp_index index, uint8_t interface, uint32_t address)
{
	struct arp_entry *entry = *arp_index_bucket(index, address);

	while (entry && (entry->address != address || entry->interface != interface))
		entry = entry->chain;
	return entry;
}

/* The same for the table's life. */
static inline const struct arp_index *arp_table_index(const struct arp_table *table)
{
	return (const struct arp_index *)table;
}

/* The entry, resolved or not, or NULL. Borrowed until the table is next changed. */
static inline struct arp_entry *arp_table_find(
	const struct arp_table *table, unsigned interface, uint32_t address)
{
	return arp_index_find(*arp_table_index(table), interface, address);
}

static inline bool arp_entry_resolved(const struct arp_entry *entry)
{
	return entry->state >= ARP_REACHABLE;
}

/* Packets that lost their place; the caller's. */
struct arp_evicted {
	bool table_full; /* of another entry, the oldest unresolved one; else of this queue */
	unsigned n;
	void *items[ARP_QUEUE_MAX];
};

/*
 * Keeps an item until the address, which is not resolved, answers or is given up. Returns 1 when a
 * request is to be sent now, else 0. *ret_evicted is filled in whenever the item was taken.
 * -ENOSPC: held_max are waiting elsewhere, or all entries are pinned; the item is the caller's.
 */
int arp_table_hold(struct arp_table *table, unsigned interface, uint32_t address, void *item,
	uint64_t now, struct arp_evicted *ret_evicted);

/*
 * The owner of an address said its MAC. Returns how many packets waited for it, now the caller's,
 * oldest first. Without an entry one is made when `create`. Errors: -ENOENT (there is none),
 * -ENOSPC (there is none, and no room: others' words evict nothing).
 */
int arp_table_learn(struct arp_table *table, unsigned interface, uint32_t address,
	const uint8_t mac[6], bool create, uint64_t now, void *ret_items[ARP_QUEUE_MAX]);

/* Keeps an address resolved from now on: asks for it before it ages, and forever when it does not
 * answer. Errors: -ENOSPC. */
int arp_table_pin(struct arp_table *table, unsigned interface, uint32_t address, uint64_t now);

enum arp_action_kind {
	ARP_ACTION_REQUEST, /* send a request; to `mac` only, when `unicast` */
	ARP_ACTION_GIVE_UP, /* no answer: the items are the caller's, unreachable */
};

struct arp_action {
	enum arp_action_kind kind;
	unsigned interface;
	uint32_t address;
	bool unicast;
	uint8_t mac[6];
	unsigned n;
	void *items[ARP_QUEUE_MAX];
};

/* What is due at `now`, one thing a call: true and *ret_action, or false when that was all. */
bool arp_table_advance(struct arp_table *table, uint64_t now, struct arp_action *ret_action);
/* When to call it next; UINT64_MAX: not before the table changes. */
uint64_t arp_table_deadline(const struct arp_table *table);

/* Takes at most `max` of the packets that wait, of any entry; they are the caller's. */
unsigned arp_table_drain(struct arp_table *table, void **ret_items, unsigned max);

struct arp_table_stats {
	unsigned entries, held; /* now */
	uint64_t learned; /* new entries and answers to ours */
	uint64_t moved; /* an address changed its MAC */
	uint64_t aged; /* ended unasked or unanswered */
	uint64_t given_up; /* never answered */
	uint64_t evicted; /* for want of room */
	uint64_t requests; /* that were to be sent */
};
void arp_table_stats_get(const struct arp_table *table, struct arp_table_stats *ret_stats);

/* Steps through the entries, from NULL to NULL. */
const struct arp_entry *arp_table_next(
	const struct arp_table *table, const struct arp_entry *previous);

const char *arp_state_name(enum arp_state state);

#endif
