/* SPDX-License-Identifier: Apache-2.0 */
/* An embedding example that runs as a child, with a TCP and a UDP port on the loopback address. */
#ifndef GYRE_TESTS_EMBED_PROGRAM_H
#define GYRE_TESTS_EMBED_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

struct program {
	pid_t pid;
	int output;
	unsigned tcp, udp;
	char text[16384]; /* its output so far */
	size_t size;
};

/* Starts examples/NAME of the build folder; its link's peer has that UDP port. */
void program_start(struct program *program, const char *name, unsigned peer);
/* Reads its output until the text is in it. */
void program_wait_for(struct program *program, const char *text);
/* What of its output is there already. */
void program_read_ready(struct program *program);
/* SIGTERM; it must end well, the text in its output. */
void program_end(struct program *program, const char *text);

/* A socket of ours on the loopback address; with a time limit on what it receives. */
int program_udp(unsigned *ret_port);
int program_connect(unsigned port);
/* Sends text, and reads the answer into a buffer of ours, good until the next call. */
const char *program_ask(int fd, const char *text);
/* To the program's UDP port; the second waits for the answer. */
void program_send_udp(const struct program *program, int fd, const char *text);
const char *program_ask_udp(const struct program *program, int fd, const char *text);
/* Answers one probe of the program's, which must come. */
void program_answer_probe(int fd);

#endif
