/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `show nodes`: what the nodes are, and where they lead. Called through the table of views; calls
 * table.c. Invariant: one line for each node, in the server's order, which is that of dispatch.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "field.h"
#include "table.h"
#include "view.h"

#define NEXTS_SIZE 1024

/* "lookup, drop, -": an unconnected next is "-". */
static const char *nexts_text(const json_t *node, char text[NEXTS_SIZE])
{
	size_t len = 0, i;
	json_t *next;

	text[0] = '\0';
	json_array_foreach(json_object_get(node, "nexts"), i, next)
	{
		const char *name = json_is_string(next) ? json_string_value(next) : "-";
		char escaped[TEXT_SIZE];

		text_escape(escaped, sizeof(escaped), name);
		if (len + strlen(escaped) + 8 > NEXTS_SIZE) {
			strcpy(text + len, ", ...");
			break;
		}
		len += (size_t)sprintf(text + len, "%s%s", i == 0 ? "" : ", ", escaped);
	}
	return text;
}

void show_nodes(struct page *page, json_t *const results[VIEW_METHODS])
{
	static const struct table_column columns[] = {{"Name", false, 12}, {"Class", false, 8},
		{"Kind", false, 0}, {"State", false, 0}, {"Rank", true, 0}, {"Next", false, 0}};
	char text[TEXT_SIZE], nexts[NEXTS_SIZE];
	struct table table;
	json_t *node;
	size_t i;

	table_init(&table, columns, 6);
	json_array_foreach(json_object_get(results[0], "nodes"), i, node)
	{
		bool disabled = field_true(node, "disabled");

		table_put(&table, PAGE_PLAIN, "%s", field_text(node, "name", text));
		table_put(&table, PAGE_PLAIN, "%s", field_text(node, "class", text));
		table_put(&table, PAGE_PLAIN, "%s", field_text(node, "kind", text));
		table_put(&table, disabled ? PAGE_WARN : PAGE_PLAIN, "%s",
			disabled ? "disabled" : "enabled");
		table_put(&table, PAGE_PLAIN, "%" PRIu64, field_count(node, "rank"));
		table_put(&table, PAGE_PLAIN, "%s", nexts_text(node, nexts));
	}
	table_finish(&table, page);
}
