/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/mailbox.c: items reach the process that is served, in order; a full box drops and counts;
 * what nobody took is released.
 */
#include "harness.h"

#include <errno.h>
#include <gyre.h>
#include <stdio.h>
#include <string.h>

#define MAIL GYRE_EVENT(3)

static struct gyre_loop *loop;
static struct gyre_node_id box;
static unsigned released, received;
static int values[1000];

static void release(void *const *items, unsigned n)
{
	(void)items;
	released += n;
}

static int trace(const void *item, char *text, size_t size)
{
	return snprintf(text, size, "%d", *(const int *)item);
}

static const struct gyre_item_ops ops = {.release = release, .trace = trace};

static void make(unsigned capacity)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	options.items = &ops;
	options.vector = 8;
	released = received = 0;
	for (int i = 0; i < 1000; i++)
		values[i] = i;
	ck_assert_int_eq(gyre_loop_create(&options, &loop), 0);
	ck_assert_int_eq(gyre_mailbox_add(loop, "box", capacity, NULL, &box), 0);
}

static void inject(unsigned first, unsigned n)
{
	void *items[1000];

	for (unsigned i = 0; i < n; i++)
		items[i] = &values[first + i];
	ck_assert_int_eq(gyre_node_inject(loop, box, items, n), (int)n);
}

static int reader(struct gyre_process *self, void *arg)
{
	unsigned until = *(unsigned *)arg;
	uint32_t events;
	void *items[5];

	while (received < until) {
		int n;

		if (gyre_process_wait(self, GYRE_EVENT_USER, GYRE_FOREVER, &events) < 0)
			return 1;
		ck_assert_uint_eq(events, MAIL);
		while ((n = gyre_mailbox_take(gyre_process_loop(self), box, items, 5)) > 0)
			for (int i = 0; i < n; i++)
				ck_assert_int_eq(*(int *)items[i], (int)received++);
		ck_assert_int_eq(n, 0);
	}
	return 0;
}

START_TEST(a_process_takes_items_in_order)
{
	struct gyre_process_stats stats;
	struct gyre_process_id id;
	unsigned until = 300;
	uint64_t runs;

	make(1000);
	inject(0, 100); /* there before anybody is served */
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_int_eq(gyre_process_spawn(loop, reader, &until, NULL, &id), 0);
	ck_assert_int_eq(gyre_mailbox_serve(loop, box, id, MAIL), 0);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(received, 100);
	/* An empty box has nothing to tell whom it serves. */
	ck_assert_int_eq(gyre_process_stats_get(id, &stats), 0);
	ck_assert_int_eq(gyre_mailbox_serve(loop, box, id, MAIL), 0);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	runs = stats.runs;
	ck_assert_int_eq(gyre_process_stats_get(id, &stats), 0);
	ck_assert_uint_eq(stats.runs, runs);
	inject(100, 200);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	ck_assert_uint_eq(received, 300);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_uint_eq(released, 0);
}
END_TEST

START_TEST(a_full_box_drops_and_counts)
{
	const struct gyre_node_stats *stats;
	struct gyre_snapshot *snapshot;
	void *items[20];

	make(11);
	inject(0, 20);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(released, 9);
	ck_assert_int_eq(gyre_snapshot_create(loop, &snapshot), 0);
	stats = gyre_snapshot_find(snapshot, "box");
	ck_assert_ptr_nonnull(stats);
	ck_assert_str_eq(stats->reasons[0].name, "mailbox-full");
	ck_assert_uint_eq(stats->drops[0], 9);
	ck_assert_uint_eq(stats->items, stats->kept + stats->dropped);
	gyre_snapshot_destroy(snapshot);
	ck_assert_int_eq(gyre_mailbox_take(loop, box, items, 4), 4);
	ck_assert_int_eq(gyre_mailbox_take(loop, box, items + 4, 16), 7);
	for (int i = 0; i < 11; i++)
		ck_assert_int_eq(*(int *)items[i], i);
	ck_assert_int_eq(gyre_mailbox_take(loop, box, items, 16), 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

/* Other functions stand in for the node's own then. */
START_TEST(a_traced_or_disabled_box_can_be_emptied)
{
	void *items[20];

	make(20);
	ck_assert_int_eq(gyre_node_trace(loop, box, 1000), 0);
	inject(0, 7);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_int_eq(gyre_mailbox_take(loop, box, items, 3), 3);
	ck_assert_int_eq(gyre_node_disable(loop, box), 0);
	ck_assert_int_eq(gyre_mailbox_take(loop, box, items + 3, 17), 4);
	for (int i = 0; i < 7; i++)
		ck_assert_int_eq(*(int *)items[i], i);
	ck_assert_int_eq(gyre_mailbox_serve(loop, box, (struct gyre_process_id){0}, 0), 0);
	inject(7, 2);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(released, 2);
	ck_assert_int_eq(gyre_mailbox_take(loop, box, items, 20), 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_uint_eq(released, 2);
}
END_TEST

START_TEST(what_nobody_took_is_released)
{
	make(100);
	inject(0, 70);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_uint_eq(released, 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_uint_eq(released, 70);
}
END_TEST

static gyre_next keep(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

static const struct gyre_node_class no_mailbox = {
	.name = "no-mailbox", .kind = GYRE_NODE_OUTPUT, .process = keep};

START_TEST(bad_calls_are_errors_with_text)
{
	struct gyre_process_id nobody = {0}, dead;
	struct gyre_node_id none = {77, 77}, other;
	struct gyre_error error;
	unsigned until = 0;
	void *item;

	make(10);
	ck_assert_int_eq(gyre_mailbox_add(loop, "none", 0, &error, NULL), -EINVAL);
	ck_assert_str_eq(error.text, "mailbox 'none': capacity is 0, not from 1 to 65536");
	ck_assert_int_eq(gyre_mailbox_add(loop, "huge", 65537, NULL, NULL), -EINVAL);
	ck_assert_int_eq(gyre_mailbox_add(loop, "box", 1, &error, NULL), -EEXIST);
	ck_assert_ptr_nonnull(strstr(error.text, "box"));
	ck_assert_int_eq(gyre_mailbox_take(loop, none, &item, 1), -ESRCH);
	ck_assert_int_eq(gyre_mailbox_serve(loop, none, nobody, 0), -ESRCH);
	ck_assert_int_eq(gyre_node_add(loop, &no_mailbox, "other", NULL, &other), 0);
	ck_assert_int_eq(gyre_mailbox_take(loop, other, &item, 1), -EINVAL);
	ck_assert_int_eq(gyre_process_spawn(loop, reader, &until, NULL, &dead), 0);
	ck_assert_int_eq(gyre_mailbox_serve(loop, box, dead, 0), -EINVAL);
	ck_assert_int_eq(gyre_mailbox_serve(loop, box, dead, GYRE_EVENT_MESSAGE), -EINVAL);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	ck_assert_int_eq(gyre_mailbox_serve(loop, box, dead, MAIL), -ESRCH);
	inject(0, 1);
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	ck_assert_int_eq(gyre_mailbox_serve(loop, box, dead, MAIL), -ESRCH);
	ck_assert_int_eq(gyre_mailbox_serve(loop, box, nobody, 0), 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_uint_eq(released, 1);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("mailbox");
	TCase *tcase = tcase_create("mailbox");

	tcase_add_test(tcase, a_process_takes_items_in_order);
	tcase_add_test(tcase, a_full_box_drops_and_counts);
	tcase_add_test(tcase, a_traced_or_disabled_box_can_be_emptied);
	tcase_add_test(tcase, what_nobody_took_is_released);
	tcase_add_test(tcase, bad_calls_are_errors_with_text);
	suite_add_tcase(suite, tcase);
	return suite;
}
