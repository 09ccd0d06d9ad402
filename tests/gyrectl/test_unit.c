/* SPDX-License-Identifier: Apache-2.0 */
/* Figures as people read them: each unit's steps and what rounding does at them. */
#include "gyrectl/unit.h"
#include "harness.h"

#include <math.h>
#include <string.h>

START_TEST(rates_have_three_digits)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {{0, "0"}, {-1, "0"}, {0.5, "0.50"}, {9.994, "9.99"}, {9.996, "10.0"},
		{12.34, "12.3"}, {99.96, "100"}, {999.4, "999"}, {999.6, "1.00k"}, {1234, "1.23k"},
		{999600, "1.00M"}, {14.88e6, "14.9M"}, {7.89e9, "7.89G"}, {1.8e19, "18.0E"},
		{INFINITY, "0"}, {NAN, "0"}};
	char text[UNIT_SIZE];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(unit_rate(text, cases[i].value), cases[i].text);
}
END_TEST

START_TEST(times_have_their_unit)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {{0, "0"}, {1, "1ns"}, {850, "850ns"}, {999.6, "1.00us"}, {1230, "1.23us"},
		{45.6e6, "45.6ms"}, {999.7e6, "1.00s"}, {12.3e9, "12.3s"}, {59.9e9, "59.9s"},
		{59.96e9, "0m59s"}, {60e9, "1m00s"}, {309e9, "5m09s"}, {3599e9, "59m59s"},
		{11040e9, "3h04m"}, {86400e9, "1d00h"}, {190800e9, "2d05h"},
		{1.8446744073709551615e19, "213503d23h"}};
	char text[UNIT_SIZE];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(unit_nsec(text, cases[i].value), cases[i].text);
}
END_TEST

START_TEST(bytes_are_binary)
{
	char text[UNIT_SIZE];

	ck_assert_str_eq(unit_bytes(text, 0), "0");
	ck_assert_str_eq(unit_bytes(text, 1023), "1023");
	ck_assert_str_eq(unit_bytes(text, 1024), "1K");
	ck_assert_str_eq(unit_bytes(text, 1536), "1.5K");
	ck_assert_str_eq(unit_bytes(text, 65536), "64K");
	ck_assert_str_eq(unit_bytes(text, 1048575), "1M");
	ck_assert_str_eq(unit_bytes(text, (uint64_t)3 << 40), "3T");
}
END_TEST

START_TEST(clocks_are_as_vpp_writes_them)
{
	char text[UNIT_SIZE];

	ck_assert_str_eq(unit_science(text, 0, 2), "0.00e0");
	ck_assert_str_eq(unit_science(text, 31.25, 2), "3.12e1");
	ck_assert_str_eq(unit_science(text, 12345, 2), "1.23e4");
	ck_assert_str_eq(unit_science(text, 9.999, 2), "1.00e1");
	ck_assert_str_eq(unit_science(text, 0.05, 2), "5.00e-2");
	ck_assert_str_eq(unit_science(text, 1e10, 4), "1.0000e10");
	ck_assert_str_eq(unit_science(text, -1, 2), "0.00e0");
	ck_assert_str_eq(unit_science(text, NAN, 2), "0.00e0");
}
END_TEST

/* Any power of two: never empty, never wider than its column. */
START_TEST(columns_hold_any_counter)
{
	char text[UNIT_SIZE];

	for (int i = 0; i < 64; i++) {
		double value = ldexp(1, i);

		ck_assert_uint_le(strlen(unit_rate(text, value)), 5);
		ck_assert_uint_gt(strlen(text), 0);
		ck_assert_uint_le(strlen(unit_bytes(text, (uint64_t)1 << i)), 5);
		ck_assert_uint_gt(strlen(text), 0);
	}
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("unit");
	TCase *tcase = tcase_create("unit");

	tcase_add_test(tcase, rates_have_three_digits);
	tcase_add_test(tcase, times_have_their_unit);
	tcase_add_test(tcase, bytes_are_binary);
	tcase_add_test(tcase, clocks_are_as_vpp_writes_them);
	tcase_add_test(tcase, columns_hold_any_counter);
	suite_add_tcase(suite, tcase);
	return suite;
}
