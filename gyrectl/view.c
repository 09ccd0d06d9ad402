/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of views: a noun, the methods that are asked, the function that writes. Read by show,
 * watch and the tests; the writers are the files show_*.c. Invariant: a view is a pure function of
 * the results, so that canned JSON tests it, and a member that is missing is shown as empty.
 */
#include "view.h"

#include <string.h>

#include "field.h"

const struct view views[] = {
	{"runtime", {"runtime", "processes", "version"}, show_runtime},
	{"nodes", {"nodes"}, show_nodes},
	{"processes", {"processes"}, show_processes},
	{"errors", {"errors"}, show_errors},
	{"links", {"links", "loops"}, show_links},
	{"graph", {"graph"}, show_graph},
	{"loops", {"loops"}, show_loops},
	{"version", {"version"}, show_version},
	{"methods", {"methods"}, show_methods},
	{0},
};

const struct view *view_of_method(const char *method)
{
	for (const struct view *view = views; view->noun != NULL; view++)
		if (strcmp(view->methods[0], method) == 0)
			return view;
	return NULL;
}

uint64_t view_age(const json_t *result, const json_t *loops, uint64_t then)
{
	const json_t *of = result;
	uint64_t now;

	if (json_object_get(of, "now_nsec") == NULL)
		of = field_find(json_object_get(loops, "loops"), "name", field_raw(of, "loop"));
	if (json_object_get(of, "now_nsec") == NULL)
		return UINT64_MAX;
	now = field_count(of, "now_nsec");
	return now > then ? now - then : 0;
}
