/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients at their worst, while packets run: afterwards a proper request is answered, and no item
 * was lost or doubled.
 */
#include "control/rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "abuse");
	rig.options.output_max = 65536;
	rig_open(&rig);
	fd = rig_connect(&rig);
	json_decref(rig_ask(fd, "nodes.set", "{\"node\":\"source\",\"state\":\"enabled\"}"));
}

static bool is_served(void *arg)
{
	int *other = arg;
	json_t *reply;

	close(*other);
	*other = rig_connect(&rig);
	if (send(*other, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"version\"}\n", 45,
		    MSG_NOSIGNAL) < 0)
		return false;
	reply = rig_receive(*other);
	bool served = json_object_get(reply, "result");
	json_decref(reply);
	return served;
}

/* The account of the nodes, as a client sees it. */
static void check_account(void)
{
	json_t *result, *nodes, *filter;
	int64_t rx, tx, drops;

	json_decref(rig_ask(fd, "nodes.set", "{\"node\":\"source\",\"state\":\"disabled\"}"));
	result = rig_ask(fd, "runtime", NULL);
	nodes = json_object_get(result, "nodes");
	filter = rig_find(nodes, "filter");
	rx = rig_integer(rig_find(nodes, "source"), "vectors");
	tx = rig_integer(rig_find(nodes, "sink"), "kept");
	drops = rig_integer(filter, "dropped");
	ck_assert_int_gt(rx, 0);
	ck_assert_int_eq(rx, tx + drops); /* nothing is held: the input is off */
	json_decref(result);
}

/* Both by the client that was there before and by one that comes afterwards. */
static void teardown(void)
{
	int other = rig_connect(&rig);

	rig_until(is_served, &other);
	close(other);
	check_account();
	close(fd);
	rig_close(&rig);
}

START_TEST(half_requests_held_open)
{
	int fds[250];

	for (int i = 0; i < 250; i++) {
		fds[i] = rig_connect(&rig);
		if (send(fds[i], "{\"jsonrpc\":\"2.0\",\"id\"", 21, MSG_NOSIGNAL) < 0)
			ck_assert(errno == EPIPE || errno == ECONNRESET);
	}
	json_decref(rig_ask(fd, "runtime", NULL));
	for (int i = 0; i < 250; i++)
		close(fds[i]);
}
END_TEST

START_TEST(an_endless_line)
{
	static char chunk[1 << 16];
	int other = rig_connect(&rig);

	memset(chunk, '{', sizeof(chunk));
	for (size_t sent = 0; sent < 64u << 20;) {
		ssize_t n = send(other, chunk, sizeof(chunk), MSG_NOSIGNAL);

		ck_assert_int_gt(n, 0);
		sent += (size_t)n;
	}
	json_decref(rig_ask(fd, "runtime", NULL));
	rig_send(other, "\n");
	json_t *reply = rig_receive(other);
	ck_assert_int_eq(rig_integer(json_object_get(reply, "error"), "code"), -32003);
	json_decref(reply);
	json_decref(rig_ask(other, "version", NULL));
	close(other);
}
END_TEST

START_TEST(garbage_and_broken_text)
{
	unsigned seed = 1;
	char text[1024];

	for (int i = 0; i < 600; i++) {
		int other = rig_connect(&rig);
		size_t n = (size_t)rand_r(&seed) % sizeof(text);

		for (size_t k = 0; k < n; k++)
			text[k] = i & 1 ? (char)rand_r(&seed)
					: "{}[]\",:\\u0019 etrfn\n"[rand_r(&seed) % 20];
		if (send(other, text, n, MSG_NOSIGNAL) < 0)
			ck_assert(errno == EPIPE || errno == ECONNRESET);
		close(other);
	}
	rig_send(fd, "\xff\xfe{\n");
	json_t *reply = rig_receive(fd);
	ck_assert_int_eq(rig_integer(json_object_get(reply, "error"), "code"), -32700);
	json_decref(reply);
}
END_TEST

START_TEST(gone_during_the_reply)
{
	static const char *const asks[] = {"runtime", "processes", "methods", "graph"};
	char text[256];

	for (int i = 0; i < 400; i++) {
		int other = rig_connect(&rig);

		snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"}\n",
			asks[i % 4]);
		for (int k = 0; k < i % 8; k++)
			if (send(other, text, strlen(text), MSG_NOSIGNAL) < 0)
				break;
		if (i % 3 == 0)
			usleep(i);
		close(other);
	}
}
END_TEST

START_TEST(a_reader_that_never_reads)
{
	const char *subscribe = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscribe\",\"params\":"
				"{\"method\":\"processes\",\"interval_msec\":100}}\n";
	int other = rig_connect(&rig), small = 4096;

	setsockopt(other, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	setsockopt(other, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){1, 0}, sizeof(struct timeval));
	for (int i = 0; i < 16; i++)
		rig_send(other, subscribe);
	for (int i = 0; i < 100000; i++)
		if (send(other, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"methods\"}\n", 45,
			    MSG_NOSIGNAL) < 0)
			break;
	for (int i = 0; i < 100; i++)
		json_decref(rig_ask(fd, "runtime", NULL));
	close(other);
}
END_TEST

START_TEST(nodes_and_processes_that_are_dead)
{
	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(rig_ask_error(fd, "nodes.set",
					 "{\"node\":\"gone\",\"state\":\"disabled\"}", NULL),
			-32002);
		ck_assert_int_eq(rig_ask_error(fd, "processes.signal",
					 "{\"process\":\"999.7\",\"events\":1}", NULL),
			-32002);
	}
}
END_TEST

START_TEST(file_descriptors_exhausted)
{
	struct rlimit before, none;
	int fds[64], n = 0;

	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = 40;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	while (n < 64 && (fds[n] = dup(fd)) >= 0)
		n++;
	for (int i = 0; i < 20; i++)
		json_decref(rig_ask(fd, "processes", NULL));
	while (n)
		close(fds[--n]);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
END_TEST

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

START_TEST(as_many_requests_as_one_can_send)
{
	static const char *const lines[] = {
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"nodes.set\",\"params\":"
		"{\"node\":\"sink\",\"state\":\"enabled\"}}\n",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"runtime\"}\n",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"runtime.clear\"}\n",
		"{\"jsonrpc\":\"2.0\",\"method\":\"processes.signal\",\"params\":"
		"{\"process\":\"waiter\",\"events\":1}}\n"};
	int other = rig_connect(&rig);
	double end = now() + 2;
	char sink[65536];

	setsockopt(other, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){5, 0}, sizeof(struct timeval));
	for (unsigned i = 0; now() < end; i++) {
		rig_send(other, lines[i % 4]);
		while (recv(other, sink, sizeof(sink), MSG_DONTWAIT) > 0)
			;
	}
	json_decref(rig_ask(fd, "runtime", NULL));
	close(other);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("abuse");
	TCase *tcase = tcase_create("abuse");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, half_requests_held_open);
	tcase_add_test(tcase, an_endless_line);
	tcase_add_test(tcase, garbage_and_broken_text);
	tcase_add_test(tcase, gone_during_the_reply);
	tcase_add_test(tcase, a_reader_that_never_reads);
	tcase_add_test(tcase, nodes_and_processes_that_are_dead);
	tcase_add_test(tcase, file_descriptors_exhausted);
	tcase_add_test(tcase, as_many_requests_as_one_can_send);
	suite_add_tcase(suite, tcase);
	return suite;
}
