/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of every program that has a link and serves UDP beside its own service. */
#ifndef GYRE_TESTS_EMBED_PROGRAM_SUITE_H
#define GYRE_TESTS_EMBED_PROGRAM_SUITE_H

#include <check.h>

#include "program.h"

/* Of the test that runs: the program, its link's peer, and a UDP client. */
extern struct program program;
extern int peer, client;

/* A suite for examples/NAME: these tests, and one of the program's own service. */
Suite *program_suite(const char *name, const TTest *service);

#endif
