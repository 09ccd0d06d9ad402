/* SPDX-License-Identifier: Apache-2.0 */
/* subscribe and unsubscribe: answers that come again. */
#include "control/rig.h"

#include <string.h>
#include <unistd.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "subscribe");
	rig_open(&rig);
	fd = rig_connect(&rig);
}

static void teardown(void)
{
	close(fd);
	rig_close(&rig);
}

/* The next push of that subscription; the caller's. */
static json_t *next_push(int64_t number)
{
	json_t *message = rig_receive(fd), *params = json_object_get(message, "params");

	ck_assert_str_eq(rig_text(message, "method"), "subscription");
	ck_assert_int_eq(rig_integer(params, "subscription"), number);
	json_incref(params);
	json_decref(message);
	return params;
}

START_TEST(pushes_come_until_it_ends)
{
	json_t *result = rig_ask(fd, "subscribe",
		"{\"method\":\"runtime\",\"params\":{\"total\":true},\"interval_msec\":100}");
	int64_t number = rig_integer(result, "subscription"), last = 0;

	json_decref(result);
	for (int i = 0; i < 4; i++) {
		json_t *push = next_push(number);
		int64_t now = rig_integer(json_object_get(push, "result"), "now_nsec");

		ck_assert_int_gt(now, last);
		ck_assert_ptr_null(json_object_get(push, "dropped"));
		last = now;
		json_decref(push);
	}
	rig_send(fd, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"unsubscribe\","
		     "\"params\":{\"subscription\":1}}\n");
	/* A push may be on its way already. */
	for (;;) {
		json_t *message = rig_receive(fd);
		bool ended = json_object_get(message, "id");

		json_decref(message);
		if (ended)
			break;
	}
	usleep(300000);
	result = rig_ask(fd, "log", NULL);
	json_decref(result);
}
END_TEST

START_TEST(each_method_that_may_be)
{
	static const char *const methods[] = {"runtime", "processes", "links", "errors", "loops"};
	char params[96];

	for (size_t i = 0; i < 5; i++) {
		json_t *result, *push;

		snprintf(params, sizeof(params), "{\"method\":\"%s\",\"interval_msec\":60000}",
			methods[i]);
		result = rig_ask(fd, "subscribe", params);
		push = next_push(rig_integer(result, "subscription"));
		ck_assert_ptr_nonnull(
			json_object_get(json_object_get(push, "result"), methods[i])
				?: json_object_get(json_object_get(push, "result"), "nodes"));
		json_decref(push);
		json_decref(result);
	}
}
END_TEST

START_TEST(what_is_wrong_is_told_at_once)
{
	char message[256];

	ck_assert_int_eq(rig_ask_error(fd, "subscribe",
				 "{\"method\":\"nodes\",\"interval_msec\":100}", message),
		-32602);
	ck_assert_int_eq(rig_ask_error(fd, "subscribe",
				 "{\"method\":\"runtime\",\"interval_msec\":99}", message),
		-32602);
	ck_assert_str_eq(message, "interval_msec: must be from 100 to 60000");
	ck_assert_int_eq(
		rig_ask_error(fd, "subscribe",
			"{\"method\":\"runtime\",\"interval_msec\":100,\"params\":{\"x\":1}}",
			message),
		-32602);
	ck_assert_int_eq(rig_ask_error(fd, "unsubscribe", "{\"subscription\":1}", message), -32002);
}
END_TEST

START_TEST(their_number_is_bounded)
{
	char message[256];

	for (int i = 0; i < 16; i++) {
		json_t *result =
			rig_ask(fd, "subscribe", "{\"method\":\"loops\",\"interval_msec\":60000}");

		json_decref(next_push(rig_integer(result, "subscription")));
		json_decref(result);
	}
	ck_assert_int_eq(rig_ask_error(fd, "subscribe",
				 "{\"method\":\"loops\",\"interval_msec\":60000}", message),
		-32003);
	ck_assert_str_eq(message, "too many: a client may have 16 subscriptions");
}
END_TEST

START_TEST(a_push_that_fails_says_so)
{
	json_t *result = rig_ask(fd, "subscribe",
		"{\"method\":\"runtime\",\"params\":{\"loop\":\"x\"},\"interval_msec\":60000}");
	json_t *push = next_push(rig_integer(result, "subscription"));

	ck_assert_int_eq(rig_integer(json_object_get(push, "error"), "code"), -32001);
	json_decref(push);
	json_decref(result);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("subscribe");
	TCase *tcase = tcase_create("subscribe");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, pushes_come_until_it_ends);
	tcase_add_test(tcase, each_method_that_may_be);
	tcase_add_test(tcase, what_is_wrong_is_told_at_once);
	tcase_add_test(tcase, their_number_is_bounded);
	tcase_add_test(tcase, a_push_that_fails_says_so);
	suite_add_tcase(suite, tcase);
	return suite;
}
