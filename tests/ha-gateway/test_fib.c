/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/fib.c: bad values, and random routes added, changed and deleted, compared
 * with a search through all of them.
 */
#include "tests/ha-gateway/rig.h"

#include <errno.h>
#include <stdlib.h>

#define ROUTES 200

struct route {
	uint32_t address;
	uint8_t len, next_hop;
	bool in;
};

static struct rig rig;

static uint32_t mask_of(unsigned len)
{
	return len == 0 ? 0 : UINT32_MAX << (32 - len);
}

static unsigned longest(const struct route *routes, uint32_t address)
{
	int best = -1;
	unsigned next_hop = 0;

	for (unsigned i = 0; i < ROUTES; i++)
		if (routes[i].in && routes[i].len > best &&
			(address & mask_of(routes[i].len)) == routes[i].address) {
			best = routes[i].len;
			next_hop = routes[i].next_hop;
		}
	return next_hop;
}

static uint32_t random_address(void)
{
	/* Few distinct ones, so that prefixes nest. */
	return (uint32_t)(rand() % 4) << 30 | (rand() % 4) << 22 | (rand() % 4) << 14 |
	       (rand() % 64) << 2 | rand() % 4;
}

static bool known(const struct route *routes, uint32_t address, unsigned len)
{
	for (unsigned i = 0; i < ROUTES; i++)
		if (routes[i].in && routes[i].len == len && routes[i].address == address)
			return true;
	return false;
}

static void change(struct fib *fib, struct route *routes, unsigned at)
{
	struct route *route = &routes[at];

	if (route->in && rand() % 2) {
		ck_assert_int_eq(fib_del(fib, route->address, route->len), 0);
		ck_assert_int_eq(fib_del(fib, route->address, route->len), -ENOENT);
		route->in = false;
		return;
	}
	if (!route->in) {
		unsigned len = rand() % 33;
		uint32_t address = random_address() & mask_of(len);

		if (known(routes, address, len))
			return;
		if (len > 0 && (address | ~mask_of(len)) == UINT32_MAX) {
			ck_assert_int_eq(fib_add(fib, address, len, 1), -EINVAL);
			return;
		}
		route->len = len;
		route->address = address;
	}
	route->next_hop = 1 + rand() % FIB_NEXT_HOP_MAX;
	route->in = true;
	ck_assert_int_eq(fib_add(fib, route->address, route->len, route->next_hop), 0);
}

START_TEST(longest_match)
{
	static struct route routes[ROUTES];
	uint32_t addresses[64];
	uint64_t next_hops[64];
	struct fib *fib;

	ck_assert_int_eq(fib_create("longest", ROUTES, &fib), 0);
	srand(7);
	for (unsigned step = 0; step < 3000; step++) {
		unsigned n = 1 + rand() % 64;

		change(fib, routes, rand() % ROUTES);
		for (unsigned i = 0; i < n; i++)
			addresses[i] = random_address();
		fib_lookup(fib, addresses, next_hops, n);
		for (unsigned i = 0; i < n; i++)
			ck_assert_uint_eq(next_hops[i], longest(routes, addresses[i]));
	}
	fib_destroy(fib);
}
END_TEST

START_TEST(bad_values)
{
	struct fib *fib = NULL, *second = NULL;

	ck_assert_int_eq(fib_create("bad", 0, &fib), -EINVAL);
	ck_assert_int_eq(fib_create("bad", FIB_ROUTES_MAX + 1, &fib), -EINVAL);
	ck_assert_ptr_null(fib);
	ck_assert_int_eq(fib_create("bad", 2, &fib), 0);
	ck_assert_int_eq(fib_create("bad", 2, &second), -EEXIST);
	ck_assert_ptr_null(second);
	ck_assert_int_eq(fib_add(fib, 0, 33, 1), -EINVAL);
	ck_assert_int_eq(fib_add(fib, 0x0a000001, 24, 1), -EINVAL);
	ck_assert_int_eq(fib_add(fib, 1, 0, 1), -EINVAL);
	ck_assert_int_eq(fib_add(fib, 0, 0, FIB_NEXT_HOP_MAX + 1), -EINVAL);
	ck_assert_int_eq(fib_del(fib, 0x0a000000, 24), -ENOENT);
	ck_assert_int_eq(fib_add(fib, 0xffffffff, 32, 1), -EINVAL);
	ck_assert_int_eq(fib_add(fib, 0xf0000000, 4, 1), -EINVAL);
	ck_assert_int_eq(fib_add(fib, 0xfffffffe, 32, FIB_NEXT_HOP_MAX), 0);
	fib_destroy(fib);
	fib_destroy(NULL);
}
END_TEST

static void setup(void)
{
	rig_begin(&rig);
}

static void teardown(void)
{
	rig_end(&rig);
}

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("fib");
	TCase *tcase = tcase_create("routes");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, longest_match);
	tcase_add_test(tcase, bad_values);
	suite_add_tcase(suite, tcase);
	return suite;
}
