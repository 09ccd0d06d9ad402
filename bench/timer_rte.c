/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DPDK's timers: a skip list for each lcore. They read the processor's counter themselves, so that
 * their time is real; the delays are made shorter by as much as the timers are fewer than a
 * million, so that they expire at one pace. A poll is rte_timer_manage() on the main lcore, which
 * is the calling thread, pinned where it was.
 */
#include "timer.h"

#ifdef HAVE_DPDK

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_timer.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

struct timer {
	struct rte_timer timer;
	uint64_t due; /* cycles */
};

static struct timer *timers;
static uint64_t *cycles; /* the delays, DPDK's way */
static unsigned next, lcore;
static double nsec_per_cycle;

static void expired(struct rte_timer *handle, void *arg);

static void start_one(struct timer *timer)
{
	uint64_t delay = cycles[next++ % TIMER_DELAYS];

	timer->due = rte_get_timer_cycles() + delay;
	rte_timer_reset(&timer->timer, delay, SINGLE, lcore, expired, timer);
}

static void expired(struct rte_timer *handle, void *arg)
{
	struct timer *timer = arg;

	(void)handle;
	timer_fired(rte_get_timer_cycles(), timer->due);
	start_one(timer);
}

static void poll_once(void)
{
	rte_timer_manage();
}

/* Once in the program's life: EAL cannot be had twice. */
static void eal_open(int core)
{
	char lcores[32];
	char *args[] = {"timer", "--no-huge", "--no-pci", "--no-shconf", "--no-telemetry", "-m",
		"64", "--log-level=error", "--lcores", lcores, NULL};

	snprintf(lcores, sizeof(lcores), "0@%d", core);
	bench_check(rte_eal_init(sizeof(args) / sizeof(*args) - 1, args), "rte_eal_init");
	bench_check(rte_timer_subsystem_init(), "rte_timer_subsystem_init");
	lcore = rte_lcore_id();
	nsec_per_cycle = 1e9 / (double)rte_get_timer_hz();
}

static void open_all(unsigned n, const uint64_t *delays, int core)
{
	if (!nsec_per_cycle)
		eal_open(core);
	timers = calloc(n, sizeof(*timers));
	cycles = calloc(TIMER_DELAYS, sizeof(*cycles));
	bench_check(timers && cycles ? 0 : -1, "memory for rte_timer");
	for (unsigned i = 0; i < TIMER_DELAYS; i++)
		cycles[i] = (uint64_t)((double)delays[i] * n / 1e6 / nsec_per_cycle);
	for (unsigned i = 0; i < n; i++)
		rte_timer_init(&timers[i].timer);
}

static void close_all(void)
{
	bench_check(rte_timer_stop_all(0, &lcore, 1, NULL, NULL), "rte_timer_stop_all");
	free(timers);
	free(cycles);
}

/* Also moves started ones. */
static void start(const uint32_t *which, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		start_one(&timers[which[i]]);
}

static void stop(const uint32_t *which, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		rte_timer_stop(&timers[which[i]].timer);
}

const struct timer_system timer_rte = {
	.name = "rte_timer",
	.share = 72,
	.real = true,
	.open = open_all,
	.close = close_all,
	.start = start,
	.stop = stop,
	.rearm = start,
	.poll = poll_once,
};

#endif
