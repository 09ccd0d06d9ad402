/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readings of a loop, shared by whoever waits for one that is fresh enough. Times are uv_hrtime().
 * Everything here is for the control's thread, and with the lock held where it says so.
 */
#ifndef GYRE_LIB_CONTROL_READING_H
#define GYRE_LIB_CONTROL_READING_H

#include <gyre/snapshot.h>
#include <sys/queue.h>

#include "control/request.h"

struct gyre__served;

enum {
	GYRE__SOURCE_LIGHT, /* without the stacks' high-water marks */
	GYRE__SOURCE_FULL,
	GYRE__SOURCES,
};

/* A finished reading, counted by its users. */
struct gyre__shared {
	struct gyre__reading reading; /* first: what others see of it */
	struct gyre_snapshot *snapshot;
	unsigned refs;
	uint64_t begun; /* everything in it is younger */
};

/* Somebody waits for a reading that was begun no earlier than not_before. */
struct gyre__wait {
	TAILQ_ENTRY(gyre__wait) link;
	struct gyre__source *source; /* NULL: waits no more */
	uint64_t not_before;
	struct gyre__shared *shared; /* what came; a reference */
	struct gyre__request *request;
};

TAILQ_HEAD(gyre__waits, gyre__wait);

struct gyre__source {
	struct gyre_reader *reader; /* NULL: the loop is deleted */
	bool under_way;
	uint64_t begun; /* the last one */
	uint64_t age; /* nsec that a reading may be old */
	struct gyre__shared *last; /* a reference, or NULL */
	struct gyre__waits waits;
};

/* With the lock held; the loop's thread, too. `age` as in the struct. */
int gyre__source_init(struct gyre__source *source, struct gyre_loop *loop, bool stacks,
	uint64_t age, struct gyre_control *control);
/* With the lock held; the loop's thread, too. Touches the loop for the last time. */
void gyre__source_detach(struct gyre__source *source);
/* Without a loop and without waits. */
void gyre__source_fini(struct gyre__source *source);

/* With the lock held. Answers by a call of gyre__request_read(): at once if there is a reading that
 * is young enough, and begun since `changed`. */
void gyre__wait_start(struct gyre__wait *wait, struct gyre__source *source, uint64_t changed);
/* Ends a wait, and lets go of what came. */
void gyre__wait_stop(struct gyre__wait *wait);
/* With the lock held: takes what was read and begins what is due. Returns when the next one is to
 * begin, GYRE_FOREVER: when somebody asks. */
uint64_t gyre__source_poll(struct gyre__source *source, const char *name, uint64_t now);

struct gyre__shared *gyre__shared_ref(struct gyre__shared *shared);
/* NULL is fine. */
void gyre__shared_unref(struct gyre__shared *shared);

#endif
