/* SPDX-License-Identifier: Apache-2.0 */
/* What tests/control/rig.h describes. */
#include "control/rig.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "harness.h"

#define WAIT_MSEC 20000

/* --- The graph --- */

static struct rig *rig_of(struct gyre_node *node)
{
	return *(struct rig **)gyre_node_data(node);
}

static int node_init(struct gyre_node *node, const void *arg)
{
	*(const void **)gyre_node_data(node) = arg;
	return 0;
}

static unsigned source_poll(struct gyre_node *node, unsigned max)
{
	struct rig *rig = rig_of(node);
	void **room = gyre_next_reserve(node, 0, max);

	for (unsigned i = 0; i < max; i++)
		room[i] = (void *)(uintptr_t)(rig->born + i + 1);
	gyre_next_commit(node, 0, max);
	rig->born += max;
	return max;
}

static gyre_next filter(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = (uintptr_t)items[i] % 4 ? 0 : gyre_drop(0);
	return GYRE_NEXT_EACH;
}

static gyre_next sink(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)items;
	(void)nexts;
	rig_of(node)->ended += n;
	return GYRE_NEXT_KEEP;
}

static const char *const source_nexts[] = {"filter"}, *const filter_nexts[] = {"sink"};
static const struct gyre_reason filter_reasons[] = {{"fourth", GYRE_SEVERITY_WARNING}};
static const struct gyre_node_class classes[] = {
	{.name = "source-class",
		.kind = GYRE_NODE_INPUT,
		.poll = source_poll,
		.init = node_init,
		.data_size = sizeof(void *),
		.nexts = source_nexts,
		.n_nexts = 1},
	{.name = "filter-class",
		.kind = GYRE_NODE_INTERNAL,
		.process = filter,
		.nexts = filter_nexts,
		.n_nexts = 1,
		.reasons = filter_reasons,
		.n_reasons = 1},
	{.name = "sink-class",
		.kind = GYRE_NODE_OUTPUT,
		.process = sink,
		.init = node_init,
		.data_size = sizeof(void *)},
};

static struct rig *releasing; /* item operations know no loop */

static void release(void *const *items, unsigned n)
{
	(void)items;
	releasing->released += n;
}

static const struct gyre_item_ops items = {.release = release};

static void add_nodes(struct rig *rig)
{
	static const char *const names[] = {"source", "filter", "sink"};

	for (unsigned i = 0; i < 3; i++) {
		struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;

		options.arg = rig;
		options.disabled = i == 0;
		ck_assert_int_eq(
			gyre_node_add(rig->loop, &classes[i], names[i], &options, NULL), 0);
	}
}

/* --- The processes --- */

static int tick(struct gyre_process *self, void *arg)
{
	(void)arg;
	while (gyre_process_sleep(self, GYRE_MSEC(1)) == 0)
		;
	return 0;
}

static int wait_for_signals(struct gyre_process *self, void *arg)
{
	struct rig *rig = arg;
	uint32_t events;

	while (gyre_process_wait(self, GYRE_EVENT_USER, GYRE_FOREVER, &events) == 0)
		atomic_fetch_or(&rig->signalled, events);
	return 0;
}

static void spawn(struct rig *rig, gyre_process_fn *fn, const char *name)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;

	options.name = name;
	ck_assert_int_eq(gyre_process_spawn(rig->loop, fn, rig, &options,
				 fn == wait_for_signals ? &rig->waiter : NULL),
		0);
}

/* --- Life --- */

void rig_init(struct rig *rig, const char *name)
{
	memset(rig, 0, sizeof(*rig));
	snprintf(rig->path, sizeof(rig->path), "/tmp/gyre-test.%d.%s", (int)getpid(), name);
	rig->loop_options = GYRE_LOOP_OPTIONS_INIT;
	rig->loop_options.name = "data";
	rig->loop_options.items = &items;
	rig->options = GYRE_CONTROL_OPTIONS_INIT;
	rig->options.path = rig->path;
	rig->options.deadline_nsec = GYRE_SEC(20);
}

void rig_start(struct rig *rig)
{
	ck_assert_int_eq(gyre_thread_start(rig->loop, NULL, &rig->thread), 0);
}

void rig_stop(struct rig *rig)
{
	if (!rig->thread)
		return;
	gyre_thread_stop(rig->thread);
	ck_assert_int_eq(gyre_thread_join(rig->thread, NULL), 0);
	rig->thread = NULL;
}

void rig_open(struct rig *rig)
{
	struct gyre_error error = {0, ""};

	releasing = rig;
	ck_assert_int_eq(gyre_loop_create(&rig->loop_options, &rig->loop), 0);
	add_nodes(rig);
	spawn(rig, tick, "ticker");
	spawn(rig, wait_for_signals, "waiter");
	spawn(rig, tick, "twin");
	spawn(rig, tick, "twin");
	ck_assert_int_eq(gyre_link_add(rig->loop, &rig->link, "port-0", true), 0);
	rig->options.error = &error;
	ck_assert_msg(gyre_control_create(&rig->options, &rig->control) == 0, "%s", error.text);
	ck_assert_int_eq(gyre_control_loop_add(rig->control, rig->loop, &error), 0);
	rig_start(rig);
}

void rig_close(struct rig *rig)
{
	rig_stop(rig);
	ck_assert_int_eq(gyre_control_loop_del(rig->control, rig->loop), 0);
	gyre_control_destroy(rig->control);
	ck_assert_int_eq(gyre_loop_destroy(rig->loop), 0);
	ck_assert_uint_eq(rig->born, rig->ended + rig->released);
	ck_assert_int_lt(access(rig->path, F_OK), 0);
}

void rig_open_host(struct rig *rig, uv_loop_t *uv)
{
	ck_assert_int_eq(uv_loop_init(uv), 0);
	rig->options.uv = uv;
	ck_assert_int_eq(gyre_control_create(&rig->options, &rig->control), 0);
}

void rig_close_host(struct rig *rig, uv_loop_t *uv)
{
	gyre_control_destroy(rig->control);
	ck_assert_int_eq(uv_run(uv, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(uv_loop_close(uv), 0);
}

/* --- Clients --- */

unsigned rig_count_lines(int fd)
{
	char room[65536];
	unsigned lines = 0;
	ssize_t n;

	while ((n = recv(fd, room, sizeof(room), MSG_DONTWAIT)) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += room[i] == '\n';
	return lines;
}

int rig_connect(const struct rig *rig)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", rig->path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void rig_send(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = send(fd, text, left, MSG_NOSIGNAL);

		ck_assert_int_gt(n, 0);
		text += n;
		left -= (size_t)n;
	}
}

/* How much of what is there belongs to this line; the rest stays for the next one. 0: the end. */
static size_t peek(int fd, char *room, size_t size)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	const char *end;
	ssize_t n;

	ck_assert_msg(poll(&wait, 1, WAIT_MSEC) == 1, "nothing came");
	n = recv(fd, room, size, MSG_PEEK);
	if (n <= 0)
		return 0;
	end = memchr(room, '\n', (size_t)n);
	return end ? (size_t)(end - room) + 1 : (size_t)n;
}

static char *receive_line(int fd)
{
	size_t n = 0, size = 4096, more;
	char *line = malloc(size);

	do {
		if (size - n < 2048)
			line = realloc(line, size *= 2);
		more = peek(fd, line + n, size - n);
		if (more == 0 || recv(fd, line + n, more, 0) != (ssize_t)more) {
			free(line);
			return NULL;
		}
		n += more;
	} while (line[n - 1] != '\n');
	line[n - 1] = 0;
	return line;
}

json_t *rig_receive(int fd)
{
	char *line = receive_line(fd);
	json_error_t error;
	json_t *value;

	if (!line)
		return NULL;
	value = json_loads(line, JSON_DECODE_ANY, &error);
	ck_assert_msg(value != NULL, "%s: %s", error.text, line);
	free(line);
	return value;
}

void rig_expect(int fd, const char *json)
{
	json_t *value = rig_receive(fd), *wanted = json_loads(json, JSON_DECODE_ANY, NULL);
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	ck_assert_msg(wanted != NULL, "%s", json);
	ck_assert_msg(json_equal(value, wanted), "%s, not %s", text ? text : "the end", json);
	free(text);
	json_decref(value);
	json_decref(wanted);
}

static json_t *ask(int fd, const char *method, const char *params)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"%s\",\"params\":%s}\n", method,
		method, params ? params : "{}");
	rig_send(fd, text);
	return rig_receive(fd);
}

json_t *rig_ask(int fd, const char *method, const char *params)
{
	json_t *reply = ask(fd, method, params), *result = json_object_get(reply, "result");
	json_t *error = json_object_get(reply, "error");

	ck_assert_msg(result != NULL, "%s: %s", method,
		error ? json_string_value(json_object_get(error, "message")) : "no reply");
	ck_assert_str_eq(rig_text(reply, "id"), method);
	json_incref(result);
	json_decref(reply);
	return result;
}

int rig_ask_error(int fd, const char *method, const char *params, char ret_message[256])
{
	json_t *reply = ask(fd, method, params), *error = json_object_get(reply, "error");
	int code = (int)rig_integer(error, "code");

	ck_assert_msg(error != NULL, "%s: no error", method);
	if (ret_message)
		snprintf(ret_message, 256, "%s", rig_text(error, "message"));
	json_decref(reply);
	return code;
}

json_t *rig_find(json_t *array, const char *name)
{
	json_t *value;
	size_t i;

	json_array_foreach(
		array, i, value) if (strcmp(rig_text(value, "name"), name) == 0) return value;
	return NULL;
}

int64_t rig_integer(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	ck_assert_msg(json_is_integer(value), "%s is no integer", key);
	return json_integer_value(value);
}

const char *rig_text(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	ck_assert_msg(json_is_string(value), "%s is no string", key);
	return json_string_value(value);
}

void rig_until(bool (*is_so)(void *arg), void *arg)
{
	struct timespec pause = {0, 1000000};

	for (int i = 0; i < WAIT_MSEC; i++) {
		if (is_so(arg))
			return;
		nanosleep(&pause, NULL);
	}
	ck_abort_msg("it did not come to that");
}
