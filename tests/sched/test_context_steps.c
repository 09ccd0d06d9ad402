/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/context_x86_64.S instruction by instruction, by the CPU's trap flag: a signal may come
 * at each, and a profiler or debugger unwinds from there to the function that switches. Built where
 * the switch is assembly, and nothing else looks at each step.
 */
#include "harness.h"

#include "sched/context.h"

#include <fenv.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>
#include <unwind.h>

static struct gyre__context here, there;
static char stack[65536] __attribute__((aligned(64)));
static unsigned steps, lost;

static __attribute__((noinline)) void switches_there(int round);
static void switches_back(void *arg);

struct search {
	void *function;
	unsigned frames;
	bool found;
};

static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *arg)
{
	struct search *search = arg;
	void *at = (void *)_Unwind_GetIP(context);

	search->found = _Unwind_FindEnclosingFunction(at) == search->function;
	return search->found || ++search->frames == 16 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/* What the switch keeps below sp is not this signal's to write; all else there is. */
static void step(int signal, siginfo_t *info, void *arg)
{
	const ucontext_t *at = arg;
	const char *sp = (const char *)at->uc_mcontext.gregs[REG_RSP];
	bool away = sp >= stack && sp <= stack + sizeof(stack);
	struct search search = {away ? (void *)switches_back : (void *)switches_there, 0, false};
	volatile char written[2048];

	(void)signal, (void)info;
	memset((void *)written, 0x5a, sizeof(written));
	_Unwind_Backtrace(look, &search);
	lost += !search.found;
	steps++;
}

static inline void trap(bool on)
{
	uint64_t flags = __builtin_ia32_readeflags_u64() & ~UINT64_C(0x100);

	__builtin_ia32_writeeflags_u64(on ? flags | 0x100 : flags);
}

static void switches_back(void *arg)
{
	for (int round = 0; round < 4; round++) {
		fesetround(round % 2 ? FE_UPWARD : FE_DOWNWARD);
		gyre__context_switch(&there, &here);
		ck_assert_int_eq(fegetround(), round % 2 ? FE_UPWARD : FE_DOWNWARD);
	}
	*(bool *)arg = true;
	gyre__context_exit(&there, &here);
}

static void switches_there(int round)
{
	uint64_t control = gyre__context_control();

	trap(round > 0);
	if (round % 2)
		gyre__context_switch(&here, &there);
	else
		gyre__context_switch_under(&here, &there, 0, control);
	trap(false); /* nor is the switch the last call, which would be a jump */
}

START_TEST(every_step_can_be_unwound)
{
	struct sigaction action = {.sa_sigaction = step, .sa_flags = SA_SIGINFO};
	bool ended = false;

	if (gyre_test_on_valgrind())
		gyre_test_skip("valgrind has no trap flag");
	gyre__context_init_main(&here);
	gyre__context_init(&there, stack, sizeof(stack), switches_back, &ended);
	switches_there(0);
	sigaction(SIGTRAP, &action, NULL);
	for (int round = 1; round < 5; round++) {
		/* Some find modes that the other side has, too, and some do not. */
		fesetround(round < 3 ? FE_UPWARD : FE_TOWARDZERO);
		switches_there(round);
	}
	ck_assert(ended);
	ck_assert_uint_gt(steps, 4 * 50);
	ck_assert_uint_eq(lost, 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("context steps");
	TCase *tcase = tcase_create("context steps");

	tcase_add_test(tcase, every_step_can_be_unwound);
	suite_add_tcase(suite, tcase);
	return suite;
}
