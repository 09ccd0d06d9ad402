/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/lines.c, which is compiled anew here, such that small pieces lie together with
 * AddressSanitizer, too: pieces of all sizes are zeroed, are their owner's alone and begin a line,
 * however they come and go; the small ones lie together, and what is given back is used again.
 */
#include "graph/lines.h"
#include "graph/rig.h"
#include "harness.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PIECES 64
#define STEPS  20000

struct piece {
	unsigned char *memory;
	size_t n;
	unsigned char mark;
};

/* Whether all of it is `mark`. */
static bool is_filled(const struct piece *piece, unsigned char mark)
{
	const size_t bytes = piece->n * GYRE__LINE;

	return piece->memory[0] == mark && memcmp(piece->memory, piece->memory + 1, bytes - 1) == 0;
}

static void piece_get(struct gyre__lines *lines, struct piece *piece, size_t n, unsigned char mark)
{
	*piece = (struct piece){gyre__lines_get(lines, n), n, mark};
	ck_assert_ptr_nonnull(piece->memory);
	ck_assert_uint_eq((uintptr_t)piece->memory % GYRE__LINE, 0);
	ck_assert(is_filled(piece, 0));
	memset(piece->memory, mark, n * GYRE__LINE);
}

/* Nobody else has written to it. */
static void piece_put(struct gyre__lines *lines, struct piece *piece)
{
	ck_assert(is_filled(piece, piece->mark));
	gyre__lines_put(lines, piece->memory, piece->n);
	piece->memory = NULL;
}

START_TEST(pieces_come_and_go)
{
	struct gyre__lines lines = {0};
	struct piece pieces[PIECES] = {0};
	uint64_t seed = _i + 1;

	for (unsigned step = 0; step < gyre_test_rounds(STEPS, STEPS / 20); step++) {
		struct piece *piece = &pieces[rig_random(&seed) % PIECES];

		if (piece->memory)
			piece_put(&lines, piece);
		else /* mostly few; some on either side of what lies together */
			piece_get(&lines, piece,
				1 + rig_random(&seed) % (rig_random(&seed) % 8 ? 9 : 130),
				1 + rig_random(&seed) % 255);
	}
	for (unsigned i = 0; i < PIECES; i++)
		if (pieces[i].memory)
			piece_put(&lines, &pieces[i]);
	gyre__lines_fini(&lines);
}
END_TEST

/* Neighbours are an odd number of lines apart, and no page has less in it than fits. */
START_TEST(small_ones_lie_together)
{
	struct gyre__lines lines = {0};
	unsigned char *last = NULL, *piece;
	unsigned apart = 0;

	for (unsigned i = 0; i < 300; i++, last = piece) {
		piece = gyre__lines_get(&lines, i % 2 ? 3 : 2);
		ck_assert_ptr_nonnull(piece);
		if (last && piece != last + 3 * GYRE__LINE)
			apart++;
	}
	ck_assert_uint_eq(apart, 0);
	gyre__lines_fini(&lines);
}
END_TEST

START_TEST(given_back_is_used_again)
{
	struct gyre__lines lines = {0};
	void *three, *other, *five;

	three = gyre__lines_get(&lines, 3);
	other = gyre__lines_get(&lines, 3);
	five = gyre__lines_get(&lines, 5);
	for (unsigned i = 0; i < 10000; i++) {
		gyre__lines_put(&lines, other, 3);
		gyre__lines_put(&lines, three, 2);
		gyre__lines_put(&lines, five, 4);
		ck_assert_ptr_eq(gyre__lines_get(&lines, 2), three);
		ck_assert_ptr_eq(gyre__lines_get(&lines, 3), other);
		ck_assert_ptr_eq(gyre__lines_get(&lines, 5), five);
	}
	gyre__lines_fini(&lines);
}
END_TEST

/* Whether it is all in the blocks, AddressSanitizer knows. */
START_TEST(all_of_it_is_written_to)
{
	struct gyre__lines lines = {0};

	for (unsigned i = 0; i < 6000; i++) {
		void *piece = gyre__lines_get(&lines, i < 3000 ? 1 : 5);

		ck_assert_ptr_nonnull(piece);
		memset(piece, 255, (i < 3000 ? 1 : 5) * GYRE__LINE);
	}
	gyre__lines_fini(&lines);
}
END_TEST

START_TEST(too_much)
{
	struct gyre__lines lines = {0};

	ck_assert_ptr_null(gyre__lines_get(&lines, SIZE_MAX / GYRE__LINE));
	ck_assert_ptr_null(gyre__lines_get(&lines, SIZE_MAX));
	gyre__lines_put(&lines, NULL, 3);
	gyre__lines_put(&lines, NULL, 1000);
	ck_assert_ptr_nonnull(gyre__lines_get(&lines, 1));
	gyre__lines_fini(&lines);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("lines");
	TCase *tcase = tcase_create("lines");

	tcase_add_loop_test(tcase, pieces_come_and_go, 0, 4);
	tcase_add_test(tcase, small_ones_lie_together);
	tcase_add_test(tcase, given_back_is_used_again);
	tcase_add_test(tcase, all_of_it_is_written_to);
	tcase_add_test(tcase, too_much);
	suite_add_tcase(suite, tcase);
	return suite;
}
