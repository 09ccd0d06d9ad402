/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readings of a loop. Owns the readers and what they read. Called by requests and by the control's
 * wake-up, calls the core's readers. Invariant: one reading of a source is under way at a time, and
 * the next begins no sooner than a quarter of its age or a millisecond after, so that clients cost
 * the loop no more, however many they are; whoever waits gets one that was begun after what he must
 * see.
 */
#include "control/reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "control/control.h"
#include "control/question.h"

#define PAUSE_NSEC GYRE_MSEC(1) /* at least, from one reading to the next */

/* On the loop's thread; not after gyre_reader_destroy(). */
static void finished(void *arg)
{
	struct gyre_control *control = arg;

	uv_async_send(&control->wake);
}

int gyre__source_init(struct gyre__source *source, struct gyre_loop *loop, bool stacks,
	uint64_t age, struct gyre_control *control)
{
	struct gyre_reader_options options = GYRE_READER_OPTIONS_INIT;

	options.no_stacks = !stacks;
	options.fn = finished;
	options.arg = control;
	source->age = age;
	TAILQ_INIT(&source->waits);
	return gyre_reader_create(loop, &options, &source->reader);
}

void gyre__source_detach(struct gyre__source *source)
{
	gyre_reader_destroy(source->reader);
	source->reader = NULL;
}

void gyre__source_fini(struct gyre__source *source)
{
	gyre__shared_unref(source->last);
}

struct gyre__shared *gyre__shared_ref(struct gyre__shared *shared)
{
	shared->refs++;
	return shared;
}

void gyre__shared_unref(struct gyre__shared *shared)
{
	if (!shared || --shared->refs)
		return;
	gyre_snapshot_destroy(shared->snapshot);
	free(shared);
}

/* --- Waiting --- */

static void fulfil(struct gyre__wait *wait, struct gyre__shared *shared)
{
	wait->shared = gyre__shared_ref(shared);
	wait->source = NULL;
	gyre__request_read(wait->request);
}

void gyre__wait_start(struct gyre__wait *wait, struct gyre__source *source, uint64_t changed)
{
	uint64_t now = uv_hrtime(), oldest = now > source->age ? now - source->age : 0;

	wait->not_before = changed > oldest ? changed : oldest;
	if (source->last && source->last->begun >= wait->not_before) {
		fulfil(wait, source->last);
		return;
	}
	wait->source = source;
	TAILQ_INSERT_TAIL(&source->waits, wait, link);
}

void gyre__wait_stop(struct gyre__wait *wait)
{
	if (wait->source)
		TAILQ_REMOVE(&wait->source->waits, wait, link);
	wait->source = NULL;
	gyre__shared_unref(wait->shared);
	wait->shared = NULL;
}

/* Those for whom it is too old wait for the next. */
static void hand_out(struct gyre__source *source)
{
	struct gyre__wait *wait, *next;

	for (wait = TAILQ_FIRST(&source->waits); wait; wait = next) {
		next = TAILQ_NEXT(wait, link);
		if (source->last->begun < wait->not_before)
			continue;
		TAILQ_REMOVE(&source->waits, wait, link);
		fulfil(wait, source->last);
	}
}

/* --- Reading --- */

static void keep(struct gyre__source *source, struct gyre_snapshot *snapshot, const char *name)
{
	struct gyre__shared *shared = calloc(1, sizeof(*shared));

	if (!shared) { /* who waits is told by his deadline */
		gyre_snapshot_destroy(snapshot);
		return;
	}
	snprintf(shared->reading.loop, sizeof(shared->reading.loop), "%s", name);
	shared->reading.snapshot = shared->snapshot = snapshot;
	shared->refs = 1;
	shared->begun = source->begun;
	gyre__shared_unref(source->last);
	source->last = shared;
}

static void take(struct gyre__source *source, const char *name)
{
	struct gyre_snapshot *snapshot;
	int status = gyre_reader_take(source->reader, &snapshot);

	if (status == -EAGAIN)
		return;
	source->under_way = false;
	if (status < 0)
		return;
	keep(source, snapshot, name);
	if (source->last)
		hand_out(source);
}

uint64_t gyre__source_poll(struct gyre__source *source, const char *name, uint64_t now)
{
	uint64_t pause = source->age / 4 > PAUSE_NSEC ? source->age / 4 : PAUSE_NSEC;
	uint64_t due = source->begun + pause;

	if (!source->reader)
		return GYRE_FOREVER;
	if (source->under_way)
		take(source, name);
	if (source->under_way || TAILQ_EMPTY(&source->waits))
		return GYRE_FOREVER;
	if (due > now && source->begun)
		return due;
	/* Read before the loop is asked: it copies no sooner. */
	source->begun = now;
	source->under_way = gyre_reader_start(source->reader) == 0;
	return source->under_way ? GYRE_FOREVER : now + GYRE_MSEC(1);
}
