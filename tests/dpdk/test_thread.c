/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads: a registered one has a mempool cache, EAL's own is left alone, all ids come back, and a
 * loop's own thread is registered by its `enter`.
 */
#include <errno.h>
#include <gyre.h>
#include <pthread.h>
#include <rte_lcore.h>

#include "fixture.h"
#include "harness.h"

static void *before_eal(void *arg)
{
	*(int *)arg = gyre_dpdk_thread_register();
	gyre_dpdk_thread_unregister();
	return NULL;
}

START_TEST(without_eal_there_is_nothing_to_register_with)
{
	pthread_t thread;
	int status = 0;

	ck_assert_int_eq(pthread_create(&thread, NULL, before_eal, &status), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(status, -ENODEV);
}
END_TEST

static void *with_cache(void *arg)
{
	struct rte_mempool *pool = arg;
	struct rte_mbuf *mbuf;

	ck_assert_ptr_null(rte_mempool_default_cache(pool, rte_lcore_id()));
	ck_assert_int_eq(gyre_dpdk_thread_register(), 1);
	ck_assert_int_eq(gyre_dpdk_thread_register(), 0);
	ck_assert_ptr_nonnull(rte_mempool_default_cache(pool, rte_lcore_id()));
	mbuf = rte_pktmbuf_alloc(pool);
	ck_assert_ptr_nonnull(mbuf);
	rte_pktmbuf_free(mbuf);
	ck_assert_uint_gt(rte_mempool_default_cache(pool, rte_lcore_id())->len, 0);
	gyre_dpdk_thread_unregister();
	ck_assert_ptr_null(rte_mempool_default_cache(pool, rte_lcore_id()));
	gyre_dpdk_thread_unregister();
	return NULL;
}

/* More often than there are lcore ids. */
START_TEST(a_registered_thread_has_a_cache_and_gives_its_id_back)
{
	struct rte_mempool *pool;
	pthread_t thread;

	fixture_eal();
	pool = fixture_pool("threads", 255);
	for (int i = 0; i < 2 * RTE_MAX_LCORE; i++) {
		ck_assert_int_eq(pthread_create(&thread, NULL, with_cache, pool), 0);
		pthread_join(thread, NULL);
	}
	fixture_pool_end(pool);
}
END_TEST

START_TEST(eals_own_thread_is_left_alone)
{
	unsigned lcore;

	fixture_eal();
	lcore = rte_lcore_id();
	ck_assert_uint_ne(lcore, LCORE_ID_ANY);
	ck_assert_int_eq(gyre_dpdk_thread_register(), 0);
	gyre_dpdk_thread_unregister();
	ck_assert_uint_eq(rte_lcore_id(), lcore);
}
END_TEST

static int enter(void *pool)
{
	int status = gyre_dpdk_thread_register();

	if (status >= 0)
		ck_assert_ptr_nonnull(rte_mempool_default_cache(pool, rte_lcore_id()));
	return status;
}

static void leave(void *pool)
{
	ck_assert_ptr_nonnull(rte_mempool_default_cache(pool, rte_lcore_id()));
	gyre_dpdk_thread_unregister();
	ck_assert_uint_eq(rte_lcore_id(), LCORE_ID_ANY);
}

static int allocate(struct gyre_process *self, void *pool)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);

	ck_assert_ptr_nonnull(mbuf);
	rte_pktmbuf_free(mbuf);
	ck_assert_uint_gt(rte_mempool_default_cache(pool, rte_lcore_id())->len, 0);
	return gyre_process_yield(self);
}

/* Again: more often than there are lcore ids. */
START_TEST(a_loops_own_thread_is_registered_by_its_enter)
{
	struct gyre_thread_options options = GYRE_THREAD_OPTIONS_INIT;
	struct gyre_thread *thread;
	struct gyre_loop *loop;
	int status = -1;

	fixture_eal();
	options.enter = enter;
	options.leave = leave;
	options.arg = fixture_pool("enter", 255);
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	for (int i = 0; i < 2 * RTE_MAX_LCORE; i++) {
		ck_assert_int_eq(gyre_process_spawn(loop, allocate, options.arg, NULL, NULL), 0);
		ck_assert_int_eq(gyre_thread_start(loop, &options, &thread), 0);
		ck_assert_int_eq(gyre_thread_join(thread, &status), 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	fixture_pool_end(options.arg);
}
END_TEST

START_TEST(without_eal_such_an_enter_fails_the_start)
{
	struct gyre_thread_options options = GYRE_THREAD_OPTIONS_INIT;
	struct gyre_thread *thread;
	struct gyre_error error;
	struct gyre_loop *loop;

	options.enter = enter;
	options.error = &error;
	ck_assert_int_eq(gyre_loop_create(NULL, &loop), 0);
	ck_assert_int_eq(gyre_thread_start(loop, &options, &thread), -ENODEV);
	ck_assert_str_eq(error.text, "thread 'gyre': enter() failed: No such device");
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
}
END_TEST

struct crowd {
	pthread_barrier_t registered;
	int refused;
	pthread_mutex_t lock;
};

static void *one_of_many(void *arg)
{
	struct crowd *crowd = arg;
	int status = gyre_dpdk_thread_register();

	pthread_mutex_lock(&crowd->lock);
	if (status == -ENOMEM)
		crowd->refused++;
	else
		ck_assert_int_eq(status, 1);
	pthread_mutex_unlock(&crowd->lock);
	pthread_barrier_wait(&crowd->registered);
	gyre_dpdk_thread_unregister();
	return NULL;
}

/* One lcore is EAL's: of as many threads as there are ids, one too many. */
START_TEST(one_thread_too_many_is_told_so)
{
	static pthread_t threads[RTE_MAX_LCORE];
	struct crowd crowd = {.lock = PTHREAD_MUTEX_INITIALIZER};

	fixture_eal();
	pthread_barrier_init(&crowd.registered, NULL, RTE_MAX_LCORE);
	for (int i = 0; i < RTE_MAX_LCORE; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, one_of_many, &crowd), 0);
	for (int i = 0; i < RTE_MAX_LCORE; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(crowd.refused, 1);
	pthread_barrier_destroy(&crowd.registered);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("thread");
	TCase *tcase = tcase_create("thread");

	tcase_add_test(tcase, without_eal_there_is_nothing_to_register_with);
	tcase_add_test(tcase, a_registered_thread_has_a_cache_and_gives_its_id_back);
	tcase_add_test(tcase, eals_own_thread_is_left_alone);
	tcase_add_test(tcase, without_eal_such_an_enter_fails_the_start);
	tcase_add_test(tcase, a_loops_own_thread_is_registered_by_its_enter);
	tcase_add_test(tcase, one_thread_too_many_is_told_so);
	suite_add_tcase(suite, tcase);
	return suite;
}
