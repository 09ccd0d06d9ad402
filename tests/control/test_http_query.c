/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-encoding; whole queries are asked in test_http_exchange.c. */
#include <string.h>

#include "control/http_query.h"
#include "harness.h"

static const struct {
	const char *encoded, *text; /* NULL: refused */
} cases[] = {
	{"", ""},
	{"main", "main"},
	{"%6dain", "main"},
	{"%6Dai%6e", "main"},
	{"a%20b%2fc%3D%26%25", "a b/c=&%"},
	{"%c3%a4", "\xc3\xa4"},
	{"%ff", "\xff"},
	{"a b", "a b"},
	{"%", NULL},
	{"%4", NULL},
	{"a%4", NULL},
	{"%4g", NULL},
	{"%g4", NULL},
	{"%%41", NULL},
	{"%+1", NULL},
	{"% 1", NULL},
	{"%00", NULL},
	{"main%00", NULL},
};

START_TEST(decoding)
{
	char text[64];

	strcpy(text, cases[_i].encoded);
	ck_assert_int_eq(gyre__http_query_decode(text), cases[_i].text != NULL);
	if (cases[_i].text)
		ck_assert_str_eq(text, cases[_i].text);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("http_query");
	TCase *tcase = tcase_create("http_query");

	tcase_add_loop_test(tcase, decoding, 0, sizeof(cases) / sizeof(*cases));
	suite_add_tcase(suite, tcase);
	return suite;
}
