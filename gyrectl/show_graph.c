/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `show graph`: each node with its nexts below each other. Called through the table of views; calls
 * table.c. Invariant: every edge is shown once, at the node that it leaves, with its number.
 */
#include <inttypes.h>

#include "field.h"
#include "table.h"
#include "view.h"

static void put_node(struct table *table, const json_t *node)
{
	char text[TEXT_SIZE];

	table_put(table, PAGE_PLAIN, "%s", field_text(node, "name", text));
	table_put(table, field_true(node, "disabled") ? PAGE_WARN : PAGE_PLAIN, "%s",
		field_true(node, "disabled") ? "disabled" : field_text(node, "kind", text));
	table_put(table, PAGE_PLAIN, "%" PRIu64, field_count(node, "rank"));
	table_put(table, PAGE_PLAIN, "%" PRIu64, field_count(node, "items"));
}

static void put_edge(struct table *table, const json_t *edge)
{
	char text[TEXT_SIZE];

	table_put(table, PAGE_PLAIN, "[%" PRIu64 "]", field_count(edge, "next"));
	table_put(table, PAGE_PLAIN, "%s%s", field_text(edge, "to", text),
		field_true(edge, "back") ? " (back)" : "");
}

static void put_edges(struct table *table, const json_t *node, const json_t *edges)
{
	unsigned count = 0;
	json_t *edge;
	size_t i;

	json_array_foreach(edges, i, edge)
	{
		if (!field_is(edge, "from", field_raw(node, "name")))
			continue;
		for (unsigned blank = 0; count > 0 && blank < 4; blank++)
			table_put(table, PAGE_PLAIN, "%s", "");
		put_edge(table, edge);
		count++;
	}
	for (unsigned blank = 0; count == 0 && blank < 2; blank++)
		table_put(table, PAGE_PLAIN, "%s", "");
}

void show_graph(struct page *page, json_t *const results[VIEW_METHODS])
{
	static const struct table_column columns[] = {{"Name", false, 12}, {"Kind", false, 8},
		{"Rank", true, 0}, {"Items", true, 0}, {"Next", true, 0}, {"", false, 0}};
	struct table table;
	json_t *node;
	size_t i;

	table_init(&table, columns, 6);
	json_array_foreach(json_object_get(results[0], "nodes"), i, node)
	{
		put_node(&table, node);
		put_edges(&table, node, json_object_get(results[0], "edges"));
	}
	table_finish(&table, page);
}
