/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions are asked: the method and the loop are looked up, parameters are checked, and what the
 * answer needs is asked for. Called by the socket and by HTTP, calls the registry and readings.
 * Invariant: whatever is wrong with a question becomes its answer; question.c gives it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control.h"
#include "control/question.h"

/* --- Asking; with the lock held --- */

static void await_readings(struct gyre__request *request, unsigned source, bool anew)
{
	/* One more, so that it is not ready before all were asked for. */
	request->n_left = request->n_parts + 1;
	for (unsigned i = 0; i < request->n_parts; i++) {
		struct gyre__part *part = &request->parts[i];
		struct gyre__served *served = part->served;
		uint64_t changed = anew ? uv_hrtime() : served->queue.changed;

		snprintf(part->unread.loop, sizeof(part->unread.loop), "%s", served->name);
		part->wait.request = request;
		gyre__wait_start(&part->wait, &served->sources[source], changed);
	}
	gyre__request_read(request);
}

static void ask(struct gyre__request *request)
{
	enum gyre__need need = request->method ? request->method->need : GYRE__NEED_ALL;
	bool full = need == GYRE__NEED_STACKS || !request->method;

	if (need == GYRE__NEED_NOTHING || need == GYRE__NEED_LOOP)
		request->n_parts = 0;
	gyre__request_await(request);
	await_readings(
		request, full ? GYRE__SOURCE_FULL : GYRE__SOURCE_LIGHT, need == GYRE__NEED_NEW);
	uv_async_send(&request->control->wake);
}

/* Names the loops to choose from: all, or those that have a method of the application. */
static void which_loop(struct gyre__request *request, const char *app)
{
	struct gyre__served *served;
	char names[192];
	size_t n = 0;

	TAILQ_FOREACH(served, &request->control->served, link)
	{
		if (app && !gyre__served_method(served, app))
			continue;
		if (n + sizeof(served->name) + sizeof(", , ...") > sizeof(names)) {
			snprintf(names + n, sizeof(names) - n, ", ...");
			break;
		}
		n += snprintf(
			names + n, sizeof(names) - n, "%s%s", n > 0 ? ", " : "", served->name);
	}
	gyre__request_error(request, GYRE__RPC_INVALID_PARAMS, "loop: which one? %s", names);
}

/* Which loop is asked; false: answered with an error. */
static bool choose_loop(struct gyre__request *request)
{
	struct gyre_control *control = request->control;
	const char *name = json_string_value(gyre__request_get(request, "loop"));

	request->served = gyre__served_find(control, name);
	request->parts[0].served = request->served;
	request->n_parts = 1;
	if (request->served)
		return true;
	if (name)
		gyre__request_error(request, GYRE__RPC_NO_LOOP, "no such loop: '%s'", name);
	else if (TAILQ_EMPTY(&control->served))
		gyre__request_error(request, GYRE__RPC_NO_LOOP, "no loop is served");
	else
		which_loop(request, NULL);
	return false;
}

static void take_all_loops(struct gyre__request *request)
{
	struct gyre__served *served;

	request->n_parts = 0;
	TAILQ_FOREACH(served, &request->control->served, link)
	request->parts[request->n_parts++].served = served;
}

/* The application's: on the loop that was named, or on the only one that has it. */
static bool choose_app(struct gyre__request *request, const char *name)
{
	const char *loop = json_string_value(gyre__request_get(request, "loop"));
	struct gyre__served *served;
	unsigned n = 0;

	TAILQ_FOREACH(served, &request->control->served, link)
	{
		struct gyre__app_method *app = gyre__served_method(served, name);

		if (!app || (loop && strcmp(served->name, loop) != 0))
			continue;
		request->served = served;
		request->app = app;
		n++;
	}
	if (n == 1)
		return true;
	if (n > 1)
		which_loop(request, name);
	else if (loop && !gyre__served_find(request->control, loop))
		gyre__request_error(request, GYRE__RPC_NO_LOOP, "no such loop: '%s'", loop);
	else
		gyre__request_error(request, GYRE__RPC_NO_METHOD, "no such method: '%.100s'", name);
	return false;
}

static bool check_params(struct gyre__request *request, const struct gyre_control_param *params,
	unsigned n_params, bool may_loop)
{
	if (gyre__params_check(params, n_params, may_loop, request->params, request->message) == 0)
		return true;
	request->code = GYRE__RPC_INVALID_PARAMS;
	return false;
}

static bool resolve_ours(struct gyre__request *request)
{
	const struct gyre__method *method = request->method;

	if (request->asker.read_only && !method->read_only) {
		gyre__request_error(request, GYRE__RPC_NO_METHOD,
			"%s changes something: the socket takes it, HTTP does not", method->name);
		return false;
	}
	if (!check_params(request, method->params, method->n_params, false))
		return false;
	if (gyre__choice_check(method, request->params, request->message) < 0) {
		request->code = GYRE__RPC_INVALID_PARAMS;
		return false;
	}
	if (method->need == GYRE__NEED_ALL)
		take_all_loops(request);
	return method->need == GYRE__NEED_NOTHING || method->need == GYRE__NEED_ALL ||
	       choose_loop(request);
}

static bool resolve_app(struct gyre__request *request, const char *name)
{
	request->method = &gyre__app_call;
	if (!choose_app(request, name))
		return false;
	if (request->asker.read_only) {
		gyre__request_error(request, GYRE__RPC_NO_METHOD,
			"%s is the application's: the socket takes it, HTTP does not", name);
		return false;
	}
	return check_params(
		request, request->app->method.params, request->app->method.n_params, true);
}

static bool resolve(struct gyre__request *request, const char *name)
{
	if (!json_is_object(request->params)) {
		gyre__request_error(
			request, GYRE__RPC_INVALID_PARAMS, "params: an object is needed");
		return false;
	}
	request->method = gyre__method_find(name);
	return request->method ? resolve_ours(request) : resolve_app(request, name);
}

static unsigned count_loops(struct gyre_control *control)
{
	struct gyre__served *served;
	unsigned n = 0;

	TAILQ_FOREACH(served, &control->served, link)
	n++;
	return n ? n : 1;
}

static struct gyre__request *create(struct gyre_control *control)
{
	unsigned n = count_loops(control);
	struct gyre__request *request = calloc(1, sizeof(*request) + n * sizeof(request->parts[0]));
	uint64_t now = uv_hrtime(), wait = control->options.deadline_nsec;

	if (!request)
		return NULL;
	request->control = control;
	request->deadline = wait < GYRE_FOREVER - now ? now + wait : GYRE_FOREVER;
	return request;
}

/* What is wrong with it is known: what was sent, large as it may be, is not kept until then. */
static void refuse(struct gyre__request *request)
{
	json_decref(request->params);
	request->params = NULL;
	gyre__request_ready(request);
}

struct gyre__request *gyre__request_start(struct gyre_control *control, const char *method,
	json_t *params, const struct gyre__asker *asker)
{
	struct gyre__request *request;

	pthread_mutex_lock(&control->lock);
	request = create(control);
	if (request) {
		request->asker = *asker;
		request->params = params ? params : json_object();
		if (resolve(request, method))
			ask(request);
		else
			refuse(request);
	}
	pthread_mutex_unlock(&control->lock);
	if (!request)
		json_decref(params);
	return request;
}

void gyre__request_abandon(struct gyre__request *request)
{
	gyre__request_free(request);
}

/* struct gyre__readings is a request by another name. */
struct gyre__readings *gyre__readings_start(
	struct gyre_control *control, gyre__readings_fn *done, void *arg)
{
	struct gyre__request *request;

	pthread_mutex_lock(&control->lock);
	request = create(control);
	if (request) {
		request->readings_fn = done;
		request->asker.arg = arg;
		take_all_loops(request);
		ask(request);
	}
	pthread_mutex_unlock(&control->lock);
	return (struct gyre__readings *)request;
}

void gyre__readings_abandon(struct gyre__readings *readings)
{
	gyre__request_free((struct gyre__request *)readings);
}
