/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXAMPLES_FDS_H
#define EXAMPLES_FDS_H

#include <stdint.h>

/* All non-blocking; -1 with errno. On 127.0.0.1, port 0: any. */
int fd_udp(uint16_t port);
int fd_tcp(uint16_t port); /* listens */
unsigned fd_port(int fd);
/* Readable after SIGTERM and SIGINT, which are blocked. */
int fd_signals(void);
/* Readable once a second. */
int fd_every_second(void);

#endif
