/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of text with styles, to be written to a file or painted on a screen.
 */
#ifndef GYRECTL_PAGE_H
#define GYRECTL_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum page_style { PAGE_PLAIN, PAGE_BOLD, PAGE_TITLE, PAGE_GOOD, PAGE_WARN, PAGE_BAD, PAGE_DIM };

/* A piece of a line in one style; the last one of a line has `ends`. */
struct page_run {
	size_t offset, len; /* in the page's text */
	enum page_style style;
	bool ends;
};

struct page {
	char *text;
	size_t len, size;
	struct page_run *runs;
	size_t n_runs, runs_size;
	size_t n_lines;
	bool failed; /* there was no memory: it is not whole */
};

/* Zeroed, a page is empty. */
void page_fini(struct page *page);
/* Adds to the last line: printable text, without ends of line. */
void page_put(struct page *page, enum page_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Ends the last line. */
void page_end(struct page *page);
/* A whole plain line. */
void page_line(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes the page, with the terminal's colours or as plain text without blanks at ends of lines. */
void page_write(const struct page *page, FILE *out, bool colour);

#endif
