/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question on its way: what it waits for, what was found, and the answer. Owns the requests under
 * way; called by those who bring what they wait for and by the control's wake-up, calls methods.
 * Invariant: a request is in one of the control's lists; who asks is answered once, from the
 * wake-up and never from inside his own call, unless he abandons the request before.
 */
#include "control/question.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control.h"

#define TURN_NSEC GYRE_MSEC(1) /* of finding answers, before others have their turn */

/* --- What methods call --- */

void gyre__request_error(struct gyre__request *request, int code, const char *format, ...)
{
	va_list args;

	request->code = code;
	va_start(args, format);
	vsnprintf(request->message, sizeof(request->message), format, args);
	va_end(args);
}

void gyre__request_result(struct gyre__request *request, json_t *result)
{
	request->result = result;
	if (!result)
		gyre__request_error(request, GYRE__RPC_INTERNAL, "no memory");
}

const struct gyre_snapshot *gyre__request_snapshot(const struct gyre__request *request)
{
	return request->parts[0].wait.shared->snapshot;
}

const struct gyre_snapshot *gyre__request_baseline(const struct gyre__request *request)
{
	const struct gyre__shared *baseline = request->served->baseline;

	return baseline && !json_is_true(gyre__request_get(request, "total")) ? baseline->snapshot
									      : NULL;
}

json_t *gyre__request_get(const struct gyre__request *request, const char *name)
{
	return json_object_get(request->params, name);
}

/* --- Lists --- */

static void leave(struct gyre__request *request)
{
	if (request->list)
		TAILQ_REMOVE(request->list, request, link);
	request->list = NULL;
}

static void enter(struct gyre__request *request, struct gyre__request_list *list)
{
	leave(request);
	TAILQ_INSERT_TAIL(list, request, link);
	request->list = list;
}

/* In the order of deadlines: as a rule it is the last. */
void gyre__request_await(struct gyre__request *request)
{
	struct gyre__request_list *list = &request->control->waiting;
	struct gyre__request *before = TAILQ_LAST(list, gyre__request_list);

	leave(request);
	while (before && before->deadline > request->deadline)
		before = TAILQ_PREV(before, gyre__request_list, link);
	if (before)
		TAILQ_INSERT_AFTER(list, before, request, link);
	else
		TAILQ_INSERT_HEAD(list, request, link);
	request->list = list;
}

/* What it waits for, it waits for no more. */
static void let_go(struct gyre__request *request)
{
	for (unsigned i = 0; i < request->n_parts; i++)
		gyre__wait_stop(&request->parts[i].wait);
	request->n_left = 0;
	if (request->command) {
		pthread_mutex_lock(&request->control->lock);
		gyre__command_cancel(request->command);
		pthread_mutex_unlock(&request->control->lock);
		request->params = NULL; /* the command's */
	}
	request->command = NULL;
}

void gyre__request_free(struct gyre__request *request)
{
	leave(request);
	let_go(request);
	json_decref(request->params);
	json_decref(request->result);
	free(request);
}

/* Its next step is taken by gyre__requests_answer(). */
void gyre__request_ready(struct gyre__request *request)
{
	enter(request, &request->control->ready);
	uv_async_send(&request->control->wake);
}

static void fail(struct gyre__request *request, int code, const char *text)
{
	gyre__request_error(request, code, "%s", text);
	gyre__request_ready(request);
}

/* --- What it waits for comes, or does not --- */

void gyre__request_read(struct gyre__request *request)
{
	if (--request->n_left == 0)
		gyre__request_ready(request);
}

static int code_of(int status)
{
	switch (status) {
	case -ESRCH:
	case -ENOENT:
		return GYRE__RPC_NOT_FOUND;
	case -EINVAL:
		return GYRE__RPC_INVALID_PARAMS;
	case -EAGAIN:
	case -EBUSY:
		return GYRE__RPC_BUSY;
	default:
		return GYRE__RPC_INTERNAL;
	}
}

static void command_failed(
	struct gyre__request *request, const struct gyre_control_call *call, int status)
{
	bool app = request->method == &gyre__app_call;
	int code = status == -ECANCELED ? GYRE__RPC_TIMEOUT
		   : app                ? GYRE__RPC_APPLICATION
					: code_of(status);

	request->error = app ? status : 0;
	gyre__request_error(
		request, code, "%s", *call->message ? call->message : strerror(-status));
}

void gyre__request_ended(struct gyre__request *request, struct gyre__command *command)
{
	struct gyre_control_call *call = &command->call;

	request->command = NULL;
	request->params = call->params;
	call->params = NULL;
	if (command->status < 0)
		command_failed(request, call, command->status);
	else if (request->method->build)
		request->method->build(request);
	else
		gyre__request_result(request, call->result ? call->result : json_object());
	if (request->result == call->result)
		call->result = NULL;
	gyre__request_ready(request);
}

void gyre__request_lost(struct gyre__request *request, struct gyre__served *served)
{
	for (unsigned i = 0; i < request->n_parts; i++) {
		struct gyre__part *part = &request->parts[i];

		if (part->served != served)
			continue;
		part->served = NULL;
		if (!part->wait.source)
			continue;
		gyre__wait_stop(&part->wait);
		gyre__request_read(request);
	}
	if (request->served != served)
		return;
	let_go(request);
	request->served = NULL;
	request->app = NULL;
	if (!request->code && !request->result)
		fail(request, GYRE__RPC_NO_LOOP, "the loop was deleted");
}

uint64_t gyre__requests_expire(struct gyre_control *control, uint64_t now)
{
	struct gyre__request *request;

	while ((request = TAILQ_FIRST(&control->waiting)) != NULL && request->deadline <= now) {
		for (unsigned i = 0; i < request->n_parts; i++)
			if (request->parts[i].wait.source)
				gyre__wait_stop(&request->parts[i].wait);
		if (request->served)
			let_go(request);
		request->n_left = 0;
		if (request->served)
			fail(request, GYRE__RPC_TIMEOUT, "the loop did not answer in time");
		else
			gyre__request_ready(request);
	}
	return request ? request->deadline : GYRE_FOREVER;
}

/* --- Answering --- */

static bool start_command(struct gyre__request *request)
{
	struct gyre__served *served = request->served;
	struct gyre__app_method *app = request->app;
	struct gyre__command *command;
	json_t *params = request->params;

	request->params = NULL;
	command = gyre__command_create(&served->queue, request->control->port,
		app ? app->method.name : request->method->name,
		app ? app->method.fn : request->method->fn, app ? app->arg : NULL, params);
	if (!command) {
		gyre__request_error(request, GYRE__RPC_BUSY, "busy: %u commands wait for loop '%s'",
			GYRE__QUEUE_MAX, served->name);
		return false;
	}
	command->call.target = request->target;
	command->request = request;
	request->command = command;
	request->app = NULL;
	gyre__request_await(request);
	uv_async_send(&request->control->wake);
	return true;
}

/* True: it waits once more. */
static bool step(struct gyre__request *request)
{
	const struct gyre__method *method = request->method;

	if (!method || request->code || request->result)
		return false;
	if (method->prepare)
		method->prepare(request);
	if (request->code || request->result)
		return false;
	return start_command(request);
}

static void answer_readings(struct gyre__request *request)
{
	const struct gyre__reading *readings[request->n_parts + 1];

	for (unsigned i = 0; i < request->n_parts; i++) {
		const struct gyre__part *part = &request->parts[i];

		readings[i] = part->wait.shared ? &part->wait.shared->reading : &part->unread;
	}
	request->readings_fn(request->asker.arg, readings, request->n_parts);
}

static void answer(struct gyre__request *request)
{
	struct gyre__answer answer = {.result = request->code ? NULL : request->result,
		.code = request->code,
		.message = request->message,
		.error = request->error};

	leave(request);
	if (request->readings_fn)
		answer_readings(request);
	else
		request->asker.done(request->asker.arg, &answer);
	gyre__request_free(request);
}

void gyre__requests_answer(struct gyre_control *control)
{
	struct gyre__request_list *ready = &control->ready, *answered = &control->answered;
	uint64_t end = uv_hrtime() + TURN_NSEC;
	struct gyre__request *request;

	while ((request = TAILQ_FIRST(ready)) != NULL) {
		if (!step(request))
			enter(request, answered);
		if (uv_hrtime() >= end)
			break;
	}
	/* Others may be abandoned meanwhile, but new ones are not answered yet. */
	while ((request = TAILQ_FIRST(answered)) != NULL)
		answer(request);
	if (!TAILQ_EMPTY(ready))
		uv_async_send(&control->wake);
}

void gyre__requests_drop(struct gyre_control *control)
{
	struct gyre__request_list *lists[] = {
		&control->waiting, &control->ready, &control->answered};
	struct gyre__request *request;

	for (unsigned i = 0; i < 3; i++)
		while ((request = TAILQ_FIRST(lists[i])) != NULL)
			gyre__request_free(request);
}
