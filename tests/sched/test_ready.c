/* SPDX-License-Identifier: Apache-2.0 */
/* lib/sched/ready.c: the ring keeps its order while it grows, wherever it begins. */
#include "harness.h"

#include "fixture.h"
#include "sched/ready.h"

#include <string.h>

static struct gyre__ready ready;

/* Stand-ins for processes: only their addresses are looked at. */
static char blocks[1000];

static struct gyre_process *block(unsigned i)
{
	return (struct gyre_process *)(void *)&blocks[i];
}

static void add(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		gyre__ready_add(&ready, block(i));
}

static void expect(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		ck_assert_ptr_eq(gyre__ready_at(&ready, ready.first++), block(i));
}

START_TEST(first_in_first_out)
{
	ck_assert_int_eq(gyre__ready_reserve(&ready, 3), 0);
	ck_assert(gyre__ready_empty(&ready));
	for (unsigned i = 0; i + 3 <= sizeof(blocks); i += 3) {
		add(i, i + 3);
		ck_assert(!gyre__ready_empty(&ready));
		expect(i, i + 3);
		ck_assert(gyre__ready_empty(&ready));
	}
	gyre__ready_fini(&ready);
	ck_assert_ptr_null(ready.places);
}
END_TEST

START_TEST(grows_around_its_end)
{
	/* The counters wrap around, too. */
	ready.first = ready.end = UINT32_MAX - 20;
	ck_assert_int_eq(gyre__ready_reserve(&ready, 50), 0);
	add(0, 40);
	expect(0, 30);
	add(40, 80);
	ck_assert_int_eq(gyre__ready_reserve(&ready, 900), 0);
	add(80, 930);
	expect(30, 930);
	ck_assert(gyre__ready_empty(&ready));
	gyre__ready_fini(&ready);
}
END_TEST

START_TEST(room_that_is_there_is_kept)
{
	struct gyre_process **places;

	ck_assert_int_eq(gyre__ready_reserve(&ready, 5), 0);
	places = ready.places;
	ck_assert_int_eq(gyre__ready_reserve(&ready, ready.mask), 0);
	ck_assert_ptr_eq(ready.places, places);
	gyre__ready_fini(&ready);
}
END_TEST

static struct fixture f;
static char story[64];

static int tell(struct gyre_process *self, void *arg)
{
	do
		strcat(story, arg);
	while (gyre_process_yield(self) == 0);
	return 0;
}

static int count(struct gyre_process *self, void *arg)
{
	do
		++*(unsigned *)arg;
	while (gyre_process_yield(self) == 0);
	return 0;
}

/* Spawns more than the ready list has places for while it is gone through. */
static int spawn_many(struct gyre_process *self, void *arg)
{
	static unsigned runs[200];

	strcat(story, "s");
	for (unsigned i = 0; i < 200; i++)
		fixture_spawn(&f, "new", count, &runs[i]);
	while (gyre_process_yield(self) == 0)
		strcat(story, arg);
	return 0;
}

START_TEST(the_ready_list_grows_while_it_is_gone_through)
{
	unsigned runs[60] = {0};

	fixture_open(&f, 300);
	fixture_spawn(&f, "a", tell, "a");
	fixture_spawn(&f, "s", spawn_many, "t");
	for (unsigned i = 0; i < 60; i++)
		fixture_spawn(&f, "old", count, &runs[i]);
	fixture_spawn(&f, "b", tell, "b");
	ck_assert_uint_eq(fixture_run(&f, GYRE_SEC(1)), 63);
	ck_assert_uint_eq(fixture_run(&f, GYRE_SEC(1)), 263);
	ck_assert_str_eq(story, "asbatb");
	for (unsigned i = 0; i < 60; i++)
		ck_assert_uint_eq(runs[i], 2);
	fixture_close(&f);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("ready");
	TCase *tcase = tcase_create("ready");

	tcase_add_test(tcase, first_in_first_out);
	tcase_add_test(tcase, grows_around_its_end);
	tcase_add_test(tcase, room_that_is_there_is_kept);
	tcase_add_test(tcase, the_ready_list_grows_while_it_is_gone_through);
	suite_add_tcase(suite, tcase);
	return suite;
}
