/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h: links: what somebody on the loop watches, as those who look after the program see it.
 *
 * A port, a tunnel, a neighbour, a session: whoever knows whether it is up publishes that under a
 * name, and snapshots (snapshot.h) show it. Everything here is for the loop's thread, also inside
 * node functions, and allocates nothing.
 */
#ifndef GYRE_LINK_H
#define GYRE_LINK_H

#include <gyre/loop.h>

GYRE_BEGIN_DECLS

#define GYRE_LINK_NAME_SIZE 64

struct gyre_link_state {
	char name[GYRE_LINK_NAME_SIZE];
	bool up;
	uint64_t
		changed; /* the loop's time, nsec, of the last change; of adding before the first */
	uint64_t changes; /* since it was added */
};

/* In the caller's memory from add to del. All zero before it is first added: every call looks at
 * it. `state` may be read, the rest is the library's. */
struct gyre_link {
	struct gyre_loop *loop;
	struct gyre_link *next, *prev;
	struct gyre_link_state state;
};

/* Publishes a link under a name of its own, copied. Links that are still there when the loop is
 * destroyed are forgotten: the caller may free, but not set or delete them. O(links).
 * Errors: -EINVAL (no name, or one over 63 bytes), -EEXIST (the name is taken, or the link added,
 * already). */
GYRE_API int gyre_link_add(
	struct gyre_loop *loop, struct gyre_link *link, const char *name, bool up);
/* Says how it is now; a change is counted, and dated by gyre_loop_now(). Nothing happens to a link
 * that was not added. */
GYRE_API void gyre_link_set(struct gyre_link *link, bool up);
/* Ends it; nothing happens to one that was not added. */
GYRE_API void gyre_link_del(struct gyre_link *link);

GYRE_END_DECLS

#endif
