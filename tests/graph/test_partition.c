/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/graph/partition*.c: every variant that runs here gives what a plain loop gives, on every
 * length, on every mix of nexts, unaligned, and with a page that may not be touched right behind
 * the slack that partition.h documents.
 */
#include "harness.h"

#include "graph/partition.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NEXTS_ROOM (GYRE_VECTOR_MAX + GYRE__PARTITION_NEXTS_SLACK)
#define ITEMS_ROOM (GYRE_VECTOR_MAX + GYRE__PARTITION_ITEMS_SLACK)

/* xorshift64: the same numbers on every machine. */
static uint64_t rng_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

struct fixture {
	const struct gyre__partition_ops *ops;
	uint64_t rng;
	uint16_t *nexts; /* n entries each, slack, fence */
	void **items, **dst[GYRE__WAYS_MAX];
	unsigned n;
};

/* Memory of `size` bytes that ends at a page that faults. */
static void *fenced(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t whole = (size + page - 1) / page * page;
	char *base = mmap(
		NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(base, MAP_FAILED);
	ck_assert_int_eq(mprotect(base + whole, page, PROT_NONE), 0);
	return base + whole - size;
}

struct memory {
	uint16_t *nexts;
	void **items, **dst[GYRE__WAYS_MAX];
};

static struct memory memory_get(void)
{
	struct memory memory = {
		.nexts = fenced(NEXTS_ROOM * sizeof(uint16_t)),
		.items = fenced(ITEMS_ROOM * sizeof(void *)),
	};

	for (unsigned way = 0; way < GYRE__WAYS_MAX; way++)
		memory.dst[way] = fenced(ITEMS_ROOM * sizeof(void *));
	return memory;
}

/* Places the vectors so that n entries and their slack end at the fences. */
static void place(struct fixture *fixture, const struct memory *memory, unsigned n)
{
	fixture->n = n;
	fixture->nexts = memory->nexts + GYRE_VECTOR_MAX - n;
	fixture->items = memory->items + GYRE_VECTOR_MAX - n;
	for (unsigned way = 0; way < GYRE__WAYS_MAX; way++)
		fixture->dst[way] = memory->dst[way] + GYRE_VECTOR_MAX - n;
	for (unsigned i = 0; i < n + GYRE__PARTITION_ITEMS_SLACK; i++)
		fixture->items[i] = (void *)(uintptr_t)rng_next(&fixture->rng);
}

/* Each next is 0 with a chance of `share` per cent, else one of the other ways at random. */
static void nexts_fill(struct fixture *fixture, unsigned ways, unsigned share, uint16_t base)
{
	for (unsigned i = 0; i < fixture->n + GYRE__PARTITION_NEXTS_SLACK; i++) {
		uint64_t random = rng_next(&fixture->rng);
		unsigned way = random % 100 < share ? 0 : (random >> 32) % ways;

		fixture->nexts[i] = base + way;
	}
}

static bool naive_all_equal(const uint16_t *nexts, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		if (nexts[i] != nexts[0])
			return false;
	return true;
}

static unsigned naive_count(const struct fixture *fixture, unsigned way)
{
	unsigned count = 0;

	for (unsigned i = 0; i < fixture->n; i++)
		count += fixture->nexts[i] == way;
	return count;
}

/* The items of the first `ways` nexts, each in its place and in order. */
static void split_check(struct fixture *fixture, unsigned ways)
{
	void **ends[GYRE__WAYS_MAX];

	for (unsigned way = 0; way < ways; way++) {
		memset(fixture->dst[way], 0x5a, naive_count(fixture, way) * sizeof(void *));
		ends[way] = fixture->dst[way];
	}
	fixture->ops->split(ends, fixture->items, fixture->nexts, fixture->n, ways);
	for (unsigned way = 0; way < ways; way++) {
		unsigned k = 0;

		for (unsigned i = 0; i < fixture->n; i++)
			if (fixture->nexts[i] == way)
				ck_assert_ptr_eq(fixture->dst[way][k++], fixture->items[i]);
		ck_assert_ptr_eq(ends[way], fixture->dst[way] + k);
	}
}

/* By the function of an instruction set, and as the dispatcher asks. */
static bool nexts_equal(const struct gyre__partition_ops *ops, const uint16_t *nexts, unsigned n)
{
	bool equal = ops->all_equal(nexts, n);

	if (n > 1)
		ck_assert_int_eq(gyre__nexts_equal(ops, nexts, n), equal);
	return equal;
}

/* Everything about the vector as it is. */
static void vector_check(struct fixture *fixture)
{
	ck_assert_int_eq(nexts_equal(fixture->ops, fixture->nexts, fixture->n),
		naive_all_equal(fixture->nexts, fixture->n));
	for (unsigned ways = 0; ways <= GYRE__WAYS_MAX; ways++)
		split_check(fixture, ways);
}

/* False, and a note, where this CPU lacks the variant. */
static bool fixture_init(struct fixture *fixture, int simd)
{
	static const char *const names[] = {"AUTO", "scalar", "AVX2", "AVX-512"};

	memset(fixture, 0, sizeof(*fixture));
	fixture->rng = 0x9e3779b97f4a7c15;
	fixture->ops = gyre__partition_get(simd);
	if (!fixture->ops)
		gyre_test_note("this CPU has no %s: that partition is not tested", names[simd]);
	return fixture->ops;
}

START_TEST(every_length_and_mix_equals_the_plain_loop)
{
	static const struct {
		unsigned ways, share;
		uint16_t base;
	} mixes[] = {
		{1, 0, 0},
		{1, 0, 0xfffe},
		{2, 80, 7},
		{2, 0, 0x7fff},
		{4, 0, 0},
		{6, 0, 0},
		{8, 30, 0},
		{16, 0, 0x8000},
		{16, 0, 0xfff0},
		{2, 99, 0xff},
	};
	struct memory memory = memory_get();
	struct fixture fixture;

	if (!fixture_init(&fixture, _i))
		return;
	for (unsigned n = 1; n <= GYRE_VECTOR_MAX; n++) {
		place(&fixture, &memory, n);
		for (unsigned i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++) {
			nexts_fill(&fixture, mixes[i].ways, mixes[i].share, mixes[i].base);
			vector_check(&fixture);
		}
	}
}
END_TEST

START_TEST(one_stranger_is_seen_wherever_it_is)
{
	struct memory memory = memory_get();
	struct fixture fixture;

	if (!fixture_init(&fixture, _i))
		return;
	for (unsigned n = 1; n <= GYRE_VECTOR_MAX; n++) {
		place(&fixture, &memory, n);
		nexts_fill(&fixture, 1, 0, 3);
		ck_assert(nexts_equal(fixture.ops, fixture.nexts, n));
		/* What lies in the slack is no stranger. */
		fixture.nexts[n] = 4;
		ck_assert(nexts_equal(fixture.ops, fixture.nexts, n));
		for (unsigned i = 0; i < n; i++) {
			fixture.nexts[i] = 0x8003;
			ck_assert_int_eq(nexts_equal(fixture.ops, fixture.nexts, n), n == 1);
			split_check(&fixture, 4);
			fixture.nexts[i] = 3;
		}
	}
}
END_TEST

/* At every offset in a vector register: no load or store may ask for more than an entry's. */
START_TEST(nothing_need_be_aligned)
{
	struct memory memory = memory_get();
	struct fixture fixture;

	if (!fixture_init(&fixture, _i))
		return;
	for (unsigned shift = 0; shift < 32; shift++) {
		unsigned n = GYRE_VECTOR_MAX - 41;

		place(&fixture, &memory, n);
		fixture.nexts -= shift;
		fixture.items -= shift % 8;
		for (unsigned way = 0; way < GYRE__WAYS_MAX; way++)
			fixture.dst[way] -= (shift + 3 + way) % 8;
		nexts_fill(&fixture, 4, 0, 0);
		vector_check(&fixture);
	}
}
END_TEST

START_TEST(no_more_than_the_slack_is_written)
{
	struct memory memory = memory_get();
	struct fixture fixture;

	if (!fixture_init(&fixture, _i))
		return;
	for (unsigned n = 1; n <= GYRE_VECTOR_MAX; n++) {
		place(&fixture, &memory, n);
		nexts_fill(&fixture, 7, 0, 0);
		/* So that the fence is right behind the last one's slack. */
		for (unsigned way = 0; way < GYRE__WAYS_MAX; way++)
			fixture.dst[way] =
				memory.dst[way] + GYRE_VECTOR_MAX - naive_count(&fixture, way);
		split_check(&fixture, GYRE__WAYS_MAX);
	}
}
END_TEST

START_TEST(variants_are_chosen_by_name)
{
	const struct gyre__partition_ops *best = gyre__partition_get(GYRE_SIMD_AUTO);
	const struct gyre__partition_ops *last = NULL;

	for (int simd = GYRE_SIMD_SCALAR; simd <= GYRE_SIMD_AVX512; simd++) {
		const struct gyre__partition_ops *ops = gyre__partition_get(simd);

		if (!ops)
			continue;
		ck_assert_int_eq((int)ops->simd, simd);
		last = ops;
	}
	ck_assert_ptr_nonnull(best);
	ck_assert_ptr_eq(best, last);
	ck_assert_ptr_null(gyre__partition_get((enum gyre_simd)(GYRE_SIMD_AVX512 + 1)));
	ck_assert_ptr_nonnull(gyre__partition_get(GYRE_SIMD_SCALAR));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("partition");
	TCase *tcase = tcase_create("partition");
	int first = GYRE_SIMD_SCALAR, end = GYRE_SIMD_AVX512 + 1;

	tcase_add_test(tcase, variants_are_chosen_by_name);
	tcase_add_loop_test(tcase, every_length_and_mix_equals_the_plain_loop, first, end);
	tcase_add_loop_test(tcase, one_stranger_is_seen_wherever_it_is, first, end);
	tcase_add_loop_test(tcase, nothing_need_be_aligned, first, end);
	tcase_add_loop_test(tcase, no_more_than_the_slack_is_written, first, end);
	suite_add_tcase(suite, tcase);
	return suite;
}
