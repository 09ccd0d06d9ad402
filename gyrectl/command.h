/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands. Each gets the words behind its name, as many as main.c's table allows, and returns
 * the exit status after it has said what failed.
 */
#ifndef GYRECTL_COMMAND_H
#define GYRECTL_COMMAND_H

#include "session.h"

typedef int command_fn(struct session *session, char **words, unsigned n_words);

command_fn command_show, command_clear, command_set, command_signal, command_log, command_top,
	command_graph, command_watch, command_call, command_methods, command_names;

/* Where `word` stands in a list of `count` names, `stride` bytes apart: a unique beginning is
 * enough. -1 if it is none or several of them, after session_fail() has said so. */
int command_find(const char *what, const char *word, const void *names, size_t stride);

/* Reads the words' JSON parameters, if there are any, into an object with the loop of -l. */
int command_params(
	const struct session *session, const char *method, const char *text, json_t **ret_params);

#endif
