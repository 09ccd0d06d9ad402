/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of contexts that no machine changes: where a new stack begins, and what the sanitizers
 * are told of it. Called by process.c, calls the variant (context_x86_64.S or context_libc.c).
 * Invariant: a stack's first frame is aligned as the ABI wants it.
 */
#include "sched/context.h"

#include <stdint.h>

#ifdef HAVE_ASAN
static void arrive_first(void *arg)
{
	struct gyre__context *context = arg;

	gyre__context_arrive(context);
	context->entry(context->arg);
}
#endif

void gyre__context_init(struct gyre__context *context, void *stack_low, size_t stack_size,
	void (*entry)(void *arg), void *arg)
{
	uintptr_t top = ((uintptr_t)stack_low + stack_size) & ~(uintptr_t)15;

#ifdef HAVE_ASAN
	*context = (struct gyre__context){
		.stack_low = stack_low, .stack_size = stack_size, .entry = entry, .arg = arg};
	entry = arrive_first;
	arg = context;
#endif
#ifdef HAVE_TSAN
	context->fiber = __tsan_create_fiber(0);
#endif
	gyre__context_prepare(context, stack_low, (void *)top, entry, arg);
}
