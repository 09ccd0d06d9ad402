/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `show processes`: what each does, what it took, how late it was resumed and how deep its stack
 * was. Called through the table of views; calls table.c and unit.c. Invariant: a process whose
 * stack was not looked at shows no depth, rather than one of 0.
 */
#include <inttypes.h>
#include <stdio.h>

#include "field.h"
#include "table.h"
#include "unit.h"
#include "view.h"

/* When it is due: "in 12.3ms", "now", or "-" when nothing is. */
static const char *due_text(const json_t *result, const json_t *process, char text[TEXT_SIZE])
{
	uint64_t now = field_count(result, "now_nsec");
	uint64_t deadline = field_count(process, "deadline_nsec");
	char unit[UNIT_SIZE];

	if (!json_is_integer(json_object_get(process, "deadline_nsec")))
		return "-";
	if (deadline <= now)
		return "now";
	snprintf(text, TEXT_SIZE, "in %s", unit_nsec(unit, (double)(deadline - now)));
	return text;
}

static void put_nsec(struct table *table, const json_t *object, const char *name)
{
	char unit[UNIT_SIZE];

	table_put(table, PAGE_PLAIN, "%s", unit_nsec(unit, field_number(object, name)));
}

/* "12K/64K", in warning when more than three quarters were used. */
static void put_stack(struct table *table, const json_t *stack)
{
	uint64_t size = field_count(stack, "size"), used = field_count(stack, "used");
	char of[UNIT_SIZE], unit[UNIT_SIZE];

	table_put(table, used > size / 4 * 3 ? PAGE_WARN : PAGE_PLAIN, "%s/%s",
		used == 0 ? "-" : unit_bytes(unit, used), unit_bytes(of, size));
}

void show_processes(struct page *page, json_t *const results[VIEW_METHODS])
{
	static const struct table_column columns[] = {{"Name", false, 12}, {"Id", false, 0},
		{"State", false, 0}, {"Due", false, 0}, {"Runs", true, 0}, {"Time", true, 0},
		{"Longest", true, 0}, {"Late p50", true, 0}, {"p99", true, 6}, {"max", true, 6},
		{"Stack", true, 0}, {"Daemon", false, 0}};
	char text[TEXT_SIZE];
	struct table table;
	json_t *process;
	size_t i;

	table_init(&table, columns, 12);
	json_array_foreach(json_object_get(results[0], "processes"), i, process)
	{
		const json_t *late = json_object_get(process, "late");

		table_put(&table, PAGE_PLAIN, "%s", field_text(process, "name", text));
		table_put(&table, PAGE_DIM, "%s", field_text(process, "id", text));
		table_put(&table, PAGE_PLAIN, "%s", field_text(process, "state", text));
		table_put(&table, PAGE_PLAIN, "%s", due_text(results[0], process, text));
		table_put(&table, PAGE_PLAIN, "%" PRIu64, field_count(process, "runs"));
		put_nsec(&table, process, "run_nsec");
		put_nsec(&table, process, "longest_nsec");
		put_nsec(&table, late, "p50_nsec");
		put_nsec(&table, late, "p99_nsec");
		put_nsec(&table, late, "max_nsec");
		put_stack(&table, json_object_get(process, "stack"));
		table_put(&table, PAGE_PLAIN, "%s", field_true(process, "daemon") ? "yes" : "no");
	}
	table_finish(&table, page);
}
