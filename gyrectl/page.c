/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of text with styles. Owns its memory. Called by the views and by top, which either write
 * the page or paint it; calls stdio. Invariant: runs are in order, each lies in the text, and the
 * terminal's own style is back at the end of every line.
 */
#include "page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void page_fini(struct page *page)
{
	free(page->text);
	free(page->runs);
	memset(page, 0, sizeof(*page));
}

/* Room for `more` bytes of text. */
static bool grow_text(struct page *page, size_t more)
{
	size_t size = page->size == 0 ? 4096 : page->size;
	char *text;

	while (size < page->len + more)
		size *= 2;
	if (size == page->size)
		return true;
	text = realloc(page->text, size);
	if (text == NULL)
		return false;
	page->text = text;
	page->size = size;
	return true;
}

static bool grow_runs(struct page *page)
{
	size_t size = page->runs_size == 0 ? 256 : page->runs_size * 2;
	struct page_run *runs;

	if (page->n_runs < page->runs_size)
		return true;
	runs = realloc(page->runs, size * sizeof(*runs));
	if (runs == NULL)
		return false;
	page->runs = runs;
	page->runs_size = size;
	return true;
}

static void put(struct page *page, enum page_style style, const char *format, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0 || !grow_text(page, (size_t)len + 1) || !grow_runs(page)) {
		page->failed = true;
		return;
	}
	vsnprintf(page->text + page->len, (size_t)len + 1, format, args);
	page->runs[page->n_runs++] = (struct page_run){page->len, (size_t)len, style, false};
	page->len += (size_t)len;
}

void page_put(struct page *page, enum page_style style, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(page, style, format, args);
	va_end(args);
}

void page_end(struct page *page)
{
	if (page->n_runs == 0 || page->runs[page->n_runs - 1].ends)
		page_put(page, PAGE_PLAIN, "%s", "");
	if (page->failed)
		return;
	page->runs[page->n_runs - 1].ends = true;
	page->n_lines++;
}

void page_line(struct page *page, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(page, PAGE_PLAIN, format, args);
	va_end(args);
	page_end(page);
}

/* Up to where a line is not blank. */
static size_t line_end(const struct page *page, const struct page_run *run)
{
	size_t start = run->offset, end;

	while (!run->ends && run + 1 < page->runs + page->n_runs)
		run++;
	for (end = run->offset + run->len; end > start && page->text[end - 1] == ' ';)
		end--;
	return end;
}

void page_write(const struct page *page, FILE *out, bool colour)
{
	static const char *const codes[] = {[PAGE_BOLD] = "1",
		[PAGE_TITLE] = "1;4",
		[PAGE_GOOD] = "32",
		[PAGE_WARN] = "33",
		[PAGE_BAD] = "31",
		[PAGE_DIM] = "2"};
	bool begins = true;
	size_t end = 0;

	for (const struct page_run *run = page->runs; run < page->runs + page->n_runs; run++) {
		if (begins)
			end = line_end(page, run);
		size_t stop = run->offset + run->len < end ? run->offset + run->len : end;
		int len = stop > run->offset ? (int)(stop - run->offset) : 0;
		bool coded = colour && run->style != PAGE_PLAIN && len > 0;

		if (coded)
			fprintf(out, "\033[%sm", codes[run->style]);
		fprintf(out, "%.*s%s", len, page->text + run->offset, coded ? "\033[0m" : "");
		if (run->ends)
			fputc('\n', out);
		begins = run->ends;
	}
}
