/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table: columns as wide as their widest cell. Owns its cells. Called by the views and by top;
 * calls page.c and text.c for widths in columns, which are not bytes. Invariant: each row of what
 * is written takes the same columns, and at least two blanks stand between two cells.
 */
#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

void table_init(struct table *table, const struct table_column *columns, unsigned n_columns)
{
	memset(table, 0, sizeof(*table));
	table->columns = columns;
	table->n_columns = n_columns;
	for (unsigned i = 0; i < n_columns; i++) {
		unsigned title = text_columns(columns[i].title);

		table->widths[i] = title > columns[i].width ? title : columns[i].width;
	}
}

void table_fini(struct table *table)
{
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i].text);
	free(table->cells);
	memset(table, 0, sizeof(*table));
}

static bool grow(struct table *table)
{
	size_t size = table->cells_size == 0 ? 128 : table->cells_size * 2;
	struct table_cell *cells;

	if (table->n_cells < table->cells_size)
		return true;
	cells = realloc(table->cells, size * sizeof(*cells));
	if (cells == NULL)
		return false;
	table->cells = cells;
	table->cells_size = size;
	return true;
}

void table_put(struct table *table, enum page_style style, const char *format, ...)
{
	unsigned column = (unsigned)(table->n_cells % table->n_columns), columns;
	struct table_cell *cell;
	va_list args;

	if (!grow(table)) {
		table->failed = true;
		return;
	}
	cell = &table->cells[table->n_cells];
	cell->style = style;
	va_start(args, format);
	if (vasprintf(&cell->text, format, args) < 0) {
		cell->text = NULL;
		table->failed = true;
	}
	va_end(args);
	table->n_cells++;
	columns = cell->text == NULL ? 0 : text_columns(cell->text);
	if (columns > table->widths[column])
		table->widths[column] = columns;
}

size_t table_rows(const struct table *table)
{
	return table->n_cells / table->n_columns;
}

static void write_cell(const struct table *table, struct page *page, unsigned column,
	const struct table_cell *cell)
{
	const char *text = cell->text == NULL ? "" : cell->text;
	int pad = (int)(table->widths[column] - text_columns(text));
	bool right = table->columns[column].right;

	if (column > 0)
		page_put(page, PAGE_PLAIN, "  ");
	if (right && pad > 0)
		page_put(page, PAGE_PLAIN, "%*s", pad, "");
	page_put(page, cell->style, "%s", text);
	if (!right && pad > 0)
		page_put(page, PAGE_PLAIN, "%*s", pad, "");
}

void table_write(const struct table *table, struct page *page, size_t first, size_t count)
{
	size_t rows = table_rows(table);

	page->failed = page->failed || table->failed;
	for (unsigned i = 0; i < table->n_columns; i++) {
		struct table_cell title = {(char *)table->columns[i].title, PAGE_BOLD};

		write_cell(table, page, i, &title);
	}
	page_end(page);
	for (size_t row = first; row < rows && row - first < count; row++) {
		for (unsigned i = 0; i < table->n_columns; i++)
			write_cell(table, page, i, &table->cells[row * table->n_columns + i]);
		page_end(page);
	}
}

void table_finish(struct table *table, struct page *page)
{
	table_write(table, page, 0, table_rows(table));
	table_fini(table);
}
