/* SPDX-License-Identifier: Apache-2.0 */
/*
 * top: readings of a loop, what grew between two of them, and frames that show it.
 */
#ifndef GYRECTL_TOP_H
#define GYRECTL_TOP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "page.h"
#include "text.h"

/* --- top_model.c: what grew between two readings --- */

enum { TOP_LOOPS, TOP_RUNTIME, TOP_PROCESSES, TOP_LINKS, TOP_ERRORS, TOP_VERSION, TOP_METHODS };
extern const char *const top_methods[TOP_METHODS];

/* One answer of each method; one that failed is NULL. */
struct top_reading {
	json_t *results[TOP_METHODS];
};

enum top_sort {
	TOP_SORT_RANK,
	TOP_SORT_NAME,
	TOP_SORT_RATE,
	TOP_SORT_CALLS,
	TOP_SORT_VECTORS,
	TOP_SORT_CLOCKS,
	TOP_SORT_DROPS,
	TOP_SORTS,
};
extern const char *const top_sort_names[TOP_SORTS + 1]; /* the last is NULL */

struct top_node {
	const json_t *node;
	size_t place; /* in the order of dispatch */
	double rate, calls, drops; /* a second */
	double vectors; /* items a call */
	double clocks; /* nanoseconds an item; below 0: nothing was measured */
	double busy; /* part of the time, in percent */
};

struct top_process {
	const json_t *process;
	double runs; /* a second */
	double busy; /* in percent */
};

struct top_error {
	const json_t *error;
	double rate;
};

struct top_model {
	const struct top_reading *now;
	const json_t *loop; /* the loop's own figures */
	double seconds; /* between the two; 0: there is only one */
	double turns, sleeps, in, out, dropped, punted; /* a second */
	double idle; /* of the turns, in percent */
	double vectors; /* items a call of the inner nodes */
	struct top_node *nodes;
	size_t n_nodes;
	struct top_process *processes;
	size_t n_processes;
	struct top_error *errors; /* most first */
	size_t n_errors;
	bool failed; /* there was no memory */
};

/* Borrows both readings; `before` may be empty. */
void top_model_init(
	struct top_model *model, const struct top_reading *now, const struct top_reading *before);
void top_model_fini(struct top_model *model);
void top_model_sort(struct top_model *model, enum top_sort sort, bool reverse);
/* Leaves out the nodes that brought, took and dropped nothing. */
void top_model_hide_idle(struct top_model *model);
void top_reading_fini(struct top_reading *reading);

/* --- top_frame.c: a frame of it --- */

struct top_look {
	const char *loop; /* name */
	unsigned rows; /* 0: as many as there are */
	size_t scroll; /* nodes above the first shown; corrected when too large */
	enum top_sort sort;
	bool reverse, hide_idle, paused, help;
	uint64_t interval_nsec;
	char message[512]; /* escaped; empty: none */
};

void top_frame(struct page *page, const struct top_model *model, struct top_look *look);

/* --- top_screen.c: the terminal --- */

enum top_key {
	TOP_KEY_NONE = 0,
	TOP_KEY_UP = 0x100,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_RESIZE,
};

/* Takes the terminal over; false if its kind is not known. */
bool screen_open(bool colour);
void screen_close(void);
/* A key that waits, as a character or one of the above. */
int screen_key(void);
unsigned screen_rows(void);
void screen_paint(const struct page *page);

#endif
