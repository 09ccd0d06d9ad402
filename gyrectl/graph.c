/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `graph --dot` and `graph --svg`: the graph for Graphviz, or as a picture by its `dot`. Called by
 * main.c's table; calls session.c, and runs dot without a shell. Invariant: the output file is
 * opened only when there is something to write, and dot reads a file of ours and writes a pipe, so
 * that neither waits for the other.
 */
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "field.h"

extern char **environ;

/* As text for a terminal, where only ends of lines and tabs are more than printed. */
static void write_printable(const char *text, FILE *out)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n\t");
		char line[4096];
		size_t part = len < 1000 ? len : 1000; /* each byte may take four */
		char raw[1001];

		memcpy(raw, text, part);
		raw[part] = '\0';
		fputs(text_escape(line, sizeof(line), raw), out);
		text += part;
		if (part == len && *text != '\0')
			fputc(*text++, out);
	}
}

/* Starts `dot -Tsvg` from a file to a pipe; returns the pipe's other end, or a negative errno. */
static int start_dot(FILE *from, pid_t *ret_pid)
{
	char *const argv[] = {"dot", "-Tsvg", NULL};
	posix_spawn_file_actions_t actions;
	int ends[2], status;

	if (pipe(ends) < 0)
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fileno(from), STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	status = posix_spawnp(ret_pid, "dot", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (status == 0)
		return ends[0];
	close(ends[0]);
	return -status;
}

/* Copies all that dot writes; its end is waited for in any case. */
static int finish_dot(int fd, pid_t pid, FILE *out)
{
	char buffer[16384];
	ssize_t got;
	int status = 0;

	while ((got = read(fd, buffer, sizeof(buffer))) > 0 || (got < 0 && errno == EINTR))
		if (got > 0)
			fwrite(buffer, 1, (size_t)got, out);
	close(fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return session_fail(GYRECTL_FAILED, "graph --svg: dot failed");
	return GYRECTL_OK;
}

static int write_svg(const char *dot, FILE *out)
{
	FILE *file = tmpfile();
	pid_t pid;
	int fd;

	if (file == NULL)
		return session_fail(GYRECTL_FAILED, "a temporary file: %s", strerror(errno));
	fputs(dot, file);
	if (fflush(file) != 0 || ferror(file)) {
		fclose(file);
		return session_fail(GYRECTL_FAILED, "a temporary file: %s", strerror(errno));
	}
	rewind(file);
	fd = start_dot(file, &pid);
	fclose(file);
	if (fd == -ENOENT)
		return session_fail(GYRECTL_FAILED,
			"graph --svg runs `dot`, which is not there: install Graphviz, or use "
			"--dot");
	if (fd < 0)
		return session_fail(GYRECTL_FAILED, "dot: %s", strerror(-fd));
	return finish_dot(fd, pid, out);
}

static int write_graph(const struct session *session, const char *dot, FILE *out)
{
	if (session->options->given & OPTION_SVG)
		return write_svg(dot, out);
	if (out == stdout && session->terminal)
		write_printable(dot, out);
	else
		fputs(dot, out);
	return GYRECTL_OK;
}

static int write_output(const struct session *session, const char *dot)
{
	const char *path = session->options->output;
	FILE *out;
	int status;
	bool failed;

	if (path == NULL)
		return write_graph(session, dot, stdout);
	out = fopen(path, "we");
	if (out == NULL)
		return session_fail(GYRECTL_FAILED, "%s: %s", path, strerror(errno));
	status = write_graph(session, dot, out);
	failed = ferror(out) != 0;
	errno = 0;
	failed = fclose(out) != 0 || failed;
	if (failed && status == GYRECTL_OK)
		return session_fail(GYRECTL_FAILED, "%s: cannot be written%s%s", path,
			errno == 0 ? "" : ": ", errno == 0 ? "" : strerror(errno));
	return status;
}

int command_graph(struct session *session, char **words, unsigned n_words)
{
	unsigned kinds = session->options->given & (OPTION_DOT | OPTION_SVG);
	json_t *params, *result;
	int status;

	(void)words;
	(void)n_words;
	if (kinds != OPTION_DOT && kinds != OPTION_SVG)
		return session_fail(GYRECTL_USAGE, "graph: one of --dot and --svg");
	params = session_params(session, "graph");
	json_object_set_new(params, "format", json_string("dot"));
	status = session_call(session, "graph", params, &result);
	if (status != GYRECTL_OK)
		return status;
	status = write_output(session, field_raw(result, "dot"));
	json_decref(result);
	return status;
}
