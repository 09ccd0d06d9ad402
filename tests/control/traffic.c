/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program to be looked at, for the tests of the control's clients: loops with traffic
 * (traffic_loop.h) and a control. It prints "port N" when it serves. On SIGUSR1 it stops the
 * traffic and prints the loops' own numbers, named as Prometheus names them, and at last "closed"
 * if all items are accounted for, else "OPEN"; on SIGUSR2 it makes a new control at the same
 * addresses and prints "port N" again; on SIGTERM and SIGINT it ends, with status 0. The loops are
 * called "main", "loop-2" and so on; "traffic.echo" of main, {"text": STRING}, gives {"text":
 * STRING}.
 */
#include <getopt.h>
#include <gyre/control.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traffic_loop.h"

#define LOOPS_MAX 8

struct program {
	const char *path;
	char http[128];
	unsigned n_loops, burst;
	struct traffic_loop loops[LOOPS_MAX];
	struct gyre_control *control;
};

/* --- Control --- */

static int echo(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	(void)self;
	(void)arg;
	gyre_control_call_result(
		call, json_pack("{s:s}", "text", gyre_control_call_string(call, "text")));
	return 0;
}

static const struct gyre_control_param echo_params[] = {
	{.name = "text", .type = GYRE_PARAM_STRING, .required = true, .help = "what to say"},
};
static const struct gyre_control_method echo_method = {
	.name = "traffic.echo",
	.help = "says it again",
	.params = echo_params,
	.n_params = 1,
	.fn = echo,
};

struct adding {
	struct program *program;
	struct traffic_loop *traffic;
	int status;
};

static void add(void *arg)
{
	struct adding *adding = arg;
	struct gyre_control *control = adding->program->control;

	adding->status = gyre_control_loop_add(control, adding->traffic->loop, NULL);
	if (adding->status == 0 && adding->traffic == adding->program->loops)
		adding->status =
			gyre_control_method_add(control, adding->traffic->loop, &echo_method, NULL);
}

static void start_control(struct program *program)
{
	struct gyre_control_options options = GYRE_CONTROL_OPTIONS_INIT;
	struct gyre_error error;

	options.path = program->path;
	options.http = program->http;
	options.error = &error;
	if (gyre_control_create(&options, &program->control) < 0) {
		fprintf(stderr, "traffic: %s\n", error.text);
		exit(1);
	}
	for (unsigned i = 0; i < program->n_loops; i++) {
		struct adding adding = {program, &program->loops[i], 0};

		traffic_loop_call(&program->loops[i], add, &adding);
		if (adding.status < 0) {
			fprintf(stderr, "traffic: %s\n", strerror(-adding.status));
			exit(1);
		}
	}
	printf("port %u\n", gyre_control_http_port(program->control));
}

static void forget(void *arg)
{
	const struct adding *adding = arg;

	gyre_control_loop_del(adding->program->control, adding->traffic->loop);
}

static void stop_control(struct program *program)
{
	for (unsigned i = 0; i < program->n_loops; i++) {
		struct adding adding = {program, &program->loops[i], 0};

		traffic_loop_call(&program->loops[i], forget, &adding);
	}
	gyre_control_destroy(program->control);
}

/* A port that the kernel chose is kept. */
static void restart_control(struct program *program)
{
	unsigned port = gyre_control_http_port(program->control);
	char *colon = strrchr(program->http, ':');

	if (port && colon)
		snprintf(colon, sizeof(program->http) - (size_t)(colon - program->http), ":%u",
			port);
	stop_control(program);
	start_control(program);
}

/* --- Numbers --- */

static void print_node(const char *loop, const struct gyre_node_stats *node)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{"calls", node->calls},
		{"vectors", node->items},
		{"dropped", node->dropped},
		{"kept", node->kept},
		{"created", node->created},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		printf("gyre_node_%s_total{loop=\"%s\",node=\"%s\"} %" PRIu64 "\n", numbers[i].name,
			loop, node->name, numbers[i].value);
	for (unsigned i = 0; i < node->n_reasons; i++)
		printf("gyre_node_drops_total{loop=\"%s\",node=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
			loop, node->name, node->reasons[i].name, node->drops[i]);
}

static void print_numbers(const struct gyre_snapshot *snapshot)
{
	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		print_node(snapshot->loop, &snapshot->nodes[i]);
	for (unsigned i = 0; i < snapshot->n_processes; i++)
		printf("gyre_process_runs_total{loop=\"%s\",process=\"%s\"} %" PRIu64 "\n",
			snapshot->loop, snapshot->processes[i].name, snapshot->processes[i].runs);
	for (unsigned i = 0; i < snapshot->n_links; i++) {
		printf("gyre_link_changes_total{loop=\"%s\",link=\"%s\"} %" PRIu64 "\n",
			snapshot->loop, snapshot->links[i].name, snapshot->links[i].changes);
		printf("gyre_link_up{loop=\"%s\",link=\"%s\"} %d\n", snapshot->loop,
			snapshot->links[i].name, snapshot->links[i].up);
	}
}

static void print_final(struct program *program)
{
	bool closed = true;

	for (unsigned i = 0; i < program->n_loops; i++) {
		struct gyre_snapshot *snapshot;

		traffic_loop_quiet(&program->loops[i]);
		snapshot = traffic_loop_snapshot(&program->loops[i]);
		print_numbers(snapshot);
		closed = closed && traffic_loop_is_closed(snapshot);
		gyre_snapshot_destroy(snapshot);
	}
	puts(closed ? "closed" : "OPEN");
}

/* --- Life --- */

static const char usage[] =
	"usage: traffic [--control PATH] [--http ADDRESS] [--loops N] [--burst ITEMS]\n";

static void read_options(struct program *program, int argc, char **argv)
{
	static const struct option options[] = {
		{"control", required_argument, NULL, 'c'},
		{"http", required_argument, NULL, 'h'},
		{"loops", required_argument, NULL, 'l'},
		{"burst", required_argument, NULL, 'b'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'c')
			program->path = optarg;
		else if (option == 'h')
			snprintf(program->http, sizeof(program->http), "%s", optarg);
		else if (option == 'l')
			program->n_loops = (unsigned)atoi(optarg);
		else if (option == 'b')
			program->burst = (unsigned)atoi(optarg);
		else
			program->n_loops = 0;
	}
	if (program->n_loops < 1 || program->n_loops > LOOPS_MAX) {
		fputs(usage, stderr);
		exit(2);
	}
}

static void start_loops(struct program *program)
{
	for (unsigned i = 0; i < program->n_loops; i++) {
		char name[16];

		snprintf(name, sizeof(name), i ? "loop-%u" : "main", i + 1);
		traffic_loop_start(&program->loops[i], name, program->burst);
	}
}

static void serve(struct program *program, const sigset_t *signals)
{
	int signal;

	while (sigwait(signals, &signal) == 0) {
		if (signal == SIGUSR1)
			print_final(program);
		else if (signal == SIGUSR2)
			restart_control(program);
		else
			break;
	}
}

int main(int argc, char **argv)
{
	struct program program = {.n_loops = 1, .burst = 640};
	sigset_t signals;

	setvbuf(stdout, NULL, _IOLBF, 0);
	read_options(&program, argc, argv);
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before there is a thread */
	start_loops(&program);
	start_control(&program);
	serve(&program, &signals);
	stop_control(&program);
	for (unsigned i = 0; i < program.n_loops; i++)
		traffic_loop_end(&program.loops[i]);
	return 0;
}
