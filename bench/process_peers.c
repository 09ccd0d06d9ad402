/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The peers of the process subject that come with the system: Boost's fcontext, GNU Pth, and libc's
 * swapcontext and _setjmp. Called by process.c. Boost's and libc's are switches alone: their yields
 * are those of an array of contexts gone through in turn, with nothing beside, a floor for what a
 * scheduler can reach; their stacks come from an array that serves as a pool.
 */
/* The fortified longjmp takes every jump to another stack for an attack, and aborts. */
#undef _FORTIFY_SOURCE

#include "process.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <ucontext.h>

static void *allocate(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	bench_check(memory ? 0 : -1, "memory");
	return memory;
}

/* --- swapcontext, and _setjmp on stacks that makecontext prepared --- */

struct contexts {
	unsigned n;
	char *stacks;
	ucontext_t *there, here;
	jmp_buf *jump_there, jump_here;
	unsigned at;
};

/* What is entered by makecontext, whose parameters are ints. */
static struct contexts *entering;

static struct contexts *contexts_open(unsigned n, void (*entry)(void))
{
	struct contexts *c = allocate(1, sizeof(*c));

	c->n = n;
	c->stacks = process_map(n, PROCESS_STACK);
	c->there = allocate(n, sizeof(*c->there));
	c->jump_there = allocate(n, sizeof(*c->jump_there));
	entering = c;
	for (c->at = 0; c->at < n; c->at++) {
		bench_check(getcontext(&c->there[c->at]), "getcontext");
		c->there[c->at].uc_stack.ss_sp = c->stacks + (size_t)c->at * PROCESS_STACK;
		c->there[c->at].uc_stack.ss_size = PROCESS_STACK;
		makecontext(&c->there[c->at], entry, 0);
		bench_check(swapcontext(&c->here, &c->there[c->at]), "swapcontext");
	}
	return c;
}

static void contexts_close(void *state)
{
	struct contexts *c = state;

	process_unmap(c->stacks, c->n, PROCESS_STACK);
	free(c->there);
	free(c->jump_there);
	free(c);
}

static void swap_entry(void)
{
	struct contexts *c = entering;
	unsigned me = c->at;

	for (;;)
		swapcontext(&c->there[me], &c->here);
}

static void *swap_open(unsigned n)
{
	return contexts_open(n, swap_entry);
}

static void swap_step(void *state)
{
	struct contexts *c = state;

	for (unsigned i = 0; i < PROCESS_STEP; i++) {
		swapcontext(&c->here, &c->there[c->at]);
		c->at = c->at + 1 < c->n ? c->at + 1 : 0;
	}
}

static double swap_round(void *state)
{
	((struct contexts *)state)->at = 0;
	return process_timed(swap_step, state, PROCESS_STEP);
}

static double swap_one_way(void *state)
{
	return swap_round(state) / 2;
}

const struct process_side process_swap_switch = {
	"swapcontext", swap_open, swap_one_way, contexts_close, 0};
const struct process_side process_swap_yield = {
	"swapcontext", swap_open, swap_round, contexts_close, 0};

static void setjmp_entry(void)
{
	struct contexts *c = entering;
	jmp_buf *me = &c->jump_there[c->at];

	if (_setjmp(*me) == 0)
		setcontext(&c->here);
	for (;;)
		if (_setjmp(*me) == 0)
			_longjmp(c->jump_here, 1);
}

static void *setjmp_open(unsigned n)
{
	return contexts_open(n, setjmp_entry);
}

static void setjmp_step(void *state)
{
	struct contexts *volatile c = state;

	for (volatile unsigned i = 0; i < PROCESS_STEP; i++) {
		if (_setjmp(c->jump_here) == 0)
			_longjmp(c->jump_there[c->at], 1);
		c->at = c->at + 1 < c->n ? c->at + 1 : 0;
	}
}

static double setjmp_round(void *state)
{
	((struct contexts *)state)->at = 0;
	return process_timed(setjmp_step, state, PROCESS_STEP);
}

static double setjmp_one_way(void *state)
{
	return setjmp_round(state) / 2;
}

const struct process_side process_setjmp_switch = {
	"libc-setjmp", setjmp_open, setjmp_one_way, contexts_close, 0};
const struct process_side process_setjmp_yield = {
	"libc-setjmp", setjmp_open, setjmp_round, contexts_close, 0};

/* --- Boost --- */

#ifdef HAVE_BOOST_CONTEXT

/* The library's C symbols; its headers are C++. */
struct transfer {
	void *from, *data;
};

struct transfer jump_fcontext(void *to, void *data);
void *make_fcontext(void *top, size_t size, void (*entry)(struct transfer transfer));

struct fibers {
	unsigned n, at;
	char *stacks;
	void **contexts;
};

static void fiber_bounce(struct transfer transfer)
{
	for (;;)
		transfer = jump_fcontext(transfer.from, NULL);
}

static void fiber_once(struct transfer transfer)
{
	jump_fcontext(transfer.from, NULL);
}

static void fiber_make(struct fibers *f, unsigned i, void (*entry)(struct transfer transfer))
{
	f->contexts[i] =
		make_fcontext(f->stacks + (size_t)(i + 1) * PROCESS_STACK, PROCESS_STACK, entry);
}

static struct fibers *fibers_open(unsigned n)
{
	struct fibers *f = allocate(1, sizeof(*f));

	f->n = n;
	f->stacks = process_map(n, PROCESS_STACK);
	f->contexts = allocate(n, sizeof(*f->contexts));
	return f;
}

static void *boost_open(unsigned n)
{
	struct fibers *f = fibers_open(n);

	for (unsigned i = 0; i < n; i++) {
		fiber_make(f, i, fiber_bounce);
		f->contexts[i] = jump_fcontext(f->contexts[i], NULL).from;
	}
	return f;
}

static void boost_close(void *state)
{
	struct fibers *f = state;

	process_unmap(f->stacks, f->n, PROCESS_STACK);
	free(f->contexts);
	free(f);
}

static void boost_step(void *state)
{
	struct fibers *f = state;

	for (unsigned i = 0; i < PROCESS_STEP; i++) {
		f->contexts[f->at] = jump_fcontext(f->contexts[f->at], NULL).from;
		f->at = f->at + 1 < f->n ? f->at + 1 : 0;
	}
}

static double boost_round(void *state)
{
	return process_timed(boost_step, state, PROCESS_STEP);
}

static void boost_switch_step(void *state)
{
	struct fibers *f = state;
	void *context = f->contexts[0];

	for (unsigned i = 0; i < PROCESS_STEP; i++)
		context = jump_fcontext(context, NULL).from;
	f->contexts[0] = context;
}

static double boost_one_way(void *state)
{
	return process_timed(boost_switch_step, state, PROCESS_STEP) / 2;
}

static void *boost_life_open(unsigned n)
{
	return fibers_open(n);
}

static void boost_life_step(void *state)
{
	struct fibers *f = state;

	for (unsigned i = 0; i < f->n; i++)
		fiber_make(f, i, fiber_once);
	for (unsigned i = 0; i < f->n; i++)
		jump_fcontext(f->contexts[i], NULL);
}

static double boost_life_round(void *state)
{
	return process_timed(boost_life_step, state, ((struct fibers *)state)->n);
}

const struct process_side process_boost_switch = {
	"boost.context", boost_open, boost_one_way, boost_close, 0};
const struct process_side process_boost_yield = {
	"boost.context", boost_open, boost_round, boost_close, 0};
const struct process_side process_boost_life = {
	"boost.context", boost_life_open, boost_life_round, boost_close, 0};

#else

const struct process_side process_boost_switch, process_boost_yield, process_boost_life;

#endif

/* --- GNU Pth --- */

#ifdef HAVE_PTH

#include <pth.h>

struct threads {
	unsigned n;
	bool over;
	pth_t *ids;
	pth_attr_t attr;
};

static struct threads *threads_open(unsigned n)
{
	static bool initialized;
	struct threads *t = allocate(1, sizeof(*t));

	if (!initialized && !pth_init())
		bench_check(-1, "pth_init");
	initialized = true;
	t->n = n;
	t->ids = allocate(n, sizeof(*t->ids));
	t->attr = pth_attr_new();
	pth_attr_set(t->attr, PTH_ATTR_STACK_SIZE, (unsigned)PROCESS_STACK);
	return t;
}

static void threads_spawn(struct threads *t, void *(*fn)(void *arg))
{
	for (unsigned i = 0; i < t->n; i++) {
		t->ids[i] = pth_spawn(t->attr, fn, t);
		bench_check(t->ids[i] ? 0 : -1, "pth_spawn");
	}
}

static void threads_join(struct threads *t)
{
	for (unsigned i = 0; i < t->n; i++)
		pth_join(t->ids[i], NULL);
}

static void *thread_yields(void *arg)
{
	const struct threads *t = arg;

	while (!*(const volatile bool *)&t->over)
		pth_yield(NULL);
	return NULL;
}

static void *thread_once(void *arg)
{
	return arg;
}

static void *pth_open(unsigned n)
{
	struct threads *t = threads_open(n);

	threads_spawn(t, thread_yields);
	pth_yield(NULL);
	return t;
}

static void threads_free(struct threads *t)
{
	pth_attr_destroy(t->attr);
	free(t->ids);
	free(t);
}

static void pth_close(void *state)
{
	struct threads *t = state;

	t->over = true;
	threads_join(t);
	threads_free(t);
}

/* The thread that measures is one of those that yield. */
static void pth_step(void *state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		pth_yield(NULL);
}

static double pth_round(void *state)
{
	return process_timed(pth_step, state, 100u * (((struct threads *)state)->n + 1));
}

static void *pth_life_open(unsigned n)
{
	return threads_open(n);
}

static void pth_life_step(void *state)
{
	threads_spawn(state, thread_once);
	threads_join(state);
}

static double pth_life_round(void *state)
{
	return process_timed(pth_life_step, state, ((struct threads *)state)->n);
}

static void pth_life_close(void *state)
{
	threads_free(state);
}

/* More would take it minutes. */
const struct process_side process_pth_switch = {"pth", pth_open, pth_round, pth_close, 0};
const struct process_side process_pth_yield = {"pth", pth_open, pth_round, pth_close, 64};
const struct process_side process_pth_life = {
	"pth", pth_life_open, pth_life_round, pth_life_close, 100};

#else

const struct process_side process_pth_switch, process_pth_yield, process_pth_life;

#endif
