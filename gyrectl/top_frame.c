/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame of top: header, nodes, processes, links, drop reasons, and a last line with the keys.
 * Called by top.c; calls table.c and unit.c. Invariant: with a number of rows given, the frame has
 * at most as many but for the header's, and a section that is shown has its first row before
 * another one has all of its own.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "field.h"
#include "table.h"
#include "top.h"
#include "unit.h"
#include "view.h"

enum { NODES, PROCESSES, LINKS, ERRORS, SECTIONS };

struct section {
	struct table table;
	size_t rows; /* granted */
};

static void put_rate(struct table *table, double value)
{
	char unit[UNIT_SIZE];

	table_put(table, value > 0 ? PAGE_PLAIN : PAGE_DIM, "%s", unit_rate(unit, value));
}

static void put_nodes(struct table *table, const struct top_model *model)
{
	static const struct table_column columns[] = {{"Node", false, 24}, {"State", false, 8},
		{"Rate/s", true, 7}, {"Calls/s", true, 7}, {"Vec/Call", true, 8},
		{"Clk/Pkt", true, 7}, {"Busy", true, 5}, {"Drops/s", true, 7}};
	char text[TEXT_SIZE];

	table_init(table, columns, 8);
	for (const struct top_node *row = model->nodes; row < model->nodes + model->n_nodes;
		row++) {
		bool disabled = field_is(row->node, "state", "disabled");

		table_put(table, PAGE_PLAIN, "%s", field_text(row->node, "name", text));
		table_put(table, disabled ? PAGE_WARN : PAGE_PLAIN, "%s",
			field_text(row->node, "state", text));
		put_rate(table, row->rate);
		put_rate(table, row->calls);
		table_put(table, PAGE_PLAIN, "%.2f", row->vectors);
		if (row->clocks < 0)
			table_put(table, PAGE_DIM, "-");
		else
			table_put(table, PAGE_PLAIN, "%.1f", row->clocks);
		table_put(table, PAGE_PLAIN, "%.1f%%", row->busy);
		table_put(table, row->drops > 0 ? PAGE_WARN : PAGE_DIM, "%s",
			unit_rate(text, row->drops));
	}
}

static void put_nsec(struct table *table, const json_t *object, const char *name)
{
	char unit[UNIT_SIZE];

	table_put(table, PAGE_PLAIN, "%s", unit_nsec(unit, field_number(object, name)));
}

static void put_processes(struct table *table, const struct top_model *model)
{
	static const struct table_column columns[] = {{"Process", false, 24}, {"State", false, 8},
		{"Runs/s", true, 7}, {"Busy", true, 7}, {"Late p50", true, 8}, {"p99", true, 7},
		{"max", true, 7}, {"Stack", true, 7}};
	char text[TEXT_SIZE], unit[UNIT_SIZE];

	table_init(table, columns, 8);
	for (const struct top_process *row = model->processes;
		row < model->processes + model->n_processes; row++) {
		const json_t *late = json_object_get(row->process, "late");
		uint64_t used = field_count(json_object_get(row->process, "stack"), "used");

		table_put(table, PAGE_PLAIN, "%s", field_text(row->process, "name", text));
		table_put(table, PAGE_PLAIN, "%s", field_text(row->process, "state", text));
		put_rate(table, row->runs);
		table_put(table, PAGE_PLAIN, "%.2f%%", row->busy);
		put_nsec(table, late, "p50_nsec");
		put_nsec(table, late, "p99_nsec");
		put_nsec(table, late, "max_nsec");
		table_put(table, PAGE_PLAIN, "%s", used == 0 ? "-" : unit_bytes(unit, used));
	}
}

static void put_links(struct table *table, const struct top_model *model)
{
	static const struct table_column columns[] = {
		{"Link", false, 24}, {"State", false, 8}, {"For", true, 7}, {"Changes", true, 7}};
	const json_t *const *results = (const json_t *const *)model->now->results;
	char text[TEXT_SIZE], unit[UNIT_SIZE];
	json_t *link;
	size_t i;

	table_init(table, columns, 4);
	json_array_foreach(json_object_get(results[TOP_LINKS], "links"), i, link)
	{
		bool up = field_true(link, "up");
		uint64_t age = view_age(
			results[TOP_LINKS], results[TOP_LOOPS], field_count(link, "changed_nsec"));

		table_put(table, PAGE_PLAIN, "%s", field_text(link, "name", text));
		table_put(table, up ? PAGE_GOOD : PAGE_BAD, "%s", up ? "up" : "down");
		table_put(table, PAGE_PLAIN, "%s",
			age == UINT64_MAX ? "-" : unit_nsec(unit, (double)age));
		table_put(table, PAGE_PLAIN, "%" PRIu64, field_count(link, "changes"));
	}
}

static void put_errors(struct table *table, const struct top_model *model)
{
	static const struct table_column columns[] = {{"Dropped at", false, 24},
		{"Severity", false, 8}, {"Rate/s", true, 7}, {"Count", true, 10},
		{"Reason", false, 0}};
	char text[TEXT_SIZE];

	table_init(table, columns, 5);
	for (const struct top_error *row = model->errors; row < model->errors + model->n_errors;
		row++) {
		bool severe = field_is(row->error, "severity", "error");

		table_put(table, PAGE_PLAIN, "%s", field_text(row->error, "node", text));
		table_put(table, severe ? PAGE_BAD : PAGE_PLAIN, "%s",
			field_text(row->error, "severity", text));
		put_rate(table, row->rate);
		table_put(table, PAGE_PLAIN, "%" PRIu64, field_count(row->error, "count"));
		table_put(table, PAGE_PLAIN, "%s", field_text(row->error, "reason", text));
	}
}

/* Grants each section at most `most[i]` rows, from the first section on; returns what is left. */
static size_t grant(struct section *sections, unsigned n, const size_t *most, size_t room)
{
	for (unsigned i = 0; i < n; i++) {
		size_t rows = table_rows(&sections[i].table);
		size_t wanted = rows < most[i] ? rows : most[i];
		size_t more = wanted > sections[i].rows ? wanted - sections[i].rows : 0;

		more = more < room ? more : room;
		sections[i].rows += more;
		room -= more;
	}
	return room;
}

/* Rows for the first n sections when header, titles, blank lines and the last line have theirs. */
static size_t room_of(const struct section *sections, unsigned n, size_t header, unsigned rows)
{
	size_t used = header + 1;

	if (rows == 0)
		return SIZE_MAX;
	for (unsigned i = 0; i < n; i++)
		if (table_rows(&sections[i].table) > 0)
			used += 2;
	return rows > used ? rows - used : 0;
}

/* One row for each first, then a few, then all; on a low screen the last sections are left out.
 * Returns how many are shown. */
static unsigned share_rows(struct section *sections, size_t header, unsigned rows)
{
	static const size_t one[SECTIONS] = {1, 1, 1, 1}, few[SECTIONS] = {6, 4, 2, 3};
	static const size_t all[SECTIONS] = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};
	unsigned n = SECTIONS;
	size_t room;

	while (n > 1 && room_of(sections, n, header, rows) < n + 1)
		n--;
	room = room_of(sections, n, header, rows);
	for (unsigned i = 0; i < n; i++)
		sections[i].rows = 0;
	room = grant(sections, n, one, room);
	room = grant(sections, n, few, room);
	grant(sections, n, all, room);
	return n;
}

static void write_sections(
	struct page *page, struct section sections[SECTIONS], struct top_look *look)
{
	unsigned n = share_rows(sections, page->n_lines, look->rows);
	size_t hidden = table_rows(&sections[NODES].table) - sections[NODES].rows;

	if (look->scroll > hidden)
		look->scroll = hidden;
	for (unsigned i = 0; i < n; i++) {
		if (table_rows(&sections[i].table) == 0)
			continue;
		page_end(page);
		table_write(
			&sections[i].table, page, i == NODES ? look->scroll : 0, sections[i].rows);
	}
}

static void write_header(
	struct page *page, const struct top_model *model, const struct top_look *look)
{
	char name[TEXT_SIZE], program[TEXT_SIZE], unit[UNIT_SIZE], rates[6][UNIT_SIZE];
	const json_t *version = model->now->results[TOP_VERSION];
	const double values[] = {
		model->in, model->out, model->dropped, model->punted, model->turns, model->sleeps};
	time_t now = time(NULL);
	char clock[16];

	for (unsigned i = 0; i < 6; i++)
		unit_rate(rates[i], values[i]);
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	page_put(page, PAGE_BOLD, "%s", field_text(version, "program", program));
	page_put(page, PAGE_PLAIN, " (%" PRIu64 "), loop ", field_count(version, "pid"));
	page_put(page, PAGE_BOLD, "%s", text_escape(name, sizeof(name), look->loop));
	page_line(page, ", up %s, %s%s", unit_nsec(unit, field_number(version, "uptime_nsec")),
		clock, look->paused ? ", paused" : "");
	page_line(page, "in %s/s  out %s/s  drop %s/s  punt %s/s  vectors/node %.2f", rates[0],
		rates[1], rates[2], rates[3], model->vectors);
	page_line(page,
		"turns %s/s  idle %.1f%%  sleeps %s/s  frames free %" PRIu64 "/%" PRIu64
		"  involuntary switches %" PRIu64,
		rates[4], model->idle, rates[5], field_count(model->loop, "frames_free"),
		field_count(model->loop, "frames"),
		field_count(model->loop, "involuntary_switches"));
}

static void write_last_line(struct page *page, const struct top_model *model,
	const struct section *nodes, const struct top_look *look)
{
	if (*look->message != '\0') {
		page_put(page, PAGE_BAD, "%s", look->message);
		page_end(page);
		return;
	}
	page_put(page, PAGE_DIM, "%zu of %zu nodes by %s%s, every %gs   ", nodes->rows,
		model->n_nodes, top_sort_names[look->sort], look->reverse ? " reversed" : "",
		(double)look->interval_nsec / 1e9);
	page_put(page, PAGE_DIM, "q quit  s sort  r reverse  h help");
	page_end(page);
}

static void write_help(struct page *page)
{
	static const char *const lines[] = {"", "q         quit",
		"s S       sort by the next, the previous column",
		"1 to 7    sort by rank, name, rate, calls, vectors, clocks, drops",
		"r         reverse the order", "i         hide or show idle nodes",
		"up down   scroll the nodes; page up, page down by ten", "tab       the next loop",
		"space     pause", "+ -       a longer, a shorter interval",
		"h ?       this help, and back", "",
		"Rates are those of the last interval. Clk/Pkt: nanoseconds for an item.",
		"Busy: part of the time. Late: resumed after it was due, since its start."};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		page_line(page, "%s", lines[i]);
}

void top_frame(struct page *page, const struct top_model *model, struct top_look *look)
{
	struct section sections[SECTIONS];

	write_header(page, model, look);
	if (look->help) {
		write_help(page);
		return;
	}
	put_nodes(&sections[NODES].table, model);
	put_processes(&sections[PROCESSES].table, model);
	put_links(&sections[LINKS].table, model);
	put_errors(&sections[ERRORS].table, model);
	write_sections(page, sections, look);
	if (look->rows > 0)
		write_last_line(page, model, &sections[NODES], look);
	page->failed = page->failed || model->failed;
	for (unsigned i = 0; i < SECTIONS; i++)
		table_fini(&sections[i].table);
}
