/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/sched/stack.c: every stack has a guard that faults, of either kind; a guard that the kernel
 * only pretends to make is found out; deep users' pages go back; a hundred thousand stacks fit.
 */
#include "harness.h"

#include "sched/context.h"
#include "sched/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAVE_VALGRIND
#include <valgrind/valgrind.h>
#else
#define VALGRIND_DISABLE_ERROR_REPORTING (void)0
#define VALGRIND_ENABLE_ERROR_REPORTING  (void)0
#endif

#ifdef HAVE_ASAN
#include <sanitizer/lsan_interface.h>
#endif

#define GUARD 65536

/* The library's calls end here, so that a kernel can be played that only pretends. */
static bool madvise_lies, madvise_fails, mprotect_lies, mprotect_fails;

int madvise(void *at, size_t size, int advice)
{
	if (advice == 102 && madvise_fails) {
		errno = EINVAL;
		return -1;
	}
	if (advice == 102 && madvise_lies)
		return 0;
	return (int)syscall(SYS_madvise, at, size, advice);
}

int mprotect(void *at, size_t size, int protection)
{
	if (mprotect_fails) {
		errno = ENOMEM;
		return -1;
	}
	if (mprotect_lies)
		return 0;
	return (int)syscall(SYS_mprotect, at, size, protection);
}

static const enum gyre__guard guards[] = {GYRE__GUARD_MADVISE, GYRE__GUARD_MPROTECT};

static struct gyre__stacks *pool(enum gyre__guard guard)
{
	struct gyre__stacks *stacks = NULL;
	int rc = gyre__stacks_create_guard(guard, &stacks);

	if (rc == -ENOTSUP && guard == GYRE__GUARD_MADVISE)
		gyre_test_skip("this kernel has no MADV_GUARD_INSTALL (Linux 6.13)");
	ck_assert_int_eq(rc, 0);
	ck_assert_int_eq(gyre__stacks_guard(stacks), guard);
	return stacks;
}

static struct gyre__stack get(struct gyre__stacks *stacks, size_t size)
{
	struct gyre__stack stack;
	struct gyre_error error = {0, ""};

	ck_assert_msg(gyre__stack_get(stacks, size, &error, &stack) == 0, "%s", error.text);
	return stack;
}

/* 0, or the errno of a read of that byte by the kernel. */
static int fault_at(const char *byte)
{
	int pipe_fds[2], rc;

	ck_assert_int_eq(pipe(pipe_fds), 0);
	VALGRIND_DISABLE_ERROR_REPORTING;
	rc = write(pipe_fds[1], byte, 1) == 1 ? 0 : errno;
	VALGRIND_ENABLE_ERROR_REPORTING;
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return rc;
}

START_TEST(guards_fault)
{
	struct gyre__stacks *stacks = pool(guards[_i]);

	for (unsigned i = 0; i < 200; i++) {
		struct gyre__stack stack = get(stacks, 65536);
		char *low = stack.low;

		ck_assert_int_eq(fault_at(low), 0);
		ck_assert_int_eq(fault_at(low + stack.size - 1), 0);
		ck_assert_int_eq(fault_at(low - 1), EFAULT);
		ck_assert_int_eq(fault_at(low - GUARD), EFAULT);
	}
	gyre__stacks_destroy(stacks);
}
END_TEST

START_TEST(overflow_is_fatal)
{
	struct gyre__stacks *stacks = pool(guards[_i]);
	struct gyre__stack stack = get(stacks, 16384);
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		close(STDERR_FILENO);
		((volatile char *)stack.low)[-1] = 1;
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	/* AddressSanitizer turns the signal into an exit of its own. */
	ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
	gyre__stacks_destroy(stacks);
}
END_TEST

START_TEST(every_byte_is_usable)
{
	struct gyre__stacks *stacks = pool(guards[_i]);
	struct gyre__stack held[40];

	for (unsigned i = 0; i < 40; i++) {
		held[i] = get(stacks, 16384);
		ck_assert_uint_ge(held[i].size, 16384);
		memset(held[i].low, (int)i, held[i].size);
	}
	for (unsigned i = 0; i < 40; i++)
		for (size_t at = 0; at < held[i].size; at += 512)
			ck_assert_uint_eq(((unsigned char *)held[i].low)[at], i);
	gyre__stacks_destroy(stacks);
}
END_TEST

START_TEST(sizes_are_at_least_those_asked_for)
{
	struct gyre__stacks *stacks = pool(guards[_i]);
	const size_t sizes[] = {1, 16384, 16385, 20480, 65536, 65537, 1 << 20, 64 << 20};

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct gyre__stack stack = get(stacks, sizes[i]);

		ck_assert_uint_ge(stack.size, sizes[i]);
		ck_assert_uint_eq((uintptr_t)stack.low % (size_t)sysconf(_SC_PAGESIZE), 0);
		ck_assert_uint_eq(stack.size % 16, 0);
		gyre__stack_put(stacks, &stack);
		ck_assert_ptr_null(stack.low);
	}
	gyre__stacks_destroy(stacks);
}
END_TEST

START_TEST(too_large_is_an_error)
{
	struct gyre__stacks *stacks = pool(GYRE__GUARD_MPROTECT);
	struct gyre__stack stack = {.size = 77};
	struct gyre_error error = {0, ""};

	ck_assert_int_eq(gyre__stack_get(stacks, (64 << 20) + 1, &error, &stack), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "64 MiB"));
	ck_assert_uint_eq(stack.size, 77);
	ck_assert_int_eq(gyre__stack_get(stacks, SIZE_MAX, NULL, &stack), -EINVAL);
	gyre__stacks_destroy(stacks);
}
END_TEST

START_TEST(last_put_is_next_out)
{
	struct gyre__stacks *stacks = pool(guards[_i]);
	struct gyre__stack a = get(stacks, 65536), b = get(stacks, 65536);
	void *a_low = a.low, *b_low = b.low;
	size_t b_size = b.size;

	gyre__stack_put(stacks, &a);
	gyre__stack_put(stacks, &b);
	b = get(stacks, 65536);
	a = get(stacks, 65536);
	ck_assert_ptr_eq(b.low, b_low);
	ck_assert_uint_eq(b.size, b_size);
	ck_assert_ptr_eq(a.low, a_low);
	gyre__stacks_destroy(stacks);
}
END_TEST

START_TEST(tops_are_staggered)
{
	struct gyre__stacks *stacks = pool(guards[_i]);
	unsigned lines[64] = {0};

	for (unsigned i = 0; i < 320; i++) {
		struct gyre__stack stack = get(stacks, 65536);
		uintptr_t top = (uintptr_t)stack.low + stack.size;

		ck_assert_uint_eq(top % 64, 0);
		lines[top % 4096 / 64]++;
	}
	for (unsigned i = 0; i < 32; i++)
		ck_assert_uint_eq(lines[(64 - i) % 64], 10);
	gyre__stacks_destroy(stacks);
}
END_TEST

static void touch_deep(struct gyre__stack *stack, size_t bytes)
{
	memset((char *)stack->low + stack->size - bytes, 1, bytes);
}

START_TEST(high_water_is_counted_in_pages)
{
	struct gyre__stacks *stacks = pool(guards[_i]);
	struct gyre__stack stack = get(stacks, 8 << 20);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	ck_assert_uint_eq(gyre__stack_used(&stack), 0);
	touch_deep(&stack, 1);
	ck_assert_uint_eq(gyre__stack_used(&stack), page);
	touch_deep(&stack, 10 * page);
	ck_assert_uint_eq(gyre__stack_used(&stack), 10 * page);
	/* A frame that was skipped counts. */
	*((char *)stack.low + (1 << 20)) = 1;
	ck_assert_uint_eq(gyre__stack_used(&stack), (7 << 20) + page);
	gyre__stacks_destroy(stacks);
}
END_TEST

START_TEST(deep_pages_are_given_back)
{
	struct gyre__stacks *stacks = pool(guards[_i]);
	struct gyre__stack held[300];
	unsigned deep = 0;

	for (unsigned i = 0; i < 300; i++) {
		held[i] = get(stacks, 65536);
		touch_deep(&held[i], 60000);
	}
	for (unsigned i = 0; i < 300; i++)
		gyre__stack_put(stacks, &held[i]);
	for (unsigned i = 0; i < 300; i++) {
		held[i] = get(stacks, 65536);
		deep += gyre__stack_used(&held[i]) > 8192;
	}
	/* At most 16 MiB of them keep what they have, lest a busy pool works for nothing. */
	ck_assert_uint_gt(deep, 0);
	ck_assert_uint_le(deep, (16 << 20) / 65536);
	for (unsigned i = 0; i < 300; i++)
		gyre__stack_put(stacks, &held[i]);
	ck_assert_uint_gt(gyre__stacks_trim(stacks), 0);
	ck_assert_uint_eq(gyre__stacks_trim(stacks), 0);
	for (unsigned i = 0; i < 300; i++) {
		held[i] = get(stacks, 65536);
		ck_assert_uint_le(gyre__stack_used(&held[i]), 8192);
		ck_assert_int_eq(fault_at((char *)held[i].low - 1), EFAULT);
	}
	gyre__stacks_destroy(stacks);
}
END_TEST

START_TEST(pretended_guards_are_found_out)
{
	struct gyre__stacks *stacks = NULL;

	madvise_lies = true;
	ck_assert_int_eq(gyre__stacks_create_guard(GYRE__GUARD_MADVISE, &stacks), -ENOTSUP);
	ck_assert_int_eq(gyre__stacks_create(&stacks), 0);
	ck_assert_int_eq(gyre__stacks_guard(stacks), GYRE__GUARD_MPROTECT);
	gyre__stacks_destroy(stacks);
	stacks = NULL;
	mprotect_lies = true;
	ck_assert_int_eq(gyre__stacks_create(&stacks), -ENOTSUP);
	ck_assert_ptr_null(stacks);
	madvise_lies = mprotect_lies = false;
}
END_TEST

/* Memory that has become locked, say: the other kind steps in, stack by stack. */
START_TEST(later_failures_fall_back)
{
	struct gyre__stacks *stacks = pool(GYRE__GUARD_MADVISE);
	struct gyre__stack stack;
	struct gyre_error error = {0, ""};

	gyre__stacks_destroy(stacks);
	ck_assert_int_eq(gyre__stacks_create(&stacks), 0);
	ck_assert_int_eq(gyre__stacks_guard(stacks), GYRE__GUARD_MADVISE);
	madvise_fails = true;
	stack = get(stacks, 65536);
	ck_assert_int_eq(fault_at((char *)stack.low - 1), EFAULT);
	mprotect_fails = true;
	ck_assert_int_eq(gyre__stack_get(stacks, 65536, &error, &stack), -ENOMEM);
	ck_assert_ptr_nonnull(strstr(error.text, "guard"));
	madvise_fails = mprotect_fails = false;
	stack = get(stacks, 65536);
	ck_assert_int_eq(fault_at((char *)stack.low - 1), EFAULT);
	gyre__stacks_destroy(stacks);
}
END_TEST

static long file_number(const char *path, const char *format)
{
	FILE *file = fopen(path, "r");
	long number = -1;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, format, &number), 1);
	fclose(file);
	return number;
}

START_TEST(running_out_of_guards_is_an_error)
{
	struct gyre__stacks *stacks = pool(GYRE__GUARD_MPROTECT);
	long most = file_number("/proc/sys/vm/max_map_count", "%ld") / 2 + 1;
	struct gyre__stack stack, last = {.low = NULL};
	struct gyre_error error = {0, ""};
	long got = 0;

	/* A tool needs maps itself, and dies without. */
	if (most > 70000 || gyre_test_rounds(0, 1)) {
		gyre_test_note("vm.max_map_count is out of reach here");
		gyre__stacks_destroy(stacks);
		return;
	}
	while (got <= most && gyre__stack_get(stacks, 16384, &error, &stack) == 0) {
		last = stack;
		got++;
	}
	ck_assert_int_gt(got, 1000);
	ck_assert_int_le(got, most);
	ck_assert_int_eq(error.code, -ENOMEM);
	ck_assert_int_eq(fault_at((char *)last.low - 1), EFAULT);
	gyre__stack_put(stacks, &last);
	stack = get(stacks, 16384);
	ck_assert_int_eq(gyre__stack_get(stacks, 16384, &error, &stack), -ENOMEM);
	gyre__stacks_destroy(stacks);
}
END_TEST

START_TEST(a_hundred_thousand_fit)
{
	struct gyre__stacks *stacks = pool(GYRE__GUARD_MADVISE);
	unsigned count = gyre_test_rounds(100000, 200);
	long before, after, page = sysconf(_SC_PAGESIZE);
	struct gyre__stack *held;

#ifdef HAVE_ASAN
	count = 5000;
#endif
	held = calloc(count, sizeof(*held));
	ck_assert_ptr_nonnull(held);
	before = file_number("/proc/self/statm", "%*d %ld");
	for (unsigned i = 0; i < count; i++) {
		held[i] = get(stacks, 65536);
		touch_deep(&held[i], 1024);
	}
	after = file_number("/proc/self/statm", "%*d %ld");
	gyre_test_note(
		"%u stacks: %ld bytes resident each", count, (after - before) * page / (long)count);
	if (count == 100000)
		ck_assert_int_le((after - before) * page / (long)count, 5000);
	for (unsigned i = 0; i < count; i += 1000)
		ck_assert_int_eq(fault_at((char *)held[i].low - 1), EFAULT);
	for (unsigned i = 0; i < count; i++)
		gyre__stack_put(stacks, &held[i]);
	gyre__stacks_destroy(stacks);
	free(held);
}
END_TEST

#ifdef HAVE_ASAN
static struct gyre__context here, there;

/* Not to be moved to AddressSanitizer's fake stack, which LeakSanitizer reads of threads only. */
__attribute__((no_sanitize("address"))) static void hold_memory(void *arg)
{
	void *volatile held = malloc(77);

	(void)arg;
	gyre__context_switch(&there, &here);
	free(held);
	gyre__context_exit(&there, &here);
}

/* Overwrites what the test's own stack may remember. */
static __attribute__((noinline)) void forget(void)
{
	volatile char junk[8192];

	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = 0;
}

START_TEST(memory_held_by_a_suspended_stack_is_no_leak)
{
	struct gyre__stacks *stacks = pool(GYRE__GUARD_MPROTECT);
	struct gyre__stack stack = get(stacks, 65536);

	gyre__context_init_main(&here);
	gyre__context_init(&there, stack.low, stack.size, hold_memory, NULL);
	gyre__context_switch(&here, &there);
	forget();
	ck_assert_int_eq(__lsan_do_recoverable_leak_check(), 0);
	gyre__context_switch(&here, &there);
	gyre__stack_put(stacks, &stack);
	gyre__stacks_destroy(stacks);
}
END_TEST

START_TEST(memory_held_by_an_unused_stack_is_a_leak)
{
	struct gyre__stacks *stacks = pool(GYRE__GUARD_MPROTECT);
	struct gyre__stack stack = get(stacks, 65536), copy = stack;

	gyre__context_init_main(&here);
	gyre__context_init(&there, stack.low, stack.size, hold_memory, NULL);
	gyre__context_switch(&here, &there);
	gyre__stack_put(stacks, &stack);
	forget();
	dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
	ck_assert_int_ne(__lsan_do_recoverable_leak_check(), 0);
	stack = get(stacks, 65536);
	ck_assert_ptr_eq(stack.low, copy.low);
	gyre__context_switch(&here, &there);
	gyre__stack_put(stacks, &stack);
	gyre__stacks_destroy(stacks);
}
END_TEST
#endif

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("stack");
	TCase *each = tcase_create("each guard"), *tcase = tcase_create("stack");

	tcase_add_loop_test(each, guards_fault, 0, 2);
	tcase_add_loop_test(each, overflow_is_fatal, 0, 2);
	tcase_add_loop_test(each, every_byte_is_usable, 0, 2);
	tcase_add_loop_test(each, sizes_are_at_least_those_asked_for, 0, 2);
	tcase_add_loop_test(each, last_put_is_next_out, 0, 2);
	tcase_add_loop_test(each, tops_are_staggered, 0, 2);
	tcase_add_loop_test(each, high_water_is_counted_in_pages, 0, 2);
	tcase_add_loop_test(each, deep_pages_are_given_back, 0, 2);
	tcase_add_test(tcase, too_large_is_an_error);
	tcase_add_test(tcase, pretended_guards_are_found_out);
	tcase_add_test(tcase, later_failures_fall_back);
	tcase_add_test(tcase, running_out_of_guards_is_an_error);
	tcase_add_test(tcase, a_hundred_thousand_fit);
#ifdef HAVE_ASAN
	tcase_add_test(tcase, memory_held_by_a_suspended_stack_is_no_leak);
	tcase_add_test(tcase, memory_held_by_an_unused_stack_is_a_leak);
#endif
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, each);
	suite_add_tcase(suite, tcase);
	return suite;
}
