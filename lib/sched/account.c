/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts: what each process cost, and how late it was. Owns the histogram in the control block.
 * Called, now and then, by the run of a process that was due (gyre__account_late), and by the
 * application. Calls stdio to write the table. Invariant: every timed wait that ended by its
 * deadline is in exactly one bucket.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "sched/process.h"
#include "sched/sched.h"

static void add(uint32_t *bucket, uint32_t n)
{
	*bucket = *bucket < UINT32_MAX - n ? *bucket + n : UINT32_MAX;
}

void gyre__account_carry(struct gyre_process *process, unsigned bucket)
{
	add(&process->late[bucket], UINT8_MAX + 1);
	process->late_carried = true;
}

static uint64_t count(const struct gyre_process_stats *stats)
{
	uint64_t total = 0;

	for (int i = 0; i < GYRE_LATENESS_BUCKETS; i++)
		total += stats->late[i];
	return total;
}

static void stats_fill(const struct gyre_process *process, struct gyre_process_stats *ret_stats)
{
	memset(ret_stats, 0, sizeof(*ret_stats));
	ret_stats->id = gyre_process_id(process);
	memcpy(ret_stats->name, process->name, sizeof(ret_stats->name));
	ret_stats->state = process->state;
	ret_stats->daemon = process->daemon;
	ret_stats->runs = (uint64_t)process->runs_high << 32 | process->runs;
	ret_stats->run_nsec = process->run_nsec;
	ret_stats->longest_nsec = process->longest_nsec;
	ret_stats->deadline = gyre__alarm_is_set(&process->sched->alarms, process->index)
				      ? process->deadline
				      : GYRE_FOREVER;
	ret_stats->events_coalesced =
		atomic_load_explicit(&process->coalesced, memory_order_relaxed);
	ret_stats->late_max = process->late_max;
	ret_stats->late_nsec = process->late_nsec;
	memcpy(ret_stats->late, process->late, sizeof(ret_stats->late));
	for (int i = 0; i < GYRE_LATENESS_BUCKETS; i++)
		add(&ret_stats->late[i], process->late_new[i]);
	ret_stats->late_count = count(ret_stats);
	ret_stats->stack_size = process->stack_size;
}

static size_t stack_used(const struct gyre_process *process)
{
	return process->stack_low ? gyre__stack_used(&process->stack) : 0;
}

int gyre_process_stats_get(struct gyre_process_id id, struct gyre_process_stats *ret_stats)
{
	const struct gyre_process *process = gyre__process_find(id);

	if (!process)
		return -ESRCH;
	stats_fill(process, ret_stats);
	ret_stats->stack_used = stack_used(process);
	return 0;
}

bool gyre__sched_copy(
	const struct gyre__sched *sched, uint32_t *index, struct gyre__copy *copy, bool stacks)
{
	const struct gyre_process *process;
	struct gyre_process_stats *stats;

	while (gyre__copy_may_go_on(copy)) {
		process = gyre__table_at(&sched->table, *index);
		if (!process)
			return true;
		++*index;
		if (process->state == GYRE__PROCESS_FREE)
			continue;
		stats = gyre__copy_room(copy, sizeof(*stats));
		if (!stats)
			continue;
		stats_fill(process, stats);
		if (stacks)
			stats->stack_used = stack_used(process);
	}
	return false;
}

uint64_t gyre_process_lateness(const struct gyre_process_stats *stats, double percent)
{
	uint64_t total = count(stats), below = 0;
	double wanted;

	if (!total)
		return 0;
	wanted = (percent > 0 ? percent : 0) / 100 * (double)total;
	for (int i = 0; i < GYRE_LATENESS_BUCKETS - 1; i++) {
		uint64_t edge = UINT64_C(2) << i;

		below += stats->late[i];
		if (below && (double)below >= wanted)
			return edge < stats->late_max ? edge : stats->late_max;
	}
	return stats->late_max;
}

bool gyre_process_next(struct gyre_loop *loop, struct gyre_process_id *id)
{
	uint32_t index = id->loop ? id->index + 1 : 0;
	const struct gyre_process *process;

	while ((process = gyre__table_at(&loop->sched->table, index++))) {
		if (process->state == GYRE__PROCESS_FREE)
			continue;
		*id = gyre_process_id(process);
		return true;
	}
	return false;
}

/* A time in at most 8 columns. */
struct span {
	char text[16];
};

static struct span span(uint64_t nsec)
{
	static const char units[][3] = {"ns", "us", "ms", "s"};
	double value = (double)nsec;
	struct span span;
	int unit = 0;

	while (unit < 3 && value >= 999.95) {
		value /= 1000;
		unit++;
	}
	snprintf(span.text, sizeof(span.text), "%.*f%s", unit ? 1 : 0, value, units[unit]);
	return span;
}

static void write_row(FILE *out, const struct gyre_process_stats *stats)
{
	static const char states[][9] = {
		[GYRE_PROCESS_RUNNING] = "running",
		[GYRE_PROCESS_READY] = "ready",
		[GYRE_PROCESS_SLEEPING] = "sleeping",
		[GYRE_PROCESS_WAITING] = "waiting",
		[GYRE_PROCESS_JOINING] = "joining",
		[GYRE_PROCESS_ENDED] = "ended",
	};

	fprintf(out, "%-31s %-8s %10" PRIu64 " %9s %9s %9s %9s %9s %6zuK %6zuK\n", stats->name,
		states[stats->state], stats->runs, span(stats->run_nsec).text,
		span(stats->longest_nsec).text, span(gyre_process_lateness(stats, 50)).text,
		span(gyre_process_lateness(stats, 99)).text, span(stats->late_max).text,
		stats->stack_used >> 10, stats->stack_size >> 10);
}

int gyre_process_write_table(struct gyre_loop *loop, FILE *out)
{
	struct gyre_process_id id = {0};
	struct gyre_process_stats stats;

	fprintf(out, "%-31s %-8s %10s %9s %9s %9s %9s %9s %7s %7s\n", "Process", "State", "Runs",
		"Time", "Longest", "Late 50%", "99%", "worst", "Stack", "of");
	while (gyre_process_next(loop, &id))
		if (gyre_process_stats_get(id, &stats) == 0)
			write_row(out, &stats);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
