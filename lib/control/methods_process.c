/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods processes and processes.signal. Owns nothing; called by requests. Who is meant by a
 * name is looked up in a reading, so that the loop looks at one process only, however many there
 * are. Invariant: a signal reaches the one process that is meant, or none.
 */
#include <errno.h>
#include <gyre/snapshot.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/json.h"
#include "control/names.h"
#include "control/question.h"

#define ID_SIZE 24

static void write_id(char text[ID_SIZE], struct gyre_process_id id)
{
	snprintf(text, ID_SIZE, "%" PRIu32 ".%" PRIu32, id.index, id.generation);
}

/* --- processes --- */

static json_t *late_json(const struct gyre_process_stats *process)
{
	json_t *buckets = json_array();

	for (unsigned i = 0; i < GYRE_LATENESS_BUCKETS; i++)
		json_array_append_new(buckets, gyre__json_count(process->late[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "count",
		gyre__json_count(process->late_count), "max_nsec",
		gyre__json_count(process->late_max), "p50_nsec",
		gyre__json_count(gyre_process_lateness(process, 50)), "p99_nsec",
		gyre__json_count(gyre_process_lateness(process, 99)), "buckets", buckets);
}

static json_t *process_json(const struct gyre_process_stats *process)
{
	char id[ID_SIZE];

	write_id(id, process->id);
	return json_pack("{s:o, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}}", "name",
		gyre__json_text(process->name), "id", id, "state",
		gyre__process_state_name(process->state), "daemon", process->daemon, "runs",
		gyre__json_count(process->runs), "run_nsec", gyre__json_count(process->run_nsec),
		"longest_nsec", gyre__json_count(process->longest_nsec), "deadline_nsec",
		gyre__json_deadline(process->deadline), "events_coalesced",
		gyre__json_count(process->events_coalesced), "late", late_json(process), "stack",
		"size", gyre__json_count(process->stack_size), "used",
		gyre__json_count(process->stack_used));
}

static void processes(struct gyre__request *request)
{
	const struct gyre_snapshot *snapshot = gyre__request_snapshot(request);
	json_t *array = json_array();

	for (unsigned i = 0; i < snapshot->n_processes; i++)
		json_array_append_new(array, process_json(&snapshot->processes[i]));
	gyre__request_result(
		request, json_pack("{s:o, s:o, s:o}", "loop", gyre__json_text(snapshot->loop),
				 "now_nsec", gyre__json_count(snapshot->now), "processes", array));
}

/* --- processes.signal --- */

static bool is_meant(const struct gyre_process_stats *process, const char *who)
{
	char id[ID_SIZE];

	write_id(id, process->id);
	return strcmp(who, id) == 0 || strcmp(who, process->name) == 0;
}

static void ambiguous(struct gyre__request *request, const char *who)
{
	const struct gyre_snapshot *snapshot = gyre__request_snapshot(request);
	char text[160] = "", id[ID_SIZE];

	for (unsigned i = 0; i < snapshot->n_processes; i++) {
		size_t used = strlen(text);

		if (!is_meant(&snapshot->processes[i], who))
			continue;
		if (used > sizeof(text) - ID_SIZE - 5) {
			strcat(text, " ...");
			break;
		}
		write_id(id, snapshot->processes[i].id);
		snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "", id);
	}
	gyre__request_error(request, GYRE__RPC_INVALID_PARAMS,
		"process: several are called '%.40s': %s", who, text);
}

static void find_process(struct gyre__request *request)
{
	const struct gyre_snapshot *snapshot = gyre__request_snapshot(request);
	const char *who = json_string_value(gyre__request_get(request, "process"));
	unsigned n = 0;

	for (unsigned i = 0; i < snapshot->n_processes; i++) {
		if (!is_meant(&snapshot->processes[i], who))
			continue;
		request->target = snapshot->processes[i].id;
		n++;
	}
	if (n == 0)
		gyre__request_error(request, GYRE__RPC_NOT_FOUND, "no such process: '%.100s'", who);
	else if (n > 1)
		ambiguous(request, who);
}

/* On the loop. */
static int signal_process(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	uint32_t events = (uint32_t)gyre_control_call_integer(call, "events");
	int status = gyre_process_signal(call->target, events);

	(void)self;
	(void)arg;
	if (status == -ESRCH)
		gyre_control_call_error(call, "the process has ended");
	return status;
}

static void process_was_signalled(struct gyre__request *request)
{
	gyre__request_result(
		request, json_pack("{s:O, s:O}", "process", gyre__request_get(request, "process"),
				 "events", gyre__request_get(request, "events")));
}

static const struct gyre_control_param params[] = {
	GYRE__LOOP_PARAM,
	{.name = "process",
		.type = GYRE_PARAM_STRING,
		.required = true,
		.help = "its name, if no other has it, or its id"},
	{.name = "events",
		.type = GYRE_PARAM_INTEGER,
		.required = true,
		.min = 1,
		.max = GYRE_EVENT_USER,
		.help = "bits"},
};

const struct gyre__method gyre__process_methods[] = {
	{.name = "processes",
		.help = "The processes, how late they ran, and how deep their stacks were.",
		.params = params,
		.n_params = 1,
		.read_only = true,
		.need = GYRE__NEED_STACKS,
		.prepare = processes},
	{.name = "processes.signal",
		.help = "Signals event bits to a process.",
		.params = params,
		.n_params = 3,
		.need = GYRE__NEED_NEW,
		.prepare = find_process,
		.fn = signal_process,
		.build = process_was_signalled},
	{.name = NULL},
};
