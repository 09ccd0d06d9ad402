/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where HTTP may be served, and which Host a request may name. Owns nothing. Called by the HTTP
 * server, calls the kernel's sockets and no resolver. Invariant: no text makes an address that
 * another host can reach.
 */
#include "control/http_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

/* Decimal digits and nothing else; false for what is no port. */
static bool read_port(const char *text, uint16_t *ret_port)
{
	unsigned port = 0, n = 0;

	for (; *text >= '0' && *text <= '9' && n < 5; n++)
		port = port * 10 + (unsigned)(*text++ - '0');
	if (n == 0 || *text || port > UINT16_MAX)
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

/* Splits "name:port" or "[name]:port" into a copy of the name and what follows it. */
static bool split(const char *text, char name[static 64], bool *ret_bracket, const char **ret_rest)
{
	bool bracket = *text == '[';
	size_t length = strcspn(text += bracket, bracket ? "]" : ":");

	if (length == 0 || length >= 64 || (bracket && !text[length]))
		return false;
	memcpy(name, text, length);
	name[length] = '\0';
	*ret_bracket = bracket;
	*ret_rest = text + length + bracket;
	return true;
}

/* A name of this host alone, by which it needs no resolver: localhost, 127.0.0.0/8, [::1]. */
static bool read_loopback(const char *name, bool bracket, struct gyre__http_address *address)
{
	memset(&address->to, 0, sizeof(address->to));
	if (bracket) {
		address->to.in6.sin6_family = AF_INET6;
		return inet_pton(AF_INET6, name, &address->to.in6.sin6_addr) == 1 &&
		       IN6_IS_ADDR_LOOPBACK(&address->to.in6.sin6_addr);
	}
	address->to.in.sin_family = AF_INET;
	if (!strcasecmp(name, "localhost"))
		name = "127.0.0.1";
	return inet_pton(AF_INET, name, &address->to.in.sin_addr) == 1 &&
	       ntohl(address->to.in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static void set_port(struct gyre__http_address *address, uint16_t port)
{
	if (address->to.any.sa_family == AF_INET6)
		address->to.in6.sin6_port = htons(port);
	else
		address->to.in.sin_port = htons(port);
}

uint16_t gyre__http_address_port(const struct gyre__http_address *address)
{
	if (address->path)
		return 0;
	return ntohs(address->to.any.sa_family == AF_INET6 ? address->to.in6.sin6_port
							   : address->to.in.sin_port);
}

static int parse_path(
	const char *text, struct gyre__http_address *ret_address, struct gyre_error *error)
{
	const char *path = text + strlen("unix:");

	if (*path != '/')
		return gyre__error_set(error, -EINVAL,
			"http '%s': the path of the socket does not begin with /", text);
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return gyre__error_set(error, -EINVAL, "http '%s': the path is too long", text);
	*ret_address = (struct gyre__http_address){.path = path};
	return 0;
}

int gyre__http_address_parse(
	const char *text, struct gyre__http_address *ret_address, struct gyre_error *error)
{
	struct gyre__http_address address = {.path = NULL};
	const char *rest;
	char name[64];
	uint16_t port;
	bool bracket;

	if (!strncmp(text, "unix:", strlen("unix:")))
		return parse_path(text, ret_address, error);
	if (!split(text, name, &bracket, &rest) || *rest != ':' || !read_port(rest + 1, &port))
		return gyre__error_set(
			error, -EINVAL, "http '%s': neither ADDRESS:PORT nor unix:/PATH", text);
	if (!read_loopback(name, bracket, &address))
		return gyre__error_set(error, -EINVAL,
			"http '%s': not this host's own address: localhost, 127.x.x.x or [::1]",
			text);
	set_port(&address, port);
	*ret_address = address;
	return 0;
}

static int fail(int fd, const char *what, struct gyre_error *error)
{
	int status = -errno;

	if (fd >= 0)
		close(fd);
	return gyre__error_set(error, status, "http: %s: %s", what, strerror(-status));
}

int gyre__http_address_listen(struct gyre__http_address *address, struct gyre_error *error)
{
	int family = address->to.any.sa_family, one = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(address->to);
	char what[32];

	if (fd < 0)
		return fail(fd, "no socket", error);
	/* Not to wait for the connections of a server that was there just before. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &address->to.any,
		    family == AF_INET6 ? sizeof(address->to.in6) : sizeof(address->to.in)) < 0) {
		snprintf(what, sizeof(what), "cannot have port %u",
			gyre__http_address_port(address));
		return fail(fd, what, error);
	}
	if (listen(fd, SOMAXCONN) < 0)
		return fail(fd, "cannot listen", error);
	if (getsockname(fd, &address->to.any, &size) < 0)
		return fail(fd, "no address", error);
	return fd;
}

bool gyre__http_address_is_host(const struct gyre__http_address *address, const char *host)
{
	struct gyre__http_address named;
	uint16_t port = 80;
	const char *rest;
	char name[64];
	bool bracket;

	if (address->path)
		return true;
	if (!split(host, name, &bracket, &rest) || !read_loopback(name, bracket, &named))
		return false;
	if (*rest && (*rest != ':' || !read_port(rest + 1, &port)))
		return false;
	return port == gyre__http_address_port(address);
}
