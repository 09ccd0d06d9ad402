/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/arp_heap.c: the first is the earliest, whatever was inserted, moved and
 * removed before, compared with a search through all.
 */
#include "harness.h"

#include "examples/ha-gateway/arp_heap.h"

#include <stdlib.h>

#define ENTRIES 64

static uint64_t earliest(const struct arp_entry *entries, const bool *in)
{
	uint64_t deadline = UINT64_MAX;

	for (unsigned i = 0; i < ENTRIES; i++)
		if (in[i] && entries[i].deadline_nsec < deadline)
			deadline = entries[i].deadline_nsec;
	return deadline;
}

START_TEST(first_is_the_earliest)
{
	struct arp_entry entries[ENTRIES] = {0};
	bool in[ENTRIES] = {false};
	struct arp_heap heap;
	unsigned n = 0, moves = 0;

	ck_assert_int_eq(arp_heap_init(&heap, ENTRIES), 0);
	ck_assert_ptr_null(arp_heap_first(&heap));
	srand(_i + 1);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned at = rand() % ENTRIES;
		struct arp_entry *entry = &entries[at];

		if (in[at] && rand() % 2) {
			arp_heap_remove(&heap, entry);
			in[at] = false;
			n--;
		} else {
			entry->deadline_nsec = rand() % 1000;
			if (in[at])
				arp_heap_update(&heap, entry);
			else
				arp_heap_insert(&heap, entry);
			moves += in[at];
			n += !in[at];
			in[at] = true;
		}
		ck_assert_uint_eq(heap.n, n);
		if (n)
			ck_assert_uint_eq(
				arp_heap_first(&heap)->deadline_nsec, earliest(entries, in));
		else
			ck_assert_ptr_null(arp_heap_first(&heap));
	}
	ck_assert_uint_gt(moves, 1000);
	arp_heap_fini(&heap);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("arp_heap");
	TCase *tcase = tcase_create("order");

	tcase_add_loop_test(tcase, first_is_the_earliest, 0, 10);
	suite_add_tcase(suite, tcase);
	return suite;
}
