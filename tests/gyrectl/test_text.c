/* SPDX-License-Identifier: Apache-2.0 */
/* Text from the server on its way to a terminal: what may pass, what is escaped, where it is cut.
 */
#include "gyrectl/text.h"
#include "harness.h"

#include <locale.h>
#include <string.h>

static void use_utf8(void)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
}

static void escapes_to(const char *from, const char *wanted)
{
	char text[TEXT_SIZE];

	ck_assert_str_eq(text_escape(text, sizeof(text), from), wanted);
}

START_TEST(printable_text_passes)
{
	escapes_to("", "");
	escapes_to("ip4-lookup", "ip4-lookup");
	escapes_to("d\xc3\xbc\x72re 木", "d\xc3\xbc\x72re 木");
}
END_TEST

START_TEST(what_moves_the_cursor_is_escaped)
{
	escapes_to("a\033[31mb", "a\\x1b[31mb");
	escapes_to("\r\n\t\b\a\177", "\\x0d\\x0a\\x09\\x08\\x07\\x7f");
	/* CSI of C1, a right-to-left override, a joiner without width */
	escapes_to("\xc2\x9b", "\\xc2\\x9b");
	escapes_to("\xe2\x80\xae", "\\xe2\\x80\\xae");
	escapes_to("\xe2\x80\x8d", "\\xe2\\x80\\x8d");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_escaped)
{
	escapes_to("\xff", "\\xff");
	escapes_to("\xc3", "\\xc3");
	escapes_to("\xc0\xaf", "\\xc0\\xaf");
	escapes_to("a\\b", "a\\\\b");
}
END_TEST

START_TEST(without_a_locale_only_ascii_passes)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C"));
	escapes_to("d\xc3\xbc", "d\\xc3\\xbc");
	escapes_to("\x9b", "\\x9b");
}
END_TEST

/* However long: within its size, ended, and never cut inside an escape or a character. */
START_TEST(long_text_is_cut)
{
	char from[64], text[16], around[18];

	for (size_t len = 0; len < sizeof(from) - 1; len++) {
		memset(from, 'x', len);
		from[len] = '\0';
		ck_assert_str_eq(
			text_escape(text, sizeof(text), from), len < 16 ? from : "xxxxxxxxxxxx...");
	}
	strcpy(from, "xxxxxxxxxx\033\033\033");
	ck_assert_str_eq(text_escape(text, sizeof(text), from), "xxxxxxxxxx...");
	memset(around, '#', sizeof(around));
	text_escape(around + 1, 16, "\033\033\033\033\033\033");
	ck_assert_int_eq(around[0], '#');
	ck_assert_int_eq(around[17], '#');
}
END_TEST

START_TEST(columns_are_not_bytes)
{
	ck_assert_uint_eq(text_columns(""), 0);
	ck_assert_uint_eq(text_columns("abc"), 3);
	ck_assert_uint_eq(text_columns("d\xc3\xbc"), 2);
	ck_assert_uint_eq(text_columns("木"), 2);
}
END_TEST

START_TEST(text_fits_by_columns)
{
	ck_assert_uint_eq(text_fit("abc", 3, 5), 3);
	ck_assert_uint_eq(text_fit("abc", 3, 2), 2);
	ck_assert_uint_eq(text_fit("abc", 3, 0), 0);
	ck_assert_uint_eq(text_fit("\xc3\xbc\xc3\xbc", 4, 1), 2);
	ck_assert_uint_eq(text_fit("木木", 6, 3), 3);
	ck_assert_uint_eq(text_fit("木", 3, 1), 0);
	ck_assert_uint_eq(text_fit("abc", 2, 5), 2);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("text");
	TCase *tcase = tcase_create("text");

	tcase_add_checked_fixture(tcase, use_utf8, NULL);
	tcase_add_test(tcase, printable_text_passes);
	tcase_add_test(tcase, what_moves_the_cursor_is_escaped);
	tcase_add_test(tcase, bytes_that_are_no_text_are_escaped);
	tcase_add_test(tcase, without_a_locale_only_ascii_passes);
	tcase_add_test(tcase, long_text_is_cut);
	tcase_add_test(tcase, columns_are_not_bytes);
	tcase_add_test(tcase, text_fits_by_columns);
	suite_add_tcase(suite, tcase);
	return suite;
}
