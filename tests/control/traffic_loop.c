/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop with traffic for the control's tests and for those of its clients: nodes that count and
 * drop, processes that tick, links that change, all small enough to be predicted.
 */
#include "traffic_loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void require(int status, const char *what)
{
	if (status >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(-status));
	exit(1);
}

/* --- Nodes: an item is its number --- */

struct source {
	struct traffic_loop *traffic;
	uintptr_t brought;
	unsigned left; /* of this pulse */
};

static int source_init(struct gyre_node *node, const void *arg)
{
	struct source *source = gyre_node_data(node);

	source->traffic = *(struct traffic_loop *const *)arg;
	source->left = source->traffic->burst;
	return 0;
}

/* At the end of a pulse it is not polled any more, so that the loop sleeps. */
static unsigned source_poll(struct gyre_node *node, unsigned max)
{
	struct source *source = gyre_node_data(node);
	unsigned n = source->left < max ? source->left : max;
	void **items;

	if (n) {
		items = gyre_next_reserve(node, 0, n);
		for (unsigned i = 0; i < n; i++)
			items[i] = (void *)++source->brought;
		gyre_next_commit(node, 0, n);
	}
	source->left -= n;
	if (!source->left) {
		source->left = source->traffic->burst;
		gyre_node_disable(gyre_node_loop(node), source->traffic->source);
	}
	return n;
}

enum { TO_COUNT, TO_TUNNEL };
enum { DROP_FILTERED, DROP_BAD_CHECKSUM };

static gyre_next classify(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node;
	for (unsigned i = 0; i < n; i++) {
		uintptr_t item = (uintptr_t)items[i];

		if (item % 16 == 0)
			nexts[i] = gyre_drop(DROP_FILTERED);
		else if (item % 64 == 1)
			nexts[i] = gyre_drop(DROP_BAD_CHECKSUM);
		else
			nexts[i] = item % 2 ? TO_TUNNEL : TO_COUNT;
	}
	return GYRE_NEXT_EACH;
}

static gyre_next pass(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return 0;
}

static gyre_next keep(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

static const struct gyre_node_class source_class = {
	.name = "source",
	.kind = GYRE_NODE_INPUT,
	.poll = source_poll,
	.init = source_init,
	.data_size = sizeof(struct source),
	.nexts = (const char *const[]){"classify"},
	.n_nexts = 1,
};
static const struct gyre_node_class classify_class = {
	.name = "classify",
	.kind = GYRE_NODE_INTERNAL,
	.process = classify,
	.nexts = (const char *const[]){[TO_COUNT] = "count", [TO_TUNNEL] = "tunnel"},
	.n_nexts = 2,
	.reasons = (const struct gyre_reason[]){[DROP_FILTERED] = {"filtered", GYRE_SEVERITY_INFO},
		[DROP_BAD_CHECKSUM] = {"bad-checksum", GYRE_SEVERITY_ERROR}},
	.n_reasons = 2,
};
static const struct gyre_node_class tunnel_class = {
	.name = "tunnel",
	.kind = GYRE_NODE_INTERNAL,
	.process = pass,
	.nexts = (const char *const[]){"count"},
	.n_nexts = 1,
};
static const struct gyre_node_class count_class = {
	.name = "count",
	.kind = GYRE_NODE_INTERNAL,
	.process = pass,
	.nexts = (const char *const[]){"sink"},
	.n_nexts = 1,
};
static const struct gyre_node_class sink_class = {
	.name = "sink", .kind = GYRE_NODE_OUTPUT, .process = keep};

static void add_nodes(struct traffic_loop *traffic)
{
	static const struct gyre_node_class *const others[] = {
		&classify_class, &tunnel_class, &count_class, &sink_class};
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;

	options.arg = &traffic;
	require(gyre_node_add(traffic->loop, &source_class, "source", &options, &traffic->source),
		"source");
	for (unsigned i = 0; i < 4; i++)
		require(gyre_node_add(traffic->loop, others[i], others[i]->name, NULL, NULL),
			others[i]->name);
}

/* --- Processes --- */

#define QUIET GYRE_EVENT(0)

/* Ticks until the loop is quiet, then waits to be cancelled: its account stays to be seen. */
static int tick(struct gyre_process *self, struct traffic_loop *traffic, uint64_t period,
	void (*fn)(struct traffic_loop *traffic))
{
	struct gyre_ticker ticker;

	gyre_ticker_init(&ticker, self, period);
	while (gyre_process_wait(self, QUIET, gyre_ticker_deadline(&ticker), NULL) == -ETIMEDOUT) {
		gyre_ticker_advance(&ticker);
		fn(traffic);
	}
	while (gyre_process_wait(self, QUIET, GYRE_FOREVER, NULL) != -ECANCELED)
		;
	return 0;
}

static void send_pulse(struct traffic_loop *traffic)
{
	gyre_node_enable(traffic->loop, traffic->source);
}

static void change_link(struct traffic_loop *traffic)
{
	gyre_link_set(&traffic->backup, !traffic->backup.state.up);
}

static void nothing(struct traffic_loop *traffic)
{
	(void)traffic;
}

static int pulse(struct gyre_process *self, void *arg)
{
	return tick(self, arg, GYRE_MSEC(10), send_pulse);
}

static int link_check(struct gyre_process *self, void *arg)
{
	return tick(self, arg, GYRE_MSEC(250), change_link);
}

static int keepalive(struct gyre_process *self, void *arg)
{
	return tick(self, arg, GYRE_MSEC(50), nothing);
}

static void spawn(struct traffic_loop *traffic, unsigned i, const char *name, gyre_process_fn *fn)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;

	options.name = name;
	require(gyre_process_spawn(traffic->loop, fn, traffic, &options, &traffic->processes[i]),
		name);
}

/* --- Life --- */

void traffic_loop_start(struct traffic_loop *traffic, const char *name, unsigned burst)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	memset(traffic, 0, sizeof(*traffic));
	traffic->burst = burst;
	options.name = name;
	require(gyre_loop_create(&options, &traffic->loop), "loop");
	add_nodes(traffic);
	require(gyre_link_add(traffic->loop, &traffic->uplink, "uplink", true), "uplink");
	require(gyre_link_add(traffic->loop, &traffic->backup, "backup", false), "backup");
	spawn(traffic, 0, "pulse", pulse);
	spawn(traffic, 1, "link-check", link_check);
	spawn(traffic, 2, "keepalive", keepalive);
	require(gyre_graph_build(traffic->loop, NULL), "graph");
	gyre_loop_ref(traffic->loop);
	require(gyre_thread_start(traffic->loop, NULL, &traffic->thread), "thread");
}

struct call {
	struct gyre_post post;
	void (*fn)(void *arg);
	void *arg;
	sem_t done;
};

static void run_call(struct gyre_post *post)
{
	struct call *call = (struct call *)post;

	call->fn(call->arg);
	sem_post(&call->done);
}

void traffic_loop_call(struct traffic_loop *traffic, void (*fn)(void *arg), void *arg)
{
	struct call call = {.post = {.fn = run_call}, .fn = fn, .arg = arg};

	sem_init(&call.done, 0, 0);
	gyre_loop_post(traffic->loop, &call.post);
	while (sem_wait(&call.done) < 0)
		;
	sem_destroy(&call.done);
}

struct rest {
	struct traffic_loop *traffic;
	unsigned at_rest; /* processes that have ticked their last */
};

static void stop_ticks(void *arg)
{
	struct rest *rest = arg;

	for (unsigned i = 0; i < 3; i++)
		gyre_process_signal(rest->traffic->processes[i], QUIET);
	gyre_node_disable(rest->traffic->loop, rest->traffic->source);
}

static void count_at_rest(void *arg)
{
	struct rest *rest = arg;
	struct gyre_process_stats stats;

	rest->at_rest = 0;
	for (unsigned i = 0; i < 3; i++)
		if (gyre_process_stats_get(rest->traffic->processes[i], &stats) == 0)
			rest->at_rest += stats.state == GYRE_PROCESS_WAITING &&
					 stats.deadline == GYRE_FOREVER;
}

void traffic_loop_quiet(struct traffic_loop *traffic)
{
	struct rest rest = {.traffic = traffic};

	traffic_loop_call(traffic, stop_ticks, &rest);
	do {
		usleep(1000);
		traffic_loop_call(traffic, count_at_rest, &rest);
	} while (rest.at_rest < 3);
}

struct taking {
	struct gyre_loop *loop;
	struct gyre_snapshot *snapshot;
};

static void take(void *arg)
{
	struct taking *taking = arg;

	require(gyre_snapshot_create(taking->loop, &taking->snapshot), "snapshot");
}

struct gyre_snapshot *traffic_loop_snapshot(struct traffic_loop *traffic)
{
	struct taking taking = {.loop = traffic->loop};

	traffic_loop_call(traffic, take, &taking);
	return taking.snapshot;
}

bool traffic_loop_is_closed(const struct gyre_snapshot *snapshot)
{
	const struct gyre_node_stats *source = gyre_snapshot_find(snapshot, "source");
	const struct gyre_node_stats *sink = gyre_snapshot_find(snapshot, "sink");
	uint64_t dropped = 0;

	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		dropped += snapshot->nodes[i].dropped;
	return source && sink && source->items == sink->kept + dropped;
}

void traffic_loop_end(struct traffic_loop *traffic)
{
	gyre_thread_stop(traffic->thread);
	gyre_thread_join(traffic->thread, NULL);
	gyre_loop_destroy(traffic->loop);
}
