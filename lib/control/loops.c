/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loops that a control serves, and the application's methods on them. Owns their list, which
 * the control's lock guards. Called by the application from the loops' threads, and by the
 * control's thread. Invariant: the control's thread touches a loop with the lock held only, and
 * waits for nobody while it holds it; so a loop that was deleted is not touched any more, and
 * neither thread waits for the other's turn.
 */
#include "control/loops.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "control/control.h"
#include "control/question.h"

struct gyre__served *gyre__served_find(struct gyre_control *control, const char *name)
{
	struct gyre__served *served = TAILQ_FIRST(&control->served);

	if (!name)
		return served && !TAILQ_NEXT(served, link) ? served : NULL;
	while (served && strcmp(served->name, name) != 0)
		served = TAILQ_NEXT(served, link);
	return served;
}

struct gyre__app_method *gyre__served_method(struct gyre__served *served, const char *name)
{
	struct gyre__app_method *app;

	STAILQ_FOREACH(app, &served->methods, link)
	if (strcmp(app->method.name, name) == 0)
		return app;
	return NULL;
}

static struct gyre__served *find_loop(struct gyre_control *control, struct gyre_loop *loop)
{
	struct gyre__served *served;

	TAILQ_FOREACH(served, &control->served, link)
	if (served->loop == loop)
		return served;
	return NULL;
}

/* --- Adding and deleting --- */

/* The last touch of the loop. */
static void detach(struct gyre__served *served)
{
	for (unsigned i = 0; i < GYRE__SOURCES; i++)
		gyre__source_detach(&served->sources[i]);
	gyre__queue_detach(&served->queue);
	served->loop = NULL;
}

static void free_served(struct gyre__served *served)
{
	struct gyre__app_method *app;

	while ((app = STAILQ_FIRST(&served->methods)) != NULL) {
		STAILQ_REMOVE_HEAD(&served->methods, link);
		free(app);
	}
	for (unsigned i = 0; i < GYRE__SOURCES; i++)
		gyre__source_fini(&served->sources[i]);
	gyre__shared_unref(served->baseline);
	free(served);
}

static struct gyre__served *create(struct gyre_control *control, struct gyre_loop *loop)
{
	struct gyre__served *served = calloc(1, sizeof(*served));
	uint64_t age = control->options.reading_nsec;
	int status;

	if (!served)
		return NULL;
	served->loop = loop;
	snprintf(served->name, sizeof(served->name), "%s", gyre_loop_name(loop));
	STAILQ_INIT(&served->methods);
	gyre__queue_init(&served->queue);
	status = gyre__source_init(&served->sources[GYRE__SOURCE_LIGHT], loop, false, age, control);
	if (status == 0)
		status = gyre__source_init(
			&served->sources[GYRE__SOURCE_FULL], loop, true, 10 * age, control);
	if (status == 0)
		return served;
	detach(served);
	free_served(served);
	return NULL;
}

int gyre_control_loop_add(
	struct gyre_control *control, struct gyre_loop *loop, struct gyre_error *error)
{
	struct gyre__served *served;
	int status = 0;

	if (!control || !loop)
		return gyre__error_set(error, -EINVAL, "gyre_control_loop_add: no control or loop");
	served = create(control, loop);
	if (!served)
		return gyre__error_set(error, -ENOMEM, "no memory to serve a loop");
	pthread_mutex_lock(&control->lock);
	if (find_loop(control, loop) || gyre__served_find(control, served->name))
		status = -EEXIST;
	else
		TAILQ_INSERT_TAIL(&control->served, served, link);
	pthread_mutex_unlock(&control->lock);
	if (status == 0)
		return 0;
	gyre__error_set(error, status, "a loop '%s' is served already", served->name);
	detach(served);
	free_served(served);
	return status;
}

int gyre_control_loop_del(struct gyre_control *control, struct gyre_loop *loop)
{
	struct gyre__served *served;

	pthread_mutex_lock(&control->lock);
	served = find_loop(control, loop);
	if (served) {
		detach(served);
		TAILQ_REMOVE(&control->served, served, link);
		TAILQ_INSERT_TAIL(&control->gone, served, link);
		uv_async_send(&control->wake);
	}
	pthread_mutex_unlock(&control->lock);
	return served ? 0 : -ENOENT;
}

/* --- Methods --- */

static bool name_is_good(const char *name)
{
	const char *dot = name ? strchr(name, '.') : NULL;

	if (!dot || dot == name || !dot[1] || strlen(name) > 63)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	return true;
}

static bool specs_are_good(const struct gyre_control_method *method)
{
	if (method->n_params && !method->params)
		return false;
	for (unsigned i = 0; i < method->n_params; i++) {
		const struct gyre_control_param *param = &method->params[i];

		if (!param->name || !*param->name || strcmp(param->name, "loop") == 0 ||
			param->type > GYRE_PARAM_ANY || param->min > param->max)
			return false;
	}
	return true;
}

static int add_method(
	struct gyre_control *control, struct gyre_loop *loop, struct gyre__app_method *app)
{
	struct gyre__served *served = find_loop(control, loop);

	if (!served)
		return -ENOENT;
	if (gyre__served_method(served, app->method.name))
		return -EEXIST;
	STAILQ_INSERT_TAIL(&served->methods, app, link);
	return 0;
}

int gyre_control_method_add(struct gyre_control *control, struct gyre_loop *loop,
	const struct gyre_control_method *method, void *arg)
{
	struct gyre__app_method *app;
	int status;

	if (!control || !loop || !method || !method->fn || !name_is_good(method->name) ||
		!specs_are_good(method))
		return -EINVAL;
	if (gyre__method_find(method->name))
		return -EEXIST;
	app = calloc(1, sizeof(*app));
	if (!app)
		return -ENOMEM;
	app->method = *method;
	app->arg = arg;
	pthread_mutex_lock(&control->lock);
	status = add_method(control, loop, app);
	pthread_mutex_unlock(&control->lock);
	if (status < 0)
		free(app);
	return status;
}

/* --- On the control's thread --- */

static void lose(struct gyre__request_list *list, struct gyre__served *served)
{
	struct gyre__request *request, *next;

	for (request = TAILQ_FIRST(list); request; request = next) {
		next = TAILQ_NEXT(request, link);
		gyre__request_lost(request, served);
	}
}

void gyre__served_reap(struct gyre_control *control)
{
	struct gyre__served_list gone = TAILQ_HEAD_INITIALIZER(gone);
	struct gyre__served *served;

	pthread_mutex_lock(&control->lock);
	TAILQ_CONCAT(&gone, &control->gone, link);
	pthread_mutex_unlock(&control->lock);
	while ((served = TAILQ_FIRST(&gone)) != NULL) {
		TAILQ_REMOVE(&gone, served, link);
		lose(&control->waiting, served);
		lose(&control->ready, served);
		free_served(served);
	}
}

void gyre__served_forget_all(struct gyre_control *control)
{
	struct gyre__served *served;

	pthread_mutex_lock(&control->lock);
	TAILQ_FOREACH(served, &control->served, link)
	detach(served);
	TAILQ_CONCAT(&control->gone, &control->served, link);
	pthread_mutex_unlock(&control->lock);
	gyre__served_reap(control);
}
