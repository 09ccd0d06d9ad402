/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `show loops`: the loops that the server serves, with what they hold and what their turns did.
 * Called through the table of views; calls table.c. Invariant: one line for each loop, its name
 * first, which is what -l wants.
 */
#include <inttypes.h>

#include "field.h"
#include "table.h"
#include "view.h"

enum { COLUMNS = 13 };

static void put_count(struct table *table, const json_t *loop, const char *name)
{
	table_put(table, PAGE_PLAIN, "%" PRIu64, field_count(loop, name));
}

static void put_loop(struct table *table, const json_t *loop)
{
	double turns = field_number(loop, "turns"), idle = field_number(loop, "idle_turns");
	char text[TEXT_SIZE];

	table_put(table, PAGE_PLAIN, "%s", field_text(loop, "name", text));
	if (json_is_false(json_object_get(loop, "answered"))) {
		table_put(table, PAGE_BAD, "no answer");
		for (unsigned i = 2; i < COLUMNS; i++)
			table_put(table, PAGE_PLAIN, "%s", "");
		return;
	}
	put_count(table, loop, "turns");
	table_put(table, PAGE_PLAIN, "%.1f%%", turns > 0 ? idle / turns * 100 : 0);
	put_count(table, loop, "sleeps");
	put_count(table, loop, "timers");
	put_count(table, loop, "posts");
	put_count(table, loop, "resumes");
	put_count(table, loop, "nodes");
	put_count(table, loop, "processes");
	put_count(table, loop, "links");
	put_count(table, loop, "vector");
	table_put(table, PAGE_PLAIN, "%" PRIu64 "/%" PRIu64, field_count(loop, "frames_free"),
		field_count(loop, "frames"));
	table_put(table, PAGE_PLAIN, "%s", field_text(loop, "log_level", text));
}

void show_loops(struct page *page, json_t *const results[VIEW_METHODS])
{
	static const struct table_column columns[] = {{"Name", false, 8}, {"Turns", true, 0},
		{"Idle", true, 0}, {"Sleeps", true, 0}, {"Timers", true, 0}, {"Posts", true, 0},
		{"Resumes", true, 0}, {"Nodes", true, 0}, {"Processes", true, 0},
		{"Links", true, 0}, {"Vector", true, 0}, {"Frames free", true, 0},
		{"Log", false, 0}};
	struct table table;
	json_t *loop;
	size_t i;

	table_init(&table, columns, COLUMNS);
	json_array_foreach(json_object_get(results[0], "loops"), i, loop) put_loop(&table, loop);
	table_finish(&table, page);
}
