/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `show runtime` with VPP's columns and widths: the nodes, then the processes. Called through the
 * table of views; calls page.c. Invariant: fields of a line are always at least a blank apart and
 * the lines of nodes are as gyre_snapshot_write_runtime() writes them, so that the same awk reads
 * both.
 */
#include <inttypes.h>
#include <string.h>

#include "field.h"
#include "unit.h"
#include "view.h"

#define NAME_WIDTH   30
#define STATE_WIDTH  12
#define NUMBER_WIDTH 16

/* Writes text in the middle of `width` columns, and at least one blank before it. */
static void centred(struct page *page, enum page_style style, const char *text, int width)
{
	int pad = width - (int)text_columns(text);
	int left = pad > 1 ? (pad + 1) / 2 : 1;

	page_put(page, style, "%*s%s%*s", left, "", text, pad > left ? pad - left : 0, "");
}

static void number(struct page *page, uint64_t value)
{
	page_put(page, PAGE_PLAIN, " %*" PRIu64, NUMBER_WIDTH - 1, value);
}

static void name_and_state(
	struct page *page, const json_t *object, enum page_style style, const char *state)
{
	char name[TEXT_SIZE];
	int pad;

	field_text(object, "name", name);
	pad = NAME_WIDTH - (int)text_columns(name);
	page_put(page, PAGE_PLAIN, "%s%*s", name, pad > 0 ? pad : 0, "");
	centred(page, style, state, STATE_WIDTH);
}

static void titles(struct page *page)
{
	static const char *const names[] = {
		"Calls", "Vectors", "Suspends", "Clocks", "Vectors/Call"};

	centred(page, PAGE_BOLD, "Name", NAME_WIDTH);
	centred(page, PAGE_BOLD, "State", STATE_WIDTH);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		centred(page, PAGE_BOLD, names[i], NUMBER_WIDTH);
	page_end(page);
}

static void last_columns(struct page *page, double clocks, double ratio)
{
	char science[UNIT_SIZE];

	page_put(page, PAGE_PLAIN, " %*s %*.2f", NUMBER_WIDTH - 1, unit_science(science, clocks, 2),
		NUMBER_WIDTH - 1, ratio);
	page_end(page);
}

static void node_line(struct page *page, const json_t *node)
{
	bool disabled = field_is(node, "state", "disabled");
	char state[TEXT_SIZE];

	name_and_state(
		page, node, disabled ? PAGE_WARN : PAGE_PLAIN, field_text(node, "state", state));
	number(page, field_count(node, "calls"));
	number(page, field_count(node, "vectors"));
	number(page, field_count(node, "suspends"));
	last_columns(page, field_number(node, "clocks"), field_number(node, "vectors_per_call"));
}

/* VPP's words for what a process waits for. */
static const char *process_state(const json_t *process, char text[TEXT_SIZE])
{
	bool timed = json_is_integer(json_object_get(process, "deadline_nsec"));

	if (field_is(process, "state", "sleeping"))
		return "time wait";
	if (field_is(process, "state", "waiting"))
		return timed ? "any wait" : "event wait";
	if (field_is(process, "state", "running"))
		return "active";
	if (field_is(process, "state", "ended"))
		return "done";
	return field_text(process, "state", text);
}

static void process_line(struct page *page, const json_t *process)
{
	uint64_t runs = field_count(process, "runs");
	char state[TEXT_SIZE];

	name_and_state(page, process, PAGE_PLAIN, process_state(process, state));
	number(page, 0);
	number(page, 0);
	number(page, runs);
	last_columns(page, runs == 0 ? 0 : field_number(process, "run_nsec") / (double)runs, 0);
}

/* What the counters of all nodes say together. */
struct sums {
	uint64_t in, out, drop, punt; /* items */
	uint64_t inner_calls, inner_vectors;
};

static struct sums sum_of(const json_t *nodes)
{
	struct sums sums = {0};
	json_t *node;
	size_t i;

	json_array_foreach(nodes, i, node)
	{
		uint64_t vectors = field_count(node, "vectors");
		uint64_t lost = field_count(node, "dropped") + field_count(node, "punted");

		sums.drop += field_count(node, "dropped");
		sums.punt += field_count(node, "punted");
		if (strstr(field_raw(node, "kind"), "input") != NULL)
			sums.in += vectors;
		else if (field_is(node, "kind", "output"))
			sums.out += vectors > lost ? vectors - lost : 0;
		if (field_is(node, "kind", "internal")) {
			sums.inner_calls += field_count(node, "calls");
			sums.inner_vectors += vectors;
		}
	}
	return sums;
}

/* How long the counters have counted; 0 if that is not known. */
static double counted_seconds(const json_t *runtime, const json_t *version)
{
	uint64_t since = field_count(runtime, "since_nsec");
	uint64_t now = field_count(runtime, "now_nsec");

	if (since > 0)
		return now > since ? (double)(now - since) / 1e9 : 0;
	return field_number(version, "uptime_nsec") / 1e9;
}

static void header(struct page *page, const json_t *runtime, const json_t *version)
{
	struct sums sums = sum_of(json_object_get(runtime, "nodes"));
	double seconds = counted_seconds(runtime, version);
	const uint64_t items[] = {sums.in, sums.out, sums.drop, sums.punt};
	char rates[4][UNIT_SIZE];

	for (unsigned i = 0; i < 4; i++)
		unit_science(rates[i], seconds > 0 ? (double)items[i] / seconds : 0, 4);
	page_line(page, "Time %.1f, average vectors/node %.2f", seconds,
		sums.inner_calls == 0 ? 0 : (double)sums.inner_vectors / (double)sums.inner_calls);
	page_line(page, "  vector rates in %s, out %s, drop %s, punt %s", rates[0], rates[1],
		rates[2], rates[3]);
}

void show_runtime(struct page *page, json_t *const results[VIEW_METHODS])
{
	json_t *element;
	size_t i;

	header(page, results[0], results[2]);
	titles(page);
	json_array_foreach(json_object_get(results[0], "nodes"), i, element)
		node_line(page, element);
	json_array_foreach(json_object_get(results[1], "processes"), i, element)
		process_line(page, element);
}
