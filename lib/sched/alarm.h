/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarms: the timers of processes, one for each, named by its index. All that there is of most is a
 * link of eight bytes beside the others': those of ten thousand processes fit in a cache, where the
 * processes themselves do not. Ticks are those of wheel.h.
 *
 *   links  | near slots, one tick each | far slots | process 0 | process 1 | ...
 *
 * A slot and the alarms in it are a circle. The near slots are a ring that turns with time, and
 * have what is due within 16 ms: it stays there until then. The far ones are as those of a timing
 * wheel (wheel.h), and lie by the highest bit in which the tick differs from now.
 */
#ifndef GYRE_LIB_SCHED_ALARM_H
#define GYRE_LIB_SCHED_ALARM_H

#include <stdbool.h>
#include <stdint.h>

enum {
	GYRE__ALARM_NEAR_BITS = 14,
	GYRE__ALARM_NEAR = 1 << GYRE__ALARM_NEAR_BITS,
	GYRE__ALARM_FAR_BITS = 8,
	/* A tick has 54 bits, and rounding up may carry into a 55th. */
	GYRE__ALARM_FAR_LEVELS = 6,
	GYRE__ALARM_SLOTS = GYRE__ALARM_NEAR + (GYRE__ALARM_FAR_LEVELS << GYRE__ALARM_FAR_BITS),
	GYRE__ALARM_WORDS = GYRE__ALARM_SLOTS / 64,
};

struct gyre__alarm {
	uint32_t next, prev; /* one that is not set is a circle by itself */
};

struct gyre__alarms {
	struct gyre__alarm *links;
	uint64_t *ticks; /* of those that were far */
	uint32_t room; /* processes */
	uint32_t moving; /* the far slot that is being moved down; 0: none */
	uint64_t next; /* tick; nothing need be done before: a lower bound */
	uint64_t far; /* likewise, of the far slots */
	uint64_t tick; /* no alarm is due before; one that is due within NEAR from here is near */
	uint64_t words[GYRE__ALARM_WORDS / 64 + 1]; /* bit i: used[i] is not 0 */
	uint64_t used[GYRE__ALARM_WORDS]; /* of the slots: what is not marked is no circle yet */
};

/* Errors: -ENOMEM. */
int gyre__alarms_init(struct gyre__alarms *alarms, uint64_t tick);
/* Takes half-built ones, too. */
void gyre__alarms_fini(struct gyre__alarms *alarms);
int gyre__alarms_grow(struct gyre__alarms *alarms, uint32_t n);
/* Ends alarms that are due at `tick`, in order of ticks, and within one in that in which they were
 * set; returns how many. It ends or moves down at most `max`: if that was not enough, `next` is
 * not after `tick`. One is moved down at most once a level: so with n alarms, one is late by less
 * than a tick, and a turn, and 7 n / budget turns at the very worst. */
unsigned gyre__alarms_take(
	struct gyre__alarms *alarms, uint64_t tick, uint32_t *ret_indices, unsigned max);
/* The tick at which something is to be done, at the latest the first alarm's. UINT64_MAX: none. */
uint64_t gyre__alarms_first(struct gyre__alarms *alarms);
void gyre__alarm_set_far(struct gyre__alarms *alarms, uint32_t index, uint64_t tick);

/* Makes room for the processes below n. Errors: -ENOMEM, and nothing has changed. */
static inline int gyre__alarms_reserve(struct gyre__alarms *alarms, uint32_t n)
{
	return n <= alarms->room ? 0 : gyre__alarms_grow(alarms, n);
}

/* Time goes on to `tick`, if all that was to be done by then is done. For who sets alarms next. */
static inline void gyre__alarms_pass(struct gyre__alarms *alarms, uint64_t tick)
{
	if (tick > alarms->tick && tick < alarms->next)
		alarms->tick = tick;
}

static inline void gyre__alarms_mark(struct gyre__alarms *alarms, uint32_t slot, uint64_t first)
{
	alarms->used[slot / 64] |= UINT64_C(1) << slot % 64;
	alarms->words[slot / 4096] |= UINT64_C(1) << slot / 64 % 64;
	alarms->links[slot] = (struct gyre__alarm){slot, slot};
	if (first < alarms->next)
		alarms->next = first;
}

static inline bool gyre__alarms_marked(const struct gyre__alarms *alarms, uint32_t slot)
{
	return alarms->used[slot / 64] >> slot % 64 & 1;
}

static inline void gyre__alarms_link(
	struct gyre__alarm *links, uint32_t at, uint32_t prev, uint32_t next)
{
	links[at] = (struct gyre__alarm){next, prev};
	links[prev].next = at;
	links[next].prev = at;
}

/* Sets an alarm that is not set. */
static inline void gyre__alarm_set(struct gyre__alarms *alarms, uint32_t index, uint64_t tick)
{
	uint32_t slot = tick % GYRE__ALARM_NEAR;

	if (__builtin_expect(tick - alarms->tick >= GYRE__ALARM_NEAR, 0)) {
		gyre__alarm_set_far(alarms, index, tick);
		return;
	}
	if (!gyre__alarms_marked(alarms, slot))
		gyre__alarms_mark(alarms, slot, tick);
	gyre__alarms_link(alarms->links, GYRE__ALARM_SLOTS + index, alarms->links[slot].prev, slot);
}

/* Nothing happens if it is not set. The slot may be empty now; who looks for the first one finds
 * out. */
static inline void gyre__alarm_stop(struct gyre__alarms *alarms, uint32_t index)
{
	uint32_t at = GYRE__ALARM_SLOTS + index;
	struct gyre__alarm *links = alarms->links, was = links[at];

	links[was.next].prev = was.prev;
	links[was.prev].next = was.next;
	links[at] = (struct gyre__alarm){at, at};
}

static inline bool gyre__alarm_is_set(const struct gyre__alarms *alarms, uint32_t index)
{
	return alarms->links[GYRE__ALARM_SLOTS + index].next != GYRE__ALARM_SLOTS + index;
}

#endif
