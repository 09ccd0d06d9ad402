/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an idle loop costs: 100 processes on tickers of a second, for SECONDS; prints the share of a
 * CPU that it took, user and kernel, and exits with 1 if that was above 1 % or if ticks are
 * missing. Run by tests/soak/idle-cpu; calls the public interface.
 */
#include <gyre.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { PROCESSES = 100 };

static uint64_t ticks, end;

static int tick(struct gyre_process *self, void *arg)
{
	struct gyre_ticker ticker;

	(void)arg;
	gyre_ticker_init(&ticker, self, GYRE_SEC(1));
	while (gyre_ticker_deadline(&ticker) < end && gyre_ticker_wait(&ticker) >= 0)
		ticks++;
	return 0;
}

/* They do not start all at once: a hundred wake-ups a second, not one. */
static int start_later(struct gyre_process *self, void *arg)
{
	gyre_process_sleep(self, GYRE_MSEC(10) * (uintptr_t)arg);
	return tick(self, NULL);
}

static double cpu(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 5;
	struct gyre_loop_stats stats;
	struct gyre_loop *loop;
	double before, share;

	if (seconds < 2 || gyre_loop_create(NULL, &loop) < 0)
		return 2;
	end = gyre_loop_clock(loop) + GYRE_SEC(seconds);
	for (uintptr_t i = 0; i < PROCESSES; i++)
		if (gyre_process_spawn(loop, start_later, (void *)i, NULL, NULL) < 0)
			return 2;
	before = cpu();
	gyre_loop_run(loop, GYRE_RUN_DEFAULT);
	share = (cpu() - before) / seconds * 100;
	gyre_loop_stats_get(loop, &stats);
	printf("%.3f %% of a CPU, %llu ticks, %llu sleeps in %u s\n", share,
		(unsigned long long)ticks, (unsigned long long)stats.sleeps, seconds);
	gyre_loop_destroy(loop);
	return share > 1 || ticks < (seconds - 2) * PROCESSES;
}
