/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What timers cost at 100 to 1,000,000 outstanding over 1 ms to 60 s, the same delays in the same
 * random order for all. gyre is told the time by the call that expires timers; libev and libuv read
 * it and are given the same faked time (timer_time.c): their polls are whole turns of their loops,
 * but no system call. rte_timer's time is real: it is polled as much later as the others, what
 * passes in between is not counted, and its delays are shorter by as much as its timers are fewer
 * than a million. Owns no timers: those are in timer_*.c. Invariant: it ends with an error if gyre
 * fires a timer before its deadline; `early` is by how much each did.
 */
#include "timer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "harness.h"

enum {
	SYSTEMS = 4,
	PER_POLL = 8, /* timers due when time has moved on, on average */
	WORST_STEP = 20000, /* nsec from poll to poll where the longest is looked for */
};

static const struct timer_system *const all[] = {
	&timer_gyre,
#ifdef HAVE_EV
	&timer_ev,
#endif
#ifdef HAVE_UV
	&timer_uv,
#endif
#ifdef HAVE_DPDK
	&timer_rte,
#endif
};
enum { N_ALL = sizeof(all) / sizeof(*all) };

uint64_t timer_expired, timer_early;

/* A system and its own faked time. */
struct subject {
	const struct timer_system *system;
	uint64_t time, early;
};

static struct bench bench;
static struct subject subjects[N_ALL];
static uint64_t delays[TIMER_DELAYS];
static uint64_t random_state = 88172645463325252u;
static uint32_t *order; /* of the timers, shuffled */
static unsigned n_timers, n_systems, batch;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void delays_make(void)
{
	const uint64_t least = 1000000, most = UINT64_C(60000000000);

	for (unsigned i = 0; i < TIMER_DELAYS; i++)
		delays[i] = least + random_next() % (most - least);
}

static void order_make(void)
{
	order = malloc(n_timers * sizeof(*order));
	bench_check(order ? 0 : -1, "memory");
	for (unsigned i = 0; i < n_timers; i++) {
		unsigned j = (unsigned)(random_next() % (i + 1));

		order[i] = order[j];
		order[j] = i;
	}
}

/* A tenth of the timers or so, each time others. */
static const uint32_t *some(void)
{
	static unsigned at;

	at = at + 2 * batch <= n_timers ? at + batch : 0;
	return order + at;
}

/* --- Time --- */

/* Its own time goes on; one whose time is real has some to make up for. */
static const struct timer_system *enter(struct subject *subject)
{
	uint64_t before;

	timer_time = subject->time;
	timer_early = subject->early;
	if (subject->system->real)
		do {
			before = timer_expired;
			subject->system->poll();
		} while (timer_expired - before > PER_POLL);
	return subject->system;
}

static void leave(struct subject *subject)
{
	subject->time = timer_time;
	subject->early = timer_early;
}

/* Polls; returns how long they took. */
static uint64_t polls(const struct timer_system *system, unsigned n)
{
	uint64_t t0 = bench_now();

	timer_faked = !system->real;
	for (unsigned i = 0; i < n; i++)
		system->poll();
	timer_faked = false;
	return bench_now() - t0;
}

/* Real time is spun away. */
static void pass(const struct timer_system *system, uint64_t nsec)
{
	uint64_t end;

	if (!system->real) {
		timer_time += nsec;
		return;
	}
	for (end = bench_now() + nsec; bench_now() < end;)
		;
}

/* --- Rounds: nsec for each operation --- */

typedef void timer_op(const uint32_t *which, unsigned count);

/* Of `op`, between the one that prepares it and the one that undoes it. */
static double operations(struct subject *subject, timer_op *before, timer_op *op, timer_op *after)
{
	unsigned n = bench_size(&bench, 100000, 20000) / (subject->system->real ? 8 : 1);
	unsigned rounds = n / batch ? n / batch : 1;
	uint64_t spent = 0;

	enter(subject);
	for (unsigned i = 0; i < rounds; i++) {
		const uint32_t *which = some();
		uint64_t t0;

		if (before)
			before(which, batch);
		t0 = bench_now();
		op(which, batch);
		spent += bench_now() - t0;
		if (after)
			after(which, batch);
	}
	leave(subject);
	return (double)spent / rounds / batch;
}

static double start_round(void *arg)
{
	const struct timer_system *system = ((struct subject *)arg)->system;

	return operations(arg, system->stop, system->start, NULL);
}

static double stop_round(void *arg)
{
	const struct timer_system *system = ((struct subject *)arg)->system;

	return operations(arg, NULL, system->stop, system->start);
}

static double rearm_round(void *arg)
{
	return operations(arg, NULL, ((struct subject *)arg)->system->rearm, NULL);
}

/* The first of all: time does not go on by a millisecond in all its rounds, so nothing is due; if
 * it is in real time, what happened then is left out. */
static double idle_round(void *arg)
{
	enum { AT_ONCE = 1000, STEP = 100 };
	const struct timer_system *system = enter(arg);
	unsigned rounds = bench_size(&bench, 500, 50), idle = 0;
	uint64_t spent = 0;

	while (idle < rounds) {
		uint64_t before = timer_expired, took = polls(system, AT_ONCE);

		if (!system->real)
			timer_time += STEP;
		if (timer_expired != before)
			continue;
		spent += took;
		idle++;
	}
	leave(arg);
	return (double)spent / rounds / AT_ONCE;
}

static double expire_round(void *arg)
{
	const struct timer_system *system = enter(arg);
	unsigned wanted = bench_size(&bench, 20000, 4000) / (system->real ? 8 : 1);
	uint64_t step = PER_POLL * (uint64_t)TIMER_PACE, before = timer_expired, spent = 0;

	if (!system->real)
		step = step * 1000000 / n_timers;
	while (timer_expired - before < wanted) {
		pass(system, step);
		spent += polls(system, 1);
	}
	leave(arg);
	return (double)spent / (double)(timer_expired - before);
}

/* The thread's own, nsec: what an interruption took is not in it, for the most part. */
static uint64_t cpu_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Microseconds. */
static double worst_round(void *arg)
{
	const struct timer_system *system = enter(arg);
	uint64_t span = bench_size(&bench, 18000, 500) * UINT64_C(1000000), worst = 0;

	span /= system->share;
	for (uint64_t i = 0; i < span / WORST_STEP; i++) {
		uint64_t t0, took;

		pass(system, WORST_STEP);
		t0 = cpu_time();
		polls(system, 1);
		took = cpu_time() - t0;
		worst = took > worst ? took : worst;
	}
	leave(arg);
	return (double)worst / 1e3;
}

/* --- Cases --- */

static void compare(const char *name, const char *param, double (*round)(void *arg))
{
	struct bench_system systems[N_ALL];

	for (unsigned i = 0; i < n_systems; i++)
		systems[i] = (struct bench_system){subjects[i].system->name, round, &subjects[i]};
	bench_compare(&bench, &(struct bench_case){name, param, "ns"}, systems, n_systems, NULL);
}

static void poll_nothing(void)
{
}

/* Beside what the machine takes away by itself: the longest `poll` of no timers at all. */
static void worst_poll(const char *param)
{
	static const struct timer_system nothing = {"nothing", .share = 1, .poll = poll_nothing};
	static struct subject none = {.system = &nothing};
	struct bench_system systems[N_ALL + 1];
	unsigned rounds = bench.rounds;

	for (unsigned i = 0; i <= n_systems; i++) {
		struct subject *subject = i < n_systems ? &subjects[i] : &none;

		systems[i] = (struct bench_system){subject->system->name, worst_round, subject};
	}
	bench.rounds = 9;
	bench_compare(&bench, &(struct bench_case){"worst-poll", param, "us"}, systems,
		n_systems + 1, NULL);
	bench.rounds = rounds;
}

/* In a hurry without a million timers in real time: their start alone takes seconds. */
static void open_all(void)
{
	n_systems = N_ALL;
	if (bench.quick && n_timers > 100000 && all[N_ALL - 1]->real)
		n_systems--;
	for (unsigned i = 0; i < n_systems; i++) {
		subjects[i] = (struct subject){all[i], timer_time, 0};
		all[i]->open(n_timers, delays, bench.core);
		all[i]->start(order, n_timers);
	}
}

static void close_all(const char *param)
{
	struct bench_case what = {"early", param, "us"};

	for (unsigned i = 0; i < n_systems; i++) {
		all[i]->close();
		bench_count(&bench, &what, all[i]->name, (double)subjects[i].early / 1e3);
	}
	bench_check(subjects[0].early ? -1 : 0, "a timer of gyre's fired early: this");
}

static void measure(unsigned n, const char *param)
{
	if (!bench_wants_param(&bench, param))
		return;
	n_timers = n;
	batch = n / 10 < 100 ? 100 : n / 10 > 10000 ? 10000 : n / 10;
	order_make();
	open_all();
	compare("idle-poll", param, idle_round);
	compare("start", param, start_round);
	compare("stop", param, stop_round);
	compare("re-arm", param, rearm_round);
	compare("expire", param, expire_round);
	worst_poll(param);
	close_all(param);
	free(order);
}

int main(int argc, char **argv)
{
	bench_open(&bench, "timer", argc, argv);
	delays_make();
	measure(100, "N=100");
	measure(10000, "N=10000");
	measure(1000000, "N=1000000");
	bench_close(&bench);
	return 0;
}
