/* SPDX-License-Identifier: Apache-2.0 */
/* Commands: paced, bounded, cancelled, ended once. */
#include "control/rig.h"

#include <errno.h>
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

static _Atomic(unsigned) cancelled, ran;

static int add(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	json_t *any = gyre_control_call_param(call, "any");

	ck_assert_ptr_eq(gyre_process_current(), self);
	ck_assert_ptr_eq(arg, &rig);
	if (gyre_process_sleep(self, GYRE_MSEC(2)) < 0)
		return -ECANCELED;
	gyre_control_call_result(
		call, json_pack("{s:I, s:b, s:f, s:s?, s:b}", "sum",
			      (json_int_t)(gyre_control_call_integer(call, "a") +
					   gyre_control_call_integer(call, "b")),
			      "flag", gyre_control_call_bool(call, "flag"), "half",
			      gyre_control_call_number(call, "n") / 2, "text",
			      gyre_control_call_string(call, "text"), "any", any != NULL));
	return 0;
}

static int fails(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	(void)self;
	(void)arg;
	gyre_control_call_error(call, "no luck, %d times", 7);
	return -EDOM;
}

static int sleeps(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	(void)call;
	(void)arg;
	if (gyre_process_sleep(self, GYRE_SEC(60)) == -ECANCELED)
		cancelled++;
	return 0;
}

static int counts(struct gyre_process *self, struct gyre_control_call *call, void *arg)
{
	(void)self;
	(void)call;
	(void)arg;
	ran++;
	return 0;
}

static const struct gyre_control_param add_params[] = {
	{.name = "a", .type = GYRE_PARAM_INTEGER, .required = true, .min = -10, .max = 10},
	{.name = "b", .type = GYRE_PARAM_INTEGER},
	{.name = "flag", .type = GYRE_PARAM_BOOL},
	{.name = "n", .type = GYRE_PARAM_NUMBER},
	{.name = "text", .type = GYRE_PARAM_STRING, .min = 2, .max = 4, .help = "short"},
	{.name = "any", .type = GYRE_PARAM_ANY},
};

static const struct gyre_control_method app_methods[] = {
	{"app.add", "Adds.", add_params, 6, add},
	{"app.fails", NULL, NULL, 0, fails},
	{"app.sleeps", NULL, NULL, 0, sleeps},
	{"app.counts", NULL, NULL, 0, counts},
};

static void add_methods(void)
{
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(
			gyre_control_method_add(rig.control, rig.loop, &app_methods[i], &rig), 0);
}

START_TEST(a_flood_is_paced_and_refused_beyond)
{
	enum { N = 600 };
	struct timespec begin, end;
	unsigned busy = 0, done = 0;
	double msec;

	add_methods();
	ran = 0;
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
	ck_assert_uint_eq(done, ran);
	ck_assert_uint_ge(done, 60);
	/* One a millisecond, and the burst. */
	ck_assert_double_le(done, msec + 6);
}
END_TEST

START_TEST(so_many_at_a_time_and_no_more)
{
	char message[256];

	add_methods();
	cancelled = 0;
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
	ck_assert_uint_eq(cancelled, 0);
}
END_TEST

static bool all_cancelled(void *arg)
{
	(void)arg;
	return atomic_load(&cancelled) == 4;
}

START_TEST(a_deleted_loop_cancels_them)
{
	json_t *reply;

	add_methods();
	cancelled = 0;
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
	add_methods();
	rig_stop(&rig);
	ran = 0;
	for (int i = 0; i < 4; i++)
		rig_send(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"app.counts\"}\n");
	json_decref(rig_ask(fd, "version", NULL));
	usleep(20000);
	close(fd);
	fd = rig_connect(&rig);
	json_decref(rig_ask(fd, "version", NULL));
	rig_start(&rig);
	json_decref(rig_ask(fd, "app.counts", NULL));
	ck_assert_uint_eq(ran, 1);
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
