/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ready list: a ring of pointers, so that those who come next can be seen, and prefetched,
 * without going through one another.
 *
 *   places  ... | a | b | c | d | ...        first: goes next; end: where the next one is added
 *                 ^first      ^until  ^end   until: a turn's run ends there
 */
#ifndef GYRE_LIB_SCHED_READY_H
#define GYRE_LIB_SCHED_READY_H

#include <stdbool.h>
#include <stdint.h>

struct gyre_process;

struct gyre__ready {
	struct gyre_process **places; /* mask + 1 of them, at least as many as processes live */
	uint32_t mask, first, end; /* these two count on, and wrap around */
	uint32_t fetched; /* where `end` was when all on the list had been fetched for their run */
};

int gyre__ready_grow(struct gyre__ready *ready, uint32_t n);
void gyre__ready_fini(struct gyre__ready *ready);

/* Makes room for n processes. Errors: -ENOMEM, and nothing has changed. */
static inline int gyre__ready_reserve(struct gyre__ready *ready, uint32_t n)
{
	return n <= ready->mask ? 0 : gyre__ready_grow(ready, n);
}

static inline bool gyre__ready_empty(const struct gyre__ready *ready)
{
	return ready->first == ready->end;
}

static inline void gyre__ready_add(struct gyre__ready *ready, struct gyre_process *process)
{
	ready->places[ready->end++ & ready->mask] = process;
}

static inline struct gyre_process *gyre__ready_at(const struct gyre__ready *ready, uint32_t at)
{
	return ready->places[at & ready->mask];
}

#endif
