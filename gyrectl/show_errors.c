/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `show errors`: the reasons that counted. Called through the table of views; calls table.c.
 * Invariant: the columns are VPP's, count first, so that `sort -n` sorts them.
 */
#include <inttypes.h>

#include "field.h"
#include "table.h"
#include "view.h"

static enum page_style severity_style(const json_t *error)
{
	if (field_is(error, "severity", "error"))
		return PAGE_BAD;
	return field_is(error, "severity", "warning") ? PAGE_WARN : PAGE_PLAIN;
}

void show_errors(struct page *page, json_t *const results[VIEW_METHODS])
{
	static const struct table_column columns[] = {{"Count", true, 10}, {"Node", false, 12},
		{"Reason", false, 12}, {"Severity", false, 0}};
	char text[TEXT_SIZE];
	struct table table;
	json_t *error;
	size_t i;

	table_init(&table, columns, 4);
	json_array_foreach(json_object_get(results[0], "errors"), i, error)
	{
		table_put(&table, PAGE_PLAIN, "%" PRIu64, field_count(error, "count"));
		table_put(&table, PAGE_PLAIN, "%s", field_text(error, "node", text));
		table_put(&table, PAGE_PLAIN, "%s", field_text(error, "reason", text));
		table_put(&table, severity_style(error), "%s", field_text(error, "severity", text));
	}
	table_finish(&table, page);
}
