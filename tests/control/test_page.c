/* SPDX-License-Identifier: Apache-2.0 */
/* The document that is built in: whole, self-contained, and under a policy that names nobody. What
 * it shows is tested in a browser, by tests/control/page. */
#include "control/page.h"

#include <stdbool.h>
#include <string.h>

#include "harness.h"

START_TEST(the_document_is_whole)
{
	ck_assert_uint_eq(strlen(gyre__page), gyre__page_size);
	ck_assert_int_eq(strncmp(gyre__page, "<!doctype html>\n", 16), 0);
	ck_assert_str_eq(gyre__page + gyre__page_size - 8, "</html>\n");
	ck_assert_ptr_null(strstr(gyre__page, "\n@style@"));
	ck_assert_ptr_null(strstr(gyre__page, "\n@script@"));
}
END_TEST

/* The name of SVG's namespace is an address that nobody asks. */
START_TEST(it_names_no_other_host)
{
	static const char svg[] = "http://www.w3.org/2000/svg";

	for (const char *at = gyre__page; (at = strstr(at, "://")); at += 3) {
		ck_assert_uint_ge((size_t)(at - gyre__page), 4);
		ck_assert_int_eq(strncmp(at - 4, svg, sizeof(svg) - 1), 0);
	}
	ck_assert_ptr_null(strstr(gyre__page, "src=\""));
	ck_assert_ptr_null(strstr(gyre__page, "@import"));
}
END_TEST

START_TEST(the_policy_lets_only_the_document_run)
{
	const char *hash = gyre__page_csp;
	unsigned n = 0;

	for (; (hash = strstr(hash, "'sha256-")); hash++, n++)
		ck_assert_uint_eq(strcspn(hash + 1, "'"), strlen("sha256-") + 44);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(strncmp(gyre__page_csp, "default-src 'none'; ", 20), 0);
	ck_assert_ptr_null(strstr(gyre__page_csp, "unsafe"));
	ck_assert_ptr_null(strpbrk(gyre__page_csp, "*\r\n"));
}
END_TEST

/* A browser that has the policy from the header needs no style or handler in the text itself: those
 * would not be under any hash. */
START_TEST(nothing_in_it_escapes_the_hashes)
{
	ck_assert_ptr_null(strstr(gyre__page, " style=\""));
	ck_assert_ptr_null(strstr(gyre__page, " onclick="));
	ck_assert_ptr_null(strstr(gyre__page, "javascript:"));
	ck_assert_ptr_null(strstr(gyre__page, "innerHTML"));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("page");
	TCase *tcase = tcase_create("page");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, the_document_is_whole);
	tcase_add_test(tcase, it_names_no_other_host);
	tcase_add_test(tcase, the_policy_lets_only_the_document_run);
	tcase_add_test(tcase, nothing_in_it_escapes_the_hashes);
	return suite;
}
