/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 1,000 ticks of 1 ms beside an input that never runs dry: a process keeps its phase while the
 * packets take all the time there is. Prints how far the ticks were off their grid, and fails when
 * the grid drifted, when ticks got lost, or when over 1 % came a period late or were missed, for
 * any other reason than that the kernel ran something else on this core: this loop never sleeps, so
 * that is the time that the clock went on and the thread's did not.
 */
#include <gyre.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TICKS  1000
#define PERIOD GYRE_MSEC(1)

struct result {
	uint64_t late[TICKS]; /* nsec after the grid */
	uint64_t stolen; /* nsec in all, by the kernel */
	unsigned ticks, missed, excused;
	bool off_grid;
};

/* Always has a full vector. */
static unsigned flood(struct gyre_node *node, unsigned max)
{
	static int item;
	void **items = gyre_next_reserve(node, 0, max);

	for (unsigned i = 0; i < max; i++)
		items[i] = &item;
	gyre_next_commit(node, 0, max);
	return max;
}

static gyre_next swallow(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

static const char *const flood_nexts[] = {"swallow"};
static const struct gyre_node_class flood_class = {.name = "flood",
	.kind = GYRE_NODE_INPUT,
	.poll = flood,
	.nexts = flood_nexts,
	.n_nexts = 1};
static const struct gyre_node_class swallow_class = {
	.name = "swallow", .kind = GYRE_NODE_OUTPUT, .process = swallow};

static uint64_t thread_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return GYRE_SEC(t.tv_sec) + (uint64_t)t.tv_nsec;
}

/* How long the kernel ran something else since the last call. */
static uint64_t stolen(struct gyre_loop *loop, uint64_t *wall, uint64_t *ran)
{
	uint64_t wall_now = gyre_loop_clock(loop), ran_now = thread_time();
	uint64_t passed = wall_now - *wall, used = ran_now - *ran;

	*wall = wall_now;
	*ran = ran_now;
	return passed > used ? passed - used : 0;
}

static int tick(struct gyre_process *self, void *arg)
{
	struct gyre_loop *loop = gyre_process_loop(self);
	struct result *result = arg;
	uint64_t first, wall = gyre_loop_clock(loop), ran = thread_time();
	struct gyre_ticker ticker;

	gyre_ticker_init(&ticker, self, PERIOD);
	first = gyre_ticker_deadline(&ticker);
	while (result->ticks + result->missed < TICKS) {
		int missed = gyre_ticker_wait(&ticker);
		uint64_t lost = stolen(loop, &wall, &ran), due;
		unsigned excuses = (unsigned)((lost + PERIOD - 1) / PERIOD);

		if (missed < 0)
			return missed;
		result->stolen += lost;
		result->missed += (unsigned)missed;
		result->excused += excuses < (unsigned)missed ? excuses : (unsigned)missed;
		due = first + (result->ticks + result->missed) * PERIOD;
		if (wall < due || gyre_ticker_deadline(&ticker) != due + PERIOD)
			result->off_grid = true;
		result->late[result->ticks++] = wall - due > lost ? wall - due - lost : 0;
	}
	gyre_loop_stop(loop);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int report(struct result *r, struct gyre_loop *loop)
{
	struct gyre_loop_stats stats;
	unsigned late = r->missed - r->excused;

	gyre_loop_stats_get(loop, &stats);
	for (unsigned i = 0; i < r->ticks; i++)
		late += r->late[i] >= PERIOD;
	qsort(r->late, r->ticks, sizeof(*r->late), by_size);
	printf("%u ticks of 1 ms beside %" PRIu64 " turns of a saturated input\n", r->ticks,
		stats.turns);
	printf("missed %u, of which %u while the kernel ran something else (%.1f ms in all)\n",
		r->missed, r->excused, (double)r->stolen / 1e6);
	printf("off the grid by our own doing, usec: median %.1f, 99 %% %.1f, worst %.1f\n",
		(double)r->late[r->ticks / 2] / 1e3, (double)r->late[r->ticks * 99 / 100] / 1e3,
		(double)r->late[r->ticks - 1] / 1e3);
	if (r->off_grid || r->ticks + r->missed < TICKS || late > TICKS / 100) {
		printf("failed: %s, %u ticks late or missed\n",
			r->off_grid ? "the grid drifted" : "the grid held", late);
		return 1;
	}
	return 0;
}

int main(void)
{
	static struct result result;
	struct gyre_loop *loop;
	int status = 1;

	if (gyre_loop_create(NULL, &loop) < 0)
		return 1;
	if (gyre_node_add(loop, &flood_class, "flood", NULL, NULL) == 0 &&
		gyre_node_add(loop, &swallow_class, "swallow", NULL, NULL) == 0 &&
		gyre_process_spawn(loop, tick, &result, NULL, NULL) == 0 &&
		gyre_loop_run(loop, GYRE_RUN_DEFAULT) >= 0 && result.ticks)
		status = report(&result, loop);
	gyre_loop_destroy(loop);
	return status;
}
