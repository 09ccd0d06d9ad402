/* SPDX-License-Identifier: Apache-2.0 */
/* JSON-RPC 2.0 by the letter: ids, notifications, batches, what is no request. */
#include "control/rig.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "rpc");
	rig_open(&rig);
	fd = rig_connect(&rig);
}

static void teardown(void)
{
	close(fd);
	rig_close(&rig);
}

/* A line, and the code of the error that it must be answered with, under a null id. */
static void refused(const char *line, int code)
{
	json_t *reply;

	rig_send(fd, line);
	reply = rig_receive(fd);
	ck_assert_msg(json_is_null(json_object_get(reply, "id")), "%s", line);
	ck_assert_int_eq(rig_integer(json_object_get(reply, "error"), "code"), code);
	ck_assert_ptr_null(json_object_get(reply, "result"));
	json_decref(reply);
}

static void still_answers(void)
{
	rig_send(fd, "{\"jsonrpc\":\"2.0\",\"id\":99,\"method\":\"log\"}\n");
	rig_expect(fd, "{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":"
		       "{\"loop\":\"data\",\"level\":\"debug\"}}");
}

START_TEST(ids_come_back_as_they_were)
{
	static const char *const ids[] = {
		"1", "-7", "9007199254740993", "\"a \\u00fc b\"", "2.5", "null"};
	char line[256];

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"log\"}\n",
			ids[i]);
		rig_send(fd, line);
		snprintf(line, sizeof(line),
			"{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"loop\":\"data\",\"level\":"
			"\"debug\"}}",
			ids[i]);
		rig_expect(fd, line);
	}
}
END_TEST

START_TEST(notifications_are_not_answered)
{
	rig_send(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"version\"}\n");
	rig_send(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"no.such\"}\n");
	rig_send(fd, "[{\"jsonrpc\":\"2.0\",\"method\":\"version\"}]\n");
	still_answers();
}
END_TEST

START_TEST(what_is_no_json_is_a_parse_error)
{
	refused("nonsense\n", -32700);
	refused("{\"jsonrpc\":\"2.0\",\n", -32700);
	refused("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\xfe\"}\n", -32700);
	refused("[1,2\n", -32700);
	refused("{} {}\n", -32700);
	still_answers();
}
END_TEST

START_TEST(what_is_no_request_is_invalid)
{
	refused("1\n", -32600);
	refused("\"version\"\n", -32600);
	refused("[]\n", -32600);
	refused("{}\n", -32600);
	refused("{\"jsonrpc\":\"1.0\",\"method\":\"version\"}\n", -32600);
	refused("{\"jsonrpc\":\"2.0\",\"method\":1}\n", -32600);
	refused("{\"jsonrpc\":\"2.0\",\"method\":\"version\",\"params\":\"x\"}\n", -32600);
	refused("{\"jsonrpc\":\"2.0\",\"method\":\"version\",\"id\":[1]}\n", -32600);
	rig_send(fd, "{\"jsonrpc\":\"2.0\",\"id\":5}\n");
	json_t *reply = rig_receive(fd);
	ck_assert_int_eq(rig_integer(reply, "id"), 5);
	ck_assert_int_eq(rig_integer(json_object_get(reply, "error"), "code"), -32600);
	json_decref(reply);
	still_answers();
}
END_TEST

START_TEST(params_go_by_name)
{
	char message[256], name[700] = "{\"loop\":\"a";

	ck_assert_int_eq(rig_ask_error(fd, "log", "[\"data\"]", message), -32602);
	ck_assert_ptr_nonnull(strstr(message, "params"));
	ck_assert_int_eq(rig_ask_error(fd, "no.such", "{}", message), -32601);
	ck_assert_ptr_nonnull(strstr(message, "no.such"));
	/* Text that is quoted is text still. */
	ck_assert_int_eq(rig_ask_error(fd, "log", "{\"\xc3\xbc\":1}", message), -32602);
	/* Also where it is cut within a character. */
	for (size_t i = 0; i < 600; i += 2)
		strcat(name, "\xc3\xbc");
	strcat(name, "\"}");
	ck_assert_int_eq(rig_ask_error(fd, "log", name, message), -32001);
	ck_assert_int_eq(strncmp(message, "no such loop: 'a", 16), 0);
}
END_TEST

START_TEST(a_batch_is_answered_by_one_array)
{
	json_t *reply, *element;
	unsigned seen = 0;
	size_t i;

	rig_send(fd, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"runtime\"},"
		     "{\"jsonrpc\":\"2.0\",\"method\":\"version\"},"
		     "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"version\"},7,"
		     "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"no.such\"}]\n");
	reply = rig_receive(fd);
	ck_assert_uint_eq(json_array_size(reply), 4);
	json_array_foreach(reply, i, element)
	{
		json_t *error = json_object_get(element, "error");
		int id = (int)json_integer_value(json_object_get(element, "id"));

		ck_assert_int_eq(error ? rig_integer(error, "code") : 0, id == 0   ? -32600
									 : id == 3 ? -32601
										   : 0);
		seen |= 1u << id;
	}
	ck_assert_uint_eq(seen, 15);
	json_decref(reply);
	still_answers();
}
END_TEST

START_TEST(a_batch_is_bounded)
{
	char line[8192] = "[1";

	for (int i = 1; i < 65; i++)
		strcat(line, ",1");
	strcat(line, "]\n");
	refused(line, -32003);
	still_answers();
}
END_TEST

static int64_t receive_at(void)
{
	json_t *reply = rig_receive(fd);
	struct timespec now;

	ck_assert_uint_eq(json_array_size(reply), 4);
	json_decref(reply);
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * (int64_t)GYRE_SEC(1) + now.tv_nsec;
}

/* While a batch waits for its last answer the others are output, too: with them the client has more
 * than its limit, and its next batch is heard only then. */
START_TEST(batches_under_way_count_as_output)
{
	static const char batch[] = "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"runtime\"},"
				    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"methods\"},"
				    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"methods\"},"
				    "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"methods\"}]\n";
	int64_t first;

	teardown();
	rig_init(&rig, "rpc-batches");
	rig.options.deadline_nsec = GYRE_SEC(1);
	rig.options.output_max = 8192;
	rig_open(&rig);
	rig_stop(&rig); /* runtime is answered at the deadline */
	fd = rig_connect(&rig);
	rig_send(fd, batch);
	usleep(400000); /* the others are answered meanwhile */
	rig_send(fd, batch);
	first = receive_at();
	ck_assert_int_ge(receive_at() - first, (int64_t)GYRE_MSEC(500));
}
END_TEST

/* The next one is not heard before a large one has been answered, whose memory it would double. */
START_TEST(a_large_question_is_alone)
{
	static char id[20001];
	json_t *reply;

	teardown();
	rig_init(&rig, "rpc-large");
	rig.options.deadline_nsec = GYRE_SEC(1);
	rig_open(&rig);
	rig_stop(&rig);
	fd = rig_connect(&rig);
	memset(id, 'i', sizeof(id) - 1);
	rig_send(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"runtime\",\"id\":\"");
	rig_send(fd, id);
	rig_send(fd, "\"}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"version\"}\n");
	reply = rig_receive(fd);
	ck_assert_str_eq(rig_text(reply, "id"), id);
	json_decref(reply);
	reply = rig_receive(fd);
	ck_assert_int_eq(rig_integer(reply, "id"), 2);
	json_decref(reply);
}
END_TEST

START_TEST(nesting_is_bounded)
{
	refused("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version\",\"params\":"
		"{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}}\n",
		-32003);
	/* Brackets in text are not. */
	ck_assert_int_eq(
		rig_ask_error(fd, "log", "{\"level\":\"[[[[[[[[[[[[[[[[[[[[\\\"[[\"}", NULL),
		-32602);
	still_answers();
}
END_TEST

START_TEST(blank_lines_are_nothing)
{
	rig_send(fd, "\n\r\n  \t \n");
	still_answers();
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("rpc");
	TCase *tcase = tcase_create("rpc");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, ids_come_back_as_they_were);
	tcase_add_test(tcase, notifications_are_not_answered);
	tcase_add_test(tcase, what_is_no_json_is_a_parse_error);
	tcase_add_test(tcase, what_is_no_request_is_invalid);
	tcase_add_test(tcase, params_go_by_name);
	tcase_add_test(tcase, a_batch_is_answered_by_one_array);
	tcase_add_test(tcase, a_batch_is_bounded);
	tcase_add_test(tcase, batches_under_way_count_as_output);
	tcase_add_test(tcase, a_large_question_is_alone);
	tcase_add_test(tcase, nesting_is_bounded);
	tcase_add_test(tcase, blank_lines_are_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
