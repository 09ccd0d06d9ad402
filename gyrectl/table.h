/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table: columns as wide as their cells need, written into a page.
 */
#ifndef GYRECTL_TABLE_H
#define GYRECTL_TABLE_H

#include <stddef.h>

#include "page.h"

#define TABLE_COLUMNS_MAX 16

struct table_column {
	const char *title;
	bool right; /* numbers */
	unsigned width; /* at least */
};

struct table_cell {
	char *text; /* NULL: empty */
	enum page_style style;
};

struct table {
	const struct table_column *columns;
	unsigned n_columns;
	unsigned widths[TABLE_COLUMNS_MAX];
	struct table_cell *cells; /* row by row */
	size_t n_cells, cells_size;
	bool failed;
};

/* Columns are borrowed, at most TABLE_COLUMNS_MAX of them. */
void table_init(struct table *table, const struct table_column *columns, unsigned n_columns);
void table_fini(struct table *table);
/* The next cell, from left to right and row by row: escaped text. */
void table_put(struct table *table, enum page_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t table_rows(const struct table *table);
/* Writes the titles, and at most `count` rows from row `first` on. */
void table_write(const struct table *table, struct page *page, size_t first, size_t count);
/* Writes all of it, and ends the table. */
void table_finish(struct table *table, struct page *page);

#endif
