/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/embed-epoll.c, the whole program on the loopback address: lines go where their severity
 * and the link's state say, its own statistics go on beside that, and it ends well on SIGTERM with
 * no line lost.
 */
#include "harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int server, client, output;
static pid_t program;
static unsigned lines_port, status_port, forwarded;
static bool answers;
static char status[8192];

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int udp_socket(unsigned *ret_port)
{
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* Runs in the child. */
static void become_the_program(int out, const char *server_port)
{
	const char *top = getenv("top_builddir");
	char path[512];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	snprintf(path, sizeof(path), "%s/examples/embed-epoll", top ? top : ".");
	execl(path, "embed-epoll", "-l", "0", "-s", "0", "-f", server_port, "-i", "20", NULL);
	_exit(127);
}

static void setup(void)
{
	unsigned server_port, own_port;
	char port[16], first[64] = "";
	int ends[2];

	forwarded = 0;
	answers = true;
	server = udp_socket(&server_port);
	client = udp_socket(&own_port);
	snprintf(port, sizeof(port), "%u", server_port);
	ck_assert_int_eq(pipe(ends), 0);
	program = fork();
	ck_assert_int_ge(program, 0);
	if (program == 0)
		become_the_program(ends[1], port);
	close(ends[1]);
	output = ends[0];
	for (size_t n = 0; n < sizeof(first) - 1 && !strchr(first, '\n'); n++)
		ck_assert_int_eq(read(output, first + n, 1), 1);
	ck_assert_int_eq(sscanf(first, "lines %u, status %u", &lines_port, &status_port), 2);
}

static void teardown(void)
{
	close(server);
	close(client);
	close(output);
}

/* The server's part, for a while: answers probes, if it does, and counts lines. */
static void serve(int msec)
{
	struct pollfd fd = {.fd = server, .events = POLLIN};
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	char text[2048];

	for (int i = 0; i < 1000 && poll(&fd, 1, msec) == 1; i++) {
		ssize_t n =
			recvfrom(server, text, sizeof(text), 0, (struct sockaddr *)&from, &size);

		ck_assert_int_gt(n, 0);
		if (text[0] != '?')
			forwarded++;
		else if (answers)
			sendto(server, "!", 1, 0, (struct sockaddr *)&from, size);
		else
			return;
	}
}

static void read_status(void)
{
	struct sockaddr_in address = loopback(status_port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t n = 0;
	ssize_t got;

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	while ((got = read(fd, status + n, sizeof(status) - 1 - n)) > 0)
		n += (size_t)got;
	status[n] = 0;
	close(fd);
}

static unsigned count(const char *name)
{
	const char *at = strstr(status, name);
	unsigned n = 0;

	ck_assert_msg(at != NULL, "no %s in: %s", name, status);
	ck_assert_int_eq(sscanf(at + strlen(name), " %u", &n), 1);
	return n;
}

static void wait_for_status(const char *text)
{
	for (int i = 0; i < 2000; i++) {
		serve(10);
		read_status();
		if (strstr(status, text))
			return;
	}
	ck_abort_msg("never %s: %s", text, status);
}

/* One after the other, so that no socket's buffer is too small for them. */
static void send_lines(const char *text, unsigned n)
{
	struct sockaddr_in address = loopback(lines_port);
	char expected[64];

	for (unsigned i = 0; i < n; i++) {
		read_status();
		snprintf(expected, sizeof(expected), "received %u\n", count("received") + 1);
		ck_assert_int_eq(sendto(client, text, strlen(text), 0, (struct sockaddr *)&address,
					 sizeof(address)),
			(ssize_t)strlen(text));
		wait_for_status(expected);
	}
}

static void end(const char *account)
{
	char text[8192];
	size_t n = 0;
	ssize_t got;
	int result;

	ck_assert_int_eq(kill(program, SIGTERM), 0);
	while ((got = read(output, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	ck_assert_int_eq(waitpid(program, &result, 0), program);
	ck_assert_msg(
		WIFEXITED(result) && WEXITSTATUS(result) == 0, "ended by %#x: %s", result, text);
	ck_assert_msg(strstr(text, account) != NULL, "not '%s': %s", account, text);
}

START_TEST(lines_go_where_they_should)
{
	wait_for_status("link up\n");
	send_lines("<3>an error", 3);
	send_lines("<13>a notice", 5);
	send_lines("neither", 2);
	for (int i = 0; forwarded < 3 && i < 1000; i++)
		serve(10);
	ck_assert_uint_eq(forwarded, 3);
	read_status();
	ck_assert_uint_eq(count("forwarded"), 3);
	ck_assert_uint_eq(count("archived"), 5);
	ck_assert_uint_eq(count("dropped"), 2);
	ck_assert_ptr_nonnull(strstr(status, "client 127.0.0.1:"));
	end("received 10: 3 forwarded, 5 archived, 2 dropped");
}
END_TEST

START_TEST(without_a_link_nothing_is_forwarded)
{
	wait_for_status("link up\n");
	answers = false;
	wait_for_status("link down\n");
	send_lines("<0>a disaster", 4);
	ck_assert_uint_eq(forwarded, 0);
	answers = true;
	wait_for_status("link up\n");
	send_lines("<0>a disaster", 1);
	end("received 5: 1 forwarded, 4 archived, 0 dropped");
}
END_TEST

START_TEST(bursts_close_their_account)
{
	struct sockaddr_in address = loopback(lines_port);
	char last[32];

	for (int i = 0; i < 2000; i++)
		sendto(client, "<15>debugging", 13, 0, (struct sockaddr *)&address,
			sizeof(address));
	/* What came in is all there is, when no more does. */
	do {
		struct timespec pause = {.tv_nsec = 100000000};

		read_status();
		snprintf(last, sizeof(last), "received %u", count("received"));
		nanosleep(&pause, NULL);
		read_status();
	} while (!strstr(status, last) || count("received") == 0);
	ck_assert_uint_eq(count("archived"), count("received"));
	kill(program, SIGKILL);
	waitpid(program, NULL, 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("embed-epoll");
	TCase *tcase = tcase_create("embed-epoll");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, lines_go_where_they_should);
	tcase_add_test(tcase, without_a_link_nothing_is_forwarded);
	tcase_add_test(tcase, bursts_close_their_account);
	suite_add_tcase(suite, tcase);
	return suite;
}
