/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fds that a small server has: sockets on the loopback address, signals, a timer. Owns nothing:
 * they are the caller's. Called by examples that show how gyre joins such a server. Invariant: what
 * it returns does not block, and is closed on exec.
 */
#define _GNU_SOURCE
#include "fds.h"

#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int bound_socket(int type, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int fd_udp(uint16_t port)
{
	return bound_socket(SOCK_DGRAM, port);
}

int fd_tcp(uint16_t port)
{
	int fd = bound_socket(SOCK_STREAM, port);

	if (fd >= 0 && listen(fd, 16) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

unsigned fd_port(int fd)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &size) < 0 ? 0
								       : ntohs(address.sin_port);
}

int fd_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int fd_every_second(void)
{
	struct itimerspec second = {{1, 0}, {1, 0}};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd >= 0)
		timerfd_settime(fd, 0, &second, NULL);
	return fd;
}
