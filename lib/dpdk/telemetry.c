/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DPDK's telemetry commands: /gyre/loops and its kin. Owns the process's one list of loops that may
 * be asked for; telemetry hands its callbacks no argument and forgets no command. Called by the
 * application (add, del) and by telemetry's threads, one per client, which read a loop by a
 * gyre_reader and wait for it, at most a second; calls table.c to write what they got. Invariant: a
 * loop is not touched once del has returned, which waits for no loop, only for threads that it
 * woke; and however many ask, it is read 100 times a second at most.
 */
#include <errno.h>
#include <gyre/dpdk.h>
#include <gyre/snapshot.h>
#include <pthread.h>
#include <rte_telemetry.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "dpdk/table.h"

#define WAIT_SEC  1
#define PACE_NSEC GYRE_MSEC(10) /* from one reading of a loop to the next */
#define NAME_SIZE 32

/* A thread that reads a loop, in its own memory. */
struct ask {
	struct ask *next, **pprev;
	sem_t ready; /* something happened: the reading is finished, or the loop goes */
	atomic_bool gone;
};

struct entry {
	struct entry *next;
	struct gyre_loop *loop;
	char name[NAME_SIZE];
	struct ask *asks; /* under way */
	uint64_t next_nsec; /* when the next of them may read; CLOCK_MONOTONIC */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t answered; /* an ask is over */
	struct entry *entries; /* in the order of adding */
	unsigned n_registered; /* commands that telemetry knows */
} telemetry = {.lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER};

/* --- The list; with the lock held --- */

static struct entry **entry_find(const char *name)
{
	struct entry **entry = &telemetry.entries;

	while (*entry && strcmp((*entry)->name, name) != 0)
		entry = &(*entry)->next;
	return entry;
}

static struct entry **entry_of(const struct gyre_loop *loop)
{
	struct entry **entry = &telemetry.entries;

	while (*entry && (*entry)->loop != loop)
		entry = &(*entry)->next;
	return entry;
}

static void ask_begin(struct ask *ask, struct entry *entry)
{
	sem_init(&ask->ready, 0, 0);
	atomic_init(&ask->gone, false);
	ask->next = entry->asks;
	ask->pprev = &entry->asks;
	if (ask->next)
		ask->next->pprev = &ask->next;
	entry->asks = ask;
}

static void ask_end(struct ask *ask)
{
	*ask->pprev = ask->next;
	if (ask->next)
		ask->next->pprev = ask->pprev;
	sem_destroy(&ask->ready);
	pthread_cond_broadcast(&telemetry.answered);
}

/* --- Reading --- */

/* On the loop's thread: takes no lock. */
static void reading_ready(void *arg)
{
	sem_post(arg);
}

/* -EAGAIN: the loop did not answer by the deadline, or goes. */
static int loop_read(struct gyre_loop *loop, struct ask *ask, bool stacks,
	const struct timespec *deadline, struct gyre_snapshot **ret_snapshot)
{
	struct gyre_reader_options options = GYRE_READER_OPTIONS_INIT;
	struct gyre_reader *reader;
	int status;

	options.no_stacks = !stacks;
	options.fn = reading_ready;
	options.arg = &ask->ready;
	status = gyre_reader_create(loop, &options, &reader);
	if (status < 0)
		return status;
	gyre_reader_start(reader);
	while ((status = gyre_reader_take(reader, ret_snapshot)) == -EAGAIN) {
		int err = sem_clockwait(&ask->ready, CLOCK_MONOTONIC, deadline) < 0 ? errno : 0;

		if (atomic_load(&ask->gone) || (err && err != EINTR))
			break;
	}
	gyre_reader_destroy(reader);
	return status;
}

static struct timespec deadline_make(void)
{
	struct timespec deadline;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += WAIT_SEC;
	return deadline;
}

/* With the lock held: when it may read, if others have just done so. */
static struct timespec turn_take(struct entry *entry)
{
	struct timespec now;
	uint64_t turn;

	clock_gettime(CLOCK_MONOTONIC, &now);
	turn = GYRE_SEC((uint64_t)now.tv_sec) + (uint64_t)now.tv_nsec;
	if (turn < entry->next_nsec)
		turn = entry->next_nsec;
	entry->next_nsec = turn + PACE_NSEC;
	return (struct timespec){(time_t)(turn / GYRE_SEC(1)), (long)(turn % GYRE_SEC(1))};
}

/* False: the loop goes. */
static bool turn_await(struct ask *ask, const struct timespec *turn)
{
	while (!atomic_load(&ask->gone) && sem_clockwait(&ask->ready, CLOCK_MONOTONIC, turn) < 0 &&
		errno == EINTR)
		;
	return !atomic_load(&ask->gone);
}

/* -ENOENT: there is no such loop. */
static int name_read(const char *name, bool stacks, const struct timespec *deadline,
	struct gyre_snapshot **ret_snapshot)
{
	struct timespec turn = {0, 0};
	struct entry *entry;
	struct ask ask;
	int status = -EAGAIN;

	pthread_mutex_lock(&telemetry.lock);
	entry = *entry_find(name);
	if (entry) {
		ask_begin(&ask, entry);
		turn = turn_take(entry);
	}
	pthread_mutex_unlock(&telemetry.lock);
	if (!entry)
		return -ENOENT;
	if (turn_await(&ask, &turn))
		status = loop_read(entry->loop, &ask, stacks, deadline, ret_snapshot);
	pthread_mutex_lock(&telemetry.lock);
	ask_end(&ask);
	pthread_mutex_unlock(&telemetry.lock);
	return status;
}

/* --- What is asked --- */

struct question {
	char name[NAME_SIZE];
	unsigned page;
};

static int fail(struct rte_tel_data *info, const char *format, const char *what)
{
	char text[RTE_TEL_MAX_STRING_LEN];

	snprintf(text, sizeof(text), format, what);
	rte_tel_data_start_dict(info);
	gyre__table_text(info, "error", text);
	return 0;
}

static bool page_parse(const char *text, unsigned *ret_page)
{
	size_t length = strlen(text);

	if (length == 0 || length > 6 || strspn(text, "0123456789") != length)
		return false;
	*ret_page = (unsigned)strtoul(text, NULL, 10);
	return true;
}

static bool is_loop(const char *name)
{
	bool found;

	pthread_mutex_lock(&telemetry.lock);
	found = *entry_find(name) != NULL;
	pthread_mutex_unlock(&telemetry.lock);
	return found;
}

/* The name of the only loop, when no name is given. */
static bool only_loop(char name[NAME_SIZE])
{
	const struct entry *entry;
	bool only;

	pthread_mutex_lock(&telemetry.lock);
	entry = telemetry.entries;
	only = entry && !entry->next;
	if (only)
		memcpy(name, entry->name, NAME_SIZE);
	pthread_mutex_unlock(&telemetry.lock);
	return only;
}

/* "LOOP[,PAGE]"; a loop's name may have a comma in it. Returns NULL, or what is wrong. */
static const char *question_parse(const char *params, struct question *ret_question)
{
	const char *comma = params ? strrchr(params, ',') : NULL;
	size_t length;

	ret_question->page = 0;
	if (!params || !*params)
		return only_loop(ret_question->name) ? NULL : "which loop? see /gyre/loops%s";
	if (is_loop(params))
		comma = NULL;
	length = comma ? (size_t)(comma - params) : strlen(params);
	if (length >= NAME_SIZE)
		return "no loop '%s'";
	memcpy(ret_question->name, params, length);
	ret_question->name[length] = '\0';
	if (!is_loop(ret_question->name))
		return "no loop '%s'";
	if (comma && !page_parse(comma + 1, &ret_question->page))
		return "no page: '%s' is not LOOP[,PAGE]";
	return NULL;
}

/* --- Answers --- */

/* The first row of the page and how many it has; -ERANGE: there is no such page. */
static int page_find(unsigned page, unsigned n_rows, unsigned *ret_first)
{
	unsigned first = page * GYRE__PAGE_ROWS;

	if (page > 0 && first >= n_rows)
		return -ERANGE;
	*ret_first = first;
	return RTE_MIN(n_rows - first, (unsigned)GYRE__PAGE_ROWS);
}

static void page_head(struct rte_tel_data *info, unsigned page, unsigned n_rows)
{
	unsigned pages = (n_rows + GYRE__PAGE_ROWS - 1) / GYRE__PAGE_ROWS;

	rte_tel_data_add_dict_u64(info, "page", page);
	rte_tel_data_add_dict_u64(info, "pages", pages > 0 ? pages : 1);
	rte_tel_data_add_dict_u64(info, "rows", n_rows);
}

static int columns_write(struct rte_tel_data *info, const struct gyre__table *table,
	const struct gyre__row *rows, unsigned n)
{
	if (gyre__table_write(info, table, rows, n) < 0)
		rte_tel_data_add_dict_string(info, "error", "no memory for all columns");
	return 0;
}

static int snapshot_answer(struct rte_tel_data *info, const struct gyre__table *table,
	const struct gyre_snapshot *snapshot, unsigned page)
{
	struct gyre__row rows[GYRE__PAGE_ROWS];
	unsigned n_rows = table->count(snapshot), first;
	int n = page_find(page, n_rows, &first);

	if (n < 0)
		return fail(info, "loop '%s' has fewer pages", snapshot->loop);
	for (int i = 0; i < n; i++)
		table->fill(snapshot, first + (unsigned)i, &rows[i]);
	rte_tel_data_start_dict(info);
	gyre__table_text(info, "loop", snapshot->loop);
	rte_tel_data_add_dict_u64(info, "now_nsec", snapshot->now);
	page_head(info, page, n_rows);
	return columns_write(info, table, rows, (unsigned)n);
}

static int table_answer(
	const struct gyre__table *table, const char *params, struct rte_tel_data *info)
{
	struct timespec deadline = deadline_make();
	struct gyre_snapshot *snapshot;
	struct question question;
	const char *wrong = question_parse(params, &question);
	int status;

	if (wrong)
		return fail(info, wrong, params ? params : "");
	status = name_read(question.name, table == &gyre__table_processes, &deadline, &snapshot);
	if (status == -ENOENT)
		return fail(info, "no loop '%s'", question.name);
	if (status == -EAGAIN)
		return fail(info, "loop '%s' did not answer in time", question.name);
	if (status < 0)
		return fail(info, "no memory to read loop '%s'", question.name);
	status = snapshot_answer(info, table, snapshot, question.page);
	gyre_snapshot_destroy(snapshot);
	return status;
}

/* The page's names; returns how many loops there are in all. */
static unsigned names_list(unsigned first, char names[][NAME_SIZE])
{
	unsigned n = 0;

	pthread_mutex_lock(&telemetry.lock);
	for (const struct entry *entry = telemetry.entries; entry; entry = entry->next, n++)
		if (n >= first && n - first < GYRE__PAGE_ROWS)
			memcpy(names[n - first], entry->name, NAME_SIZE);
	pthread_mutex_unlock(&telemetry.lock);
	return n;
}

/* Within one deadline for all of them. */
static void loops_fill(char names[][NAME_SIZE], struct gyre__row *rows, unsigned n)
{
	struct timespec deadline = deadline_make();

	for (unsigned i = 0; i < n; i++) {
		struct gyre_snapshot *snapshot = NULL;

		name_read(names[i], false, &deadline, &snapshot);
		gyre__table_loop(names[i], snapshot, &rows[i]);
		gyre_snapshot_destroy(snapshot);
	}
}

static int loops_answer(const char *params, struct rte_tel_data *info)
{
	char names[GYRE__PAGE_ROWS][NAME_SIZE];
	struct gyre__row rows[GYRE__PAGE_ROWS];
	unsigned page = 0, n_rows, first;
	int n;

	if (params && *params && !page_parse(params, &page))
		return fail(info, "no page: '%s' is not [PAGE]", params);
	n_rows = names_list(page * GYRE__PAGE_ROWS, names);
	n = page_find(page, n_rows, &first);
	if (n < 0)
		return fail(info, "there are fewer pages than %s", params);
	loops_fill(names, rows, (unsigned)n);
	rte_tel_data_start_dict(info);
	page_head(info, page, n_rows);
	return columns_write(info, &gyre__table_loops, rows, (unsigned)n);
}

/* --- Commands --- */

static const struct command {
	const char *name, *help; /* telemetry takes at most 55 and 63 bytes */
	const struct gyre__table *table;
} commands[] = {
	{"/gyre/loops", "Loops and their counters. Parameters: [PAGE], from 0", &gyre__table_loops},
	{"/gyre/runtime", "Nodes' counters. Parameters: LOOP[,PAGE], from 0", &gyre__table_runtime},
	{"/gyre/processes", "Processes' accounts. Parameters: LOOP[,PAGE], from 0",
		&gyre__table_processes},
	{"/gyre/errors", "Why packets were dropped. Parameters: LOOP[,PAGE], from 0",
		&gyre__table_errors},
	{"/gyre/links", "Links, up or down. Parameters: LOOP[,PAGE], from 0", &gyre__table_links},
};

static int answer(const char *cmd, const char *params, struct rte_tel_data *info)
{
	for (unsigned i = 1; i < RTE_DIM(commands); i++)
		if (strcmp(cmd, commands[i].name) == 0)
			return table_answer(commands[i].table, params, info);
	return loops_answer(params, info);
}

/* Once in a process, for telemetry forgets none. */
static int commands_register(struct gyre_error *error)
{
	unsigned *n = &telemetry.n_registered;

	for (; *n < RTE_DIM(commands); ++*n) {
		const struct command *command = &commands[*n];
		int err = rte_telemetry_register_cmd(command->name, answer, command->help);

		if (err < 0)
			return gyre__error_set(error, err, "telemetry: it does not take %s: %s",
				command->name, strerror(-err));
	}
	return 0;
}

/* --- The application's side --- */

static int entry_add(struct gyre_loop *loop, struct gyre_error *error)
{
	const char *name = gyre_loop_name(loop);
	struct entry *entry, **end = entry_find(name);
	int err;

	if (*end || *entry_of(loop))
		return gyre__error_set(
			error, -EEXIST, "telemetry: there is a loop '%s' already", name);
	err = commands_register(error);
	if (err < 0)
		return err;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return gyre__error_set(error, -ENOMEM, "telemetry: no memory");
	entry->loop = loop;
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	*end = entry;
	return 0;
}

int gyre_dpdk_telemetry_add(struct gyre_loop *loop, struct gyre_error *error)
{
	int err;

	pthread_mutex_lock(&telemetry.lock);
	err = entry_add(loop, error);
	pthread_mutex_unlock(&telemetry.lock);
	return err;
}

void gyre_dpdk_telemetry_del(struct gyre_loop *loop)
{
	struct entry **place, *entry;

	pthread_mutex_lock(&telemetry.lock);
	place = entry_of(loop);
	entry = *place;
	if (entry)
		*place = entry->next;
	for (struct ask *ask = entry ? entry->asks : NULL; ask; ask = ask->next) {
		atomic_store(&ask->gone, true);
		sem_post(&ask->ready);
	}
	while (entry && entry->asks)
		pthread_cond_wait(&telemetry.answered, &telemetry.lock);
	pthread_mutex_unlock(&telemetry.lock);
	free(entry);
}
