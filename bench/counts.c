/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions of the hot paths, for callgrind: runs each path so many times and then twice as many
 * and dumps callgrind's counts under "PATH VARIANT UNIT OPERATIONS". tools/check/instructions runs
 * it and holds the figures to bench/instructions.txt. Invariant: no clock of the machine and no
 * other chance is in it, so that the counts are the same at every run.
 */
#include "bench/counts.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef HAVE_VALGRIND
#include <valgrind/callgrind.h>
#else
#define RUNNING_ON_VALGRIND 0 /* it cannot be told where to count */
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_DUMP_STATS_AT(text) (void)(text)
#endif

#include "base/clock.h"
#include "sched/context.h"
#include "sched/stack.h"

#define PROCESSES   64
#define OUTSTANDING 10000
#define TIMERS      1000 /* started, stopped or moved beside those */

void counts_check(int status, const char *what)
{
	if (status >= 0)
		return;
	fprintf(stderr, "counts: %s: error %d\n", what, -status);
	exit(EXIT_FAILURE);
}

uint32_t counts_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

void counts_collect(
	const struct counts_path *path, counts_run *run, void *arg, unsigned n, unsigned operations)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %s %s %u", path->name, path->variant, path->unit,
		operations);
	CALLGRIND_ZERO_STATS;
	CALLGRIND_TOGGLE_COLLECT;
	run(arg, n);
	CALLGRIND_TOGGLE_COLLECT;
	CALLGRIND_DUMP_STATS_AT(text);
}

void counts_twice(
	const struct counts_path *path, counts_run *run, void *arg, unsigned n, unsigned each)
{
	run(arg, n);
	counts_collect(path, run, arg, n, n * each);
	counts_collect(path, run, arg, 2 * n, 2 * n * each);
}

static uint64_t stepping_read(struct gyre_clock *clock)
{
	static uint64_t now = GYRE_SEC(1000);

	(void)clock;
	return now += 100;
}

struct gyre_loop *counts_loop(unsigned vector)
{
	static struct gyre_clock stepping = {.read = stepping_read};
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_loop *loop;

	options.clock = &stepping;
	options.vector = vector;
	counts_check(gyre_loop_create(&options, &loop), "gyre_loop_create");
	return loop;
}

/* --- Switch, one way and raw --- */

static struct gyre__context here, there;

static void bounce(void *arg)
{
	(void)arg;
	for (;;)
		gyre__context_switch(&there, &here);
}

static void switch_run(void *arg, unsigned n)
{
	(void)arg;
	for (unsigned i = 0; i < n; i++)
		gyre__context_switch(&here, &there);
}

static void count_switch(void)
{
	static const struct counts_path path = {"switch", "-", "one-way"};
	struct gyre__stacks *stacks;
	struct gyre__stack stack;

	counts_check(gyre__stacks_create(&stacks), "gyre__stacks_create");
	counts_check(gyre__stack_get(stacks, 65536, NULL, &stack), "gyre__stack_get");
	gyre__context_init_main(&here);
	gyre__context_init(&there, stack.low, stack.size, bounce, NULL);
	counts_twice(&path, switch_run, NULL, 1000, 2);
	gyre__context_fini(&there);
	gyre__stack_put(stacks, &stack);
	gyre__stacks_destroy(stacks);
}

/* --- Resume and yield, accounted --- */

static unsigned turns_left;

static int yielding(struct gyre_process *self, void *arg)
{
	(void)arg;
	while (gyre_process_yield(self) == 0)
		continue;
	return 0;
}

static int yielding_first(struct gyre_process *self, void *arg)
{
	(void)arg;
	while (gyre_process_yield(self) == 0)
		if (--turns_left == 0)
			gyre_loop_stop(gyre_process_loop(self));
	return 0;
}

static void turns_run(void *arg, unsigned n)
{
	turns_left = n;
	counts_check(gyre_loop_run(arg, GYRE_RUN_DEFAULT), "gyre_loop_run");
}

/* A turn resumes each process once; a share of the turn is counted, too. */
static void count_yield(void)
{
	static const struct counts_path path = {"resume-yield", "-", "process"};
	struct gyre_loop *loop = counts_loop(64);

	for (unsigned i = 0; i < PROCESSES; i++)
		counts_check(
			gyre_process_spawn(loop, i ? yielding : yielding_first, NULL, NULL, NULL),
			"gyre_process_spawn");
	counts_twice(&path, turns_run, loop, 100, PROCESSES);
	counts_check(gyre_loop_destroy(loop), "gyre_loop_destroy");
}

/* --- A turn that finds nothing --- */

static unsigned nothing_poll(struct gyre_node *node, unsigned max)
{
	(void)max;
	if (--turns_left == 0)
		gyre_loop_stop(gyre_node_loop(node));
	return 0;
}

static void count_idle(void)
{
	static const struct counts_path path = {"idle-turn", "-", "turn"};
	static const struct gyre_node_class nothing = {
		.name = "nothing", .kind = GYRE_NODE_INPUT, .poll = nothing_poll};
	struct gyre_loop *loop = counts_loop(64);

	counts_check(gyre_node_add(loop, &nothing, "nothing", NULL, NULL), "gyre_node_add");
	counts_twice(&path, turns_run, loop, 6400, 1);
	counts_check(gyre_loop_destroy(loop), "gyre_loop_destroy");
}

/* --- Timers --- */

static struct gyre_timer timers[OUTSTANDING + 2 * TIMERS];
static uint64_t deadlines[2 * TIMERS];

static void timer_never(struct gyre_timer *timer)
{
	(void)timer;
	abort();
}

/* 1 ms to a minute ahead. */
static uint64_t deadline_draw(const struct gyre_loop *loop, uint64_t *state)
{
	return gyre_loop_now(loop) + GYRE_MSEC(1 + counts_random(state) % 60000) +
	       counts_random(state) % 1000000;
}

static void deadlines_draw(const struct gyre_loop *loop, uint64_t *state)
{
	for (unsigned i = 0; i < 2 * TIMERS; i++)
		deadlines[i] = deadline_draw(loop, state);
}

static void start_run(void *arg, unsigned n)
{
	(void)arg;
	for (unsigned i = 0; i < n; i++)
		gyre_timer_start(&timers[OUTSTANDING + i], deadlines[i]);
}

static void stop_run(void *arg, unsigned n)
{
	(void)arg;
	for (unsigned i = 0; i < n; i++)
		gyre_timer_stop(&timers[OUTSTANDING + i]);
}

static void count_timers(void)
{
	static const struct counts_path start = {"timer-start", "-", "timer"};
	static const struct counts_path stop = {"timer-stop", "-", "timer"};
	static const struct counts_path rearm = {"timer-re-arm", "-", "timer"};
	struct gyre_loop *loop = counts_loop(64);
	uint64_t state = 1;

	for (unsigned i = 0; i < OUTSTANDING + 2 * TIMERS; i++) {
		gyre_timer_init(&timers[i], loop, timer_never);
		if (i < OUTSTANDING)
			gyre_timer_start(&timers[i], deadline_draw(loop, &state));
	}
	deadlines_draw(loop, &state);
	for (unsigned n = TIMERS; n <= 2 * TIMERS; n += TIMERS) {
		counts_collect(&start, start_run, NULL, n, n);
		counts_collect(&stop, stop_run, NULL, n, n);
	}
	start_run(NULL, 2 * TIMERS);
	deadlines_draw(loop, &state);
	counts_twice(&rearm, start_run, NULL, TIMERS, 1);
	for (unsigned i = 0; i < OUTSTANDING + 2 * TIMERS; i++)
		gyre_timer_stop(&timers[i]);
	counts_check(gyre_loop_destroy(loop), "gyre_loop_destroy");
}

int main(void)
{
	if (!RUNNING_ON_VALGRIND) {
		fputs("counts: is for callgrind, and built where valgrind is: see "
		      "tools/check/instructions\n",
			stderr);
		return EXIT_FAILURE;
	}
	count_switch();
	count_yield();
	count_idle();
	count_timers();
	counts_graph();
	return 0;
}
