/* SPDX-License-Identifier: Apache-2.0 */
/* The server that a test's fixture starts and stops, and the client's last run beside it. */
#ifndef GYRE_TESTS_GYRECTL_SERVED_H
#define GYRE_TESTS_GYRECTL_SERVED_H

#include "run.h"
#include "server.h"

extern struct server server;
extern struct run run;

/* Fixtures: with one loop, or with two. */
void served_set_up(void);
void served_set_up_two(void);
void served_tear_down(void);

#endif
