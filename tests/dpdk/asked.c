/* SPDX-License-Identifier: Apache-2.0 */
/* A loop that telemetry is asked about, on a thread of its own, and a client that asks. */
#include "asked.h"

#include <errno.h>
#include <rte_eal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture.h"
#include "harness.h"

void asked_eal(void)
{
	static bool up;
	char prefix[32];
	char *argv[] = {"test", "--no-pci", "-l", "0", "--no-huge", "-m", "64", "--no-shconf",
		"--file-prefix", prefix, "--log-level", "error", NULL};
	struct gyre_error error = {.text = ""};

	if (up)
		return;
	snprintf(prefix, sizeof(prefix), "gyre%d", getpid());
	setenv("RUNTIME_DIRECTORY", fixture_directory(), 1);
	ck_assert_msg(gyre_dpdk_eal_init(RTE_DIM(argv) - 1, argv, &error) >= 0, "%s", error.text);
	up = true;
}

/* --- Loops to ask for --- */

static unsigned source(struct gyre_node *node, unsigned max)
{
	static int item;
	uint64_t *left = gyre_node_data(node);
	unsigned n = *left < max ? (unsigned)*left : max;
	void **items = gyre_next_reserve(node, 0, max);

	for (unsigned i = 0; i < n; i++)
		items[i] = &item;
	gyre_next_commit(node, 0, n);
	*left -= n;
	if (*left == 0)
		gyre_node_disable(gyre_node_loop(node), gyre_node_id(node));
	return n;
}

static int source_init(struct gyre_node *node, const void *arg)
{
	(void)arg;
	*(uint64_t *)gyre_node_data(node) = ITEMS;
	return 0;
}

static gyre_next third(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items;
	for (unsigned i = 0; i < n; i++)
		nexts[i] = i % 3 ? 0 : gyre_drop(0);
	return GYRE_NEXT_EACH;
}

static gyre_next sink(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)node, (void)items, (void)nexts, (void)n;
	return GYRE_NEXT_KEEP;
}

static const char *const source_nexts[] = {"ip4-third"};
static const char *const third_nexts[] = {"tx-0"};
static const struct gyre_reason third_reasons[] = {{"every-third", GYRE_SEVERITY_WARNING}};
static const struct gyre_node_class source_class = {.name = "source",
	.kind = GYRE_NODE_INPUT,
	.poll = source,
	.init = source_init,
	.data_size = sizeof(uint64_t),
	.nexts = source_nexts,
	.n_nexts = 1};
static const struct gyre_node_class third_class = {.name = "third",
	.kind = GYRE_NODE_INTERNAL,
	.process = third,
	.nexts = third_nexts,
	.n_nexts = 1,
	.reasons = third_reasons,
	.n_reasons = 1};
static const struct gyre_node_class sink_class = {
	.name = "sink", .kind = GYRE_NODE_OUTPUT, .process = sink};

static int sleeper(struct gyre_process *self, void *arg)
{
	(void)arg;
	return gyre_process_sleep(self, GYRE_SEC(3600));
}

void subject_make(struct subject *subject, const char *name, unsigned nodes)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	memset(subject, 0, sizeof(*subject));
	options.name = name;
	ck_assert_int_eq(gyre_loop_create(&options, &subject->loop), 0);
	gyre_loop_ref(subject->loop);
	gyre_node_add(subject->loop, &source_class, "rx-0", NULL, NULL);
	gyre_node_add(subject->loop, &third_class, "ip4-third", NULL, NULL);
	gyre_node_add(subject->loop, &sink_class, "tx-0", NULL, NULL);
	for (unsigned i = 0; i < nodes; i++) {
		char node[64];

		snprintf(node, sizeof(node), "one-of-many-nodes-with-a-long-name-%028u", i);
		ck_assert_int_eq(gyre_node_add(subject->loop, &sink_class, node, NULL, NULL), 0);
	}
	ck_assert_int_eq(gyre_process_spawn(subject->loop, sleeper, NULL, NULL, NULL), 0);
	ck_assert_int_eq(gyre_link_add(subject->loop, &subject->links[0], "wan", true), 0);
	ck_assert_int_eq(gyre_link_add(subject->loop, &subject->links[1], "lan-1", false), 0);
}

struct gyre_snapshot *subject_read(struct subject *subject)
{
	struct gyre_snapshot *snapshot;
	struct gyre_reader *reader;
	int status;

	ck_assert_int_eq(gyre_reader_create(subject->loop, NULL, &reader), 0);
	ck_assert_int_eq(gyre_reader_start(reader), 0);
	while ((status = gyre_reader_take(reader, &snapshot)) == -EAGAIN)
		usleep(1000);
	ck_assert_int_eq(status, 0);
	gyre_reader_destroy(reader);
	return snapshot;
}

void subject_run(struct subject *subject)
{
	uint64_t items = 0;

	ck_assert_int_eq(gyre_thread_start(subject->loop, NULL, &subject->thread), 0);
	while (items < ITEMS) {
		struct gyre_snapshot *snapshot = subject_read(subject);

		items = gyre_snapshot_find(snapshot, "ip4-third")->items;
		gyre_snapshot_destroy(snapshot);
	}
}

void subject_end(struct subject *subject)
{
	int status;

	if (subject->thread) {
		gyre_thread_stop(subject->thread);
		ck_assert_int_eq(gyre_thread_join(subject->thread, &status), 0);
	}
	ck_assert_int_eq(gyre_loop_destroy(subject->loop), 0);
}

/* --- A client --- */

int client_open(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char greeting[1024];

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/dpdk_telemetry.v2",
		rte_eal_get_runtime_dir());
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_gt(recv(fd, greeting, sizeof(greeting), 0), 0);
	return fd;
}

const char *ask(int fd, const char *command)
{
	static _Thread_local char reply[REPLY_SIZE + 1];
	ssize_t n;

	ck_assert_int_eq(send(fd, command, strlen(command), 0), (ssize_t)strlen(command));
	n = recv(fd, reply, REPLY_SIZE, 0);
	ck_assert_int_gt(n, 2);
	reply[n] = '\0';
	ck_assert_msg(reply[0] == '{' && strcmp(reply + n - 2, "}}") == 0, "%s", reply);
	return reply;
}

void has(const char *reply, const char *text)
{
	ck_assert_msg(strstr(reply, text) != NULL, "no %s in %s", text, reply);
}
