/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line. Called by main(); calls argp, which prints and exits on --help and on faults.
 * What is left beside the options are the command's words; which options a command takes is
 * main.c's table. Invariant: numbers are read whole and within their range, or refused.
 */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

enum { KEY_JSON = 0x100, KEY_NO_COLOR, KEY_TIMEOUT, KEY_TOTAL, KEY_SORT, KEY_DOT, KEY_SVG };

static const char doc[] =
	"Looks at a program's gyre loops while they run, and commands them, by the program's "
	"control "
	"socket."
	"\vCommands (a unique beginning is enough: gyrectl sh run):\n"
	"  show runtime|nodes|processes|errors|links|graph|loops|version\n"
	"  clear runtime\n"
	"  set node NAME enabled|disabled\n"
	"  signal PROCESS EVENTS\n"
	"  log [error|warning|info|debug]\n"
	"  top\n"
	"  graph --dot|--svg\n"
	"  watch METHOD [PARAMS]\n"
	"  call METHOD [PARAMS]\n"
	"  methods\n"
	"  names nodes|processes|links|loops|methods\n"
	"\n"
	"The socket is that of -s, else that of the environment's GYRE_CONTROL, else " OPTIONS_PATH
	".\n"
	"\n"
	"Exit status: 0 done, 1 the server answered an error or the output cannot be written, 2 "
	"usage, 3 no connection, or no answer in time.";

static const struct argp_option table[] = {
	{"socket", 's', "PATH", 0, "the control socket", 1},
	{"loop", 'l', "NAME", 0, "the loop that is meant; needed if there are several", 1},
	{"json", KEY_JSON, NULL, 0, "print results as JSON, as the server sends them", 1},
	{"no-color", KEY_NO_COLOR, NULL, 0, "no colours, as with NO_COLOR in the environment", 1},
	{"no-colour", KEY_NO_COLOR, NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, 1},
	{"timeout", KEY_TIMEOUT, "SECONDS", 0, "wait so long for an answer [5]", 1},
	{NULL, 0, NULL, 0, "show runtime:", 2},
	{"total", KEY_TOTAL, NULL, 0, "count from the start, not from the last clear", 2},
	{NULL, 0, NULL, 0, "top, watch:", 3},
	{"delay", 'd', "SECONDS", 0, "top: between two frames [1]", 3},
	{"interval", 'i', "SECONDS", 0, "watch: between two readings [1]", 3},
	{"count", 'n', "COUNT", 0, "end after so many frames or readings", 3},
	{"batch", 'b', NULL, 0, "top: print frames as text", 3},
	{"sort", KEY_SORT, "COLUMN", 0,
		"top: rank, name, rate, calls, vectors, clocks or drops [rank]", 3},
	{NULL, 0, NULL, 0, "graph:", 4},
	{"dot", KEY_DOT, NULL, 0, "for Graphviz", 4},
	{"svg", KEY_SVG, NULL, 0, "as a picture, by Graphviz's dot", 4},
	{"output", 'o', "FILE", 0, "in place of the standard output", 4},
	{0},
};

const char *options_name(unsigned bit)
{
	static const char *const names[] = {
		"--total", "-d", "-i", "-n", "-b", "--sort", "--dot", "--svg", "-o"};
	unsigned i = 0;

	while ((bit >> i) > 1)
		i++;
	return names[i];
}

static uint64_t seconds(struct argp_state *state, const char *option, const char *text, double min)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(value) || value < min || value > 86400)
		argp_error(state, "%s %s: expected seconds from %g to 86400", option, text, min);
	return (uint64_t)(value * 1e9);
}

static unsigned count(struct argp_state *state, const char *text)
{
	char *end;
	errno = 0;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value < 1 ||
		value > 1000000000)
		argp_error(state, "-n %s: expected a number from 1 to 1000000000", text);
	return (unsigned)value;
}

static const char *not_empty(struct argp_state *state, const char *option, const char *text)
{
	if (*text == '\0')
		argp_error(state, "%s: a name is missing", option);
	return text;
}

/* Options of single commands. */
static error_t parse_more(int key, char *arg, struct argp_state *state, struct options *options)
{
	static const struct {
		int key;
		unsigned bit;
	} bits[] = {{KEY_TOTAL, OPTION_TOTAL}, {'d', OPTION_DELAY}, {'i', OPTION_INTERVAL},
		{'n', OPTION_COUNT}, {'b', OPTION_BATCH}, {KEY_SORT, OPTION_SORT},
		{KEY_DOT, OPTION_DOT}, {KEY_SVG, OPTION_SVG}, {'o', OPTION_OUTPUT}};
	unsigned i = 0;

	while (i < sizeof(bits) / sizeof(bits[0]) && bits[i].key != key)
		i++;
	if (i == sizeof(bits) / sizeof(bits[0]))
		return ARGP_ERR_UNKNOWN;
	options->given |= bits[i].bit;
	if (key == 'd' || key == 'i')
		options->interval_nsec = seconds(state, options_name(bits[i].bit), arg, 0.1);
	else if (key == 'n')
		options->count = count(state, arg);
	else if (key == KEY_SORT)
		options->sort = arg;
	else if (key == 'o')
		options->output = not_empty(state, "-o", arg);
	return 0;
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 's':
		options->path = not_empty(state, "-s", arg);
		return 0;
	case 'l':
		options->loop = not_empty(state, "-l", arg);
		return 0;
	case KEY_JSON:
		options->json = true;
		return 0;
	case KEY_NO_COLOR:
		options->no_color = true;
		return 0;
	case KEY_TIMEOUT:
		options->timeout_nsec = seconds(state, "--timeout", arg, 0.001);
		return 0;
	case ARGP_KEY_ARGS:
		options->words = state->argv + state->next;
		options->n_words = (unsigned)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a command is missing");
		return 0;
	}
	return parse_more(key, arg, state, options);
}

void options_parse(int argc, char **argv, struct options *ret_options)
{
	static const struct argp argp = {
		.options = table, .parser = parse_one, .args_doc = "COMMAND...", .doc = doc};
	const char *path = getenv("GYRE_CONTROL");

	memset(ret_options, 0, sizeof(*ret_options));
	ret_options->path = path == NULL || *path == '\0' ? OPTIONS_PATH : path;
	ret_options->timeout_nsec = 5000000000u;
	argp_program_version = "gyrectl (" PACKAGE_NAME ") " PACKAGE_VERSION;
	argp_err_exit_status = GYRECTL_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, ret_options) != 0)
		exit(GYRECTL_USAGE);
}
