/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of control blocks. Owns their memory until the scheduler goes. Called by spawn and by
 * the end of a process, and by whoever holds an id; calls libc alone. Invariant: a block never
 * moves, and its generation has changed before it is handed out again, so that an id names one
 * process or none.
 */
#include "sched/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sched/process.h"

#define HUGE_PAGE ((size_t)2 << 20)

int gyre__table_init(struct gyre__table *table, uint32_t max)
{
	size_t chunks = (max + GYRE__TABLE_CHUNK - 1) / GYRE__TABLE_CHUNK;

	atomic_init(&table->used, 0);
	table->max = max;
	table->free = NULL;
	table->chunks = calloc(chunks, sizeof(*table->chunks));
	return table->chunks ? 0 : -ENOMEM;
}

void gyre__table_fini(struct gyre__table *table)
{
	uint32_t used = atomic_load_explicit(&table->used, memory_order_relaxed);

	for (uint32_t i = 0; i < used; i += GYRE__TABLE_CHUNK)
		free(table->chunks[i / GYRE__TABLE_CHUNK]);
	free(table->chunks);
	table->chunks = NULL;
	table->free = NULL;
	atomic_store_explicit(&table->used, 0, memory_order_relaxed);
}

static struct gyre_process *chunk_new(const struct gyre__table *table, uint32_t first)
{
	uint32_t count = table->max - first;
	size_t bytes;
	void *chunk;

	if (count > GYRE__TABLE_CHUNK)
		count = GYRE__TABLE_CHUNK;
	bytes = (count * sizeof(struct gyre_process) + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	chunk = aligned_alloc(HUGE_PAGE, bytes);
	if (chunk && first) /* an error: there are none */
		madvise(chunk, bytes, MADV_HUGEPAGE);
	return chunk;
}

/* The first block that was never handed out. */
static __attribute__((noinline)) int fresh(
	struct gyre__table *table, struct gyre_process **ret_process)
{
	uint32_t index = atomic_load_explicit(&table->used, memory_order_relaxed);
	struct gyre_process **chunk, *process;

	if (index == table->max)
		return -EAGAIN;
	chunk = &table->chunks[index / GYRE__TABLE_CHUNK];
	if (!*chunk)
		*chunk = chunk_new(table, index);
	if (!*chunk)
		return -ENOMEM;
	process = &(*chunk)[index % GYRE__TABLE_CHUNK];
	/* One by one, so that pages are touched only when they are needed. */
	memset(process, 0, sizeof(*process));
	process->index = index;
	process->generation = 1;
	process->state = GYRE__PROCESS_FREE;
	/* Nothing may be sent to a block before its first process opens it. */
	atomic_init(&process->word, GYRE__WORD_CLOSED);
	atomic_init(&process->inbox.word, GYRE__WORD_CLOSED);
	atomic_store_explicit(&table->used, index + 1, memory_order_release);
	*ret_process = process;
	return 0;
}

int gyre__table_get(struct gyre__table *table, struct gyre_process **ret_process)
{
	struct gyre_process *process = table->free;

	if (!process)
		return fresh(table, ret_process);
	table->free = process->next;
	*ret_process = process;
	return 0;
}

void gyre__table_put(struct gyre__table *table, struct gyre_process *process)
{
	/* 0 is left out: an id of all zeroes names nobody. */
	if (++process->generation == 0)
		process->generation = 1;
	process->state = GYRE__PROCESS_FREE;
	process->next = table->free;
	table->free = process;
}

struct gyre_process *gyre__table_at(const struct gyre__table *table, uint32_t index)
{
	if (index >= atomic_load_explicit(&table->used, memory_order_acquire))
		return NULL;
	return gyre__table_block(table, index);
}
