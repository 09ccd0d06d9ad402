/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix sockets that listen. Owns nothing; called by the socket server and the HTTP server, calls
 * the kernel. Invariant: the file of a server that is alive, and a file that is no socket, are
 * never removed, also not by two that open or close at one path at the same time: they hold a lock
 * on its directory. And from its first moment on the file lets in nobody whom it will not let in
 * later.
 */
#include "control/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

#define LOCK_TRIES 50 /* so many times LOCK_NSEC, while another one opens or closes */
#define LOCK_NSEC  10000000
#define GROUP_MAX  (1u << 20) /* bytes of a group's entry: its members' names */

static int fail(int status, const char *path, const char *what, struct gyre_error *error)
{
	return gyre__error_set(error, status, "%s: %s: %s", path, what, strerror(-status));
}

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

/* Keeps other servers from looking at the directory's sockets and changing them meanwhile. -1: the
 * directory cannot be read, or somebody keeps the lock; then there is no protection but from
 * servers that were there before. The kernel lets go of a lock when its owner dies. */
static int lock_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct timespec wait = {.tv_nsec = LOCK_NSEC};
	char directory[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 2] = ".";
	int fd;

	if (slash)
		memcpy(directory, path, (size_t)(slash - path) + 1);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		nanosleep(&wait, NULL);
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A child that was forked meanwhile has the fd, too: closing it alone would not unlock. */
static void unlock(int fd)
{
	if (fd < 0)
		return;
	flock(fd, LOCK_UN);
	close(fd);
}

static int look_up_group(const char *name, gid_t *ret_group)
{
	struct group entry, *found = NULL;
	char *memory = NULL;
	int status = ERANGE;

	for (size_t size = 4096; status == ERANGE && size <= GROUP_MAX; size *= 4) {
		free(memory);
		memory = malloc(size);
		status = memory ? getgrnam_r(name, &entry, memory, size, &found) : ENOMEM;
	}
	if (status == 0 && found)
		*ret_group = found->gr_gid;
	free(memory);
	return status == 0 && found ? 0 : -EINVAL;
}

static int find_group(const char *name, gid_t *ret_group)
{
	unsigned long number;
	char *end;

	number = strtoul(name, &end, 10);
	if (*name < '0' || *name > '9' || *end || number >= (gid_t)-1)
		return look_up_group(name, ret_group);
	*ret_group = (gid_t)number;
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
static int make_file(int fd, const struct sockaddr_un *address, struct gyre_error *error)
{
	const char *path = address->sun_path;

	if (fchmod(fd, 0) < 0)
		return fail(-errno, path, "cannot set the mode", error);
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return fail(-errno, path, "cannot have the path", error);
	return 0;
}

/* The file is ours. */
static int let_in(struct gyre__listen *listener, const char *path, unsigned mode, gid_t group,
	struct gyre_error *error)
{
	struct stat stat;

	if (listen(listener->fd, SOMAXCONN) < 0)
		return fail(-errno, path, "cannot listen", error);
	if (group != (gid_t)-1 && lchown(path, (uid_t)-1, group) < 0)
		return fail(-errno, path, "cannot set the group", error);
	if (chmod(path, mode) < 0)
		return fail(-errno, path, "cannot set the mode", error);
	if (lstat(path, &stat) < 0)
		return fail(-errno, path, "cannot look at it", error);
	listener->device = stat.st_dev;
	listener->inode = stat.st_ino;
	listener->group = group;
	return 0;
}

/* With the directory locked. */
static int open_at(struct gyre__listen *listener, const struct sockaddr_un *address, unsigned mode,
	gid_t group, struct gyre_error *error)
{
	int status = make_room(address, error);

	if (status < 0)
		return status;
	status = make_file(listener->fd, address, error);
	if (status < 0)
		return status;
	status = let_in(listener, address->sun_path, mode, group, error);
	if (status < 0)
		unlink(address->sun_path);
	return status;
}

int gyre__listen_open(const char *path, unsigned mode, const char *group, struct gyre_error *error,
	struct gyre__listen *ret_listen)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct gyre__listen listener;
	gid_t number = (gid_t)-1;
	int status, lock;

	if (strlen(path) >= sizeof(address.sun_path))
		return fail(-ENAMETOOLONG, path, "cannot have the path", error);
	strcpy(address.sun_path, path);
	if (group && find_group(group, &number) < 0)
		return gyre__error_set(error, -EINVAL, "no group '%s'", group);
	listener.fd = open_socket();
	if (listener.fd < 0)
		return fail(listener.fd, path, "no socket", error);
	lock = lock_directory(path);
	status = open_at(&listener, &address, mode, number, error);
	unlock(lock);
	if (status < 0)
		close(listener.fd);
	else
		*ret_listen = listener;
	return status;
}

/* The file first: while the socket is there, no other file has its inode. */
void gyre__listen_close(struct gyre__listen *listen, const char *path)
{
	struct stat stat;
	int lock;

	if (listen->fd < 0)
		return;
	lock = lock_directory(path);
	if (lstat(path, &stat) == 0 && stat.st_dev == listen->device &&
		stat.st_ino == listen->inode)
		unlink(path);
	unlock(lock);
	close(listen->fd);
	listen->fd = -1;
}
