/* SPDX-License-Identifier: Apache-2.0 */
/* Clients: lines in pieces, limits, those who are silent and those who do not read. */
#include "control/rig.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "client");
	rig_open(&rig);
	fd = rig_connect(&rig);
}

static void teardown(void)
{
	close(fd);
	rig_close(&rig);
}

static void expect_error(int code, const char *text)
{
	json_t *reply = rig_receive(fd), *error = json_object_get(reply, "error");

	ck_assert_int_eq(rig_integer(error, "code"), code);
	ck_assert_msg(
		strstr(rig_text(error, "message"), text) != NULL, "%s", rig_text(error, "message"));
	json_decref(reply);
}

START_TEST(a_request_may_come_in_pieces)
{
	const char *text = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"log\"}\n";
	char piece[2] = "";

	for (const char *c = text; *c; c++) {
		piece[0] = *c;
		rig_send(fd, piece);
		usleep(200);
	}
	rig_expect(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":"
		       "{\"loop\":\"data\",\"level\":\"debug\"}}");
}
END_TEST

START_TEST(a_line_may_be_as_long_as_the_limit)
{
	size_t n = rig.options.request_max;
	char *line = malloc(n + 2);
	const char *text = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"log\"}";

	memset(line, ' ', n);
	memcpy(line, text, strlen(text));
	strcpy(line + n, "\n");
	rig_send(fd, line);
	rig_expect(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":"
		       "{\"loop\":\"data\",\"level\":\"debug\"}}");
	memset(line, ' ', n + 1);
	line[n + 1] = 0;
	rig_send(fd, line);
	rig_send(fd, "\n");
	expect_error(-32003, "request_max is 65536");
	json_decref(rig_ask(fd, "version", NULL));
	free(line);
}
END_TEST

START_TEST(a_longer_one_is_refused_before_its_end)
{
	char text[4097];

	memset(text, '[', 4096);
	text[4096] = 0;
	for (int i = 0; i < 40; i++)
		rig_send(fd, text);
	expect_error(-32003, "request_max is 65536");
	for (int i = 0; i < 4000; i++)
		rig_send(fd, text);
	rig_send(fd, "\n");
	json_decref(rig_ask(fd, "version", NULL));
}
END_TEST

START_TEST(who_sends_no_more_is_answered_still)
{
	json_t *reply;

	rig_send(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"runtime\"}\n{\"half");
	shutdown(fd, SHUT_WR);
	reply = rig_receive(fd);
	ck_assert_ptr_nonnull(json_object_get(reply, "result"));
	json_decref(reply);
	ck_assert_ptr_null(rig_receive(fd));
}
END_TEST

START_TEST(who_does_not_read_is_not_heard)
{
	unsigned sent = 0, came = 0;
	int small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){1, 0}, sizeof(struct timeval));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (; sent < 100000; sent++) {
		const char *text = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"methods\"}\n";

		if (send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
			break;
	}
	ck_assert_uint_lt(sent, 100000); /* it was held back */
	shutdown(fd, SHUT_WR);
	for (json_t *reply; (reply = rig_receive(fd)) != NULL; came++)
		json_decref(reply);
	ck_assert_uint_ge(came, sent > 0 ? sent - 1 : 0); /* all were answered, the torn one not */
}
END_TEST

START_TEST(who_is_silent_is_disconnected)
{
	int talks;

	close(fd);
	rig_close(&rig);
	rig_init(&rig, "client-idle");
	rig.options.idle_nsec = GYRE_MSEC(1500);
	rig_open(&rig);
	fd = rig_connect(&rig);
	talks = rig_connect(&rig);
	json_decref(rig_ask(talks, "subscribe", "{\"method\":\"loops\",\"interval_msec\":60000}"));
	json_decref(rig_receive(talks));
	rig_send(fd, "{\"half a request is none");
	ck_assert_ptr_null(rig_receive(fd));
	json_decref(rig_ask(talks, "version", NULL));
	close(talks);
}
END_TEST

START_TEST(an_answer_that_is_too_long_is_an_error)
{
	static char id[5000];
	json_t *reply;

	close(fd);
	rig_close(&rig);
	rig_init(&rig, "client-output");
	rig.options.output_max = 4096;
	rig_open(&rig);
	fd = rig_connect(&rig);
	memset(id, 'i', sizeof(id));
	id[sizeof(id) - 1] = 0;
	rig_send(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"version\",\"id\":\"");
	rig_send(fd, id);
	rig_send(fd, "\"}\n");
	expect_error(-32003, "output_max");
	rig_send(fd, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"methods\"},"
		     "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"methods\"}]\n");
	reply = rig_receive(fd);
	ck_assert_uint_eq(json_array_size(reply), 2);
	ck_assert_ptr_nonnull(json_object_get(json_array_get(reply, 0), "result"));
	ck_assert_int_eq(
		rig_integer(json_object_get(json_array_get(reply, 1), "error"), "code"), -32003);
	json_decref(reply);
	json_decref(rig_ask(fd, "version", NULL));
}
END_TEST

/* The host's uv loop has turns for others meanwhile. */
START_TEST(who_sends_much_at_once_is_heard_in_turns)
{
	struct rig host;
	unsigned n = 0, lines = 20000;
	uv_loop_t uv;
	int talks;

	rig_init(&host, "client-host");
	rig_open_host(&host, &uv);
	talks = rig_connect(&host);
	for (unsigned i = 0; i < lines / 1000; i++) {
		char text[2001] = "";

		for (char *end = text; end < text + 2000; end += 2)
			memcpy(end, "7\n", 3);
		rig_send(talks, text);
	}
	shutdown(talks, SHUT_WR);
	while (n == 0) {
		uv_run(&uv, UV_RUN_NOWAIT);
		n = rig_count_lines(talks);
	}
	ck_assert_uint_le(n, 100);
	while (n < lines) {
		uv_run(&uv, UV_RUN_ONCE);
		n += rig_count_lines(talks);
	}
	ck_assert_uint_eq(n, lines);
	uv_run(&uv, UV_RUN_NOWAIT);
	ck_assert_int_eq(recv(talks, &n, 1, MSG_DONTWAIT), 0); /* and it is let go */
	close(talks);
	rig_close_host(&host, &uv);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("client");
	TCase *tcase = tcase_create("client");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_request_may_come_in_pieces);
	tcase_add_test(tcase, a_line_may_be_as_long_as_the_limit);
	tcase_add_test(tcase, a_longer_one_is_refused_before_its_end);
	tcase_add_test(tcase, who_sends_no_more_is_answered_still);
	tcase_add_test(tcase, who_does_not_read_is_not_heard);
	tcase_add_test(tcase, who_is_silent_is_disconnected);
	tcase_add_test(tcase, who_sends_much_at_once_is_heard_in_turns);
	tcase_add_test(tcase, an_answer_that_is_too_long_is_an_error);
	suite_add_tcase(suite, tcase);
	return suite;
}
