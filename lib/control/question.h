/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request from the inside: what methods see of it, and those who bring what it waits for. All of
 * it is the control's thread's.
 *
 *   start -> waiting (for readings, then for a command) -> ready -> built -> answered -> done
 */
#ifndef GYRE_LIB_CONTROL_QUESTION_H
#define GYRE_LIB_CONTROL_QUESTION_H

#include "control/loops.h"
#include "control/method.h"
#include "control/request.h"

struct gyre__request_list;

/* A request's share of a reading. */
struct gyre__part {
	struct gyre__wait wait; /* wait.shared: the reading; NULL: it did not come */
	struct gyre__served *served; /* NULL: deleted since */
	struct gyre__reading unread; /* stands for a reading that did not come */
};

struct gyre__request {
	TAILQ_ENTRY(gyre__request) link;
	struct gyre__request_list *list; /* the one it is in */
	struct gyre_control *control;
	const struct gyre__method *method; /* NULL: the readings of all loops */
	struct gyre__app_method *app; /* the application's; NULL once it was asked */
	struct gyre__asker asker;
	gyre__readings_fn *readings_fn;
	uint64_t deadline;

	json_t *params; /* an object; while a command has it, it is the loop's */
	struct gyre__served *served; /* the loop that is asked; NULL: none, all, or deleted since */
	struct gyre__command *command;
	struct gyre_process_id target; /* of the command: what a reading said */

	json_t *result; /* the answer; NULL: an error */
	int code, error;
	char message[256];

	unsigned n_parts, n_left; /* readings, those that have not come */
	struct gyre__part parts[];
};

TAILQ_HEAD(gyre__request_list, gyre__request);

/* What a method has found: a result, the reference taken; NULL: no memory. */
void gyre__request_result(struct gyre__request *request, json_t *result);
void gyre__request_error(struct gyre__request *request, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The one loop's reading. */
const struct gyre_snapshot *gyre__request_snapshot(const struct gyre__request *request);
/* What its runtime is counted from; NULL: the beginning. Borrowed. */
const struct gyre_snapshot *gyre__request_baseline(const struct gyre__request *request);
/* A parameter, NULL: left out. */
json_t *gyre__request_get(const struct gyre__request *request, const char *name);

/* Between the files of requests: it waits; it has its next step taken by
 * gyre__requests_answer(); it ends, whatever it waits for. */
void gyre__request_await(struct gyre__request *request);
void gyre__request_ready(struct gyre__request *request);
void gyre__request_free(struct gyre__request *request);

/* A reading has come. */
void gyre__request_read(struct gyre__request *request);
/* Its command has ended; the params are back. */
void gyre__request_ended(struct gyre__request *request, struct gyre__command *command);
/* Its loop is deleted. */
void gyre__request_lost(struct gyre__request *request, struct gyre__served *served);

/* The control's: has what is ready built and answered. */
void gyre__requests_answer(struct gyre_control *control);
/* Fails those whose time is over. Returns the next one's deadline. */
uint64_t gyre__requests_expire(struct gyre_control *control, uint64_t now);
/* The control closes: nobody is answered. */
void gyre__requests_drop(struct gyre_control *control);

#endif
