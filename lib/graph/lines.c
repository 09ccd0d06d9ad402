/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory in cache lines: owns blocks of it, and what was given back. Called by node.c; calls
 * nothing of gyre. Invariant: what is got begins a line that nobody else has.
 */
#include "graph/lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 1024 /* lines, of which the first is the header's */

struct gyre__lines_block {
	struct gyre__lines_block *next;
};

/* Begins a new block; what is left of the last one is not used. */
static int block_add(struct gyre__lines *lines)
{
	struct gyre__lines_block *block = aligned_alloc(GYRE__LINE, BLOCK * GYRE__LINE);

	if (!block)
		return -1;
	block->next = lines->blocks;
	lines->blocks = block;
	lines->at = (char *)block + GYRE__LINE;
	lines->left = BLOCK - 1;
	return 0;
}

void *gyre__lines_get(struct gyre__lines *lines, size_t n)
{
	void *memory;

	if (n >= SIZE_MAX / GYRE__LINE)
		return NULL;
	n |= 1;
	if (n > GYRE__LINES_TOGETHER) {
		memory = aligned_alloc(GYRE__LINE, n * GYRE__LINE);
	} else if ((memory = lines->given[n / 2])) {
		memcpy(&lines->given[n / 2], memory, sizeof(memory));
	} else {
		if (lines->left < n && block_add(lines) < 0)
			return NULL;
		memory = lines->at;
		lines->at += n * GYRE__LINE;
		lines->left -= n;
	}
	if (memory)
		memset(memory, 0, n * GYRE__LINE);
	return memory;
}

void gyre__lines_put(struct gyre__lines *lines, void *memory, size_t n)
{
	if (n > GYRE__LINES_TOGETHER) {
		free(memory);
	} else if (memory) {
		memcpy(memory, &lines->given[n / 2], sizeof(memory));
		lines->given[n / 2] = memory;
	}
}

void gyre__lines_fini(struct gyre__lines *lines)
{
	struct gyre__lines_block *block;

	while ((block = lines->blocks)) {
		lines->blocks = block->next;
		free(block);
	}
}
