/* SPDX-License-Identifier: Apache-2.0 */
/* Runs an example as a child, and talks to it: see the header. */
#include "program.h"

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
#include <unistd.h>

#include "harness.h"

#define PATIENCE 30000 /* msec */

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void wait_readable(int fd)
{
	struct pollfd one = {.fd = fd, .events = POLLIN};

	ck_assert_int_eq(poll(&one, 1, PATIENCE), 1);
}

/* Runs in the child. */
static void become(const char *name, int out, const char *peer)
{
	const char *top = getenv("top_builddir");
	char path[512];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	snprintf(path, sizeof(path), "%s/examples/%s", top ? top : ".", name);
	execl(path, name, "-t", "0", "-u", "0", "-p", peer, "-s", "100", NULL);
	_exit(127);
}

void program_start(struct program *program, const char *name, unsigned peer)
{
	char port[16];
	int ends[2];

	*program = (struct program){.pid = -1};
	snprintf(port, sizeof(port), "%u", peer);
	ck_assert_int_eq(pipe(ends), 0);
	program->pid = fork();
	ck_assert_int_ge(program->pid, 0);
	if (program->pid == 0)
		become(name, ends[1], port);
	close(ends[1]);
	program->output = ends[0];
	program_wait_for(program, "\n");
	ck_assert_int_eq(sscanf(program->text, "tcp %u, udp %u", &program->tcp, &program->udp), 2);
}

/* Returns false at its end. */
static bool read_on(struct program *program)
{
	ssize_t n;

	wait_readable(program->output);
	n = read(program->output, program->text + program->size,
		sizeof(program->text) - 1 - program->size);
	ck_assert_int_ge(n, 0);
	program->size += (size_t)n;
	program->text[program->size] = 0;
	return n > 0;
}

void program_wait_for(struct program *program, const char *text)
{
	while (!strstr(program->text, text))
		ck_assert_msg(read_on(program), "no '%s': %s", text, program->text);
}

void program_read_ready(struct program *program)
{
	struct pollfd one = {.fd = program->output, .events = POLLIN};

	if (poll(&one, 1, 0) == 1)
		read_on(program);
}

void program_end(struct program *program, const char *text)
{
	int result;

	ck_assert_int_eq(kill(program->pid, SIGTERM), 0);
	while (read_on(program))
		;
	ck_assert_int_eq(waitpid(program->pid, &result, 0), program->pid);
	ck_assert_msg(WIFEXITED(result) && WEXITSTATUS(result) == 0, "ended by %#x: %s", result,
		program->text);
	ck_assert_msg(strstr(program->text, text) != NULL, "no '%s': %s", text, program->text);
	close(program->output);
}

int program_udp(unsigned *ret_port)
{
	struct sockaddr_in address = loopback(0);
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

int program_connect(unsigned port)
{
	struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static char answer[4096];

static const char *receive(int fd)
{
	ssize_t n;

	wait_readable(fd);
	n = recv(fd, answer, sizeof(answer) - 1, 0);
	ck_assert_int_ge(n, 0);
	answer[n] = 0;
	return answer;
}

const char *program_ask(int fd, const char *text)
{
	size_t n = 0;

	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	/* A line may come in pieces. */
	do {
		ssize_t got;

		wait_readable(fd);
		got = recv(fd, answer + n, sizeof(answer) - 1 - n, 0);
		ck_assert_int_gt(got, 0);
		n += (size_t)got;
	} while (answer[n - 1] != '\n');
	answer[n] = 0;
	return answer;
}

void program_send_udp(const struct program *program, int fd, const char *text)
{
	struct sockaddr_in address = loopback(program->udp);

	ck_assert_int_eq(
		sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, sizeof(address)),
		(ssize_t)strlen(text));
}

const char *program_ask_udp(const struct program *program, int fd, const char *text)
{
	program_send_udp(program, fd, text);
	return receive(fd);
}

void program_answer_probe(int fd)
{
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	char byte;

	wait_readable(fd);
	ck_assert_int_eq(recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&from, &length), 1);
	ck_assert_int_eq(byte, 'P');
	ck_assert_int_eq(sendto(fd, "R", 1, 0, (struct sockaddr *)&from, length), 1);
}
