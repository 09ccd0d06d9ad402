/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timing wheel of process_steps.c, of VPP's shape: 3 rings of 1,024 slots of 10 us, a bitmap of
 * the fast ring, timers in a pool linked by index. Written anew from that description. Owns the
 * pool. Invariant: a handle expires in the first tick that is not before its time.
 */
#include "process_wheel.h"

#include <stdlib.h>

enum { SLOTS = 1024, RINGS = 3, NOBODY = UINT32_MAX };

struct timer {
	uint32_t next, prev; /* entries of the pool; a slot is a circle with its head there */
	uint16_t fast, slow; /* where it belongs once the slower rings have turned */
	uint32_t handle;
};

struct wheel {
	struct timer *pool;
	uint32_t used, unused; /* entries handed out once; the first of those put back */
	uint32_t heads[RINGS][SLOTS];
	uint64_t bitmap[SLOTS / 64]; /* slots of the fast ring that hold a timer */
	uint64_t tick; /* the next that has not been looked at */
};

static uint32_t wheel_take(struct wheel *w)
{
	uint32_t index = w->unused;

	if (index == NOBODY)
		return w->used++;
	w->unused = w->pool[index].next;
	return index;
}

struct wheel *wheel_open(unsigned n)
{
	struct wheel *w = calloc(1, sizeof(*w));

	bench_check(w ? 0 : -1, "memory");
	w->unused = NOBODY;
	w->pool = calloc(n + RINGS * SLOTS, sizeof(*w->pool));
	bench_check(w->pool ? 0 : -1, "memory");
	for (unsigned ring = 0; ring < RINGS; ring++)
		for (unsigned slot = 0; slot < SLOTS; slot++) {
			uint32_t head = w->heads[ring][slot] = wheel_take(w);

			w->pool[head].next = w->pool[head].prev = head;
		}
	return w;
}

void wheel_close(struct wheel *w)
{
	free(w->pool);
	free(w);
}

static void wheel_link(struct wheel *w, unsigned ring, unsigned slot, uint32_t index)
{
	uint32_t head = w->heads[ring][slot], next = w->pool[head].next;

	w->pool[index].prev = head;
	w->pool[index].next = next;
	w->pool[next].prev = index;
	w->pool[head].next = index;
	if (ring == 0)
		w->bitmap[slot / 64] |= UINT64_C(1) << slot % 64;
}

uint32_t wheel_start(struct wheel *w, uint32_t handle, uint64_t ticks)
{
	uint32_t index = wheel_take(w);
	uint64_t at = w->tick + (ticks ? ticks : 1);
	struct timer *timer = &w->pool[index];

	timer->handle = handle;
	timer->fast = at % SLOTS;
	timer->slow = at / SLOTS % SLOTS;
	if (at / SLOTS == w->tick / SLOTS)
		wheel_link(w, 0, timer->fast, index);
	else if (at / SLOTS / SLOTS == w->tick / SLOTS / SLOTS)
		wheel_link(w, 1, timer->slow, index);
	else
		wheel_link(w, 2, at / SLOTS / SLOTS % SLOTS, index);
	return index;
}

/* The timers of a slow slot go to the ring below. */
static void wheel_cascade(struct wheel *w, unsigned ring, unsigned slot)
{
	uint32_t head = w->heads[ring][slot], index = w->pool[head].next;

	w->pool[head].next = w->pool[head].prev = head;
	while (index != head) {
		struct timer *timer = &w->pool[index];
		uint32_t next = timer->next;

		wheel_link(w, ring - 1, ring == 1 ? timer->fast : timer->slow, index);
		index = next;
	}
}

static uint32_t *wheel_slot(struct wheel *w, unsigned slot, uint32_t *expired)
{
	uint32_t head = w->heads[0][slot], index = w->pool[head].next;

	w->bitmap[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	w->pool[head].next = w->pool[head].prev = head;
	while (index != head) {
		uint32_t next = w->pool[index].next;

		*expired++ = w->pool[index].handle;
		w->pool[index].next = w->unused;
		w->unused = index;
		index = next;
	}
	return expired;
}

uint32_t *wheel_expire(struct wheel *w, uint64_t now, uint32_t *expired)
{
	uint64_t until = now / PROCESS_TICK;

	for (; w->tick <= until; w->tick++) {
		unsigned slot = w->tick % SLOTS;

		if (slot == 0) {
			if (w->tick / SLOTS % SLOTS == 0)
				wheel_cascade(w, 2, w->tick / SLOTS / SLOTS % SLOTS);
			wheel_cascade(w, 1, w->tick / SLOTS % SLOTS);
		}
		if (w->bitmap[slot / 64] >> slot % 64 & 1)
			expired = wheel_slot(w, slot, expired);
	}
	return expired;
}
