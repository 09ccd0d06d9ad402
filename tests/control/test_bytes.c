/* SPDX-License-Identifier: Apache-2.0 */
/* Queues of bytes: in order, once, and no memory for nothing. */
#include "control/bytes.h"

#include <stdlib.h>

#include "harness.h"

START_TEST(bytes_come_out_as_they_went_in)
{
	struct gyre__bytes bytes = {NULL, 0, 0, 0};
	unsigned char in = 0, out = 0;
	unsigned seed = 7;

	for (int i = 0; i < 20000; i++) {
		size_t more = (size_t)rand_r(&seed) % 300, less = (size_t)rand_r(&seed) % 300;
		unsigned char *room = (unsigned char *)gyre__bytes_reserve(&bytes, more + 1);

		for (size_t k = 0; k < more; k++)
			room[k] = in++;
		bytes.n += more;
		less = less < bytes.n ? less : bytes.n;
		for (size_t k = 0; k < less; k++)
			ck_assert_uint_eq((unsigned char)gyre__bytes_at(&bytes)[k], out++);
		gyre__bytes_take(&bytes, less);
		ck_assert_uint_le(bytes.first + bytes.n, bytes.capacity);
	}
	gyre__bytes_fini(&bytes);
}
END_TEST

START_TEST(an_empty_one_holds_no_memory)
{
	struct gyre__bytes bytes = {NULL, 0, 0, 0};

	ck_assert_int_eq(gyre__bytes_append(&bytes, "abc", 3), 0);
	gyre__bytes_take(&bytes, 2);
	ck_assert_uint_eq(bytes.n, 1);
	ck_assert_int_eq(*gyre__bytes_at(&bytes), 'c');
	gyre__bytes_take(&bytes, 1);
	ck_assert_ptr_null(bytes.data);
	ck_assert_uint_eq(bytes.capacity, 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("bytes");
	TCase *tcase = tcase_create("bytes");

	tcase_add_test(tcase, bytes_come_out_as_they_went_in);
	tcase_add_test(tcase, an_empty_one_holds_no_memory);
	suite_add_tcase(suite, tcase);
	return suite;
}
