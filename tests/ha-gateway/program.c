/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the gateway program on pcap files without any privilege, and reads what it sent and said.
 * test_program.c calls it; it calls libc. It guards that no test leaves a process, and that one
 * which passes leaves no file.
 */
#include "program.h"
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_SEC 20

enum { ARGS_MAX = 64, WORDS_MAX = 2048, PATH_SIZE = 128 };

/* In the machine's own byte order, which readers tell by the magic. */
struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snapshot, link;
};

struct pcap_record {
	uint32_t seconds, fraction, captured, len;
};

static const char interfaces_usual[] =
	"--inside=0,198.51.100.1/24 --uplink=1,192.0.2.2/30,192.0.2.1 "
	"--uplink=2,192.0.2.6/30,192.0.2.5";
static const char eal_usual[] = "--no-pci --no-huge -m 64 --no-shconf --no-telemetry --log-level=4";

static char *path_of(const struct program *program, const char *name, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%s", program->directory, name);
	return path;
}

static char *pcap_of(
	const struct program *program, const char *way, unsigned port, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%s%u.pcap", program->directory, way, port);
	return path;
}

void program_prepare(struct program *program)
{
	const struct pcap_header header = {0xa1b2c3d4, 2, 4, 0, 0, 65535, 1};
	char path[PATH_SIZE];

	memset(program, 0, sizeof(*program));
	strcpy(program->directory, "/tmp/gyre-program.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(program->directory));
	for (unsigned port = 0; port < PORTS; port++) {
		program->in[port] = fopen(pcap_of(program, "in", port, path), "wb");
		ck_assert_ptr_nonnull(program->in[port]);
		ck_assert_uint_eq(fwrite(&header, sizeof(header), 1, program->in[port]), 1);
	}
}

void program_add(struct program *program, unsigned port, const struct frame *frame)
{
	const struct pcap_record record = {
		.captured = (uint32_t)frame->len, .len = (uint32_t)frame->len};

	ck_assert_uint_eq(fwrite(&record, sizeof(record), 1, program->in[port]), 1);
	ck_assert_uint_eq(fwrite(frame->bytes, 1, frame->len, program->in[port]), frame->len);
}

static void close_inputs(struct program *program)
{
	for (unsigned port = 0; port < PORTS; port++) {
		if (program->in[port] != NULL)
			ck_assert_int_eq(fclose(program->in[port]), 0);
		program->in[port] = NULL;
	}
}

void program_truncate(struct program *program, unsigned port, off_t size)
{
	char path[PATH_SIZE];

	close_inputs(program);
	ck_assert_int_eq(truncate(pcap_of(program, "in", port, path), size), 0);
}

static void words(char *line, const char *argv[ARGS_MAX], int *argc)
{
	for (char *word; (word = strsep(&line, " ")) != NULL;)
		if (*word != '\0' && *argc < ARGS_MAX - 1)
			argv[(*argc)++] = word;
}

static void redirect(const struct program *program, const char *name, int fd)
{
	char path[PATH_SIZE];
	int file = open(path_of(program, name, path), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (file < 0 || dup2(file, fd) < 0)
		_exit(126);
}

/* Runs in the child. */
static void become(const struct program *program, const char *argv[ARGS_MAX])
{
	const char *top = getenv("top_builddir");
	char path[512];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	redirect(program, "out", STDOUT_FILENO);
	redirect(program, "err", STDERR_FILENO);
	setenv("RUNTIME_DIRECTORY", program->directory, 1);
	snprintf(path, sizeof(path), "%s/examples/ha-gateway/ha-gateway", top == NULL ? "." : top);
	execv(path, (char *const *)argv);
	perror(path);
	_exit(127);
}

void program_start_with(
	struct program *program, const char *interfaces, const char *options, const char *eal)
{
	char line[WORDS_MAX], vdevs[1024] = "";
	const char *argv[ARGS_MAX] = {"ha-gateway"};
	size_t len = 0;
	int argc = 1;

	close_inputs(program);
	for (unsigned port = 0; port < PORTS; port++)
		len += (size_t)snprintf(vdevs + len, sizeof(vdevs) - len,
			"--vdev=net_pcap%u,rx_pcap=%s/in%u.pcap,tx_pcap=%s/out%u.pcap ", port,
			program->directory, port, program->directory, port);
	len = (size_t)snprintf(line, sizeof(line), "%s %s -- %s %s %s", interfaces,
		options == NULL ? "" : options, eal_usual, vdevs, eal == NULL ? "" : eal);
	ck_assert_uint_lt(len, sizeof(line));
	words(line, argv, &argc);
	fflush(NULL);
	program->pid = fork();
	ck_assert_int_ge(program->pid, 0);
	if (program->pid == 0)
		become(program, argv);
}

void program_start(struct program *program, const char *options, const char *eal)
{
	program_start_with(program, interfaces_usual, options, eal);
}

static void read_text(const struct program *program, const char *name, char *ret_text, size_t size)
{
	char path[PATH_SIZE];
	FILE *file = fopen(path_of(program, name, path), "r");
	size_t len = 0;

	if (file != NULL) {
		len = fread(ret_text, 1, size - 1, file);
		fclose(file);
	}
	ret_text[len] = '\0';
}

static void read_all(struct program *program)
{
	read_text(program, "out", program->out, sizeof(program->out));
	read_text(program, "err", program->err, sizeof(program->err));
}

/* Notices the program's end. */
static bool has_ended(struct program *program)
{
	pid_t pid;

	if (program->pid == 0)
		return true;
	pid = waitpid(program->pid, &program->status, WNOHANG);
	ck_assert_int_ge(pid, 0);
	if (pid != 0)
		program->pid = 0;
	return pid != 0;
}

static void nap(void)
{
	const struct timespec time = {.tv_nsec = 5000000};

	nanosleep(&time, NULL);
}

static void fail_with(struct program *program, const char *what)
{
	if (program->pid != 0) {
		kill(program->pid, SIGKILL);
		waitpid(program->pid, NULL, 0);
		program->pid = 0;
	}
	read_all(program);
	ck_abort_msg("%s:\n%s%s", what, program->err, program->out);
}

void program_wait_sent(struct program *program, unsigned port, enum sent kind, size_t count)
{
	time_t deadline = time(NULL) + DEADLINE_SEC;

	while (program_count_sent(program, port, kind) < count) {
		if (has_ended(program))
			fail_with(program, "it ended");
		if (time(NULL) > deadline)
			fail_with(program, "it did not send what it should");
		nap();
	}
}

void program_wait_said(struct program *program, const char *file, const char *text)
{
	time_t deadline = time(NULL) + DEADLINE_SEC;

	for (;;) {
		read_all(program);
		if (strstr(strcmp(file, "out") == 0 ? program->out : program->err, text) != NULL)
			return;
		if (has_ended(program) || time(NULL) > deadline)
			fail_with(program, text);
		nap();
	}
}

void program_end(struct program *program, int signal)
{
	time_t deadline = time(NULL) + DEADLINE_SEC;

	if (signal != 0)
		ck_assert_int_eq(kill(program->pid, signal), 0);
	while (!has_ended(program)) {
		if (time(NULL) > deadline)
			fail_with(program, "it did not end");
		nap();
	}
	read_all(program);
}

void program_is_clean(const struct program *program)
{
	ck_assert_msg(WIFEXITED(program->status) && WEXITSTATUS(program->status) == 0,
		"status %#x:\n%s%s", program->status, program->err, program->out);
	program_said(program, ": closed\n");
	program_said(program, "Packet buffers: 8192 of 8192 are back\n");
}

void program_said(const struct program *program, const char *text)
{
	ck_assert_msg(strstr(program->out, text) != NULL || strstr(program->err, text) != NULL,
		"it did not say '%s', but:\n%s%s", text, program->err, program->out);
}

/* The next whole record of a file that may still grow. */
static bool read_record(FILE *file, struct frame *ret_frame)
{
	struct pcap_record record;

	if (fread(&record, sizeof(record), 1, file) != 1 || record.captured > FRAME_MAX)
		return false;
	ret_frame->len = record.captured;
	return fread(ret_frame->bytes, 1, record.captured, file) == record.captured;
}

static bool is_kind(const struct frame *frame, enum sent kind)
{
	unsigned type = (unsigned)frame->bytes[12] << 8 | frame->bytes[13];

	switch (kind) {
	case SENT_IP:
		return type == 0x0800;
	case SENT_ARP_REQUEST:
		return type == 0x0806 && frame->bytes[21] == 1;
	case SENT_ARP_REPLY:
		return type == 0x0806 && frame->bytes[21] == 2;
	default:
		return true;
	}
}

/* Reads up to number `index` of the kind; returns how many of it there were, at most index + 1. */
static size_t find_sent(const struct program *program, unsigned port, enum sent kind, size_t index,
	struct frame *ret_frame)
{
	char path[PATH_SIZE];
	FILE *file = fopen(pcap_of(program, "out", port, path), "rb");
	size_t count = 0;

	if (file == NULL)
		return 0;
	fseek(file, sizeof(struct pcap_header), SEEK_SET);
	while (count <= index && read_record(file, ret_frame))
		count += is_kind(ret_frame, kind);
	fclose(file);
	return count;
}

bool program_sent(const struct program *program, unsigned port, enum sent kind, size_t index,
	struct frame *ret_frame)
{
	return find_sent(program, port, kind, index, ret_frame) == index + 1;
}

size_t program_count_sent(const struct program *program, unsigned port, enum sent kind)
{
	struct frame frame;

	return find_sent(program, port, kind, SIZE_MAX - 1, &frame);
}

void program_remove(struct program *program)
{
	char command[PATH_SIZE];

	close_inputs(program);
	if (program->pid != 0)
		fail_with(program, "it still runs");
	snprintf(command, sizeof(command), "rm -rf %s", program->directory);
	ck_assert_int_eq(system(command), 0);
}
