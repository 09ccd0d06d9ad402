/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/context.c and both variants of the switch: what the ABI says is preserved is preserved,
 * new stacks are aligned, unwinding ends, and no tool complains.
 */
#include "harness.h"

#include "sched/context.h"

#include <execinfo.h>
#include <fenv.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_VALGRIND
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND                0
#define VALGRIND_STACK_REGISTER(low, high) (void)0
#endif

#define STACK_SIZE 65536

static struct gyre__context main_context, contexts[3];
static char stacks[3][STACK_SIZE] __attribute__((aligned(64)));
static unsigned log_length;
static uintptr_t log_values[64];

static void note(uintptr_t value)
{
	log_values[log_length++] = value;
}

static void setup(void)
{
	log_length = 0;
	gyre__context_init_main(&main_context);
	for (unsigned i = 0; i < 3; i++)
		VALGRIND_STACK_REGISTER(stacks[i], stacks[i] + STACK_SIZE);
}

static void start(unsigned i, void (*entry)(void *arg), void *arg)
{
	if (contexts[i].sp)
		gyre__context_fini(&contexts[i]);
	gyre__context_init(&contexts[i], stacks[i], STACK_SIZE, entry, arg);
}

static void resume(unsigned i)
{
	gyre__context_switch(&main_context, &contexts[i]);
}

static void yield(unsigned i)
{
	gyre__context_switch(&contexts[i], &main_context);
}

static void count_three(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg;

	for (unsigned round = 0; round < 3; round++) {
		note(i * 10 + round);
		yield(i);
	}
	note(i * 10 + 9);
	gyre__context_exit(&contexts[i], &main_context);
}

START_TEST(contexts_take_turns)
{
	const uintptr_t expected[] = {10, 20, 11, 21, 12, 22, 19, 29};

	start(1, count_three, (void *)1);
	start(2, count_three, (void *)2);
	ck_assert_uint_eq(log_length, 0);
	for (unsigned round = 0; round < 4; round++) {
		resume(1);
		resume(2);
	}
	ck_assert_uint_eq(log_length, 8);
	ck_assert_mem_eq(log_values, expected, sizeof(expected));
}
END_TEST

START_TEST(stack_is_used_again)
{
	for (unsigned i = 0; i < gyre_test_rounds(1000, 100); i++) {
		log_length = 0;
		start(1, count_three, (void *)1);
		for (unsigned round = 0; round < 4; round++)
			resume(1);
		ck_assert_uint_eq(log_length, 4);
		ck_assert_uint_eq(log_values[3], 19);
	}
}
END_TEST

static void pass_on(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg;

	note(i);
	if (i < 2)
		gyre__context_switch(&contexts[i], &contexts[i + 1]);
	note(10 + i);
	gyre__context_exit(&contexts[i], i > 0 ? &contexts[i - 1] : &main_context);
}

START_TEST(contexts_switch_to_each_other)
{
	const uintptr_t expected[] = {0, 1, 2, 12, 11, 10};

	for (unsigned i = 0; i < 3; i++)
		start(i, pass_on, (void *)(uintptr_t)i);
	resume(0);
	ck_assert_uint_eq(log_length, 6);
	ck_assert_mem_eq(log_values, expected, sizeof(expected));
}
END_TEST

static void look_at_stack(void *arg)
{
	double lined_up[2] __attribute__((aligned(16))) = {1.5, 2.5};
	char text[64];

	note((uintptr_t)__builtin_frame_address(0));
	note((uintptr_t)contexts[0].sp);
	snprintf(text, sizeof(text), "%.1f %.1f", lined_up[0], lined_up[1]);
	strcpy(arg, text);
	gyre__context_exit(&contexts[0], &main_context);
}

/* Odd bounds, too: the top is aligned down. */
START_TEST(stack_is_aligned_and_inside)
{
	char text[64];

	for (unsigned odd = 0; odd < 32; odd++) {
		log_length = 0;
		gyre__context_init(&contexts[0], stacks[0], STACK_SIZE - odd, look_at_stack, text);
		resume(0);
		ck_assert_str_eq(text, "1.5 2.5");
		ck_assert_uint_eq(log_values[0] % 16, 0);
		for (unsigned i = 0; i < 2; i++) {
			ck_assert_uint_ge(log_values[i], (uintptr_t)stacks[0]);
			ck_assert_uint_lt(log_values[i], (uintptr_t)stacks[0] + STACK_SIZE - odd);
		}
	}
}
END_TEST

#ifdef CONTEXT_ASM
/* As fegetround(), which looks at the x87 unit only. */
static int sse_rounding(void)
{
	return (int)(__builtin_ia32_stmxcsr() >> 3 & 0xc00);
}
#else
#define sse_rounding() fegetround()
#endif

static void round_up(void *arg)
{
	volatile long double third = 1, three = 3;

	(void)arg;
	note((uintptr_t)fegetround());
	ck_assert_int_eq(sse_rounding(), fegetround());
	fesetround(FE_UPWARD);
	yield(0);
	note((uintptr_t)fegetround());
	ck_assert_int_eq(sse_rounding(), FE_UPWARD);
	/* The x87 unit has a control word of its own; valgrind does not emulate it. */
	third = third / three;
	note(third * three > 1 || RUNNING_ON_VALGRIND);
	gyre__context_exit(&contexts[0], &main_context);
}

START_TEST(rounding_mode_belongs_to_the_context)
{
	fesetround(FE_DOWNWARD);
	start(0, round_up, NULL);
	fesetround(FE_TOWARDZERO);
#ifdef CONTEXT_ASM
	resume(0);
	ck_assert_int_eq(fegetround(), FE_TOWARDZERO);
	ck_assert_int_eq(sse_rounding(), FE_TOWARDZERO);
	ck_assert_int_eq((int)log_values[0], FE_DOWNWARD);
	/* Sticky flags are nobody's. */
	feraiseexcept(FE_INEXACT | FE_DIVBYZERO);
	resume(0);
	ck_assert_int_eq(fegetround(), FE_TOWARDZERO);
	ck_assert_int_eq(sse_rounding(), FE_TOWARDZERO);
	ck_assert_int_eq((int)log_values[1], FE_UPWARD);
	ck_assert_uint_eq(log_values[2], 1);
#else
	gyre_test_note("libc's _setjmp keeps no rounding mode");
#endif
	fesetround(FE_TONEAREST);
}
END_TEST

#ifdef CONTEXT_ASM
/* Fills the registers that a call preserves, switches, and returns how many differ afterwards. Part
 * of its caller, as the switch is: ThreadSanitizer would look for its end on the other stack. */
__attribute__((always_inline)) static inline unsigned long registers_changed(
	struct gyre__context *from, struct gyre__context *to, unsigned long pattern)
{
	unsigned long changed = 0;

	__asm__ volatile("subq $128, %%rsp\n\t" /* the red zone */
			 "pushq %%rbp\n\t"
			 "pushq %%rax\n\t"
			 "leaq 1(%%rax), %%rbx\n\t"
			 "leaq 2(%%rax), %%rbp\n\t"
			 "leaq 3(%%rax), %%r12\n\t"
			 "leaq 4(%%rax), %%r13\n\t"
			 "leaq 5(%%rax), %%r14\n\t"
			 "leaq 6(%%rax), %%r15\n\t"
			 "call gyre__context_swap\n\t"
			 "movq 0(%%rsp), %%rax\n\t"
			 "subq %%rax, %%rbx\n\t"
			 "subq %%rax, %%rbp\n\t"
			 "subq %%rax, %%r12\n\t"
			 "subq %%rax, %%r13\n\t"
			 "subq %%rax, %%r14\n\t"
			 "subq %%rax, %%r15\n\t"
			 "xorq $1, %%rbx\n\t"
			 "xorq $2, %%rbp\n\t"
			 "xorq $3, %%r12\n\t"
			 "xorq $4, %%r13\n\t"
			 "xorq $5, %%r14\n\t"
			 "xorq $6, %%r15\n\t"
			 "orq %%rbp, %%rbx\n\t"
			 "orq %%r12, %%rbx\n\t"
			 "orq %%r13, %%rbx\n\t"
			 "orq %%r14, %%rbx\n\t"
			 "orq %%r15, %%rbx\n\t"
			 "movq %%rbx, %%rax\n\t"
			 "addq $8, %%rsp\n\t"
			 "popq %%rbp\n\t"
			 "addq $128, %%rsp"
			 : "=a"(changed), "+D"(from), "+S"(to)
			 : "0"(pattern)
			 : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
			 "r15", "cc", "memory");
	return changed;
}

static void change_registers(void *arg)
{
	(void)arg;
	for (unsigned long i = 0; i < 3; i++) {
		gyre__context_leave(&contexts[0], &main_context, false);
		note(registers_changed(&contexts[0], &main_context, 0x5000 * i));
		gyre__context_arrive(&contexts[0]);
	}
	gyre__context_exit(&contexts[0], &main_context);
}

START_TEST(registers_are_preserved)
{
	start(0, change_registers, NULL);
	for (unsigned long i = 0; i < 4; i++) {
		gyre__context_leave(&main_context, &contexts[0], false);
		ck_assert_uint_eq(registers_changed(&main_context, &contexts[0], 0x777000 + i), 0);
		gyre__context_arrive(&main_context);
	}
	ck_assert_uint_eq(log_length, 3);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_eq(log_values[i], 0);
}
END_TEST
#endif

static void unwind(void *arg)
{
	void *frames[50];

	(void)arg;
	note((uintptr_t)backtrace(frames, 50));
	gyre__context_exit(&contexts[0], &main_context);
}

START_TEST(unwinding_ends)
{
	start(0, unwind, NULL);
	resume(0);
	ck_assert_uint_ge(log_values[0], 2);
	ck_assert_uint_le(log_values[0], 6);
}
END_TEST

static void jump_about(void *arg)
{
	char deep[STACK_SIZE / 2];
	jmp_buf back;

	(void)arg;
	memset(deep, 1, sizeof(deep));
	yield(0);
	if (_setjmp(back) == 0)
		_longjmp(back, 1);
	note((uintptr_t)deep[100]);
	yield(0);
	note((uintptr_t)deep[sizeof(deep) - 1]);
	gyre__context_exit(&contexts[0], &main_context);
}

/* What a sanitizer finds out of order on a foreign stack it writes to stderr. */
START_TEST(deep_frames_and_jumps_are_quiet)
{
	int saved = dup(STDERR_FILENO), pipe_fds[2];
	char complaint[256] = "";
	ssize_t n;

	ck_assert_int_eq(pipe(pipe_fds), 0);
	dup2(pipe_fds[1], STDERR_FILENO);
	start(0, jump_about, NULL);
	for (unsigned round = 0; round < 3; round++)
		resume(0);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipe_fds[1]);
	n = read(pipe_fds[0], complaint, sizeof(complaint) - 1);
	close(pipe_fds[0]);
	ck_assert_msg(n == 0, "complaint: %s", complaint);
	ck_assert_uint_eq(log_length, 2);
	ck_assert_uint_eq(log_values[0], 1);
	ck_assert_uint_eq(log_values[1], 1);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("context");
	TCase *tcase = tcase_create("context");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, contexts_take_turns);
	tcase_add_test(tcase, stack_is_used_again);
	tcase_add_test(tcase, contexts_switch_to_each_other);
	tcase_add_test(tcase, stack_is_aligned_and_inside);
	tcase_add_test(tcase, rounding_mode_belongs_to_the_context);
#ifdef CONTEXT_ASM
	tcase_add_test(tcase, registers_are_preserved);
#endif
	tcase_add_test(tcase, unwinding_ends);
	tcase_add_test(tcase, deep_frames_and_jumps_are_quiet);
	suite_add_tcase(suite, tcase);
	return suite;
}
