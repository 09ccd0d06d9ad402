/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/link.c: links are published in order under names of their own, changes are counted and dated,
 * what is misused is told or does nothing, and a reading goes on past a link that is deleted.
 */
#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "loop.h"
#include "snapshot.h"

static struct gyre_clock *vclock;
static struct gyre_loop *loop;

static void setup(void)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	ck_assert_int_eq(gyre_clock_virtual_create(GYRE_SEC(1), &vclock), 0);
	options.clock = vclock;
	ck_assert_int_eq(gyre_loop_create(&options, &loop), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_int_eq(gyre_clock_destroy(vclock), 0);
}

static void links_check(const char *const *names, unsigned n)
{
	struct gyre_snapshot *snapshot;

	ck_assert_int_eq(gyre_snapshot_create(loop, &snapshot), 0);
	ck_assert_uint_eq(snapshot->n_links, n);
	for (unsigned i = 0; i < n; i++)
		ck_assert_str_eq(snapshot->links[i].name, names[i]);
	gyre_snapshot_destroy(snapshot);
}

START_TEST(links_are_listed_in_the_order_of_adding)
{
	static const char *const names[] = {"wan", "lan", "tunnel"};
	static const char *const without_first[] = {"lan", "tunnel"};
	static const char *const without_last[] = {"lan"};
	static const char *const again[] = {"lan", "wan"};
	struct gyre_link links[3] = {0};

	links_check(NULL, 0);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(gyre_link_add(loop, &links[i], names[i], true), 0);
	links_check(names, 3);
	gyre_link_del(&links[0]);
	links_check(without_first, 2);
	gyre_link_del(&links[2]);
	links_check(without_last, 1);
	ck_assert_int_eq(gyre_link_add(loop, &links[0], "wan", false), 0);
	links_check(again, 2);
	gyre_link_del(&links[1]);
	gyre_link_del(&links[0]);
	links_check(NULL, 0);
}
END_TEST

START_TEST(changes_are_counted_and_dated)
{
	struct gyre_link link = {0};
	struct gyre_snapshot *snapshot;

	ck_assert_int_eq(gyre_link_add(loop, &link, "wan", false), 0);
	ck_assert_uint_eq(link.state.changed, GYRE_SEC(1));
	gyre_clock_advance(vclock, GYRE_SEC(2));
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	gyre_link_set(&link, false);
	ck_assert_uint_eq(link.state.changes, 0);
	ck_assert_uint_eq(link.state.changed, GYRE_SEC(1));
	gyre_link_set(&link, true);
	gyre_link_set(&link, true);
	gyre_clock_advance(vclock, GYRE_SEC(3));
	gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	gyre_link_set(&link, false);
	ck_assert_int_eq(gyre_snapshot_create(loop, &snapshot), 0);
	ck_assert(!snapshot->links[0].up);
	ck_assert_uint_eq(snapshot->links[0].changes, 2);
	ck_assert_uint_eq(snapshot->links[0].changed, GYRE_SEC(3));
	gyre_snapshot_destroy(snapshot);
}
END_TEST

START_TEST(names_are_checked)
{
	char name[GYRE_LINK_NAME_SIZE + 1];
	struct gyre_link first = {0}, second = {0};

	memset(name, 'x', sizeof(name));
	name[GYRE_LINK_NAME_SIZE] = '\0';
	ck_assert_int_eq(gyre_link_add(loop, &first, NULL, true), -EINVAL);
	ck_assert_int_eq(gyre_link_add(loop, &first, "", true), -EINVAL);
	ck_assert_int_eq(gyre_link_add(loop, &first, name, true), -EINVAL);
	ck_assert_int_eq(gyre_link_add(loop, &first, name + 1, true), 0);
	ck_assert_int_eq(gyre_link_add(loop, &second, name + 1, true), -EEXIST);
	ck_assert_int_eq(gyre_link_add(loop, &first, "other", true), -EEXIST);
	ck_assert_int_eq(gyre_link_add(loop, &second, "other", true), 0);
	ck_assert_str_eq(first.state.name, name + 1);
}
END_TEST

START_TEST(one_that_was_not_added_does_nothing)
{
	struct gyre_link link = {0};

	gyre_link_set(&link, true);
	gyre_link_del(&link);
	ck_assert(!link.state.up);
	ck_assert_int_eq(gyre_link_add(loop, &link, "wan", true), 0);
	gyre_link_del(&link);
	gyre_link_del(&link);
	gyre_link_set(&link, true);
	links_check(NULL, 0);
}
END_TEST

/* Deletes the link that the reading comes to next, `deleted` links of five in all, after each
 * chunk of one; what is left is read once, in order. */
START_TEST(a_reading_goes_on_past_a_deleted_link)
{
	char memory[5 * sizeof(struct gyre_link_state)];
	struct gyre__reading reading = {
		.loop = loop, .copy = {.memory = memory, .size = sizeof(memory)}};
	struct gyre_link links[5] = {0};
	unsigned deleted = (unsigned)_i, n = 0;
	bool over = false;

	for (unsigned i = 0; i < 5; i++) {
		char name[8];

		snprintf(name, sizeof(name), "link%u", i);
		ck_assert_int_eq(gyre_link_add(loop, &links[i], name, true), 0);
	}
	gyre__reading_begin(&reading);
	while (!over) {
		over = gyre__reading_go_on(&reading, 1);
		if (!over && reading.pass == GYRE__PASS_LINKS && reading.link && n < deleted) {
			gyre_link_del(reading.link);
			n++;
		}
	}
	ck_assert_uint_eq(n, deleted);
	ck_assert_uint_eq(reading.counts[GYRE__PASS_LINKS], 5 - deleted);
	ck_assert_uint_le(reading.copy.used, sizeof(memory));
	ck_assert_ptr_null(gyre__loop_of(loop)->readings);
	for (unsigned i = 0; i < 5; i++)
		gyre_link_del(&links[i]);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("link");
	TCase *tcase = tcase_create("link");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, links_are_listed_in_the_order_of_adding);
	tcase_add_test(tcase, changes_are_counted_and_dated);
	tcase_add_test(tcase, names_are_checked);
	tcase_add_test(tcase, one_that_was_not_added_does_nothing);
	tcase_add_loop_test(tcase, a_reading_goes_on_past_a_deleted_link, 0, 3);
	suite_add_tcase(suite, tcase);
	return suite;
}
