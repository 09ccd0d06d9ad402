/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the program that was built, with its output in memory or on a terminal. Called by the tests
 * that try the whole program; calls the kernel. It guards that nothing is waited for longer than
 * LIMIT_SEC, and that no test which fails leaves a process behind.
 */
#include "run.h"
#include "harness.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT_SEC 60

extern char **environ;

const char *run_built(const char *name)
{
	static char path[1024];
	const char *top = getenv("top_builddir");

	snprintf(path, sizeof(path), "%s/%s", top == NULL ? "." : top, name);
	return path;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Waits for its end, or ends it, and the test with it. */
static int reap(pid_t pid)
{
	double deadline = seconds() + LIMIT_SEC;
	int status;

	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);

		ck_assert_int_ge(ended, 0);
		if (ended == pid)
			return status_of(status);
		if (seconds() > deadline) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			ck_abort_msg("it did not end in %d s", LIMIT_SEC);
		}
		usleep(2000);
	}
}

void run_start(struct run *run, const char *const argv[], int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int status;

	memset(run, 0, sizeof(*run));
	for (unsigned i = 0; i < 2; i++) {
		run->files[i] = memfd_create("run", MFD_CLOEXEC);
		ck_assert_int_ge(run->files[i], 0);
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
	posix_spawn_file_actions_adddup2(&actions, out < 0 ? run->files[0] : out, 1);
	posix_spawn_file_actions_adddup2(&actions, run->files[1], 2);
	posix_spawnattr_init(&attributes);
	status = posix_spawnp(
		&run->pid, argv[0], &actions, &attributes, (char *const *)argv, environ);
	ck_assert_msg(status == 0, "%s: %s", argv[0], strerror(status));
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
}

static void read_said(int file, char *text, size_t size)
{
	ssize_t len = pread(file, text, size - 1, 0);

	ck_assert_int_ge(len, 0);
	text[len] = '\0';
}

int run_finish(struct run *run)
{
	run->status = reap(run->pid);
	read_said(run->files[0], run->out, sizeof(run->out));
	read_said(run->files[1], run->err, sizeof(run->err));
	close(run->files[0]);
	close(run->files[1]);
	return run->status;
}

void run_wait_said(const struct run *run, const char *text)
{
	double deadline = seconds() + LIMIT_SEC;
	static char said[RUN_SIZE];

	do {
		read_said(run->files[0], said, sizeof(said));
		if (strstr(said, text) != NULL)
			return;
		usleep(5000);
	} while (seconds() < deadline);
	kill(run->pid, SIGKILL);
	ck_abort_msg("it never said: %s", text);
}

int run_program(struct run *run, const char *const argv[])
{
	run_start(run, argv, -1);
	return run_finish(run);
}

static void collect(const char *argv[RUN_WORDS_MAX], va_list words)
{
	static char path[1024];
	unsigned n = 1;

	snprintf(path, sizeof(path), "%s", run_built("gyrectl/gyrectl"));
	argv[0] = path;
	while ((argv[n] = va_arg(words, const char *)) != NULL)
		ck_assert_uint_lt(++n, RUN_WORDS_MAX);
}

int run_gyrectl(struct run *run, ...)
{
	const char *argv[RUN_WORDS_MAX];
	va_list words;

	va_start(words, run);
	collect(argv, words);
	va_end(words);
	return run_program(run, argv);
}

json_t *run_json(const struct run *run, unsigned lines)
{
	json_error_t error;
	unsigned ends = 0;
	json_t *value;

	ck_assert_msg(run->status == 0, "exit status %d: %s", run->status, run->err);
	for (const char *c = run->out; *c != '\0'; c++)
		ends += *c == '\n';
	ck_assert_msg(ends == lines, "%u lines: %.500s", ends, run->out);
	value = json_loads(run->out, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &error);
	ck_assert_msg(value != NULL, "%s: %.500s", error.text, run->out);
	return value;
}

/* --- On a terminal --- */

void terminal_start(struct terminal *terminal, const char *term, ...)
{
	struct winsize size = {.ws_row = 40, .ws_col = 120};
	const char *argv[RUN_WORDS_MAX];
	va_list words;

	memset(terminal, 0, sizeof(*terminal));
	va_start(words, term);
	collect(argv, words);
	va_end(words);
	terminal->pid = forkpty(&terminal->fd, NULL, NULL, &size);
	ck_assert_int_ge(terminal->pid, 0);
	if (terminal->pid > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("TERM", term, 1);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

void terminal_size(struct terminal *terminal, unsigned rows, unsigned columns)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	ck_assert_int_eq(ioctl(terminal->fd, TIOCSWINSZ, &size), 0);
}

void terminal_send(struct terminal *terminal, const char *keys)
{
	terminal->len = 0;
	terminal->text[0] = '\0';
	ck_assert_int_eq(write(terminal->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* Reads what comes in a while; false at the end. */
static bool terminal_read(struct terminal *terminal)
{
	struct pollfd fd = {.fd = terminal->fd, .events = POLLIN};
	ssize_t got;

	if (poll(&fd, 1, 100) <= 0)
		return true;
	if (terminal->len > sizeof(terminal->text) / 2) {
		memmove(terminal->text, terminal->text + terminal->len / 2,
			terminal->len - terminal->len / 2);
		terminal->len -= terminal->len / 2;
	}
	got = read(terminal->fd, terminal->text + terminal->len,
		sizeof(terminal->text) - 1 - terminal->len);
	if (got <= 0)
		return got < 0 && errno == EINTR; /* EIO: nobody has the other end open */
	terminal->len += (size_t)got;
	terminal->text[terminal->len] = '\0';
	return true;
}

void terminal_wait(struct terminal *terminal, const char *text)
{
	double deadline = seconds() + LIMIT_SEC;

	while (strstr(terminal->text, text) == NULL)
		if (!terminal_read(terminal) || seconds() > deadline) {
			kill(terminal->pid, SIGKILL);
			ck_abort_msg("the terminal never showed: %s", text);
		}
}

int terminal_finish(struct terminal *terminal)
{
	double deadline = seconds() + LIMIT_SEC;
	int status;

	while (terminal_read(terminal) && seconds() < deadline)
		;
	status = reap(terminal->pid);
	close(terminal->fd);
	return status;
}

int terminal_hang_up(struct terminal *terminal)
{
	close(terminal->fd);
	return reap(terminal->pid);
}
