/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The harness: options, pinning, turns, medians, CSV. Owns nothing between cases. Invariant: every
 * row in the CSV is a median of rounds that alternated with those of the systems beside it.
 */
#include "harness.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define USAGE        "usage: [--quick] [--csv FILE] [--core N] [--only CASE] [--param PARAM]"
#define ROUNDS       21
#define ROUNDS_QUICK 9
#define MSEC         UINT64_C(1000000) /* nsec */
#define PATIENCE     3 /* times what counts takes; none when quick */
#define LONG         (20 * MSEC) /* seldom has the core alone: not worth doing again */
#define HEADER       "subject,case,param,system,unit,min,median,max\n"

struct figure {
	double min, median, max;
};

uint64_t bench_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

void bench_check(int status, const char *what)
{
	if (status < 0)
		fail(what, status == -1 ? "failed" : strerror(-status));
}

static void pin(struct bench *bench)
{
	cpu_set_t set;

	if (bench->core < 0) {
		if (sched_getaffinity(0, sizeof(set), &set) < 0)
			fail("sched_getaffinity", "failed");
		for (int core = 0; core < CPU_SETSIZE; core++)
			if (CPU_ISSET(core, &set))
				bench->core = core;
	}
	CPU_ZERO(&set);
	CPU_SET(bench->core, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		fail("--core", "no such core for us");
}

static void csv_open(struct bench *bench, const char *path)
{
	bench->csv = fopen(path, "a");
	if (!bench->csv)
		fail(path, "cannot be written");
	fseek(bench->csv, 0, SEEK_END);
	if (ftell(bench->csv) == 0)
		fputs(HEADER, bench->csv);
}

void bench_open(struct bench *bench, const char *subject, int argc, char **argv)
{
	*bench = (struct bench){.subject = subject, .rounds = ROUNDS, .core = -1};
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--quick") == 0) {
			bench->quick = true;
			bench->rounds = ROUNDS_QUICK;
			continue;
		}
		if (!value)
			fail(argv[i], USAGE);
		if (strcmp(argv[i], "--csv") == 0)
			csv_open(bench, value);
		else if (strcmp(argv[i], "--core") == 0)
			bench->core = atoi(value);
		else if (strcmp(argv[i], "--only") == 0)
			bench->only = value;
		else if (strcmp(argv[i], "--param") == 0)
			bench->param = value;
		else
			fail(argv[i], USAGE);
		i++;
	}
	pin(bench);
	if (bench->quick)
		alone_learn(&bench->alone, 20 * MSEC, 0);
	else
		alone_learn(&bench->alone, 500 * MSEC, 3000 * MSEC);
	printf("%-18s %-16s %-18s %10s %10s %10s  of peer\n", subject, "", "", "min", "median",
		"max");
}

bool bench_wants(const struct bench *bench, const char *name)
{
	return !bench->only || strcmp(bench->only, name) == 0;
}

bool bench_wants_param(const struct bench *bench, const char *param)
{
	return !bench->param || strcmp(bench->param, param) == 0;
}

unsigned bench_size(const struct bench *bench, unsigned full, unsigned quick)
{
	return bench->quick ? quick : full;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct figure figure_make(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), compare);
	return (struct figure){values[0], values[n / 2], values[n - 1]};
}

/* `first` is the median that this one is compared with; 0: it is the first. */
static void report(struct bench *bench, const struct bench_case *what, const char *system,
	struct figure figure, double first)
{
	printf("%-18s %-16s %-18s %10.3f %10.3f %10.3f", what->name, what->param, system,
		figure.min, figure.median, figure.max);
	if (first > 0 && figure.median > 0)
		printf("  %.3f", first / figure.median);
	printf("  %s\n", what->unit);
	fflush(stdout);
	/* A parameter may hold commas. */
	if (bench->csv)
		fprintf(bench->csv, "%s,%s,%s%s%s,%s,%s,%.4f,%.4f,%.4f\n", bench->subject,
			what->name, strchr(what->param, ',') ? "\"" : "", what->param,
			strchr(what->param, ',') ? "\"" : "", system, what->unit, figure.min,
			figure.median, figure.max);
}

/* One that nothing was seen to disturb, if patience lasts; the first one, if it is not to be done
 * again. */
static double repetition(struct bench *bench, const struct bench_system *system, bool again)
{
	uint64_t took;
	double value;
	bool alone;

	do {
		alone_wait(&bench->alone);
		took = bench_now();
		value = system->round(system->arg);
		took = bench_now() - took;
		alone = alone_now(&bench->alone);
	} while (!alone && again && alone_spend(&bench->alone, took));
	if (again)
		bench->alone.patience += PATIENCE * took;
	bench->repetitions++;
	bench->disturbed += !alone;
	return value;
}

/* The longest round of any system: what holds for one has to hold for all. */
static uint64_t warm_up(const struct bench_system *systems, unsigned n)
{
	uint64_t longest = 0, took;

	for (unsigned s = 0; s < n; s++) {
		took = bench_now();
		systems[s].round(systems[s].arg);
		took = bench_now() - took;
		longest = took > longest ? took : longest;
	}
	return longest;
}

void bench_compare(struct bench *bench, const struct bench_case *what,
	const struct bench_system *systems, unsigned n, double *ret_medians)
{
	static double values[BENCH_SYSTEMS_MAX][BENCH_ROUNDS_MAX];
	double first = 0;
	bool again;

	if (!bench_wants(bench, what->name) || !bench_wants_param(bench, what->param))
		return;
	again = warm_up(systems, n) < LONG && !bench->quick;
	for (unsigned round = 0; round < bench->rounds; round++)
		for (unsigned s = 0; s < n; s++)
			values[s][round] = repetition(bench, &systems[s], again);
	for (unsigned s = 0; s < n; s++) {
		struct figure figure = figure_make(values[s], bench->rounds);

		report(bench, what, systems[s].name, figure, first);
		if (s == 0)
			first = figure.median;
		if (ret_medians)
			ret_medians[s] = figure.median;
	}
}

void bench_count(
	struct bench *bench, const struct bench_case *what, const char *system, double value)
{
	if (bench_wants(bench, what->name) && bench_wants_param(bench, what->param))
		report(bench, what, system, (struct figure){value, value, value}, 0);
}

void bench_close(struct bench *bench)
{
	const struct bench_case what = {"disturbed", "repetitions", "%"};
	double share = 100.0 * bench->disturbed / (bench->repetitions + !bench->repetitions);

	report(bench, &what, bench->subject, (struct figure){share, share, share}, 0);
	if (bench->csv && fclose(bench->csv) != 0)
		fail("--csv", "cannot be written");
}
