/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `methods`: what can be called, the program's own methods too, with their parameters. Called
 * through the table of views; calls page.c. Invariant: a method's name begins its line, and what
 * belongs to it is indented below.
 */
#include "field.h"
#include "view.h"

static void param_line(struct page *page, const json_t *param)
{
	char name[TEXT_SIZE], type[TEXT_SIZE], help[TEXT_SIZE];

	page_put(page, PAGE_PLAIN, "    %s", field_text(param, "name", name));
	page_put(page, PAGE_DIM, " (%s%s", field_text(param, "type", type),
		field_true(param, "required") ? ", required" : "");
	if (json_is_integer(json_object_get(param, "max")))
		page_put(page, PAGE_DIM, ", %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT "%s",
			json_integer_value(json_object_get(param, "min")),
			json_integer_value(json_object_get(param, "max")),
			field_is(param, "type", "string") ? " bytes" : "");
	page_put(page, PAGE_DIM, ")");
	if (*field_raw(param, "help") != '\0')
		page_put(page, PAGE_PLAIN, ": %s", field_text(param, "help", help));
	page_end(page);
}

void show_methods(struct page *page, json_t *const results[VIEW_METHODS])
{
	char name[TEXT_SIZE], help[TEXT_SIZE];
	json_t *method, *param;
	size_t i, j;

	json_array_foreach(json_object_get(results[0], "methods"), i, method)
	{
		page_put(page, PAGE_BOLD, "%s", field_text(method, "name", name));
		if (*field_raw(method, "help") != '\0')
			page_put(page, PAGE_PLAIN, ": %s", field_text(method, "help", help));
		page_end(page);
		json_array_foreach(json_object_get(method, "params"), j, param)
			param_line(page, param);
	}
}
