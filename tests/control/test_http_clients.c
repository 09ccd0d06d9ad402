/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server's clients that are too many, too slow, too long, or no HTTP clients at all. */
#include <errno.h>
#include <gyre/control.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "http_client.h"

static struct gyre_control_options options;
static struct gyre_control *control;
static uint16_t port;

static void setup(void)
{
	options = GYRE_CONTROL_OPTIONS_INIT;
	options.http = "127.0.0.1:0";
}

static void start(void)
{
	ck_assert_int_eq(gyre_control_create(&options, &control), 0);
	port = gyre_control_http_port(control);
}

static void teardown(void)
{
	gyre_control_destroy(control);
}

static void expect_page(int fd)
{
	struct http_answer answer;

	http_send_get(fd, port, "/", "");
	answer = http_receive(fd, false);
	ck_assert_uint_eq(answer.status, 200);
	http_free(&answer);
}

START_TEST(one_connection_too_many_is_told)
{
	int fds[3];
	struct http_answer answer;

	options.clients_max = 2;
	start();
	fds[0] = http_connect(port);
	fds[1] = http_connect(port);
	expect_page(fds[0]);
	expect_page(fds[1]);
	fds[2] = http_connect(port);
	answer = http_receive(fds[2], false);
	ck_assert_uint_eq(answer.status, 503);
	ck_assert_str_eq(answer.body, "Too many connections.\n");
	http_free(&answer);
	http_expect_end(fds[2]);
	expect_page(fds[0]);
	close(fds[0]);
	/* The server sees it go, soon. */
	for (int i = 0; answer.status == 503 && i < 1000; i++) {
		usleep(10000);
		answer = http_get(port, "/nothing", "");
		http_free(&answer);
	}
	ck_assert_uint_eq(answer.status, 404);
	close(fds[1]);
}
END_TEST

START_TEST(a_thousand_connections_leave_it_serving)
{
	int fds[1000], served;

	start();
	served = http_connect(port);
	expect_page(served);
	for (int i = 0; i < 1000; i++)
		fds[i] = http_connect(port);
	expect_page(served);
	for (int i = 0; i < 1000; i++)
		close(fds[i]);
	expect_page(served);
	close(served);
}
END_TEST

START_TEST(who_says_nothing_is_disconnected)
{
	int fd;

	options.idle_nsec = GYRE_MSEC(200);
	start();
	fd = http_connect(port);
	http_expect_end(fd);
	close(fd);
	fd = http_connect(port);
	expect_page(fd);
	http_expect_end(fd);
	close(fd);
}
END_TEST

START_TEST(half_a_request_is_disconnected)
{
	int fd;

	options.idle_nsec = GYRE_MSEC(200);
	start();
	fd = http_connect(port);
	http_send(fd, "GET / HTTP/1.1\r\nHost: loc");
	http_expect_end(fd);
	close(fd);
}
END_TEST

/* It is never silent, and never done. */
START_TEST(a_request_that_drips_is_disconnected)
{
	int fd, n = 0;

	options.idle_nsec = GYRE_MSEC(300);
	start();
	fd = http_connect(port);
	http_send(fd, "GET / HTTP/1.1\r\n");
	while (n < 1000 && http_try_send(fd, "x: y\r\n")) {
		usleep(20000);
		n++;
	}
	ck_assert_int_lt(n, 1000);
	close(fd);
}
END_TEST

/* It asks on and on; what it is sent fills the buffers of the kernel. */
START_TEST(a_reader_that_does_not_read_is_disconnected)
{
	struct pollfd wait = {.events = POLLRDHUP};
	char text[100];
	int small = 4096;

	options.idle_nsec = GYRE_MSEC(300);
	start();
	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: localhost:%u\r\n\r\n", port);
	wait.fd = http_connect(port);
	setsockopt(wait.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (int i = 0; i < 3000 && !wait.revents; i++) {
		while (send(wait.fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
			;
		poll(&wait, 1, 10);
	}
	ck_assert_int_ne(wait.revents, 0);
	close(wait.fd);
	expect_page(http_connect(port));
}
END_TEST

START_TEST(a_request_that_is_too_long_is_refused)
{
	char *line = malloc(100001);
	struct http_answer answer;
	int fd;

	start();
	memset(line, 'x', 100000);
	line[100000] = '\0';
	fd = http_connect(port);
	http_send(fd, "GET / HTTP/1.1\r\nHost: localhost\r\nx: ");
	http_try_send(fd, line);
	answer = http_receive(fd, false);
	ck_assert_msg(answer.status == 0 || answer.status == 431 || answer.status == 413,
		"status %u", answer.status);
	http_free(&answer);
	close(fd);
	fd = http_connect(port);
	http_send(fd, "GET /");
	http_try_send(fd, line);
	answer = http_receive(fd, false);
	ck_assert_msg(answer.status == 0 || answer.status == 414 || answer.status == 413,
		"status %u", answer.status);
	http_free(&answer);
	close(fd);
	free(line);
	expect_page(http_connect(port));
}
END_TEST

static const char *const garbage[] = {"\r\n\r\n\r\n\r\n", "\n\n\n\n\n\n", "GET\r\n\r\n",
	"GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
	"GET / HTTP/1.1\r\n: : :\r\n\r\n", "GET / HTTP/1.1\r\n\xff\xfe\r\n\r\n",
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version\"}\n",
	"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"};

START_TEST(garbage_harms_nobody)
{
	int fd;

	options.idle_nsec = GYRE_SEC(1);
	start();
	fd = http_connect(port);
	http_try_send(fd, garbage[_i]);
	shutdown(fd, SHUT_WR);
	for (char c; recv(fd, &c, 1, 0) == 1;)
		;
	close(fd);
	expect_page(http_connect(port));
}
END_TEST

/* --- Resources --- */

/* The test is the server's process: they share the fds. */
START_TEST(without_fds_clients_wait)
{
	int waiting, held[256], n = 0;
	struct rlimit limit;
	clock_t spent;

	start();
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 128;
	setrlimit(RLIMIT_NOFILE, &limit);
	waiting = socket(AF_INET, SOCK_STREAM, 0);
	while ((held[n] = dup(0)) >= 0)
		n++;
	close(held[--n]);
	close(waiting);
	waiting = http_connect(port); /* the last one of the process */
	while ((held[n] = dup(0)) >= 0)
		n++;
	http_send_get(waiting, port, "/", "");
	spent = clock();
	usleep(500000);
	spent = clock() - spent;
	ck_assert_msg(spent < CLOCKS_PER_SEC / 5, "it spins: %ld us", (long)spent);
	while (n > 0)
		close(held[--n]);
	{
		struct http_answer answer = http_receive(waiting, false);

		ck_assert_uint_eq(answer.status, 200);
		http_free(&answer);
	}
	close(waiting);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("http_clients");
	TCase *tcase = tcase_create("http_clients");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, one_connection_too_many_is_told);
	tcase_add_test(tcase, a_thousand_connections_leave_it_serving);
	tcase_add_test(tcase, who_says_nothing_is_disconnected);
	tcase_add_test(tcase, half_a_request_is_disconnected);
	tcase_add_test(tcase, a_request_that_drips_is_disconnected);
	tcase_add_test(tcase, a_reader_that_does_not_read_is_disconnected);
	tcase_add_test(tcase, a_request_that_is_too_long_is_refused);
	tcase_add_loop_test(tcase, garbage_harms_nobody, 0, sizeof(garbage) / sizeof(*garbage));
	tcase_add_test(tcase, without_fds_clients_wait);
	suite_add_tcase(suite, tcase);
	return suite;
}
