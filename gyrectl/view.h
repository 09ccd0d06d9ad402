/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results as people read them: what `show` and `watch` print.
 */
#ifndef GYRECTL_VIEW_H
#define GYRECTL_VIEW_H

#include <jansson.h>
#include <stdint.h>

#include "page.h"

enum { VIEW_METHODS = 3 };

struct view {
	const char *noun;
	/* What is asked for it. The first is the noun's own; a result of the others may be NULL. */
	const char *methods[VIEW_METHODS];
	void (*write)(struct page *page, json_t *const results[VIEW_METHODS]);
};

/* All of them, to one without a noun. */
extern const struct view views[];
/* The one of a method, to show its results; NULL: none. */
const struct view *view_of_method(const char *method);

/* One of each file show_*.c. */
void show_runtime(struct page *page, json_t *const results[VIEW_METHODS]);
void show_nodes(struct page *page, json_t *const results[VIEW_METHODS]);
void show_processes(struct page *page, json_t *const results[VIEW_METHODS]);
void show_errors(struct page *page, json_t *const results[VIEW_METHODS]);
void show_links(struct page *page, json_t *const results[VIEW_METHODS]);
void show_graph(struct page *page, json_t *const results[VIEW_METHODS]);
void show_loops(struct page *page, json_t *const results[VIEW_METHODS]);
void show_version(struct page *page, json_t *const results[VIEW_METHODS]);
void show_methods(struct page *page, json_t *const results[VIEW_METHODS]);

/* Nanoseconds by the loop's clock, from `then` to the result's `now_nsec`, or, where it has none,
 * to that of its loop in `loops`; UINT64_MAX if neither is known. */
uint64_t view_age(const json_t *result, const json_t *loops, uint64_t then);

#endif
