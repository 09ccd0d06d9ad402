/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gyrectl: looks at gyre's loops while they run, and commands them, by their control socket. Owns
 * the table of commands; calls options.c for the command line, then one command. Invariant: the
 * exit status is one of those of client.h, and 0 only if all of the output was written.
 */
#include <locale.h>
#include <stddef.h>
#include <string.h>

#include "command.h"

struct command {
	const char *name;
	command_fn *run;
	unsigned words_min, words_max; /* behind its name */
	unsigned options; /* those that it takes */
	const char *usage;
};

static const struct command commands[] = {
	{"show", command_show, 1, 1, OPTION_TOTAL,
		"show runtime|nodes|processes|errors|links|graph|loops|version"},
	{"clear", command_clear, 1, 1, 0, "clear runtime"},
	{"set", command_set, 3, 3, 0, "set node NAME enabled|disabled"},
	{"signal", command_signal, 2, 2, 0, "signal PROCESS EVENTS"},
	{"log", command_log, 0, 1, 0, "log [error|warning|info|debug]"},
	{"top", command_top, 0, 0, OPTION_DELAY | OPTION_COUNT | OPTION_BATCH | OPTION_SORT,
		"top [-d SECONDS] [--sort=COLUMN] [-b [-n COUNT]]"},
	{"graph", command_graph, 0, 0, OPTION_DOT | OPTION_SVG | OPTION_OUTPUT,
		"graph --dot|--svg [-o FILE]"},
	{"watch", command_watch, 1, 2, OPTION_INTERVAL | OPTION_COUNT,
		"watch METHOD [PARAMS] [-i SECONDS] [-n COUNT]"},
	{"call", command_call, 1, 2, 0, "call METHOD [PARAMS]"},
	{"methods", command_methods, 0, 0, 0, "methods"},
	{"names", command_names, 1, 1, 0, "names nodes|processes|links|loops|methods"},
	{0},
};

/* The first option that was given and that the command does not take; 0: none. */
static unsigned foreign_option(const struct command *command, const struct options *options)
{
	unsigned foreign = options->given & ~command->options;

	return foreign & -foreign;
}

static int run(struct session *session, const struct options *options)
{
	const struct command *command;
	unsigned n = options->n_words - 1, foreign;
	int index = command_find("command", options->words[0], commands, sizeof(commands[0]));

	if (index < 0)
		return GYRECTL_USAGE;
	command = &commands[index];
	foreign = foreign_option(command, options);
	if (foreign != 0)
		return session_fail(GYRECTL_USAGE, "%s takes no %s; usage: gyrectl %s",
			command->name, options_name(foreign), command->usage);
	if (n < command->words_min || n > command->words_max)
		return session_fail(GYRECTL_USAGE, "usage: gyrectl %s", command->usage);
	return command->run(session, options->words + 1, n);
}

int main(int argc, char **argv)
{
	struct options options;
	struct session session;
	int status;

	setlocale(LC_CTYPE, "");
	options_parse(argc, argv, &options);
	session_init(&session, &options);
	status = run(&session, &options);
	session_fini(&session);
	if (status == GYRECTL_OK)
		status = session_flush();
	return status;
}
