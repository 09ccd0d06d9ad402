/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `show NOUN`: asks what the noun's view needs, and prints it. Called by main.c's table; calls
 * session.c and view.c. Invariant: what is asked beside the noun's own result may be missing and
 * is then left out; without the noun's own nothing is printed.
 */
#include <string.h>

#include "command.h"
#include "view.h"

static int ask_own(struct session *session, const struct view *view, json_t **ret_result)
{
	json_t *params = session_params(session, view->methods[0]);

	if (session->options->given & OPTION_TOTAL)
		json_object_set_new(params, "total", json_true());
	return session_call(session, view->methods[0], params, ret_result);
}

static int ask_others(
	struct session *session, const struct view *view, json_t *results[VIEW_METHODS])
{
	for (unsigned i = 1; i < VIEW_METHODS && view->methods[i] != NULL; i++) {
		json_t *params = session_params(session, view->methods[i]);

		if (client_call(&session->client, view->methods[i], params, &results[i]) ==
			GYRECTL_LOST)
			return session_fail(GYRECTL_LOST, "%s", session->client.error);
	}
	return GYRECTL_OK;
}

static int print_view(
	struct session *session, const struct view *view, json_t *results[VIEW_METHODS])
{
	struct page page = {0};
	int status;

	if (session->options->json)
		return session_print_json(session, results[0], false);
	status = ask_others(session, view, results);
	if (status != GYRECTL_OK)
		return status;
	view->write(&page, results);
	return session_print_page(session, &page);
}

int command_show(struct session *session, char **words, unsigned n_words)
{
	json_t *results[VIEW_METHODS] = {NULL};
	int status, index = command_find("view", words[0], views, sizeof(views[0]));

	(void)n_words;
	if (index < 0)
		return GYRECTL_USAGE;
	if ((session->options->given & OPTION_TOTAL) && views[index].write != show_runtime)
		return session_fail(GYRECTL_USAGE, "show %s takes no --total", views[index].noun);
	status = ask_own(session, &views[index], &results[0]);
	if (status == GYRECTL_OK)
		status = print_view(session, &views[index], results);
	for (unsigned i = 0; i < VIEW_METHODS; i++)
		json_decref(results[i]);
	return status;
}
