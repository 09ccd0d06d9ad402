/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building the graph: names resolved, nodes ordered, the frame pool sized. Owns the plan, which
 * becomes the graph's only when nothing can fail any more. Called by users and by the loop's run,
 * calls order.c and frame.c. Invariant: a build that fails changes nothing, and one that succeeds
 * keeps every item that is pending, and the pool never runs dry while nodes keep to their fan_out.
 */
#include "graph/graph.h"
#include "graph/node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "graph/frame.h"
#include "graph/order.h"

/* Of all inputs together the pool holds at most so many frames' items; beyond, they take turns. */
#define FRAMES_SHARED 16384u
/* What a single vector may become, in frames. */
#define FRAMES_MAX (1u << 20)

struct plan {
	struct gyre__graph *graph;
	struct gyre_error *error;
	unsigned n_names, n_inner, n_inputs, n_edges;
	struct gyre__node **by_name; /* all nodes */
	struct gyre__node **inner; /* those that take items, in the order of adding */
	uint16_t *inner_index; /* by id.index */
	struct gyre_node **nexts; /* node after node, in the order of adding */
	struct gyre_node **lined; /* in few lines; nodes in a row with the same share them */
	size_t n_lined; /* if none did */
	struct gyre_node **by_rank;
	struct gyre_node **inputs;
	uint32_t *first, *fan_out; /* for gyre__order() */
	uint16_t *to, *rank, *component;
	bool *fed;
	uint64_t *product;
	uint64_t room_max;
	bool scarce;
};

static void plan_free(struct plan *plan)
{
	free(plan->by_name);
	free(plan->inner);
	free(plan->inner_index);
	free(plan->nexts);
	free(plan->lined);
	free(plan->by_rank);
	free(plan->inputs);
	free(plan->first);
	free(plan->fan_out);
	free(plan->to);
	free(plan->rank);
	free(plan->component);
	free(plan->fed);
	free(plan->product);
}

/* Where n nexts begin, behind so many places: in as few lines as can be. */
static size_t lined_begin(size_t places, size_t n)
{
	const size_t line = GYRE__LINE / sizeof(struct gyre_node *), in_line = places % line;

	if (n && (in_line + n + line - 1) / line > (n + line - 1) / line)
		places += line - in_line;
	return places;
}

static void plan_count(struct plan *plan)
{
	for (struct gyre__node *node = plan->graph->first; node; node = node->next) {
		plan->n_names++;
		plan->n_edges += node->node_class->n_nexts;
		plan->n_lined = lined_begin(plan->n_lined, node->node_class->n_nexts) +
				node->node_class->n_nexts;
		if (gyre__node_is_input(node))
			plan->n_inputs++;
		else
			plan->n_inner++;
	}
}

static int plan_alloc(struct plan *plan)
{
	size_t n = plan->n_inner + 1, n_edges = plan->n_edges + 1;

	plan->by_name = calloc(plan->n_names + 1, sizeof(*plan->by_name));
	plan->inner = calloc(n, sizeof(*plan->inner));
	plan->inner_index = calloc(GYRE__NODE_MAX, sizeof(*plan->inner_index));
	plan->nexts = calloc(n_edges, sizeof(*plan->nexts));
	plan->lined = aligned_alloc(
		GYRE__LINE, (plan->n_lined * sizeof(*plan->lined) / GYRE__LINE + 1) * GYRE__LINE);
	plan->by_rank = calloc(n, sizeof(*plan->by_rank));
	plan->inputs = calloc(plan->n_inputs + 1, sizeof(*plan->inputs));
	plan->first = calloc(n, sizeof(*plan->first));
	plan->fan_out = calloc(n, sizeof(*plan->fan_out));
	plan->to = calloc(n_edges, sizeof(*plan->to));
	plan->rank = calloc(n, sizeof(*plan->rank));
	plan->component = calloc(n, sizeof(*plan->component));
	plan->fed = calloc(n, sizeof(*plan->fed));
	plan->product = calloc(n, sizeof(*plan->product));
	if (plan->by_name && plan->inner && plan->inner_index && plan->nexts && plan->lined &&
		plan->by_rank && plan->inputs && plan->first && plan->fan_out && plan->to &&
		plan->rank && plan->component && plan->fed && plan->product)
		return 0;
	return gyre__error_set(plan->error, -ENOMEM, "no memory to build the graph");
}

static int name_compare(const void *a, const void *b)
{
	const struct gyre__node *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static void plan_list(struct plan *plan)
{
	unsigned n_names = 0, n_inner = 0;

	for (struct gyre__node *node = plan->graph->first; node; node = node->next) {
		plan->by_name[n_names++] = node;
		if (gyre__node_is_input(node))
			continue;
		plan->inner_index[node->id.index] = n_inner;
		plan->fan_out[n_inner] = node->node_class->fan_out ? node->node_class->fan_out : 1;
		plan->inner[n_inner++] = node;
	}
	qsort(plan->by_name, n_names, sizeof(*plan->by_name), name_compare);
}

static int name_against(const void *key, const void *element)
{
	const struct gyre__node *const *node = element;

	return strcmp(key, (*node)->name);
}

static int next_resolve(struct plan *plan, const struct gyre__node *node, unsigned next,
	struct gyre_node **ret_node)
{
	const char *name = node->targets[next];
	struct gyre__node **found;

	if (!name)
		return gyre__error_set(plan->error, -ENOENT,
			"node '%s', next %u: not connected, and class '%s' names no default",
			node->name, next, node->node_class->name);
	found = bsearch(name, plan->by_name, plan->n_names, sizeof(*plan->by_name), name_against);
	if (!found)
		return gyre__error_set(plan->error, -ENOENT,
			"node '%s', next %u: there is no node '%s'", node->name, next, name);
	if (gyre__node_is_input(*found))
		return gyre__error_set(plan->error, -EINVAL,
			"node '%s', next %u: '%s' is an input, which takes no items", node->name,
			next, name);
	*ret_node = (*found)->hot;
	return 0;
}

static int plan_resolve(struct plan *plan)
{
	struct gyre_node **next = plan->nexts;
	int code;

	for (const struct gyre__node *node = plan->graph->first; node; node = node->next)
		for (unsigned i = 0; i < node->node_class->n_nexts; i++) {
			code = next_resolve(plan, node, i, next++);
			if (code)
				return code;
		}
	return 0;
}

/* The next of a node that is `distance - 1` edges before a shortest cycle's end, or UINT16_MAX. */
static uint16_t cycle_step(const struct plan *plan, unsigned node, unsigned start,
	const uint16_t *distance, unsigned want)
{
	for (uint32_t e = plan->first[node]; e < plan->first[node + 1]; e++)
		if (want == 1 ? plan->to[e] == start : distance[plan->to[e]] == want - 1)
			return plan->to[e];
	return UINT16_MAX;
}

/* How many edges each node is from `start`, against the edges' direction; 0: not known, or further
 * than `start` is from itself, which is the length of its shortest cycle. */
static unsigned cycle_length(const struct plan *plan, unsigned start, uint16_t *distance)
{
	unsigned want = 0;

	while (!distance[start] && want++ < plan->n_inner)
		for (unsigned node = 0; node < plan->n_inner; node++)
			if (!distance[node] &&
				cycle_step(plan, node, start, distance, want) != UINT16_MAX)
				distance[node] = want;
	return distance[start];
}

static int cycle_report(const struct plan *plan, unsigned start)
{
	uint16_t *distance = calloc(plan->n_inner, sizeof(*distance));
	const char *name = plan->inner[start]->name;
	char text[160];
	size_t length = snprintf(text, sizeof(text), "%s", name);
	unsigned left = distance ? cycle_length(plan, start, distance) : 0;

	for (unsigned node = start; left && length < sizeof(text); left--) {
		node = cycle_step(plan, node, start, distance, left);
		length += snprintf(
			text + length, sizeof(text) - length, " -> %s", plan->inner[node]->name);
	}
	free(distance);
	return gyre__error_set(plan->error, -EINVAL, "node '%s' (fan_out %u) lies on a cycle: %s",
		name, plan->fan_out[start], text);
}

static void plan_edges(struct plan *plan)
{
	struct gyre_node *const *next = plan->nexts;
	uint32_t n = 0;

	for (const struct gyre__node *node = plan->graph->first; node; node = node->next) {
		bool input = gyre__node_is_input(node);

		if (!input)
			plan->first[plan->inner_index[node->id.index]] = n;
		/* The search ranks last first: from the last next on, so that of two that nothing
		 * else orders the first runs first. */
		for (unsigned i = node->node_class->n_nexts; i-- > 0;) {
			unsigned to = plan->inner_index[next[i]->cold->id.index];

			if (input)
				plan->fed[to] = true;
			else
				plan->to[n++] = to;
		}
		next += node->node_class->n_nexts;
	}
	plan->first[plan->n_inner] = n;
}

static int plan_order(struct plan *plan)
{
	struct gyre__order order = {
		.n = plan->n_inner,
		.first = plan->first,
		.to = plan->to,
		.fan_out = plan->fan_out,
		.fed = plan->fed,
		.ret_rank = plan->rank,
		.ret_component = plan->component,
		.ret_product = plan->product,
	};
	int code;

	plan_edges(plan);
	code = gyre__order(&order);
	if (code == -ELOOP)
		return cycle_report(plan, order.ret_bad);
	if (code)
		return gyre__error_set(plan->error, code, "no memory to order the nodes");
	for (unsigned i = 0; i < plan->n_inner; i++)
		plan->by_rank[plan->rank[i]] = plan->inner[i]->hot;
	return 0;
}

/* What one item of an input can become: the most behind any of its nexts. */
static uint64_t input_product(
	const struct plan *plan, const struct gyre__node *input, struct gyre_node *const *nexts)
{
	uint64_t most = 1;

	for (unsigned i = 0; i < input->node_class->n_nexts; i++) {
		uint64_t product = plan->product[plan->inner_index[nexts[i]->cold->id.index]];

		most = product > most ? product : most;
	}
	return most;
}

/* What the items that wait can become under the plan. */
static uint64_t pending_items(const struct plan *plan)
{
	uint64_t items = 0;

	for (unsigned i = 0; i < plan->n_inner; i++)
		for (unsigned when = 0; when < 2; when++)
			items += plan->product[i] *
				 gyre__inbox_count(plan->graph, plan->inner[i]->hot, when);
	return items;
}

/*
 * The pool's bound. Count each item as the most that it can become: the product of the fan_outs on
 * its way, which falls or stays when a node handles the item, so that the sum never grows between
 * two polls. It starts with at most `room_max`: a vector of every input and inject_max injected
 * items. All frames of an inbox but its last are full, so that the items take room_max / vector
 * frames and one more for each of the two inboxes of a node; besides there are the frame whose
 * items are at a node, and one reservation.
 */
static int plan_pool(struct plan *plan)
{
	const struct gyre__graph *graph = plan->graph;
	const uint64_t shared = (uint64_t)FRAMES_SHARED * graph->sweep.vector;
	struct gyre_node *const *nexts = plan->nexts;
	uint64_t least = 1, all = 0, pending = pending_items(plan);

	for (unsigned i = 0; i < plan->n_inner; i++)
		if (plan->product[i] > least)
			least = plan->product[i];
	all = least * graph->inject_max;
	least *= graph->sweep.vector;
	for (const struct gyre__node *node = graph->first; node; node = node->next) {
		if (gyre__node_is_input(node))
			all += graph->sweep.vector * input_product(plan, node, nexts);
		nexts += node->node_class->n_nexts;
	}
	plan->room_max = all <= shared ? all : least > shared ? least : shared;
	if (plan->room_max < pending)
		plan->room_max = pending;
	plan->scarce = plan->room_max != all;
	if (plan->room_max / graph->sweep.vector > FRAMES_MAX)
		return gyre__error_set(plan->error, -ENOMEM,
			"the nodes' fan_outs multiply a vector to %llu items",
			(unsigned long long)plan->room_max);
	if (gyre__pool_reserve(&plan->graph->pool,
		    plan->room_max / graph->sweep.vector + 2 * plan->n_inner + 2) < 0)
		return gyre__error_set(plan->error, -ENOMEM, "no memory for frames");
	return 0;
}

void gyre__inputs_list(struct gyre__graph *graph)
{
	static const enum gyre_node_kind kinds[] = {GYRE_NODE_PRE_INPUT, GYRE_NODE_INPUT};
	unsigned place = 0;

	graph->n_inputs = 0;
	for (unsigned i = 0; i < 2; i++)
		for (struct gyre__node *node = graph->first; node; node = node->next) {
			if (node->node_class->kind != kinds[i] || !node->built)
				continue;
			node->hot->rank = place++;
			if (!node->disabled)
				graph->inputs[graph->n_inputs++] = node->hot;
		}
	graph->inputs[graph->n_inputs] = NULL;
	graph->n_enabled = graph->n_inputs;
	graph->unusual &= ~GYRE__INPUTS_CHANGED;
	graph->poll_from = 0;
}

/* Where in the set of pending nodes the nexts are, of a node that leads to none back: the word, and
 * 64 times their first bit in it when they go on in the word behind it. */
static uint16_t nexts_near(struct gyre_node *const *nexts, unsigned n, unsigned floor)
{
	unsigned first = n ? nexts[0]->rank : 0, last = first;

	for (unsigned i = 0; i < n; i++) {
		first = nexts[i]->rank < first ? nexts[i]->rank : first;
		last = nexts[i]->rank > last ? nexts[i]->rank : last;
	}
	if (last - first >= 64 || (n && first < floor))
		return GYRE__FAR;
	return first / 64 + (last / 64 != first / 64 ? first % 64 * 64 : 0);
}

/* n, if the nexts are few enough to be split over at once, and no two are the same node. */
static uint16_t nexts_ways(struct gyre_node *const *nexts, unsigned n)
{
	for (unsigned i = 0; n <= GYRE__WAYS_MAX && i < n; i++)
		for (unsigned k = 0; k < i; k++)
			if (nexts[i] == nexts[k])
				return 0;
	return n <= GYRE__WAYS_MAX ? n : 0;
}

/* How many nexts there are before one that leads back. */
static uint16_t nexts_direct(struct gyre_node *const *nexts, unsigned n, unsigned floor)
{
	unsigned i = 0;

	while (i < n && nexts[i]->rank >= floor)
		i++;
	return i;
}

static void nodes_install(struct plan *plan)
{
	struct gyre_node **nexts = plan->nexts;
	const struct gyre_node *before = NULL;
	size_t places = 0;

	for (unsigned i = 0; i < plan->n_inner; i++) {
		struct gyre__node *node = plan->inner[i];

		node->product = plan->product[i];
		node->hot->rank = plan->rank[i];
		node->hot->bit = UINT64_C(1) << plan->rank[i] % 64;
		node->hot->floor = plan->rank[i] + 1;
	}
	/* As a rule there is one generation: what its nodes touch lies together. */
	for (unsigned i = 0; i < 2 * plan->n_inner; i++)
		gyre__inbox_open(plan->graph, plan->by_rank[i % plan->n_inner], i / plan->n_inner);
	for (struct gyre__node *node = plan->graph->first; node; node = node->next) {
		unsigned n = node->node_class->n_nexts;

		if (before && before->n_nexts == n &&
			memcmp(before->nexts, nexts, n * sizeof(*nexts)) == 0) {
			node->hot->nexts = before->nexts;
		} else {
			places = lined_begin(places, n);
			node->hot->nexts = memcpy(plan->lined + places, nexts, n * sizeof(*nexts));
			places += n;
		}
		before = n ? node->hot : before;
		node->hot->n_nexts = n;
		node->hot->near = nexts_near(nexts, n, node->hot->floor);
		node->hot->n_near = node->hot->near == GYRE__FAR ? 0 : n;
		node->hot->ways = nexts_ways(nexts, n);
		node->hot->send = plan->graph->partition->sender(node->hot);
		node->hot->n_direct = node->n_direct = nexts_direct(nexts, n, node->hot->floor);
		node->hot->after = node->last = NULL;
		node->built = true;
		if (gyre__node_is_input(node))
			node->product = input_product(plan, node, nexts);
		nexts += n;
	}
}

/*
 * The same items as before, under the new ranks, and all in this generation: what crossed an edge
 * while it led back must not be overtaken by what crosses it now that it leads on.
 */
static void pending_install(struct gyre__graph *graph)
{
	memset(graph->pending, 0, sizeof(graph->pending));
	for (unsigned rank = 0; rank < graph->n_ranks; rank++) {
		struct gyre_node *node = graph->by_rank[rank];

		gyre__inbox_join(graph, node);
		if (node->waiting[GYRE__NOW])
			gyre__pending_set(&graph->pending[GYRE__NOW], rank);
	}
}

/* From here on nothing fails. */
static void plan_install(struct plan *plan)
{
	struct gyre__graph *graph = plan->graph;
	uint64_t pending = pending_items(plan);

	nodes_install(plan);
	free(graph->nexts_all);
	free(graph->by_rank);
	free(graph->inputs);
	graph->nexts_all = plan->lined;
	graph->by_rank = plan->by_rank;
	graph->inputs = plan->inputs;
	plan->lined = NULL;
	plan->by_rank = NULL;
	plan->inputs = NULL;
	graph->n_ranks = plan->n_inner;
	graph->word = GYRE__NO_WORD;
	graph->start.after = graph->start_cold.last = NULL;
	graph->room_max = plan->room_max;
	graph->unusual &= ~GYRE__SCARCE;
	graph->unusual |= plan->scarce ? GYRE__SCARCE : 0;
	graph->room = plan->room_max - pending;
	graph->uneven = true;
	if (!(graph->unusual & GYRE__SWEEPING) && !pending)
		graph->inject_room = graph->inject_max;
	pending_install(graph);
	gyre__inputs_list(graph);
	graph->changed = false;
}

int gyre_graph_build(struct gyre_loop *loop, struct gyre_error *error)
{
	struct plan plan = {.graph = loop->graph, .error = error};
	int code;

	if (gyre__graph_running(loop->graph))
		return gyre__error_set(error, -EBUSY, "a build inside a node function");
	plan_count(&plan);
	code = plan_alloc(&plan);
	if (!code) {
		plan_list(&plan);
		code = plan_resolve(&plan);
	}
	if (!code)
		code = plan_order(&plan);
	if (!code)
		code = plan_pool(&plan);
	if (!code)
		plan_install(&plan);
	plan_free(&plan);
	return code;
}
