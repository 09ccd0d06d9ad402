/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process subject: a raw switch one way; a resume and the yield that ends it, through the
 * public API, with accounts and without; wake-ups of timed sleepers; a life of nothing; memory.
 * Runs gyre's sides, on a loop that is turned by hand, beside those of process_peers.c and
 * process_steps.c.
 *
 * Wake-ups: every process sleeps for a period of 1 to 10 ms on a clock that costs what a reading
 * costs but stands still while there is work, and goes on by 10 us when there is none: the work
 * alone is measured, turns in which nobody was due included, on every side alike.
 */
#include "process.h"

#include <gyre/loop.h>
#include <gyre/process.h>
#include <fenv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hub.h"
#include "sched/context.h"
#include "sched/sched.h"

uint64_t process_span;

double process_timed(void (*step)(void *state), void *state, uint64_t each)
{
	uint64_t begin, steps = 0, took;

	/* Boost's switch is slower by far between contexts whose flags differ. */
	feclearexcept(FE_ALL_EXCEPT);
	step(state);
	begin = bench_now();
	do {
		step(state);
		steps++;
		took = bench_now() - begin;
	} while (took < process_span);
	return (double)took / ((double)steps * (double)each);
}

double process_woken(void (*step)(void *state), void *state, const uint64_t *count, unsigned n)
{
	uint64_t begin, before = *count, took;

	while (*count - before < n)
		step(state);
	before = *count;
	begin = bench_now();
	do {
		step(state);
		took = bench_now() - begin;
	} while (took < process_span || *count - before < n);
	return (double)took / (double)(*count - before);
}

uint64_t process_period(unsigned index)
{
	uint64_t mixed = (index + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return GYRE_MSEC(1) + (mixed >> 32) % GYRE_MSEC(9);
}

void *process_map(size_t n, size_t step)
{
	void *map = mmap(NULL, n * step, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	bench_check(map == MAP_FAILED ? -1 : 0, "mmap");
	madvise(map, n * step, MADV_NOHUGEPAGE);
	return map;
}

void process_unmap(void *map, size_t n, size_t step)
{
	munmap(map, n * step);
}

/* --- gyre: the loop --- */

/* A hub with a wheel and a scheduler, turned here. */
struct rig {
	struct gyre_loop loop;
	struct gyre_loop_options options;
	struct gyre_clock *real, told;
	uint64_t reading; /* what the clock `told` says */
	unsigned n;
	uint64_t wakes;
};

static uint64_t read_and_say(struct gyre_clock *clock)
{
	struct rig *rig = (void *)((char *)clock - offsetof(struct rig, told));

	gyre__clock_read(rig->real);
	return rig->reading;
}

static struct rig *rig_open(unsigned n, bool accounts)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	bench_check(rig ? 0 : -1, "memory");
	rig->options = GYRE_LOOP_OPTIONS_INIT;
	rig->options.stack_size = PROCESS_STACK;
	rig->options.process_max = 1 << 20;
	rig->options.process_accounts = accounts;
	rig->n = n;
	rig->told.read = read_and_say;
	bench_check(gyre__clock_create(&rig->real), "clock");
	rig->loop.clock = rig->real;
	rig->reading = rig->loop.now = gyre__clock_read(rig->real);
	bench_check(gyre__postbox_init(&rig->loop.posts, &rig->loop), "postbox");
	bench_check(gyre__wheel_create(rig->loop.now, &rig->loop.wheel), "wheel");
	bench_check(gyre__sched_create(&rig->loop, &rig->options, &rig->loop.sched), "sched");
	gyre__loop_enter(&rig->loop);
	return rig;
}

/* As the loop's turn has it. */
static void turn(struct rig *rig)
{
	const struct gyre_loop_options *options = &rig->options;
	struct gyre_loop *loop = &rig->loop;
	unsigned posts = 0;

	loop->now = loop->clock_at ? loop->clock_at : gyre__clock_read(loop->clock);
	loop->clock_at = 0;
	if (gyre__post_pending(&loop->posts))
		posts = gyre__post_run(&loop->posts, options->post_budget);
	if (!posts)
		loop->clock_at = loop->now;
	gyre__wheel_expire(loop->wheel, loop->now, options->timer_budget);
	if (gyre__sched_wake(loop->sched, loop->now, options->timer_budget))
		gyre__sched_run(loop->sched, GYRE_SEC(1));
	else
		loop->clock_at = 0;
}

static void rig_close(void *state)
{
	struct rig *rig = state;

	gyre__loop_enter(&rig->loop);
	gyre__sched_cancel_all(rig->loop.sched);
	while (gyre__sched_alive(rig->loop.sched))
		turn(rig);
	gyre__sched_destroy(rig->loop.sched);
	gyre__wheel_destroy(rig->loop.wheel);
	gyre__postbox_fini(&rig->loop.posts);
	gyre__clock_free(rig->real);
	free(rig);
}

static void spawn(struct rig *rig, gyre_process_fn *fn, void *arg)
{
	bench_check(gyre_process_spawn(&rig->loop, fn, arg, NULL, NULL), "spawn");
}

/* --- gyre: the cases --- */

struct switcher {
	struct gyre__context here, there;
	void *stack;
};

static void bounce(void *arg)
{
	struct switcher *s = arg;

	for (;;)
		gyre__context_switch(&s->there, &s->here);
}

static void *switch_open(unsigned n)
{
	struct switcher *s = calloc(1, sizeof(*s));

	(void)n;
	bench_check(s ? 0 : -1, "memory");
	s->stack = process_map(1, PROCESS_STACK);
	gyre__context_init_main(&s->here);
	gyre__context_init(&s->there, s->stack, PROCESS_STACK, bounce, s);
	return s;
}

static void switch_step(void *state)
{
	struct switcher *s = state;

	for (unsigned i = 0; i < PROCESS_STEP; i++)
		gyre__context_switch(&s->here, &s->there);
}

static double switch_round(void *state)
{
	return process_timed(switch_step, state, PROCESS_STEP) / 2;
}

static void switch_close(void *state)
{
	struct switcher *s = state;

	process_unmap(s->stack, 1, PROCESS_STACK);
	free(s);
}

static int yields(struct gyre_process *self, void *arg)
{
	(void)arg;
	while (gyre_process_yield(self) == 0)
		;
	return 0;
}

static struct rig *yielders_open(unsigned n, bool accounts)
{
	struct rig *rig = rig_open(n, accounts);

	for (unsigned i = 0; i < n; i++)
		spawn(rig, yields, NULL);
	turn(rig);
	return rig;
}

static void *yield_open(unsigned n)
{
	return yielders_open(n, true);
}

static void *yield_plain_open(unsigned n)
{
	return yielders_open(n, false);
}

static void yield_step(void *state)
{
	struct rig *rig = state;

	for (unsigned i = 0; i < PROCESS_STEP; i += rig->n)
		gyre__sched_run(rig->loop.sched, GYRE_SEC(10));
}

static double yield_round(void *state)
{
	struct rig *rig = state;

	gyre__loop_enter(&rig->loop);
	rig->loop.clock_at = 0;
	return process_timed(yield_step, rig, (PROCESS_STEP + rig->n - 1) / rig->n * rig->n);
}

struct napper {
	struct rig *rig;
	uint64_t period;
};

static int naps(struct gyre_process *self, void *arg)
{
	struct napper napper = *(struct napper *)arg;
	uint64_t deadline = napper.rig->loop.now;

	do {
		napper.rig->wakes++;
		deadline += napper.period;
	} while (gyre_process_sleep_until(self, deadline) == 0);
	return 0;
}

static void *wake_open(unsigned n)
{
	struct rig *rig = rig_open(n, true);

	rig->loop.clock = &rig->told;
	for (unsigned i = 0; i < n; i++) {
		struct napper napper = {rig, process_period(i)};

		spawn(rig, naps, &napper);
		turn(rig);
	}
	return rig;
}

static void wake_step(void *state)
{
	struct rig *rig = state;

	for (int i = 0; i < 100; i++) {
		turn(rig);
		if (gyre__sched_ready(rig->loop.sched) ||
			gyre__sched_due(rig->loop.sched, rig->reading))
			continue;
		rig->reading += PROCESS_TICK;
		rig->loop.clock_at = 0;
	}
}

static double wake_round(void *state)
{
	struct rig *rig = state;

	gyre__loop_enter(&rig->loop);
	return process_woken(wake_step, rig, &rig->wakes, rig->n);
}

static int nothing(struct gyre_process *self, void *arg)
{
	(void)self;
	(void)arg;
	return 0;
}

static void *life_open(unsigned n)
{
	return rig_open(n, true);
}

static void life_step(void *state)
{
	struct rig *rig = state;

	for (unsigned begun = 0; begun < PROCESS_STEP; begun += rig->n) {
		for (unsigned i = 0; i < rig->n; i++)
			spawn(rig, nothing, NULL);
		gyre__sched_run(rig->loop.sched, GYRE_SEC(10));
	}
}

static double life_round(void *state)
{
	struct rig *rig = state;

	gyre__loop_enter(&rig->loop);
	rig->loop.clock_at = 0;
	return process_timed(life_step, rig, (PROCESS_STEP + rig->n - 1) / rig->n * rig->n);
}

static const struct process_side gyre_switch = {"gyre", switch_open, switch_round, switch_close, 0};
static const struct process_side gyre_yield = {"gyre", yield_open, yield_round, rig_close, 0};
static const struct process_side gyre_plain = {"gyre", yield_plain_open, yield_round, rig_close, 0};
static const struct process_side gyre_wake = {"gyre", wake_open, wake_round, rig_close, 0};
static const struct process_side gyre_life = {"gyre", life_open, life_round, rig_close, 0};

/* --- The comparison --- */

/* Of those sides that there are, and are measured with n processes. */
static void compare(struct bench *bench, const struct bench_case *what, unsigned n,
	const struct process_side *const *sides)
{
	const struct process_side *open[BENCH_SYSTEMS_MAX];
	struct bench_system systems[BENCH_SYSTEMS_MAX] = {{0}};
	unsigned count = 0;

	if (!bench_wants(bench, what->name) || !bench_wants_param(bench, what->param))
		return;
	for (; *sides; sides++) {
		const struct process_side *side = *sides;

		if (!side->system || (side->most && n > side->most))
			continue;
		feclearexcept(FE_ALL_EXCEPT);
		open[count] = side;
		systems[count++] = (struct bench_system){side->system, side->round, side->open(n)};
	}
	bench_compare(bench, what, systems, count, NULL);
	while (count-- > 0)
		open[count]->close(systems[count].arg);
}

static void compare_each(struct bench *bench, const char *name, const char *more,
	const unsigned *ns, const struct process_side *const *sides)
{
	for (; *ns; ns++) {
		char param[32];
		struct bench_case what = {name, param, "ns"};

		snprintf(param, sizeof(param), "N=%u%s", *ns, more);
		compare(bench, &what, *ns, sides);
	}
}

static double resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size = 0, pages = 0;

	if (!file || fscanf(file, "%ld %ld", &size, &pages) != 2)
		bench_check(-1, "/proc/self/statm");
	fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* Of an idle process, its share of everything included. */
static void count_memory(struct bench *bench, const struct process_side *const *sides)
{
	const struct bench_case what = {"memory", "N=10000", "bytes"};

	if (!bench_wants(bench, what.name))
		return;
	for (; *sides; sides++) {
		double before = resident();
		void *state;

		if (!(*sides)->system)
			continue;
		state = (*sides)->open(10000);
		bench_count(bench, &what, (*sides)->system, (resident() - before) / 10000);
		(*sides)->close(state);
	}
}

static const struct process_side *const switches[] = {&gyre_switch, &process_boost_switch,
	&process_steps_switch, &process_setjmp_switch, &process_swap_switch, &process_pth_switch,
	NULL};
static const struct process_side *const yielders[] = {&gyre_yield, &process_steps_yield,
	&process_boost_yield, &process_setjmp_yield, &process_swap_yield, &process_pth_yield, NULL};
static const struct process_side *const plain[] = {&gyre_plain, &process_boost_yield, NULL};
static const struct process_side *const wakers[] = {&gyre_wake, &process_steps_wake, NULL};
static const struct process_side *const lives[] = {
	&gyre_life, &process_pth_life, &process_boost_life, NULL};
static const struct process_side *const idlers[] = {
	&gyre_wake, &process_steps_wake, &process_boost_yield, &process_swap_yield, NULL};

static const unsigned ready[] = {1, 8, 64, 1000, 10000, 0};
static const unsigned asleep[] = {1, 10, 100, 1000, 10000, 100000, 0};
static const unsigned begun[] = {1, 100, 10000, 0};

int main(int argc, char **argv)
{
	const struct bench_case raw = {"switch", "one-way", "ns"};
	struct bench bench;

	bench_open(&bench, "process", argc, argv);
	process_span = bench_size(&bench, 2500000, 1000000);
	count_memory(&bench, idlers);
	compare(&bench, &raw, 1, switches);
	compare_each(&bench, "resume-yield", "", ready, yielders);
	compare_each(&bench, "resume-yield", ",account=off", ready, plain);
	compare_each(&bench, "wake", "", asleep, wakers);
	compare_each(&bench, "life", "", begun, lives);
	bench_close(&bench);
	return EXIT_SUCCESS;
}
