/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end of a Unix socket. Owns nothing; called by the socket, calls the kernel.
 * Invariant: it is the kernel's word from when the peer connected, whatever the socket's file lets
 * in.
 */
#include "control/peer.h"

#include <sys/socket.h>
#include <unistd.h>

static bool is_member(int fd, gid_t gid)
{
	gid_t groups[1024]; /* who has more is not looked up to the end */
	socklen_t size = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return false;
	for (size_t i = 0; i < size / sizeof(*groups); i++)
		if (groups[i] == gid)
			return true;
	return false;
}

uid_t gyre__peer_user(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ? (uid_t)-1 : peer.uid;
}

bool gyre__peer_may_connect(int fd, gid_t gid)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	return gid != (gid_t)-1 && (peer.gid == gid || is_member(fd, gid));
}
