/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server: where it serves, whom it turns away, how it ends. */
#include <errno.h>
#include <grp.h>
#include <gyre/control.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "control/page.h"
#include "harness.h"
#include "http_client.h"

static struct gyre_control_options options;
static struct gyre_control *control;
static uint16_t port;
static char directory[] = "/tmp/gyre-test-http.XXXXXX";
static char path[64];

static void setup(void)
{
	options = GYRE_CONTROL_OPTIONS_INIT;
	options.http = "127.0.0.1:0";
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/http", directory);
}

static void start(void)
{
	struct gyre_error error = {0, ""};

	options.error = &error;
	ck_assert_msg(gyre_control_create(&options, &control) == 0, "%s", error.text);
	options.error = NULL;
	port = gyre_control_http_port(control);
}

static void teardown(void)
{
	gyre_control_destroy(control);
	unlink(path);
	rmdir(directory);
}

static void expect_page(int fd)
{
	struct http_answer answer;

	http_send_get(fd, port, "/", "");
	answer = http_receive(fd, false);
	ck_assert_uint_eq(answer.status, 200);
	ck_assert_uint_eq(answer.size, gyre__page_size);
	ck_assert_mem_eq(answer.body, gyre__page, gyre__page_size);
	http_free(&answer);
}

/* --- Where --- */

START_TEST(nothing_is_served_unasked)
{
	options.http = NULL;
	start();
	ck_assert_uint_eq(port, 0);
	teardown();
	options.http = "";
	start();
	ck_assert_uint_eq(port, 0);
}
END_TEST

START_TEST(only_this_host_is_served)
{
	struct gyre_error error;

	options.error = &error;
	options.http = "0.0.0.0:9100";
	ck_assert_int_eq(gyre_control_create(&options, &control), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "0.0.0.0:9100"));
	control = NULL;
}
END_TEST

START_TEST(an_address_is_served_once)
{
	struct gyre_control *other;
	struct gyre_error error;
	char text[32];

	start();
	snprintf(text, sizeof(text), "localhost:%u", port);
	options.http = text;
	options.error = &error;
	ck_assert_int_eq(gyre_control_create(&options, &other), -EADDRINUSE);
	ck_assert_str_ne(error.text, "");
	expect_page(http_connect(port));
}
END_TEST

START_TEST(the_page_comes_by_tcp)
{
	struct http_answer answer;

	start();
	answer = http_get(port, "/", "");
	ck_assert_uint_eq(answer.status, 200);
	ck_assert_str_eq(http_header(&answer, "Content-Type"), "text/html; charset=utf-8");
	ck_assert_str_eq(http_header(&answer, "Content-Security-Policy"), gyre__page_csp);
	ck_assert_str_eq(http_header(&answer, "X-Content-Type-Options"), "nosniff");
	ck_assert_str_eq(http_header(&answer, "Cache-Control"), "no-store");
	ck_assert_ptr_null(http_header(&answer, "Access-Control-Allow-Origin"));
	http_free(&answer);
}
END_TEST

START_TEST(the_page_comes_by_ipv6)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct gyre_error error;
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	options.http = "[::1]:0";
	options.error = &error;
	if (gyre_control_create(&options, &control) < 0)
		gyre_test_skip("no IPv6 here");
	port = gyre_control_http_port(control);
	to.sin6_port = htons(port);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	expect_page(fd);
	close(fd);
}
END_TEST

START_TEST(the_page_comes_by_a_path)
{
	char http[80];
	struct stat stat_;
	int fd;

	snprintf(http, sizeof(http), "unix:%s", path);
	options.http = http;
	start();
	ck_assert_uint_eq(port, 0);
	ck_assert_int_eq(stat(path, &stat_), 0);
	ck_assert_uint_eq(stat_.st_mode & 0777, 0660);
	fd = http_connect_path(path);
	expect_page(fd);
	expect_page(fd);
	gyre_control_destroy(control);
	control = NULL;
	http_expect_end(fd);
	close(fd);
	ck_assert_int_lt(stat(path, &stat_), 0);
}
END_TEST

START_TEST(a_stale_path_is_replaced_and_a_live_one_is_not)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int dead = socket(AF_UNIX, SOCK_STREAM, 0);
	struct gyre_control *other;
	char http[80];

	strcpy(address.sun_path, path);
	ck_assert_int_eq(bind(dead, (struct sockaddr *)&address, sizeof(address)), 0);
	close(dead);
	snprintf(http, sizeof(http), "unix:%s", path);
	options.http = http;
	start();
	ck_assert_int_eq(gyre_control_create(&options, &other), -EADDRINUSE);
	expect_page(http_connect_path(path));
}
END_TEST

/* The file lets the group in; nobody said that the group may ask. */
START_TEST(at_a_path_other_users_get_nothing)
{
	char http[80];
	int status;
	pid_t pid;

	if (geteuid() != 0)
		gyre_test_skip("only root can be another user");
	snprintf(http, sizeof(http), "unix:%s", path);
	options.http = http;
	start();
	ck_assert_int_eq(chmod(directory, 0755), 0);
	pid = fork();
	if (pid == 0) {
		struct http_answer answer;

		if (setgroups(0, NULL) < 0 || setgid(0) < 0 || setuid(65534) < 0)
			_exit(2);
		answer = http_receive(http_connect_path(path), false);
		_exit(answer.status == 403 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	expect_page(http_connect_path(path));
}
END_TEST

/* --- Connections --- */

START_TEST(a_connection_serves_many)
{
	int fd;

	start();
	fd = http_connect(port);
	for (int i = 0; i < 50; i++)
		expect_page(fd);
	close(fd);
}
END_TEST

START_TEST(requests_may_be_pipelined)
{
	int fd;

	start();
	fd = http_connect(port);
	for (int i = 0; i < 20; i++)
		http_send_get(fd, port, i % 2 ? "/" : "/nothing", "");
	for (int i = 0; i < 20; i++) {
		struct http_answer answer = http_receive(fd, false);

		ck_assert_uint_eq(answer.status, i % 2 ? 200 : 404);
		http_free(&answer);
	}
	close(fd);
}
END_TEST

/* --- Ends --- */

static void count_closed(void *arg)
{
	++*(int *)arg;
}

static void *ask(void *arg)
{
	int fd = http_connect(port);

	for (int i = 0; i < 10; i++)
		expect_page(fd);
	uv_async_send(arg);
	http_expect_end(fd);
	close(fd);
	return NULL;
}

static int n_closed;

static void asked(uv_async_t *async)
{
	gyre_control_close(control, count_closed, &n_closed);
	uv_close((uv_handle_t *)async, NULL);
}

START_TEST(it_serves_on_a_hosts_loop)
{
	pthread_t thread;
	uv_async_t async;
	uv_loop_t uv;

	uv_loop_init(&uv);
	uv_async_init(&uv, &async, asked);
	options.uv = &uv;
	start();
	pthread_create(&thread, NULL, ask, &async);
	ck_assert_int_eq(uv_run(&uv, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(n_closed, 1);
	pthread_join(thread, NULL);
	ck_assert_int_eq(uv_loop_close(&uv), 0);
	control = NULL;
}
END_TEST

START_TEST(a_failed_create_leaves_nothing)
{
	struct gyre_control *other;
	char text[32];
	uv_loop_t uv;

	start();
	snprintf(text, sizeof(text), "localhost:%u", port);
	options.http = text;
	options.error = NULL;
	uv_loop_init(&uv);
	options.uv = &uv;
	ck_assert_int_eq(gyre_control_create(&options, &other), -EADDRINUSE);
	ck_assert_int_eq(uv_run(&uv, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(uv_loop_close(&uv), 0);
}
END_TEST

/* The server's end of a connection of ours. */
static int find_peer(int fd)
{
	struct sockaddr_in mine, theirs;
	socklen_t size = sizeof(mine);

	getsockname(fd, (struct sockaddr *)&mine, &size);
	for (int other = 3; other < 1024; other++) {
		size = sizeof(theirs);
		if (getpeername(other, (struct sockaddr *)&theirs, &size) == 0 &&
			size == sizeof(theirs) && theirs.sin_port == mine.sin_port)
			return other;
	}
	ck_abort_msg("no peer");
}

static void log_line(void *arg, enum gyre_log_level level, const char *text)
{
	if (level == GYRE_LOG_ERROR)
		snprintf(arg, 256, "%s", text);
}

/* Somebody in the process closes what is not his. libmicrohttpd's memory is lost: the
 * process ends as another program, without a check for leaks. */
START_TEST(a_panic_of_libmicrohttpd_is_survived)
{
	static char logged[256];
	int first, second;

	options.log = log_line;
	options.log_arg = logged;
	start();
	first = http_connect(port);
	second = http_connect(port);
	expect_page(first);
	expect_page(second);
	close(find_peer(first));
	gyre_control_destroy(control);
	ck_assert_ptr_nonnull(strstr(logged, "HTTP is off: libmicrohttpd"));
	http_expect_end(second);
	unlink(path);
	rmdir(directory);
	execl("/bin/true", "true", NULL);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("http");
	TCase *tcase = tcase_create("http");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, nothing_is_served_unasked);
	tcase_add_test(tcase, only_this_host_is_served);
	tcase_add_test(tcase, an_address_is_served_once);
	tcase_add_test(tcase, the_page_comes_by_tcp);
	tcase_add_test(tcase, the_page_comes_by_ipv6);
	tcase_add_test(tcase, the_page_comes_by_a_path);
	tcase_add_test(tcase, a_stale_path_is_replaced_and_a_live_one_is_not);
	tcase_add_test(tcase, at_a_path_other_users_get_nothing);
	tcase_add_test(tcase, a_connection_serves_many);
	tcase_add_test(tcase, requests_may_be_pipelined);
	tcase_add_test(tcase, it_serves_on_a_hosts_loop);
	tcase_add_test(tcase, a_failed_create_leaves_nothing);
	tcase_add_exit_test(tcase, a_panic_of_libmicrohttpd_is_survived, 0);
	suite_add_tcase(suite, tcase);
	return suite;
}
