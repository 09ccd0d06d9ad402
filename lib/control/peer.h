/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GYRE_LIB_CONTROL_PEER_H
#define GYRE_LIB_CONTROL_PEER_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether who is connected to fd may be: root, our own user, `gid` and its members (-1: none). */
bool gyre__peer_may_connect(int fd, gid_t gid);

/* Its user id; -1 if the kernel does not know. */
uid_t gyre__peer_user(int fd);

#endif
