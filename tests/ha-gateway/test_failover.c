/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/failover.c: out at a single word, back only after the hold, the preferred
 * first, flapping uplinks damped, nothing to choose from, and over random words: the active uplink
 * is always one that may be active, and between deadlines nothing changes by itself.
 */
#include "harness.h"

#include "examples/ha-gateway/failover.h"
#include "examples/ha-gateway/nsec.h"

#include <errno.h>
#include <string.h>

#define SEC  NSEC_PER_SEC
#define NONE FAILOVER_NONE
#define UP   FAILOVER_UP
#define DOWN FAILOVER_DOWN
#define LINK 0 /* the checks */
#define BFD  1

static struct failover_config config;
static struct failover failover;
static struct failover_move move;
static uint64_t now;

static void start(void)
{
	const char *why = NULL;

	ck_assert_msg(failover_init(&failover, &config, &why) == 0, "%s", why);
}

static void set_up(void)
{
	failover_config_init(&config, 3, 2);
	now = 100 * SEC;
	start();
}

static int say(uint32_t uplink, uint32_t check, enum failover_word word)
{
	return failover_report(&failover, uplink, check, word, now, &move);
}

static int say_both(uint32_t uplink, enum failover_word word)
{
	int first = say(uplink, LINK, word), second = say(uplink, BFD, word);

	return first | second;
}

static void expect(uint32_t from, uint32_t to, enum failover_reason reason)
{
	ck_assert_uint_eq(move.from, from);
	ck_assert_uint_eq(move.to, to);
	ck_assert_str_eq(failover_reason_name(move.reason), failover_reason_name(reason));
	ck_assert_uint_eq(move.at_nsec, now);
	ck_assert_uint_eq(failover.active, to);
}

/* All uplinks up, the first active. */
static void all_up(void)
{
	ck_assert_int_eq(say_both(0, UP), 1);
	expect(NONE, 0, FAILOVER_REASON_FIRST);
	ck_assert_int_eq(say_both(1, UP), 0);
	ck_assert_int_eq(say_both(2, UP), 0);
	ck_assert_uint_eq(failover_deadline(&failover), NSEC_NEVER);
}

static void refuse(const char *text)
{
	const char *why = "";

	ck_assert_int_eq(failover_init(&failover, &config, &why), -EINVAL);
	ck_assert_msg(strstr(why, text) != NULL, "%s", why);
	ck_assert_int_eq(failover_init(&failover, &config, NULL), -EINVAL);
	failover_config_init(&config, 3, 2);
}

START_TEST(bad_config_is_named)
{
	config.num_uplinks = 0;
	refuse("number of uplinks");
	config.num_uplinks = FAILOVER_MAX_UPLINKS + 1;
	refuse("number of uplinks");
	config.num_checks[2] = 0;
	refuse("checks");
	config.num_checks[0] = FAILOVER_MAX_CHECKS + 1;
	refuse("checks");
	config.all_down = (enum failover_all_down)2;
	refuse("all uplinks are down");
	config.damping.reuse = 0;
	refuse("damping: reuse");
	failover_config_init(&config, FAILOVER_MAX_UPLINKS, FAILOVER_MAX_CHECKS);
	start();
}
END_TEST

START_TEST(bad_words_are_refused)
{
	ck_assert_int_eq(say(3, LINK, UP), -EINVAL);
	ck_assert_int_eq(say(0, 2, UP), -EINVAL);
	ck_assert_int_eq(say(NONE, LINK, UP), -EINVAL);
	ck_assert_int_eq(say(0, LINK, FAILOVER_PENDING), -EINVAL);
	ck_assert_int_eq(say(0, LINK, (enum failover_word)9), -EINVAL);
	ck_assert_str_eq(failover_word_name(FAILOVER_ABSTAIN), "abstain");
	ck_assert_str_eq(failover_word_name((enum failover_word)9), "unknown");
	ck_assert_str_eq(failover_reason_name((enum failover_reason)9), "unknown");
}
END_TEST

START_TEST(needs_every_check)
{
	ck_assert_int_eq(say(0, LINK, UP), 0);
	ck_assert_int_eq(say(1, BFD, UP), 0);
	ck_assert_uint_eq(failover.active, NONE);
	ck_assert_int_eq(say(1, LINK, UP), 1);
	expect(NONE, 1, FAILOVER_REASON_FIRST);
	ck_assert_int_eq(say(0, BFD, FAILOVER_ABSTAIN), 1);
	expect(1, 0, FAILOVER_REASON_PREFERRED);
}
END_TEST

START_TEST(any_down_moves_at_once)
{
	all_up();
	now += 1;
	ck_assert_int_eq(say(0, (uint32_t)_i, DOWN), 1);
	expect(0, 1, FAILOVER_REASON_DOWN);
	ck_assert_uint_eq(move.check, _i);
	ck_assert_int_eq(say(0, !_i, DOWN), 0);
	ck_assert_int_eq(say(2, LINK, DOWN), 0);
	ck_assert_int_eq(say(1, BFD, DOWN), 0);
	ck_assert_uint_eq(failover.active, 1);
	ck_assert_uint_eq(failover.moves, 2);
}
END_TEST

START_TEST(returns_after_hold)
{
	all_up();
	ck_assert_int_eq(say(0, BFD, DOWN), 1);
	now += SEC;
	ck_assert_int_eq(say(0, BFD, UP), 0);
	ck_assert_uint_eq(failover_deadline(&failover), now + 5 * SEC);
	now += 5 * SEC - 1;
	ck_assert_int_eq(failover_advance(&failover, now, &move), 0);
	now += 1;
	ck_assert_int_eq(failover_advance(&failover, now, &move), 1);
	expect(1, 0, FAILOVER_REASON_PREFERRED);
	ck_assert_uint_eq(failover_deadline(&failover), NSEC_NEVER);
	ck_assert_int_eq(failover_advance(&failover, now, &move), 0);
}
END_TEST

START_TEST(hold_starts_anew)
{
	all_up();
	say(0, BFD, DOWN);
	say(0, BFD, UP);
	now += 4 * SEC;
	ck_assert_int_eq(say(0, LINK, DOWN), 0);
	now += SEC / 2;
	ck_assert_int_eq(say(0, LINK, UP), 0);
	now += 5 * SEC - 1;
	ck_assert_int_eq(failover_advance(&failover, now, &move), 0);
	now += 1;
	ck_assert_int_eq(failover_advance(&failover, now, &move), 1);
	expect(1, 0, FAILOVER_REASON_PREFERRED);
}
END_TEST

/* Saying UP again and again must not push the hold away. */
START_TEST(repeated_words_are_harmless)
{
	all_up();
	say(0, BFD, DOWN);
	say(0, BFD, DOWN);
	ck_assert_uint_eq(failover.uplinks[0].damping.flaps, 1);
	ck_assert_int_eq(say(0, BFD, UP), 0);
	for (int i = 0; i < 4; i++) {
		now += SEC;
		ck_assert_int_eq(say_both(0, UP), 0);
	}
	now += SEC;
	ck_assert_int_eq(say(0, LINK, UP), 1);
	expect(1, 0, FAILOVER_REASON_PREFERRED);
}
END_TEST

START_TEST(unsettled_is_better_than_dead)
{
	all_up();
	say(0, BFD, DOWN);
	say(0, BFD, UP);
	ck_assert_uint_eq(failover.active, 1);
	ck_assert_int_eq(say(1, LINK, DOWN), 1);
	expect(1, 2, FAILOVER_REASON_DOWN);
	ck_assert_int_eq(say(2, LINK, DOWN), 1);
	expect(2, 0, FAILOVER_REASON_DOWN);
	now += SEC;
	ck_assert_int_eq(say(1, LINK, UP), 0);
	ck_assert_int_eq(say(2, LINK, UP), 0);
	now += 10 * SEC;
	ck_assert_int_eq(failover_advance(&failover, now, &move), 0);
	ck_assert_uint_eq(failover.active, 0);
}
END_TEST

/* All were dead and come back one by one: the first is taken, the preferred one after its hold. */
START_TEST(first_back_then_preferred)
{
	all_up();
	now += SEC;
	say(1, LINK, DOWN);
	say(2, LINK, DOWN);
	say(0, LINK, DOWN);
	ck_assert_uint_eq(failover.active, 0);
	now += SEC;
	ck_assert_int_eq(say(2, LINK, UP), 1);
	expect(0, 2, FAILOVER_REASON_DOWN);
	now += SEC;
	ck_assert_int_eq(say(1, LINK, UP), 0);
	now += 4 * SEC;
	ck_assert_int_eq(failover_advance(&failover, now, &move), 0);
	now += SEC;
	ck_assert_int_eq(failover_advance(&failover, now, &move), 1);
	expect(2, 1, FAILOVER_REASON_PREFERRED);
}
END_TEST

/* Active, up and damped: left for one that is settled, though it is less preferred. */
START_TEST(leaves_unsettled_for_settled)
{
	all_up();
	for (int i = 0; i < 5; i++) {
		say(0, LINK, DOWN);
		say(0, LINK, UP);
	}
	say(2, LINK, DOWN);
	ck_assert_int_eq(say(1, LINK, DOWN), 1);
	expect(1, 0, FAILOVER_REASON_DOWN);
	ck_assert_int_eq(say(2, LINK, UP), 0);
	now += 5 * SEC;
	ck_assert(damping_suppressed(&failover.uplinks[0].damping, now));
	ck_assert_uint_eq(failover_deadline(&failover), now);
	ck_assert_int_eq(failover_advance(&failover, now, &move), 1);
	expect(0, 2, FAILOVER_REASON_SETTLED);
}
END_TEST

START_TEST(stay_does_not_revert)
{
	config.stay = true;
	start();
	all_up();
	say(0, BFD, DOWN);
	say(0, BFD, UP);
	now += 100 * SEC;
	ck_assert_int_eq(failover_advance(&failover, now, &move), 0);
	ck_assert_uint_eq(failover.active, 1);
	ck_assert_int_eq(say(1, BFD, DOWN), 1);
	expect(1, 0, FAILOVER_REASON_DOWN);
}
END_TEST

START_TEST(all_down_keeps)
{
	all_up();
	say(2, LINK, DOWN);
	say(0, LINK, DOWN);
	ck_assert_int_eq(say(1, LINK, DOWN), 0);
	ck_assert_uint_eq(failover.active, 1);
	ck_assert_int_eq(say(2, LINK, UP), 1);
	expect(1, 2, FAILOVER_REASON_DOWN);
	ck_assert_uint_eq(move.check, LINK);
}
END_TEST

START_TEST(all_down_withdraws)
{
	config.all_down = FAILOVER_WITHDRAW;
	start();
	all_up();
	say(2, LINK, DOWN);
	say(0, LINK, DOWN);
	ck_assert_int_eq(say(1, BFD, DOWN), 1);
	expect(1, NONE, FAILOVER_REASON_ALL_DOWN);
	ck_assert_uint_eq(move.check, BFD);
	ck_assert_int_eq(say(0, BFD, DOWN), 0);
	ck_assert_int_eq(say(2, LINK, UP), 1);
	expect(NONE, 2, FAILOVER_REASON_FIRST);
}
END_TEST

/* The first word counts too: an uplink that begins dead has to hold before it is preferred. */
START_TEST(down_at_start_needs_hold)
{
	say(0, LINK, DOWN);
	ck_assert_uint_eq(failover.uplinks[0].damping.flaps, 0);
	ck_assert_int_eq(say_both(1, UP), 1);
	ck_assert_int_eq(say_both(0, UP), 0);
	now += 5 * SEC;
	ck_assert_int_eq(failover_advance(&failover, now, &move), 1);
	expect(1, 0, FAILOVER_REASON_PREFERRED);
}
END_TEST

START_TEST(abstaining_is_no_failure)
{
	all_up();
	ck_assert_int_eq(say(0, BFD, FAILOVER_ABSTAIN), 0);
	ck_assert_int_eq(say(0, LINK, DOWN), 1);
	ck_assert_int_eq(say(0, LINK, UP), 0);
	now += 5 * SEC;
	ck_assert_int_eq(failover_advance(&failover, now, &move), 1);
	expect(1, 0, FAILOVER_REASON_PREFERRED);
	ck_assert_int_eq(say(0, BFD, DOWN), 1);
	ck_assert_int_eq(say(0, BFD, FAILOVER_ABSTAIN), 0);
	ck_assert(failover.uplinks[0].up && !failover.uplinks[0].settled);
}
END_TEST

START_TEST(flapping_uplink_is_damped)
{
	uint64_t reuse;

	all_up();
	for (int i = 0; i < 3; i++) {
		say(0, LINK, DOWN);
		now += SEC;
		say(0, LINK, UP);
	}
	reuse = damping_reuse_at(&failover.uplinks[0].damping);
	ck_assert_uint_gt(reuse, now + 15 * SEC);
	ck_assert_uint_eq(failover_deadline(&failover), reuse);
	now = reuse - 1;
	ck_assert_int_eq(failover_advance(&failover, now, &move), 0);
	now = reuse;
	ck_assert_int_eq(failover_advance(&failover, now, &move), 1);
	expect(1, 0, FAILOVER_REASON_PREFERRED);
}
END_TEST

START_TEST(time_jumps)
{
	config.hold_nsec = UINT64_MAX;
	start();
	all_up();
	say(0, LINK, DOWN);
	now = 0;
	ck_assert_int_eq(say(0, LINK, UP), 0);
	ck_assert_uint_eq(failover_deadline(&failover), NSEC_NEVER);
	ck_assert_int_eq(failover_advance(&failover, UINT64_MAX - 1, &move), 0);
}
END_TEST

static uint64_t draw(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

/* What must hold after every call, whatever was said. */
static void check_invariants(void)
{
	bool any_up = false, better = false;
	uint32_t active = failover.active;

	for (uint32_t i = 0; i < failover.num_uplinks; i++) {
		const struct failover_uplink *uplink = &failover.uplinks[i];

		any_up |= uplink->up;
		better |= uplink->settled && i < active;
		if (uplink->settled && !uplink->up)
			ck_abort_msg("settled and not up");
		if (uplink->settled && uplink->failed && uplink->up_since_nsec + 5 * SEC > now)
			ck_abort_msg("settled without hold");
	}
	if (any_up && (active == NONE || !failover.uplinks[active].up))
		ck_abort_msg("active %u is dead, others are not", active);
	if (!any_up && config.all_down == FAILOVER_WITHDRAW && active != NONE)
		ck_abort_msg("not withdrawn");
	if (any_up && better && !config.stay)
		ck_abort_msg("a preferred uplink is settled");
}

static void check_move(int moved, uint32_t before)
{
	if (moved < 0 || moved != (failover.active != before))
		ck_abort_msg("move %d from %u to %u", moved, before, failover.active);
	if (moved && (move.from != before || move.to != failover.active || move.at_nsec != now))
		ck_abort_msg("move told wrongly");
}

START_TEST(random_words)
{
	uint64_t random = (uint64_t)_i + 1, moves = 0;

	config.stay = _i & 1;
	config.all_down = (enum failover_all_down)(_i >> 1 & 1);
	config.damping.penalty = _i & 4 ? 1000 : 0;
	start();
	for (unsigned n = 0; n < 20000; n++) {
		uint64_t until = now + (draw(&random) % 8 ? draw(&random) : draw(&random) * 8);
		uint32_t before = failover.active;

		if (failover_deadline(&failover) < until) {
			now = failover_deadline(&failover);
			check_move(failover_advance(&failover, now, &move), before);
			if (failover_deadline(&failover) <= now)
				ck_abort_msg("would spin");
		} else {
			now = until;
			check_move(failover_advance(&failover, now, &move), before);
			if (failover.active != before)
				ck_abort_msg("moved before the deadline");
			check_move(say((uint32_t)draw(&random) % 3, draw(&random) & 1,
					   (enum failover_word)(1 + draw(&random) % 3)),
				before);
		}
		check_invariants();
		moves += failover.active != before;
	}
	ck_assert_uint_gt(moves, 1000);
	ck_assert_uint_eq(moves, failover.moves);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("failover");
	TCase *tcase = tcase_create("failover");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, bad_config_is_named);
	tcase_add_test(tcase, bad_words_are_refused);
	tcase_add_test(tcase, needs_every_check);
	tcase_add_loop_test(tcase, any_down_moves_at_once, 0, 2);
	tcase_add_test(tcase, returns_after_hold);
	tcase_add_test(tcase, hold_starts_anew);
	tcase_add_test(tcase, repeated_words_are_harmless);
	tcase_add_test(tcase, unsettled_is_better_than_dead);
	tcase_add_test(tcase, first_back_then_preferred);
	tcase_add_test(tcase, leaves_unsettled_for_settled);
	tcase_add_test(tcase, stay_does_not_revert);
	tcase_add_test(tcase, all_down_keeps);
	tcase_add_test(tcase, all_down_withdraws);
	tcase_add_test(tcase, down_at_start_needs_hold);
	tcase_add_test(tcase, abstaining_is_no_failure);
	tcase_add_test(tcase, flapping_uplink_is_damped);
	tcase_add_test(tcase, time_jumps);
	tcase_add_loop_test(tcase, random_words, 0, 8);
	suite_add_tcase(suite, tcase);
	return suite;
}
