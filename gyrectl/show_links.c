/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `show links`: up or down, for how long, and how often that changed. Called through the table of
 * views; calls table.c. Invariant: how long is by the loop's own clock, which the reader's is not.
 */
#include <inttypes.h>

#include "field.h"
#include "table.h"
#include "unit.h"
#include "view.h"

void show_links(struct page *page, json_t *const results[VIEW_METHODS])
{
	static const struct table_column columns[] = {
		{"Name", false, 12}, {"State", false, 0}, {"For", true, 6}, {"Changes", true, 0}};
	char text[TEXT_SIZE], unit[UNIT_SIZE];
	struct table table;
	json_t *link;
	size_t i;

	table_init(&table, columns, 4);
	json_array_foreach(json_object_get(results[0], "links"), i, link)
	{
		bool up = field_true(link, "up");
		uint64_t age = view_age(results[0], results[1], field_count(link, "changed_nsec"));

		table_put(&table, PAGE_PLAIN, "%s", field_text(link, "name", text));
		table_put(&table, up ? PAGE_GOOD : PAGE_BAD, "%s", up ? "up" : "down");
		table_put(&table, PAGE_PLAIN, "%s",
			age == UINT64_MAX ? "-" : unit_nsec(unit, (double)age));
		table_put(&table, PAGE_PLAIN, "%" PRIu64, field_count(link, "changes"));
	}
	table_finish(&table, page);
}
