/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: deadlines, those who give up, and what reads only. */
#include "control/rig.h"

#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "request");
	rig_open(&rig);
	fd = rig_connect(&rig);
}

static void teardown(void)
{
	close(fd);
	rig_close(&rig);
}

START_TEST(a_loop_that_stands_is_told_in_time)
{
	char message[256];
	json_t *result, *loop;

	close(fd);
	rig_close(&rig);
	rig_init(&rig, "request-late");
	rig.options.deadline_nsec = GYRE_MSEC(200);
	rig_open(&rig);
	rig_stop(&rig);
	fd = rig_connect(&rig);
	ck_assert_int_eq(rig_ask_error(fd, "runtime", NULL, message), -32000);
	ck_assert_str_eq(message, "the loop did not answer in time");
	ck_assert_int_eq(
		rig_ask_error(fd, "nodes.set", "{\"node\":\"sink\",\"state\":\"enabled\"}", NULL),
		-32000);
	result = rig_ask(fd, "loops", NULL);
	loop = json_array_get(json_object_get(result, "loops"), 0);
	ck_assert_str_eq(rig_text(loop, "name"), "data");
	ck_assert(json_is_false(json_object_get(loop, "answered")));
	ck_assert_uint_eq(json_object_size(loop), 2);
	json_decref(result);
	json_decref(rig_ask(fd, "version", NULL));
	rig_start(&rig);
	json_decref(rig_ask(fd, "runtime", NULL));
}
END_TEST

static void ask_often(uint64_t pause)
{
	json_t *result = rig_ask(fd, "loops", NULL);
	json_t *loop = json_array_get(json_object_get(result, "loops"), 0);
	int64_t posts = rig_integer(loop, "posts"), begun = rig_integer(loop, "now_nsec");
	int64_t readings;

	json_decref(result);
	for (int i = 0; i < 300; i++)
		json_decref(rig_ask(fd, "runtime", NULL));
	usleep(20000);
	result = rig_ask(fd, "loops", NULL);
	loop = json_array_get(json_object_get(result, "loops"), 0);
	posts = rig_integer(loop, "posts") - posts;
	readings = (rig_integer(loop, "now_nsec") - begun) / (int64_t)pause + 2;
	ck_assert_int_le(posts, 2 * readings); /* one, and where it is the first, one more */
	json_decref(result);
}

START_TEST(many_share_few_readings)
{
	ask_often(GYRE_MSEC(10));
}
END_TEST

/* The loop is not asked without a pause all the same. */
START_TEST(nobody_has_to_share)
{
	close(fd);
	rig_close(&rig);
	rig_init(&rig, "request-new");
	rig.options.reading_nsec = 0;
	rig_open(&rig);
	fd = rig_connect(&rig);
	ask_often(GYRE_MSEC(1));
}
END_TEST

#define ASKERS 16
#define ASKED  16

START_TEST(many_questions_are_answered_in_turns)
{
	int askers[ASKERS];
	unsigned n = 0;
	struct rig host;
	uv_loop_t uv;

	rig_init(&host, "request-host");
	rig_open_host(&host, &uv);
	for (int i = 0; i < ASKERS; i++) {
		askers[i] = rig_connect(&host);
		for (int q = 0; q < ASKED; q++)
			rig_send(askers[i],
				"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"methods\"}\n");
	}
	while (n < ASKERS * ASKED) {
		unsigned before = n;

		uv_run(&uv, n ? UV_RUN_ONCE : UV_RUN_NOWAIT);
		for (int i = 0; i < ASKERS; i++)
			n += rig_count_lines(askers[i]);
		if (before == 0) /* the first turn that answered */
			ck_assert_uint_lt(n, ASKERS * ASKED);
	}
	ck_assert_uint_eq(n, ASKERS * ASKED);
	for (int i = 0; i < ASKERS; i++)
		close(askers[i]);
	rig_close_host(&host, &uv);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("request");
	TCase *tcase = tcase_create("request");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_loop_that_stands_is_told_in_time);
	tcase_add_test(tcase, many_questions_are_answered_in_turns);
	tcase_add_test(tcase, many_share_few_readings);
	tcase_add_test(tcase, nobody_has_to_share);
	suite_add_tcase(suite, tcase);
	return suite;
}
