/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods runtime, runtime.clear and errors: what nodes have done since the last clear. Owns
 * nothing; called by requests, each builds its answer of the request's reading. Invariant: a
 * cleared counter is the difference to an earlier reading of the same node, never of another that
 * bears its name.
 */
#include <gyre/snapshot.h>

#include "control/json.h"
#include "control/names.h"
#include "control/question.h"

static const struct gyre_node_stats *same_node(
	const struct gyre_snapshot *since, const struct gyre_node_stats *node, unsigned i)
{
	static const struct gyre_node_stats none;

	/* As a rule it is where it was. */
	for (unsigned n = 0; since && n < since->n_nodes; n++) {
		const struct gyre_node_stats *before = &since->nodes[(i + n) % since->n_nodes];

		if (before->id.index == node->id.index &&
			before->id.generation == node->id.generation)
			return before;
	}
	return &none;
}

static double ratio(uint64_t part, uint64_t of)
{
	return of ? (double)part / (double)of : 0;
}

static json_t *node_json(const struct gyre_node_stats *node, const struct gyre_node_stats *before)
{
	uint64_t calls = node->calls - before->calls, items = node->items - before->items;
	uint64_t sampled_items = node->sampled_items - before->sampled_items;
	uint64_t sampled_calls = node->sampled_calls - before->sampled_calls;
	uint64_t clocks = node->sampled_clocks - before->sampled_clocks;

	return json_pack("{s:o, s:o, s:s, s:s, s:i, s:o, s:o, s:i, s:f, s:f, s:o, s:o, s:o, s:o, "
			 "s:o, s:o, s:o, s:o}",
		"name", gyre__json_text(node->name), "class", gyre__json_text(node->class_name),
		"kind", gyre__kind_name(node->kind), "state", gyre__node_state_name(node), "rank",
		node->rank, "calls", gyre__json_count(calls), "vectors", gyre__json_count(items),
		"suspends", 0, "clocks",
		ratio(clocks, sampled_items ? sampled_items : sampled_calls), "vectors_per_call",
		ratio(items, calls), "dropped", gyre__json_count(node->dropped - before->dropped),
		"punted", gyre__json_count(node->punted - before->punted), "kept",
		gyre__json_count(node->kept - before->kept), "created",
		gyre__json_count(node->created - before->created), "sampled_calls",
		gyre__json_count(sampled_calls), "sampled_items", gyre__json_count(sampled_items),
		"sampled_clocks", gyre__json_count(clocks), "longest_clocks",
		gyre__json_count(node->longest_clocks));
}

static void runtime(struct gyre__request *request)
{
	const struct gyre_snapshot *snapshot = gyre__request_snapshot(request);
	const struct gyre_snapshot *since = gyre__request_baseline(request);
	json_t *nodes = json_array();

	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		json_array_append_new(nodes,
			node_json(&snapshot->nodes[i], same_node(since, &snapshot->nodes[i], i)));
	gyre__request_result(
		request, json_pack("{s:o, s:o, s:o, s:o}", "loop", gyre__json_text(snapshot->loop),
				 "now_nsec", gyre__json_count(snapshot->now), "since_nsec",
				 gyre__json_count(since ? since->now : 0), "nodes", nodes));
}

static void clear(struct gyre__request *request)
{
	struct gyre__served *served = request->served;

	gyre__shared_unref(served->baseline);
	served->baseline = gyre__shared_ref(request->parts[0].wait.shared);
	gyre__request_result(request, json_object());
}

static void append_errors(
	json_t *array, const struct gyre_node_stats *node, const struct gyre_node_stats *before)
{
	for (unsigned i = 0; i < node->n_reasons; i++) {
		uint64_t count = node->drops[i] - (i < before->n_reasons ? before->drops[i] : 0);

		if (!count)
			continue;
		json_array_append_new(array,
			json_pack("{s:o, s:o, s:s, s:o}", "node", gyre__json_text(node->name),
				"reason", gyre__json_text(node->reasons[i].name), "severity",
				gyre__severity_name(node->reasons[i].severity), "count",
				gyre__json_count(count)));
	}
}

static void errors(struct gyre__request *request)
{
	const struct gyre_snapshot *snapshot = gyre__request_snapshot(request);
	const struct gyre_snapshot *since = gyre__request_baseline(request);
	json_t *array = json_array();

	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		append_errors(array, &snapshot->nodes[i], same_node(since, &snapshot->nodes[i], i));
	gyre__request_result(request,
		json_pack("{s:o, s:o, s:o}", "loop", gyre__json_text(snapshot->loop), "since_nsec",
			gyre__json_count(since ? since->now : 0), "errors", array));
}

static const struct gyre_control_param params[] = {
	GYRE__LOOP_PARAM,
	{.name = "total",
		.type = GYRE_PARAM_BOOL,
		.help = "from the beginning, whatever was cleared"},
};

const struct gyre__method gyre__runtime_methods[] = {
	{.name = "runtime",
		.help = "What each node has done, and what it costs.",
		.params = params,
		.n_params = 2,
		.read_only = true,
		.need = GYRE__NEED_READING,
		.prepare = runtime},
	{.name = "runtime.clear",
		.help = "Counts runtime and errors from now on.",
		.params = params,
		.n_params = 1,
		.need = GYRE__NEED_NEW,
		.prepare = clear},
	{.name = "errors",
		.help = "Why items were dropped or punted, and how many.",
		.params = params,
		.n_params = 2,
		.read_only = true,
		.need = GYRE__NEED_READING,
		.prepare = errors},
	{.name = NULL},
};
