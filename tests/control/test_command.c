/* SPDX-License-Identifier: Apache-2.0 */
/* Commands: paced, bounded, cancelled, ended once. */
#include "control/app.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "command");
	rig_open(&rig);
	fd = rig_connect(&rig);
}

static void teardown(void)
{
	close(fd);
	rig_close(&rig);
}

START_TEST(a_flood_is_paced_and_refused_beyond)
{
	enum { N = 600 };
	struct timespec begin, end;
	unsigned busy = 0, done = 0;
	double msec;

	app_add_methods(&rig);
	app_ran = 0;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < N / 60; i++) {
		char batch[8192] = "[";

		for (int k = 0; k < 60; k++)
			strcat(batch,
				k ? ",{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"app.counts\"}"
				  : "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"app.counts\"}");
		strcat(batch, "]\n");
		rig_send(fd, batch);
	}
	for (int i = 0; i < N / 60; i++) {
		json_t *reply = rig_receive(fd), *element;
		size_t k;

		json_array_foreach(reply, k, element)
		{
			json_t *error = json_object_get(element, "error");

			if (error)
				ck_assert_int_eq(rig_integer(error, "code"), -32004);
			*(error ? &busy : &done) += 1;
		}
		json_decref(reply);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	msec = (double)(end.tv_sec - begin.tv_sec) * 1e3 +
	       (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
	ck_assert_uint_eq(busy + done, N);
	ck_assert_uint_eq(done, app_ran);
	ck_assert_uint_ge(done, 60);
	/* One every 2 ms, and the burst. */
	ck_assert_double_le(done, msec / 2 + 6);
}
END_TEST

START_TEST(so_many_at_a_time_and_no_more)
{
	char message[256];

	app_add_methods(&rig);
	app_cancelled = 0;
	for (int i = 0; i < 10; i++)
		rig_send(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"app.sleeps\"}\n");
	json_decref(rig_ask(fd, "app.counts", NULL));
	for (int c = 0; c < 5; c++) {
		int other = rig_connect(&rig);

		for (int i = 0; i < 15; i++)
			rig_send(other, "{\"jsonrpc\":\"2.0\",\"method\":\"app.sleeps\"}\n");
		usleep(20000);
		if (c == 4)
			ck_assert_int_eq(rig_ask_error(other, "app.counts", NULL, message), -32004);
		if (c == 4)
			ck_assert_ptr_nonnull(strstr(message, "busy"));
		/* Readings go on. */
		json_decref(rig_ask(other, "runtime", NULL));
		if (c < 4)
			continue;
		close(other);
	}
	ck_assert_uint_eq(app_cancelled, 0);
}
END_TEST

static bool all_cancelled(void *arg)
{
	(void)arg;
	return atomic_load(&app_cancelled) == 4;
}

START_TEST(a_deleted_loop_cancels_them)
{
	json_t *reply;

	app_add_methods(&rig);
	app_cancelled = 0;
	for (int i = 0; i < 4; i++)
		rig_send(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"app.sleeps\"}\n");
	json_decref(rig_ask(fd, "app.counts", NULL));
	rig_stop(&rig);
	ck_assert_int_eq(gyre_control_loop_del(rig.control, rig.loop), 0);
	for (int i = 0; i < 4; i++) {
		reply = rig_receive(fd);
		ck_assert_int_eq(rig_integer(json_object_get(reply, "error"), "code"), -32001);
		json_decref(reply);
	}
	rig_start(&rig);
	rig_until(all_cancelled, NULL);
	rig_stop(&rig);
	ck_assert_int_eq(gyre_control_loop_add(rig.control, rig.loop, NULL), 0);
}
END_TEST

START_TEST(a_loop_that_stands_ends_them_unbegun)
{
	app_add_methods(&rig);
	rig_stop(&rig);
	app_ran = 0;
	for (int i = 0; i < 4; i++)
		rig_send(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"app.counts\"}\n");
	json_decref(rig_ask(fd, "version", NULL));
	usleep(20000);
	close(fd);
	fd = rig_connect(&rig);
	json_decref(rig_ask(fd, "version", NULL));
	rig_start(&rig);
	json_decref(rig_ask(fd, "app.counts", NULL));
	ck_assert_uint_eq(app_ran, 1);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("command");
	TCase *tcase = tcase_create("command");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_flood_is_paced_and_refused_beyond);
	tcase_add_test(tcase, so_many_at_a_time_and_no_more);
	tcase_add_test(tcase, a_deleted_loop_cancels_them);
	tcase_add_test(tcase, a_loop_that_stands_ends_them_unbegun);
	suite_add_tcase(suite, tcase);
	return suite;
}
