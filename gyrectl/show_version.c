/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `show version`: which program answers, with which gyre, since when. Called through the table of
 * views; calls page.c. Invariant: one line, of which the first two words are name and version.
 */
#include <inttypes.h>

#include "field.h"
#include "unit.h"
#include "view.h"

void show_version(struct page *page, json_t *const results[VIEW_METHODS])
{
	char name[TEXT_SIZE], version[TEXT_SIZE], program[TEXT_SIZE], up[UNIT_SIZE];

	page_line(page, "%s %s in %s, pid %" PRIu64 ", up %s", field_text(results[0], "name", name),
		field_text(results[0], "version", version),
		field_text(results[0], "program", program), field_count(results[0], "pid"),
		unit_nsec(up, field_number(results[0], "uptime_nsec")));
}
