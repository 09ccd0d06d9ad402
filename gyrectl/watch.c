/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `watch METHOD`: subscribes, and prints each reading that the server pushes, until the count is
 * reached or ^C. Called by main.c's table; calls session.c and view.c. Invariant: what a view wants
 * besides is asked on a connection of its own, so that no push is missed; and ^C ends it as -n
 * does, with all that was printed complete.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "field.h"
#include "view.h"

#define INTERVAL_NSEC 1000000000u

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void catch_stop(void)
{
	struct sigaction action = {.sa_handler = stop}; /* system calls are interrupted */

	stopped = 0;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* What a view wants beside its own result; a server that has it not is no fault. */
static void ask_others(
	struct session *session, const struct view *view, json_t *results[VIEW_METHODS])
{
	struct client side;

	if (view->methods[1] == NULL)
		return;
	if (client_open(&side, session->options->path, session->options->timeout_nsec) ==
		GYRECTL_OK)
		for (unsigned i = 1; i < VIEW_METHODS && view->methods[i] != NULL; i++)
			client_call(&side, view->methods[i],
				session_params(session, view->methods[i]), &results[i]);
	client_close(&side);
}

static int print_view(struct session *session, const struct view *view, json_t *result)
{
	json_t *results[VIEW_METHODS] = {result};
	time_t now = time(NULL);
	struct page page = {0};
	char clock[16];

	ask_others(session, view, results);
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	page_put(&page, PAGE_DIM, "%s", clock);
	page_end(&page);
	view->write(&page, results);
	page_end(&page);
	for (unsigned i = 1; i < VIEW_METHODS; i++)
		json_decref(results[i]);
	return session_print_page(session, &page);
}

static int print_reading(struct session *session, const char *method, json_t *result)
{
	const struct view *view = view_of_method(method);

	if (view != NULL && !session->options->json)
		return print_view(session, view, result);
	return session_print_json(session, result, true);
}

/* Waits for the next push; *ret_params is NULL when ^C came first. */
static int next_push(struct session *session, uint64_t limit_nsec, json_t **ret_message)
{
	uint64_t deadline = client_now() + limit_nsec;
	int status;

	for (*ret_message = NULL; !stopped;) {
		status = client_receive(&session->client, deadline, ret_message);
		if (status != GYRECTL_OK)
			return session_fail(status, "%s", session->client.error);
		if (field_is(*ret_message, "method", "subscription"))
			return GYRECTL_OK;
		if (*ret_message == NULL && !stopped && client_now() >= deadline)
			return session_fail(
				GYRECTL_LOST, "no reading in %.3g s", (double)limit_nsec / 1e9);
		json_decref(*ret_message);
		*ret_message = NULL;
	}
	return GYRECTL_OK;
}

/* Prints what a push holds: a result, or the error that this reading met. */
static int take_push(struct session *session, const char *method, const json_t *message)
{
	const json_t *params = json_object_get(message, "params");
	json_t *result;
	int status = client_result(&session->client, params, &result);

	if (status != GYRECTL_OK)
		return session_fail(status, "%s", session->client.error);
	return print_reading(session, method, result);
}

static int subscribe(
	struct session *session, const char *method, json_t *params, uint64_t interval_nsec)
{
	json_t *result;
	int status = session_call(session, "subscribe",
		json_pack("{s:s, s:o, s:I}", "method", method, "params", params, "interval_msec",
			(json_int_t)(interval_nsec / 1000000u)),
		&result);

	if (status == GYRECTL_OK)
		json_decref(result);
	return status;
}

int command_watch(struct session *session, char **words, unsigned n_words)
{
	const struct options *options = session->options;
	uint64_t interval = options->interval_nsec ? options->interval_nsec : INTERVAL_NSEC;
	json_t *params, *message;
	int status = command_params(session, words[0], n_words > 1 ? words[1] : NULL, &params);

	if (status == GYRECTL_OK)
		status = subscribe(session, words[0], params, interval);
	if (status != GYRECTL_OK)
		return status;
	catch_stop();
	for (unsigned i = 0; status == GYRECTL_OK && (options->count == 0 || i < options->count);
		i++) {
		status = next_push(session, interval + options->timeout_nsec, &message);
		if (message == NULL)
			break;
		status = take_push(session, words[0], message);
		json_decref(message);
	}
	return status;
}
