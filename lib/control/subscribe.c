/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods subscribe and unsubscribe: answers that come again and again. Owns the subscriptions
 * and their timers; called by requests and by clients that close, calls requests. Invariant: a
 * subscription has one request under way at most; a push for which its client leaves no room is
 * counted, not queued.
 */
#include <stdlib.h>
#include <string.h>

#include "control/json.h"
#include "control/rpc.h"

#define SUBSCRIPTION_MAX 16 /* of a client */

struct gyre__subscription {
	TAILQ_ENTRY(gyre__subscription) link;
	struct gyre__client *client;
	struct gyre_control *control;
	uv_timer_t timer;
	unsigned number;
	const struct gyre__method *method;
	json_t *params; /* NULL: none */
	struct gyre__request *request; /* under way, or NULL */
	uint64_t dropped; /* since the last push */
};

/* --- Pushes --- */

static json_t *push_message(const struct gyre__subscription *sub, const struct gyre__answer *answer)
{
	json_t *params = json_pack("{s:i}", "subscription", (int)sub->number);

	if (answer->result)
		json_object_set(params, "result", answer->result);
	else
		json_object_set_new(params, "error",
			json_pack("{s:i, s:o}", "code", answer->code, "message",
				gyre__json_text(answer->message)));
	if (sub->dropped)
		json_object_set_new(params, "dropped", json_integer((json_int_t)sub->dropped));
	return json_pack(
		"{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", "subscription", "params", params);
}

static void push(void *arg, const struct gyre__answer *answer)
{
	struct gyre__subscription *sub = arg;
	struct gyre__client *client = sub->client;

	sub->request = NULL;
	if (gyre__client_has_room(client) && gyre__rpc_push(client, push_message(sub, answer)))
		sub->dropped = 0;
	else
		sub->dropped++;
	gyre__client_go_on(client);
}

static void tick(uv_timer_t *timer)
{
	struct gyre__subscription *sub = timer->data;
	struct gyre__asker asker = {.read_only = true, .done = push, .arg = sub};

	if (sub->request)
		return;
	if (!gyre__client_has_room(sub->client)) {
		sub->dropped++;
		return;
	}
	sub->request = gyre__request_start(
		sub->control, sub->method->name, json_copy(sub->params), &asker);
}

/* --- Life --- */

static void closed(uv_handle_t *timer)
{
	struct gyre__subscription *sub = timer->data;
	struct gyre_control *control = sub->control;

	json_decref(sub->params);
	free(sub);
	gyre__control_release(control);
}

static void end(struct gyre__subscription *sub)
{
	if (sub->request)
		gyre__request_abandon(sub->request);
	sub->request = NULL;
	TAILQ_REMOVE(&sub->client->subscriptions, sub, link);
	sub->client->n_subscriptions--;
	uv_close((uv_handle_t *)&sub->timer, closed);
}

void gyre__subscriptions_end(struct gyre__client *client)
{
	struct gyre__subscription *sub;

	while ((sub = TAILQ_FIRST(&client->subscriptions)) != NULL)
		end(sub);
}

static struct gyre__subscription *create(struct gyre__client *client, uint64_t interval_msec)
{
	struct gyre__subscription *sub = calloc(1, sizeof(*sub));

	if (!sub)
		return NULL;
	sub->client = client;
	sub->control = client->control;
	sub->number = ++client->last_subscription;
	uv_timer_init(sub->control->uv, &sub->timer);
	sub->timer.data = sub;
	gyre__control_hold(sub->control);
	TAILQ_INSERT_TAIL(&client->subscriptions, sub, link);
	client->n_subscriptions++;
	/* The first one at once, but after the answer that says its number. */
	uv_timer_start(&sub->timer, tick, 1, interval_msec);
	return sub;
}

/* --- Methods --- */

static bool has_client(struct gyre__request *request)
{
	if (request->asker.client)
		return true;
	gyre__request_error(
		request, GYRE__RPC_NO_METHOD, "%s: on the socket only", request->method->name);
	return false;
}

/* What is to be subscribed to has to be right from the start. */
static bool may_subscribe(
	struct gyre__request *request, const struct gyre__method *method, json_t *params)
{
	if (params && !json_is_object(params))
		gyre__request_error(request, GYRE__RPC_INVALID_PARAMS, "params: must be an object");
	else if (params && gyre__params_check(method->params, method->n_params, false, params,
				   request->message) < 0)
		request->code = GYRE__RPC_INVALID_PARAMS;
	else if (request->asker.client->n_subscriptions >= SUBSCRIPTION_MAX)
		gyre__request_error(request, GYRE__RPC_LIMIT,
			"too many: a client may have %d subscriptions", SUBSCRIPTION_MAX);
	else
		return true;
	return false;
}

static void subscribe(struct gyre__request *request)
{
	const char *name = json_string_value(gyre__request_get(request, "method"));
	json_t *params = gyre__request_get(request, "params");
	json_int_t interval = json_integer_value(gyre__request_get(request, "interval_msec"));
	const struct gyre__method *method = gyre__method_find(name);
	struct gyre__subscription *sub;

	if (!has_client(request) || !may_subscribe(request, method, params))
		return;
	sub = create(request->asker.client, (uint64_t)interval);
	if (!sub) {
		gyre__request_error(request, GYRE__RPC_INTERNAL, "no memory");
		return;
	}
	sub->method = method;
	sub->params = json_incref(params);
	gyre__request_result(request, json_pack("{s:i}", "subscription", (int)sub->number));
}

static void unsubscribe(struct gyre__request *request)
{
	json_int_t number = json_integer_value(gyre__request_get(request, "subscription"));
	struct gyre__subscription *sub;

	if (!has_client(request))
		return;
	TAILQ_FOREACH(sub, &request->asker.client->subscriptions, link)
	if (sub->number == number)
		break;
	if (!sub) {
		gyre__request_error(request, GYRE__RPC_NOT_FOUND, "no such subscription");
		return;
	}
	end(sub);
	gyre__request_result(request, json_object());
}

static const char *const choices[] = {"runtime", "processes", "links", "errors", "loops", NULL};
static const struct gyre_control_param subscribe_params[] = {
	{.name = "method",
		.type = GYRE_PARAM_STRING,
		.required = true,
		.help = "runtime, processes, links, errors or loops"},
	{.name = "params", .type = GYRE_PARAM_ANY, .help = "the method's"},
	{.name = "interval_msec",
		.type = GYRE_PARAM_INTEGER,
		.required = true,
		.min = 100,
		.max = 60000,
		.help = "between two answers"},
};
static const struct gyre_control_param unsubscribe_params[] = {
	{.name = "subscription",
		.type = GYRE_PARAM_INTEGER,
		.required = true,
		.help = "what subscribe answered"},
};

const struct gyre__method gyre__subscribe_methods[] = {
	{.name = "subscribe",
		.help = "Answers a method again and again.",
		.params = subscribe_params,
		.n_params = 3,
		.choice = "method",
		.choices = choices,
		.read_only = true,
		.prepare = subscribe},
	{.name = "unsubscribe",
		.help = "Ends a subscription.",
		.params = unsubscribe_params,
		.n_params = 1,
		.read_only = true,
		.prepare = unsubscribe},
	{.name = NULL},
};
