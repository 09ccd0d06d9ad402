/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/reader.c: what a reader takes is what gyre_snapshot_create() says; in chunks, from memory
 * that grows, without a system call on the loop; and no order in which loop, reading and reader end
 * leaks.
 */
#include "harness.h"
#include "readings.h"
#include "syscalls.h"

#include <errno.h>
#include <stdio.h>

/* On the loop's own thread. */
static struct gyre_snapshot *read_here(struct gyre_reader *reader)
{
	struct gyre_snapshot *snapshot;
	int status;

	ck_assert_int_eq(gyre_reader_start(reader), 0);
	while ((status = gyre_reader_take(reader, &snapshot)) == -EAGAIN)
		gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_int_eq(status, 0);
	return snapshot;
}

/* --- What is read --- */

static void node_compare(const struct gyre_node_stats *a, const struct gyre_node_stats *b)
{
	ck_assert_str_eq(a->name, b->name);
	ck_assert_str_eq(a->class_name, b->class_name);
	ck_assert_mem_eq(&a->id, &b->id, sizeof(a->id));
	ck_assert_int_eq(a->kind, b->kind);
	ck_assert_int_eq(a->disabled, b->disabled);
	ck_assert_uint_eq(a->rank, b->rank);
	ck_assert_uint_eq(a->calls, b->calls);
	ck_assert_uint_eq(a->items, b->items);
	ck_assert_uint_eq(a->dropped, b->dropped);
	ck_assert_uint_eq(a->kept, b->kept);
	ck_assert_uint_eq(a->created, b->created);
	ck_assert_uint_eq(a->sampled_calls, b->sampled_calls);
	ck_assert_uint_eq(a->sampled_clocks, b->sampled_clocks);
	ck_assert_uint_eq(a->n_reasons, b->n_reasons);
	ck_assert_uint_eq(a->n_nexts, b->n_nexts);
	for (unsigned i = 0; i < a->n_reasons; i++) {
		ck_assert_str_eq(a->reasons[i].name, b->reasons[i].name);
		ck_assert_int_eq(a->reasons[i].severity, b->reasons[i].severity);
		ck_assert_uint_eq(a->drops[i], b->drops[i]);
	}
	for (unsigned i = 0; i < a->n_nexts; i++)
		ck_assert_uint_eq(a->nexts[i], b->nexts[i]);
}

static void snapshots_compare(const struct gyre_snapshot *a, const struct gyre_snapshot *b)
{
	ck_assert_str_eq(a->loop, b->loop);
	ck_assert_uint_eq(a->vector, b->vector);
	ck_assert_uint_eq(a->frames, b->frames);
	ck_assert_uint_eq(a->frames_free, b->frames_free);
	ck_assert_uint_eq(a->n_nodes, b->n_nodes);
	for (unsigned i = 0; i < a->n_nodes; i++)
		node_compare(&a->nodes[i], &b->nodes[i]);
	ck_assert_uint_eq(a->n_processes, b->n_processes);
	ck_assert_mem_eq(a->processes, b->processes, a->n_processes * sizeof(*a->processes));
	ck_assert_uint_eq(a->n_links, b->n_links);
	ck_assert_mem_eq(a->links, b->links, a->n_links * sizeof(*a->links));
}

static void packets_stop(void)
{
	struct gyre_node_id id;

	ck_assert_int_eq(gyre_node_find(loop, "source", &id), 0);
	ck_assert_int_eq(gyre_node_disable(loop, id), 0);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
}

/* By chunks of any size; the large ones need more memory than a reader begins with. */
START_TEST(it_is_what_a_snapshot_says)
{
	static const unsigned shapes[][3] = {{0, 0, 0}, {9, 8, 3}, {150, 0, LINKS}, {0, 300, 1}};
	static const unsigned chunks[] = {1, 3, 16, 1000};

	for (unsigned i = 0; i < 4 * 4; i++) {
		const unsigned *shape = shapes[i / 4];
		struct gyre_snapshot *read, *made;
		struct gyre_reader *reader;
		unsigned units;

		make(shape[0], shape[1], shape[2]);
		packets_stop();
		reader = reader_of(chunks[i % 4], NULL, NULL);
		read = read_here(reader);
		ck_assert_int_eq(gyre_snapshot_create(loop, &made), 0);
		snapshots_compare(read, made);
		units = read->n_nodes + read->n_processes + read->n_links;
		ck_assert_uint_eq(units, 3 + shape[0] + shape[1] + shape[2]);
		gyre_snapshot_destroy(read);
		gyre_snapshot_destroy(made);
		ck_assert_int_eq(gyre_reader_destroy(reader), 0);
		ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	}
}
END_TEST

/* Turns that a second reading takes, when the memory is large enough. */
static unsigned turns_taken(struct gyre_reader *reader)
{
	struct gyre_snapshot *snapshot = read_here(reader);
	unsigned turns = 0;

	gyre_snapshot_destroy(snapshot);
	ck_assert_int_eq(gyre_reader_start(reader), 0);
	for (; gyre_reader_take(reader, &snapshot) == -EAGAIN; turns++)
		gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	gyre_snapshot_destroy(snapshot);
	return turns;
}

START_TEST(a_turn_copies_a_chunk_and_no_more)
{
	static const unsigned chunks[][2] = {{1, 98}, {10, 10}, {97, 2}, {98, 1}, {1000, 1}};

	make(47, 30, 17); /* with the three nodes of its own 97 */
	for (unsigned i = 0; i < 5; i++) {
		struct gyre_reader *reader = reader_of(chunks[i][0], NULL, NULL);

		ck_assert_uint_eq(turns_taken(reader), chunks[i][1]);
		gyre_reader_destroy(reader);
	}
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

/* 4,000 places that held a node or process once are not passed in one turn. */
START_TEST(empty_places_are_passed_in_chunks_too)
{
	struct gyre_node_id ids[2000];
	struct gyre_reader *reader;

	make(0, 0, 0);
	for (unsigned i = 0; i < 2000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n-%u", i);
		ck_assert_int_eq(gyre_node_add(loop, &sink_class, name, NULL, &ids[i]), 0);
	}
	for (unsigned i = 0; i < 2000; i++)
		ck_assert_int_eq(gyre_node_del(loop, ids[i]), 0);
	reader = reader_of(16, NULL, NULL);
	ck_assert_uint_ge(turns_taken(reader), 2000 / 256);
	gyre_reader_destroy(reader);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

START_TEST(stacks_may_be_left_out)
{
	struct gyre_reader_options options = GYRE_READER_OPTIONS_INIT;
	struct gyre_snapshot *snapshot;
	struct gyre_reader *reader;

	make(0, 2, 0);
	options.no_stacks = true;
	ck_assert_int_eq(gyre_reader_create(loop, &options, &reader), 0);
	snapshot = read_here(reader);
	ck_assert_uint_eq(snapshot->n_processes, 2);
	ck_assert_uint_eq(snapshot->processes[0].stack_used, 0);
	ck_assert_uint_gt(snapshot->processes[0].stack_size, 0);
	gyre_snapshot_destroy(snapshot);
	gyre_reader_destroy(reader);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

/* The memory that the readings take is there from before. */
static void reading_begin(void *arg)
{
	gyre_snapshot_destroy(read_here(arg));
}

/* No assertion here: it is a system call. */
static void reading_go_on(void *arg)
{
	gyre_reader_start(arg);
	for (int i = 0; i < 20; i++)
		gyre_loop_run(loop, GYRE_RUN_NOWAIT);
}

/* But mincore for each process, which a reader may leave out. */
START_TEST(the_loop_makes_no_system_call)
{
	struct gyre_reader_options options = GYRE_READER_OPTIONS_INIT;
	struct gyre_snapshot *snapshot;
	struct gyre_reader *reader;
	int n;

	make(50, 7, 3);
	options.no_stacks = _i;
	ck_assert_int_eq(gyre_reader_create(loop, &options, &reader), 0);
	n = gyre_test_count_syscalls(reading_begin, reading_go_on, reader);
	if (n >= 0) {
		ck_assert_int_eq(n, options.no_stacks ? 0 : 7);
		ck_assert_int_eq(gyre_reader_take(reader, &snapshot), 0);
		ck_assert_uint_eq(snapshot->n_nodes, 53);
		gyre_snapshot_destroy(snapshot);
	}
	gyre_reader_destroy(reader);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

START_TEST(misuse_is_told)
{
	struct gyre_reader_options options = GYRE_READER_OPTIONS_INIT;
	struct {
		struct gyre_reader_options options;
		char more;
	} longer = {.options = GYRE_READER_OPTIONS_INIT, .more = 1};
	struct gyre_error error;
	struct gyre_snapshot *snapshot;
	struct gyre_reader *reader;

	make(0, 0, 0);
	options.error = longer.options.error = &error;
	longer.options.size = sizeof(longer);
	ck_assert_int_eq(gyre_reader_create(NULL, &options, &reader), -EINVAL);
	options.chunk = 0;
	ck_assert_int_eq(gyre_reader_create(loop, &options, &reader), -EINVAL);
	ck_assert_str_eq(error.text, "gyre_reader_options: chunk is 0");
	options.size = 8;
	ck_assert_int_eq(gyre_reader_create(loop, &options, &reader), -EINVAL);
	ck_assert_int_eq(gyre_reader_create(loop, &longer.options, &reader), -E2BIG);
	ck_assert_int_eq(gyre_reader_create(loop, NULL, &reader), 0);
	ck_assert_int_eq(gyre_reader_take(reader, &snapshot), -ENOENT);
	ck_assert_int_eq(gyre_reader_start(reader), 0);
	ck_assert_int_eq(gyre_reader_start(reader), -EBUSY);
	ck_assert_int_eq(gyre_reader_take(reader, &snapshot), -EAGAIN);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_int_eq(gyre_reader_start(reader), 0); /* what was not taken is lost */
	ck_assert_int_eq(gyre_reader_take(reader, &snapshot), -EAGAIN);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_int_eq(gyre_reader_take(reader, &snapshot), 0);
	ck_assert_int_eq(gyre_reader_take(reader, &snapshot), -ENOENT);
	gyre_snapshot_destroy(snapshot);
	ck_assert_int_eq(gyre_reader_destroy(reader), 0);
	ck_assert_int_eq(gyre_reader_destroy(NULL), 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

/* --- Ends --- */

static struct gyre_reader *told;

static void destroy_inside(void *arg)
{
	*(int *)arg = gyre_reader_destroy(told);
}

START_TEST(not_inside_its_fn)
{
	int status = 1;

	make(0, 0, 0);
	told = reader_of(1000, destroy_inside, &status);
	ck_assert_int_eq(gyre_reader_start(told), 0);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_int_eq(status, -EBUSY);
	ck_assert_int_eq(gyre_reader_destroy(told), 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

/* Destroyed before its first chunk, after `_i` of them, or with the reading finished: nobody is
 * told any more, another reader goes on, and nothing leaks. */
START_TEST(a_reader_may_end_first)
{
	unsigned calls = 0, other_calls = 0;
	struct gyre_reader *reader, *other;

	make(3, 2, 2);
	reader = reader_of(2, count_up, &calls);
	other = reader_of(3, count_up, &other_calls);
	ck_assert_int_eq(gyre_reader_start(reader), 0);
	ck_assert_int_eq(gyre_reader_start(other), 0);
	for (int i = 0; i < _i; i++)
		gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(calls, _i >= 6);
	ck_assert_int_eq(gyre_reader_destroy(reader), 0);
	for (int i = 0; i < 10; i++)
		gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(calls, _i >= 6);
	ck_assert_uint_eq(other_calls, 1);
	ck_assert_int_eq(gyre_reader_destroy(other), 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

/* The loop goes first: what was started is finished, however many chunks that takes. */
START_TEST(a_loop_may_end_first)
{
	struct gyre_snapshot *snapshot;
	struct gyre_reader *reader, *orphan;
	unsigned calls = 0;

	make(0, 3, LINKS);
	reader = reader_of(1, count_up, &calls);
	orphan = reader_of(1, count_up, &calls);
	ck_assert_int_eq(gyre_reader_start(reader), 0);
	ck_assert_int_eq(gyre_reader_start(orphan), 0);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_int_eq(gyre_reader_destroy(orphan), 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_uint_eq(calls, 1);
	ck_assert_int_eq(gyre_reader_take(reader, &snapshot), 0);
	ck_assert_uint_eq(snapshot->n_nodes, 3);
	ck_assert_uint_eq(snapshot->n_links, LINKS);
	gyre_snapshot_destroy(snapshot);
	ck_assert_int_eq(gyre_reader_destroy(reader), 0);
}
END_TEST

/* One in virtual time is awake until it has read; then time goes on. */
START_TEST(virtual_time_waits_for_a_reading)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_snapshot *snapshot;
	struct gyre_reader *reader;
	struct gyre_clock *vclock;

	ck_assert_int_eq(gyre_clock_virtual_create(0, &vclock), 0);
	options.clock = vclock;
	ck_assert_int_eq(gyre_loop_create(&options, &loop), 0);
	ck_assert_int_eq(gyre_process_spawn(loop, sleeper, NULL, NULL, NULL), 0);
	reader = reader_of(1, NULL, NULL);
	ck_assert_int_eq(gyre_reader_start(reader), 0);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	ck_assert_uint_ge(gyre_clock_now(vclock), GYRE_SEC(3600));
	ck_assert_int_eq(gyre_reader_take(reader, &snapshot), 0);
	ck_assert_uint_lt(snapshot->now + snapshot->taken_nsec, GYRE_SEC(1));
	ck_assert_uint_eq(snapshot->n_processes, 1);
	gyre_snapshot_destroy(snapshot);
	gyre_reader_destroy(reader);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_int_eq(gyre_clock_destroy(vclock), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("reader");
	TCase *tcase = tcase_create("reader");

	tcase_add_test(tcase, it_is_what_a_snapshot_says);
	tcase_add_test(tcase, a_turn_copies_a_chunk_and_no_more);
	tcase_add_test(tcase, empty_places_are_passed_in_chunks_too);
	tcase_add_test(tcase, stacks_may_be_left_out);
	tcase_add_loop_test(tcase, the_loop_makes_no_system_call, 0, 2);
	tcase_add_test(tcase, misuse_is_told);
	tcase_add_test(tcase, not_inside_its_fn);
	tcase_add_loop_test(tcase, a_reader_may_end_first, 0, 9);
	tcase_add_test(tcase, a_loop_may_end_first);
	tcase_add_test(tcase, virtual_time_waits_for_a_reading);
	suite_add_tcase(suite, tcase);
	return suite;
}
