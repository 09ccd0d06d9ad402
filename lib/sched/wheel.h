/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timing wheel's layout and the two operations that timer.c does on it, inline.
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
	uint64_t next; /* tick; nothing need be done before: a lower bound */
	uint64_t tick; /* every timer up to it has been taken out of its slot */
	/* A timer up to this tick is started into `todo`: the wheel's tick, or the last tick of
	 * the slot whose timers are being moved down: it then queues behind those. */
	uint64_t near;
	uint64_t cascaded; /* timers moved down so far */
	uint64_t words; /* bit i: used[i] is not 0 */
	uint64_t used[GYRE__WHEEL_WORDS]; /* of the slots: what is not marked is empty */
	/* Circular, each with its head here, in order of start. `todo` holds what was taken out of
	 * a slot and is to be run or moved down, `batch` what this call runs. */
	struct gyre_timer_link lists[GYRE__WHEEL_LISTS];
};

static inline uint64_t gyre__tick_of(uint64_t deadline)
{
	return (deadline >> GYRE__TICK_SHIFT) + ((deadline & ((1u << GYRE__TICK_SHIFT) - 1)) != 0);
}

static inline uint64_t gyre__tick_nsec(uint64_t tick)
{
	return tick >> (64 - GYRE__TICK_SHIFT) ? GYRE_FOREVER : tick << GYRE__TICK_SHIFT;
}

static inline void gyre__wheel_append(
	struct gyre__wheel *wheel, unsigned list, struct gyre_timer_link *link)
{
	struct gyre_timer_link *head = &wheel->lists[list], *last = head->prev;

	link->next = head;
	link->prev = last;
	last->next = link;
	head->prev = link;
}

/* Puts a timer that is later than `near` into its slot. Of one that is marked already nothing need
 * be written, and `next` is not after it. */
static inline void gyre__wheel_place(
	struct gyre__wheel *wheel, struct gyre_timer *timer, uint64_t tick)
{
	unsigned bit = 63 - (unsigned)__builtin_clzll(tick ^ wheel->tick);
	unsigned level = bit / GYRE__WHEEL_BITS;
	unsigned shift = level * GYRE__WHEEL_BITS;
	unsigned slot = tick >> shift & (GYRE__WHEEL_SLOTS - 1);
	unsigned list = level * GYRE__WHEEL_SLOTS + slot;

	gyre__wheel_append(wheel, list, &timer->link);
	if (__builtin_expect(!(wheel->used[list / 64] >> list % 64 & 1), 0)) {
		uint64_t first = tick >> shift << shift;

		wheel->used[list / 64] |= UINT64_C(1) << list % 64;
		wheel->words |= UINT64_C(1) << list / 64;
		if (first < wheel->next)
			wheel->next = first;
	}
}

/* Starts a stopped timer whose deadline is set. */
static inline void gyre__wheel_insert(struct gyre__wheel *wheel, struct gyre_timer *timer)
{
	uint64_t tick = gyre__tick_of(timer->deadline);

	if (tick > wheel->near) {
		gyre__wheel_place(wheel, timer, tick);
	} else {
		wheel->next = 0;
		gyre__wheel_append(wheel, GYRE__WHEEL_TODO, &timer->link);
	}
}

/* Stops a started timer. Its slot may be empty now; who looks for the first one finds out. */
static inline void gyre__wheel_remove(struct gyre_timer *timer)
{
	struct gyre_timer_link *next = timer->link.next, *prev = timer->link.prev;

	next->prev = prev;
	prev->next = next;
	timer->link.next = NULL;
}

#endif
