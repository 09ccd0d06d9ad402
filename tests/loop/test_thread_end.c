/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/thread.c, the end: a stop ends one run, whoever else joins, and a start that fails names the
 * fault and leaves nothing behind.
 */
#include "harness.h"
#include "threaded.h"

#include <errno.h>
#include <gyre.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct threaded threaded;

static void setup(void)
{
	threaded_open(&threaded);
}

static void teardown(void)
{
	threaded_close(&threaded);
}

static unsigned entered, left;

static int enter(void *arg)
{
	entered++;
	return *(int *)arg;
}

static void leave(void *arg)
{
	(void)arg;
	left++;
}

static void use_enter(int *status)
{
	entered = left = 0;
	threaded.options.enter = enter;
	threaded.options.leave = leave;
	threaded.options.arg = status;
}

/* --- Stops --- */

static int sleep_twice(struct gyre_process *self, void *arg)
{
	gyre_process_sleep(self, GYRE_MSEC(1));
	gyre_process_sleep(self, GYRE_MSEC(1));
	*(bool *)arg = true;
	return 0;
}

START_TEST(stops_are_for_one_run_only)
{
	bool slept = false;

	gyre_loop_ref(threaded.loop);
	for (int i = 0; i < 20; i++) {
		struct gyre_thread *thread = threaded_start(&threaded);

		gyre_thread_stop(thread);
		gyre_thread_stop(thread);
		ck_assert_int_eq(threaded_stop_and_join(thread), 1);
	}
	gyre_loop_unref(threaded.loop);
	ck_assert_int_eq(gyre_process_spawn(threaded.loop, sleep_twice, &slept, NULL, NULL), 0);
	ck_assert_int_eq(gyre_loop_run(threaded.loop, GYRE_RUN_DEFAULT), 0);
	ck_assert(slept);
}
END_TEST

START_TEST(a_stop_after_the_end_stops_no_later_run)
{
	struct gyre_thread *thread = threaded_start(&threaded);
	bool slept = false;

	while (gyre_loop_run(threaded.loop, GYRE_RUN_NOWAIT) == -EBUSY)
		usleep(100);
	ck_assert_int_eq(gyre_process_spawn(threaded.loop, sleep_twice, &slept, NULL, NULL), 0);
	ck_assert_int_eq(threaded_stop_and_join(thread), 0);
	ck_assert_int_eq(gyre_loop_run(threaded.loop, GYRE_RUN_DEFAULT), 0);
	ck_assert(slept);
}
END_TEST

static void *stop_it(void *thread)
{
	gyre_thread_stop(thread);
	return NULL;
}

START_TEST(one_stops_while_another_joins)
{
	pthread_t other;

	gyre_loop_ref(threaded.loop);
	for (int i = 0; i < 100; i++) {
		struct gyre_thread *thread = threaded_start(&threaded);

		ck_assert_int_eq(pthread_create(&other, NULL, stop_it, thread), 0);
		ck_assert_int_eq(threaded_join(thread), 1);
		ck_assert_int_eq(pthread_join(other, NULL), 0);
	}
}
END_TEST

/* A starter that is held up by a signal while the thread enters, runs and ends; the loop's last
 * process lets somebody else join, who frees the thread only when the starter has left it. */
static struct gyre_thread *started;
static pthread_t starter;
static atomic_bool held_up, ran, joined, joined_too_early;

static void hold_up(int number)
{
	struct timespec pause = {.tv_nsec = 1000000};

	(void)number;
	atomic_store(&held_up, true);
	for (int i = 0; i < 200; i++)
		nanosleep(&pause, NULL);
	atomic_store(&joined_too_early, atomic_load(&joined));
}

static int hold_up_starter(void *arg)
{
	(void)arg;
	usleep(20000); /* it is asleep by now, most likely */
	pthread_kill(starter, SIGUSR1);
	while (!atomic_load(&held_up))
		usleep(100);
	return 0;
}

static int say_that_it_runs(struct gyre_process *self, void *arg)
{
	(void)self, (void)arg;
	atomic_store(&ran, true);
	return 0;
}

static void *join_when_it_runs(void *arg)
{
	(void)arg;
	while (!atomic_load(&ran))
		usleep(100);
	ck_assert_int_eq(threaded_join(started), 0);
	atomic_store(&joined, true);
	return NULL;
}

START_TEST(a_join_waits_for_the_starter)
{
	struct sigaction action = {.sa_handler = hold_up};
	pthread_t joiner;

	starter = pthread_self();
	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	ck_assert_int_eq(gyre_process_spawn(threaded.loop, say_that_it_runs, NULL, NULL, NULL), 0);
	ck_assert_int_eq(pthread_create(&joiner, NULL, join_when_it_runs, NULL), 0);
	threaded.options.enter = hold_up_starter;
	ck_assert_int_eq(gyre_thread_start(threaded.loop, &threaded.options, &started), 0);
	pthread_join(joiner, NULL);
	ck_assert(!atomic_load(&joined_too_early));
}
END_TEST

/* --- What fails --- */

static const char untouched;

/* A start that fails: its text names the thread and the fault, nothing is left, the loop is ours.
 */
static void refused(int status, const char *text)
{
	struct gyre_thread *thread = (void *)&untouched;

	ck_assert_int_eq(gyre_thread_start(threaded.loop, &threaded.options, &thread), status);
	ck_assert_ptr_eq(thread, (void *)&untouched);
	ck_assert_int_eq(threaded.error.code, status);
	ck_assert_msg(strstr(threaded.error.text, text) != NULL, "'%s' lacks '%s'",
		threaded.error.text, text);
	ck_assert_msg(strstr(threaded.error.text, "thread '") != NULL, "%s", threaded.error.text);
	ck_assert_int_eq(gyre_loop_run(threaded.loop, GYRE_RUN_NOWAIT), 0);
}

START_TEST(a_cpu_that_cannot_be_is_refused)
{
	threaded.options.cpu = CPU_SETSIZE - 1;
	refused(-EINVAL, "cpu 1023 is not one that this process may run on");
	threaded.options.cpu = CPU_SETSIZE;
	refused(-EINVAL, "cpu 1024 is not from -1 to 1023");
	threaded.options.cpu = -2;
	refused(-EINVAL, "cpu -2 is not from -1 to 1023");
}
END_TEST

START_TEST(enter_may_fail_the_start)
{
	int status = -ENODEV;

	use_enter(&status);
	refused(-ENODEV, "enter() failed: No such device");
	ck_assert_uint_eq(entered, 1);
	ck_assert_uint_eq(left, 0);
}
END_TEST

START_TEST(there_may_be_no_room_for_a_thread)
{
	pthread_attr_t attr;

	ck_assert_int_eq(pthread_attr_init(&attr), 0);
	ck_assert_int_eq(pthread_attr_setstacksize(&attr, (size_t)1 << 46), 0);
	ck_assert_int_eq(pthread_setattr_default_np(&attr), 0);
	if (!gyre_test_on_valgrind()) /* which has no such stack, but for another reason */
		refused(-EAGAIN, "no room for another thread");
}
END_TEST

START_TEST(a_loop_that_runs_cannot_be_started)
{
	struct gyre_thread *thread, *second = NULL;
	int status = 0;

	gyre_loop_ref(threaded.loop);
	threaded.options.name = "first";
	thread = threaded_start(&threaded);
	threaded.options.name = "second";
	use_enter(&status);
	ck_assert_int_eq(gyre_thread_start(threaded.loop, &threaded.options, &second), -EBUSY);
	ck_assert_ptr_null(second);
	ck_assert_str_eq(
		threaded.error.text, "thread 'second': loop 'the-loop-of-the-thread' runs already");
	ck_assert_uint_eq(entered, 0);
	ck_assert_int_eq(threaded_stop_and_join(thread), 1);
}
END_TEST

START_TEST(bad_arguments_are_told)
{
	struct {
		struct gyre_thread_options known;
		uint64_t more;
	} longer;
	struct gyre_thread *thread;

	ck_assert_int_eq(gyre_thread_start(NULL, &threaded.options, &thread), -EINVAL);
	ck_assert_str_eq(threaded.error.text, "gyre_thread_start: loop is NULL");
	ck_assert_int_eq(gyre_thread_start(threaded.loop, &threaded.options, NULL), -EINVAL);
	ck_assert_str_eq(threaded.error.text, "gyre_thread_start: ret_thread is NULL");
	ck_assert_int_eq(gyre_thread_start(NULL, NULL, &thread), -EINVAL);
	gyre_thread_options_init(&longer.known, sizeof(longer));
	longer.more = 1;
	ck_assert_int_eq(gyre_thread_start(threaded.loop, &longer.known, &thread), -E2BIG);
	threaded.options.size = 8;
	ck_assert_int_eq(gyre_thread_start(threaded.loop, &threaded.options, &thread), -EINVAL);
	ck_assert_int_eq(gyre_loop_run(threaded.loop, GYRE_RUN_NOWAIT), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("thread-end");
	TCase *tcase = tcase_create("thread-end");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, stops_are_for_one_run_only);
	tcase_add_test(tcase, a_stop_after_the_end_stops_no_later_run);
	tcase_add_test(tcase, one_stops_while_another_joins);
	tcase_add_test(tcase, a_join_waits_for_the_starter);
	tcase_add_test(tcase, a_cpu_that_cannot_be_is_refused);
	tcase_add_test(tcase, enter_may_fail_the_start);
	tcase_add_test(tcase, there_may_be_no_room_for_a_thread);
	tcase_add_test(tcase, a_loop_that_runs_cannot_be_started);
	tcase_add_test(tcase, bad_arguments_are_told);
	suite_add_tcase(suite, tcase);
	return suite;
}
