/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot as text: the runtime table with the columns and widths of VPP's `show runtime`, and
 * the reasons that counted, as in its `show errors`. Called by applications, calls snapshot.c for
 * baselines and stdio. Invariant: fields of a line are always at least a blank apart, and numbers
 * are written without the locale's marks, so that the text can be cut by awk.
 */
#include "graph/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define NUMBER_SIZE  32
#define NAME_WIDTH   30
#define STATE_WIDTH  12
#define NUMBER_WIDTH 16
#define COUNT_WIDTH  10
#define REASON_WIDTH 35
#define SEVERE_WIDTH 10

/* Writes text in the middle of `width` columns, and at least one blank before it; the last column
 * of a line leaves out the blanks behind it. */
static void centred_write(FILE *out, const char *text, int width, bool last)
{
	int pad = width - (int)strlen(text);
	int left = pad > 1 ? (pad + 1) / 2 : 1;

	fprintf(out, "%*s%s%*s", left, "", text, last || pad <= left ? 0 : pad - left, "");
}

/* "1.23e4"; 0 is "0.00e0". */
static void science_format(char text[NUMBER_SIZE], double value)
{
	int exponent = 0;

	for (; value >= 9.995; value /= 10)
		exponent++;
	for (; value > 0 && value < 0.9995; value *= 10)
		exponent--;
	unsigned hundredths = value * 100 + 0.5;
	snprintf(text, NUMBER_SIZE, "%u.%02ue%d", hundredths / 100, hundredths % 100, exponent);
}

/* "1.23"; of nothing, "0.00". */
static void ratio_format(char text[NUMBER_SIZE], uint64_t part, uint64_t of)
{
	uint64_t whole = of ? part / of : 0;
	unsigned hundredths = of ? (double)(part % of) / of * 100 + 0.5 : 0;

	snprintf(text, NUMBER_SIZE, "%" PRIu64 ".%02u", whole + hundredths / 100, hundredths % 100);
}

static bool is_input(const struct gyre_node_stats *node)
{
	return node->kind == GYRE_NODE_INPUT || node->kind == GYRE_NODE_PRE_INPUT;
}

static const char *state_name(const struct gyre_node_stats *node)
{
	if (node->disabled)
		return "disabled";
	return is_input(node) ? "polling" : "active";
}

/* nsec for an item, or for a call where no item came. */
static double clocks_of(const struct gyre_node_stats *node, const struct gyre_node_stats *before)
{
	uint64_t clocks = node->sampled_clocks - before->sampled_clocks;
	uint64_t items = node->sampled_items - before->sampled_items;
	uint64_t calls = node->sampled_calls - before->sampled_calls;
	uint64_t of = items ? items : calls;

	return of ? (double)clocks / of : 0;
}

static void node_write(
	FILE *out, const struct gyre_node_stats *node, const struct gyre_node_stats *before)
{
	static const struct gyre_node_stats none;
	char clocks[NUMBER_SIZE], ratio[NUMBER_SIZE];

	if (!before)
		before = &none;
	uint64_t calls = node->calls - before->calls;
	uint64_t items = node->items - before->items;
	science_format(clocks, clocks_of(node, before));
	ratio_format(ratio, items, calls);
	fprintf(out, "%-*s", NAME_WIDTH, node->name);
	centred_write(out, state_name(node), STATE_WIDTH, false);
	fprintf(out, " %*" PRIu64 " %*" PRIu64 " %*d %*s %*s\n", NUMBER_WIDTH - 1, calls,
		NUMBER_WIDTH - 1, items, NUMBER_WIDTH - 1, 0, NUMBER_WIDTH - 1, clocks,
		NUMBER_WIDTH - 1, ratio);
}

/* What stdio could not write. */
static int written(FILE *out)
{
	return fflush(out) || ferror(out) ? -EIO : 0;
}

int gyre_snapshot_write_runtime(
	const struct gyre_snapshot *snapshot, const struct gyre_snapshot *since, FILE *out)
{
	static const char *const titles[] = {
		"Calls", "Vectors", "Suspends", "Clocks", "Vectors/Call"};
	const unsigned n_titles = sizeof(titles) / sizeof(titles[0]);

	centred_write(out, "Name", NAME_WIDTH, false);
	centred_write(out, "State", STATE_WIDTH, false);
	for (unsigned i = 0; i < n_titles; i++)
		centred_write(out, titles[i], NUMBER_WIDTH, i == n_titles - 1);
	fputc('\n', out);
	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		node_write(out, &snapshot->nodes[i],
			gyre__snapshot_before(since, &snapshot->nodes[i], i));
	return written(out);
}

static void errors_line_write(FILE *out, const char *node, const char *reason, const char *severity)
{
	centred_write(out, node, REASON_WIDTH, false);
	centred_write(out, reason, REASON_WIDTH, false);
	centred_write(out, severity, SEVERE_WIDTH, true);
	fputc('\n', out);
}

static void errors_write(
	FILE *out, const struct gyre_node_stats *node, const struct gyre_node_stats *before)
{
	static const char *const severities[] = {"info", "warning", "error"};

	for (unsigned i = 0; i < node->n_reasons; i++) {
		uint64_t count = node->drops[i];

		if (before && i < before->n_reasons)
			count -= before->drops[i];
		if (!count)
			continue;
		fprintf(out, "%*" PRIu64, COUNT_WIDTH, count);
		errors_line_write(out, node->name, node->reasons[i].name,
			severities[node->reasons[i].severity]);
	}
}

int gyre_snapshot_write_errors(
	const struct gyre_snapshot *snapshot, const struct gyre_snapshot *since, FILE *out)
{
	centred_write(out, "Count", COUNT_WIDTH, false);
	errors_line_write(out, "Node", "Reason", "Severity");
	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		errors_write(out, &snapshot->nodes[i],
			gyre__snapshot_before(since, &snapshot->nodes[i], i));
	return written(out);
}
