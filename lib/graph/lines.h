/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory in cache lines, for what is touched for every vector: it lies together, in few pages, and
 * apart from what is not. What is given back is for others of the same size, and goes with all of
 * it in the end.
 */
#ifndef GYRE_LIB_GRAPH_LINES_H
#define GYRE_LIB_GRAPH_LINES_H

#include <stddef.h>

#define GYRE__LINE 64
/* Lines that are worth it to lie together; more are memory of their own. With AddressSanitizer all
 * are, for it to see who goes beyond them. */
#ifndef GYRE__LINES_TOGETHER
#ifdef HAVE_ASAN
#define GYRE__LINES_TOGETHER 0
#else
#define GYRE__LINES_TOGETHER 63
#endif
#endif

struct gyre__lines {
	struct gyre__lines_block *blocks; /* the newest first */
	char *at; /* in the newest */
	size_t left; /* lines from there on */
	void *given[GYRE__LINES_TOGETHER / 2 +
		    1]; /* back, of 2 i + 1 lines; begins with the next */
};

/* Zeroed memory of at least n lines, at least one; an odd number, so that neighbours do not alias
 * at 4 KiB. NULL: no memory. */
void *gyre__lines_get(struct gyre__lines *lines, size_t n);
/* Gives back what was got with the same n; NULL is nothing. */
void gyre__lines_put(struct gyre__lines *lines, void *memory, size_t n);
/* Frees all that lies together, given back or not. */
void gyre__lines_fini(struct gyre__lines *lines);

#endif
