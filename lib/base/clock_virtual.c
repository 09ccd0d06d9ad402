/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual clocks: time stands still while any loop on the clock has work, and jumps to the earliest
 * deadline when all are idle. Owns the list of its loops. Called by loops that found nothing to do,
 * by posts, and by hosts that move time by hand. Invariant: time never passes a deadline that a
 * loop has said it waits for, and a loop that was posted to counts as busy until it says otherwise
 * or rests.
 */
#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/hub.h"

struct member {
	struct member *next;
	struct gyre_loop *loop;
	uint64_t deadline;
	bool idle, woken;
	bool resting; /* its run is over: what it is posted holds nobody */
};

struct virtual_clock {
	struct gyre_clock clock;
	_Atomic(uint64_t) now;
	pthread_mutex_t lock;
	struct member *members;
};

static struct virtual_clock *of(struct gyre_clock *clock)
{
	return (struct virtual_clock *)clock;
}

static uint64_t virtual_read(struct gyre_clock *clock)
{
	return atomic_load_explicit(&of(clock)->now, memory_order_relaxed);
}

static struct member *find(struct virtual_clock *c, const struct gyre_loop *loop)
{
	struct member *m = c->members;

	while (m && m->loop != loop)
		m = m->next;
	return m;
}

static int virtual_join(struct gyre_clock *clock, struct gyre_loop *loop)
{
	struct virtual_clock *c = of(clock);
	struct member *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->loop = loop;
	pthread_mutex_lock(&c->lock);
	m->next = c->members;
	c->members = m;
	pthread_mutex_unlock(&c->lock);
	return 0;
}

/* Moves time to `to`, and wakes whoever waits for that. */
static void advance(struct virtual_clock *c, uint64_t to)
{
	if (to > atomic_load_explicit(&c->now, memory_order_relaxed))
		atomic_store_explicit(&c->now, to, memory_order_relaxed);
	for (struct member *m = c->members; m; m = m->next) {
		if (m->deadline > to)
			continue;
		m->idle = false;
		gyre__post_kick(&m->loop->posts);
	}
}

static void advance_if_all_idle(struct virtual_clock *c)
{
	uint64_t earliest = GYRE_FOREVER;

	for (struct member *m = c->members; m; m = m->next) {
		if (!m->idle)
			return;
		if (m->deadline < earliest)
			earliest = m->deadline;
	}
	if (earliest != GYRE_FOREVER)
		advance(c, earliest);
}

static void virtual_leave(struct gyre_clock *clock, struct gyre_loop *loop)
{
	struct virtual_clock *c = of(clock);
	struct member **link, *m = NULL;

	pthread_mutex_lock(&c->lock);
	for (link = &c->members; *link; link = &(*link)->next)
		if ((*link)->loop == loop) {
			m = *link;
			*link = m->next;
			break;
		}
	advance_if_all_idle(c);
	pthread_mutex_unlock(&c->lock);
	free(m);
}

static bool virtual_idle(struct gyre_clock *clock, struct gyre_loop *loop, uint64_t deadline)
{
	struct virtual_clock *c = of(clock);
	struct member *m;
	bool again;

	pthread_mutex_lock(&c->lock);
	m = find(c, loop);
	/* Its deadline may have passed since it looked, moved by hand. */
	m->idle = !m->woken && deadline > virtual_read(clock);
	m->woken = false;
	m->deadline = deadline;
	advance_if_all_idle(c);
	again = !m->idle;
	pthread_mutex_unlock(&c->lock);
	return again;
}

static void virtual_busy(struct gyre_clock *clock, struct gyre_loop *loop)
{
	struct virtual_clock *c = of(clock);
	struct member *m;

	pthread_mutex_lock(&c->lock);
	m = find(c, loop);
	if (m && !m->resting) {
		m->idle = false;
		m->woken = true;
	}
	pthread_mutex_unlock(&c->lock);
}

static void virtual_awake(struct gyre_clock *clock, struct gyre_loop *loop)
{
	struct virtual_clock *c = of(clock);
	struct member *m;

	pthread_mutex_lock(&c->lock);
	m = find(c, loop);
	m->idle = m->resting = false;
	pthread_mutex_unlock(&c->lock);
}

static void virtual_rest(struct gyre_clock *clock, struct gyre_loop *loop)
{
	struct virtual_clock *c = of(clock);
	struct member *m;

	pthread_mutex_lock(&c->lock);
	m = find(c, loop);
	m->idle = m->resting = true;
	m->deadline = GYRE_FOREVER;
	advance_if_all_idle(c);
	pthread_mutex_unlock(&c->lock);
}

int gyre_clock_virtual_create(uint64_t start, struct gyre_clock **ret_clock)
{
	static const struct gyre__clock_virtual ops = {
		.join = virtual_join,
		.leave = virtual_leave,
		.idle = virtual_idle,
		.busy = virtual_busy,
		.awake = virtual_awake,
		.rest = virtual_rest,
	};
	struct virtual_clock *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->clock.read = virtual_read;
	c->clock.is_virtual = &ops;
	atomic_init(&c->now, start);
	pthread_mutex_init(&c->lock, NULL);
	*ret_clock = &c->clock;
	return 0;
}

int gyre_clock_destroy(struct gyre_clock *clock)
{
	if (!clock)
		return 0;
	if (clock->is_virtual && of(clock)->members)
		return -EBUSY;
	if (clock->is_virtual)
		pthread_mutex_destroy(&of(clock)->lock);
	free(clock);
	return 0;
}

int gyre_clock_advance(struct gyre_clock *clock, uint64_t nsec)
{
	if (!clock->is_virtual)
		return -EINVAL;
	pthread_mutex_lock(&of(clock)->lock);
	advance(of(clock), nsec);
	pthread_mutex_unlock(&of(clock)->lock);
	return 0;
}
