/* SPDX-License-Identifier: Apache-2.0 */
/* processes and processes.signal. */
#include "control/rig.h"

#include <string.h>
#include <unistd.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "methods-process");
	rig_open(&rig);
	fd = rig_connect(&rig);
}

static void teardown(void)
{
	close(fd);
	rig_close(&rig);
}

static json_t *find(json_t *result, const char *name)
{
	return rig_find(json_object_get(result, "processes"), name);
}

static bool has_ticked(void *arg)
{
	json_t *result = rig_ask(fd, "processes", NULL);
	bool enough = rig_integer(json_object_get(find(result, "ticker"), "late"), "count") > 10;

	(void)arg;
	json_decref(result);
	return enough;
}

START_TEST(processes_shows_their_accounts)
{
	json_t *result, *process, *late, *bucket;
	int64_t sum = 0;
	size_t i;

	rig_until(has_ticked, NULL);
	result = rig_ask(fd, "processes", NULL);
	ck_assert_uint_eq(json_array_size(json_object_get(result, "processes")), 4);
	process = find(result, "ticker");
	ck_assert_int_gt(rig_integer(process, "runs"), 10);
	ck_assert(json_is_false(json_object_get(process, "daemon")));
	ck_assert_int_ge(rig_integer(json_object_get(process, "stack"), "size"), 65536);
	ck_assert_int_gt(rig_integer(json_object_get(process, "stack"), "used"), 0);
	late = json_object_get(process, "late");
	ck_assert_uint_eq(json_array_size(json_object_get(late, "buckets")), 32);
	json_array_foreach(json_object_get(late, "buckets"), i, bucket) sum +=
		json_integer_value(bucket);
	ck_assert_int_eq(sum, rig_integer(late, "count"));
	ck_assert_int_le(rig_integer(late, "p50_nsec"), rig_integer(late, "p99_nsec"));
	ck_assert_int_le(rig_integer(late, "p99_nsec"), rig_integer(late, "max_nsec"));
	process = find(result, "waiter");
	ck_assert_str_eq(rig_text(process, "state"), "waiting");
	ck_assert(json_is_null(json_object_get(process, "deadline_nsec")));
	json_decref(result);
}
END_TEST

static bool got(void *arg)
{
	return atomic_load(&rig.signalled) == *(uint32_t *)arg;
}

START_TEST(a_signal_reaches_who_is_meant)
{
	json_t *result = rig_ask(fd, "processes.signal", "{\"process\":\"waiter\",\"events\":5}");
	char params[96];
	uint32_t bits = 5;

	ck_assert_str_eq(rig_text(result, "process"), "waiter");
	ck_assert_int_eq(rig_integer(result, "events"), 5);
	json_decref(result);
	rig_until(got, &bits);
	snprintf(params, sizeof(params), "{\"process\":\"%u.%u\",\"events\":134217728}",
		rig.waiter.index, rig.waiter.generation);
	json_decref(rig_ask(fd, "processes.signal", params));
	bits |= 134217728;
	rig_until(got, &bits);
}
END_TEST

START_TEST(who_is_not_there_is_told)
{
	char message[256], params[96];

	ck_assert_int_eq(rig_ask_error(fd, "processes.signal",
				 "{\"process\":\"gone\",\"events\":1}", message),
		-32002);
	ck_assert_str_eq(message, "no such process: 'gone'");
	snprintf(params, sizeof(params), "{\"process\":\"%u.%u\",\"events\":1}", rig.waiter.index,
		rig.waiter.generation + 1);
	ck_assert_int_eq(rig_ask_error(fd, "processes.signal", params, message), -32002);
}
END_TEST

START_TEST(two_of_a_name_are_told_apart_by_id)
{
	char message[256], params[96], id[24];
	json_t *result;

	ck_assert_int_eq(rig_ask_error(fd, "processes.signal",
				 "{\"process\":\"twin\",\"events\":1}", message),
		-32602);
	ck_assert_int_eq(sscanf(message, "process: several are called 'twin': %23s", id), 1);
	snprintf(params, sizeof(params), "{\"process\":\"%s\",\"events\":1}", id);
	result = rig_ask(fd, "processes.signal", params);
	ck_assert_str_eq(rig_text(result, "process"), id);
	json_decref(result);
}
END_TEST

START_TEST(events_are_bits_of_users)
{
	static const char *const wrong[] = {"0", "-1", "268435456", "1.5", "\"1\""};
	char params[96], message[256];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(
			params, sizeof(params), "{\"process\":\"waiter\",\"events\":%s}", wrong[i]);
		ck_assert_int_eq(rig_ask_error(fd, "processes.signal", params, message), -32602);
		ck_assert_int_eq(strncmp(message, "events: ", 8), 0);
	}
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("methods_process");
	TCase *tcase = tcase_create("methods_process");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, processes_shows_their_accounts);
	tcase_add_test(tcase, a_signal_reaches_who_is_meant);
	tcase_add_test(tcase, who_is_not_there_is_told);
	tcase_add_test(tcase, two_of_a_name_are_told_apart_by_id);
	tcase_add_test(tcase, events_are_bits_of_users);
	suite_add_tcase(suite, tcase);
	return suite;
}
