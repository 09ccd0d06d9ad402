/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/wheel.c against a model that looks through all timers each time: random operations,
 * also from inside the timers' functions, random steps of time, tiny budgets. And by itself: what
 * cascading costs, far deadlines, ends of time.
 */
#include "harness.h"

#include "sched/wheel.h"

#include <stdlib.h>
#include <string.h>

#define TIMERS 200

struct modelled {
	struct gyre_timer timer; /* first */
	uint64_t key, sequence; /* expected order */
	unsigned index;
};

static struct gyre_loop loop;
static struct gyre__wheel *wheel;
static struct modelled *timers[TIMERS];
static uint64_t now, sequence, random_state, sequence_at_call;
static uint64_t starts, expiries;
/* Timers touched from inside a call that were there before it: they may have been about to run. */
static unsigned disturbed;

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

static void create(uint64_t at)
{
	now = at;
	ck_assert_int_eq(gyre__wheel_create(now, &wheel), 0);
	loop.wheel = wheel;
}

static void teardown(void)
{
	gyre__wheel_destroy(wheel);
	wheel = NULL;
	for (unsigned i = 0; i < TIMERS; i++) {
		free(timers[i]);
		timers[i] = NULL;
	}
}

static void act_at_random(struct gyre_timer *timer);

static void replace(unsigned i)
{
	free(timers[i]);
	timers[i] = malloc(sizeof(*timers[i]));
	ck_assert_ptr_nonnull(timers[i]);
	timers[i]->index = i;
	gyre_timer_init(&timers[i]->timer, &loop, act_at_random);
}

static void start(unsigned i, uint64_t deadline)
{
	uint64_t tick = gyre__tick_of(deadline);

	timers[i]->key = tick > wheel->tick ? tick : wheel->tick;
	timers[i]->sequence = sequence++;
	gyre_timer_start(&timers[i]->timer, deadline);
	starts++;
}

static uint64_t random_deadline(void)
{
	uint64_t magnitude;

	switch (random_64() % 16) {
	case 0:
		return now;
	case 1:
		return random_64() % (now + 1);
	case 2:
		return UINT64_MAX - 1 - random_magnitude(20);
	case 3:
		return GYRE_FOREVER;
	case 4:
		return (now | ((1u << 22) - 1)) + 1; /* the start of a slot of level 2 */
	default:
		magnitude = random_magnitude(random_64() % 4 ? 30 : 60);
		return now > UINT64_MAX - magnitude ? UINT64_MAX - 1 : now + magnitude;
	}
}

static void operate_at_random(void)
{
	unsigned i = random_64() % TIMERS;

	if (gyre_timer_active(&timers[i]->timer) && timers[i]->sequence < sequence_at_call)
		disturbed++;
	switch (random_64() % 8) {
	case 0:
		gyre_timer_stop(&timers[i]->timer);
		break;
	case 1:
		gyre_timer_stop(&timers[i]->timer);
		replace(i);
		break;
	default:
		start(i, random_deadline());
	}
}

/* What every timer runs. It must be the first in the model, due, and started before this call. */
static void act_at_random(struct gyre_timer *timer)
{
	struct modelled *this = (struct modelled *)timer;
	unsigned index = this->index;

	expiries++;
	ck_assert(!gyre_timer_active(timer));
	ck_assert_uint_ge(now, timer->deadline);
	ck_assert_uint_lt(this->sequence, sequence_at_call);
	for (unsigned i = 0; i < TIMERS; i++) {
		const struct modelled *other = timers[i];

		if (!gyre_timer_active(&other->timer) || other->sequence >= sequence_at_call)
			continue;
		/* An assertion that holds is a system call: not in this loop. */
		if (other->key < this->key ||
			(other->key == this->key && other->sequence < this->sequence))
			ck_abort_msg("timer %u ran before timer %u", index, i);
	}
	for (unsigned n = random_64() % 4; n > 0; n--)
		operate_at_random();
	if (random_64() % 4 == 0) {
		gyre_timer_stop(&timers[index]->timer);
		replace(index);
	}
}

/* The model's view between calls: the earliest timer; whether one is due that was there before
 * the last call. */
static void look_through(uint64_t *ret_earliest, bool *ret_left)
{
	*ret_earliest = UINT64_MAX;
	*ret_left = false;
	for (unsigned i = 0; i < TIMERS; i++) {
		const struct modelled *this = timers[i];

		if (!gyre_timer_active(&this->timer))
			continue;
		if (this->timer.deadline < *ret_earliest)
			*ret_earliest = this->timer.deadline;
		if (this->sequence < sequence_at_call &&
			gyre__tick_of(this->timer.deadline) <= now >> GYRE__TICK_SHIFT)
			*ret_left = true;
	}
}

static void expire(unsigned budget)
{
	uint64_t cascaded = wheel->cascaded, earliest, deadline;
	unsigned ran;
	bool left;

	sequence_at_call = sequence;
	disturbed = 0;
	ran = gyre__wheel_expire(wheel, now, budget);
	cascaded = wheel->cascaded - cascaded;
	ck_assert_uint_le(ran + cascaded, budget);
	look_through(&earliest, &left);
	/* The bound on lateness: a due timer stays only when the whole budget went to others. */
	if (left)
		ck_assert_uint_ge(ran + cascaded + disturbed, budget);
	/* Whoever asks tidies up slots that stops have emptied: not each time. */
	if (random_64() % 4)
		return;
	deadline = gyre__wheel_deadline(wheel);
	if (earliest == UINT64_MAX)
		ck_assert(!gyre__wheel_due(wheel, UINT64_MAX - 1));
	else
		ck_assert_uint_le(deadline, gyre__tick_nsec(gyre__tick_of(earliest)));
	ck_assert_int_eq(gyre__wheel_due(wheel, now), deadline <= now);
}

static void step_time(void)
{
	uint64_t step = random_magnitude(random_64() % 64 ? 26 : 52);
	uint64_t deadline = random_64() % 4 ? GYRE_FOREVER : gyre__wheel_deadline(wheel);

	if (deadline != GYRE_FOREVER && deadline > now)
		now = deadline - random_64() % 2;
	else if (now < UINT64_MAX / 2)
		now += step;
}

static void run_model(uint64_t seed, uint64_t begin, unsigned budget_max)
{
	random_state = seed;
	starts = expiries = 0;
	create(begin);
	for (unsigned i = 0; i < TIMERS; i++)
		replace(i);
	for (unsigned i = 0; i < 4000; i++) {
		for (unsigned n = random_64() % 8; n > 0; n--)
			operate_at_random();
		step_time();
		expire(1 + random_64() % budget_max);
	}
	ck_assert_uint_gt(starts, 10000);
	ck_assert_uint_gt(expiries, 300);
	ck_assert_uint_le(wheel->cascaded, starts * GYRE__WHEEL_LEVELS);
	teardown();
}

START_TEST(model_agrees)
{
	static const unsigned budgets[] = {1, 2, 7, 50, 1000};

	for (uint64_t seed = 1; seed <= 4; seed++)
		run_model(seed * 0x9e3779b97f4a7c15u + (uint64_t)_i, seed % 2 ? 12345 : 1u << 31,
			budgets[_i]);
}
END_TEST

static unsigned fired;
static uint64_t fired_at;

static void fire(struct gyre_timer *timer)
{
	ck_assert_uint_ge(now, timer->deadline);
	fired++;
	fired_at = now;
}

/* Sleeps on the deadline, as a loop does; returns how often it woke until all timers had run. */
static unsigned sleep_through(void)
{
	unsigned wakes = 0;

	for (uint64_t at; (at = gyre__wheel_deadline(wheel)) != GYRE_FOREVER; wakes++) {
		if (at > now)
			now = at;
		gyre__wheel_expire(wheel, now, 256);
		ck_assert_uint_lt(wakes, 1000);
	}
	return wakes;
}

START_TEST(one_timer_wakes_once_a_level)
{
	struct gyre_timer timer;
	static const uint64_t spans[] = {0, 1, 1023, 1024, 65536, 999999, GYRE_SEC(1),
		GYRE_SEC(3600), GYRE_SEC(1000000), UINT64_MAX / 2};

	for (unsigned i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		fired = 0;
		create(GYRE_SEC(86400) + 333);
		gyre_timer_init(&timer, &loop, fire);
		gyre_timer_start(&timer, now + spans[i]);
		ck_assert_uint_le(sleep_through(), GYRE__WHEEL_LEVELS);
		ck_assert_uint_eq(fired, 1);
		/* Late by less than a tick. */
		ck_assert_uint_lt(fired_at - timer.deadline, 1024);
		gyre__wheel_destroy(wheel);
	}
	wheel = NULL;
}
END_TEST

START_TEST(deadline_is_exact_when_near)
{
	struct gyre_timer timer;

	create(1024 * 1024);
	gyre_timer_init(&timer, &loop, fire);
	for (uint64_t ahead = 1; ahead < 60000; ahead += 77) {
		gyre_timer_start(&timer, now + ahead);
		ck_assert_uint_eq(gyre__wheel_deadline(wheel), (now + ahead + 1023) / 1024 * 1024);
	}
	gyre_timer_stop(&timer);
	ck_assert_uint_eq(gyre__wheel_deadline(wheel), GYRE_FOREVER);
	ck_assert(!gyre__wheel_due(wheel, UINT64_MAX - 1));
}
END_TEST

START_TEST(the_end_of_time_is_far)
{
	struct gyre_timer last, forever;

	fired = 0;
	create(5);
	gyre_timer_init(&last, &loop, fire);
	gyre_timer_init(&forever, &loop, fire);
	gyre_timer_start(&last, UINT64_MAX - 1);
	gyre_timer_start(&forever, UINT64_MAX - 2048);
	for (unsigned bit = 3; bit < 64; bit++) {
		now = (UINT64_C(1) << bit) + 17;
		gyre__wheel_expire(wheel, now, 1);
		ck_assert_uint_eq(fired, 0);
	}
	for (now = UINT64_MAX - 4096; fired < 1; now += 100)
		gyre__wheel_expire(wheel, now, 16);
	ck_assert_uint_ge(now, UINT64_MAX - 2048);
	now = UINT64_MAX - 1;
	gyre__wheel_expire(wheel, now, 16);
	/* The last tick of all does not end any more. */
	ck_assert_uint_eq(fired, 1);
	ck_assert(gyre_timer_active(&last));
	gyre_timer_stop(&last);
	ck_assert(!gyre__wheel_due(wheel, now));
}
END_TEST

static void again_at_once(struct gyre_timer *timer)
{
	fired++;
	gyre_timer_start(timer, fired % 2 ? 0 : now);
}

START_TEST(restarted_when_due_runs_next_time)
{
	struct gyre_timer timer;

	fired = 0;
	create(1024000);
	gyre_timer_init(&timer, &loop, again_at_once);
	gyre_timer_start(&timer, 0);
	ck_assert_uint_eq(fired, 0);
	for (unsigned i = 1; i <= 10; i++) {
		ck_assert(gyre__wheel_due(wheel, now));
		ck_assert_uint_eq(gyre__wheel_expire(wheel, now, 100), 1);
		ck_assert_uint_eq(fired, i);
	}
}
END_TEST

/* One far slot full of timers: each call moves its budget of them, none is lost or early, and the
 * last is as late as wheel.c says. */
START_TEST(cascade_is_cut_into_budgets)
{
	enum { COUNT = 10000, BUDGET = 64 };
	struct gyre_timer *many = calloc(COUNT, sizeof(*many));
	unsigned calls = 0;

	ck_assert_ptr_nonnull(many);
	fired = 0;
	create(0);
	for (unsigned i = 0; i < COUNT; i++) {
		gyre_timer_init(&many[i], &loop, fire);
		gyre_timer_start(&many[i], GYRE_SEC(60) + i % 7 * 300000);
	}
	now = GYRE_SEC(60) + GYRE_MSEC(3);
	while (fired < COUNT) {
		uint64_t cascaded = wheel->cascaded;
		unsigned ran = gyre__wheel_expire(wheel, now, BUDGET);

		ck_assert_uint_le(ran + wheel->cascaded - cascaded, BUDGET);
		if (fired < COUNT)
			ck_assert_uint_eq(ran + wheel->cascaded - cascaded, BUDGET);
		calls++;
	}
	ck_assert_uint_le(calls, (COUNT + wheel->cascaded) / BUDGET + 1);
	ck_assert_uint_le(wheel->cascaded, COUNT * GYRE__WHEEL_LEVELS);
	ck_assert(!gyre__wheel_due(wheel, now));
	free(many);
}
END_TEST

static struct gyre_timer pair[2];

static void stop_other(struct gyre_timer *timer)
{
	fired++;
	gyre_timer_stop(&pair[timer == &pair[0]]);
}

START_TEST(stopped_by_its_neighbour)
{
	fired = 0;
	create(0);
	for (unsigned i = 0; i < 2; i++) {
		gyre_timer_init(&pair[i], &loop, stop_other);
		gyre_timer_start(&pair[i], 5000);
	}
	now = 6000;
	ck_assert_uint_eq(gyre__wheel_expire(wheel, now, 100), 1);
	ck_assert_uint_eq(fired, 1);
	ck_assert(!gyre_timer_active(&pair[0]) && !gyre_timer_active(&pair[1]));
	ck_assert_uint_eq(gyre__wheel_deadline(wheel), GYRE_FOREVER);
}
END_TEST

START_TEST(a_clock_gone_back_runs_nothing)
{
	struct gyre_timer timer;

	fired = 0;
	create(1000000);
	gyre_timer_init(&timer, &loop, fire);
	gyre_timer_start(&timer, 0);
	now = 1000;
	ck_assert_uint_eq(gyre__wheel_expire(wheel, now, 100), 0);
	now = 1000000;
	ck_assert_uint_eq(gyre__wheel_expire(wheel, now, 100), 1);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("wheel");
	TCase *model = tcase_create("model"), *tcase = tcase_create("wheel");

	tcase_add_checked_fixture(model, NULL, teardown);
	tcase_add_loop_test(model, model_agrees, 0, 5);
	tcase_set_timeout(model, 60);
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, one_timer_wakes_once_a_level);
	tcase_add_test(tcase, deadline_is_exact_when_near);
	tcase_add_test(tcase, the_end_of_time_is_far);
	tcase_add_test(tcase, restarted_when_due_runs_next_time);
	tcase_add_test(tcase, cascade_is_cut_into_budgets);
	tcase_add_test(tcase, stopped_by_its_neighbour);
	tcase_add_test(tcase, a_clock_gone_back_runs_nothing);
	suite_add_tcase(suite, model);
	suite_add_tcase(suite, tcase);
	return suite;
}
