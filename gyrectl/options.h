/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line.
 */
#ifndef GYRECTL_OPTIONS_H
#define GYRECTL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_PATH "/run/gyre/control.sock"

/* Options that belong to some commands only, as bits. */
enum {
	OPTION_TOTAL = 1 << 0,
	OPTION_DELAY = 1 << 1,
	OPTION_INTERVAL = 1 << 2,
	OPTION_COUNT = 1 << 3,
	OPTION_BATCH = 1 << 4,
	OPTION_SORT = 1 << 5,
	OPTION_DOT = 1 << 6,
	OPTION_SVG = 1 << 7,
	OPTION_OUTPUT = 1 << 8,
};

struct options {
	const char *path;
	const char *loop; /* NULL: the only one */
	bool json, no_color;
	uint64_t timeout_nsec;
	unsigned given; /* of the bits above */
	uint64_t interval_nsec; /* 0: the command's own */
	unsigned count; /* 0: without end */
	const char *sort; /* NULL: none given */
	const char *output; /* NULL: standard output */
	char **words; /* the command and its arguments */
	unsigned n_words;
};

/* Reads the command line. Does not return from --help and --version (exit status 0) and from a
 * fault (GYRECTL_USAGE): its message on stderr names the option, the value and what is allowed. */
void options_parse(int argc, char **argv, struct options *ret_options);

/* The name of one of the bits, as it is written: "--total". */
const char *options_name(unsigned bit);

#endif
