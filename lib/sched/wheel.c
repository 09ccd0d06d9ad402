/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hierarchical timing wheel (G. Varghese, T. Lauck, "Hashed and hierarchical timing wheels",
 * 1987): how time moves on. Owned by the loop, which calls expire once a turn; calls the timers'
 * functions. Invariants: a timer never runs before its deadline; timers run in order of ticks, and
 * within one in order of start.
 */
#include "sched/wheel.h"

#include <errno.h>
#include <stdlib.h>

#define NEVER UINT64_MAX /* a tick that does not come */

int gyre__wheel_create(uint64_t now, struct gyre__wheel **ret_wheel)
{
	struct gyre__wheel *wheel = calloc(1, sizeof(*wheel));

	if (!wheel)
		return -ENOMEM;
	wheel->tick = wheel->near = now >> GYRE__TICK_SHIFT;
	wheel->next = NEVER;
	for (unsigned i = GYRE__WHEEL_TODO; i < GYRE__WHEEL_LISTS; i++)
		wheel->lists[i].next = wheel->lists[i].prev = &wheel->lists[i];
	*ret_wheel = wheel;
	return 0;
}

/* Timers still started are not touched: their memory may be gone. */
void gyre__wheel_destroy(struct gyre__wheel *wheel)
{
	free(wheel);
}

static bool list_empty(const struct gyre__wheel *wheel, unsigned list)
{
	return wheel->lists[list].next == &wheel->lists[list];
}

static struct gyre_timer *list_pop(struct gyre__wheel *wheel, unsigned list)
{
	struct gyre_timer_link *head = &wheel->lists[list], *first = head->next;

	head->next = first->next;
	first->next->prev = head;
	return (struct gyre_timer *)((char *)first - offsetof(struct gyre_timer, link));
}

/* Puts a timer that is later than the wheel into its slot. If that is marked already, `next` is not
 * after it. */
static void wheel_place(struct gyre__wheel *wheel, struct gyre_timer *timer, uint64_t tick)
{
	unsigned list = gyre__wheel_slot(wheel, tick);
	struct gyre_timer_link *head = &wheel->lists[list];
	uint64_t first;

	if (head->prev) {
		gyre__wheel_append(head, &timer->link);
		return;
	}
	head->next = head->prev = &timer->link;
	timer->link.next = timer->link.prev = head;
	wheel->used[list / 64] |= UINT64_C(1) << list % 64;
	wheel->words |= UINT64_C(1) << list / 64;
	first = tick & ~((UINT64_C(1) << list / GYRE__WHEEL_SLOTS * GYRE__WHEEL_BITS) - 1);
	if (first < wheel->next)
		wheel->next = first;
}

void gyre__wheel_insert(struct gyre__wheel *wheel, struct gyre_timer *timer)
{
	uint64_t tick = gyre__tick_of(timer->deadline);

	if (tick > wheel->near) {
		wheel_place(wheel, timer, tick);
	} else {
		wheel->next = 0;
		gyre__wheel_append(&wheel->lists[GYRE__WHEEL_TODO], &timer->link);
	}
}

static void mark_empty(struct gyre__wheel *wheel, unsigned list)
{
	unsigned word = list / 64;

	wheel->lists[list].prev = NULL;
	wheel->used[word] &= ~(UINT64_C(1) << list % 64);
	if (!wheel->used[word])
		wheel->words &= ~(UINT64_C(1) << word);
}

/* The first slot in use, if there is one: its list, and its first and last tick. Those before it
 * that were emptied by stops are marked so. */
static bool first_slot(
	struct gyre__wheel *wheel, unsigned *ret_list, uint64_t *ret_first, uint64_t *ret_last)
{
	unsigned word, list, shift;
	uint64_t first;

	for (;; mark_empty(wheel, list)) {
		if (!wheel->words)
			return false;
		word = (unsigned)__builtin_ctzll(wheel->words);
		list = word * 64 + (unsigned)__builtin_ctzll(wheel->used[word]);
		if (!list_empty(wheel, list))
			break;
	}
	shift = list / GYRE__WHEEL_SLOTS * GYRE__WHEEL_BITS;
	first = (wheel->tick >> shift & ~(uint64_t)(GYRE__WHEEL_SLOTS - 1)) |
		list % GYRE__WHEEL_SLOTS;
	*ret_list = list;
	*ret_first = first << shift;
	*ret_last = *ret_first + (UINT64_C(1) << shift) - 1;
	return true;
}

/* The tick at which something is to be done, 0: now. */
static uint64_t next_tick(struct gyre__wheel *wheel)
{
	uint64_t first, last;
	unsigned list;

	if (!list_empty(wheel, GYRE__WHEEL_TODO))
		return 0;
	return first_slot(wheel, &list, &first, &last) ? first : NEVER;
}

uint64_t gyre__wheel_deadline(struct gyre__wheel *wheel)
{
	return gyre__tick_nsec(next_tick(wheel));
}

/* The cached time may be that of a timer stopped since. */
bool gyre__wheel_due(struct gyre__wheel *wheel, uint64_t now)
{
	uint64_t tick = now >> GYRE__TICK_SHIFT;

	return tick >= wheel->next && tick >= next_tick(wheel);
}

/* The first timer of the slot that comes next, so that it is there when its tick has come. */
static void prefetch_next(const struct gyre__wheel *wheel)
{
	uint64_t used;
	unsigned word;

	if (!wheel->words)
		return;
	word = (unsigned)__builtin_ctzll(wheel->words);
	used = wheel->used[word];
	__builtin_prefetch(wheel->lists[word * 64 + (unsigned)__builtin_ctzll(used)].next, 1);
	used &= used - 1;
	if (used)
		__builtin_prefetch(
			wheel->lists[word * 64 + (unsigned)__builtin_ctzll(used)].next, 1);
}

/* Moves on to the first slot in use, its timers into the empty `todo`. False if that is later than
 * `tick`: the wheel then stands at that. */
static bool wheel_advance(struct gyre__wheel *wheel, uint64_t tick)
{
	struct gyre_timer_link *todo = &wheel->lists[GYRE__WHEEL_TODO], *slot;
	uint64_t first, last;
	unsigned list;

	if (!first_slot(wheel, &list, &first, &last) || first > tick) {
		wheel->tick = wheel->near = tick;
		return false;
	}
	slot = &wheel->lists[list];
	*todo = *slot;
	todo->next->prev = todo->prev->next = todo;
	mark_empty(wheel, list);
	prefetch_next(wheel);
	wheel->tick = first;
	wheel->near = last;
	return true;
}

/*
 * Takes at most `budget` timers out of their slots: into the batch, or down.
 *
 * How late a timer can be: expire takes timers out of their slots one by one, each to run it or to
 * move it down, at most `budget` of them a call. It stops earlier only when nothing is left that is
 * due. So a timer that is due at the clock that a call is given runs in that call, unless `budget`
 * others were run or moved down instead, each of which came before it or shared a slot with it; and
 * one timer is moved down at most once a level. With n timers outstanding it is thus late by less
 * than a tick, and a turn, and 8 n / budget turns at the very worst.
 */
static void wheel_collect(struct gyre__wheel *wheel, uint64_t tick, unsigned budget)
{
	for (; budget > 0; budget--) {
		struct gyre_timer *timer;
		uint64_t due;

		if (list_empty(wheel, GYRE__WHEEL_TODO) && !wheel_advance(wheel, tick))
			return;
		timer = list_pop(wheel, GYRE__WHEEL_TODO);
		due = gyre__tick_of(timer->deadline);
		if (due > wheel->tick) {
			wheel_place(wheel, timer, due);
			wheel->cascaded++;
		} else {
			gyre__wheel_append(&wheel->lists[GYRE__WHEEL_BATCH], &timer->link);
		}
	}
	if (list_empty(wheel, GYRE__WHEEL_TODO))
		wheel->near = wheel->tick;
}

/* What the functions start is not run here, be it due: it goes to `todo`, or to a slot. */
static unsigned wheel_run(struct gyre__wheel *wheel)
{
	unsigned count = 0;

	for (; !list_empty(wheel, GYRE__WHEEL_BATCH); count++) {
		struct gyre_timer *timer = list_pop(wheel, GYRE__WHEEL_BATCH);

		timer->link.next = NULL;
		timer->loop->clock_at = 0; /* it may take long */
		timer->fn(timer);
	}
	return count;
}

/* Apart, so that the idle poll saves no registers. */
__attribute__((noinline)) static unsigned wheel_turn(
	struct gyre__wheel *wheel, uint64_t tick, unsigned budget)
{
	unsigned count;

	wheel_collect(wheel, tick, budget);
	count = wheel_run(wheel);
	wheel->next = next_tick(wheel);
	return count;
}

unsigned gyre__wheel_expire(struct gyre__wheel *wheel, uint64_t now, unsigned budget)
{
	uint64_t tick = now >> GYRE__TICK_SHIFT;

	if (tick >= wheel->next) {
		/* If the clock went back, timers in `todo` would run early. */
		return tick < wheel->tick ? 0 : wheel_turn(wheel, tick, budget);
	}
	if (tick > wheel->tick)
		wheel->tick = wheel->near = tick;
	return 0;
}
