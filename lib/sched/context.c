/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of contexts that no machine changes: what lies at the top of a new stack and the first
 * function that runs on it. Called by process.c, calls the variant (context_x86_64.S or
 * context_libc.c). Invariant: a stack's first frame is aligned as the ABI wants it, and nothing
 * ever returns out of it.
 */
#include "sched/context.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static_assert(sizeof(struct gyre__context_start) <= 32, "it is laid into 32 bytes at the top");

void gyre__context_init(struct gyre__context *context, void *stack_low, size_t stack_size,
	void (*entry)(void *arg), void *arg)
{
	uintptr_t top = ((uintptr_t)stack_low + stack_size) & ~(uintptr_t)15;
	struct gyre__context_start *start = (struct gyre__context_start *)(top - 32);

	memset(context, 0, sizeof(*context));
#ifdef HAVE_ASAN
	context->stack_low = stack_low;
	context->stack_size = stack_size;
#endif
#ifdef HAVE_TSAN
	context->fiber = __tsan_create_fiber(0);
#endif
	*start = (struct gyre__context_start){context, entry, arg};
	gyre__context_prepare(context, stack_low, start);
}

void gyre__context_init_main(struct gyre__context *context)
{
	memset(context, 0, sizeof(*context));
}

void gyre__context_fini(struct gyre__context *context)
{
#ifdef HAVE_TSAN
	__tsan_destroy_fiber(context->fiber);
#endif
	context->sp = NULL;
}

void gyre__context_begin(struct gyre__context_start *start)
{
	gyre__context_arrive(start->context);
	start->entry(start->arg);
	__builtin_trap();
}
