/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_BYTES_H
#define GYRE_LIB_CONTROL_BYTES_H

#include <stddef.h>

/*
 * A queue of bytes.
 *
 *   data: [ taken | first ... first + n | room ... capacity )
 */
struct gyre__bytes {
	char *data;
	size_t first, n, capacity;
};

/* Makes room for `more` bytes behind the last and returns where; NULL: no memory. */
char *gyre__bytes_reserve(struct gyre__bytes *bytes, size_t more);
/* Returns 0 or -ENOMEM. */
int gyre__bytes_append(struct gyre__bytes *bytes, const void *data, size_t n);
/* Takes the first n away; an empty queue holds no memory. */
void gyre__bytes_take(struct gyre__bytes *bytes, size_t n);
/* The first byte. */
char *gyre__bytes_at(const struct gyre__bytes *bytes);
void gyre__bytes_fini(struct gyre__bytes *bytes);

#endif
