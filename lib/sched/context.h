/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switch between stacks: save here and jump there in one step. A suspended context is its
 * stack pointer alone; all that must survive lies on its own stack.
 */
#ifndef GYRE_LIB_SCHED_CONTEXT_H
#define GYRE_LIB_SCHED_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef HAVE_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef HAVE_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* Must not move while suspended. */
struct gyre__context {
	void *sp; /* while suspended: what the switch saved, plain */
#ifdef HAVE_ASAN
	void *fake_stack;
	const void *stack_low;
	size_t stack_size;
	struct gyre__context *previous; /* the one that switched to this one */
	void (*entry)(void *arg);
	void *arg;
#endif
#ifdef HAVE_TSAN
	void *fiber;
#endif
};

/* Prepares a context that runs entry(arg) on the given stack when it is first switched to, with
 * the rounding modes of the caller. `entry` never returns: it ends in gyre__context_exit(). */
void gyre__context_init(struct gyre__context *context, void *stack_low, size_t stack_size,
	void (*entry)(void *arg), void *arg);

/* The context of a thread's own stack: filled in whenever it is switched from. */
static inline void gyre__context_init_main(struct gyre__context *context)
{
	*context = (struct gyre__context){0};
}

/* Ends one that was prepared, and will not be switched to: it has exited, or is abandoned. */
static inline void gyre__context_fini(struct gyre__context *context)
{
#ifdef HAVE_TSAN
	__tsan_destroy_fiber(context->fiber);
#endif
	context->sp = NULL;
}

/* What a variant (context_x86_64.S, context_libc.c) provides: the switch, one that keeps nothing of
 * where it comes from and does not return, and what makes the first switch to a context call
 * entry(arg) at the top of its stack, which is aligned to 16. */
int gyre__context_swap(struct gyre__context *from, struct gyre__context *to, int word);
void gyre__context_jump(struct gyre__context *to);
void gyre__context_prepare(
	struct gyre__context *context, void *low, void *top, void (*entry)(void *arg), void *arg);

/* The control words as they are now, and a swap by one who knows that they are still the same: to
 * read mxcsr takes some CPUs longer than all the rest of a switch. */
#ifdef CONTEXT_ASM
int gyre__context_enter(
	struct gyre__context *from, struct gyre__context *to, int word, uint64_t control);

static inline uint64_t gyre__context_control(void)
{
	uint32_t mxcsr;
	uint16_t x87;

	__asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(x87));
	return mxcsr | (uint64_t)x87 << 32;
}
#else
static inline int gyre__context_enter(
	struct gyre__context *from, struct gyre__context *to, int word, uint64_t control)
{
	(void)control;
	return gyre__context_swap(from, to, word);
}

static inline uint64_t gyre__context_control(void)
{
	return 0; /* libc's keep none */
}
#endif

/* The sanitizers are told before and after each switch; `last`: `from` is never switched to again.
 * AddressSanitizer: the one that arrives learns the bounds of the stack it came from, so those of a
 * thread's own stack need not be asked for. ThreadSanitizer: what is between the two calls must not
 * be a function of its own, whose end would be told of `to`. */
#if defined(HAVE_ASAN)
static inline void gyre__context_leave(
	struct gyre__context *from, struct gyre__context *to, bool last)
{
	to->previous = from;
	__sanitizer_start_switch_fiber(
		last ? NULL : &from->fake_stack, to->stack_low, to->stack_size);
}

static inline void gyre__context_arrive(struct gyre__context *self)
{
	__sanitizer_finish_switch_fiber(
		self->fake_stack, &self->previous->stack_low, &self->previous->stack_size);
}
#elif defined(HAVE_TSAN)
__attribute__((always_inline)) static inline void gyre__context_leave(
	struct gyre__context *from, struct gyre__context *to, bool last)
{
	(void)last;
	from->fiber = __tsan_get_current_fiber(); /* a loop may have changed its thread */
	__tsan_switch_to_fiber(to->fiber, 0);
}

static inline void gyre__context_arrive(struct gyre__context *self)
{
	(void)self;
}
#else
static inline void gyre__context_leave(
	struct gyre__context *from, struct gyre__context *to, bool last)
{
	(void)from, (void)to, (void)last;
}

static inline void gyre__context_arrive(struct gyre__context *self)
{
	(void)self;
}
#endif

/* Of a function that switches and then returns: by a jump, for the CPU's stack of return addresses
 * is full of other stacks' by then. */
#if defined(CONTEXT_ASM) && defined(__has_attribute)
#if __has_attribute(function_return)
#define GYRE__RETURNS_BY_JUMP __attribute__((function_return("thunk-extern")))
#endif
#endif
#ifndef GYRE__RETURNS_BY_JUMP
#define GYRE__RETURNS_BY_JUMP
#endif

/* Suspends `from`, the running context, and goes on with `to`, whose own switch returns 0; returns
 * the word of the one that comes back. Inline, so that a caller that returns what it returns jumps
 * there: every return after a switch is mispredicted. */
static inline int gyre__context_switch(struct gyre__context *from, struct gyre__context *to)
{
	int word;

	gyre__context_leave(from, to, false);
	word = gyre__context_swap(from, to, 0);
	gyre__context_arrive(from);
	return word;
}

/* As above, but that `to`'s own returns `word`, and while gyre__context_control() is `control`. */
static inline void gyre__context_switch_under(
	struct gyre__context *from, struct gyre__context *to, int word, uint64_t control)
{
	gyre__context_leave(from, to, false);
	gyre__context_enter(from, to, word, control);
	gyre__context_arrive(from);
}

/* As above; `from` is never switched to again, and its stack may be reused. */
__attribute__((noreturn)) static inline void gyre__context_exit(
	struct gyre__context *from, struct gyre__context *to)
{
	gyre__context_leave(from, to, true);
	gyre__context_jump(to);
	__builtin_trap();
}

#endif
