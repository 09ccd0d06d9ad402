/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that are one question: clear, set, signal, log, call, methods, names; and what all
 * commands use to read their words. Called by main.c's table; calls session.c. Invariant: a word
 * that cannot be right is refused here (GYRECTL_USAGE), before anything is asked.
 */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "view.h"

#define EVENTS_MAX 0x0fffffffu

static const char *name_at(const void *names, size_t stride, unsigned i)
{
	return *(const char *const *)((const char *)names + i * stride);
}

int command_find(const char *what, const char *word, const void *names, size_t stride)
{
	char text[TEXT_SIZE];
	unsigned count = 0;
	int found = -1;
	const char *name;

	for (unsigned i = 0; (name = name_at(names, stride, i)) != NULL; i++) {
		if (strcmp(name, word) == 0)
			return (int)i;
		if (*word == '\0' || strncmp(name, word, strlen(word)) != 0)
			continue;
		count++;
		found = (int)i;
	}
	if (count == 1)
		return found;
	session_fail(GYRECTL_USAGE, "'%s' %s %s; gyrectl --help lists them",
		text_escape(text, sizeof(text), word),
		count == 0 ? "is no" : "may be more than one", what);
	return -1;
}

int command_params(
	const struct session *session, const char *method, const char *text, json_t **ret_params)
{
	json_t *params = session_params(session, method), *given;
	json_error_t error;

	*ret_params = params;
	if (text == NULL)
		return GYRECTL_OK;
	given = json_loads(text, JSON_DISABLE_EOF_CHECK, &error);
	if (given != NULL && error.position != (int)strlen(text)) {
		json_decref(given);
		given = json_loads(text, 0, &error);
	}
	if (json_is_object(given)) {
		json_object_update(params, given); /* what is said there wins */
		json_decref(given);
		return GYRECTL_OK;
	}
	json_decref(params);
	if (given == NULL)
		return session_fail(GYRECTL_USAGE, "PARAMS: not JSON: %s (byte %d)", error.text,
			error.position);
	json_decref(given);
	return session_fail(GYRECTL_USAGE, "PARAMS: expected an object, such as {\"node\":\"tx\"}");
}

/* Asks for something of which only the success is of interest. */
static int order(struct session *session, const char *method, json_t *params)
{
	json_t *result;
	int status = session_call(session, method, params, &result);

	if (status != GYRECTL_OK)
		return status;
	if (session->options->json)
		status = session_print_json(session, result, false);
	json_decref(result);
	return status;
}

int command_clear(struct session *session, char **words, unsigned n_words)
{
	static const char *const what[] = {"runtime", NULL};

	(void)n_words;
	if (command_find("clear", words[0], what, sizeof(what[0])) < 0)
		return GYRECTL_USAGE;
	return order(session, "runtime.clear", session_params(session, "runtime.clear"));
}

int command_set(struct session *session, char **words, unsigned n_words)
{
	static const char *const what[] = {"node", NULL};
	static const char *const states[] = {"enabled", "disabled", NULL};
	json_t *params;
	int state;

	(void)n_words;
	if (command_find("set", words[0], what, sizeof(what[0])) < 0)
		return GYRECTL_USAGE;
	state = command_find("state", words[2], states, sizeof(states[0]));
	if (state < 0)
		return GYRECTL_USAGE;
	params = session_params(session, "nodes.set");
	if (json_object_set_new(params, "node", json_string(words[1])) < 0) {
		json_decref(params);
		return session_fail(GYRECTL_USAGE, "set node: the name is not UTF-8");
	}
	json_object_set_new(params, "state", json_string(states[state]));
	return order(session, "nodes.set", params);
}

int command_signal(struct session *session, char **words, unsigned n_words)
{
	json_t *params;
	char *end;
	errno = 0;
	unsigned long events = strtoul(words[1], &end, 0);

	(void)n_words;
	if (*words[1] < '0' || *words[1] > '9' || *end != '\0' || errno != 0 || events < 1 ||
		events > EVENTS_MAX)
		return session_fail(GYRECTL_USAGE,
			"signal: EVENTS: expected bits from 1 to 0x%x, not '%s'", EVENTS_MAX,
			words[1]);
	params = session_params(session, "processes.signal");
	if (json_object_set_new(params, "process", json_string(words[0])) < 0) {
		json_decref(params);
		return session_fail(GYRECTL_USAGE, "signal: the name is not UTF-8");
	}
	json_object_set_new(params, "events", json_integer((json_int_t)events));
	return order(session, "processes.signal", params);
}

int command_log(struct session *session, char **words, unsigned n_words)
{
	static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
	json_t *params, *result;
	char level[TEXT_SIZE];
	int status, wanted = -1;

	if (n_words > 0) {
		wanted = command_find("level", words[0], levels, sizeof(levels[0]));
		if (wanted < 0)
			return GYRECTL_USAGE;
	}
	params = session_params(session, "log");
	if (wanted >= 0)
		json_object_set_new(params, "level", json_string(levels[wanted]));
	status = session_call(session, "log", params, &result);
	if (status != GYRECTL_OK)
		return status;
	if (session->options->json)
		status = session_print_json(session, result, false);
	else if (wanted < 0)
		puts(field_text(result, "level", level));
	json_decref(result);
	return status;
}

int command_call(struct session *session, char **words, unsigned n_words)
{
	json_t *params, *result;
	int status = command_params(session, words[0], n_words > 1 ? words[1] : NULL, &params);

	if (status == GYRECTL_OK)
		status = session_call(session, words[0], params, &result);
	if (status != GYRECTL_OK)
		return status;
	status = session_print_json(session, result, false);
	json_decref(result);
	return status;
}

int command_methods(struct session *session, char **words, unsigned n_words)
{
	static const char *const noun[] = {"methods"};

	(void)words;
	(void)n_words;
	return command_show(session, (char **)noun, 1);
}

/* One a line, for completion and for scripts: a method's result has them in a list of its name. */
int command_names(struct session *session, char **words, unsigned n_words)
{
	static const char *const lists[] = {
		"nodes", "processes", "links", "loops", "methods", NULL};
	int index = command_find("list", words[0], lists, sizeof(lists[0]));
	json_t *result, *element;
	char name[TEXT_SIZE];
	size_t i;
	int status;

	(void)n_words;
	if (index < 0)
		return GYRECTL_USAGE;
	status =
		session_call(session, lists[index], session_params(session, lists[index]), &result);
	if (status != GYRECTL_OK)
		return status;
	json_array_foreach(json_object_get(result, lists[index]), i, element)
		puts(field_text(element, "name", name));
	json_decref(result);
	return GYRECTL_OK;
}
