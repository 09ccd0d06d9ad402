/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the program that was built: to its end, or on a terminal of its own.
 */
#ifndef GYRE_TESTS_GYRECTL_RUN_H
#define GYRE_TESTS_GYRECTL_RUN_H

#include <stdbool.h>
#include <sys/types.h>

enum { RUN_WORDS_MAX = 24, RUN_SIZE = 1 << 18 };

struct run {
	pid_t pid;
	int files[2]; /* what it says on stdout and stderr */
	int status; /* exit status once it has ended, or minus the signal */
	char out[RUN_SIZE], err[RUN_SIZE / 16];
};

/* The path of a file of the build tree, in memory that the next call changes. */
const char *run_built(const char *name);

/* Runs gyrectl with these words, to NULL, until its end; returns its exit status. The environment's
 * GYRE_CONTROL says where its server is. */
int run_gyrectl(struct run *run, ...) __attribute__((sentinel));
/* The same with any program, argv[0] being its path. */
int run_program(struct run *run, const char *const argv[]);

/* In two steps; `out` is where its stdout goes, -1: into run->out. */
void run_start(struct run *run, const char *const argv[], int out);
void run_wait_said(const struct run *run, const char *text);
int run_finish(struct run *run);
/* A parsed copy of what it said on stdout; it must be JSON, on `lines` lines. */
struct json_t *run_json(const struct run *run, unsigned lines);

/* gyrectl on a terminal. */
struct terminal {
	pid_t pid;
	int fd;
	char text[RUN_SIZE]; /* all that came, its last part if it is much */
	size_t len;
};

void terminal_start(struct terminal *terminal, const char *term, ...) __attribute__((sentinel));
void terminal_size(struct terminal *terminal, unsigned rows, unsigned columns);
void terminal_send(struct terminal *terminal, const char *keys);
/* Waits until the terminal has shown a text since the last call. */
void terminal_wait(struct terminal *terminal, const char *text);
/* Reads to its end; returns the exit status, or minus the signal. */
int terminal_finish(struct terminal *terminal);
/* Closes the terminal before its end; returns as terminal_finish(). */
int terminal_hang_up(struct terminal *terminal);

#endif
