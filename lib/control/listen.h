/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_LISTEN_H
#define GYRE_LIB_CONTROL_LISTEN_H

#include <gyre/base.h>
#include <sys/types.h>

/* A Unix stream socket that listens, and its file. */
struct gyre__listen {
	int fd; /* does not block */
	dev_t device;
	ino_t inode;
	gid_t group; /* that was given; -1: none */
};

/* Opens one at `path`, whose file has the mode and, unless NULL, the group (a name or a number)
 * before anybody can connect. A socket file at which nobody listens is replaced. Errors, with text:
 * -EADDRINUSE (somebody listens there, or it is no socket), -ENAMETOOLONG, -EINVAL (no such group),
 * what socket(2), bind(2) and chown(2) say. */
int gyre__listen_open(const char *path, unsigned mode, const char *group, struct gyre_error *error,
	struct gyre__listen *ret_listen);
/* Closes it, and removes the file if that is still its own. */
void gyre__listen_close(struct gyre__listen *listen, const char *path);

#endif
