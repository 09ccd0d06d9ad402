/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guarded stacks from slabs, one pool a loop. Getting and putting one back costs some nanoseconds
 * and touches no stack memory.
 */
#ifndef GYRE_LIB_SCHED_STACK_H
#define GYRE_LIB_SCHED_STACK_H

#include <gyre/base.h>

/* Bytes of guard below every stack. */
#define GYRE__GUARD_SIZE (64u << 10)

struct gyre__stacks;

struct gyre__stack {
	void *low; /* lowest usable byte; the guard ends here */
	size_t size; /* usable bytes, at least those asked for; low + size is the top */
	uint32_t class; /* the pool's */
	uint32_t valgrind_id;
};

/* How a guard is made. AUTO: by MADV_GUARD_INSTALL, which costs no map entry of the kernel, where
 * it works, and by mprotect otherwise. */
enum gyre__guard {
	GYRE__GUARD_AUTO,
	GYRE__GUARD_MADVISE,
	GYRE__GUARD_MPROTECT,
};

/* Creates an empty pool, and proves by a write(2) out of a guard that guards work here. Errors:
 * -ENOMEM, -EMFILE, -ENFILE, -ENOTSUP (no guard could be proved). */
int gyre__stacks_create(struct gyre__stacks **ret_stacks);
/* As above, with one kind of guard only. */
int gyre__stacks_create_guard(enum gyre__guard guard, struct gyre__stacks **ret_stacks);
/* Unmaps all stacks, those in use, too. NULL is fine. */
void gyre__stacks_destroy(struct gyre__stacks *stacks);
enum gyre__guard gyre__stacks_guard(const struct gyre__stacks *stacks);

/* Takes a stack of at least `size` bytes, at most 64 MiB. Errors, with text: -EINVAL, -ENOMEM (no
 * memory, or no guard: the text says which). */
int gyre__stack_get(struct gyre__stacks *stacks, size_t size, struct gyre_error *error,
	struct gyre__stack *ret_stack);
void gyre__stack_put(struct gyre__stacks *stacks, struct gyre__stack *stack);

/* The high-water mark in bytes from the top, in whole pages, of this and earlier users of the
 * memory since it was last given back. O(pages). */
size_t gyre__stack_used(const struct gyre__stack *stack);
/* Gives the pages of unused stacks back to the kernel, all but the topmost of each. Put does that
 * by itself when many deep ones have gathered. Returns the number of stacks it looked at. */
unsigned gyre__stacks_trim(struct gyre__stacks *stacks);

#endif
