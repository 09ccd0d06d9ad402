/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/process.c and the control words: rounding modes, masks and all other modes of mxcsr and
 * of the x87 unit are each process's own, and the loop's are the loop's. Built where the switch is
 * assembly: libc's keeps none.
 */
#include "harness.h"

#include "fixture.h"
#include "sched/context.h"

#include <fenv.h>

static struct fixture f;

static void setup(void)
{
	fixture_open(&f, 0);
}

/* Of the x87 unit, and of mxcsr. */
static void expect_rounding(int mode)
{
	ck_assert_int_eq(fegetround(), mode);
	ck_assert_int_eq((int)(__builtin_ia32_stmxcsr() >> 3 & 0xc00), mode);
}

static int set_rounding(void *arg)
{
	return fesetround(*(const int *)arg);
}

static int round_in_turns(struct gyre_process *self, void *arg)
{
	int mine = *(const int *)arg, before = fegetround();

	expect_rounding(before);
	fesetround(mine);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(gyre_process_yield(self), 0);
		expect_rounding(mine);
	}
	/* A call changes the mode of the loop, in the middle of a run. */
	ck_assert_int_eq(gyre_process_call(self, set_rounding, &mine), 0);
	expect_rounding(mine);
	ck_assert_int_eq(gyre_process_yield(self), 0);
	expect_rounding(mine);
	return 0;
}

START_TEST(rounding_mode_belongs_to_the_process)
{
	const int modes[] = {FE_UPWARD, FE_TONEAREST, FE_DOWNWARD, FE_DOWNWARD};

	for (unsigned i = 0; i < 4; i++)
		fixture_spawn(&f, "rounder", round_in_turns, (void *)&modes[i]);
	fesetround(FE_TOWARDZERO);
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(fixture_turn(&f), 4);
		expect_rounding(FE_TOWARDZERO);
	}
	ck_assert_uint_eq(fixture_turn(&f), 4);
	expect_rounding(FE_DOWNWARD);
	ck_assert_uint_eq(fixture_turn(&f), 4);
	expect_rounding(FE_DOWNWARD);
	ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), 0);
	fesetround(FE_TONEAREST);
	fixture_close(&f);
}
END_TEST

/* All of them but mxcsr's flags. */
static uint64_t control_words(void)
{
	return gyre__context_control() & ~UINT64_C(0x3f);
}

static void set_control_words(uint64_t control)
{
	uint16_t x87 = (uint16_t)(control >> 32);

	__builtin_ia32_ldmxcsr((unsigned)control);
	__asm__ volatile("fldcw %0" : : "m"(x87));
}

static int keep_control_words(struct gyre_process *self, void *arg)
{
	uint64_t mine = control_words() ^ *(const uint64_t *)arg;

	set_control_words(mine);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(gyre_process_yield(self), 0);
		ck_assert_uint_eq(control_words(), mine);
	}
	return 0;
}

START_TEST(each_control_bit_belongs_to_the_process)
{
	/* Denormals, the mask of divisions by zero and flush to zero in mxcsr; that mask and the
	 * precision of the x87 unit. */
	static const uint64_t bits[] = {
		0, 0x40, 0x200, 0x8000, UINT64_C(4) << 32, UINT64_C(0x300) << 32};
	const unsigned n = sizeof(bits) / sizeof(*bits);
	uint64_t before = control_words();

	if (gyre_test_on_valgrind()) {
		gyre_test_note("valgrind emulates rounding modes alone");
	} else {
		for (unsigned i = 0; i < n; i++)
			fixture_spawn(&f, "keeper", keep_control_words, (void *)&bits[i]);
		for (int i = 0; i < 4; i++) {
			ck_assert_uint_eq(fixture_turn(&f), n);
			ck_assert_uint_eq(control_words(), before);
		}
		ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), 0);
	}
	fixture_close(&f);
}
END_TEST

static volatile long double zero, one = 1;

static int divide_by_zero(struct gyre_process *self, void *arg)
{
	(void)self, (void)arg;
	return one / zero > 0 ? 0 : -1;
}

/* Would be killed by SIGFPE for what another process did. */
static int divide_nothing(struct gyre_process *self, void *arg)
{
	(void)arg;
	set_control_words(control_words() ^ UINT64_C(4) << 32);
	ck_assert_int_eq(gyre_process_yield(self), 0);
	one = one + one;
	return 0;
}

START_TEST(who_unmasks_an_exception_gets_its_own)
{
	fixture_spawn(&f, "careful", divide_nothing, NULL);
	fixture_spawn(&f, "careless", divide_by_zero, NULL);
	ck_assert_uint_eq(fixture_turn(&f), 2);
	ck_assert_uint_eq(fixture_turn(&f), 1);
	ck_assert_uint_eq(gyre__sched_alive(f.loop.sched), 0);
	fixture_close(&f);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("process-control");
	TCase *tcase = tcase_create("process-control");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, rounding_mode_belongs_to_the_process);
	tcase_add_test(tcase, each_control_bit_belongs_to_the_process);
	tcase_add_test(tcase, who_unmasks_an_exception_gets_its_own);
	suite_add_tcase(suite, tcase);
	return suite;
}
