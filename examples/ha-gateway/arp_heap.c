/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ARP entries by deadline: owns the order of what is due. Only arp_table.c calls it; it calls
 * nothing. Invariant: no entry is due before the one at half its place, and entries[e->heap_at]
 * is e.
 */
#include "arp_heap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int arp_heap_init(struct arp_heap *heap, unsigned entries_max)
{
	heap->n = 0;
	heap->entries = calloc(entries_max, sizeof(*heap->entries));
	return heap->entries ? 0 : -ENOMEM;
}

void arp_heap_fini(struct arp_heap *heap)
{
	free(heap->entries);
}

static void place(struct arp_heap *heap, uint32_t at, struct arp_entry *entry)
{
	heap->entries[at] = entry;
	entry->heap_at = at;
}

static void rise(struct arp_heap *heap, struct arp_entry *entry)
{
	uint32_t at = entry->heap_at;

	while (at > 0 && heap->entries[(at - 1) / 2]->deadline_nsec > entry->deadline_nsec) {
		place(heap, at, heap->entries[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(heap, at, entry);
}

static void sink(struct arp_heap *heap, struct arp_entry *entry)
{
	uint32_t at = entry->heap_at, child;

	while ((child = 2 * at + 1) < heap->n) {
		if (child + 1 < heap->n && heap->entries[child + 1]->deadline_nsec <
						   heap->entries[child]->deadline_nsec)
			child++;
		if (heap->entries[child]->deadline_nsec >= entry->deadline_nsec)
			break;
		place(heap, at, heap->entries[child]);
		at = child;
	}
	place(heap, at, entry);
}

void arp_heap_insert(struct arp_heap *heap, struct arp_entry *entry)
{
	place(heap, heap->n++, entry);
	rise(heap, entry);
}

void arp_heap_update(struct arp_heap *heap, struct arp_entry *entry)
{
	assert(heap->entries[entry->heap_at] == entry);
	rise(heap, entry);
	sink(heap, entry);
}

void arp_heap_remove(struct arp_heap *heap, struct arp_entry *entry)
{
	struct arp_entry *last = heap->entries[--heap->n];

	assert(heap->entries[entry->heap_at] == entry || entry == last);
	if (last == entry)
		return;
	place(heap, entry->heap_at, last);
	arp_heap_update(heap, last);
}
