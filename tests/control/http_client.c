/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A raw HTTP client for tests: what it sends need not be HTTP. It reads answers by their
 * Content-Length, one at a time, so that pipelined ones stay apart.
 */
#include "http_client.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"

static int connected(int fd, const struct sockaddr *to, socklen_t size)
{
	struct timeval limit = {.tv_sec = 30};

	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	ck_assert_int_eq(connect(fd, to, size), 0);
	return fd;
}

int http_connect(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return connected(
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *)&to, sizeof(to));
}

int http_connect_path(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	return connected(
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *)&to, sizeof(to));
}

bool http_try_send(int fd, const char *text)
{
	size_t size = strlen(text);

	while (size) {
		ssize_t n = send(fd, text, size, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		text += n;
		size -= (size_t)n;
	}
	return true;
}

void http_send(int fd, const char *text)
{
	ck_assert(http_try_send(fd, text));
}

/* The next byte; false at the end. A reset is an end, too. */
static bool next(int fd, char *c)
{
	ssize_t n = recv(fd, c, 1, 0);

	ck_assert_msg(n >= 0 || errno == ECONNRESET || errno == EPIPE, "recv: %s", strerror(errno));
	return n == 1;
}

void http_expect_end(int fd)
{
	char c;

	ck_assert(!next(fd, &c));
}

const char *http_header(const struct http_answer *answer, const char *name)
{
	static __thread char value[4096];
	size_t length = strlen(name);

	for (const char *at = strstr(answer->head, "\r\n"); at && at[2]; at = strstr(at, "\r\n")) {
		at += 2;
		if (strncasecmp(at, name, length) != 0 || at[length] != ':')
			continue;
		at += length + 1;
		at += strspn(at, " ");
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
		return value;
	}
	return NULL;
}

static bool receive_head(int fd, char *head, size_t size)
{
	size_t n = 0;

	while (n < size - 1 && next(fd, &head[n])) {
		head[++n] = '\0';
		if (n >= 4 && !strcmp(head + n - 4, "\r\n\r\n"))
			return true;
	}
	ck_assert_uint_eq(n, 0);
	return false;
}

struct http_answer http_receive(int fd, bool is_head)
{
	struct http_answer answer = {.head = calloc(1, 8192)};
	const char *length;

	if (!receive_head(fd, answer.head, 8192))
		return answer;
	ck_assert_int_eq(sscanf(answer.head, "HTTP/1.%*d %u", &answer.status), 1);
	length = http_header(&answer, "Content-Length");
	ck_assert_ptr_nonnull(length);
	answer.size = is_head ? 0 : strtoul(length, NULL, 10);
	answer.body = calloc(1, answer.size + 1);
	for (size_t n = 0; n < answer.size;) {
		ssize_t part = recv(fd, answer.body + n, answer.size - n, 0);

		ck_assert_int_gt(part, 0);
		n += (size_t)part;
	}
	return answer;
}

void http_send_get(int fd, uint16_t port, const char *path, const char *headers)
{
	char text[4096];

	snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s\r\n", path, port,
		headers);
	http_send(fd, text);
}

struct http_answer http_get(uint16_t port, const char *path, const char *headers)
{
	int fd = http_connect(port);
	struct http_answer answer;

	http_send_get(fd, port, path, headers);
	answer = http_receive(fd, false);
	close(fd);
	return answer;
}

void http_free(struct http_answer *answer)
{
	free(answer->head);
	free(answer->body);
}
