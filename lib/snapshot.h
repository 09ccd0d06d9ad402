/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_SNAPSHOT_H
#define GYRE_LIB_SNAPSHOT_H

#include <gyre/snapshot.h>

#include "base/copy.h"

/* What a reading passes over, one after the other. */
enum gyre__pass { GYRE__PASS_NODES, GYRE__PASS_PROCESSES, GYRE__PASS_LINKS, GYRE__PASSES };

/* A copy of a loop that is being made. */
struct gyre__reading {
	struct gyre_loop *loop;
	bool stacks;
	struct gyre__reading *next, **pprev; /* the loop's, while under way */
	enum gyre__pass pass;
	uint32_t index; /* of the node or process that comes next */
	struct gyre_link *link; /* that comes next */
	struct gyre__copy copy;
	unsigned counts[GYRE__PASSES];
	size_t starts[GYRE__PASSES]; /* in the copy */
	struct gyre_snapshot head;
};

/* On the loop's thread: begins, with `loop`, `stacks` and the copy's memory set; copies at most
 * `units`, UINT_MAX: all there are, and says whether that was the end; gives up before that. */
void gyre__reading_begin(struct gyre__reading *reading);
bool gyre__reading_go_on(struct gyre__reading *reading, unsigned units);
void gyre__reading_end(struct gyre__reading *reading);
/* Makes the snapshot of a finished reading that fitted; `memory` is what it copied, or a copy of
 * that, from malloc(), and the callee's in any case. Any thread. Errors: -ENOMEM. */
int gyre__reading_make(
	const struct gyre__reading *reading, char *memory, struct gyre_snapshot **ret_snapshot);

#endif
