/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal of top: the only file that knows ncurses. Called by top.c. Invariant: between
 * screen_open() and screen_close() the terminal is ncurses', and afterwards as it was; a page is
 * cut at the screen's edges by columns, never in the middle of a character.
 */
#include <curses.h>
#include <locale.h>

#include "top.h"

static SCREEN *screen;

static void start_colours(void)
{
	start_color();
	use_default_colors();
	init_pair(PAGE_GOOD, COLOR_GREEN, -1);
	init_pair(PAGE_WARN, COLOR_YELLOW, -1);
	init_pair(PAGE_BAD, COLOR_RED, -1);
}

bool screen_open(bool colour)
{
	screen = newterm(NULL, stdout, stdin);
	if (screen == NULL)
		return false;
	if (colour && has_colors())
		start_colours();
	cbreak();
	noecho();
	nodelay(stdscr, TRUE);
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	return true;
}

void screen_close(void)
{
	if (screen == NULL)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

int screen_key(void)
{
	int key = getch();

	switch (key) {
	case ERR:
		return TOP_KEY_NONE;
	case KEY_UP:
		return TOP_KEY_UP;
	case KEY_DOWN:
		return TOP_KEY_DOWN;
	case KEY_PPAGE:
		return TOP_KEY_PAGE_UP;
	case KEY_NPAGE:
		return TOP_KEY_PAGE_DOWN;
	case KEY_RESIZE:
		return TOP_KEY_RESIZE;
	}
	return key > 0 && key < 0x80 ? key : TOP_KEY_RESIZE; /* nothing but painted again */
}

unsigned screen_rows(void)
{
	return LINES > 0 ? (unsigned)LINES : 1;
}

static attr_t attributes(enum page_style style)
{
	switch (style) {
	case PAGE_BOLD:
		return A_BOLD;
	case PAGE_TITLE:
		return A_BOLD | A_UNDERLINE;
	case PAGE_DIM:
		return A_DIM;
	case PAGE_GOOD:
	case PAGE_WARN:
		return (attr_t)COLOR_PAIR(style);
	case PAGE_BAD:
		return (attr_t)COLOR_PAIR(style) | A_BOLD;
	default:
		return A_NORMAL;
	}
}

/* Paints a run where the cursor stands, as far as there is room before the last column. */
static void paint_run(const struct page *page, const struct page_run *run)
{
	int left = COLS - getcurx(stdscr);
	const char *text = page->text + run->offset;
	size_t len = left > 0 ? text_fit(text, run->len, (unsigned)left) : 0;

	attrset(attributes(run->style));
	addnstr(text, (int)len);
}

void screen_paint(const struct page *page)
{
	int row = 0;
	bool full = false; /* a run that fills the line moves the cursor to the next */

	erase();
	move(0, 0);
	for (const struct page_run *run = page->runs; run < page->runs + page->n_runs; run++) {
		if (!full)
			paint_run(page, run);
		full = getcury(stdscr) != row || getcurx(stdscr) >= COLS - 1;
		if (!run->ends)
			continue;
		full = false;
		if (++row >= LINES)
			break;
		move(row, 0);
	}
	attrset(A_NORMAL);
	refresh();
}
