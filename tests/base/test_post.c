/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/base/post.c: order per thread, each post once, budgets, and no sleep while a post waits, with
 * real threads.
 */
#include "harness.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hub.h"

#define THREADS 4
#define EACH    20000

static struct gyre_loop loop;

struct numbered {
	struct gyre_post post;
	unsigned thread, number;
};

static unsigned seen[THREADS];
static unsigned total;

static void expect_next(struct gyre_post *post)
{
	struct numbered *n = (struct numbered *)post;

	ck_assert_uint_eq(n->number, seen[n->thread]);
	seen[n->thread]++;
	total++;
}

static void setup(void)
{
	loop = (struct gyre_loop){0};
	ck_assert_int_eq(gyre__postbox_init(&loop.posts, &loop), 0);
	for (unsigned i = 0; i < THREADS; i++)
		seen[i] = 0;
	total = 0;
}

static void teardown(void)
{
	gyre__postbox_fini(&loop.posts);
}

START_TEST(runs_in_order_within_the_budget)
{
	struct numbered n[10];

	for (unsigned i = 0; i < 10; i++) {
		n[i] = (struct numbered){.post.fn = expect_next, .number = i};
		gyre_loop_post(&loop, &n[i].post);
	}
	ck_assert_uint_eq(gyre__post_run(&loop.posts, 4), 4);
	ck_assert(gyre__post_pending(&loop.posts));
	ck_assert_uint_eq(gyre__post_run(&loop.posts, 100), 6);
	ck_assert(!gyre__post_pending(&loop.posts));
	ck_assert_uint_eq(gyre__post_run(&loop.posts, 100), 0);
	ck_assert_uint_eq(total, 10);
}
END_TEST

static unsigned reposts;

static void repost(struct gyre_post *post)
{
	if (++reposts < 3)
		gyre_loop_post(&loop, post);
}

START_TEST(a_post_may_post_itself_again_for_the_next_run)
{
	struct gyre_post post = {.fn = repost};

	reposts = 0;
	gyre_loop_post(&loop, &post);
	for (unsigned i = 1; i <= 3; i++) {
		ck_assert_uint_eq(gyre__post_run(&loop.posts, 100), 1);
		ck_assert_uint_eq(reposts, i);
	}
	ck_assert(!gyre__post_pending(&loop.posts));
}
END_TEST

static void free_post(struct gyre_post *post)
{
	total++;
	free(post);
}

START_TEST(a_post_may_be_freed_by_its_fn)
{
	for (int i = 0; i < 5; i++) {
		struct gyre_post *post = calloc(1, sizeof(*post));

		ck_assert_ptr_nonnull(post);
		post->fn = free_post;
		gyre_loop_post(&loop, post);
	}
	ck_assert_uint_eq(gyre__post_run(&loop.posts, 100), 5);
	ck_assert_uint_eq(total, 5);
}
END_TEST

static bool readable(void)
{
	struct pollfd fd = {.fd = loop.posts.wake_fd, .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

/* A loop's epoll looks for edges and leaves the count alone; a poll(2) does not. */
static void drain(void)
{
	uint64_t count;

	ck_assert_int_ge(read(loop.posts.wake_fd, &count, sizeof(count)), -1);
}

START_TEST(wakes_a_sleeper_once_and_only_a_sleeper)
{
	struct numbered n[3];

	for (unsigned i = 0; i < 3; i++)
		n[i] = (struct numbered){.post.fn = expect_next, .number = i};
	gyre_loop_post(&loop, &n[0].post);
	ck_assert(!readable());
	ck_assert(!gyre__post_sleep(&loop.posts)); /* one is waiting */
	gyre__post_kick(&loop.posts);
	ck_assert(!readable()); /* so it stayed awake */
	gyre__post_run(&loop.posts, 1);
	ck_assert(gyre__post_sleep(&loop.posts));
	gyre_loop_post(&loop, &n[1].post);
	ck_assert(readable());
	drain();
	gyre_loop_post(&loop, &n[2].post); /* whoever kicked first cleared the flag */
	ck_assert(!readable());
	gyre__post_awake(&loop.posts);
	ck_assert_uint_eq(gyre__post_run(&loop.posts, 10), 2);
}
END_TEST

/* As in a signal handler, whose program must not see that the counter was full. */
START_TEST(a_kick_keeps_errno)
{
	uint64_t full = UINT64_MAX - 1;

	ck_assert_int_eq(write(loop.posts.wake_fd, &full, sizeof(full)), sizeof(full));
	ck_assert(gyre__post_sleep(&loop.posts));
	errno = ENOTTY;
	gyre__post_kick(&loop.posts);
	ck_assert_int_eq(errno, ENOTTY);
	ck_assert(readable());
}
END_TEST

static struct numbered flood[THREADS][EACH];

static void *pusher(void *arg)
{
	unsigned thread = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < EACH; i++) {
		flood[thread][i] =
			(struct numbered){.post.fn = expect_next, .thread = thread, .number = i};
		gyre_loop_post(&loop, &flood[thread][i].post);
	}
	return NULL;
}

/* The loop's side sleeps in poll(2) without a timeout worth the name whenever it may: a lost
 * wake-up shows as a time-out. */
START_TEST(threads_lose_no_post_and_no_wake_up)
{
	pthread_t threads[THREADS];
	struct pollfd fd = {.fd = loop.posts.wake_fd, .events = POLLIN};

	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, pusher, (void *)i), 0);
	while (total < THREADS * EACH) {
		gyre__post_run(&loop.posts, 64);
		if (total == THREADS * EACH || !gyre__post_sleep(&loop.posts))
			continue;
		ck_assert_msg(poll(&fd, 1, 5000) == 1, "asleep with %u of %u posts seen", total,
			THREADS * EACH);
		drain();
		gyre__post_awake(&loop.posts);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_uint_eq(seen[i], EACH);
	}
}
END_TEST

static _Atomic(unsigned) answered;

static void answer(struct gyre_post *post)
{
	(void)post;
	atomic_fetch_add(&answered, 1);
}

/* Each post comes a random moment after the last one was run, when the loop is about to sleep. */
static void *prod(void *arg)
{
	static struct gyre_post post = {.fn = answer};
	unsigned seed = 1;

	(void)arg;
	for (unsigned i = 0; i < EACH; i++) {
		unsigned pause = (unsigned)rand_r(&seed) % 400;

		while (atomic_load(&answered) != i)
			sched_yield();
		for (volatile unsigned spin = 0; spin < pause; spin++)
			;
		gyre_loop_post(&loop, &post);
	}
	return NULL;
}

START_TEST(a_post_that_meets_the_going_to_sleep_wakes)
{
	struct pollfd fd = {.fd = loop.posts.wake_fd, .events = POLLIN};
	pthread_t thread;

	atomic_store(&answered, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, prod, NULL), 0);
	while (atomic_load(&answered) < EACH) {
		if (gyre__post_run(&loop.posts, 64) || !gyre__post_sleep(&loop.posts))
			continue;
		ck_assert_msg(poll(&fd, 1, 10000) == 1, "asleep after %u posts", answered);
		drain();
		gyre__post_awake(&loop.posts);
	}
	pthread_join(thread, NULL);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("post");
	TCase *tcase = tcase_create("post");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, runs_in_order_within_the_budget);
	tcase_add_test(tcase, a_post_may_post_itself_again_for_the_next_run);
	tcase_add_test(tcase, a_post_may_be_freed_by_its_fn);
	tcase_add_test(tcase, wakes_a_sleeper_once_and_only_a_sleeper);
	tcase_add_test(tcase, threads_lose_no_post_and_no_wake_up);
	tcase_add_test(tcase, a_kick_keeps_errno);
	tcase_add_test(tcase, a_post_that_meets_the_going_to_sleep_wakes);
	suite_add_tcase(suite, tcase);
	return suite;
}
