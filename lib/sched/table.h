/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_SCHED_TABLE_H
#define GYRE_LIB_SCHED_TABLE_H

#include <gyre/base.h>
#include <stdatomic.h>

struct gyre_process;

/* Blocks come in chunks, which never move and are never freed before the table: a block's memory
 * is a process's for good, so that a stale id can be looked up from any thread. A chunk fits in a
 * huge page, and is one from the second on where the kernel allows that: who has few processes does
 * not pay for many. */
#define GYRE__TABLE_CHUNK 4096u

/*
 *   chunks -> [0] -> block 0 ... 4095       used: blocks below were handed out once
 *             [1] -> block 4096 ... 8191    free: put back, last in first out
 *             [2] -> NULL
 *
 * Other threads read chunks below `used` only, which is published after them.
 */
struct gyre__table {
	struct gyre_process **chunks;
	_Atomic(uint32_t) used;
	uint32_t max;
	struct gyre_process *free;
};

/* Errors: -ENOMEM. */
int gyre__table_init(struct gyre__table *table, uint32_t max);
/* Takes a half-built one, too. */
void gyre__table_fini(struct gyre__table *table);
/* A block whose index and generation are set; the rest is as its last process left it, or zero.
 * Errors: -EAGAIN (max are taken), -ENOMEM. */
int gyre__table_get(struct gyre__table *table, struct gyre_process **ret_process);
/* Gives a block back: its generation is over. */
void gyre__table_put(struct gyre__table *table, struct gyre_process *process);
/* The block of an index, NULL if there never was one. Any thread. */
struct gyre_process *gyre__table_at(const struct gyre__table *table, uint32_t index);

#endif
