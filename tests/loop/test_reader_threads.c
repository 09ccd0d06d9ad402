/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/reader.c between threads: readings while nodes, processes and links come and go and packets
 * pass, and readers that are destroyed at any moment of them.
 */
#include "harness.h"
#include "readings.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A daemon that has nodes, processes and links come and go until it is cancelled. */
static int churn(struct gyre_process *self, void *arg)
{
	static struct gyre_link moving[8];
	struct gyre_node_id ids[8];

	(void)arg;
	for (unsigned round = 0; !gyre_process_canceled(self); round++) {
		for (unsigned i = 0; i < 8; i++) {
			char name[24];

			snprintf(name, sizeof(name), "moving-%u-%u", round % 3, i);
			ck_assert_int_eq(gyre_node_add(loop, &sort_class, name, NULL, &ids[i]), 0);
			ck_assert_int_eq(gyre_link_add(loop, &moving[i], name, true), 0);
		}
		ck_assert_int_eq(gyre_graph_build(loop, NULL), 0);
		processes_spawn(1);
		gyre_process_yield(self);
		for (unsigned i = 0; i < 8; i++) {
			gyre_link_set(&moving[i], false);
			gyre_link_del(&moving[(i + round) % 8]);
			ck_assert_int_eq(gyre_node_del(loop, ids[(i + round) % 8]), 0);
		}
		gyre_process_yield(self);
	}
	return 0;
}

/* Ends the oldest process but the first, so that there are never many. */
static int reap(struct gyre_process *self, void *arg)
{
	struct gyre_process_id id, me = gyre_process_id(self);

	(void)arg;
	while (!gyre_process_canceled(self)) {
		unsigned n = 0;

		for (id = (struct gyre_process_id){0}; gyre_process_next(loop, &id); n++)
			if (n > 1 && id.index != me.index)
				gyre_process_cancel(id);
		gyre_process_yield(self);
	}
	return 0;
}

static void *loop_run(void *arg)
{
	(void)arg;
	ck_assert_int_ge(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	return NULL;
}

static void post_up(void *arg)
{
	sem_post(arg);
}

static struct gyre_snapshot *read_there(struct gyre_reader *reader, sem_t *ready)
{
	struct gyre_snapshot *snapshot;
	int status;

	ck_assert_int_eq(gyre_reader_start(reader), 0);
	while ((status = gyre_reader_take(reader, &snapshot)) == -EAGAIN)
		sem_wait(ready);
	ck_assert_int_eq(status, 0);
	return snapshot;
}

/* What is there all the time is there once, whole, and never counts back. */
static void steady_check(const struct gyre_snapshot *snapshot, uint64_t counters[3])
{
	static const char *const names[] = {"source", "sort", "sink"};

	for (unsigned i = 0; i < 3; i++) {
		const struct gyre_node_stats *node = gyre_snapshot_find(snapshot, names[i]);

		ck_assert_ptr_nonnull(node);
		ck_assert_str_eq(node->class_name, names[i]);
		ck_assert_uint_ge(node->items, counters[i]);
		counters[i] = node->items;
		ck_assert_uint_eq(node->n_nexts, names[i][1] != 'i');
		if (node->n_nexts)
			ck_assert_str_eq(snapshot->nodes[node->nexts[0]].name, names[i + 1]);
	}
	ck_assert_uint_ge(snapshot->n_links, 3);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_str_eq(snapshot->links[i].name, links[i].state.name);
	ck_assert_str_eq(snapshot->processes[0].name, "process");
	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		for (unsigned j = 0; j < snapshot->nodes[i].n_nexts; j++) {
			unsigned next = snapshot->nodes[i].nexts[j];

			ck_assert(next == UINT_MAX || next < snapshot->n_nodes);
		}
}

static void *read_on(void *arg)
{
	unsigned chunk = *(const unsigned *)arg;
	uint64_t counters[3] = {0};
	struct gyre_reader *reader;
	sem_t ready;

	sem_init(&ready, 0, 0);
	reader = reader_of(chunk, post_up, &ready);
	for (unsigned i = 0; i < 200; i++) {
		struct gyre_snapshot *snapshot = read_there(reader, &ready);

		steady_check(snapshot, counters);
		gyre_snapshot_destroy(snapshot);
	}
	ck_assert_int_eq(gyre_reader_destroy(reader), 0);
	sem_destroy(&ready);
	return NULL;
}

/* Starts readings and destroys the readers at any moment of them. */
static void *end_on(void *arg)
{
	unsigned calls = 0, before;

	(void)arg;
	for (unsigned i = 0; i < 500; i++) {
		struct gyre_reader *reader = reader_of(1 + i % 30, count_up, &calls);
		struct timespec nap = {0, (long)(i % 7) * 10000};

		ck_assert_int_eq(gyre_reader_start(reader), 0);
		nanosleep(&nap, NULL);
		ck_assert_int_eq(gyre_reader_destroy(reader), 0);
		before = calls;
		sched_yield();
		ck_assert_uint_eq(calls, before);
	}
	return NULL;
}

START_TEST(threads_read_while_all_comes_and_goes)
{
	static unsigned chunks[] = {1, 7};
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;
	pthread_t turner, readers[2], ender;

	make(0, 1, 3);
	options.daemon = true;
	ck_assert_int_eq(gyre_process_spawn(loop, churn, NULL, &options, NULL), 0);
	ck_assert_int_eq(gyre_process_spawn(loop, reap, NULL, &options, NULL), 0);
	ck_assert_int_eq(pthread_create(&turner, NULL, loop_run, NULL), 0);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&readers[i], NULL, read_on, &chunks[i]), 0);
	ck_assert_int_eq(pthread_create(&ender, NULL, end_on, NULL), 0);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	pthread_join(ender, NULL);
	gyre_loop_stop(loop);
	pthread_join(turner, NULL);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("reader_threads");
	TCase *tcase = tcase_create("reader_threads");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, threads_read_while_all_comes_and_goes);
	suite_add_tcase(suite, tcase);
	return suite;
}
