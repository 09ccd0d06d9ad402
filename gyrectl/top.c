/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `top`: asks for a reading, waits for its answers or a key, shows what grew. Called by main.c's
 * table; calls client.c, and top_model.c, top_frame.c and top_screen.c in this order. Invariant:
 * nothing is waited for but in turn_round(), so that a key is heard while the server is slow; and
 * a connection that is lost is made anew each interval, but in batch mode, which ends.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "field.h"
#include "top.h"

#define INTERVAL_NSEC 1000000000u
#define FIRST_NSEC    200000000u /* until there are rates at all */

struct top {
	struct session *session;
	struct top_look look;
	bool batch, quit;
	int status;
	char loop[TEXT_SIZE]; /* name as the server sends it; empty: its first */
	struct top_reading now, before, coming;
	json_int_t ids[TOP_METHODS]; /* asked, and not answered yet; 0: answered */
	unsigned n_waiting;
	uint64_t asked_at, next_at;
	unsigned frames; /* shown */
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void catch_stop(void)
{
	struct sigaction action = {.sa_handler = stop};

	stopped = 0;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void say(struct top *top, const char *text)
{
	snprintf(top->look.message, sizeof(top->look.message), "%s", text);
}

static void forget_readings(struct top *top)
{
	top_reading_fini(&top->now);
	top_reading_fini(&top->before);
	top_reading_fini(&top->coming);
	memset(top->ids, 0, sizeof(top->ids));
	top->n_waiting = 0;
}

/* --- Asking --- */

/* The loop of that number among the server's, counted around. */
static const char *loop_name(const json_t *loops, size_t i)
{
	const json_t *list = json_object_get(loops, "loops");
	size_t n = json_array_size(list);

	return n == 0 ? "" : field_raw(json_array_get(list, i % n), "name");
}

/* Connects, and learns which loop to look at. */
static int begin(struct top *top)
{
	struct session *session = top->session;
	struct client *client = &session->client;
	json_t *loops;
	int status;

	client_close(client);
	status = client_open(client, session->options->path, session->options->timeout_nsec);
	if (status == GYRECTL_OK)
		status = client_call(client, "loops", NULL, &loops);
	if (status != GYRECTL_OK)
		return status;
	if (*top->loop == '\0')
		snprintf(top->loop, sizeof(top->loop), "%s", loop_name(loops, 0));
	json_decref(loops);
	return GYRECTL_OK;
}

static json_t *params_of(const struct top *top, unsigned method)
{
	json_t *params = json_object();

	if (method != TOP_LOOPS && method != TOP_VERSION && *top->loop != '\0')
		json_object_set_new(params, "loop", json_string(top->loop));
	if (method == TOP_RUNTIME)
		json_object_set_new(params, "total", json_true());
	return params;
}

static int ask(struct top *top)
{
	struct client *client = &top->session->client;
	int status = client->fd < 0 ? begin(top) : GYRECTL_OK;

	top->asked_at = client_now();
	top->next_at = top->asked_at +
		       (top->frames < 2 && top->look.interval_nsec > FIRST_NSEC && !top->batch
				       ? FIRST_NSEC
				       : top->look.interval_nsec);
	for (unsigned i = 0; i < TOP_METHODS && status == GYRECTL_OK; i++)
		status = client_send(client, top_methods[i], params_of(top, i), &top->ids[i]);
	top->n_waiting = status == GYRECTL_OK ? TOP_METHODS : 0;
	return status;
}

static void take_message(struct top *top, const json_t *message)
{
	json_int_t id = json_integer_value(json_object_get(message, "id"));
	json_t *result;

	for (unsigned i = 0; i < TOP_METHODS; i++) {
		if (id == 0 || top->ids[i] != id)
			continue;
		top->ids[i] = 0;
		top->n_waiting--;
		if (client_result(&top->session->client, message, &result) == GYRECTL_OK)
			top->coming.results[i] = json_incref(result);
		else
			say(top, top->session->client.error);
	}
}

/* --- Showing --- */

/* Batch mode's first reading has no rates: it is not shown. */
static bool is_shown(const struct top *top)
{
	return !top->batch || top->before.results[TOP_RUNTIME] != NULL;
}

static int show(struct top *top)
{
	struct top_model model;
	struct page page = {0};
	int status = GYRECTL_OK;

	top->look.loop = top->loop;
	top->look.rows = top->batch ? 0 : screen_rows();
	top_model_init(&model, &top->now, &top->before);
	top_model_sort(&model, top->look.sort, top->look.reverse);
	if (top->look.hide_idle)
		top_model_hide_idle(&model);
	top_frame(&page, &model, &top->look);
	top_model_fini(&model);
	if (top->batch) {
		page_end(&page);
		return session_print_page(top->session, &page);
	}
	screen_paint(&page);
	page_fini(&page);
	return status;
}

/* All answers are there. */
static void finish_reading(struct top *top)
{
	if (top->coming.results[TOP_RUNTIME] == NULL) {
		top_reading_fini(&top->coming);
		top->status = top->batch ? GYRECTL_FAILED : GYRECTL_OK;
		return;
	}
	say(top, "");
	top_reading_fini(&top->before);
	top->before = top->now;
	top->now = top->coming;
	memset(&top->coming, 0, sizeof(top->coming));
	if (is_shown(top)) {
		top->status = show(top);
		top->frames++;
	}
}

/* --- Keys --- */

static void next_loop(struct top *top)
{
	json_t *loops = json_incref(top->now.results[TOP_LOOPS]);
	const json_t *list = json_object_get(loops, "loops");

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (strcmp(loop_name(loops, i), top->loop) != 0)
			continue;
		snprintf(top->loop, sizeof(top->loop), "%s", loop_name(loops, i + 1));
		break;
	}
	forget_readings(top);
	top->now.results[TOP_LOOPS] = loops; /* for the next time */
	top->frames = 0;
	top->next_at = 0;
}

static void change_interval(struct top *top, int by)
{
	static const uint64_t msec[] = {100, 200, 500, 1000, 2000, 5000, 10000};
	const int n = sizeof(msec) / sizeof(msec[0]);
	int i = 0;

	while (i < n - 1 && msec[i] * 1000000u < top->look.interval_nsec)
		i++;
	i += by;
	top->look.interval_nsec = msec[i < 0 ? 0 : i >= n ? n - 1 : i] * 1000000u;
	top->next_at = top->asked_at + top->look.interval_nsec;
}

static void scroll(struct top *top, int by)
{
	long to = (long)top->look.scroll + by;

	top->look.scroll = to < 0 ? 0 : (size_t)to;
}

static void take_key(struct top *top, int key)
{
	struct top_look *look = &top->look;

	if (key >= '1' && key < '1' + TOP_SORTS)
		look->sort = (enum top_sort)(key - '1');
	switch (key) {
	case 'q':
	case 'Q':
		top->quit = true;
		break;
	case 's':
		look->sort = (look->sort + 1) % TOP_SORTS;
		break;
	case 'S':
		look->sort = (look->sort + TOP_SORTS - 1) % TOP_SORTS;
		break;
	case 'r':
		look->reverse = !look->reverse;
		break;
	case 'i':
		look->hide_idle = !look->hide_idle;
		break;
	case ' ':
		look->paused = !look->paused;
		break;
	case 'h':
	case '?':
		look->help = !look->help;
		break;
	case '+':
	case '-':
		change_interval(top, key == '+' ? 1 : -1);
		break;
	case '\t':
		next_loop(top);
		break;
	case TOP_KEY_UP:
	case TOP_KEY_DOWN:
		scroll(top, key == TOP_KEY_UP ? -1 : 1);
		break;
	case TOP_KEY_PAGE_UP:
	case TOP_KEY_PAGE_DOWN:
		scroll(top, key == TOP_KEY_PAGE_UP ? -10 : 10);
		break;
	}
}

/* --- The turn --- */

/* Waits for an answer, a key, a signal or the time for the next question. A terminal that is gone
 * ends it: nobody looks any more. */
static void turn_round(struct top *top)
{
	struct pollfd fds[2] = {{.fd = top->batch ? -1 : STDIN_FILENO, .events = POLLIN},
		{.fd = top->session->client.fd, .events = POLLIN}};
	uint64_t now = client_now();
	uint64_t until = top->n_waiting > 0 ? top->asked_at + top->session->client.timeout_nsec
					    : top->next_at;
	uint64_t left = until > now ? until - now : 0;
	struct timespec t = {
		.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};

	if (top->look.paused && top->n_waiting == 0)
		ppoll(fds, 1, NULL, NULL);
	else
		ppoll(fds, 2, &t, NULL);
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		top->quit = true;
}

/* The connection is gone: the next question makes a new one, after an interval. */
static void lose(struct top *top, int status, const char *why)
{
	if (top->batch) {
		top->status = session_fail(status, "%s", why);
		return;
	}
	say(top, why);
	client_close(&top->session->client);
	forget_readings(top);
	top->frames = 0;
	top->next_at = client_now() + top->look.interval_nsec;
	show(top);
}

static void take_messages(struct top *top)
{
	struct client *client = &top->session->client;
	json_t *message = NULL;
	int status;

	do {
		json_decref(message);
		status = client_receive(client, 0, &message);
		if (message != NULL)
			take_message(top, message);
	} while (message != NULL);
	if (status != GYRECTL_OK)
		lose(top, status, client->error);
	else if (top->n_waiting > 0 && client_now() >= top->asked_at + client->timeout_nsec)
		lose(top, GYRECTL_LOST, "no answer in time");
}

static void take_keys(struct top *top)
{
	bool changed = false;

	for (int key; (key = screen_key()) != TOP_KEY_NONE; changed = true)
		take_key(top, key);
	if (changed && !top->quit)
		show(top);
}

/* One question with its answers, as far as they are there. */
static void turn(struct top *top)
{
	bool waited = top->n_waiting > 0;
	int status = GYRECTL_OK;

	if (!waited && client_now() >= top->next_at && !top->look.paused) {
		status = ask(top);
		waited = status == GYRECTL_OK;
		if (!waited)
			lose(top, status, top->session->client.error);
	}
	if (top->status == GYRECTL_OK)
		turn_round(top);
	if (!top->batch)
		take_keys(top);
	if (waited && top->n_waiting > 0)
		take_messages(top);
	if (waited && top->n_waiting == 0 && top->session->client.fd >= 0)
		finish_reading(top);
}

static int run(struct top *top)
{
	unsigned count = top->session->options->count;

	top->status = begin(top);
	if (top->status != GYRECTL_OK)
		return session_fail(top->status, "%s", top->session->client.error);
	catch_stop();
	if (!top->batch && !screen_open(top->session->colour))
		return session_fail(GYRECTL_FAILED,
			"top: the terminal's kind (TERM) is not known; top -b prints text");
	while (!top->quit && !stopped && top->status == GYRECTL_OK &&
		(count == 0 || top->frames < count))
		turn(top);
	if (!top->batch)
		screen_close();
	if (top->status == GYRECTL_FAILED && *top->look.message != '\0')
		session_fail(top->status, "%s", top->look.message);
	return top->status;
}

int command_top(struct session *session, char **words, unsigned n_words)
{
	const struct options *options = session->options;
	struct top top = {.session = session, .batch = options->given & OPTION_BATCH};
	int sort = 0, status;

	(void)words;
	(void)n_words;
	if (options->sort != NULL)
		sort = command_find(
			"column", options->sort, top_sort_names, sizeof(top_sort_names[0]));
	if (sort < 0)
		return GYRECTL_USAGE;
	if (options->json)
		return session_fail(GYRECTL_USAGE, "top has no JSON: use watch --json");
	if (!top.batch && (!session->terminal || isatty(STDIN_FILENO) != 1))
		return session_fail(GYRECTL_USAGE, "top needs a terminal; top -b prints text");
	top.look.sort = (enum top_sort)sort;
	top.look.interval_nsec = options->interval_nsec ? options->interval_nsec : INTERVAL_NSEC;
	if (options->loop != NULL)
		snprintf(top.loop, sizeof(top.loop), "%s", options->loop);
	status = run(&top);
	forget_readings(&top);
	return status;
}
