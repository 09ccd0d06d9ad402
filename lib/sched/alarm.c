/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarms: how time moves on, and their memory. Owned by the scheduler. Called by process.c once a
 * turn, and by spawn for the room; calls libc. Invariants: no alarm ends before its tick; an alarm
 * that is far was set before those of the same tick that are near, for time only moves on: what
 * moves down goes before what is there.
 */
#include "sched/alarm.h"

#include <errno.h>
#include <stdlib.h>

#define NEVER UINT64_MAX /* a tick that does not come */

enum {
	GROUPS = GYRE__ALARM_NEAR / 4096, /* of words, of the near slots */
	FAR_SLOTS = 1 << GYRE__ALARM_FAR_BITS,
};

int gyre__alarms_init(struct gyre__alarms *alarms, uint64_t tick)
{
	alarms->next = alarms->far = NEVER;
	alarms->tick = tick;
	return gyre__alarms_grow(alarms, 1);
}

void gyre__alarms_fini(struct gyre__alarms *alarms)
{
	free(alarms->links);
	free(alarms->ticks);
	alarms->links = NULL;
	alarms->ticks = NULL;
}

int gyre__alarms_grow(struct gyre__alarms *alarms, uint32_t n)
{
	uint32_t more = alarms->room ? alarms->room : 64;
	struct gyre__alarm *links;
	uint64_t *ticks;

	while (more < n)
		more *= 2;
	links = realloc(alarms->links, (GYRE__ALARM_SLOTS + (size_t)more) * sizeof(*links));
	if (!links)
		return -ENOMEM;
	alarms->links = links;
	ticks = realloc(alarms->ticks, more * sizeof(*ticks));
	if (!ticks)
		return -ENOMEM;
	alarms->ticks = ticks;
	for (uint32_t i = alarms->room; i < more; i++)
		links[GYRE__ALARM_SLOTS + i] =
			(struct gyre__alarm){GYRE__ALARM_SLOTS + i, GYRE__ALARM_SLOTS + i};
	alarms->room = more;
	return 0;
}

static void mark_empty(struct gyre__alarms *alarms, uint32_t slot)
{
	alarms->used[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	if (!alarms->used[slot / 64])
		alarms->words[slot / 4096] &= ~(UINT64_C(1) << slot / 64 % 64);
}

/* The first marked slot of a word. */
static uint32_t marked_in(const struct gyre__alarms *alarms, uint32_t word)
{
	return word * 64 + (uint32_t)__builtin_ctzll(alarms->used[word]);
}

/* The first marked near slot from `from` on, around the ring; NEAR: none. */
static uint32_t marked_from(const struct gyre__alarms *alarms, uint32_t from)
{
	uint32_t word = from / 64, group = word / 64;
	uint64_t bits = alarms->used[word] >> from % 64;

	if (bits)
		return from + (uint32_t)__builtin_ctzll(bits);
	/* The words behind it; at last those before it, and what it has before `from`. */
	bits = alarms->words[group] & ~((UINT64_C(2) << word % 64) - 1);
	for (unsigned i = 0; !bits; i++) {
		if (i == GROUPS)
			return GYRE__ALARM_NEAR;
		group = (group + 1) % GROUPS;
		bits = alarms->words[group];
	}
	return marked_in(alarms, group * 64 + (uint32_t)__builtin_ctzll(bits));
}

static uint64_t first_near(struct gyre__alarms *alarms)
{
	uint32_t from = alarms->tick % GYRE__ALARM_NEAR, slot;

	while ((slot = marked_from(alarms, from)) != GYRE__ALARM_NEAR) {
		if (alarms->links[slot].next != slot)
			return alarms->tick + ((slot - from) % GYRE__ALARM_NEAR);
		mark_empty(alarms, slot);
	}
	return NEVER;
}

static unsigned far_shift(uint32_t slot)
{
	return GYRE__ALARM_NEAR_BITS + (slot - GYRE__ALARM_NEAR) / FAR_SLOTS * GYRE__ALARM_FAR_BITS;
}

/* The first far slot that is not empty, and its first tick: lower levels come before higher ones,
 * but for a slot that is being moved down. */
static uint64_t first_far(struct gyre__alarms *alarms, uint32_t *ret_slot)
{
	uint32_t slot = alarms->moving;

	*ret_slot = slot;
	if (slot)
		return alarms->tick;
	while (alarms->words[GROUPS]) {
		slot = marked_in(
			alarms, GROUPS * 64 + (uint32_t)__builtin_ctzll(alarms->words[GROUPS]));
		if (alarms->links[slot].next != slot) {
			unsigned shift = far_shift(slot);

			*ret_slot = slot;
			return ((alarms->tick >> shift & ~(uint64_t)(FAR_SLOTS - 1)) |
				       slot % FAR_SLOTS)
			       << shift;
		}
		mark_empty(alarms, slot);
	}
	return NEVER;
}

uint64_t gyre__alarms_first(struct gyre__alarms *alarms)
{
	uint64_t near = first_near(alarms);
	uint32_t slot;

	alarms->far = first_far(alarms, &slot);
	return near < alarms->far ? near : alarms->far;
}

/* Where an alarm belongs whose tick is not past. */
static uint32_t slot_of(const struct gyre__alarms *alarms, uint64_t tick)
{
	unsigned level, shift;

	if (tick - alarms->tick < GYRE__ALARM_NEAR)
		return tick % GYRE__ALARM_NEAR;
	level = (63 - (unsigned)__builtin_clzll(tick ^ alarms->tick) - GYRE__ALARM_NEAR_BITS) /
		GYRE__ALARM_FAR_BITS;
	shift = GYRE__ALARM_NEAR_BITS + level * GYRE__ALARM_FAR_BITS;
	return GYRE__ALARM_NEAR + level * FAR_SLOTS + (uint32_t)(tick >> shift) % FAR_SLOTS;
}

/* Of a slot into which an alarm is put: its mark. */
static void prepare(struct gyre__alarms *alarms, uint32_t slot, uint64_t tick)
{
	uint64_t first = tick;

	if (gyre__alarms_marked(alarms, slot))
		return;
	if (slot >= GYRE__ALARM_NEAR) {
		first = tick >> far_shift(slot) << far_shift(slot);
		if (first < alarms->far)
			alarms->far = first;
	}
	gyre__alarms_mark(alarms, slot, first);
}

void gyre__alarm_set_far(struct gyre__alarms *alarms, uint32_t index, uint64_t tick)
{
	uint32_t slot;

	if (tick < alarms->tick)
		tick = alarms->tick;
	slot = slot_of(alarms, tick);
	prepare(alarms, slot, tick);
	alarms->ticks[index] = tick;
	gyre__alarms_link(alarms->links, GYRE__ALARM_SLOTS + index, alarms->links[slot].prev, slot);
}

/* Moves on to a far slot, and its alarms down, from the last to the first: each goes before those
 * that are there. Returns how many. */
static unsigned move_down(struct gyre__alarms *alarms, unsigned max)
{
	struct gyre__alarm *links = alarms->links;
	uint32_t from, at;
	unsigned count = 0;

	alarms->tick = first_far(alarms, &from);
	alarms->moving = from;
	for (at = links[from].prev; at != from && count < max; at = links[from].prev, count++) {
		uint64_t tick = alarms->ticks[at - GYRE__ALARM_SLOTS];
		uint32_t slot = slot_of(alarms, tick);

		gyre__alarm_stop(alarms, at - GYRE__ALARM_SLOTS);
		prepare(alarms, slot, tick);
		gyre__alarms_link(links, at, slot, links[slot].next);
	}
	if (at == from) {
		mark_empty(alarms, from);
		alarms->moving = 0;
		alarms->far = first_far(alarms, &from);
	}
	return count;
}

/* Moves on to `next`, and ends the alarms of the near slots from there on in its word, up to that
 * of `tick`. A far slot begins with a word: none comes between them. */
static unsigned ring(
	struct gyre__alarms *alarms, uint64_t tick, uint32_t *ret_indices, unsigned max)
{
	uint64_t first = alarms->next, begin = first & ~UINT64_C(63), all, left;
	uint32_t word = first % GYRE__ALARM_NEAR / 64;
	struct gyre__alarm *links = alarms->links;
	unsigned count = 0;

	alarms->tick = first;
	all = alarms->used[word] & ~UINT64_C(0) << first % 64;
	if (tick - begin < 63)
		all &= (UINT64_C(2) << (tick - begin)) - 1;
	for (left = all; left; left &= left - 1) {
		uint32_t slot = word * 64 + (uint32_t)__builtin_ctzll(left), at = links[slot].next;

		for (; at != slot && count < max; count++) {
			uint32_t next = links[at].next;

			ret_indices[count] = at - GYRE__ALARM_SLOTS;
			links[at] = (struct gyre__alarm){at, at};
			at = next;
		}
		if (at != slot) {
			links[slot].next = at;
			links[at].prev = slot;
			break;
		}
	}
	alarms->used[word] ^= all ^ left;
	if (!alarms->used[word])
		alarms->words[word / 64] &= ~(UINT64_C(1) << word % 64);
	return count;
}

unsigned gyre__alarms_take(
	struct gyre__alarms *alarms, uint64_t tick, uint32_t *ret_indices, unsigned max)
{
	unsigned count = 0;

	while (max && alarms->next <= tick) {
		uint64_t near;
		uint32_t slot;

		/* That of a slot that stops have emptied since, perhaps. */
		if (alarms->far <= alarms->next)
			alarms->far = first_far(alarms, &slot);
		if (alarms->far <= alarms->next) {
			max -= move_down(alarms, max);
		} else {
			unsigned n = ring(alarms, tick, ret_indices + count, max);

			count += n;
			max -= n;
		}
		near = first_near(alarms);
		alarms->next = near < alarms->far ? near : alarms->far;
	}
	return count;
}
