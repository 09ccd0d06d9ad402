/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickers: periodic work on a fixed phase grid. Owns nothing: the ticker is its process's memory.
 * Called by that process; sleeps by gyre_process_sleep_until(). Invariant: every deadline is the
 * first one plus a whole number of periods, so that lateness never adds up.
 */
#include <errno.h>
#include <limits.h>

#include "sched/process.h"

static uint64_t later(uint64_t deadline, uint64_t nsec)
{
	return nsec < GYRE_FOREVER - deadline ? deadline + nsec : GYRE_FOREVER;
}

int gyre_ticker_init(struct gyre_ticker *ticker, struct gyre_process *self, uint64_t period)
{
	if (!period || !self)
		return -EINVAL;
	*ticker = (struct gyre_ticker){
		.process = self,
		.period = period,
		.deadline = later(gyre_loop_clock(self->sched->loop), period),
	};
	return 0;
}

uint64_t gyre_ticker_deadline(const struct gyre_ticker *ticker)
{
	return ticker->deadline;
}

int gyre_ticker_advance(struct gyre_ticker *ticker)
{
	uint64_t now = gyre_loop_clock(ticker->process->sched->loop), missed;

	if (now < ticker->deadline)
		return -EAGAIN;
	missed = (now - ticker->deadline) / ticker->period;
	ticker->missed += missed;
	ticker->deadline = later(ticker->deadline + missed * ticker->period, ticker->period);
	return missed < INT_MAX ? (int)missed : INT_MAX;
}

int gyre_ticker_wait(struct gyre_ticker *ticker)
{
	int err = gyre_process_sleep_until(ticker->process, ticker->deadline);

	return err < 0 ? err : gyre_ticker_advance(ticker);
}
