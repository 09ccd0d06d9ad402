/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_BASE_COPY_H
#define GYRE_LIB_BASE_COPY_H

#include <gyre/base.h>

/*
 * Memory of somebody else's, into which a loop copies what it has, one unit behind the other and a
 * bounded number of them a turn. What does not fit is measured all the same.
 *
 *   memory: | unit | unit | ... | unit |  free  |      each begins at a multiple of 8
 *                                      ^ used   ^ size
 */
struct gyre__copy {
	char *memory;
	size_t size;
	size_t used; /* above `size`: it did not fit, and is to be thrown away */
	unsigned units; /* that may be copied in this turn */
	unsigned looks; /* at places that may hold one */
};

static inline bool gyre__copy_may_go_on(struct gyre__copy *copy)
{
	return copy->units && copy->looks && copy->looks--;
}

/* Room for the next unit, NULL: it does not fit. */
static inline void *gyre__copy_room(struct gyre__copy *copy, size_t size)
{
	size_t at = copy->used;

	copy->used += (size + 7) / 8 * 8;
	copy->units--;
	return copy->used <= copy->size ? copy->memory + at : NULL;
}

#endif
