/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DPDK's telemetry: its own socket, asked by a client of ours and by dpdk-telemetry.py, about loops
 * that run on threads of theirs: the numbers are a snapshot's, pages hold everything once, what is
 * asked wrongly is told, and loops come and go while clients ask.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "asked.h"
#include "fixture.h"
#include "harness.h"

/* --- Columns as they ought to be --- */

/* Begins with "KEY":[ and takes values. */
struct column {
	char *text;
	size_t size;
	FILE *out;
	bool begun;
};

static void column_begin(struct column *column, const char *key)
{
	*column = (struct column){.text = NULL};
	column->out = open_memstream(&column->text, &column->size);
	fprintf(column->out, "\"%s\":[", key);
}

static void add_text(struct column *column, const char *text)
{
	fprintf(column->out, "%s\"%s\"", column->begun ? "," : "", text);
	column->begun = true;
}

static void add(struct column *column, uint64_t number)
{
	fprintf(column->out, "%s%lu", column->begun ? "," : "", number);
	column->begun = true;
}

static void column_check(struct column *column, const char *reply)
{
	fprintf(column->out, "]");
	fclose(column->out);
	has(reply, column->text);
	free(column->text);
}

static void nodes_check(
	const struct gyre_snapshot *snapshot, const char *reply, const char *key, size_t field)
{
	struct column column;

	column_begin(&column, key);
	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		add(&column, *(uint64_t *)((char *)&snapshot->nodes[i] + field));
	column_check(&column, reply);
}

static void number_check(const char *reply, const char *key, uint64_t number)
{
	struct column column;

	column_begin(&column, key);
	add(&column, number);
	column_check(&column, reply);
}

#define NODES(key, field) nodes_check(snapshot, reply, key, offsetof(struct gyre_node_stats, field))

static void runtime_check(const struct gyre_snapshot *snapshot, const char *reply)
{
	struct column names;

	column_begin(&names, "name");
	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		add_text(&names, snapshot->nodes[i].name);
	column_check(&names, reply);
	NODES("calls", calls);
	NODES("vectors", items);
	NODES("dropped", dropped);
	NODES("punted", punted);
	NODES("kept", kept);
	NODES("created", created);
	NODES("sampled_calls", sampled_calls);
	NODES("sampled_items", sampled_items);
	NODES("sampled_clocks", sampled_clocks);
	NODES("longest_clocks", longest_clocks);
	has(reply, "\"class\":[\"source\",\"third\",\"sink\"]");
	has(reply, "\"kind\":[\"input\",\"internal\",\"output\"]");
	has(reply, "\"state\":[\"disabled\",\"active\",\"active\"]");
}

static void processes_check(const struct gyre_snapshot *snapshot, const char *reply)
{
	const struct gyre_process_stats *process = snapshot->processes;

	ck_assert_uint_eq(snapshot->n_processes, 1);
	number_check(reply, "runs", process->runs);
	number_check(reply, "stack_size", process->stack_size);
	number_check(reply, "stack_used", process->stack_used);
	number_check(reply, "run_nsec", process->run_nsec);
	number_check(reply, "index", process->id.index);
	has(reply, "\"name\":[\"process\"],\"state\":[\"sleeping\"]");
}

START_TEST(the_numbers_are_a_snapshots)
{
	struct gyre_snapshot *snapshot;
	struct subject subject;
	const char *reply;
	int fd;

	asked_eal();
	subject_make(&subject, "seen-1", 0);
	subject_run(&subject);
	ck_assert_int_eq(gyre_dpdk_telemetry_add(subject.loop, NULL), 0);
	snapshot = subject_read(&subject);
	ck_assert_uint_eq(gyre_snapshot_find(snapshot, "rx-0")->items, ITEMS);
	ck_assert_uint_gt(gyre_snapshot_find(snapshot, "ip4-third")->dropped, ITEMS / 4);
	fd = client_open();
	reply = ask(fd, "/gyre/runtime,seen-1");
	has(reply, "{\"/gyre/runtime\":{\"loop\":\"seen-1\",\"now_nsec\":");
	has(reply, "\"page\":0,\"pages\":1,\"rows\":3,");
	runtime_check(snapshot, reply);
	processes_check(snapshot, ask(fd, "/gyre/processes,seen-1,0"));
	reply = ask(fd, "/gyre/errors"); /* there is but one loop */
	has(reply, "\"node\":[\"ip4-third\"],\"reason\":[\"every-third\"],"
		   "\"severity\":[\"warning\"]");
	number_check(reply, "count", gyre_snapshot_find(snapshot, "ip4-third")->dropped);
	reply = ask(fd, "/gyre/links,seen-1");
	has(reply, "\"name\":[\"wan\",\"lan-1\"],\"up\":[1,0]");
	has(reply, "\"changes\":[0,0]");
	reply = ask(fd, "/gyre/loops");
	has(reply, "\"rows\":1,\"name\":[\"seen-1\"],\"answered\":[1]");
	has(reply, "\"nodes\":[3],\"processes\":[1],\"links\":[2]");
	gyre_snapshot_destroy(snapshot);
	gyre_dpdk_telemetry_del(subject.loop);
	close(fd);
	subject_end(&subject);
}
END_TEST

static void names_check(
	const char *reply, const struct gyre_snapshot *snapshot, unsigned from, unsigned n)
{
	struct column names;

	column_begin(&names, "name");
	for (unsigned i = from; i < from + n; i++)
		add_text(&names, snapshot->nodes[i].name);
	column_check(&names, reply);
}

START_TEST(pages_hold_all_once)
{
	struct gyre_snapshot *snapshot;
	struct subject subject;
	unsigned page = 0, seen = 0;
	int fd;

	asked_eal();
	subject_make(&subject, "wide", 600);
	subject_run(&subject);
	ck_assert_int_eq(gyre_dpdk_telemetry_add(subject.loop, NULL), 0);
	snapshot = subject_read(&subject);
	fd = client_open();
	for (; seen < 603; page++) {
		unsigned n = 603 - seen < 25 ? 603 - seen : 25;
		char command[64], head[64];
		const char *reply;

		snprintf(command, sizeof(command), "/gyre/runtime,wide,%u", page);
		snprintf(head, sizeof(head), "\"page\":%u,\"pages\":25,\"rows\":603,", page);
		reply = ask(fd, command);
		has(reply, head);
		names_check(reply, snapshot, seen, n);
		seen += n;
	}
	ck_assert_uint_eq(page, 25);
	has(ask(fd, "/gyre/runtime,wide,25"), "\"error\":\"loop 'wide' has fewer pages\"");
	gyre_snapshot_destroy(snapshot);
	gyre_dpdk_telemetry_del(subject.loop);
	close(fd);
	subject_end(&subject);
}
END_TEST

START_TEST(what_is_asked_wrongly_is_told)
{
	static const char *const wrong[][2] = {
		{"/gyre/runtime", "which loop? see /gyre/loops"},
		{"/gyre/runtime,nobody", "no loop 'nobody'"},
		{"/gyre/links,nobody,1", "no loop 'nobody,1'"},
		{"/gyre/errors,first,x", "no page: 'first,x' is not LOOP[,PAGE]"},
		{"/gyre/errors,first,", "no page: 'first,' is not LOOP[,PAGE]"},
		{"/gyre/errors,first,-1", "no page: 'first,-1' is not LOOP[,PAGE]"},
		{"/gyre/errors,first,99999999999", "is not LOOP[,PAGE]"},
		{"/gyre/processes,first,1", "loop 'first' has fewer pages"},
		{"/gyre/processes,a-name-that-is-far-too-long-to-be-a-loops", "no loop 'a-name"},
		{"/gyre/loops,x", "no page: 'x' is not [PAGE]"},
		{"/gyre/loops,1", "there are fewer pages than 1"},
		{"/gyre/runtime,x\"\\\x01\xc3"
		 "y",
			"no loop 'x?"
			"?"
			"?"
			"?"
			"y'"},
	};
	struct subject first, second, again;
	struct gyre_error error;
	int fd;

	asked_eal();
	subject_make(&first, "first", 0);
	subject_make(&second, "with,comma", 0);
	subject_make(&again, "first", 0);
	subject_run(&first);
	subject_run(&second);
	ck_assert_int_eq(gyre_dpdk_telemetry_add(first.loop, &error), 0);
	ck_assert_int_eq(gyre_dpdk_telemetry_add(second.loop, &error), 0);
	ck_assert_int_eq(gyre_dpdk_telemetry_add(again.loop, &error), -EEXIST);
	ck_assert_str_eq(error.text, "telemetry: there is a loop 'first' already");
	ck_assert_int_eq(gyre_dpdk_telemetry_add(first.loop, &error), -EEXIST);
	fd = client_open();
	for (unsigned i = 0; i < RTE_DIM(wrong); i++) {
		const char *reply = ask(fd, wrong[i][0]);

		has(reply, "\"error\":\"");
		has(reply, wrong[i][1]);
	}
	has(ask(fd, "/gyre/links,with,comma"), "\"loop\":\"with,comma\"");
	has(ask(fd, "/gyre/links,with,comma,0"), "\"loop\":\"with,comma\"");
	gyre_dpdk_telemetry_del(again.loop); /* was not added */
	gyre_dpdk_telemetry_del(first.loop);
	has(ask(fd, "/gyre/links,first"), "no loop 'first'");
	gyre_dpdk_telemetry_del(second.loop);
	has(ask(fd, "/gyre/loops"), "\"rows\":0,\"name\":[],\"answered\":[]");
	close(fd);
	subject_end(&first);
	subject_end(&second);
	subject_end(&again);
}
END_TEST

/* --- Loops that do not turn, and such as come and go --- */

START_TEST(a_loop_that_does_not_turn_is_named)
{
	struct subject still, turns;
	const char *reply;
	int fd;

	asked_eal();
	subject_make(&still, "still", 0);
	subject_make(&turns, "turns", 0);
	subject_run(&turns);
	ck_assert_int_eq(gyre_dpdk_telemetry_add(turns.loop, NULL), 0);
	ck_assert_int_eq(gyre_dpdk_telemetry_add(still.loop, NULL), 0);
	fd = client_open();
	has(ask(fd, "/gyre/runtime,still"), "\"error\":\"loop 'still' did not answer in time\"");
	reply = ask(fd, "/gyre/loops");
	has(reply, "\"name\":[\"turns\",\"still\"],\"answered\":[1,0]");
	gyre_dpdk_telemetry_del(still.loop);
	gyre_dpdk_telemetry_del(turns.loop);
	close(fd);
	subject_end(&still);
	subject_end(&turns);
}
END_TEST

static void *wait_for_still(void *arg)
{
	int fd = *(const int *)arg;

	has(ask(fd, "/gyre/runtime,still"), "\"error\":\"");
	return NULL;
}

/* Deleted and destroyed while a client waits for it, at any moment of the waiting. */
static uint64_t now_nsec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return GYRE_SEC((uint64_t)now.tv_sec) + (uint64_t)now.tv_nsec;
}

START_TEST(who_asks_often_waits_for_his_turn)
{
	struct subject subject;
	uint64_t begun;
	int fd;

	asked_eal();
	subject_make(&subject, "often", 0);
	ck_assert_int_eq(gyre_dpdk_telemetry_add(subject.loop, NULL), 0);
	subject_run(&subject);
	fd = client_open();
	begun = now_nsec();
	for (int i = 0; i < 31; i++)
		has(ask(fd, "/gyre/runtime,often"), "rx-0");
	ck_assert_uint_ge(now_nsec() - begun, 30 * GYRE_MSEC(10));
	close(fd);
	gyre_dpdk_telemetry_del(subject.loop);
	subject_end(&subject);
}
END_TEST

START_TEST(a_loop_ends_while_a_client_waits)
{
	int fd;

	asked_eal();
	fd = client_open();
	for (unsigned i = 0; i < 20; i++) {
		struct subject still;
		pthread_t client;

		subject_make(&still, "still", 0);
		ck_assert_int_eq(gyre_dpdk_telemetry_add(still.loop, NULL), 0);
		ck_assert_int_eq(pthread_create(&client, NULL, wait_for_still, &fd), 0);
		usleep(i * 500);
		gyre_dpdk_telemetry_del(still.loop);
		subject_end(&still);
		pthread_join(client, NULL);
	}
	close(fd);
}
END_TEST

static atomic_bool asking;
static atomic_uint answers, refusals;

static void *ask_on(void *arg)
{
	static const char *const commands[] = {
		"/gyre/runtime,moving", "/gyre/loops", "/gyre/processes,moving"};
	int fd = client_open();

	(void)arg;
	for (unsigned i = 0; atomic_load(&asking); i++) {
		const char *reply = ask(fd, commands[i % 3]);

		atomic_fetch_add(strstr(reply, "\"error\"") ? &refusals : &answers, 1);
	}
	close(fd);
	return NULL;
}

START_TEST(loops_come_and_go_while_clients_ask)
{
	struct subject moving;
	pthread_t clients[3];

	asked_eal();
	subject_make(&moving, "moving", 0);
	ck_assert_int_eq(gyre_dpdk_telemetry_add(moving.loop, NULL), 0); /* the commands, too */
	gyre_dpdk_telemetry_del(moving.loop);
	subject_end(&moving);
	atomic_store(&asking, true);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&clients[i], NULL, ask_on, NULL), 0);
	/* Longer only where the clients get no processor. */
	for (unsigned i = 0; i < 50 || (!atomic_load(&refusals) && i < 5000); i++) {
		subject_make(&moving, "moving", i % 40);
		ck_assert_int_eq(gyre_dpdk_telemetry_add(moving.loop, NULL), 0);
		subject_run(&moving);
		gyre_dpdk_telemetry_del(moving.loop);
		subject_end(&moving);
	}
	atomic_store(&asking, false);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(clients[i], NULL);
	gyre_test_note("%u answers, %u refusals", answers, refusals);
	ck_assert_uint_gt(answers, 0);
	ck_assert_uint_gt(refusals, 0);
}
END_TEST

/* --- Debian's client --- */

static char *python_asks(const char *questions)
{
	char command[512], *text = calloc(1, REPLY_SIZE);
	FILE *out;

	snprintf(command, sizeof(command),
		"printf '%s' | timeout 60 dpdk-telemetry.py --file-prefix gyre%d 2>&1", questions,
		getpid());
	out = popen(command, "r");
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_gt(fread(text, 1, REPLY_SIZE - 1, out), 0);
	ck_assert_int_eq(pclose(out), 0);
	return text;
}

START_TEST(dpdk_telemetry_py_sees_the_commands)
{
	struct subject subject;
	char *text;

	if (system("command -v dpdk-telemetry.py >/dev/null") != 0)
		gyre_test_skip("no dpdk-telemetry.py in the path (Debian's package dpdk-dev)");
	asked_eal();
	subject_make(&subject, "seen", 0);
	subject_run(&subject);
	ck_assert_int_eq(gyre_dpdk_telemetry_add(subject.loop, NULL), 0);
	text = python_asks("/\\n/help,/gyre/runtime\\n/gyre/loops\\n/gyre/links,seen\\n");
	has(text, "\"/gyre/errors\", \"/gyre/links\", \"/gyre/loops\", \"/gyre/processes\", "
		  "\"/gyre/runtime\"");
	has(text, "Nodes' counters. Parameters: LOOP[,PAGE], from 0");
	has(text,
		"{\"/gyre/loops\": {\"page\": 0, \"pages\": 1, \"rows\": 1, \"name\": [\"seen\"]");
	has(text, "\"name\": [\"wan\", \"lan-1\"], \"up\": [1, 0]");
	free(text);
	gyre_dpdk_telemetry_del(subject.loop);
	subject_end(&subject);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("telemetry");
	TCase *tcase = tcase_create("telemetry");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, the_numbers_are_a_snapshots);
	tcase_add_test(tcase, pages_hold_all_once);
	tcase_add_test(tcase, what_is_asked_wrongly_is_told);
	tcase_add_test(tcase, a_loop_that_does_not_turn_is_named);
	tcase_add_test(tcase, who_asks_often_waits_for_his_turn);
	tcase_add_test(tcase, a_loop_ends_while_a_client_waits);
	tcase_add_test(tcase, loops_come_and_go_while_clients_ask);
	tcase_add_test(tcase, dpdk_telemetry_py_sees_the_commands);
	suite_add_tcase(suite, tcase);
	return suite;
}
