/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What processes cost through the public API: a resume and the yield that ends it, with accounts
 * and with a clock that costs nothing; a life of nothing; wake-ups of many timed sleepers; memory.
 * Prints medians of interleaved rounds. Arguments: how many rounds (9), and the largest number of
 * sleepers (100000).
 */
#include <gyre/process.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hub.h"
#include "sched/sched.h"

static struct gyre_loop loop;
static struct gyre_clock *real_clock;
static uint64_t reading;

static uint64_t read_nothing(struct gyre_clock *clock)
{
	(void)clock;
	return reading;
}

static struct gyre_clock no_clock = {.read = read_nothing};

/* Costs what a reading costs, but says what it is told. */
static uint64_t read_and_forget(struct gyre_clock *clock)
{
	(void)clock;
	gyre__clock_read(real_clock);
	return reading;
}

static struct gyre_clock still_clock = {.read = read_and_forget};

/* The thread's own CPU time: others on the machine do not count. */
static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void check(int err, const char *what)
{
	if (err == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(-err));
	exit(EXIT_FAILURE);
}

static void turn(void)
{
	loop.now = gyre__clock_read(loop.clock);
	gyre__post_run(&loop.posts, 256);
	gyre__wheel_expire(loop.wheel, loop.now, 256);
	gyre__sched_run(loop.sched, GYRE_SEC(1));
}

static void spawn(gyre_process_fn *fn, void *arg)
{
	check(gyre_process_spawn(&loop, fn, arg, NULL, NULL), "spawn");
}

static void end_all(void)
{
	struct gyre_process_id id = {0};

	while (gyre_process_next(&loop, &id))
		check(gyre_process_cancel(id), "cancel");
	while (gyre__sched_alive(loop.sched))
		turn();
}

static int yields(struct gyre_process *self, void *arg)
{
	(void)arg;
	while (gyre_process_yield(self) == 0)
		;
	return 0;
}

/* ns for each resume and yield of `processes` that do nothing else. */
static double yield_round(unsigned processes)
{
	unsigned turns = 2000000 / processes;
	uint64_t begin;

	for (unsigned i = 0; i < processes; i++)
		spawn(yields, NULL);
	turn();
	begin = now();
	for (unsigned i = 0; i < turns; i++)
		gyre__sched_run(loop.sched, GYRE_SEC(10));
	begin = now() - begin;
	end_all();
	return (double)begin / ((double)turns * processes);
}

static double yield_unclocked(unsigned processes)
{
	double nsec;

	reading = loop.now;
	loop.clock = &no_clock;
	nsec = yield_round(processes);
	loop.clock = real_clock;
	return nsec;
}

static int nothing(struct gyre_process *self, void *arg)
{
	(void)self;
	(void)arg;
	return 0;
}

/* ns for a spawn, a run and an end, of `processes` at a time. */
static double life_round(unsigned processes)
{
	unsigned turns = 300000 / processes;
	uint64_t begin = now();

	for (unsigned i = 0; i < turns; i++) {
		for (unsigned j = 0; j < processes; j++)
			spawn(nothing, NULL);
		gyre__sched_run(loop.sched, GYRE_SEC(10));
	}
	return (double)(now() - begin) / ((double)turns * processes);
}

static uint64_t wakes;

static int naps(struct gyre_process *self, void *arg)
{
	uint64_t period = *(uint64_t *)arg, deadline = loop.now;

	do {
		wakes++;
		deadline += period;
	} while (gyre_process_sleep_until(self, deadline) == 0);
	return 0;
}

static size_t resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	size_t size = 0, pages = 0;

	if (!file || fscanf(file, "%zu %zu", &size, &pages) != 2)
		pages = 0;
	if (file)
		fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* ns for a wake-up of `sleepers` that sleep 1 to 10 ms, on a clock that stands still while there is
 * work and goes on by 20 us when there is none: the work alone is measured, readings included. */
static double sleep_round(unsigned sleepers, uint64_t *periods, double *ret_bytes)
{
	uint64_t begin, before;
	size_t memory = resident();

	reading = loop.now;
	loop.clock = &still_clock;
	for (unsigned i = 0; i < sleepers; i++) {
		periods[i] = GYRE_MSEC(1) + (uint64_t)rand() % GYRE_MSEC(9);
		spawn(naps, &periods[i]);
	}
	turn();
	if (!*ret_bytes)
		*ret_bytes = (double)(resident() - memory) / sleepers;
	before = wakes;
	begin = now();
	while (wakes - before < 1000000) {
		turn();
		if (!gyre__sched_ready(loop.sched) && !gyre__wheel_due(loop.wheel, reading))
			reading += GYRE_USEC(20);
	}
	begin = now() - begin;
	before = wakes - before;
	end_all();
	loop.clock = real_clock;
	return (double)begin / (double)before;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

static void open_loop(void)
{
	struct gyre_loop_options options = {.stack_size = 64 << 10, .process_max = 1 << 20};

	check(gyre__clock_create(&real_clock), "clock");
	loop.clock = real_clock;
	loop.now = gyre__clock_read(real_clock);
	check(gyre__postbox_init(&loop.posts, &loop), "postbox");
	check(gyre__wheel_create(loop.now, &loop.wheel), "wheel");
	check(gyre__sched_create(&loop, &options, &loop.sched), "sched");
	gyre__loop_enter(&loop);
}

static void close_loop(void)
{
	gyre__sched_destroy(loop.sched);
	gyre__wheel_destroy(loop.wheel);
	gyre__postbox_fini(&loop.posts);
	gyre__clock_free(real_clock);
}

static void bench_yields(unsigned rounds)
{
	static const unsigned counts[] = {1, 8, 64, 1000, 10000};
	double clocked[64], unclocked[64];

	for (unsigned c = 0; c < sizeof(counts) / sizeof(*counts); c++) {
		for (unsigned i = 0; i < rounds; i++) {
			clocked[i] = yield_round(counts[c]);
			unclocked[i] = yield_unclocked(counts[c]);
		}
		printf("resume + yield, %6u processes: %6.1f ns, clock left out %6.1f ns\n",
			counts[c], median(clocked, rounds), median(unclocked, rounds));
	}
}

static void bench_lives(unsigned rounds)
{
	static const unsigned counts[] = {1, 100, 10000};
	double took[64];

	for (unsigned c = 0; c < sizeof(counts) / sizeof(*counts); c++) {
		life_round(counts[c]);
		for (unsigned i = 0; i < rounds; i++)
			took[i] = life_round(counts[c]);
		printf("spawn + run + end, %6u at a time: %6.1f ns\n", counts[c],
			median(took, rounds));
	}
}

static void bench_sleeps(unsigned rounds, unsigned most)
{
	uint64_t *periods = calloc(most, sizeof(*periods));
	double took[64], bytes = 0;

	if (!periods)
		check(-ENOMEM, "periods");
	for (unsigned sleepers = 10; sleepers <= most; sleepers *= 10) {
		bytes = 0;
		for (unsigned i = 0; i < rounds; i++)
			took[i] = sleep_round(sleepers, periods, &bytes);
		printf("timed wake-up, %6u sleepers: %6.1f ns; %6.0f bytes resident each\n",
			sleepers, median(took, rounds), bytes);
	}
	free(periods);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 9;
	unsigned most = argc > 2 ? (unsigned)atoi(argv[2]) : 100000;

	if (rounds < 1 || rounds > 64 || most < 10) {
		fprintf(stderr, "usage: process [ROUNDS (1 to 64) [SLEEPERS]]\n");
		return EXIT_FAILURE;
	}
	open_loop();
	bench_sleeps(rounds, most);
	bench_yields(rounds);
	bench_lives(rounds);
	close_loop();
	return EXIT_SUCCESS;
}
