/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON-RPC 2.0: lines to requests, answers to lines. Owns the calls of a client and its batches.
 * Called by clients and by the requests' answers, calls requests. Invariant: a request with an id
 * is answered by one object, a notification by none; a batch by one array of them, when its last
 * call has been answered; and what waits for a client, in its output and in all its batches, is no
 * more than twice its limit, but for errors, which are short.
 */
#include "control/rpc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/json.h"

#define BATCH_MAX 64

/* The calls of an array, and their answers so far. */
struct gyre__rpc_batch {
	unsigned left; /* calls, and whoever still reads the array */
	struct gyre__bytes text;
};

struct gyre__rpc_call {
	TAILQ_ENTRY(gyre__rpc_call) link;
	struct gyre__client *client;
	struct gyre__request *request;
	json_t *id; /* NULL: a notification */
	size_t size; /* of the line, or its share of a batch's */
	struct gyre__rpc_batch *batch; /* NULL: a line of its own */
};

/* --- Writing --- */

struct sink {
	struct gyre__bytes *bytes;
	size_t end; /* the most that may be queued */
};

static int sink_write(const char *data, size_t n, void *arg)
{
	struct sink *sink = arg;

	return sink->bytes->n + n > sink->end ? -1 : gyre__bytes_append(sink->bytes, data, n);
}

/* Nothing of it, if not all. */
static bool write_json(struct gyre__bytes *bytes, const json_t *message, size_t end)
{
	struct sink sink = {bytes, end};
	size_t before = bytes->n;

	if (message && json_dump_callback(message, sink_write, &sink, JSON_COMPACT) == 0)
		return true;
	bytes->n = before;
	return false;
}

/* The client's output, to be added to. */
static struct gyre__bytes *output(struct gyre__client *client)
{
	if (client->out.n == 0)
		client->taken = uv_hrtime();
	return &client->out;
}

static json_t *error_message(json_t *id, int code, const char *message, int error)
{
	/* It may quote what is no text, or be cut within a character. */
	json_t *about = json_pack("{s:i, s:o}", "code", code, "message", gyre__json_text(message));

	if (about && error)
		json_object_set_new(about, "data", json_pack("{s:i}", "errno", error));
	return json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id, "error", about);
}

/* For one more answer: output_max, and that for a batch, within twice as much for all. */
static size_t room_for(const struct gyre__client *client, const struct gyre__rpc_batch *batch)
{
	size_t most = client->control->options.output_max, queued = gyre__client_queued(client);
	size_t taken = batch ? batch->text.n : 0;

	if (queued >= 2 * most || taken >= most)
		return 0;
	return 2 * most - queued < most - taken ? 2 * most - queued : most - taken;
}

/* A line, or an element of the batch; an error in its place where it is too long. Errors are short:
 * they always have room. */
static void put(
	struct gyre__client *client, struct gyre__rpc_batch *batch, json_t *id, json_t *message)
{
	struct gyre__bytes *bytes = batch ? &batch->text : output(client);
	size_t before = bytes->n;

	if (batch && bytes->n)
		gyre__bytes_append(bytes, ",", 1);
	if (!write_json(bytes, message, before + room_for(client, batch))) {
		json_decref(message);
		message =
			error_message(id, GYRE__RPC_LIMIT, "the answer is too long: output_max", 0);
		write_json(bytes, message, SIZE_MAX);
	}
	if (batch)
		client->batched += bytes->n - before;
	else
		gyre__bytes_append(bytes, "\n", 1);
	json_decref(message);
}

static void put_error(struct gyre__client *client, struct gyre__rpc_batch *batch, json_t *id,
	int code, const char *text)
{
	put(client, batch, id, error_message(id, code, text, 0));
}

void gyre__rpc_error(struct gyre__client *client, int code, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_error(client, NULL, NULL, code, text);
}

size_t gyre__rpc_error_text(char *text, size_t size, int code, const char *message)
{
	json_t *error = error_message(NULL, code, message, 0);
	size_t n = json_dumpb(error, text, size - 1, JSON_COMPACT);

	json_decref(error);
	if (n == 0 || n >= size)
		return 0;
	text[n] = '\n';
	return n + 1;
}

bool gyre__rpc_push(struct gyre__client *client, json_t *message)
{
	bool fits = write_json(output(client), message, client->control->options.output_max);

	if (fits)
		gyre__bytes_append(&client->out, "\n", 1);
	json_decref(message);
	return fits;
}

/* --- Answers --- */

static void batch_unref(struct gyre__client *client, struct gyre__rpc_batch *batch)
{
	if (!batch || --batch->left)
		return;
	if (client && batch->text.n) {
		struct gyre__bytes *bytes = output(client);

		client->batched -= batch->text.n;
		gyre__bytes_append(bytes, "[", 1);
		gyre__bytes_append(bytes, gyre__bytes_at(&batch->text), batch->text.n);
		gyre__bytes_append(bytes, "]\n", 2);
	}
	gyre__bytes_fini(&batch->text);
	free(batch);
}

static void free_call(struct gyre__rpc_call *call)
{
	TAILQ_REMOVE(&call->client->calls, call, link);
	call->client->n_calls--;
	call->client->asked -= call->size;
	json_decref(call->id);
	free(call);
}

static void answered(void *arg, const struct gyre__answer *answer)
{
	struct gyre__rpc_call *call = arg;
	struct gyre__client *client = call->client;
	json_t *message = NULL;

	if (call->id && answer->result)
		message = json_pack("{s:s, s:O, s:O}", "jsonrpc", "2.0", "id", call->id, "result",
			answer->result);
	else if (call->id)
		message = error_message(call->id, answer->code, answer->message, answer->error);
	if (call->id)
		put(client, call->batch, call->id, message);
	batch_unref(client, call->batch);
	free_call(call);
	gyre__client_go_on(client);
}

void gyre__rpc_abandon(struct gyre__client *client)
{
	struct gyre__rpc_call *call;

	while ((call = TAILQ_FIRST(&client->calls)) != NULL) {
		gyre__request_abandon(call->request);
		batch_unref(NULL, call->batch);
		free_call(call);
	}
}

/* --- Requests --- */

static void begin(struct gyre__client *client, struct gyre__rpc_batch *batch, json_t *id,
	const char *method, json_t *params)
{
	struct gyre__rpc_call *call = calloc(1, sizeof(*call));
	struct gyre__asker asker = {.client = client, .done = answered, .arg = call};

	if (call)
		call->request =
			gyre__request_start(client->control, method, json_incref(params), &asker);
	if (!call || !call->request) {
		free(call);
		if (id)
			put_error(client, batch, id, GYRE__RPC_INTERNAL, "no memory");
		return;
	}
	call->client = client;
	call->id = json_incref(id);
	call->batch = batch;
	if (batch)
		batch->left++;
	TAILQ_INSERT_TAIL(&client->calls, call, link);
	client->n_calls++;
}

/* The calls of a line, which stand behind those that were before, share its size. */
static void share_size(struct gyre__client *client, unsigned n_before, size_t size)
{
	struct gyre__rpc_call *call = TAILQ_LAST(&client->calls, gyre__rpc_calls);
	unsigned n = client->n_calls - n_before;

	for (unsigned i = 0; i < n; i++, call = TAILQ_PREV(call, gyre__rpc_calls, link)) {
		call->size = size / n;
		client->asked += call->size;
	}
}

/* What is wrong with it as a request, or NULL. */
static const char *fault_of(const json_t *value, const json_t *id)
{
	const char *version = json_string_value(json_object_get(value, "jsonrpc"));
	const json_t *params = json_object_get(value, "params");

	if (!json_is_object(value))
		return "a request is an object";
	if (!version || strcmp(version, "2.0") != 0)
		return "jsonrpc: must be \"2.0\"";
	if (!json_is_string(json_object_get(value, "method")))
		return "method: must be a string";
	if (params && !json_is_object(params) && !json_is_array(params))
		return "params: must be an object";
	if (id && !json_is_string(id) && !json_is_number(id) && !json_is_null(id))
		return "id: must be a string, a number or null";
	return NULL;
}

static void handle(struct gyre__client *client, struct gyre__rpc_batch *batch, json_t *value)
{
	json_t *id = json_object_get(value, "id");
	const char *fault = fault_of(value, id);

	if (!fault) {
		begin(client, batch, id, json_string_value(json_object_get(value, "method")),
			json_object_get(value, "params"));
		return;
	}
	if (!json_is_string(id) && !json_is_number(id))
		id = NULL;
	put_error(client, batch, id, GYRE__RPC_INVALID_REQUEST, fault);
}

static void handle_batch(struct gyre__client *client, json_t *array)
{
	struct gyre__rpc_batch *batch;
	json_t *value;
	size_t i;

	if (json_array_size(array) == 0) {
		gyre__rpc_error(client, GYRE__RPC_INVALID_REQUEST, "an empty batch");
		return;
	}
	if (json_array_size(array) > BATCH_MAX) {
		gyre__rpc_error(client, GYRE__RPC_LIMIT, "too many: a batch may have %d requests",
			BATCH_MAX);
		return;
	}
	batch = calloc(1, sizeof(*batch));
	if (!batch) {
		gyre__rpc_error(client, GYRE__RPC_INTERNAL, "no memory");
		return;
	}
	batch->left = 1;
	json_array_foreach(array, i, value) handle(client, batch, value);
	batch_unref(client, batch);
}

/* How deep arrays and objects lie in one another, of JSON; at most one more than `most`. */
static unsigned depth_of(const char *text, size_t n, unsigned most)
{
	unsigned depth = 0, deepest = 0;
	bool quoted = false;

	for (size_t i = 0; i < n && deepest <= most; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '[' || text[i] == '{'))
			deepest = ++depth > deepest ? depth : deepest;
		else if (!quoted && (text[i] == ']' || text[i] == '}') && depth)
			depth--;
	}
	return deepest;
}

void gyre__rpc_line(struct gyre__client *client, const char *line, size_t n)
{
	unsigned most = client->control->options.depth_max, n_before = client->n_calls;
	json_error_t error;
	json_t *value;

	if (n == 0 || strspn(line, " \t\r") >= n)
		return;
	if (depth_of(line, n, most) > most) {
		gyre__rpc_error(
			client, GYRE__RPC_LIMIT, "nested too deeply: depth_max is %u", most);
		return;
	}
	value = json_loadb(line, n, JSON_DECODE_ANY, &error);
	if (!value)
		gyre__rpc_error(client, GYRE__RPC_PARSE, "not JSON: %s", error.text);
	else if (json_is_array(value))
		handle_batch(client, value);
	else
		handle(client, NULL, value);
	share_size(client, n_before, n);
	json_decref(value);
}
