/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What timers cost: start, stop, re-arm, an idle poll, expiry with restart at 10,000 outstanding
 * over 1 ms to 60 s; and the worst single poll at 1,000,000. Medians of several rounds.
 */
#include "sched/wheel.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OUTSTANDING = 10000, MANY = 1000000, ROUNDS = 31, BUDGET = 256 };

static struct gyre_loop loop;
static uint64_t now, random_state = 88172645463325252u, expired;
static uint64_t *delays;

static uint64_t cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t random_delay(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return GYRE_MSEC(1) + random_state % (GYRE_SEC(60) - GYRE_MSEC(1));
}

static void restart(struct gyre_timer *timer)
{
	gyre_timer_start(timer, now + delays[expired++ % OUTSTANDING]);
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

static struct gyre_timer *timers_new(unsigned count)
{
	struct gyre_timer *timers = calloc(count, sizeof(*timers));

	if (!timers || gyre__wheel_create(now, &loop.wheel) < 0)
		exit(1);
	for (unsigned i = 0; i < count; i++)
		gyre_timer_init(&timers[i], &loop, restart);
	return timers;
}

static void start_all(struct gyre_timer *timers, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		gyre_timer_start(&timers[i], now + delays[i % OUTSTANDING]);
}

static void operations(void)
{
	struct gyre_timer *timers = timers_new(OUTSTANDING);
	double start[ROUNDS], rearm[ROUNDS], stop[ROUNDS];

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t t0 = cpu(), t1, t2;

		start_all(timers, OUTSTANDING);
		t1 = cpu();
		for (unsigned i = 0; i < OUTSTANDING; i++)
			gyre_timer_start(&timers[i], now + delays[OUTSTANDING - 1 - i]);
		t2 = cpu();
		for (unsigned i = 0; i < OUTSTANDING; i++)
			gyre_timer_stop(&timers[i]);
		start[round] = (double)(t1 - t0) / OUTSTANDING;
		rearm[round] = (double)(t2 - t1) / OUTSTANDING;
		stop[round] = (double)(cpu() - t2) / OUTSTANDING;
	}
	printf("start %.1f ns, re-arm %.1f ns, stop %.1f ns\n", median(start, ROUNDS),
		median(rearm, ROUNDS), median(stop, ROUNDS));
	gyre__wheel_destroy(loop.wheel);
	free(timers);
}

/* From deadline to deadline, as a sleeping loop goes: cascades are polls of their own. */
static void expiries(void)
{
	struct gyre_timer *timers = timers_new(OUTSTANDING);
	double idle[ROUNDS], expire[ROUNDS];
	uint64_t before;

	start_all(timers, OUTSTANDING);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t t0 = cpu(), t1, count = expired;

		for (unsigned i = 0; i < 1000000; i++)
			gyre__wheel_expire(loop.wheel, now, BUDGET);
		t1 = cpu();
		while (expired - count < 100000) {
			uint64_t deadline = gyre__wheel_deadline(loop.wheel);

			if (deadline > now)
				now = deadline;
			gyre__wheel_expire(loop.wheel, now, BUDGET);
		}
		idle[round] = (double)(t1 - t0) / 1e6;
		expire[round] = (double)(cpu() - t1) / (double)(expired - count);
	}
	before = loop.wheel->cascaded;
	printf("idle poll %.1f ns, expire and restart %.1f ns (%.2f cascades each)\n",
		median(idle, ROUNDS), median(expire, ROUNDS), (double)before / (double)expired);
	gyre__wheel_destroy(loop.wheel);
	free(timers);
}

static void worst_poll(void)
{
	struct gyre_timer *timers = timers_new(MANY);
	uint64_t worst = 0, end = now + GYRE_SEC(120);

	for (unsigned i = 0; i < MANY; i++)
		gyre_timer_start(&timers[i], now + random_delay());
	while (now < end) {
		uint64_t t0 = cpu(), took;

		gyre__wheel_expire(loop.wheel, now, BUDGET);
		took = cpu() - t0;
		if (took > worst)
			worst = took;
		now += 20000;
	}
	printf("worst poll at %d: %.3f ms\n", MANY, (double)worst / 1e6);
	gyre__wheel_destroy(loop.wheel);
	free(timers);
}

int main(void)
{
	delays = malloc(OUTSTANDING * sizeof(*delays));
	if (!delays)
		return 1;
	for (unsigned i = 0; i < OUTSTANDING; i++)
		delays[i] = random_delay();
	now = GYRE_SEC(100);
	operations();
	expiries();
	worst_poll();
	free(delays);
	return 0;
}
