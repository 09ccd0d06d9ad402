/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/alarm.c against a model that looks through all alarms each time: random sets and stops,
 * random steps of time, tiny budgets. And by itself: growth, far slots, ends of time.
 */
#include "harness.h"

#include "sched/alarm.h"

#include <string.h>

#define ALARMS 200
#define NEVER  UINT64_MAX

struct modelled {
	bool set;
	uint64_t tick, sequence; /* the expected order */
};

static struct gyre__alarms alarms;
static struct modelled model[ALARMS];
static uint64_t now, sequence, random_state, rung;

static uint64_t random_64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* As many bits as chance has it: all magnitudes are alike. */
static uint64_t random_magnitude(unsigned bits)
{
	return random_64() >> (63 - random_64() % bits) >> (random_64() % 2);
}

static void create(uint64_t tick)
{
	memset(&alarms, 0, sizeof(alarms));
	memset(model, 0, sizeof(model));
	now = tick;
	ck_assert_int_eq(gyre__alarms_init(&alarms, now), 0);
	ck_assert_int_eq(gyre__alarms_reserve(&alarms, ALARMS), 0);
}

static void teardown(void)
{
	gyre__alarms_fini(&alarms);
}

static uint64_t random_tick(void)
{
	switch (random_64() % 16) {
	case 0:
		return now;
	case 1:
		return random_64() % (now + 1); /* past */
	case 2:
		return (UINT64_C(1) << 54) - random_magnitude(20);
	case 3:
		return (now | (GYRE__ALARM_NEAR - 1)) + 1; /* where a far slot begins */
	case 4:
		return now + GYRE__ALARM_NEAR - 2 + random_64() % 4;
	default:
		return now + random_magnitude(random_64() % 4 ? 20 : 50);
	}
}

static void operate_at_random(void)
{
	uint32_t i = random_64() % ALARMS;

	ck_assert_int_eq(gyre__alarm_is_set(&alarms, i), model[i].set);
	if (model[i].set || random_64() % 4 == 0) {
		gyre__alarm_stop(&alarms, i);
		model[i].set = false;
	} else {
		uint64_t tick = random_tick();

		model[i].set = true;
		model[i].tick = tick > alarms.tick ? tick : alarms.tick;
		model[i].sequence = sequence++;
		gyre__alarm_set(&alarms, i, tick);
	}
}

/* The earliest in the model; ALARMS: none. */
static uint32_t earliest(void)
{
	uint32_t first = ALARMS;

	for (uint32_t i = 0; i < ALARMS; i++) {
		const struct modelled *a = &model[i], *b = &model[first];

		if (a->set && (first == ALARMS || a->tick < b->tick ||
				      (a->tick == b->tick && a->sequence < b->sequence)))
			first = i;
	}
	return first;
}

static void take(unsigned max)
{
	uint32_t indices[64];
	unsigned n = gyre__alarms_take(&alarms, now, indices, max);
	uint32_t first;

	ck_assert_uint_le(n, max);
	if (random_64() % 2)
		gyre__alarms_pass(&alarms, now);
	for (unsigned i = 0; i < n; i++, rung++) {
		first = earliest();
		ck_assert_uint_eq(indices[i], first);
		ck_assert_uint_le(model[first].tick, now);
		model[first].set = false;
	}
	first = earliest();
	if (first == ALARMS)
		ck_assert_uint_eq(gyre__alarms_first(&alarms), NEVER);
	else
		ck_assert_uint_le(alarms.next, model[first].tick);
	/* Who asks tidies up slots that stops have emptied: not each time. */
	if (first != ALARMS && random_64() % 4 == 0)
		ck_assert_uint_le(gyre__alarms_first(&alarms), model[first].tick);
}

static void step_time(void)
{
	uint64_t first = random_64() % 4 ? NEVER : gyre__alarms_first(&alarms);

	if (first != NEVER && first > now)
		now = first - random_64() % 2;
	else if (now < UINT64_C(1) << 53)
		now += random_magnitude(random_64() % 64 ? 16 : 42);
}

START_TEST(model_agrees)
{
	static const unsigned budgets[] = {1, 2, 7, 50, 64};

	random_state = 0x9e3779b97f4a7c15u + (uint64_t)_i;
	rung = 0;
	create(_i % 2 ? 12345 : 1u << 31);
	for (unsigned i = 0; i < 10000; i++) {
		for (unsigned n = random_64() % 8; n > 0; n--)
			operate_at_random();
		step_time();
		/* Time that was looked at may go back. */
		now -= random_64() % 16 == 0;
		take(1 + random_64() % budgets[_i]);
	}
	ck_assert_uint_gt(rung, 1000);
}
END_TEST

START_TEST(a_sleeper_looks_once_a_level)
{
	static const uint64_t spans[] = {0, 1, GYRE__ALARM_NEAR - 1, GYRE__ALARM_NEAR, 1 << 20,
		1 << 30, UINT64_C(1) << 40, UINT64_C(1) << 53};
	uint32_t index;

	for (unsigned i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		unsigned looks = 0, ended = 0;

		create(86400123456);
		gyre__alarm_set(&alarms, 7, now + spans[i]);
		while (!ended) {
			uint64_t first = gyre__alarms_first(&alarms);

			ck_assert_uint_le(first, 86400123456 + spans[i]);
			now = first;
			ended = gyre__alarms_take(&alarms, now, &index, 1);
			looks++;
		}
		ck_assert_uint_eq(now, 86400123456 + spans[i]);
		ck_assert_uint_eq(index, 7);
		ck_assert_uint_le(looks, 2 * GYRE__ALARM_FAR_LEVELS + 1);
		ck_assert_uint_eq(gyre__alarms_first(&alarms), NEVER);
		teardown();
	}
}
END_TEST

/* A far slot full of alarms: each call moves its budget of them, and they keep their order. */
START_TEST(a_far_slot_is_moved_in_budgets)
{
	enum { COUNT = 5000, BUDGET = 64 };
	uint32_t indices[BUDGET], expected = 0;
	unsigned calls = 0;

	create(0);
	ck_assert_int_eq(gyre__alarms_reserve(&alarms, COUNT), 0);
	for (uint32_t i = 0; i < COUNT; i++)
		gyre__alarm_set(&alarms, i, (1 << 23) + i / 100);
	for (now = 1 << 23; expected < COUNT; calls++) {
		unsigned n = gyre__alarms_take(&alarms, now + 100, indices, BUDGET);

		for (unsigned i = 0; i < n; i++)
			ck_assert_uint_eq(indices[i], expected++);
		if (expected < COUNT)
			ck_assert_uint_le(alarms.next, now + 100);
	}
	/* Down once, and out. */
	ck_assert_uint_eq(calls, (2 * COUNT + BUDGET - 1) / BUDGET);
}
END_TEST

START_TEST(growth_keeps_what_is_set)
{
	uint32_t indices[64];

	create(1000);
	for (uint32_t i = 0; i < 30; i++)
		gyre__alarm_set(&alarms, i, i % 2 ? 2000 : 2000000);
	ck_assert_int_eq(gyre__alarms_reserve(&alarms, 100000), 0);
	for (uint32_t i = 30; i < 100000; i++)
		ck_assert(!gyre__alarm_is_set(&alarms, i));
	gyre__alarm_set(&alarms, 99999, 2000);
	ck_assert_uint_eq(gyre__alarms_take(&alarms, 3000, indices, 64), 16);
	ck_assert_uint_eq(indices[0], 1);
	ck_assert_uint_eq(indices[15], 99999);
	ck_assert_uint_eq(gyre__alarms_take(&alarms, 3000000, indices, 64), 15);
	ck_assert_uint_eq(indices[14], 28);
}
END_TEST

/* All the way around the ring, every slot and word of it. */
START_TEST(the_ring_turns)
{
	uint32_t index;

	create(5);
	for (unsigned i = 0; i < 3 * GYRE__ALARM_NEAR; i += 61) {
		uint64_t tick = now + 1 + i % (GYRE__ALARM_NEAR - 1);

		gyre__alarm_set(&alarms, 3, tick);
		ck_assert_uint_eq(gyre__alarms_first(&alarms), tick);
		ck_assert_uint_eq(gyre__alarms_take(&alarms, tick - 1, &index, 1), 0);
		ck_assert_uint_eq(gyre__alarms_take(&alarms, tick, &index, 1), 1);
		now = tick;
	}
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("alarm");
	TCase *tcase = tcase_create("alarm");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_loop_test(tcase, model_agrees, 0, 5);
	tcase_add_test(tcase, a_sleeper_looks_once_a_level);
	tcase_add_test(tcase, a_far_slot_is_moved_in_budgets);
	tcase_add_test(tcase, growth_keeps_what_is_set);
	tcase_add_test(tcase, the_ring_turns);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return suite;
}
