/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_LOOPS_H
#define GYRE_LIB_CONTROL_LOOPS_H

#include <gyre/control.h>
#include <sys/queue.h>

#include "control/command.h"
#include "control/reading.h"

/* A method of the application, on one loop. */
struct gyre__app_method {
	STAILQ_ENTRY(gyre__app_method) link;
	struct gyre_control_method method;
	void *arg;
};

/*
 * A loop that is served. The control's lock guards `loop`, the lists it is in, its methods and its
 * readers; the rest is the control's thread's.
 *
 *   loop_add -> served list -> loop_del (the loop's thread) -> gone list -> reaped (ours)
 */
struct gyre__served {
	TAILQ_ENTRY(gyre__served) link;
	struct gyre_loop *loop; /* NULL: deleted, not to be touched */
	char name[32];
	STAILQ_HEAD(, gyre__app_method) methods;
	struct gyre__source sources[GYRE__SOURCES];
	struct gyre__queue queue; /* commands */
	struct gyre__shared *baseline; /* of runtime.clear; NULL: none */
};

TAILQ_HEAD(gyre__served_list, gyre__served);

/* With the lock held. By name; NULL: the only one there is. */
struct gyre__served *gyre__served_find(struct gyre_control *control, const char *name);
/* The method that a loop has, or NULL. */
struct gyre__app_method *gyre__served_method(struct gyre__served *served, const char *name);

/* On the control's thread, without the lock: fails the requests of loops that are gone, and frees
 * them. */
void gyre__served_reap(struct gyre_control *control);
/* The same thread: as if every loop were deleted. */
void gyre__served_forget_all(struct gyre_control *control);

#endif
