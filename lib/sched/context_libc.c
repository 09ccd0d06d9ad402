/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switch for machines without assembly of ours (--with-context=libc): _setjmp and _longjmp, the
 * first entry made by makecontext. Called by context.h and context.c, calls libc. Invariant: the
 * signal mask is never touched after a context's preparation, and a suspended context's jmp_buf
 * lies on its own stack, where context->sp points at it.
 */
/* The fortified longjmp takes every jump to another stack for an attack, and aborts. */
#undef _FORTIFY_SOURCE

#include "sched/context.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#if defined(__USE_FORTIFY_LEVEL) && __USE_FORTIFY_LEVEL > 0
#error "a header was included before _FORTIFY_SOURCE was undefined"
#endif

/* AddressSanitizer may move a function's locals off the stack: not those that hold a context. */
#define ON_OWN_STACK __attribute__((no_sanitize("address")))

struct suspended {
	jmp_buf buf;
	volatile int word; /* of the switch that ends this suspension */
};

struct boot {
	struct gyre__context *context;
	void (*entry)(void *arg);
	void *arg;
	ucontext_t here, there;
	volatile bool entered;
};

/* The parameter of makecontext's function is made of ints. */
ON_OWN_STACK static void boot_run(unsigned high, unsigned low)
{
	struct boot *boot = (struct boot *)((uintptr_t)high << 16 << 16 | low);
	void (*volatile entry)(void *arg) = boot->entry;
	void *volatile arg = boot->arg;
	struct suspended me;

	boot->context->sp = &me;
	if (_setjmp(me.buf) == 0)
		setcontext(&boot->here);
	entry(arg);
	__builtin_trap();
}

void gyre__context_prepare(
	struct gyre__context *context, void *low, void *top, void (*entry)(void *arg), void *arg)
{
	struct boot boot = {.context = context, .entry = entry, .arg = arg};

	getcontext(&boot.there);
	boot.there.uc_stack.ss_sp = low;
	boot.there.uc_stack.ss_size = (size_t)((char *)top - (char *)low);
	boot.there.uc_link = NULL;
	makecontext(&boot.there, (void (*)(void))boot_run, 2,
		(unsigned)((uintptr_t)&boot >> 16 >> 16), (unsigned)(uintptr_t)&boot);
	/* As swapcontext, which AddressSanitizer would warn of; it returns twice. */
	getcontext(&boot.here);
	if (!boot.entered) {
		boot.entered = true;
		setcontext(&boot.there);
	}
}

ON_OWN_STACK int gyre__context_swap(struct gyre__context *from, struct gyre__context *to, int word)
{
	struct suspended me, *other = to->sp;

	from->sp = &me;
	if (_setjmp(me.buf) == 0) {
		other->word = word;
		_longjmp(other->buf, 1);
	}
	return me.word;
}

ON_OWN_STACK void gyre__context_jump(struct gyre__context *to)
{
	struct suspended *other = to->sp;

	other->word = 0;
	_longjmp(other->buf, 1);
}
