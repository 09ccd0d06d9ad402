/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods nodes, nodes.set, graph and links: what a loop consists of. Owns nothing; called by
 * requests, of which nodes.set has its middle part run in a process on the loop. Invariant: only
 * that part touches the graph; all else is read from the request's reading.
 */
#include <errno.h>
#include <gyre/snapshot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/json.h"
#include "control/names.h"
#include "control/question.h"

/* --- nodes --- */

static json_t *nexts_json(const struct gyre_snapshot *snapshot, const struct gyre_node_stats *node)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < node->n_nexts; i++)
		json_array_append_new(
			array, node->nexts[i] < snapshot->n_nodes
				       ? gyre__json_text(snapshot->nodes[node->nexts[i]].name)
				       : json_null());
	return array;
}

static json_t *reasons_json(const struct gyre_node_stats *node)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < node->n_reasons; i++)
		json_array_append_new(array,
			json_pack("{s:o, s:s}", "name", gyre__json_text(node->reasons[i].name),
				"severity", gyre__severity_name(node->reasons[i].severity)));
	return array;
}

static void nodes(struct gyre__request *request)
{
	const struct gyre_snapshot *snapshot = gyre__request_snapshot(request);
	json_t *array = json_array();

	for (unsigned i = 0; i < snapshot->n_nodes; i++) {
		const struct gyre_node_stats *node = &snapshot->nodes[i];

		json_array_append_new(
			array, json_pack("{s:o, s:o, s:s, s:b, s:i, s:o, s:o}", "name",
				       gyre__json_text(node->name), "class",
				       gyre__json_text(node->class_name), "kind",
				       gyre__kind_name(node->kind), "disabled", node->disabled,
				       "rank", node->rank, "nexts", nexts_json(snapshot, node),
				       "reasons", reasons_json(node)));
	}
	gyre__request_result(request,
		json_pack("{s:o, s:o}", "loop", gyre__json_text(snapshot->loop), "nodes", array));
}

/* --- nodes.set --- */

static const char *const states[] = {"enabled", "disabled", NULL};

/* On the loop. */
static int set_node(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	struct gyre_loop *loop = gyre_process_loop(self);
	const char *name = gyre_control_call_string(call, "node");
	struct gyre_node_id id;

	(void)arg;
	if (gyre_node_find(loop, name, &id) < 0) {
		gyre_control_call_error(call, "no such node: '%s'", name);
		return -ESRCH;
	}
	if (strcmp(gyre_control_call_string(call, "state"), "enabled") == 0)
		return gyre_node_enable(loop, id);
	return gyre_node_disable(loop, id);
}

static void node_was_set(struct gyre__request *request)
{
	gyre__request_result(
		request, json_pack("{s:O, s:O}", "node", gyre__request_get(request, "node"),
				 "state", gyre__request_get(request, "state")));
}

/* --- graph --- */

static json_t *graph_nodes_json(const struct gyre_snapshot *snapshot)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < snapshot->n_nodes; i++) {
		const struct gyre_node_stats *node = &snapshot->nodes[i];

		json_array_append_new(array,
			json_pack("{s:o, s:s, s:i, s:b, s:o}", "name", gyre__json_text(node->name),
				"kind", gyre__kind_name(node->kind), "rank", node->rank, "disabled",
				node->disabled, "items", gyre__json_count(node->items)));
	}
	return array;
}

/* All that a node lets go leaves by its only next. */
static json_t *edge_items_json(const struct gyre_node_stats *node)
{
	uint64_t in = node->items + node->created;
	uint64_t out = node->dropped + node->punted + node->kept;

	if (node->n_nexts != 1 || in < out)
		return json_null();
	return gyre__json_count(in - out);
}

static void append_edges(
	json_t *array, const struct gyre_snapshot *snapshot, const struct gyre_node_stats *node)
{
	for (unsigned i = 0; i < node->n_nexts; i++) {
		const struct gyre_node_stats *next = &snapshot->nodes[node->nexts[i]];

		if (node->nexts[i] >= snapshot->n_nodes)
			continue;
		json_array_append_new(array,
			json_pack("{s:o, s:o, s:i, s:b, s:o}", "from", gyre__json_text(node->name),
				"to", gyre__json_text(next->name), "next", i, "back",
				!gyre__kind_is_input(node->kind) && next->rank <= node->rank,
				"items", edge_items_json(node)));
	}
}

static json_t *graph_json(const struct gyre_snapshot *snapshot)
{
	json_t *edges = json_array();

	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		append_edges(edges, snapshot, &snapshot->nodes[i]);
	return json_pack("{s:o, s:o, s:o}", "loop", gyre__json_text(snapshot->loop), "nodes",
		graph_nodes_json(snapshot), "edges", edges);
}

static json_t *graph_dot(const struct gyre_snapshot *snapshot)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *dot;

	if (!out)
		return NULL;
	gyre_snapshot_write_dot(snapshot, out);
	fclose(out);
	dot = gyre__json_text(text);
	free(text);
	return json_pack("{s:o, s:o}", "loop", gyre__json_text(snapshot->loop), "dot", dot);
}

static const char *const formats[] = {"json", "dot", NULL};

static void graph(struct gyre__request *request)
{
	const struct gyre_snapshot *snapshot = gyre__request_snapshot(request);
	const char *format = json_string_value(gyre__request_get(request, "format"));

	if (format && strcmp(format, "dot") == 0)
		gyre__request_result(request, graph_dot(snapshot));
	else
		gyre__request_result(request, graph_json(snapshot));
}

/* --- links --- */

static void links(struct gyre__request *request)
{
	const struct gyre_snapshot *snapshot = gyre__request_snapshot(request);
	json_t *array = json_array();

	for (unsigned i = 0; i < snapshot->n_links; i++) {
		const struct gyre_link_state *link = &snapshot->links[i];

		json_array_append_new(array,
			json_pack("{s:o, s:b, s:o, s:o}", "name", gyre__json_text(link->name), "up",
				link->up, "changed_nsec", gyre__json_count(link->changed),
				"changes", gyre__json_count(link->changes)));
	}
	gyre__request_result(request,
		json_pack("{s:o, s:o}", "loop", gyre__json_text(snapshot->loop), "links", array));
}

static const struct gyre_control_param loop_params[] = {GYRE__LOOP_PARAM};
static const struct gyre_control_param set_params[] = {
	GYRE__LOOP_PARAM,
	{.name = "node", .type = GYRE_PARAM_STRING, .required = true, .help = "its name"},
	{.name = "state",
		.type = GYRE_PARAM_STRING,
		.required = true,
		.help = "enabled or disabled"},
};
static const struct gyre_control_param graph_params[] = {
	GYRE__LOOP_PARAM,
	{.name = "format", .type = GYRE_PARAM_STRING, .help = "json, if left out, or dot"},
};

const struct gyre__method gyre__graph_methods[] = {
	{.name = "nodes",
		.help = "The nodes, where they lead, and why they may drop.",
		.params = loop_params,
		.n_params = 1,
		.read_only = true,
		.need = GYRE__NEED_READING,
		.prepare = nodes},
	{.name = "nodes.set",
		.help = "Takes a node out of work, or back.",
		.params = set_params,
		.n_params = 3,
		.choice = "state",
		.choices = states,
		.need = GYRE__NEED_LOOP,
		.fn = set_node,
		.build = node_was_set},
	{.name = "graph",
		.help = "The nodes and edges, to be drawn.",
		.params = graph_params,
		.n_params = 2,
		.choice = "format",
		.choices = formats,
		.read_only = true,
		.need = GYRE__NEED_READING,
		.prepare = graph},
	{.name = "links",
		.help = "What is watched, whether it is up, and since when.",
		.params = loop_params,
		.n_params = 1,
		.read_only = true,
		.need = GYRE__NEED_READING,
		.prepare = links},
	{.name = NULL},
};
