/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program to look at: loops on threads of their own, with nodes, processes, links and a method,
 * and the control that serves them. Called by the tests that try the whole program; calls libgyre
 * and libgyre-control. It guards the account: what was injected has reached the sink, was dropped,
 * or was still waiting.
 */
#include "server.h"
#include "harness.h"

#include <errno.h>
#include <gyre/snapshot.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BURST = 30, NO_ROUTE = 0 };

static int item;

static gyre_next lookup(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node;
	(void)items;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = i % 10 == 9 ? gyre_drop(NO_ROUTE) : 0;
	return GYRE_NEXT_EACH;
}

static gyre_next sink(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node;
	(void)items;
	(void)nexts;
	(void)n;
	return GYRE_NEXT_KEEP;
}

static unsigned idle_poll(struct gyre_node *node, unsigned max)
{
	(void)node;
	(void)max;
	return 0;
}

static const struct gyre_reason reasons[] = {{"no-route", GYRE_SEVERITY_WARNING}};
static const char *const to_sink[] = {"sink"};
static const char *const to_lookup[] = {"lookup"};
static const struct gyre_node_class lookup_class = {.name = "lookup",
	.kind = GYRE_NODE_INTERNAL,
	.process = lookup,
	.nexts = to_sink,
	.n_nexts = 1,
	.reasons = reasons,
	.n_reasons = 1};
static const struct gyre_node_class sink_class = {
	.name = "sink", .kind = GYRE_NODE_OUTPUT, .process = sink};
static const struct gyre_node_class rx_class = {
	.name = "rx", .kind = GYRE_NODE_INPUT, .poll = idle_poll, .nexts = to_lookup, .n_nexts = 1};

static int feeder(struct gyre_process *self, void *arg)
{
	struct server_loop *of = arg;
	void *items[BURST];

	for (unsigned i = 0; i < BURST; i++)
		items[i] = &item;
	while (gyre_process_sleep(self, GYRE_MSEC(5)) >= 0) {
		int taken = gyre_node_inject(gyre_process_loop(self), of->lookup, items, BURST);

		if (taken > 0)
			atomic_fetch_add(&of->injected, (unsigned long)taken);
	}
	return 0;
}

static int waiter(struct gyre_process *self, void *arg)
{
	struct server_loop *of = arg;
	uint32_t events;

	while (gyre_process_wait(self, 0xff, GYRE_FOREVER, &events) >= 0)
		atomic_fetch_or(&of->signalled, events);
	return 0;
}

/* Answers {"text": what it was given, "length": its length}. */
static int echo(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	const char *text = gyre_control_call_string(call, "text");

	(void)self;
	(void)arg;
	if (strcmp(text, "bad") == 0) {
		gyre_control_call_error(call, "the text is %s", text);
		return -EINVAL;
	}
	gyre_control_call_result(
		call, json_pack("{s:s, s:I}", "text", text, "length", (json_int_t)strlen(text)));
	return 0;
}

static const struct gyre_control_param echo_params[] = {
	{.name = "text", .type = GYRE_PARAM_STRING, .required = true, .help = "What comes back."}};
static const struct gyre_control_method echo_method = {.name = "test.echo",
	.help = "Gives the text back.",
	.params = echo_params,
	.n_params = 1,
	.fn = echo};

static void add_nodes(struct server_loop *of)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;

	options.disabled = true;
	ck_assert_int_eq(gyre_node_add(of->loop, &rx_class, "idle-rx", &options, NULL), 0);
	ck_assert_int_eq(gyre_node_add(of->loop, &lookup_class, "lookup", NULL, &of->lookup), 0);
	ck_assert_int_eq(gyre_node_add(of->loop, &sink_class, "sink", NULL, NULL), 0);
	ck_assert_int_eq(gyre_graph_build(of->loop, NULL), 0);
}

static void start_loop(struct server_loop *of, const char *name)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_process_options process = GYRE_PROCESS_OPTIONS_INIT;

	options.name = name;
	ck_assert_int_eq(gyre_loop_create(&options, &of->loop), 0);
	add_nodes(of);
	process.name = "feeder";
	ck_assert_int_eq(gyre_process_spawn(of->loop, feeder, of, &process, NULL), 0);
	process.name = "waiter";
	ck_assert_int_eq(gyre_process_spawn(of->loop, waiter, of, &process, NULL), 0);
	ck_assert_int_eq(gyre_link_add(of->loop, &of->links[0], "port-0", true), 0);
	ck_assert_int_eq(gyre_link_add(of->loop, &of->links[1], "port-1", false), 0);
}

static void create_control(struct server *server)
{
	struct gyre_control_options options = GYRE_CONTROL_OPTIONS_INIT;
	struct gyre_error error = {0};

	options.path = server->path;
	options.error = &error;
	options.deadline_nsec = GYRE_SEC(20); /* the machine may be busy */
	ck_assert_msg(gyre_control_create(&options, &server->control) == 0, "%s", error.text);
}

/* A post that adds a loop to the control, on the loop's thread. */
struct joining {
	struct gyre_post post;
	struct server *server;
	struct server_loop *of;
	atomic_int status; /* 1: not yet */
};

static void join_control(struct gyre_post *post)
{
	struct joining *joining = (struct joining *)post;
	struct gyre_control *control = joining->server->control;
	int status = gyre_control_loop_add(control, joining->of->loop, NULL);

	if (status == 0)
		status = gyre_control_method_add(control, joining->of->loop, &echo_method, NULL);
	atomic_store(&joining->status, status);
}

/* Serves the loops on whichever threads they run. */
static void serve_loops(struct server *server)
{
	for (unsigned i = 0; i < server->n_loops; i++) {
		struct joining joining = {
			.post.fn = join_control, .server = server, .of = &server->loops[i]};

		atomic_init(&joining.status, 1);
		gyre_loop_post(server->loops[i].loop, &joining.post);
		while (atomic_load(&joining.status) == 1)
			usleep(1000);
		ck_assert_int_eq(atomic_load(&joining.status), 0);
	}
}

void server_control_start(struct server *server)
{
	create_control(server);
	serve_loops(server);
}

void server_control_stop(struct server *server)
{
	gyre_control_destroy(server->control);
	server->control = NULL;
}

void server_start(struct server *server, unsigned n_loops)
{
	static const char *const names[SERVER_LOOPS] = {"data", "other"};

	memset(server, 0, sizeof(*server));
	strcpy(server->directory, "/tmp/gyre-server.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(server->directory));
	snprintf(server->path, sizeof(server->path), "%s/socket", server->directory);
	setenv("GYRE_CONTROL", server->path, 1);
	server->n_loops = n_loops;
	for (unsigned i = 0; i < n_loops; i++) {
		start_loop(&server->loops[i], names[i]);
		ck_assert_int_eq(
			gyre_thread_start(server->loops[i].loop, NULL, &server->loops[i].thread),
			0);
	}
	server_control_start(server);
}

void server_wait_moved(struct server *server)
{
	for (unsigned i = 0; i < server->n_loops; i++)
		while (atomic_load(&server->loops[i].injected) < 10 * BURST)
			usleep(1000);
}

/* injected = kept by the sink + dropped + waiting */
static void check_account(const struct server_loop *of)
{
	const struct gyre_node_stats *node, *end;
	struct gyre_snapshot *snapshot;

	ck_assert_int_eq(gyre_snapshot_create(of->loop, &snapshot), 0);
	node = gyre_snapshot_find(snapshot, "lookup");
	end = gyre_snapshot_find(snapshot, "sink");
	ck_assert_uint_eq(atomic_load(&of->injected), node->items + snapshot->inject_waiting);
	ck_assert_uint_eq(node->items, end->kept + end->dropped + node->dropped);
	gyre_snapshot_destroy(snapshot);
}

void server_stop(struct server *server)
{
	for (unsigned i = 0; i < server->n_loops; i++) {
		gyre_thread_stop(server->loops[i].thread);
		gyre_thread_join(server->loops[i].thread, NULL);
		check_account(&server->loops[i]);
		if (server->control != NULL)
			gyre_control_loop_del(server->control, server->loops[i].loop);
	}
	server_control_stop(server);
	for (unsigned i = 0; i < server->n_loops; i++)
		ck_assert_int_eq(gyre_loop_destroy(server->loops[i].loop), 0);
	unlink(server->path);
	rmdir(server->directory);
}
