/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From thread to thread: what a post or a signal costs its sender and how long it is under way, to
 * a loop that is busy or asleep; and posts of the loop's own thread. Owns the other thread, which
 * is pinned to another CPU: what else runs there shows in the 99th percentile. Called by loop.c.
 * Invariant: one at a time is under way, and every figure is a median, or percentile, of a round's.
 */
#include "loop.h"

#include <errno.h>
#include <gyre.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	COUNT_MAX = 4096,
	ASLEEP_NSEC = 60000, /* the receiver is asleep by then */
	SAME_BATCH = 64,
};

struct reach {
	const struct loop_way *way;
	bool busy;
	bool sending; /* what the sender spends, not the time until arrival */
	unsigned percent, count;
};

static const struct reach *_Atomic asked; /* of the other thread */
static const struct reach ending;
static _Atomic(bool) sent; /* all that was asked for, and every sample is there */
static _Atomic(unsigned) arrived;
static unsigned expected;
static uint64_t arrived_at;
static double samples[COUNT_MAX];

bool loop_arrived(void)
{
	unsigned n = atomic_load_explicit(&arrived, memory_order_relaxed) + 1;

	arrived_at = bench_now();
	atomic_store_explicit(&arrived, n, memory_order_release);
	return n == expected;
}

/* --- The other thread --- */

static void spin(uint64_t nsec)
{
	uint64_t end = bench_now() + nsec;

	while (bench_now() < end)
		;
}

static void send_all(const struct reach *reach)
{
	for (unsigned i = 0; i < reach->count; i++) {
		uint64_t before, after;

		spin(reach->busy ? 500 : ASLEEP_NSEC);
		before = bench_now();
		reach->way->send();
		after = bench_now();
		while (atomic_load_explicit(&arrived, memory_order_acquire) != i + 1)
			;
		samples[i] = (double)(reach->sending ? after - before : arrived_at - before);
	}
}

static void *other(void *arg)
{
	const struct reach *reach;

	(void)arg;
	while ((reach = atomic_exchange(&asked, NULL)) != &ending) {
		if (!reach) {
			sched_yield();
			continue;
		}
		send_all(reach);
		atomic_store(&sent, true);
	}
	return NULL;
}

/* On any CPU but the bench's, the process's own set or not. */
static int pin_elsewhere(pthread_t thread, int core)
{
	cpu_set_t set;

	for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (cpu != core && pthread_setaffinity_np(thread, sizeof(set), &set) == 0)
			return 0;
	}
	return -ENODEV;
}

/* --- Rounds --- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A reading of the clock is in every sample: the least that one takes. */
static double reading(void)
{
	enum { TIMES = 100 };
	double least = 1e9;

	for (unsigned i = 0; i < TIMES; i++) {
		uint64_t t0 = bench_now();
		double took;

		for (unsigned j = 0; j < TIMES; j++)
			bench_now();
		took = (double)(bench_now() - t0) / TIMES;
		least = took < least ? took : least;
	}
	return least;
}

static double reach_round(void *arg)
{
	const struct reach *reach = arg;

	expected = reach->count;
	atomic_store(&arrived, 0);
	atomic_store(&asked, reach);
	reach->way->receive(reach->count, reach->busy);
	while (!atomic_exchange(&sent, false))
		;
	qsort(samples, reach->count, sizeof(*samples), compare);
	return samples[reach->count * reach->percent / 100] - reading();
}

/* --- Cases --- */

/* `ways` end with NULL. */
static void reach(struct bench *bench, const char *name, const char *param, struct reach how,
	const struct loop_way *const *ways)
{
	struct bench_system systems[BENCH_SYSTEMS_MAX];
	struct reach each[BENCH_SYSTEMS_MAX];
	unsigned n = 0;

	if (!bench_wants(bench, name) || !bench_wants_param(bench, param))
		return;
	for (; ways[n]; n++) {
		each[n] = how;
		each[n].way = ways[n];
		systems[n] = (struct bench_system){ways[n]->name, reach_round, &each[n]};
		ways[n]->open();
	}
	bench_compare(bench, &(struct bench_case){name, param, "ns"}, systems, n, NULL);
	while (n > 0)
		ways[--n]->close();
}

static void from_other(struct bench *bench)
{
	static const struct loop_way *const posts[] = {&loop_post,
#ifdef HAVE_UV
		&loop_uv,
#endif
		&loop_eventfd, NULL};
	static const struct loop_way *const signals[] = {&loop_signal, NULL};
	static const struct loop_way *const asleep[] = {&loop_post, &loop_hosted, &loop_eventfd,
#ifdef HAVE_UV
		&loop_uv,
#endif
		NULL};
	static const struct loop_way *const busy[] = {&loop_post, &loop_eventfd,
#ifdef HAVE_UV
		&loop_uv,
#endif
		&loop_word, NULL};
	unsigned many = bench_size(bench, 2000, 300), few = bench_size(bench, 200, 50);
	struct reach sending = {.busy = true, .sending = true, .percent = 50, .count = many};
	struct reach arriving = {.busy = true, .percent = 50, .count = many};
	struct reach latest = {.busy = true, .percent = 99, .count = many};
	struct reach waking = {.percent = 50, .count = few};
	struct reach waking_latest = {.percent = 99, .count = few};

	reach(bench, "post", "at=sender", sending, posts);
	reach(bench, "post", "at=loop", arriving, posts);
	reach(bench, "signal", "at=sender", sending, signals);
	reach(bench, "signal", "at=loop", arriving, signals);
	reach(bench, "wake-asleep", "p=50", waking, asleep);
	reach(bench, "wake-asleep", "p=99", waking_latest, asleep);
	reach(bench, "wake-busy", "p=50", arriving, busy);
	reach(bench, "wake-busy", "p=99", latest, busy);
}

/* --- The same thread --- */

static struct gyre_loop *same;
static unsigned same_rounds;

static void nothing(struct gyre_post *post)
{
	(void)post;
}

/* Posted and run, its part of a turn included. */
static double same_round(void *arg)
{
	static struct gyre_post batch[SAME_BATCH];
	uint64_t t0 = bench_now();

	(void)arg;
	for (unsigned i = 0; i < same_rounds; i++) {
		for (unsigned j = 0; j < SAME_BATCH; j++) {
			batch[j].fn = nothing;
			gyre_loop_post(same, &batch[j]);
		}
		gyre_loop_run(same, GYRE_RUN_NOWAIT);
	}
	return (double)(bench_now() - t0) / same_rounds / SAME_BATCH;
}

static void from_same(struct bench *bench)
{
	struct bench_system system = {"gyre", same_round, NULL};

	if (!bench_wants(bench, "post"))
		return;
	same_rounds = bench_size(bench, 3000, 600);
	bench_check(gyre_loop_create(NULL, &same), "gyre_loop_create");
	bench_compare(bench, &(struct bench_case){"post", "from=same", "ns"}, &system, 1, NULL);
	gyre_loop_destroy(same);
}

void loop_reach(struct bench *bench)
{
	pthread_t thread;

	from_same(bench);
	bench_check(-pthread_create(&thread, NULL, other, NULL), "a thread");
	if (pin_elsewhere(thread, bench->core) == 0)
		from_other(bench);
	else
		puts("one CPU: no other thread's posts, signals and wake-ups");
	atomic_store(&asked, &ending);
	pthread_join(thread, NULL);
}
