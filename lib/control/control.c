/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a control: options, its uv loop, and a thread where the host gives none. Owns the
 * thread and the wake-up handle; the other files' handles are counted here. Called by the
 * application, calls every file's create and close. Invariant: the control's memory goes after the
 * close callback of its last uv handle, and no sooner, on whichever thread runs the uv loop.
 */
#include "control/control.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "control/http.h"
#include "control/socket.h"

static const struct gyre_control_options defaults = {
	.size = sizeof(struct gyre_control_options),
	.mode = 0660,
	.clients_max = 64,
	.request_max = 65536,
	.depth_max = 16,
	.output_max = 1 << 20,
	.idle_nsec = GYRE_SEC(300),
	.deadline_nsec = GYRE_SEC(2),
	.reading_nsec = GYRE_MSEC(10),
};

void gyre_control_options_init(struct gyre_control_options *options, size_t size)
{
	gyre__options_init(options, size, &defaults, sizeof(defaults));
}

void gyre__control_log(
	const struct gyre_control *control, enum gyre_log_level level, const char *format, ...)
{
	char text[256];
	va_list args;

	if (!control->options.log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	control->options.log(control->options.log_arg, level, text);
}

/* --- Options --- */

static int check(const struct gyre_control_options *options)
{
	const struct {
		const char *name;
		uint64_t value, least, most;
	} bounds[] = {
		{"mode", options->mode, 0, 0777},
		{"clients_max", options->clients_max, 1, 65536},
		{"request_max", options->request_max, 256, SIZE_MAX / 4},
		{"depth_max", options->depth_max, 1, 1024},
		{"output_max", options->output_max, 4096, SIZE_MAX / 4},
		{"reading_nsec", options->reading_nsec, 0, GYRE_SEC(3600)},
		{"deadline_nsec", options->deadline_nsec, GYRE_MSEC(1), GYRE_FOREVER},
	};

	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++)
		if (bounds[i].value < bounds[i].least || bounds[i].value > bounds[i].most)
			return gyre__error_set(options->error, -EINVAL,
				"gyre_control_options: %s is %llu, not from %llu to %llu",
				bounds[i].name, (unsigned long long)bounds[i].value,
				(unsigned long long)bounds[i].least,
				(unsigned long long)bounds[i].most);
	return 0;
}

/* An empty text stands for none. False: no memory. */
static bool own_text(const char **text)
{
	const char *given = *text;

	*text = NULL;
	if (!given || !*given)
		return true;
	*text = strdup(given);
	return *text != NULL;
}

static bool own_texts(struct gyre_control_options *options)
{
	bool path = own_text(&options->path), group = own_text(&options->group);

	return own_text(&options->http) && path && group;
}

static void free_control(struct gyre_control *control)
{
	if (control->port)
		gyre__port_close(control->port);
	free((char *)control->options.path);
	free((char *)control->options.group);
	free((char *)control->options.http);
	pthread_mutex_destroy(&control->lock);
	free(control);
}

/* --- Closing --- */

void gyre__control_hold(struct gyre_control *control)
{
	control->handles++;
}

/* With a uv loop of our own the thread, which uv_run() then lets go, frees. */
void gyre__control_release(struct gyre_control *control)
{
	void (*fn)(void *arg) = control->closed_fn;
	void *arg = control->closed_arg;

	if (--control->handles || control->uv == &control->own_uv)
		return;
	free_control(control);
	if (fn)
		fn(arg);
}

static void handle_closed(uv_handle_t *handle)
{
	gyre__control_release(handle->data);
}

/* First those who ask, then what they asked for; the loops' threads reach `wake` no more when it is
 * closed. */
static void close_all(struct gyre_control *control)
{
	if (control->closing)
		return;
	control->closing = true;
	gyre__http_close(control);
	gyre__socket_close(control);
	gyre__requests_drop(control);
	gyre__served_forget_all(control);
	gyre__port_close(control->port);
	control->port = NULL;
	uv_close((uv_handle_t *)&control->alarm, handle_closed);
	uv_close((uv_handle_t *)&control->wake, handle_closed);
}

/* --- Work --- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Commands that have ended. */
static void collect_commands(struct gyre_control *control, uint64_t now)
{
	struct gyre__command *command, *next;

	for (command = gyre__port_drain(control->port); command; command = next) {
		next = command->next_done;
		pthread_mutex_lock(&control->lock);
		gyre__command_ended(command, now);
		pthread_mutex_unlock(&control->lock);
		if (command->request)
			gyre__request_ended(command->request, command);
		gyre__command_free(command);
	}
}

/* Gives the loops what waits for them, and takes what they have read; returns when there is more to
 * give. */
static uint64_t serve_loops(struct gyre_control *control, uint64_t now)
{
	uint64_t due = GYRE_FOREVER;
	struct gyre__served *served;

	pthread_mutex_lock(&control->lock);
	TAILQ_FOREACH(served, &control->served, link)
	{
		due = earlier(due, gyre__queue_poll(&served->queue, served->loop, now));
		for (unsigned i = 0; i < GYRE__SOURCES; i++)
			due = earlier(
				due, gyre__source_poll(&served->sources[i], served->name, now));
	}
	pthread_mutex_unlock(&control->lock);
	return due;
}

static void alarmed(uv_timer_t *alarm);

static void work(struct gyre_control *control)
{
	uint64_t now = uv_hrtime(), due, msec;

	gyre__served_reap(control);
	collect_commands(control, now);
	due = serve_loops(control, uv_hrtime());
	due = earlier(due, gyre__requests_expire(control, now));
	gyre__requests_answer(control);
	uv_timer_stop(&control->alarm);
	if (due == GYRE_FOREVER || control->closing)
		return;
	msec = due > now ? (due - now - 1) / GYRE_MSEC(1) + 1 : 1;
	uv_timer_start(&control->alarm, alarmed, msec, 0);
}

static void alarmed(uv_timer_t *alarm)
{
	work(alarm->data);
}

static void woken(uv_async_t *wake)
{
	struct gyre_control *control = wake->data;

	if (atomic_load(&control->stopping))
		close_all(control);
	else
		work(control);
}

/* --- A thread of our own --- */

static void *thread_main(void *arg)
{
	struct gyre_control *control = arg;

	uv_run(control->uv, UV_RUN_DEFAULT);
	return NULL;
}

/* The application's signals are for its own threads; a client that is gone is told by EPIPE. */
static int start_thread(struct gyre_control *control)
{
	sigset_t all, before;
	int status;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	status = -pthread_create(&control->thread, NULL, thread_main, control);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (status == 0)
		pthread_setname_np(control->thread, "gyre-control");
	return status;
}

/* The thread is gone, or never was: runs what is left of closing. */
static void finish_own(struct gyre_control *control)
{
	uv_run(control->uv, UV_RUN_DEFAULT);
	uv_loop_close(control->uv);
	free_control(control);
}

/* --- Life --- */

static int open_loop(struct gyre_control *control)
{
	int status = 0;

	if (control->uv == &control->own_uv)
		status = uv_loop_init(control->uv);
	if (status < 0)
		return status;
	status = uv_async_init(control->uv, &control->wake, woken);
	if (status < 0) {
		if (control->uv == &control->own_uv)
			uv_loop_close(control->uv);
		return status;
	}
	control->wake.data = control->alarm.data = control;
	gyre__control_hold(control);
	uv_timer_init(control->uv, &control->alarm);
	gyre__control_hold(control);
	return 0;
}

static int open_servers(struct gyre_control *control, struct gyre_error *error)
{
	int status = 0;

	if (control->options.path)
		status = gyre__socket_create(control, error);
	if (status == 0 && control->options.http)
		status = gyre__http_create(control, error);
	return status;
}

/* What was opened is closed by the uv loop: ours is run for that, a host's when the host does. */
static int abort_create(struct gyre_control *control, int status)
{
	close_all(control);
	if (control->uv == &control->own_uv)
		finish_own(control);
	return status;
}

static int start(struct gyre_control *control, struct gyre_error *error)
{
	int status = open_loop(control);

	if (status < 0) {
		free_control(control);
		return gyre__error_set(error, status, "no uv loop: %s", uv_strerror(status));
	}
	status = open_servers(control, error);
	if (status == 0 && control->uv == &control->own_uv) {
		status = start_thread(control);
		if (status < 0)
			gyre__error_set(error, status, "no thread: %s", strerror(-status));
	}
	return status < 0 ? abort_create(control, status) : 0;
}

int gyre_control_create(const struct gyre_control_options *given, struct gyre_control **ret_control)
{
	struct gyre_control_options options = defaults;
	struct gyre_error *error = NULL;
	struct gyre_control *control;
	int status;

	if (given && given->size >= sizeof(options))
		error = given->error;
	status = gyre__options_copy(
		&options, sizeof(options), given, sizeof(options), "gyre_control_options", error);
	if (status == 0)
		status = check(&options);
	if (status < 0)
		return status;
	control = calloc(1, sizeof(*control));
	if (!control)
		return gyre__error_set(error, -ENOMEM, "no memory for a control");
	control->options = options;
	control->options.error = NULL;
	control->port = gyre__port_create(&control->wake);
	pthread_mutex_init(&control->lock, NULL);
	TAILQ_INIT(&control->served);
	TAILQ_INIT(&control->gone);
	TAILQ_INIT(&control->waiting);
	TAILQ_INIT(&control->ready);
	TAILQ_INIT(&control->answered);
	if (!own_texts(&control->options) || !control->port) {
		free_control(control);
		return gyre__error_set(error, -ENOMEM, "no memory for a control");
	}
	control->uv = options.uv ? options.uv : &control->own_uv;
	control->started = uv_hrtime();
	status = start(control, error);
	if (status == 0)
		*ret_control = control;
	return status;
}

void gyre_control_close(struct gyre_control *control, void (*fn)(void *arg), void *arg)
{
	if (!control)
		return;
	if (control->uv != &control->own_uv) {
		control->closed_fn = fn;
		control->closed_arg = arg;
		close_all(control);
		return;
	}
	atomic_store(&control->stopping, true);
	uv_async_send(&control->wake);
	pthread_join(control->thread, NULL);
	finish_own(control);
	if (fn)
		fn(arg);
}

void gyre_control_destroy(struct gyre_control *control)
{
	gyre_control_close(control, NULL, NULL);
}

uint16_t gyre_control_http_port(const struct gyre_control *control)
{
	return gyre__http_port(control);
}
