/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timing wheel's layout, and what timer.c does on it nearly every time, inline.
 *
 * Ticks are 1024 nsec; a timer's tick is its deadline rounded up. Where a timer lies follows from
 * the highest bit in which its tick differs from the wheel's: eight bits a level.
 *
 *   tick of the wheel  ... | 00000101 | 00011000 | 00110010 |
 *   timer at level 1   ... | 00000101 | 00011100 | xxxxxxxx |   slot 00011100 of level 1
 *
 * So all timers of level 0 come before all of level 1, and so on; within a level the slots come in
 * order; and the lowest bit of the lowest word in use names the next slot to be emptied.
 */
#ifndef GYRE_LIB_SCHED_WHEEL_H
#define GYRE_LIB_SCHED_WHEEL_H

#include "sched/sched.h"

enum {
	GYRE__TICK_SHIFT = 10,
	GYRE__WHEEL_BITS = 8,
	GYRE__WHEEL_SLOTS = 1 << GYRE__WHEEL_BITS,
	/* A tick has 54 bits, and rounding up may carry into a 55th. */
	GYRE__WHEEL_LEVELS = 7,
	/* Two lists more, after the last level's: */
	GYRE__WHEEL_TODO = GYRE__WHEEL_LEVELS * GYRE__WHEEL_SLOTS,
	GYRE__WHEEL_BATCH,
	GYRE__WHEEL_LISTS,
	GYRE__WHEEL_WORDS = GYRE__WHEEL_TODO / 64,
};

struct gyre__wheel {
	/* Circular, each with its head here, in order of start; but of a slot that is not marked,
	 * `prev` is NULL. `todo` holds what was taken out of a slot and is to be run or moved down,
	 * `batch` what this call runs. */
	struct gyre_timer_link lists[GYRE__WHEEL_LISTS];
	uint64_t next; /* tick; nothing need be done before: a lower bound */
	uint64_t tick; /* every timer up to it has been taken out of its slot */
	/* A timer up to this tick is started into `todo`: the wheel's tick, or the last tick of
	 * the slot whose timers are being moved down: it then queues behind those. */
	uint64_t near;
	uint64_t cascaded; /* timers moved down so far */
	uint64_t words; /* bit i: used[i] is not 0 */
	uint64_t used[GYRE__WHEEL_WORDS]; /* of the slots: what is not marked is empty */
};

static inline uint64_t gyre__tick_of(uint64_t deadline)
{
	return (deadline >> GYRE__TICK_SHIFT) + ((deadline & ((1u << GYRE__TICK_SHIFT) - 1)) != 0);
}

static inline uint64_t gyre__tick_nsec(uint64_t tick)
{
	return tick >> (64 - GYRE__TICK_SHIFT) ? GYRE_FOREVER : tick << GYRE__TICK_SHIFT;
}

/* The list in which a timer lies whose tick is later than the wheel's. */
static inline size_t gyre__wheel_slot(const struct gyre__wheel *wheel, uint64_t tick)
{
	unsigned bit = 63 - (unsigned)__builtin_clzll(tick ^ wheel->tick);
	unsigned shift = bit / GYRE__WHEEL_BITS * GYRE__WHEEL_BITS;

	return shift * (size_t)(GYRE__WHEEL_SLOTS / GYRE__WHEEL_BITS) +
	       (tick >> shift & (GYRE__WHEEL_SLOTS - 1));
}

/* In this order no compiler can make one wide store of two narrow ones, which would take longer. */
static inline void gyre__wheel_append(struct gyre_timer_link *head, struct gyre_timer_link *link)
{
	struct gyre_timer_link *last = head->prev;

	link->next = head;
	last->next = link;
	link->prev = last;
	head->prev = link;
}

/* Its slot may be empty now; who looks for the first one finds out. */
static inline void gyre__wheel_unlink(const struct gyre_timer_link *link)
{
	struct gyre_timer_link *next = link->next, *prev = link->prev;

	next->prev = prev;
	prev->next = next;
}

/* Starts a timer that is in no list and has a deadline. */
void gyre__wheel_insert(struct gyre__wheel *wheel, struct gyre_timer *timer);

#endif
