/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers: what is there, who may ask, what a loop that does not answer does to it. */
#include <gyre/control.h>
#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "http_client.h"
#include "traffic_loop.h"

static struct traffic_loop traffic;
static struct gyre_control *control;
static uint16_t port;
/* Turns never. */
static struct gyre_loop *stuck;

static void add_loop(void *arg)
{
	ck_assert_int_eq(gyre_control_loop_add(control, arg, NULL), 0);
}

static void forget_loop(void *arg)
{
	gyre_control_loop_del(control, arg);
}

static void setup(void)
{
	struct gyre_control_options options = GYRE_CONTROL_OPTIONS_INIT;

	options.http = "127.0.0.1:0";
	ck_assert_int_eq(gyre_control_create(&options, &control), 0);
	port = gyre_control_http_port(control);
	traffic_loop_start(&traffic, "main", 64);
	traffic_loop_call(&traffic, add_loop, traffic.loop);
}

/* Beside the loop that turns one that does not, and little patience. */
static void setup_stuck(void)
{
	struct gyre_control_options options = GYRE_CONTROL_OPTIONS_INIT;
	struct gyre_loop_options loop_options = GYRE_LOOP_OPTIONS_INIT;

	options.http = "127.0.0.1:0";
	options.deadline_nsec = GYRE_MSEC(500);
	ck_assert_int_eq(gyre_control_create(&options, &control), 0);
	port = gyre_control_http_port(control);
	traffic_loop_start(&traffic, "main", 64);
	traffic_loop_call(&traffic, add_loop, traffic.loop);
	loop_options.name = "stuck";
	ck_assert_int_eq(gyre_loop_create(&loop_options, &stuck), 0);
	add_loop(stuck);
}

static void teardown(void)
{
	if (control)
		traffic_loop_call(&traffic, forget_loop, traffic.loop);
	if (control && stuck)
		forget_loop(stuck);
	gyre_control_destroy(control);
	if (stuck)
		gyre_loop_destroy(stuck);
	traffic_loop_quiet(&traffic);
	{
		struct gyre_snapshot *snapshot = traffic_loop_snapshot(&traffic);

		ck_assert(traffic_loop_is_closed(snapshot));
		gyre_snapshot_destroy(snapshot);
	}
	traffic_loop_end(&traffic);
}

/* --- Readings --- */

static json_t *get_json(const char *path, unsigned status)
{
	struct http_answer answer = http_get(port, path, "");
	json_t *value;

	ck_assert_msg(answer.status == status, "%s: %u %s", path, answer.status, answer.body);
	ck_assert_str_eq(http_header(&answer, "Content-Type"), "application/json");
	ck_assert_str_eq(http_header(&answer, "Cache-Control"), "no-store");
	value = json_loads(answer.body, JSON_DECODE_ANY, NULL);
	ck_assert_ptr_nonnull(value);
	http_free(&answer);
	return value;
}

static const char *const readable[] = {"/api/version", "/api/methods", "/api/loops", "/api/runtime",
	"/api/nodes", "/api/processes", "/api/errors", "/api/links", "/api/graph",
	"/api/runtime?loop=main", "/api/runtime?loop=%6d%61in", "/api/runtime?loop=main&total=true",
	"/api/runtime?total=1", "/api/runtime?total=false", "/api/graph?format=dot",
	"/api/graph?format=json&loop=main"};

START_TEST(readings_are_json)
{
	json_t *value = get_json(readable[_i], 200);

	ck_assert(json_is_object(value));
	ck_assert_ptr_null(json_object_get(value, "error"));
	json_decref(value);
}
END_TEST

static const struct {
	const char *path;
	unsigned status;
	int code;
} wrong[] = {
	{"/api/", 404, -32601},
	{"/api/nothing", 404, -32601},
	{"/api/%76ersion", 404, -32601},
	{"/api/version/", 404, -32601},
	{"/api/0123456789012345678901234567890123456789012345678901234567890123456789", 404,
		-32601},
	{"/api/runtime?loop=nothing", 404, -32001},
	{"/api/runtime?loop=", 404, -32001},
	{"/api/runtime?loop", 404, -32001},
	{"/api/runtime?loop=main%00", 400, -32602},
	{"/api/runtime?loop=%zz", 400, -32602},
	{"/api/runtime?loop=main&loop=main", 400, -32602},
	{"/api/runtime?loop=main&%6coop=main", 400, -32602},
	{"/api/runtime?loop=%ff", 400, -32602},
	{"/api/runtime?%ff=1&%ff=1", 400, -32602},
	{"/api/runtime?total=yes", 400, -32602},
	{"/api/runtime?nothing=1", 400, -32602},
	{"/api/graph?format=png", 400, -32602},
};

START_TEST(errors_are_json)
{
	json_t *value = get_json(wrong[_i].path, wrong[_i].status), *message;

	ck_assert_int_eq(
		json_integer_value(json_object_get(json_object_get(value, "error"), "code")),
		wrong[_i].code);
	message = json_object_get(json_object_get(value, "error"), "message");
	ck_assert_str_ne(json_string_value(message), "");
	json_decref(value);
}
END_TEST

/* Commands, and what lasts. */
static const char *const commands[] = {"/api/runtime/clear", "/api/runtime.clear",
	"/api/nodes/set?node=sink&state=disabled", "/api/processes/signal?process=pulse&events=1",
	"/api/log", "/api/log?level=debug", "/api/subscribe?method=runtime&interval_msec=1000"};

START_TEST(what_changes_anything_is_not_there)
{
	struct http_answer answer = http_get(port, commands[_i], "");

	ck_assert_msg(answer.status == 404 || answer.status == 400, "%s: %u %s", commands[_i],
		answer.status, answer.body);
	http_free(&answer);
}
END_TEST

START_TEST(metrics_are_the_loops_numbers)
{
	struct gyre_snapshot *snapshot;
	struct http_answer answer;
	char line[128];

	usleep(100000);
	traffic_loop_quiet(&traffic);
	snapshot = traffic_loop_snapshot(&traffic);
	ck_assert(traffic_loop_is_closed(snapshot));
	answer = http_get(port, "/metrics", "");
	ck_assert_uint_eq(answer.status, 200);
	ck_assert_str_eq(
		http_header(&answer, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
	for (unsigned i = 0; i < snapshot->n_nodes; i++) {
		const struct gyre_node_stats *node = &snapshot->nodes[i];

		ck_assert(node->items > 0);
		snprintf(line, sizeof(line),
			"\ngyre_node_vectors_total{loop=\"main\",node=\"%s\"} %llu\n", node->name,
			(unsigned long long)node->items);
		ck_assert_msg(strstr(answer.body, line), "no%s in\n%s", line, answer.body);
	}
	http_free(&answer);
	gyre_snapshot_destroy(snapshot);
}
END_TEST

START_TEST(openmetrics_come_when_asked_for)
{
	struct http_answer answer = http_get(port, "/metrics",
		"Accept: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n");

	ck_assert_uint_eq(answer.status, 200);
	ck_assert_str_eq(http_header(&answer, "Content-Type"),
		"application/openmetrics-text; version=1.0.0; charset=utf-8");
	ck_assert_str_eq(answer.body + answer.size - 6, "# EOF\n");
	http_free(&answer);
}
END_TEST

/* --- Methods, bodies, paths --- */

static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE",
	"CONNECT", "get", "GETS", "FROBNICATE"};

START_TEST(methods_that_are_not_there)
{
	int fd = http_connect(port);
	struct http_answer answer;
	char text[200];

	snprintf(text, sizeof(text),
		"%s /api/version HTTP/1.1\r\nHost: localhost:%u\r\nOrigin: "
		"http://evil.example\r\n\r\n",
		methods[_i], port);
	http_send(fd, text);
	answer = http_receive(fd, false);
	ck_assert_uint_eq(answer.status, 405);
	ck_assert_str_eq(http_header(&answer, "Allow"), "GET, HEAD");
	ck_assert_ptr_null(http_header(&answer, "Access-Control-Allow-Origin"));
	ck_assert_ptr_null(http_header(&answer, "Access-Control-Allow-Methods"));
	http_free(&answer);
	close(fd);
}
END_TEST

static const char *const bodies[] = {"Content-Length: 5\r\n\r\nhello",
	"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"Content-Length: 1000000000\r\n\r\nhello"};

START_TEST(a_body_is_refused)
{
	int fd = http_connect(port);
	struct http_answer answer;
	char text[300];

	snprintf(text, sizeof(text), "GET /api/version HTTP/1.1\r\nHost: localhost:%u\r\n%s", port,
		bodies[_i]);
	http_send(fd, text);
	answer = http_receive(fd, false);
	ck_assert_uint_eq(answer.status, 400);
	http_free(&answer);
	http_expect_end(fd);
	close(fd);
}
END_TEST

START_TEST(a_length_of_0_is_no_body)
{
	struct http_answer answer = http_get(port, "/api/version", "Content-Length: 0\r\n");

	ck_assert_uint_eq(answer.status, 200);
	http_free(&answer);
}
END_TEST

static const char *const headed[] = {"/", "/api/version", "/nothing", "/api/nothing"};

START_TEST(head_is_get_without_a_body)
{
	struct http_answer get = http_get(port, headed[_i], ""), head;
	int fd = http_connect(port);
	char text[200], length[32];

	for (int i = 0; i < 2; i++) { /* on one connection: a body would be in the way */
		snprintf(text, sizeof(text), "HEAD %s HTTP/1.1\r\nHost: localhost:%u\r\n\r\n",
			headed[_i], port);
		http_send(fd, text);
		head = http_receive(fd, true);
		ck_assert_uint_eq(head.status, get.status);
		snprintf(length, sizeof(length), "%zu", get.size);
		if (strcmp(headed[_i], "/api/version") != 0) /* has its age in it */
			ck_assert_str_eq(http_header(&head, "Content-Length"), length);
		http_free(&head);
	}
	http_free(&get);
	close(fd);
}
END_TEST

static const char *const elsewhere[] = {"/nothing", "//", "/metrics/", "/metrics%00", "/%2f",
	"/../../etc/passwd", "/api", "/index.html", "*", "http://evil.example/"};

START_TEST(what_is_not_there_is_404)
{
	struct http_answer answer = http_get(port, elsewhere[_i], "");

	ck_assert_uint_eq(answer.status, 404);
	ck_assert_str_eq(http_header(&answer, "Content-Type"), "text/plain; charset=utf-8");
	ck_assert_str_eq(http_header(&answer, "X-Content-Type-Options"), "nosniff");
	ck_assert_ptr_null(strstr(answer.body, "passwd"));
	http_free(&answer);
}
END_TEST

/* --- Rebinding --- */

static unsigned ask(const char *format, ...)
{
	int fd = http_connect(port);
	struct http_answer answer;
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	http_send(fd, text);
	answer = http_receive(fd, false);
	http_free(&answer);
	close(fd);
	return answer.status;
}

static const char *const paths[] = {"/", "/metrics", "/api/loops", "/nothing"};

START_TEST(a_foreign_host_gets_nothing)
{
	const char *path = paths[_i];

	ck_assert_uint_eq(ask("GET %s HTTP/1.1\r\nHost: evil.example\r\n\r\n", path), 403);
	ck_assert_uint_eq(ask("GET %s HTTP/1.1\r\nHost: evil.example:%u\r\n\r\n", path, port), 403);
	ck_assert_uint_eq(ask("GET %s HTTP/1.0\r\nHost: evil.example\r\n\r\n", path), 403);
	ck_assert_uint_eq(
		ask("GET %s HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", path, port ^ 1), 403);
	ck_assert_uint_eq(ask("GET %s HTTP/1.1\r\n\r\n", path), 400);
	ck_assert_uint_ne(ask("GET %s HTTP/1.0\r\n\r\n", path), 403);
	ck_assert_uint_ne(ask("GET %s HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", path, port), 403);
}
END_TEST

/* --- Loops that do not answer --- */

START_TEST(a_stuck_loop_is_504)
{
	json_t *value = get_json("/api/runtime?loop=stuck", 504);

	ck_assert_int_eq(
		json_integer_value(json_object_get(json_object_get(value, "error"), "code")),
		-32000);
	json_decref(value);
	json_decref(get_json("/api/runtime?loop=main", 200));
}
END_TEST

START_TEST(a_stuck_loop_does_not_hide_the_others)
{
	struct http_answer answer = http_get(port, "/metrics", "");

	ck_assert_uint_eq(answer.status, 200);
	ck_assert_ptr_nonnull(strstr(answer.body, "gyre_loop_up{loop=\"main\"} 1\n"));
	ck_assert_ptr_nonnull(strstr(answer.body, "gyre_loop_up{loop=\"stuck\"} 0\n"));
	ck_assert_ptr_nonnull(strstr(answer.body, "gyre_node_calls_total{loop=\"main\""));
	http_free(&answer);
}
END_TEST

START_TEST(clients_may_go_while_they_wait)
{
	for (int i = 0; i < 40; i++) {
		int fd = http_connect(port);

		http_send_get(fd, port, i % 2 ? "/api/runtime?loop=stuck" : "/metrics", "");
		close(fd);
	}
	json_decref(get_json("/api/version", 200));
	usleep(700000); /* the answers come, to nobody */
	json_decref(get_json("/api/version", 200));
}
END_TEST

START_TEST(pipelined_requests_wait_for_each_other)
{
	int fd = http_connect(port);
	static const unsigned statuses[] = {504, 200, 504, 200};

	for (int i = 0; i < 4; i++)
		http_send_get(
			fd, port, i % 2 ? "/api/runtime?loop=main" : "/api/runtime?loop=stuck", "");
	for (int i = 0; i < 4; i++) {
		struct http_answer answer = http_receive(fd, false);

		ck_assert_uint_eq(answer.status, statuses[i]);
		http_free(&answer);
	}
	close(fd);
}
END_TEST

START_TEST(the_end_does_not_wait_for_answers)
{
	int fds[10];

	for (int i = 0; i < 10; i++) {
		fds[i] = http_connect(port);
		http_send_get(fds[i], port, i % 2 ? "/api/runtime?loop=stuck" : "/metrics", "");
	}
	usleep(50000);
	traffic_loop_call(&traffic, forget_loop, traffic.loop);
	gyre_control_destroy(control);
	control = NULL;
	for (int i = 0; i < 10; i++)
		close(fds[i]);
}
END_TEST

/* --- Many --- */

static void *ask_many(void *arg)
{
	static const char *const some[] = {
		"/", "/metrics", "/api/runtime", "/api/processes", "/api/links", "/nothing"};
	int fd = http_connect(port);

	for (int i = 0; i < 30; i++) {
		const char *path = some[(i + *(int *)arg) % 6];
		struct http_answer answer;

		http_send_get(fd, port, path, "");
		answer = http_receive(fd, false);
		ck_assert_uint_eq(answer.status, strcmp(path, "/nothing") ? 200 : 404);
		http_free(&answer);
	}
	close(fd);
	return NULL;
}

START_TEST(many_clients_at_once)
{
	pthread_t threads[16];
	int numbers[16];

	for (int i = 0; i < 16; i++) {
		numbers[i] = i;
		pthread_create(&threads[i], NULL, ask_many, &numbers[i]);
	}
	for (int i = 0; i < 16; i++)
		pthread_join(threads[i], NULL);
}
END_TEST

#define LENGTH(list) ((int)(sizeof(list) / sizeof(*(list))))

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("http_exchange");
	TCase *tcase = tcase_create("exchange"), *waiting = tcase_create("waiting");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_checked_fixture(waiting, setup_stuck, teardown);
	tcase_add_loop_test(tcase, readings_are_json, 0, LENGTH(readable));
	tcase_add_loop_test(tcase, errors_are_json, 0, LENGTH(wrong));
	tcase_add_loop_test(tcase, what_changes_anything_is_not_there, 0, LENGTH(commands));
	tcase_add_test(tcase, metrics_are_the_loops_numbers);
	tcase_add_test(tcase, openmetrics_come_when_asked_for);
	tcase_add_loop_test(tcase, methods_that_are_not_there, 0, LENGTH(methods));
	tcase_add_loop_test(tcase, a_body_is_refused, 0, LENGTH(bodies));
	tcase_add_test(tcase, a_length_of_0_is_no_body);
	tcase_add_loop_test(tcase, head_is_get_without_a_body, 0, LENGTH(headed));
	tcase_add_loop_test(tcase, what_is_not_there_is_404, 0, LENGTH(elsewhere));
	tcase_add_loop_test(tcase, a_foreign_host_gets_nothing, 0, LENGTH(paths));
	tcase_add_test(tcase, many_clients_at_once);
	tcase_add_test(waiting, a_stuck_loop_is_504);
	tcase_add_test(waiting, a_stuck_loop_does_not_hide_the_others);
	tcase_add_test(waiting, clients_may_go_while_they_wait);
	tcase_add_test(waiting, pipelined_requests_wait_for_each_other);
	tcase_add_test(waiting, the_end_does_not_wait_for_answers);
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, waiting);
	return suite;
}
