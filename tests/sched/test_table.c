/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/table.c: blocks never move, come back last in first out, and change their generation;
 * the table ends where it was told to.
 */
#include "harness.h"

#include "sched/process.h"

#include <errno.h>

static struct gyre__table table;

static struct gyre_process *get(void)
{
	struct gyre_process *process = NULL;

	ck_assert_int_eq(gyre__table_get(&table, &process), 0);
	return process;
}

START_TEST(blocks_never_move)
{
	enum { COUNT = 3 * GYRE__TABLE_CHUNK + 1 };
	static struct gyre_process *blocks[COUNT];

	ck_assert_int_eq(gyre__table_init(&table, 100000), 0);
	for (uint32_t i = 0; i < COUNT; i++) {
		blocks[i] = get();
		ck_assert_uint_eq(blocks[i]->index, i);
		ck_assert_uint_eq((uintptr_t)blocks[i] % 64, 0);
	}
	for (uint32_t i = 0; i < COUNT; i++)
		ck_assert_ptr_eq(gyre__table_at(&table, i), blocks[i]);
	ck_assert_ptr_null(gyre__table_at(&table, COUNT));
	ck_assert_ptr_null(gyre__table_at(&table, UINT32_MAX));
	gyre__table_fini(&table);
	ck_assert_ptr_null(gyre__table_at(&table, 0));
}
END_TEST

START_TEST(last_in_first_out)
{
	struct gyre_process *a, *b;

	ck_assert_int_eq(gyre__table_init(&table, 8), 0);
	a = get();
	b = get();
	gyre__table_put(&table, a);
	gyre__table_put(&table, b);
	ck_assert_ptr_eq(get(), b);
	ck_assert_ptr_eq(get(), a);
	ck_assert_uint_eq(get()->index, 2);
	gyre__table_fini(&table);
}
END_TEST

START_TEST(each_occupant_has_a_generation)
{
	struct gyre_process *a;
	uint32_t first;

	ck_assert_int_eq(gyre__table_init(&table, 1), 0);
	a = get();
	first = a->generation;
	ck_assert_uint_ne(first, 0);
	gyre__table_put(&table, a);
	ck_assert_uint_ne(a->generation, first);
	/* 0 is nobody's, also after four billion. */
	get()->generation = UINT32_MAX;
	gyre__table_put(&table, a);
	ck_assert_uint_eq(get()->generation, 1);
	gyre__table_fini(&table);
}
END_TEST

START_TEST(the_table_ends)
{
	struct gyre_process *process = NULL, *last = NULL;

	/* Not a whole number of chunks. */
	ck_assert_int_eq(gyre__table_init(&table, GYRE__TABLE_CHUNK + 3), 0);
	for (uint32_t i = 0; i < GYRE__TABLE_CHUNK + 3; i++)
		last = get();
	ck_assert_int_eq(gyre__table_get(&table, &process), -EAGAIN);
	ck_assert_ptr_null(process);
	gyre__table_put(&table, last);
	ck_assert_ptr_eq(get(), last);
	gyre__table_fini(&table);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("table");

	tcase_add_test(tcase, blocks_never_move);
	tcase_add_test(tcase, last_in_first_out);
	tcase_add_test(tcase, each_occupant_has_a_generation);
	tcase_add_test(tcase, the_table_ends);
	suite_add_tcase(suite, tcase);
	return suite;
}
