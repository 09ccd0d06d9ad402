/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_HTTP_ADDRESS_H
#define GYRE_LIB_CONTROL_HTTP_ADDRESS_H

#include <gyre/base.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Where HTTP is served: an address of this host alone, or a path. */
struct gyre__http_address {
	const char *path; /* of "unix:/path", points into the text; NULL: TCP */
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} to;
};

/* Reads "127.0.0.1:9100", "[::1]:0", "localhost:80" or "unix:/path". Errors: -EINVAL. */
int gyre__http_address_parse(
	const char *text, struct gyre__http_address *ret_address, struct gyre_error *error);
/* Opens the socket that listens at a TCP address and does not block, and learns the port if it is
 * 0. Returns the fd. Errors: as socket(2), bind(2). */
int gyre__http_address_listen(struct gyre__http_address *address, struct gyre_error *error);
uint16_t gyre__http_address_port(const struct gyre__http_address *address);

/* Whether a request's Host names this server: localhost or a loopback address, with its port. A
 * page from elsewhere whose name was made to point here (DNS rebinding) sends its own. Any Host
 * will do for a path, which browsers do not reach. */
bool gyre__http_address_is_host(const struct gyre__http_address *address, const char *host);

#endif
