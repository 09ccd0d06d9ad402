/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a switch between stacks costs, one way and raw, and a stack out of its pool and back; what
 * processes add to it is bench/process.c's. Run by hand; with a number of switches as its argument
 * it does only those, for callgrind to count. Calls lib/sched.
 */
#include "sched/context.h"
#include "sched/stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SWITCHES = 1000000, ROUNDS = 31, STACKS = 10000 };

static struct gyre__context here, there;

static double cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
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

static void bounce(void *arg)
{
	(void)arg;
	for (;;)
		gyre__context_switch(&there, &here);
}

static void switches(struct gyre__stacks *stacks, unsigned count)
{
	double took[ROUNDS];
	struct gyre__stack stack;

	if (gyre__stack_get(stacks, 65536, NULL, &stack) < 0)
		exit(1);
	gyre__context_init_main(&here);
	gyre__context_init(&there, stack.low, stack.size, bounce, NULL);
	for (unsigned round = 0; round < ROUNDS; round++) {
		double begin = cpu();

		for (unsigned i = 0; i < count; i++)
			gyre__context_switch(&here, &there);
		took[round] = (cpu() - begin) / (2.0 * count);
	}
	printf("switch %.2f ns one way\n", median(took, ROUNDS));
	gyre__stack_put(stacks, &stack);
}

static void gets(struct gyre__stacks *stacks)
{
	static struct gyre__stack held[STACKS];
	double get[ROUNDS], put[ROUNDS], fresh, pair;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double t0 = cpu(), t1;

		for (unsigned i = 0; i < STACKS; i++)
			if (gyre__stack_get(stacks, 65536, NULL, &held[i]) < 0)
				exit(1);
		t1 = cpu();
		for (unsigned i = 0; i < STACKS; i++)
			gyre__stack_put(stacks, &held[i]);
		get[round] = (t1 - t0) / STACKS;
		put[round] = (cpu() - t1) / STACKS;
	}
	fresh = get[0];
	pair = cpu();
	for (unsigned i = 0; i < STACKS * 10; i++) {
		gyre__stack_get(stacks, 65536, NULL, &held[0]);
		gyre__stack_put(stacks, &held[0]);
	}
	pair = (cpu() - pair) / (STACKS * 10);
	printf("stack: first use %.0f ns, get %.1f ns, put %.1f ns, get and put in turn %.1f ns\n",
		fresh, median(get, ROUNDS), median(put, ROUNDS), pair);
}

/* An argument is the number of switches, for a run that counts instructions. */
int main(int argc, char **argv)
{
	struct gyre__stacks *stacks;

	if (gyre__stacks_create(&stacks) < 0)
		return 1;
	switches(stacks, argc > 1 ? (unsigned)atoi(argv[1]) : SWITCHES);
	if (argc < 2)
		gets(stacks);
	gyre__stacks_destroy(stacks);
	return 0;
}
