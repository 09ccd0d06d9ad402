/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of styled runs, written plainly and in colour. */
#include "gyrectl/page.h"
#include "harness.h"

#include <stdlib.h>

static struct page page;

static void writes(bool colour, const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	page_write(&page, out, colour);
	fclose(out);
	ck_assert_str_eq(text, wanted);
	free(text);
	ck_assert(!page.failed);
	page_fini(&page);
}

START_TEST(an_empty_page_writes_nothing)
{
	writes(true, "");
}
END_TEST

START_TEST(lines_are_cut_of_blanks)
{
	page_put(&page, PAGE_PLAIN, "%-8s", "a");
	page_put(&page, PAGE_BOLD, "   ");
	page_end(&page);
	page_end(&page);
	page_line(&page, "  %d", 7);
	ck_assert_uint_eq(page.n_lines, 3);
	writes(false, "a\n\n  7\n");
}
END_TEST

START_TEST(colours_end_with_their_run)
{
	page_put(&page, PAGE_BAD, "down ");
	page_put(&page, PAGE_PLAIN, "x");
	page_put(&page, PAGE_GOOD, "up ");
	page_end(&page);
	writes(true, "\033[31mdown \033[0mx\033[32mup\033[0m\n");
}
END_TEST

START_TEST(a_page_grows)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < 5000; i++)
		page_line(&page, "%99d", i);
	page_write(&page, out, true);
	fclose(out);
	ck_assert_uint_eq(size, 5000 * 100);
	ck_assert_str_eq(text + size - 5, "4999\n");
	free(text);
	page_fini(&page);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("page");
	TCase *tcase = tcase_create("page");

	tcase_add_test(tcase, an_empty_page_writes_nothing);
	tcase_add_test(tcase, lines_are_cut_of_blanks);
	tcase_add_test(tcase, colours_end_with_their_run);
	tcase_add_test(tcase, a_page_grows);
	suite_add_tcase(suite, tcase);
	return suite;
}
