/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_TESTS_CONTROL_HTTP_CLIENT_H
#define GYRE_TESTS_CONTROL_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A client that sends what it is told to, byte by byte; fails the test when it waits for 30 s. */

int http_connect(uint16_t port); /* to 127.0.0.1 */
int http_connect_path(const char *path);
void http_send(int fd, const char *text);
/* False: the server has closed it, or reset it. */
bool http_try_send(int fd, const char *text);
/* The server closes it, and sends nothing more before that. */
void http_expect_end(int fd);

struct http_answer {
	unsigned status; /* 0: the server closed the connection */
	size_t size; /* of the body */
	char *head, *body; /* a 0 follows each */
};

/* Reads the next answer; one to a HEAD has no body. To be freed. */
struct http_answer http_receive(int fd, bool is_head);
/* Sends "GET path HTTP/1.1" with the Host of the port and more header lines, each with its end. */
void http_send_get(int fd, uint16_t port, const char *path, const char *headers);
/* Asks by a connection of its own. */
struct http_answer http_get(uint16_t port, const char *path, const char *headers);
/* The value of a header, in memory of the call before the next; NULL: none. */
const char *http_header(const struct http_answer *answer, const char *name);
void http_free(struct http_answer *answer);

#endif
