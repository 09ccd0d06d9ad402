/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix sockets that listen. Owns nothing; called by the socket server and the HTTP server, calls
 * the kernel. Invariant: the file of a server that is alive, and a file that is no socket, are
 * never removed; and from its first moment on the file lets in nobody whom it will not let in
 * later.
 */
#include "control/listen.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

static int fail(int status, const char *path, const char *what, struct gyre_error *error)
{
	return gyre__error_set(error, status, "%s: %s: %s", path, what, strerror(-status));
}

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int find_group(const char *name, gid_t *ret_group)
{
	struct group entry, *found = NULL;
	char memory[4096], *end;
	unsigned long number = strtoul(name, &end, 10);

	if (*name >= '0' && *name <= '9' && !*end && number < (gid_t)-1) {
		*ret_group = (gid_t)number;
		return 0;
	}
	if (getgrnam_r(name, &entry, memory, sizeof(memory), &found) != 0 || !found)
		return -EINVAL;
	*ret_group = found->gr_gid;
	return 0;
}

/* Whether somebody listens: only a refusal says that nobody does. */
static bool is_stale(const struct sockaddr_un *address)
{
	int fd = open_socket(), status;

	if (fd < 0)
		return false;
	status = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	status = status < 0 ? errno : 0;
	close(fd);
	return status == ECONNREFUSED;
}

/* The path is free afterwards. */
static int make_room(const struct sockaddr_un *address, struct gyre_error *error)
{
	const char *path = address->sun_path;
	struct stat stat;

	if (lstat(path, &stat) < 0)
		return errno == ENOENT ? 0 : fail(-errno, path, "cannot look at it", error);
	if (!S_ISSOCK(stat.st_mode))
		return fail(-EADDRINUSE, path, "not a socket", error);
	if (!is_stale(address))
		return fail(-EADDRINUSE, path, "a server listens there", error);
	if (unlink(path) < 0 && errno != ENOENT)
		return fail(-errno, path, "cannot remove the stale socket", error);
	return 0;
}

/* The file is made with the socket's own mode: none, until its group is right. */
static int make_file(int fd, const struct sockaddr_un *address, unsigned mode, gid_t group,
	struct gyre_error *error)
{
	const char *path = address->sun_path;

	if (fchmod(fd, 0) < 0)
		return fail(-errno, path, "cannot set the mode", error);
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return fail(-errno, path, "cannot have the path", error);
	if (listen(fd, SOMAXCONN) < 0)
		return fail(-errno, path, "cannot listen", error);
	if (group != (gid_t)-1 && lchown(path, (uid_t)-1, group) < 0)
		return fail(-errno, path, "cannot set the group", error);
	if (chmod(path, mode) < 0)
		return fail(-errno, path, "cannot set the mode", error);
	return 0;
}

int gyre__listen_open(const char *path, unsigned mode, const char *group, struct gyre_error *error,
	struct gyre__listen *ret_listen)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct gyre__listen listen;
	gid_t number = (gid_t)-1;
	struct stat stat;
	int status;

	if (strlen(path) >= sizeof(address.sun_path))
		return fail(-ENAMETOOLONG, path, "cannot have the path", error);
	strcpy(address.sun_path, path);
	if (group && find_group(group, &number) < 0)
		return gyre__error_set(error, -EINVAL, "no group '%s'", group);
	status = make_room(&address, error);
	if (status < 0)
		return status;
	listen.fd = open_socket();
	if (listen.fd < 0)
		return fail(listen.fd, path, "no socket", error);
	status = make_file(listen.fd, &address, mode, number, error);
	if (status < 0 && status != -EADDRINUSE)
		unlink(path); /* ours, or not there */
	if (status == 0 && lstat(path, &stat) < 0)
		status = fail(-errno, path, "cannot look at it", error);
	if (status < 0) {
		close(listen.fd);
		return status;
	}
	listen.device = stat.st_dev;
	listen.inode = stat.st_ino;
	*ret_listen = listen;
	return 0;
}

void gyre__listen_close(struct gyre__listen *listen, const char *path)
{
	struct stat stat;

	if (listen->fd < 0)
		return;
	close(listen->fd);
	listen->fd = -1;
	if (lstat(path, &stat) == 0 && stat.st_dev == listen->device &&
		stat.st_ino == listen->inode)
		unlink(path);
}
