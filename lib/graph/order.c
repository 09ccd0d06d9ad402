/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of dispatch: strongly connected components (R. Tarjan, "Depth-first search and linear
 * graph algorithms", 1972) in topological order, and inside each the reverse postorder from its
 * entry. Called by build.c, calls nothing. Invariant: an edge to a lower or the same rank lies
 * within a component, so that a node runs after all that can feed it but over its own cycles.
 * Nothing recurses: the depth would be the user's.
 */
#include "graph/order.h"

#include <errno.h>
#include <stdlib.h>

/* One search, and what it knows of each node. */
struct search {
	struct gyre__order *order;
	uint32_t *number; /* in order of discovery, from 1; 0: not seen */
	uint32_t *low; /* the lowest number that it reaches */
	uint32_t *edge; /* where its search goes on in to[] */
	uint16_t *path; /* nodes whose search is not finished */
	uint16_t *stack; /* seen, and in no component yet */
	uint16_t *entry; /* by component */
	uint16_t *size; /* by component */
	unsigned depth, n_stack, n_seen, n_components;
};

#define NO_ENTRY UINT16_MAX

static void search_free(struct search *search)
{
	free(search->number);
	free(search->low);
	free(search->edge);
	free(search->path);
	free(search->stack);
	free(search->entry);
	free(search->size);
}

static int search_alloc(struct search *search)
{
	size_t n = search->order->n + 1;

	search->number = calloc(n, sizeof(*search->number));
	search->low = calloc(n, sizeof(*search->low));
	search->edge = calloc(n, sizeof(*search->edge));
	search->path = calloc(n, sizeof(*search->path));
	search->stack = calloc(n, sizeof(*search->stack));
	search->entry = calloc(n, sizeof(*search->entry));
	search->size = calloc(n, sizeof(*search->size));
	if (search->number && search->low && search->edge && search->path && search->stack &&
		search->entry && search->size)
		return 0;
	search_free(search);
	return -ENOMEM;
}

static void lower(uint32_t *low, uint32_t to)
{
	if (to < *low)
		*low = to;
}

static void discover(struct search *search, unsigned node)
{
	search->number[node] = search->low[node] = ++search->n_seen;
	search->edge[node] = search->order->first[node];
	search->path[search->depth++] = node;
	search->stack[search->n_stack++] = node;
}

/* All that the node reaches was searched: if it reaches nothing older, it closes a component. */
static void finish(struct search *search, unsigned node)
{
	unsigned member;

	search->depth--;
	if (search->depth)
		lower(&search->low[search->path[search->depth - 1]], search->low[node]);
	if (search->low[node] != search->number[node])
		return;
	do {
		member = search->stack[--search->n_stack];
		search->order->ret_component[member] = search->n_components;
		search->number[member] = UINT32_MAX;
		search->size[search->n_components]++;
	} while (member != node);
	search->n_components++;
}

static void components_find(struct search *search)
{
	const struct gyre__order *order = search->order;

	for (unsigned root = 0; root < order->n; root++) {
		if (!search->number[root])
			discover(search, root);
		while (search->depth) {
			unsigned node = search->path[search->depth - 1];
			unsigned to;

			if (search->edge[node] == order->first[node + 1]) {
				finish(search, node);
				continue;
			}
			to = order->to[search->edge[node]++];
			if (!search->number[to])
				discover(search, to);
			else
				lower(&search->low[node], search->number[to]);
		}
	}
}

/* The first node of each component that is reached from outside; the first of all without one. */
static void entries_find(struct search *search)
{
	const struct gyre__order *order = search->order;
	const uint16_t *component = order->ret_component;

	for (unsigned i = 0; i < search->n_components; i++)
		search->entry[i] = NO_ENTRY;
	for (unsigned node = 0; node < order->n; node++) {
		if (order->fed[node] && node < search->entry[component[node]])
			search->entry[component[node]] = node;
		for (uint32_t e = order->first[node]; e < order->first[node + 1]; e++) {
			unsigned to = order->to[e];

			if (component[to] != component[node] && to < search->entry[component[to]])
				search->entry[component[to]] = to;
		}
	}
	for (unsigned node = 0; node < order->n; node++)
		if (search->entry[component[node]] == NO_ENTRY)
			search->entry[component[node]] = node;
}

/* Ranks of a component, the last one first, by a search from its entry that stays inside. */
static void component_rank(struct search *search, unsigned component, unsigned end)
{
	struct gyre__order *order = search->order;

	search->n_stack = 0;
	discover(search, search->entry[component]);
	while (search->depth) {
		unsigned node = search->path[search->depth - 1];
		unsigned to;

		if (search->edge[node] == order->first[node + 1]) {
			search->depth--;
			order->ret_rank[node] = --end;
			continue;
		}
		to = order->to[search->edge[node]++];
		if (!search->number[to] && order->ret_component[to] == component)
			discover(search, to);
	}
}

static void components_rank(struct search *search)
{
	unsigned end = 0;

	for (unsigned node = 0; node < search->order->n; node++)
		search->number[node] = 0;
	for (unsigned i = search->n_components; i-- > 0;) {
		end += search->size[i];
		component_rank(search, i, end);
	}
}

static uint64_t product_of(uint64_t a, uint64_t b)
{
	return a > GYRE__PRODUCT_MAX / b ? GYRE__PRODUCT_MAX : a * b;
}

/* A cycle multiplies nothing, so a component has one product: the largest behind it. Its nodes come
 * with falling rank, those of components behind it before. */
static int product_find(struct search *search, const uint16_t *by_rank, uint64_t *behind)
{
	struct gyre__order *order = search->order;

	for (unsigned rank = order->n; rank-- > 0;) {
		unsigned node = by_rank[rank];
		unsigned component = order->ret_component[node];
		bool cycle = search->size[component] > 1;

		for (uint32_t e = order->first[node]; e < order->first[node + 1]; e++) {
			unsigned to = order->ret_component[order->to[e]];

			cycle |= order->to[e] == node;
			if (to != component && behind[to] > behind[component])
				behind[component] = behind[to];
		}
		if (cycle && order->fan_out[node] > 1) {
			order->ret_bad = node;
			return -ELOOP;
		}
		if (!cycle)
			behind[component] = product_of(behind[component], order->fan_out[node]);
	}
	for (unsigned node = 0; node < order->n; node++)
		order->ret_product[node] = behind[order->ret_component[node]];
	return 0;
}

static int products_find(struct search *search)
{
	struct gyre__order *order = search->order;
	uint64_t *behind = calloc(search->n_components + 1, sizeof(*behind));
	int error = -ENOMEM;

	if (behind) {
		for (unsigned i = 0; i < search->n_components; i++)
			behind[i] = 1;
		/* The search is over: its stack serves as the inverse of ret_rank. */
		for (unsigned node = 0; node < order->n; node++)
			search->stack[order->ret_rank[node]] = node;
		error = product_find(search, search->stack, behind);
	}
	free(behind);
	return error;
}

int gyre__order(struct gyre__order *order)
{
	struct search search = {.order = order};
	int error = search_alloc(&search);

	if (error)
		return error;
	components_find(&search);
	entries_find(&search);
	components_rank(&search);
	error = products_find(&search);
	search_free(&search);
	return error;
}
