/* SPDX-License-Identifier: Apache-2.0 */
/* Columns as wide as their cells, in columns of the terminal. */
#include "gyrectl/table.h"
#include "harness.h"

#include <locale.h>
#include <stdlib.h>

static const struct table_column columns[] = {
	{"Name", false, 0}, {"Count", true, 8}, {"Next", false, 0}};
static struct table table;

static void set_up(void)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	table_init(&table, columns, 3);
}

static void put_row(const char *name, int count, const char *next)
{
	table_put(&table, PAGE_PLAIN, "%s", name);
	table_put(&table, PAGE_PLAIN, "%d", count);
	table_put(&table, PAGE_PLAIN, "%s", next);
}

static void writes(struct page *page, const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	page_write(page, out, false);
	fclose(out);
	page_fini(page);
	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(columns_are_as_wide_as_needed)
{
	struct page page = {0};

	put_row("a", 1, "b");
	put_row("木木木", 123456789, "");
	table_finish(&table, &page);
	writes(&page, "Name        Count  Next\n"
		      "a               1  b\n"
		      "木木木  123456789\n");
}
END_TEST

START_TEST(a_part_has_the_titles)
{
	struct page page = {0};

	for (int i = 0; i < 10; i++)
		put_row("n", i, "-");
	ck_assert_uint_eq(table_rows(&table), 10);
	table_write(&table, &page, 8, 5);
	writes(&page, "Name     Count  Next\n"
		      "n            8  -\n"
		      "n            9  -\n");
	table_write(&table, &page, 2, 1);
	writes(&page, "Name     Count  Next\n"
		      "n            2  -\n");
	table_fini(&table);
}
END_TEST

START_TEST(an_empty_table_is_its_titles)
{
	struct page page = {0};

	table_finish(&table, &page);
	writes(&page, "Name     Count  Next\n");
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("table");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, columns_are_as_wide_as_needed);
	tcase_add_test(tcase, a_part_has_the_titles);
	tcase_add_test(tcase, an_empty_table_is_its_titles);
	suite_add_tcase(suite, tcase);
	return suite;
}
