/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ready list's memory. Owned by the scheduler. Called by spawn, before a process is there to be
 * made ready; calls libc. Invariant: there is a place for every process that lives, so that a
 * wake-up cannot fail.
 */
#include "sched/ready.h"

#include <errno.h>
#include <stdlib.h>

#define LEAST 64u /* places */

int gyre__ready_grow(struct gyre__ready *ready, uint32_t n)
{
	uint32_t room = ready->places ? ready->mask + 1 : 0, more = room ? room : LEAST;
	struct gyre_process **places;

	while (more <= n)
		more *= 2;
	places = calloc(more, sizeof(*places));
	if (!places)
		return -ENOMEM;
	for (uint32_t at = ready->first; at != ready->end; at++)
		places[at & (more - 1)] = gyre__ready_at(ready, at);
	free(ready->places);
	ready->places = places;
	ready->mask = more - 1;
	return 0;
}

void gyre__ready_fini(struct gyre__ready *ready)
{
	free(ready->places);
	*ready = (struct gyre__ready){0};
}
