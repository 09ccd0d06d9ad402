/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues of bytes: what came from a client, what waits for it. Owns their memory. Called by clients
 * and replies. Invariant: what was appended is taken in order, once, and memory follows what is
 * queued, so that a thousand clients that are silent hold none.
 */
#include "control/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *gyre__bytes_at(const struct gyre__bytes *bytes)
{
	return bytes->data + bytes->first;
}

char *gyre__bytes_reserve(struct gyre__bytes *bytes, size_t more)
{
	size_t need = bytes->n + more, capacity = bytes->capacity ? bytes->capacity : 1024;
	char *data;

	if (bytes->data && need <= bytes->capacity - bytes->first)
		return bytes->data + bytes->first + bytes->n;
	/* With room to spare, so that a byte is not moved for each one that comes. */
	while (capacity < need + need / 2)
		capacity *= 2;
	data = malloc(capacity);
	if (!data)
		return NULL;
	if (bytes->n)
		memcpy(data, gyre__bytes_at(bytes), bytes->n);
	free(bytes->data);
	bytes->data = data;
	bytes->first = 0;
	bytes->capacity = capacity;
	return data + bytes->n;
}

int gyre__bytes_append(struct gyre__bytes *bytes, const void *data, size_t n)
{
	char *room = gyre__bytes_reserve(bytes, n);

	if (!room)
		return -ENOMEM;
	memcpy(room, data, n);
	bytes->n += n;
	return 0;
}

void gyre__bytes_take(struct gyre__bytes *bytes, size_t n)
{
	bytes->first += n;
	bytes->n -= n;
	if (bytes->n == 0)
		gyre__bytes_fini(bytes);
}

void gyre__bytes_fini(struct gyre__bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct gyre__bytes){NULL, 0, 0, 0};
}
