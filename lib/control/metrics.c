/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the metrics are: which numbers of snapshots under which names. Owns nothing. Called by the
 * HTTP side with a snapshot of each loop, calls metrics_text.c. Invariant: no two samples have the
 * same labels, and a counter never falls while what it counts lives: so the sampled clocks are
 * shown as they are, for what is scaled up from samples may fall.
 */
#include "control/metrics.h"

#include <errno.h>
#include <stdlib.h>

#include "control/request.h"

enum unit { COUNT, NSEC };

/* A number of a struct, and the family that shows it. */
struct field {
	struct gyre__metric metric;
	enum unit unit;
	unsigned offset, size;
};

/* Numbers of the same thing: of a loop, or of each of its nodes, processes or links. */
struct group {
	const struct field *fields;
	unsigned n_fields;
	const void *(*at)(const struct gyre_snapshot *snapshot, unsigned i); /* NULL: no more */
	void (*sample)(const struct gyre__metrics_text *text, const struct gyre__metric *metric,
		const struct gyre_snapshot *snapshot, const void *thing);
};

#define FIELD(type, member, unit, kind, name, help)                                     \
	{                                                                               \
		{name, GYRE__METRIC_##kind, help}, unit, offsetof(struct type, member), \
			sizeof(((struct type *)NULL)->member)                           \
	}

#define LOOP(...) FIELD(gyre_snapshot, __VA_ARGS__)
static const struct field loop_fields[] = {
	LOOP(stats.turns, COUNT, COUNTER, "gyre_loop_turns", "Turns of the loop."),
	LOOP(stats.idle_turns, COUNT, COUNTER, "gyre_loop_idle_turns",
		"Turns that found no item, timer, post or process."),
	LOOP(stats.sleeps, COUNT, COUNTER, "gyre_loop_sleeps", "Turns that ended asleep."),
	LOOP(stats.posts, COUNT, COUNTER, "gyre_loop_posts", "Posted calls that ran."),
	LOOP(stats.timers, COUNT, COUNTER, "gyre_loop_timers", "Timers that expired."),
	LOOP(stats.resumes, COUNT, COUNTER, "gyre_loop_resumes", "Processes resumed."),
	LOOP(stats.inject_dropped, COUNT, COUNTER, "gyre_loop_inject_dropped",
		"Injected items whose node was gone."),
	LOOP(stats.involuntary_switches, COUNT, COUNTER, "gyre_loop_involuntary_switches",
		"Times that the kernel took the CPU from the loop's thread."),
	LOOP(inject_waiting, COUNT, GAUGE, "gyre_loop_inject_waiting",
		"Items that wait to be injected."),
	LOOP(vector, COUNT, GAUGE, "gyre_loop_vector", "Most items in one call of a node."),
	LOOP(frames, COUNT, GAUGE, "gyre_loop_frames", "Frames in the pool."),
	LOOP(frames_free, COUNT, GAUGE, "gyre_loop_frames_free", "Frames that are not in use."),
	LOOP(n_nodes, COUNT, GAUGE, "gyre_loop_nodes", "Nodes of the graph."),
	LOOP(n_processes, COUNT, GAUGE, "gyre_loop_processes", "Processes."),
	LOOP(now, NSEC, GAUGE, "gyre_loop_clock_seconds", "Time of the loop when it was read."),
	LOOP(taken_nsec, NSEC, GAUGE, "gyre_loop_reading_seconds",
		"Time from the first to the last part of this reading."),
};

#define NODE(...) FIELD(gyre_node_stats, __VA_ARGS__)
static const struct field node_fields[] = {
	NODE(calls, COUNT, COUNTER, "gyre_node_calls", "Calls of the node; polls of an input."),
	NODE(items, COUNT, COUNTER, "gyre_node_vectors",
		"Items received (Vectors of show runtime); brought by an input."),
	NODE(dropped, COUNT, COUNTER, "gyre_node_dropped", "Items dropped."),
	NODE(punted, COUNT, COUNTER, "gyre_node_punted", "Items punted."),
	NODE(kept, COUNT, COUNTER, "gyre_node_kept", "Items that the node kept."),
	NODE(created, COUNT, COUNTER, "gyre_node_created",
		"Items put by the node beside those it received."),
	NODE(sampled_clocks, NSEC, COUNTER, "gyre_node_sampled_seconds",
		"Time of the calls that were clocked."),
	NODE(sampled_calls, COUNT, COUNTER, "gyre_node_sampled_calls", "Calls that were clocked."),
	NODE(sampled_items, COUNT, COUNTER, "gyre_node_sampled_vectors",
		"Items of the calls that were clocked."),
	NODE(longest_clocks, NSEC, GAUGE, "gyre_node_longest_call_seconds",
		"Longest call that was clocked."),
	NODE(disabled, COUNT, GAUGE, "gyre_node_disabled", "1: the node is disabled."),
};

#define PROCESS(...) FIELD(gyre_process_stats, __VA_ARGS__)
static const struct field process_fields[] = {
	PROCESS(runs, COUNT, COUNTER, "gyre_process_runs", "Times that the process was resumed."),
	PROCESS(run_nsec, NSEC, COUNTER, "gyre_process_run_seconds", "Time that it ran."),
	PROCESS(longest_nsec, NSEC, GAUGE, "gyre_process_longest_run_seconds", "Its longest run."),
	PROCESS(events_coalesced, COUNT, COUNTER, "gyre_process_events_coalesced",
		"Signals that found their events pending already."),
	PROCESS(late_max, NSEC, GAUGE, "gyre_process_lateness_max_seconds",
		"Longest time that it ran later than due."),
	PROCESS(stack_size, COUNT, GAUGE, "gyre_process_stack_bytes", "Size of its stack."),
	PROCESS(stack_used, COUNT, GAUGE, "gyre_process_stack_used_bytes",
		"Most of its stack that was ever in use, in whole pages."),
};

#define LINK(...) FIELD(gyre_link_state, __VA_ARGS__)
static const struct field link_fields[] = {
	LINK(up, COUNT, GAUGE, "gyre_link_up", "1: the link is up."),
	LINK(changes, COUNT, COUNTER, "gyre_link_changes", "Times that the link changed."),
	LINK(changed, NSEC, GAUGE, "gyre_link_changed_seconds",
		"Time of the last change, as gyre_loop_clock_seconds counts."),
};

static const void *loop_at(const struct gyre_snapshot *snapshot, unsigned i)
{
	return i == 0 ? snapshot : NULL;
}

static const void *node_at(const struct gyre_snapshot *snapshot, unsigned i)
{
	return i < snapshot->n_nodes ? &snapshot->nodes[i] : NULL;
}

static const void *process_at(const struct gyre_snapshot *snapshot, unsigned i)
{
	return i < snapshot->n_processes ? &snapshot->processes[i] : NULL;
}

static const void *link_at(const struct gyre_snapshot *snapshot, unsigned i)
{
	return i < snapshot->n_links ? &snapshot->links[i] : NULL;
}

static void loop_sample(const struct gyre__metrics_text *text, const struct gyre__metric *metric,
	const struct gyre_snapshot *snapshot, const void *thing)
{
	const struct gyre__label labels[] = {{"loop", snapshot->loop}};

	(void)thing;
	gyre__metrics_sample(text, metric, "", labels, 1);
}

static void node_sample(const struct gyre__metrics_text *text, const struct gyre__metric *metric,
	const struct gyre_snapshot *snapshot, const void *thing)
{
	const struct gyre_node_stats *node = thing;
	const struct gyre__label labels[] = {{"loop", snapshot->loop}, {"node", node->name}};

	gyre__metrics_sample(text, metric, "", labels, 2);
}

/* Names of processes need not be unique: their ids are. */
struct id {
	char text[24];
};

static struct id id_of(const struct gyre_process_stats *process)
{
	struct id id;

	snprintf(id.text, sizeof(id.text), "%u.%u", process->id.index, process->id.generation);
	return id;
}

static void process_sample(const struct gyre__metrics_text *text, const struct gyre__metric *metric,
	const struct gyre_snapshot *snapshot, const void *thing)
{
	const struct gyre_process_stats *process = thing;
	const struct id id = id_of(process);
	const struct gyre__label labels[] = {
		{"loop", snapshot->loop}, {"process", process->name}, {"id", id.text}};

	gyre__metrics_sample(text, metric, "", labels, 3);
}

static void link_sample(const struct gyre__metrics_text *text, const struct gyre__metric *metric,
	const struct gyre_snapshot *snapshot, const void *thing)
{
	const struct gyre_link_state *link = thing;
	const struct gyre__label labels[] = {{"loop", snapshot->loop}, {"link", link->name}};

	gyre__metrics_sample(text, metric, "", labels, 2);
}

#define FIELDS(fields) fields, sizeof(fields) / sizeof((fields)[0])
static const struct group groups[] = {
	{FIELDS(loop_fields), loop_at, loop_sample},
	{FIELDS(node_fields), node_at, node_sample},
	{FIELDS(process_fields), process_at, process_sample},
	{FIELDS(link_fields), link_at, link_sample},
};

static uint64_t number(const struct field *field, const void *thing)
{
	const void *at = (const char *)thing + field->offset;

	switch (field->size) {
	case sizeof(bool):
		return *(const bool *)at;
	case sizeof(uint32_t):
		return *(const uint32_t *)at;
	default:
		return *(const uint64_t *)at;
	}
}

static void write_field(const struct gyre__metrics_text *text, const struct group *group,
	const struct field *field, const struct gyre_snapshot *snapshot)
{
	const void *thing;

	for (unsigned i = 0; (thing = group->at(snapshot, i)); i++) {
		group->sample(text, &field->metric, snapshot, thing);
		if (field->unit == NSEC)
			gyre__metrics_nsec(text, number(field, thing));
		else
			gyre__metrics_count(text, number(field, thing));
	}
}

typedef void write_fn(const struct gyre__metrics_text *text, const struct gyre_snapshot *snapshot);

static void each_loop(const struct gyre__metrics_text *text,
	const struct gyre__metrics_source *source, write_fn *fn)
{
	for (unsigned i = 0; i < source->n_readings; i++)
		if (source->readings[i]->snapshot)
			fn(text, source->readings[i]->snapshot);
}

static void write_group(const struct gyre__metrics_text *text,
	const struct gyre__metrics_source *source, const struct group *group)
{
	for (unsigned f = 0; f < group->n_fields; f++) {
		gyre__metrics_family(text, &group->fields[f].metric);
		for (unsigned i = 0; i < source->n_readings; i++)
			if (source->readings[i]->snapshot)
				write_field(text, group, &group->fields[f],
					source->readings[i]->snapshot);
	}
}

static const struct gyre__metric drops = {"gyre_node_drops", GYRE__METRIC_COUNTER,
	"Items dropped, punted or counted by the node, by reason."};

static void write_drops(const struct gyre__metrics_text *text, const struct gyre_snapshot *snapshot)
{
	static const char severities[][8] = {
		[GYRE_SEVERITY_INFO] = "info",
		[GYRE_SEVERITY_WARNING] = "warning",
		[GYRE_SEVERITY_ERROR] = "error",
	};

	for (unsigned i = 0; i < snapshot->n_nodes; i++) {
		const struct gyre_node_stats *node = &snapshot->nodes[i];

		for (unsigned r = 0; r < node->n_reasons; r++) {
			const struct gyre__label labels[] = {{"loop", snapshot->loop},
				{"node", node->name}, {"reason", node->reasons[r].name},
				{"severity", severities[node->reasons[r].severity]}};

			gyre__metrics_sample(text, &drops, "", labels, 4);
			gyre__metrics_count(text, node->drops[r]);
		}
	}
}

static const struct gyre__metric lateness = {"gyre_process_lateness_seconds",
	GYRE__METRIC_HISTOGRAM, "How much later than due it ran after timed waits."};

/* Bucket i of an account holds 2^i to 2^(i+1) - 1 nsec. Shown are those from half a microsecond to
 * two seconds, with the ones below in the first. */
#define LATE_FIRST 8
#define LATE_LAST  30

static void write_bucket(const struct gyre__metrics_text *text, struct gyre__label *labels,
	const char *le, uint64_t count)
{
	labels[3].value = le;
	gyre__metrics_sample(text, &lateness, "_bucket", labels, 4);
	gyre__metrics_count(text, count);
}

static void write_histogram(const struct gyre__metrics_text *text,
	const struct gyre_snapshot *snapshot, const struct gyre_process_stats *process)
{
	const struct id id = id_of(process);
	struct gyre__label labels[] = {{"loop", snapshot->loop}, {"process", process->name},
		{"id", id.text}, {"le", NULL}};
	uint64_t below = 0;
	unsigned edge;
	char le[32];

	for (unsigned i = 0; i < GYRE_LATENESS_BUCKETS; i++) {
		below += process->late[i];
		if (i < LATE_FIRST || i > LATE_LAST)
			continue;
		edge = (2u << i) - 1;
		snprintf(le, sizeof(le), "%u.%09u", edge / 1000000000, edge % 1000000000);
		write_bucket(text, labels, le, below);
	}
	write_bucket(text, labels, "+Inf", below);
	gyre__metrics_sample(text, &lateness, "_sum", labels, 3);
	gyre__metrics_nsec(text, process->late_nsec);
	gyre__metrics_sample(text, &lateness, "_count", labels, 3);
	gyre__metrics_count(text, below);
}

static void write_lateness(
	const struct gyre__metrics_text *text, const struct gyre_snapshot *snapshot)
{
	for (unsigned i = 0; i < snapshot->n_processes; i++)
		write_histogram(text, snapshot, &snapshot->processes[i]);
}

static void write_build(const struct gyre__metrics_text *text)
{
	static const struct gyre__metric build = {
		"gyre_build", GYRE__METRIC_INFO, "The version of gyre that runs."};
	const struct gyre__label labels[] = {{"version", gyre_version()}};

	gyre__metrics_family(text, &build);
	gyre__metrics_sample(text, &build, "", labels, 1);
	gyre__metrics_count(text, 1);
}

static void write_answered(
	const struct gyre__metrics_text *text, const struct gyre__metrics_source *source)
{
	static const struct gyre__metric up = {"gyre_loop_up", GYRE__METRIC_GAUGE,
		"1: the loop answered in time; else nothing more is known of it."};

	gyre__metrics_family(text, &up);
	for (unsigned i = 0; i < source->n_readings; i++) {
		const struct gyre__label labels[] = {{"loop", source->readings[i]->loop}};

		gyre__metrics_sample(text, &up, "", labels, 1);
		gyre__metrics_count(text, source->readings[i]->snapshot != NULL);
	}
}

static void write_http(const struct gyre__metrics_text *text, const struct gyre__http_counts *http)
{
	static const char reasons[][8] = {
		[GYRE__HTTP_REJECT_LIMIT] = "limit",
		[GYRE__HTTP_REJECT_FILES] = "files",
		[GYRE__HTTP_REJECT_PEER] = "peer",
		[GYRE__HTTP_REJECT_HOST] = "host",
		[GYRE__HTTP_REJECT_METHOD] = "method",
		[GYRE__HTTP_REJECT_SLOW] = "slow",
	};
	static const struct gyre__metric connections = {"gyre_control_http_connections",
		GYRE__METRIC_GAUGE, "Connections of HTTP clients."};
	static const struct gyre__metric requests = {"gyre_control_http_requests",
		GYRE__METRIC_COUNTER, "Requests of HTTP clients, answered or rejected."};
	static const struct gyre__metric rejected = {"gyre_control_http_rejected",
		GYRE__METRIC_COUNTER, "HTTP clients turned away, by reason."};

	gyre__metrics_family(text, &connections);
	gyre__metrics_sample(text, &connections, "", NULL, 0);
	gyre__metrics_count(text, http->connections);
	gyre__metrics_family(text, &requests);
	gyre__metrics_sample(text, &requests, "", NULL, 0);
	gyre__metrics_count(text, http->requests);
	gyre__metrics_family(text, &rejected);
	for (unsigned i = 0; i < GYRE__HTTP_REJECTS; i++) {
		const struct gyre__label labels[] = {{"reason", reasons[i]}};

		gyre__metrics_sample(text, &rejected, "", labels, 1);
		gyre__metrics_count(text, http->rejected[i]);
	}
}

static void write_all(
	const struct gyre__metrics_text *text, const struct gyre__metrics_source *source)
{
	write_build(text);
	write_answered(text, source);
	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		write_group(text, source, &groups[i]);
	gyre__metrics_family(text, &drops);
	each_loop(text, source, write_drops);
	gyre__metrics_family(text, &lateness);
	each_loop(text, source, write_lateness);
	write_http(text, source->http);
	gyre__metrics_end(text);
}

int gyre__metrics_write(const struct gyre__metrics_source *source, enum gyre__metrics_format format,
	char **ret_text, size_t *ret_size)
{
	struct gyre__metrics_text text = {.format = format};
	char *memory = NULL;
	size_t size = 0;
	bool failed;

	text.file = open_memstream(&memory, &size);
	if (!text.file)
		return -ENOMEM;
	write_all(&text, source);
	failed = ferror(text.file);
	if (fclose(text.file) || failed) {
		free(memory);
		return -ENOMEM;
	}
	*ret_text = memory;
	*ret_size = size;
	return 0;
}
