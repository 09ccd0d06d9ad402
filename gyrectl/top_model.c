/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What grew between two readings of a loop. Owns the rows, borrows the readings. Called by top.c;
 * calls field.c. Invariant: a counter that was set back, a node that is new or a clock that stands
 * still give 0, never a negative or an endless rate; and nodes that sort alike stay in the order of
 * dispatch.
 */
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "top.h"

const char *const top_methods[TOP_METHODS] = {
	[TOP_LOOPS] = "loops",
	[TOP_RUNTIME] = "runtime",
	[TOP_PROCESSES] = "processes",
	[TOP_LINKS] = "links",
	[TOP_ERRORS] = "errors",
	[TOP_VERSION] = "version",
};

const char *const top_sort_names[TOP_SORTS + 1] = {
	"rank", "name", "rate", "calls", "vectors", "clocks", "drops", NULL};

void top_reading_fini(struct top_reading *reading)
{
	for (unsigned i = 0; i < TOP_METHODS; i++)
		json_decref(reading->results[i]);
	memset(reading, 0, sizeof(*reading));
}

/* A result's list: of `runtime` that of the nodes, else the one with the method's name. */
static const json_t *list_of(const struct top_reading *reading, unsigned method)
{
	return json_object_get(
		reading->results[method], method == TOP_RUNTIME ? "nodes" : top_methods[method]);
}

/* Where a name was before: at the same place, as a rule. */
static const json_t *earlier(const json_t *before, size_t i, const json_t *now, const char *key)
{
	const json_t *same = json_array_get(before, i);

	if (field_is(same, key, field_raw(now, key)))
		return same;
	return field_find(before, key, field_raw(now, key));
}

static double per_second(uint64_t growth, double seconds)
{
	return seconds > 0 ? (double)growth / seconds : 0;
}

static struct top_node node_of(const json_t *now, const json_t *before, double seconds)
{
	struct top_node row = {.node = now, .clocks = -1};
	uint64_t items = field_growth(now, before, "vectors");
	uint64_t calls = field_growth(now, before, "calls");
	uint64_t sampled = field_growth(now, before, "sampled_items");
	uint64_t clocks = field_growth(now, before, "sampled_clocks");
	uint64_t sampled_calls = field_growth(now, before, "sampled_calls");

	if (before == NULL)
		return row;
	row.rate = per_second(items, seconds);
	row.calls = per_second(calls, seconds);
	row.drops = per_second(field_growth(now, before, "dropped"), seconds);
	row.vectors = calls == 0 ? 0 : (double)items / (double)calls;
	if (sampled > 0)
		row.clocks = (double)clocks / (double)sampled;
	if (sampled_calls > 0)
		row.busy = row.calls * (double)clocks / (double)sampled_calls / 1e7;
	return row;
}

static void add_node(struct top_model *model, const struct top_node *row, const json_t *before)
{
	double punted = per_second(field_growth(row->node, before, "punted"), model->seconds);

	if (before == NULL)
		punted = 0;
	model->nodes[model->n_nodes] = *row;
	model->nodes[model->n_nodes].place = model->n_nodes;
	model->n_nodes++;
	model->dropped += row->drops;
	model->punted += punted;
	if (strstr(field_raw(row->node, "kind"), "input") != NULL)
		model->in += row->rate;
	else if (field_is(row->node, "kind", "output") && row->rate > row->drops + punted)
		model->out += row->rate - row->drops - punted;
}

static void add_nodes(struct top_model *model, const json_t *now, const json_t *before)
{
	double calls = 0, items = 0;
	json_t *node;
	size_t i;

	model->nodes = calloc(json_array_size(now) + 1, sizeof(*model->nodes));
	if (model->nodes == NULL) {
		model->failed = true;
		return;
	}
	json_array_foreach(now, i, node)
	{
		const json_t *then = earlier(before, i, node, "name");
		struct top_node row = node_of(node, then, model->seconds);

		add_node(model, &row, then);
		if (field_is(node, "kind", "internal")) {
			calls += row.calls;
			items += row.rate;
		}
	}
	model->vectors = calls > 0 ? items / calls : 0;
}

static void add_processes(struct top_model *model, const json_t *now, const json_t *before)
{
	json_t *process;
	size_t i;

	model->processes = calloc(json_array_size(now) + 1, sizeof(*model->processes));
	if (model->processes == NULL) {
		model->failed = true;
		return;
	}
	json_array_foreach(now, i, process)
	{
		const json_t *then = earlier(before, i, process, "id");
		struct top_process *row = &model->processes[model->n_processes++];

		row->process = process;
		if (then == NULL)
			continue;
		row->runs = per_second(field_growth(process, then, "runs"), model->seconds);
		row->busy =
			per_second(field_growth(process, then, "run_nsec"), model->seconds) / 1e7;
	}
}

static int by_count(const void *a, const void *b)
{
	const struct top_error *x = a, *y = b;
	uint64_t m = field_count(x->error, "count"), n = field_count(y->error, "count");

	if (x->rate != y->rate)
		return x->rate < y->rate ? 1 : -1;
	return m == n ? 0 : m < n ? 1 : -1;
}

/* The same node's same reason before, or NULL. */
static const json_t *error_before(const json_t *before, size_t i, const json_t *now)
{
	const json_t *then = json_array_get(before, i);

	for (i = 0; then == NULL || !field_is(then, "node", field_raw(now, "node")) ||
		    !field_is(then, "reason", field_raw(now, "reason"));
		i++) {
		then = json_array_get(before, i);
		if (then == NULL)
			return NULL;
	}
	return then;
}

static void add_errors(struct top_model *model, const json_t *now, const json_t *before)
{
	json_t *error;
	size_t i;

	model->errors = calloc(json_array_size(now) + 1, sizeof(*model->errors));
	if (model->errors == NULL) {
		model->failed = true;
		return;
	}
	json_array_foreach(now, i, error)
	{
		const json_t *then = error_before(before, i, error);
		struct top_error *row = &model->errors[model->n_errors++];

		row->error = error;
		/* One that was not there has counted from 0. */
		row->rate = per_second(field_growth(error, then, "count"), model->seconds);
	}
	qsort(model->errors, model->n_errors, sizeof(*model->errors), by_count);
}

static void add_loop(struct top_model *model, const struct top_reading *before)
{
	const char *name = field_raw(model->now->results[TOP_RUNTIME], "loop");
	const json_t *then = field_find(list_of(before, TOP_LOOPS), "name", name);
	const json_t *now = field_find(list_of(model->now, TOP_LOOPS), "name", name);
	uint64_t turns = field_growth(now, then, "turns");

	model->loop = now;
	if (then == NULL || turns == 0)
		return;
	model->turns = per_second(turns, model->seconds);
	model->sleeps = per_second(field_growth(now, then, "sleeps"), model->seconds);
	model->idle = (double)field_growth(now, then, "idle_turns") / (double)turns * 100;
}

void top_model_init(
	struct top_model *model, const struct top_reading *now, const struct top_reading *before)
{
	const json_t *runtime = before->results[TOP_RUNTIME];

	memset(model, 0, sizeof(*model));
	model->now = now;
	if (runtime != NULL)
		model->seconds =
			(double)field_growth(now->results[TOP_RUNTIME], runtime, "now_nsec") / 1e9;
	add_loop(model, before);
	add_nodes(model, list_of(now, TOP_RUNTIME), list_of(before, TOP_RUNTIME));
	add_processes(model, list_of(now, TOP_PROCESSES), list_of(before, TOP_PROCESSES));
	add_errors(model, list_of(now, TOP_ERRORS), list_of(before, TOP_ERRORS));
}

void top_model_fini(struct top_model *model)
{
	free(model->nodes);
	free(model->processes);
	free(model->errors);
	memset(model, 0, sizeof(*model));
}

static double key_of(const struct top_node *row, enum top_sort sort)
{
	switch (sort) {
	case TOP_SORT_RATE:
		return row->rate;
	case TOP_SORT_CALLS:
		return row->calls;
	case TOP_SORT_VECTORS:
		return row->vectors;
	case TOP_SORT_CLOCKS:
		return row->clocks;
	case TOP_SORT_DROPS:
		return row->drops;
	default:
		return 0;
	}
}

struct order {
	enum top_sort sort;
	bool reverse;
};

static int compare(const void *a, const void *b, void *arg)
{
	const struct top_node *x = a, *y = b;
	const struct order *order = arg;
	double m = key_of(x, order->sort), n = key_of(y, order->sort);
	int result = m == n ? 0 : m < n ? 1 : -1; /* most first */

	if (order->sort == TOP_SORT_RANK)
		result = x->place < y->place ? -1 : 1;
	if (order->sort == TOP_SORT_NAME)
		result = strcmp(field_raw(x->node, "name"), field_raw(y->node, "name"));
	if (result == 0)
		return x->place < y->place ? -1 : 1;
	return order->reverse ? -result : result;
}

void top_model_sort(struct top_model *model, enum top_sort sort, bool reverse)
{
	struct order order = {sort, reverse};

	qsort_r(model->nodes, model->n_nodes, sizeof(*model->nodes), compare, &order);
}

void top_model_hide_idle(struct top_model *model)
{
	size_t kept = 0;

	for (size_t i = 0; i < model->n_nodes; i++)
		if (model->nodes[i].rate > 0 || model->nodes[i].drops > 0)
			model->nodes[kept++] = model->nodes[i];
	model->n_nodes = kept;
}
