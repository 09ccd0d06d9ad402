/* SPDX-License-Identifier: Apache-2.0 */
/* The program behind the page's tests: two loops on threads of their own, a graph with traffic,
 * processes, links, and their control by HTTP, at the port that is its argument. Says "port N" when
 * it serves, then obeys the lines of its standard input: rate N, up LINK, down LINK, stop and start
 * (the server), quit. */
#include "control/page_graph.h"

#include <gyre/control.h>
#include <gyre/link.h>
#include <gyre/thread.h>
#include <inttypes.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINKS  3
#define CHANGE GYRE_EVENT(0)

static const char *const link_names[LINKS] = {"port-0", "port-1", "bfd port-1"};

struct program {
	struct gyre_loop *loop, *second;
	struct gyre_thread *thread, *second_thread;
	struct gyre_process_id operator;
	struct gyre_control *control;
	unsigned port;
	struct gyre_link links[LINKS];
	/* What the operator is to bring about, by the main thread. */
	_Atomic uint64_t rate;
	atomic_bool up[LINKS];
};

/* Does on the loop what the main thread wants. */
static int operate(struct gyre_process *self, void *arg)
{
	struct program *program = arg;

	for (;;) {
		page_graph_rate(program->loop, atomic_load(&program->rate));
		for (unsigned i = 0; i < LINKS; i++)
			gyre_link_set(&program->links[i], atomic_load(&program->up[i]));
		if (gyre_process_wait(self, CHANGE, GYRE_FOREVER, NULL) < 0)
			return 0;
	}
}

static int tick(struct gyre_process *self, void *arg)
{
	const uint64_t *period = arg;
	struct gyre_ticker ticker;

	gyre_ticker_init(&ticker, self, *period);
	while (gyre_ticker_wait(&ticker) >= 0)
		;
	return 0;
}

static int spawn_ticker(struct gyre_loop *loop, const char *name, const uint64_t *period)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;

	options.name = name;
	return gyre_process_spawn(loop, tick, (void *)period, &options, NULL);
}

static int add_processes(struct program *program)
{
	static const uint64_t fast = GYRE_MSEC(5), slow = GYRE_MSEC(200);
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	int status;

	options.name = "operator";
	status = gyre_process_spawn(program->loop, operate, program, &options, &program->operator);
	if (status == 0)
		status = spawn_ticker(program->loop, "hello", &fast);
	if (status == 0)
		status = spawn_ticker(program->loop, "link-check", &slow);
	if (status == 0)
		status = spawn_ticker(program->second, "housekeeping", &slow);
	return status;
}

static int create_loops(struct program *program)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	int status;

	options.name = "router";
	options.vector = 256;
	status = gyre_loop_create(&options, &program->loop);
	options.name = "housekeeping";
	if (status == 0)
		status = gyre_loop_create(&options, &program->second);
	if (status == 0)
		status = page_graph_add(program->loop);
	for (unsigned i = 0; i < LINKS && status == 0; i++)
		status = gyre_link_add(program->loop, &program->links[i], link_names[i], i < 2);
	for (unsigned i = 0; i < LINKS; i++)
		atomic_store(&program->up[i], i < 2);
	return status == 0 ? add_processes(program) : status;
}

/* Hands a loop to the control on the loop's own thread, and waits for that. */
struct serving {
	struct gyre_post post;
	struct gyre_control *control;
	struct gyre_loop *loop;
	int status;
	sem_t done;
};

static void serve(struct gyre_post *post)
{
	struct serving *serving = (struct serving *)post;

	serving->status = gyre_control_loop_add(serving->control, serving->loop, NULL);
	sem_post(&serving->done);
}

static int serve_loop(struct gyre_control *control, struct gyre_loop *loop)
{
	struct serving serving = {.post = {.fn = serve}, .control = control, .loop = loop};

	sem_init(&serving.done, 0, 0);
	gyre_loop_post(loop, &serving.post);
	while (sem_wait(&serving.done) < 0)
		;
	sem_destroy(&serving.done);
	return serving.status;
}

/* Serves at the port that it had before, if it had one. */
static int start_control(struct program *program)
{
	struct gyre_control_options options = GYRE_CONTROL_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	char address[32];
	int status;

	snprintf(address, sizeof(address), "127.0.0.1:%u", program->port);
	options.http = address;
	options.error = &error;
	status = gyre_control_create(&options, &program->control);
	if (status == 0)
		status = serve_loop(program->control, program->loop);
	if (status == 0)
		status = serve_loop(program->control, program->second);
	if (status < 0) {
		fprintf(stderr, "%s: %s\n", strerror(-status), error.text);
		return status;
	}
	program->port = gyre_control_http_port(program->control);
	printf("port %u\n", program->port);
	return 0;
}

static void stop_control(struct program *program)
{
	gyre_control_destroy(program->control);
	program->control = NULL;
	printf("stopped\n");
}

static void set_link(struct program *program, const char *name, bool up)
{
	for (unsigned i = 0; i < LINKS; i++)
		if (strcmp(link_names[i], name) == 0)
			atomic_store(&program->up[i], up);
	gyre_process_signal(program->operator, CHANGE);
}

/* False: quit. */
static bool obey(struct program *program, char *line)
{
	line[strcspn(line, "\n")] = 0;
	if (strncmp(line, "rate ", 5) == 0) {
		atomic_store(&program->rate, strtoull(line + 5, NULL, 10));
		gyre_process_signal(program->operator, CHANGE);
	} else if (strncmp(line, "up ", 3) == 0) {
		set_link(program, line + 3, true);
	} else if (strncmp(line, "down ", 5) == 0) {
		set_link(program, line + 5, false);
	} else if (strcmp(line, "stop") == 0) {
		stop_control(program);
	} else if (strcmp(line, "start") == 0) {
		return start_control(program) == 0;
	} else {
		return false;
	}
	return true;
}

static int run(struct program *program)
{
	char line[128];
	int status = create_loops(program);

	if (status == 0)
		status = gyre_thread_start(program->loop, NULL, &program->thread);
	if (status == 0)
		status = gyre_thread_start(program->second, NULL, &program->second_thread);
	if (status == 0)
		status = start_control(program);
	while (status == 0 && fgets(line, sizeof(line), stdin) && obey(program, line))
		;
	return status;
}

static void join(struct gyre_thread *thread)
{
	if (!thread)
		return;
	gyre_thread_stop(thread);
	gyre_thread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	static struct program program;
	int status;

	program.port = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	status = run(&program);
	if (status < 0)
		fprintf(stderr, "%s\n", strerror(-status));
	gyre_control_destroy(program.control);
	join(program.thread);
	join(program.second_thread);
	if (program.loop && !page_graph_account(program.loop))
		status = -1;
	gyre_loop_destroy(program.loop);
	gyre_loop_destroy(program.second);
	return status < 0;
}
