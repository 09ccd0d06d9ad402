/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Misses per packet of the first-level caches and of the second, as cachegrind counts them, in full
 * runs where valgrind is there: the program runs itself under it, with few walks and with more, and
 * takes the difference. Called by order.c. Invariant: the caches are those written here, whatever
 * the machine's, so that the counts are the same everywhere.
 */
#include "bench/order.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* cachegrind knows two levels: what it calls the last is the second of a core here. */
#define CACHEGRIND                                                                   \
	"valgrind --tool=cachegrind --cache-sim=yes --cachegrind-out-file=/dev/null" \
	" --log-fd=1 --I1=32768,8,64 --D1=49152,12,64 --LL=2097152,16,64"

static const struct {
	const char *line; /* of cachegrind's summary */
	const char *unit;
} counts[] = {
	{"I   refs:", "instructions/packet"},
	{"I1  misses:", "I1-misses/packet"},
	{"D1  misses:", "D1-misses/packet"},
	{"LL misses:", "L2-misses/packet"},
};
#define COUNTS (sizeof(counts) / sizeof(*counts))

/* The number behind the name in a line such as "==7== I1  misses:  1,234"; -1: not that line. */
static double line_parse(const char *line, const char *name)
{
	const char *at = strstr(line, name);
	double value = 0;

	if (!at)
		return -1;
	at += strlen(name);
	for (at += strspn(at, " "); *at == ',' || (*at >= '0' && *at <= '9'); at++)
		if (*at != ',')
			value = value * 10 + (*at - '0');
	return value;
}

static void run(const struct order_case *what, enum order_system system, unsigned walks,
	double values[COUNTS])
{
	char path[512] = "", command[1024], line[256];
	unsigned seen = 0;
	FILE *pipe;

	bench_check((int)readlink("/proc/self/exe", path, sizeof(path) - 1), "/proc/self/exe");
	snprintf(command, sizeof(command), CACHEGRIND " '%s' --count %u %u %u %u %u %u", path,
		what->shape, what->code, what->tables, what->vector, system, walks);
	pipe = popen(command, "r");
	if (!pipe)
		bench_check(-1, "valgrind");
	while (fgets(line, sizeof(line), pipe))
		for (unsigned i = 0; i < COUNTS; i++) {
			double value = line_parse(line, counts[i].line);

			if (value >= 0) {
				values[i] = value;
				seen |= 1u << i;
			}
		}
	if (pclose(pipe) != 0 || seen != (1u << COUNTS) - 1)
		bench_check(-1, "cachegrind");
}

static void case_run(struct bench *bench, const struct order_case *what)
{
	unsigned warm, counted;
	char name[32], param[48];

	snprintf(name, sizeof(name), "%s-misses", order_shape_names[what->shape]);
	order_param(what, param);
	if (!bench_wants(bench, name) || !bench_wants_param(bench, param))
		return;
	/* Tables are warm only when each of their lines was read some times. */
	warm = what->tables ? 256 : 2;
	counted = what->tables ? 64 : 4;
	for (unsigned system = 0; system < ORDER_SYSTEMS; system++) {
		double few[COUNTS], many[COUNTS];

		run(what, system, warm, few);
		run(what, system, warm + counted, many);
		for (unsigned i = 0; i < COUNTS; i++) {
			struct bench_case row = {name, param, counts[i].unit};

			bench_count(bench, &row, order_system_names[system],
				(many[i] - few[i]) / counted / what->vector);
		}
	}
}

void order_misses(struct bench *bench)
{
	static const struct order_case cases[] = {
		{ORDER_STRAIGHT, 8192, 0, 64},
		{ORDER_STRAIGHT, 32768, 0, 64},
		{ORDER_SPARSE, 8192, 0, 64},
		{ORDER_SPARSE, 8192, 256u << 10, 64},
		{ORDER_SPARSE, 8192, 4u << 20, 64},
		{ORDER_SPARSE, 32768, 0, 64},
	};

	if (bench->quick)
		return;
	if (system("valgrind --version >/dev/null 2>&1") != 0) {
		printf("misses are left out: no valgrind\n");
		return;
	}
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		case_run(bench, &cases[i]);
}

int order_misses_child(int argc, char **argv)
{
	unsigned values[6];
	struct order_case what;

	if (argc != 6)
		bench_check(-1, "--count SHAPE CODE TABLES VECTOR SYSTEM WALKS");
	for (unsigned i = 0; i < 6; i++)
		values[i] = (unsigned)atoi(argv[i]);
	what = (struct order_case){values[0], values[1], values[2], values[3]};
	order_open();
	order_prepare(&what);
	order_walk(values[4], values[5]);
	return 0;
}
