/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/snapshot.c: a snapshot is of the whole loop: its name, time and counters, nodes, processes
 * and links; what does not come about leaves nothing behind.
 */
#include "allocator.h"
#include "harness.h"

#include <errno.h>
#include <gyre.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static gyre_next keep(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

static const struct gyre_node_class sink_class = {
	.name = "sink", .kind = GYRE_NODE_OUTPUT, .process = keep};

static int sleeper(struct gyre_process *self, void *arg)
{
	(void)arg;
	return gyre_process_sleep(self, GYRE_SEC(3600));
}

struct fixture {
	struct gyre_loop *loop;
	struct gyre_node_id sink;
	struct gyre_process_id processes[2];
	struct gyre_link link;
};

static void spawn(struct fixture *fixture, unsigned i, const char *name)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;

	options.name = name;
	ck_assert_int_eq(
		gyre_process_spawn(fixture->loop, sleeper, NULL, &options, &fixture->processes[i]),
		0);
}

static void make(struct fixture *fixture)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	memset(fixture, 0, sizeof(*fixture));
	options.name = "seen";
	options.vector = 32;
	ck_assert_int_eq(gyre_loop_create(&options, &fixture->loop), 0);
	ck_assert_int_eq(
		gyre_node_add(fixture->loop, &sink_class, "sink", NULL, &fixture->sink), 0);
	spawn(fixture, 0, "first");
	spawn(fixture, 1, "second");
	ck_assert_int_eq(gyre_link_add(fixture->loop, &fixture->link, "wan", true), 0);
	gyre_loop_run(fixture->loop, GYRE_RUN_NOWAIT);
}

START_TEST(all_of_a_loop_is_in_it)
{
	struct fixture fixture;
	struct gyre_snapshot *snapshot;
	struct gyre_process_stats stats;
	void *items[3] = {0};

	make(&fixture);
	ck_assert_int_eq(gyre_node_inject(fixture.loop, fixture.sink, items, 3), 3);
	ck_assert_int_eq(gyre_snapshot_create(fixture.loop, &snapshot), 0);
	ck_assert_str_eq(snapshot->loop, "seen");
	ck_assert_uint_eq(snapshot->now, gyre_loop_now(fixture.loop));
	ck_assert_uint_eq(snapshot->taken_nsec, 0);
	ck_assert_uint_eq(snapshot->stats.turns, 1);
	ck_assert_uint_ge(snapshot->stats.resumes, 2);
	ck_assert_uint_eq(snapshot->vector, 32);
	ck_assert_uint_gt(snapshot->frames, 0);
	ck_assert_uint_eq(snapshot->frames_free, snapshot->frames);
	ck_assert_uint_eq(snapshot->inject_waiting, 3);
	ck_assert_uint_eq(snapshot->n_nodes, 1);
	ck_assert_uint_eq(snapshot->nodes[0].id.index, fixture.sink.index);
	ck_assert_uint_eq(snapshot->nodes[0].id.generation, fixture.sink.generation);
	ck_assert_uint_eq(snapshot->n_links, 1);
	ck_assert_str_eq(snapshot->links[0].name, "wan");
	ck_assert_uint_eq(snapshot->n_processes, 2);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(gyre_process_stats_get(fixture.processes[i], &stats), 0);
		ck_assert_mem_eq(&snapshot->processes[i], &stats, sizeof(stats));
		ck_assert_uint_gt(stats.stack_used, 0);
	}
	ck_assert_str_eq(snapshot->processes[1].name, "second");
	ck_assert_int_eq(gyre_loop_destroy(fixture.loop), 0);
	ck_assert_str_eq(snapshot->nodes[0].name, "sink"); /* it outlives the loop */
	gyre_snapshot_destroy(snapshot);
}
END_TEST

START_TEST(a_loop_with_nothing_on_it_has_one)
{
	struct gyre_snapshot *snapshot;
	struct gyre_loop *loop;

	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	ck_assert_int_eq(gyre_snapshot_create(loop, &snapshot), 0);
	ck_assert_uint_eq(snapshot->n_nodes + snapshot->n_processes + snapshot->n_links, 0);
	ck_assert_str_eq(snapshot->loop, "gyre");
	gyre_snapshot_destroy(snapshot);
	gyre_snapshot_destroy(NULL);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
	struct fixture fixture;
	struct gyre_snapshot *none = (void *)&fixture, *snapshot = none;
	unsigned failures = 0;
	int status = -ENOMEM;

	make(&fixture);
	for (; status < 0; failures += status < 0) {
		allocations_left = failures;
		status = gyre_snapshot_create(fixture.loop, &snapshot);
		allocations_left = UINT_MAX;
		ck_assert(status == 0 || (status == -ENOMEM && snapshot == none));
	}
	/* Its memory, itself, the list of nodes, where each is in it. */
	ck_assert_uint_eq(failures, 4);
	ck_assert_uint_eq(snapshot->n_processes, 2);
	gyre_snapshot_destroy(snapshot);
	ck_assert_int_eq(gyre_loop_destroy(fixture.loop), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tcase = tcase_create("snapshot");

	tcase_add_test(tcase, all_of_a_loop_is_in_it);
	tcase_add_test(tcase, a_loop_with_nothing_on_it_has_one);
	tcase_add_test(tcase, without_memory_there_is_none);
	suite_add_tcase(suite, tcase);
	return suite;
}
