/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods version, methods, loops and log. Owns nothing; called by requests, each builds its
 * answer of what the request has by then. Invariant: answers have the form that docs/control.md
 * shows.
 */
#include <errno.h>
#include <gyre/snapshot.h>
#include <string.h>
#include <unistd.h>

#include "control/control.h"
#include "control/json.h"

/* --- version --- */

static void version(struct gyre__request *request)
{
	gyre__request_result(
		request, json_pack("{s:s, s:s, s:i, s:o, s:o}", "name", "gyre", "version",
				 gyre_version(), "pid", (int)getpid(), "uptime_nsec",
				 gyre__json_count(uv_hrtime() - request->control->started),
				 "program", gyre__json_text(program_invocation_short_name)));
}

/* --- methods --- */

static json_t *param_json(const struct gyre_control_param *param)
{
	bool ranged = param->min != 0 || param->max != 0;

	return json_pack("{s:o, s:s, s:b, s:o, s:o*, s:o*}", "name", gyre__json_text(param->name),
		"type", gyre__param_type_name(param->type), "required", param->required, "help",
		gyre__json_text(param->help ? param->help : ""), "min",
		ranged ? json_integer(param->min) : NULL, "max",
		ranged ? json_integer(param->max) : NULL);
}

static json_t *method_json(const char *name, const char *help,
	const struct gyre_control_param *params, unsigned n_params)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < n_params; i++)
		json_array_append_new(array, param_json(&params[i]));
	return json_pack("{s:s, s:o, s:o}", "name", name, "help", gyre__json_text(help ? help : ""),
		"params", array);
}

static bool was_before(struct gyre_control *control, struct gyre__served *last, const char *name)
{
	struct gyre__served *served;

	TAILQ_FOREACH(served, &control->served, link)
	{
		if (served == last)
			return false;
		if (gyre__served_method(served, name))
			return true;
	}
	return false;
}

static void append_apps(struct gyre_control *control, json_t *array)
{
	struct gyre__served *served;
	struct gyre__app_method *app;

	TAILQ_FOREACH(served, &control->served, link)
	STAILQ_FOREACH(app, &served->methods, link)
	if (!was_before(control, served, app->method.name))
		json_array_append_new(array, method_json(app->method.name, app->method.help,
						     app->method.params, app->method.n_params));
}

static void methods(struct gyre__request *request)
{
	const struct gyre__method *method;
	json_t *array = json_array();
	unsigned table = 0, i = 0;

	while ((method = gyre__method_next(&table, &i)) != NULL)
		json_array_append_new(array,
			method_json(method->name, method->help, method->params, method->n_params));
	pthread_mutex_lock(&request->control->lock);
	append_apps(request->control, array);
	pthread_mutex_unlock(&request->control->lock);
	gyre__request_result(request, json_pack("{s:o}", "methods", array));
}

/* --- log --- */

static const char *const levels[] = {"error", "warning", "info", "debug", NULL};

static enum gyre_log_level level_of(const char *name)
{
	unsigned i = 0;

	while (strcmp(levels[i], name) != 0)
		i++;
	return i;
}

/* "" of a loop that was deleted meanwhile. */
static const char *level_name(struct gyre_control *control, struct gyre__served *served)
{
	const char *name = "";

	pthread_mutex_lock(&control->lock);
	if (served && served->loop)
		name = levels[gyre_loop_log_level(served->loop)];
	pthread_mutex_unlock(&control->lock);
	return name;
}

static void set_level(struct gyre__request *request, const char *name)
{
	pthread_mutex_lock(&request->control->lock);
	if (request->served->loop)
		gyre_loop_log_level_set(request->served->loop, level_of(name));
	pthread_mutex_unlock(&request->control->lock);
}

static void log_level(struct gyre__request *request)
{
	const char *name = json_string_value(gyre__request_get(request, "level"));

	if (name)
		set_level(request, name);
	gyre__request_result(
		request, json_pack("{s:o, s:s}", "loop", gyre__json_text(request->served->name),
				 "level", level_name(request->control, request->served)));
}

/* --- loops --- */

static json_t *stats_json(const struct gyre_snapshot *snapshot, const char *level)
{
	const struct gyre_loop_stats *stats = &snapshot->stats;

	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:i, "
			 "s:o, s:i, s:i, s:i, s:s}",
		"name", gyre__json_text(snapshot->loop), "answered", 1, "now_nsec",
		gyre__json_count(snapshot->now), "turns", gyre__json_count(stats->turns),
		"idle_turns", gyre__json_count(stats->idle_turns), "sleeps",
		gyre__json_count(stats->sleeps), "posts", gyre__json_count(stats->posts), "timers",
		gyre__json_count(stats->timers), "resumes", gyre__json_count(stats->resumes),
		"inject_dropped", gyre__json_count(stats->inject_dropped), "involuntary_switches",
		gyre__json_count(stats->involuntary_switches), "vector", snapshot->vector, "frames",
		snapshot->frames, "frames_free", snapshot->frames_free, "inject_waiting",
		gyre__json_count(snapshot->inject_waiting), "nodes", snapshot->n_nodes, "processes",
		snapshot->n_processes, "links", snapshot->n_links, "log_level", level);
}

static json_t *loop_json(struct gyre__request *request, const struct gyre__part *part)
{
	if (part->wait.shared)
		return stats_json(
			part->wait.shared->snapshot, level_name(request->control, part->served));
	return json_pack("{s:o, s:b}", "name", gyre__json_text(part->unread.loop), "answered", 0);
}

static void loops(struct gyre__request *request)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < request->n_parts; i++)
		json_array_append_new(array, loop_json(request, &request->parts[i]));
	gyre__request_result(request, json_pack("{s:o}", "loops", array));
}

static const struct gyre_control_param log_params[] = {
	GYRE__LOOP_PARAM,
	{.name = "level",
		.type = GYRE_PARAM_STRING,
		.help = "error, warning, info or debug; left out: shows it"},
};

const struct gyre__method gyre__loop_methods[] = {
	{.name = "version",
		.help = "What answers, and for how long it has.",
		.read_only = true,
		.prepare = version},
	{.name = "methods",
		.help = "All methods, with their parameters.",
		.read_only = true,
		.prepare = methods},
	{.name = "loops",
		.help = "The loops that are served, with their counters.",
		.read_only = true,
		.need = GYRE__NEED_ALL,
		.prepare = loops},
	{.name = "log",
		.help = "Shows, or sets, what a loop logs.",
		.params = log_params,
		.n_params = 2,
		.choice = "level",
		.choices = levels,
		.need = GYRE__NEED_LOOP,
		.prepare = log_level},
	{.name = NULL},
};
