/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ARP table: owns the entries and the places where packets wait. ip4-rewrite looks up and
 * leaves packets here, arp-input learns, the ARP process lets time pass; it calls arp_heap.c for
 * what is due first. Invariant: an entry that is not free is in its hash chain, in the heap and in
 * exactly one of the two lists by age; only unresolved entries have packets waiting, and `held` is
 * how many.
 */
#include "arp_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arp_heap.h"
#include "nsec.h"

/* Entries by age, the oldest first. */
struct arp_list {
	struct arp_entry *oldest, *newest;
};

struct arp_table {
	struct arp_index index; /* first */
	struct arp_table_config config;
	struct arp_entry *entries; /* entries_max of them */
	struct arp_entry *free;
	struct arp_list unresolved, resolved;
	struct arp_heap heap;
	struct arp_table_stats stats;
};

static_assert(offsetof(struct arp_table, index) == 0, "arp_table_find() looks for it there");

static const char *config_fault(const struct arp_table_config *config)
{
	if (config->entries_max == 0 || config->entries_max > 65535)
		return "ARP: entries must be 1 to 65535";
	if (config->held_max == 0)
		return "ARP: at least one packet must be able to wait";
	if (config->timeout_nsec == 0 || config->retry_nsec == 0)
		return "ARP: times must not be 0";
	return NULL;
}

static int table_allocate(struct arp_table *table)
{
	unsigned n = table->config.entries_max, buckets = 2;

	while (buckets < 2 * n)
		buckets *= 2;
	table->index.mask = buckets - 1;
	table->index.buckets = calloc(buckets, sizeof(*table->index.buckets));
	table->entries = aligned_alloc(64, n * sizeof(*table->entries));
	if (!table->index.buckets || !table->entries)
		return -ENOMEM;
	memset(table->entries, 0, n * sizeof(*table->entries));
	while (n--) {
		table->entries[n].chain = table->free;
		table->free = &table->entries[n];
	}
	return arp_heap_init(&table->heap, table->config.entries_max);
}

int arp_table_create(
	const struct arp_table_config *config, struct arp_table **ret_table, const char **ret_why)
{
	const char *why = config_fault(config);
	struct arp_table *table;
	int error;

	if (why) {
		if (ret_why)
			*ret_why = why;
		return -EINVAL;
	}
	table = calloc(1, sizeof(*table));
	if (!table)
		return -ENOMEM;
	table->config = *config;
	error = table_allocate(table);
	if (error) {
		arp_table_destroy(table);
		return error;
	}
	*ret_table = table;
	return 0;
}

void arp_table_destroy(struct arp_table *table)
{
	if (!table)
		return;
	arp_heap_fini(&table->heap);
	free(table->entries);
	free(table->index.buckets);
	free(table);
}

/* --- Hash chains and lists by age --- */

static struct arp_list *list_of(struct arp_table *table, const struct arp_entry *entry)
{
	return arp_entry_resolved(entry) ? &table->resolved : &table->unresolved;
}

static void list_append(struct arp_list *list, struct arp_entry *entry)
{
	entry->older = list->newest;
	entry->newer = NULL;
	if (list->newest)
		list->newest->newer = entry;
	else
		list->oldest = entry;
	list->newest = entry;
}

static void list_remove(struct arp_list *list, struct arp_entry *entry)
{
	if (entry->older)
		entry->older->newer = entry->newer;
	else
		list->oldest = entry->newer;
	if (entry->newer)
		entry->newer->older = entry->older;
	else
		list->newest = entry->older;
}

/* --- Entries --- */

/* Moves it to the end of the list that its state wants. */
static void entry_set_state(struct arp_table *table, struct arp_entry *entry, enum arp_state state)
{
	list_remove(list_of(table, entry), entry);
	entry->state = state;
	list_append(list_of(table, entry), entry);
}

static void entry_set_deadline(struct arp_table *table, struct arp_entry *entry, uint64_t deadline)
{
	entry->deadline_nsec = deadline;
	arp_heap_update(&table->heap, entry);
}

/* Gives what waits for the entry, oldest first. */
static unsigned entry_take(struct arp_table *table, struct arp_entry *entry, void **ret_items)
{
	unsigned n = entry->waiting;

	for (unsigned i = 0; i < n; i++)
		ret_items[i] = entry->queue[(entry->head + i) % ARP_QUEUE_MAX];
	entry->head = entry->waiting = 0;
	table->stats.held -= n;
	return n;
}

static void entry_free(struct arp_table *table, struct arp_entry *entry)
{
	struct arp_entry **link = arp_index_bucket(table->index, entry->address);

	assert(entry->waiting == 0);
	while (*link != entry)
		link = &(*link)->chain;
	*link = entry->chain;
	list_remove(list_of(table, entry), entry);
	arp_heap_remove(&table->heap, entry);
	memset(entry, 0, sizeof(*entry));
	entry->chain = table->free;
	table->free = entry;
	table->stats.entries--;
}

/* INCOMPLETE, due at once; NULL when there is no room. */
static struct arp_entry *entry_new(
	struct arp_table *table, unsigned interface, uint32_t address, uint64_t now)
{
	struct arp_entry **link = arp_index_bucket(table->index, address), *entry = table->free;

	if (!entry)
		return NULL;
	table->free = entry->chain;
	memset(entry, 0, sizeof(*entry));
	entry->address = address;
	entry->interface = interface;
	entry->state = ARP_INCOMPLETE;
	entry->deadline_nsec = now;
	entry->chain = *link;
	*link = entry;
	list_append(&table->unresolved, entry);
	arp_heap_insert(&table->heap, entry);
	table->stats.entries++;
	return entry;
}

static struct arp_entry *oldest_unpinned(const struct arp_list *list)
{
	struct arp_entry *entry = list->oldest;

	while (entry && entry->pinned)
		entry = entry->newer;
	return entry;
}

/* Makes room: rather of who never answered than of who did. */
static void evict(struct arp_table *table, struct arp_evicted *ret_evicted)
{
	struct arp_entry *entry = oldest_unpinned(&table->unresolved);

	if (!entry)
		entry = oldest_unpinned(&table->resolved);
	if (!entry)
		return;
	ret_evicted->table_full = true;
	ret_evicted->n = entry_take(table, entry, ret_evicted->items);
	entry_free(table, entry);
	table->stats.evicted++;
}

static void entry_requested(struct arp_table *table, struct arp_entry *entry, uint64_t now)
{
	entry->requested_nsec = now;
	if (entry->tries < UINT8_MAX)
		entry->tries++;
	entry_set_deadline(table, entry, nsec_add(now, table->config.retry_nsec));
	table->stats.requests++;
}

/* --- Packets that wait --- */

static void *queue_pop(struct arp_table *table, struct arp_entry *entry)
{
	void *item = entry->queue[entry->head];

	entry->head = (entry->head + 1) % ARP_QUEUE_MAX;
	entry->waiting--;
	table->stats.held--;
	return item;
}

static void queue_push(struct arp_table *table, struct arp_entry *entry, void *item)
{
	entry->queue[(entry->head + entry->waiting) % ARP_QUEUE_MAX] = item;
	entry->waiting++;
	table->stats.held++;
}

int arp_table_hold(struct arp_table *table, unsigned interface, uint32_t address, void *item,
	uint64_t now, struct arp_evicted *ret_evicted)
{
	struct arp_entry *entry = arp_table_find(table, interface, address);
	struct arp_evicted evicted = {0};

	assert(!entry || !arp_entry_resolved(entry));
	if (table->stats.held >= table->config.held_max && !(entry && entry->waiting))
		return -ENOSPC;
	if (!entry && !table->free)
		evict(table, &evicted);
	if (!entry)
		entry = entry_new(table, interface, address, now);
	if (!entry)
		return -ENOSPC;
	if (entry->waiting == ARP_QUEUE_MAX || table->stats.held >= table->config.held_max)
		evicted.items[evicted.n++] = queue_pop(table, entry);
	queue_push(table, entry, item);
	*ret_evicted = evicted;
	if (entry->tries > 0 || entry->deadline_nsec > now)
		return 0;
	entry_requested(table, entry, now);
	return 1;
}

unsigned arp_table_drain(struct arp_table *table, void **ret_items, unsigned max)
{
	unsigned n = 0;

	for (struct arp_entry *entry = table->unresolved.oldest; entry; entry = entry->newer)
		while (entry->waiting && n < max)
			ret_items[n++] = queue_pop(table, entry);
	return n;
}

/* --- Answers and time --- */

static uint64_t probe_time(const struct arp_table *table, const struct arp_entry *entry)
{
	return nsec_add(
		entry->confirmed_nsec, table->config.timeout_nsec - table->config.timeout_nsec / 4);
}

static uint64_t end_time(const struct arp_table *table, const struct arp_entry *entry)
{
	return nsec_add(entry->confirmed_nsec, table->config.timeout_nsec);
}

int arp_table_learn(struct arp_table *table, unsigned interface, uint32_t address,
	const uint8_t mac[6], bool create, uint64_t now, void *ret_items[ARP_QUEUE_MAX])
{
	struct arp_entry *entry = arp_table_find(table, interface, address);

	if (!entry && !create)
		return -ENOENT;
	if (!entry)
		entry = entry_new(table, interface, address, now);
	if (!entry)
		return -ENOSPC;
	if (!arp_entry_resolved(entry))
		table->stats.learned++;
	else if (memcmp(entry->mac, mac, sizeof(entry->mac)) != 0)
		table->stats.moved++;
	memcpy(entry->mac, mac, sizeof(entry->mac));
	entry->confirmed_nsec = now;
	entry->framed = entry->used = false;
	entry->tries = 0;
	entry_set_state(table, entry, ARP_REACHABLE);
	entry_set_deadline(table, entry, probe_time(table, entry));
	return entry_take(table, entry, ret_items);
}

int arp_table_pin(struct arp_table *table, unsigned interface, uint32_t address, uint64_t now)
{
	struct arp_entry *entry = arp_table_find(table, interface, address);

	if (!entry)
		entry = entry_new(table, interface, address, now);
	if (!entry)
		return -ENOSPC;
	entry->pinned = true;
	return 0;
}

static bool request(struct arp_table *table, struct arp_entry *entry, uint64_t now,
	struct arp_action *ret_action)
{
	*ret_action = (struct arp_action){
		.kind = ARP_ACTION_REQUEST,
		.interface = entry->interface,
		.address = entry->address,
		.unicast = arp_entry_resolved(entry),
	};
	memcpy(ret_action->mac, entry->mac, sizeof(entry->mac));
	entry_requested(table, entry, now);
	return true;
}

/* Requests until it is enough; a pinned one begins anew. */
static bool advance_incomplete(struct arp_table *table, struct arp_entry *entry, uint64_t now,
	struct arp_action *ret_action)
{
	if (entry->tries < ARP_TRIES)
		return request(table, entry, now, ret_action);
	*ret_action = (struct arp_action){
		.kind = ARP_ACTION_GIVE_UP,
		.interface = entry->interface,
		.address = entry->address,
	};
	ret_action->n = entry_take(table, entry, ret_action->items);
	table->stats.given_up++;
	if (entry->pinned) {
		entry->tries = 0;
		entry_set_deadline(table, entry, now);
	} else {
		entry_free(table, entry);
	}
	return true;
}

/* Silence: who is pinned is asked anew, by broadcast, but not sooner than a request may follow. */
static void entry_age(struct arp_table *table, struct arp_entry *entry, uint64_t now)
{
	table->stats.aged++;
	if (!entry->pinned) {
		entry_free(table, entry);
		return;
	}
	entry_set_state(table, entry, ARP_INCOMPLETE);
	memset(entry->mac, 0, sizeof(entry->mac));
	entry->framed = false;
	entry->tries = 0;
	entry_set_deadline(table, entry,
		nsec_later(now, nsec_add(entry->requested_nsec, table->config.retry_nsec)));
}

/* Returns whether there is something to do for the caller. */
static bool advance_resolved(struct arp_table *table, struct arp_entry *entry, uint64_t now,
	struct arp_action *ret_action)
{
	uint64_t end = end_time(table, entry);
	bool ask = entry->pinned || entry->used;

	if (now >= end) {
		entry_age(table, entry, now);
		return false;
	}
	if (ask) {
		entry_set_state(table, entry, ARP_PROBING);
		request(table, entry, now, ret_action);
	}
	/* One that is idle is looked at again: it may come into use. */
	entry_set_deadline(
		table, entry, nsec_earlier(end, nsec_add(now, table->config.retry_nsec)));
	return ask;
}

bool arp_table_advance(struct arp_table *table, uint64_t now, struct arp_action *ret_action)
{
	struct arp_entry *entry;

	while ((entry = arp_heap_first(&table->heap)) && entry->deadline_nsec <= now)
		if (arp_entry_resolved(entry) ? advance_resolved(table, entry, now, ret_action)
					      : advance_incomplete(table, entry, now, ret_action))
			return true;
	return false;
}

uint64_t arp_table_deadline(const struct arp_table *table)
{
	const struct arp_entry *entry = arp_heap_first(&table->heap);

	return entry ? entry->deadline_nsec : NSEC_NEVER;
}

/* --- To look at --- */

void arp_table_stats_get(const struct arp_table *table, struct arp_table_stats *ret_stats)
{
	*ret_stats = table->stats;
}

const struct arp_entry *arp_table_next(
	const struct arp_table *table, const struct arp_entry *previous)
{
	const struct arp_entry *entry = previous ? previous + 1 : table->entries;
	const struct arp_entry *end = table->entries + table->config.entries_max;

	while (entry < end && entry->state == ARP_FREE)
		entry++;
	return entry < end ? entry : NULL;
}

const char *arp_state_name(enum arp_state state)
{
	static const char *const names[] = {
		[ARP_FREE] = "free",
		[ARP_INCOMPLETE] = "incomplete",
		[ARP_REACHABLE] = "reachable",
		[ARP_PROBING] = "probing",
	};

	return state <= ARP_PROBING ? names[state] : "unknown";
}
