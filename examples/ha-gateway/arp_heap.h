/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ARP entries by deadline: a binary heap whose entries know their places, so that any can be moved
 * or removed in O(log n).
 */
#ifndef HA_ARP_HEAP_H
#define HA_ARP_HEAP_H

#include "arp_table.h"

struct arp_heap {
	struct arp_entry **entries;
	uint32_t n;
};

/* Errors: -ENOMEM. */
int arp_heap_init(struct arp_heap *heap, unsigned entries_max);
/* Of one that is all zero, too. */
void arp_heap_fini(struct arp_heap *heap);

void arp_heap_insert(struct arp_heap *heap, struct arp_entry *entry);
void arp_heap_remove(struct arp_heap *heap, struct arp_entry *entry);
/* After its deadline was changed. */
void arp_heap_update(struct arp_heap *heap, struct arp_entry *entry);

static inline struct arp_entry *arp_heap_first(const struct arp_heap *heap)
{
	return heap->n > 0 ? heap->entries[0] : NULL;
}

#endif
