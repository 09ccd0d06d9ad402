/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/thread.c: a loop runs on a thread of its own beside the host's, posts and signals cross both
 * ways, and it ends when its loop does.
 */
#include "harness.h"
#include "threaded.h"

#include <errno.h>
#include <gyre.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct threaded threaded;
static struct gyre_loop *host; /* stays here */

static void setup(void)
{
	threaded_open(&threaded);
	ck_assert_int_eq(gyre_loop_create(NULL, &host), 0);
}

static void teardown(void)
{
	threaded_close(&threaded);
	ck_assert_int_eq(gyre_loop_destroy(host), 0);
}

/* --- Beside the host --- */

/* What the thread is seen to be by a process of its loop. */
struct self {
	pthread_t id;
	char name[16];
	cpu_set_t cpus;
	sigset_t mask;
	struct gyre_loop *current;
};

static int look(struct gyre_process *process, void *arg)
{
	struct self *self = arg;

	self->id = pthread_self();
	pthread_getname_np(self->id, self->name, sizeof(self->name));
	pthread_getaffinity_np(self->id, sizeof(self->cpus), &self->cpus);
	pthread_sigmask(SIG_SETMASK, NULL, &self->mask);
	self->current = gyre_loop_current();
	return process ? 0 : 1;
}

static struct self look_at_thread(void)
{
	struct self self;

	memset(&self, 0, sizeof(self));
	ck_assert_int_eq(gyre_process_spawn(threaded.loop, look, &self, NULL, NULL), 0);
	ck_assert_int_eq(threaded_join(threaded_start(&threaded)), 0);
	return self;
}

START_TEST(the_thread_has_its_loops_name_and_ends_with_its_last_process)
{
	struct self self = look_at_thread();

	ck_assert(!pthread_equal(self.id, pthread_self()));
	ck_assert_str_eq(self.name, "the-loop-of-the");
	ck_assert_ptr_eq(self.current, threaded.loop);
	ck_assert_ptr_null(gyre_loop_current());
}
END_TEST

START_TEST(the_thread_has_the_name_it_was_given)
{
	threaded.options.name = "worker-3";
	ck_assert_str_eq(look_at_thread().name, "worker-3");
}
END_TEST

START_TEST(it_is_pinned_and_the_caller_is_not)
{
	cpu_set_t before, after, wanted;
	struct self self;

	CPU_ZERO(&wanted);
	ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	for (threaded.options.cpu = CPU_SETSIZE - 1; !CPU_ISSET(threaded.options.cpu, &before);)
		threaded.options.cpu--;
	CPU_SET(threaded.options.cpu, &wanted);
	self = look_at_thread();
	ck_assert(CPU_EQUAL(&self.cpus, &wanted));
	ck_assert_int_eq(sched_getaffinity(0, sizeof(after), &after), 0);
	ck_assert(CPU_EQUAL(&after, &before));
	threaded.options.cpu = -1;
	self = look_at_thread();
	ck_assert(CPU_EQUAL(&self.cpus, &before));
}
END_TEST

static _Atomic(int) handled_by_host, handled_elsewhere;
static pthread_t host_id;

static void handle(int number)
{
	(void)number;
	if (pthread_equal(pthread_self(), host_id))
		atomic_fetch_add(&handled_by_host, 1);
	else
		atomic_fetch_add(&handled_elsewhere, 1);
}

START_TEST(the_hosts_signals_stay_on_its_threads)
{
	struct sigaction action = {.sa_handler = handle};
	sigset_t before, after, usr1;
	struct gyre_thread *thread;

	host_id = pthread_self();
	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	gyre_loop_ref(threaded.loop);
	thread = threaded_start(&threaded);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < SIGRTMAX; i++)
		ck_assert_int_eq(sigismember(&before, i), sigismember(&after, i));
	/* While the host blocks it no thread takes it. */
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	kill(getpid(), SIGUSR1);
	usleep(10000);
	ck_assert_int_eq(atomic_load(&handled_by_host), 0);
	pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
	ck_assert_int_eq(atomic_load(&handled_by_host), 1);
	ck_assert_int_eq(atomic_load(&handled_elsewhere), 0);
	ck_assert_int_eq(threaded_stop_and_join(thread), 1);
	gyre_loop_unref(threaded.loop);
}
END_TEST

/* Else a handler that names an overflowed stack is never asked. */
START_TEST(signals_of_its_own_faults_are_not_blocked)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
	struct self self = look_at_thread();

	ck_assert(sigismember(&self.mask, SIGTERM));
	ck_assert(sigismember(&self.mask, SIGCHLD));
	for (unsigned i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		ck_assert(!sigismember(&self.mask, faults[i]));
}
END_TEST

/* --- What crosses --- */

#define CROSSINGS 2000

/* Passes a ball: each signal is answered by one to the other side's player. */
struct player {
	struct gyre_process_id other;
	unsigned got;
};
static struct player players[2];

static int play(struct gyre_process *self, void *arg)
{
	struct player *player = arg;

	while (player->got < CROSSINGS) {
		int err = gyre_process_wait(self, GYRE_EVENT(0), GYRE_FOREVER, NULL);

		if (err < 0)
			return err;
		player->got++;
		if (player->got < CROSSINGS || player == &players[1])
			gyre_process_signal(player->other, GYRE_EVENT(0));
	}
	return 0;
}

START_TEST(signals_cross_both_ways)
{
	struct gyre_thread *thread;

	ck_assert_int_eq(gyre_process_spawn(host, play, &players[0], NULL, &players[1].other), 0);
	ck_assert_int_eq(
		gyre_process_spawn(threaded.loop, play, &players[1], NULL, &players[0].other), 0);
	thread = threaded_start(&threaded);
	ck_assert_int_eq(gyre_process_signal(players[0].other, GYRE_EVENT(0)), 0);
	ck_assert_int_eq(gyre_loop_run(host, GYRE_RUN_DEFAULT), 0);
	ck_assert_int_eq(threaded_join(thread), 0);
	ck_assert_uint_eq(players[0].got, CROSSINGS);
	ck_assert_uint_eq(players[1].got, CROSSINGS);
}
END_TEST

/* A post that goes to the thread's loop and back to the host's until it has turned around often
 * enough. */
struct traveller {
	struct gyre_post post;
	unsigned turned;
};
static unsigned arrived;

static void there(struct gyre_post *post);

static void back(struct gyre_post *post)
{
	struct traveller *traveller = (struct traveller *)post;

	ck_assert_ptr_eq(gyre_loop_current(), host);
	if (++traveller->turned < CROSSINGS / 10) {
		post->fn = there;
		gyre_loop_post(threaded.loop, post);
	} else if (++arrived == 10) {
		gyre_loop_unref(host);
	}
}

static void there(struct gyre_post *post)
{
	ck_assert_ptr_eq(gyre_loop_current(), threaded.loop);
	post->fn = back;
	gyre_loop_post(host, post);
}

START_TEST(posts_cross_both_ways)
{
	static struct traveller travellers[10];
	struct gyre_thread *thread;

	gyre_loop_ref(threaded.loop);
	gyre_loop_ref(host);
	thread = threaded_start(&threaded);
	for (unsigned i = 0; i < 10; i++) {
		travellers[i].post.fn = there;
		gyre_loop_post(threaded.loop, &travellers[i].post);
	}
	ck_assert_int_eq(gyre_loop_run(host, GYRE_RUN_DEFAULT), 0);
	ck_assert_uint_eq(arrived, 10);
	ck_assert_int_eq(threaded_stop_and_join(thread), 1);
}
END_TEST

static void unref(struct gyre_post *post)
{
	gyre_loop_unref(threaded.loop);
	free(post);
}

START_TEST(a_ref_keeps_a_loop_that_waits_for_posts)
{
	struct gyre_post *post = malloc(sizeof(*post));
	struct gyre_thread *thread;

	gyre_loop_ref(threaded.loop);
	thread = threaded_start(&threaded);
	usleep(20000);
	ck_assert_int_eq(gyre_loop_run(threaded.loop, GYRE_RUN_NOWAIT), -EBUSY);
	ck_assert_int_eq(gyre_loop_destroy(threaded.loop), -EBUSY);
	post->fn = unref;
	gyre_loop_post(threaded.loop, post);
	ck_assert_int_eq(threaded_join(thread), 0);
}
END_TEST

/* --- Enter and leave --- */

static struct order {
	unsigned at, entered, ran, left;
	pthread_t enter_id, leave_id;
	int enter_status;
} order;

static int enter(void *arg)
{
	ck_assert_ptr_eq(arg, &order);
	ck_assert_ptr_null(gyre_loop_current());
	order.entered = ++order.at;
	order.enter_id = pthread_self();
	return order.enter_status;
}

static void leave(void *arg)
{
	ck_assert_ptr_eq(arg, &order);
	ck_assert_ptr_null(gyre_loop_current());
	order.left = ++order.at;
	order.leave_id = pthread_self();
}

static int run_once(struct gyre_process *self, void *arg)
{
	(void)self, (void)arg;
	order.ran = ++order.at;
	return 0;
}

static void use_order(int enter_status)
{
	order = (struct order){.enter_status = enter_status};
	threaded.options.enter = enter;
	threaded.options.leave = leave;
	threaded.options.arg = &order;
}

START_TEST(enter_comes_first_and_leave_last_on_the_thread)
{
	use_order(1); /* not an error */
	ck_assert_int_eq(gyre_process_spawn(threaded.loop, run_once, NULL, NULL, NULL), 0);
	ck_assert_int_eq(threaded_join(threaded_start(&threaded)), 0);
	ck_assert_uint_eq(order.entered, 1);
	ck_assert_uint_eq(order.ran, 2);
	ck_assert_uint_eq(order.left, 3);
	ck_assert(pthread_equal(order.enter_id, order.leave_id));
	ck_assert(!pthread_equal(order.enter_id, pthread_self()));
}
END_TEST

/* The thread that runs the loop finds itself in the starter's variable from the first turn on. */
static struct gyre_thread *known;

static int join_oneself(struct gyre_process *self, void *arg)
{
	(void)self;
	*(int *)arg = gyre_thread_join(known, NULL);
	gyre_thread_stop(known);
	return 0;
}

START_TEST(who_joins_itself_is_told_so)
{
	int joined = 0, status = -1;

	ck_assert_int_eq(gyre_process_spawn(threaded.loop, join_oneself, &joined, NULL, NULL), 0);
	ck_assert_int_eq(gyre_thread_start(threaded.loop, NULL, &known), 0);
	ck_assert_int_eq(gyre_thread_join(known, &status), 0);
	ck_assert_int_eq(joined, -EDEADLK);
	ck_assert_int_eq(gyre_thread_join(NULL, NULL), -EINVAL);
}
END_TEST

static gyre_next pass(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return 0;
}

static const char *const to_nobody[] = {"nobody"};
static const struct gyre_node_class bad_class = {.name = "bad",
	.kind = GYRE_NODE_INTERNAL,
	.process = pass,
	.nexts = to_nobody,
	.n_nexts = 1};

/* The run fails, and who joins is told. */
START_TEST(a_graph_that_cannot_be_built_is_told_to_the_joiner)
{
	ck_assert_int_eq(gyre_node_add(threaded.loop, &bad_class, "bad", NULL, NULL), 0);
	ck_assert_int_lt(threaded_join(threaded_start(&threaded)), 0);
}
END_TEST

#define CROWD 24

static int tick(struct gyre_process *self, void *arg)
{
	for (int i = 0; i < 20 && gyre_process_sleep(self, GYRE_MSEC(1)) == 0; i++)
		++*(unsigned *)arg;
	return 0;
}

START_TEST(many_loops_run_side_by_side)
{
	struct gyre_thread *threads[CROWD];
	struct gyre_loop *loops[CROWD];
	unsigned ticks[CROWD] = {0};

	for (unsigned i = 0; i < CROWD; i++) {
		ck_assert_int_eq(gyre_loop_create(NULL, &loops[i]), 0);
		ck_assert_int_eq(gyre_process_spawn(loops[i], tick, &ticks[i], NULL, NULL), 0);
		ck_assert_int_eq(gyre_thread_start(loops[i], NULL, &threads[i]), 0);
	}
	for (unsigned i = 0; i < CROWD; i++) {
		ck_assert_int_eq(threaded_join(threads[i]), 0);
		ck_assert_uint_eq(ticks[i], 20);
		ck_assert_int_eq(gyre_loop_destroy(loops[i]), 0);
	}
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("thread");
	TCase *tcase = tcase_create("thread");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_thread_has_its_loops_name_and_ends_with_its_last_process);
	tcase_add_test(tcase, the_thread_has_the_name_it_was_given);
	tcase_add_test(tcase, it_is_pinned_and_the_caller_is_not);
	tcase_add_test(tcase, the_hosts_signals_stay_on_its_threads);
	tcase_add_test(tcase, signals_of_its_own_faults_are_not_blocked);
	tcase_add_test(tcase, signals_cross_both_ways);
	tcase_add_test(tcase, posts_cross_both_ways);
	tcase_add_test(tcase, a_ref_keeps_a_loop_that_waits_for_posts);
	tcase_add_test(tcase, enter_comes_first_and_leave_last_on_the_thread);
	tcase_add_test(tcase, who_joins_itself_is_told_so);
	tcase_add_test(tcase, a_graph_that_cannot_be_built_is_told_to_the_joiner);
	tcase_add_test(tcase, many_loops_run_side_by_side);
	suite_add_tcase(suite, tcase);
	return suite;
}
