/* SPDX-License-Identifier: Apache-2.0 */
/* lib/graph/drop.c: every code that is no next ends the items once, and under its reason. */
#include "graph/drop.h"
#include "graph/rig.h"
#include "harness.h"

#include <signal.h>
#include <stdlib.h>

static struct gyre_node *node_create(struct rig *rig)
{
	rig_probe(rig, "a", RIG_NEXTS("end"));
	rig_add(rig, &rig_end_class, "end");
	rig_build(rig);
	return rig_node(rig, "a")->hot;
}

static void **vector(struct rig *rig, unsigned n)
{
	static void *items[16];

	for (unsigned i = 0; i < n; i++)
		items[i] = rig_item_new(rig, 0, i);
	return items;
}

START_TEST(drop_codes)
{
	struct rig *rig = rig_new(4);
	struct gyre_node *node = node_create(rig);

	gyre__drop_code(node, gyre_drop(0), vector(rig, 3), 3);
	gyre__drop_code(node, gyre_drop(1), vector(rig, 2), 2);
	gyre__drop_builtin(node, GYRE__REASON_HOP_BUDGET, vector(rig, 1), 1);
	ck_assert_uint_eq(rig_drops(rig, "a", "red"), 3);
	ck_assert_uint_eq(rig_drops(rig, "a", "blue"), 2);
	ck_assert_uint_eq(rig_drops(rig, "a", "hop-budget"), 1);
	ck_assert_uint_eq(node->cold->dropped, 6);
	ck_assert_uint_eq(rig->released, 6);
	rig_free(rig);
}
END_TEST

START_TEST(keep_is_only_counted)
{
	struct rig *rig = rig_new(4);
	struct gyre_node *node = node_create(rig);
	void **items = vector(rig, 2);

	gyre__drop_code(node, GYRE_NEXT_KEEP, items, 2);
	ck_assert_uint_eq(node->kept, 2);
	ck_assert_uint_eq(node->cold->dropped, 0);
	ck_assert_uint_eq(rig->released, 0);
	/* They are the node's: it lets them go later. */
	gyre_node_drop(node, 1, items, 2);
	ck_assert_uint_eq(node->created, 2);
	ck_assert_uint_eq(rig_drops(rig, "a", "blue"), 2);
	ck_assert_uint_eq(rig->released, 2);
	rig_free(rig);
}
END_TEST

struct punted {
	struct gyre_node *node;
	unsigned reason, n, calls;
};

static void take(void *arg, struct gyre_node *node, unsigned reason, void **items, unsigned n)
{
	struct punted *punted = arg;

	*punted = (struct punted){node, reason, n, punted->calls + 1};
	for (unsigned i = 0; i < n; i++)
		rig_item_end(items[i]);
}

START_TEST(punt_codes)
{
	struct punted punted = {NULL, 0, 0, 0};
	struct gyre_node *node;
	struct rig rig;

	rig_init(&rig);
	rig.options.punt = take;
	rig.options.punt_arg = &punted;
	rig_create(&rig);
	node = node_create(&rig);
	gyre__drop_code(node, gyre_punt(1), vector(&rig, 3), 3);
	ck_assert_ptr_eq(punted.node, node);
	ck_assert_uint_eq(punted.reason, 1);
	ck_assert_uint_eq(punted.n, 3);
	ck_assert_uint_eq(punted.calls, 1);
	ck_assert_uint_eq(node->cold->punted, 3);
	ck_assert_uint_eq(node->cold->dropped, 0);
	ck_assert_uint_eq(rig_drops(&rig, "a", "blue"), 3);
	ck_assert_uint_eq(rig.released, 0);
	rig_destroy(&rig);
}
END_TEST

START_TEST(nobody_takes_punts)
{
	struct rig *rig = rig_new(4);
	struct gyre_node *node = node_create(rig);

	gyre__drop_code(node, gyre_punt(1), vector(rig, 3), 3);
	ck_assert_uint_eq(node->cold->punted, 0);
	ck_assert_uint_eq(node->cold->dropped, 3);
	ck_assert_uint_eq(rig_drops(rig, "a", "blue"), 3);
	ck_assert_uint_eq(rig->released, 3);
	rig_free(rig);
}
END_TEST

/* One next too many, reasons too high, a code within EACH, and what lies between the codes. */
static const gyre_next wrong[] = {1, 4096, 0x7fff, 0x8002, 0xbffe, 0xc002, 0xfffd, GYRE_NEXT_EACH};

START_TEST(wrong_codes)
{
	struct rig *rig = rig_new(4);
	struct gyre_node *node = node_create(rig);

	gyre__drop_code(node, wrong[_i], vector(rig, 3), 3);
	ck_assert_uint_eq(rig_drops(rig, "a", "bad-next"), 3);
	ck_assert_uint_eq(node->cold->dropped, 3);
	ck_assert_uint_eq(rig->released, 3);
	rig_free(rig);
}
END_TEST

START_TEST(wrong_reason_of_a_drop)
{
	struct rig *rig = rig_new(4);
	struct gyre_node *node = node_create(rig);

	gyre_node_drop(node, 2, vector(rig, 3), 3);
	ck_assert_uint_eq(rig_drops(rig, "a", "bad-next"), 3);
	ck_assert_uint_eq(rig->released, 3);
	rig_free(rig);
}
END_TEST

START_TEST(count_only_counts)
{
	struct rig *rig = rig_new(4);
	struct gyre_node *node = node_create(rig);

	gyre_node_count(node, 0, 5);
	gyre_node_count(node, 0, 6);
	gyre_node_count(node, 2, 7);
	ck_assert_uint_eq(rig_drops(rig, "a", "red"), 11);
	ck_assert_uint_eq(rig_drops(rig, "a", "bad-next"), 7);
	ck_assert_uint_eq(node->cold->dropped, 0);
	rig_free(rig);
}
END_TEST

START_TEST(clones)
{
	struct rig *rig = rig_new(4);
	struct gyre_node *node = node_create(rig);
	void **items = vector(rig, 1);
	void *copy = gyre_node_clone(node, items[0]);

	ck_assert_ptr_nonnull(copy);
	ck_assert_ptr_ne(copy, items[0]);
	rig_item_end(copy);
	rig->clone_max = 0;
	ck_assert_ptr_null(gyre_node_clone(node, items[0]));
	rig_item_end(items[0]);
	rig_free(rig);
}
END_TEST

START_TEST(items_without_operations)
{
	struct gyre_node *node;
	struct rig rig;
	char item;
	void *items[] = {&item};

	rig_init(&rig);
	rig.options.items = NULL;
	rig_create(&rig);
	node = node_create(&rig);
	gyre__drop_code(node, gyre_drop(0), items, 1);
	ck_assert_uint_eq(rig_drops(&rig, "a", "red"), 1);
	ck_assert_ptr_null(gyre_node_clone(node, &item));
	rig_destroy(&rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("drop");
	TCase *tcase = tcase_create("drop");

	tcase_add_test(tcase, drop_codes);
	tcase_add_test(tcase, keep_is_only_counted);
	tcase_add_test(tcase, punt_codes);
	tcase_add_test(tcase, nobody_takes_punts);
#ifdef GYRE_DEBUG
	/* A debug build ends there. */
	tcase_add_loop_test_raise_signal(
		tcase, wrong_codes, SIGABRT, 0, sizeof(wrong) / sizeof(*wrong));
	tcase_add_test_raise_signal(tcase, wrong_reason_of_a_drop, SIGABRT);
#else
	tcase_add_loop_test(tcase, wrong_codes, 0, sizeof(wrong) / sizeof(*wrong));
	tcase_add_test(tcase, wrong_reason_of_a_drop);
#endif
	tcase_add_test(tcase, count_only_counts);
	tcase_add_test(tcase, clones);
	tcase_add_test(tcase, items_without_operations);
	suite_add_tcase(suite, tcase);
	return suite;
}
