/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's control side, asked by gyrectl: its own methods, and how it does not start. */
#include "harness.h"
#include "program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define INSIDE_HOST 0xc6336402 /* 198.51.100.2 */
#define INSIDE_GW   0xc6336401

enum { REPLY_SIZE = 65536 };

static struct program program;
static char option[256], reply[REPLY_SIZE];

static void setup(void)
{
	program_prepare(&program);
	snprintf(option, sizeof(option), "--no-bfd --control=%s/sock --http=unix:%s/http",
		program.directory, program.directory);
}

static void teardown(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/sock", program.directory);
	unlink(path);
	snprintf(path, sizeof(path), "%s/http", program.directory);
	unlink(path);
	program_remove(&program);
}

/* A host asks for the gateway's address: from then on it is known. */
static void add_request(void)
{
	struct flow flow = {.from = INSIDE_HOST, .to = INSIDE_GW, .ttl = 64};
	struct frame frame;

	frame_host_mac(flow.from_mac, 0);
	memset(flow.to_mac, 0xff, 6);
	frame_arp(&frame, &flow, 1);
	program_add(&program, 0, &frame);
}

/* Runs gyrectl; its exit status. `reply` is what it said to both outputs. */
static int ask(const char *arguments)
{
	char command[512];
	size_t n;
	FILE *pipe;

	snprintf(command, sizeof(command),
		"timeout 20 %s/gyrectl/gyrectl -s %s/sock --json %s 2>&1",
		getenv("top_builddir") ? getenv("top_builddir") : ".", program.directory,
		arguments);
	pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	n = fread(reply, 1, sizeof(reply) - 1, pipe);
	reply[n] = '\0';
	return WEXITSTATUS(pclose(pipe));
}

static void start(void)
{
	add_request();
	program_start(&program, option, NULL);
	program_wait_sent(&program, 0, SENT_ARP_REPLY, 1);
	for (unsigned tries = 0; ask("show version") != 0; tries++) {
		ck_assert_msg(tries < 200, "%s", reply);
		usleep(50000);
	}
}

static void end(void)
{
	program_end(&program, SIGINT);
	program_is_clean(&program);
}

static void answers(const char *arguments, const char *text)
{
	int status = ask(arguments);

	ck_assert_msg(status == 0, "gyrectl %s: status %d: %s", arguments, status, reply);
	ck_assert_msg(strstr(reply, text), "gyrectl %s said: %s", arguments, reply);
}

static void refuses(const char *arguments, const char *text)
{
	int status = ask(arguments);

	ck_assert_msg(status == 1, "gyrectl %s: status %d: %s", arguments, status, reply);
	ck_assert_msg(strstr(reply, text), "gyrectl %s said: %s", arguments, reply);
}

START_TEST(test_status)
{
	start();
	answers("call gateway.status", "\"route\":\"uplink0\"");
	ck_assert_ptr_nonnull(strstr(reply, "\"missing\":0"));
	ck_assert_ptr_nonnull(strstr(reply, "\"router\":\"192.0.2.5\""));
	ck_assert_ptr_null(strstr(reply, "\"bfd\""));
	answers("show links", "\"name\":\"uplink1\"");
	answers("methods", "gateway.neighbours");
	end();
}
END_TEST

START_TEST(test_neighbours)
{
	start();
	answers("call gateway.neighbours '{\"interface\":\"inside\"}'",
		"\"address\":\"198.51.100.2\"");
	ck_assert_ptr_nonnull(strstr(reply, "\"interface\":\"inside\""));
	ck_assert_ptr_null(strstr(reply, "uplink"));
	refuses("call gateway.neighbours '{\"interface\":\"outside\"}'",
		"interface: there is no 'outside'");
	refuses("call gateway.neighbours '{\"max\":0}'", "max");
	refuses("call gateway.neighbours '{\"maximum\":1}'", "maximum");
	end();
}
END_TEST

/* A node that is taken out of work counts what it drops, and the account stays closed. */
START_TEST(test_node_disabled)
{
	start();
	answers("set node ip4-input disabled", "disabled");
	answers("show nodes", "\"disabled\":true");
	answers("set node ip4-input enabled", "enabled");
	end();
}
END_TEST

START_TEST(test_sockets)
{
	char path[128];
	struct stat info;

	start();
	snprintf(path, sizeof(path), "%s/sock", program.directory);
	ck_assert_int_eq(stat(path, &info), 0);
	ck_assert_uint_eq(info.st_mode & 07777, 0660);
	end();
	ck_assert_int_ne(stat(path, &info), 0);
}
END_TEST

static void does_not_start(const char *options, const char *text)
{
	program_start(&program, options, NULL);
	program_end(&program, 0);
	ck_assert_int_ne(program.status, 0);
	ck_assert_msg(strstr(program.err, text), "it said: %s", program.err);
}

START_TEST(test_refused)
{
	does_not_start("--control=/nowhere/at/all", "/nowhere/at/all");
}
END_TEST

START_TEST(test_http_refused)
{
	does_not_start("--http=192.0.2.1:80", "192.0.2.1");
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("control");
	TCase *tcase = tcase_create("gyrectl");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_status);
	tcase_add_test(tcase, test_neighbours);
	tcase_add_test(tcase, test_node_disabled);
	tcase_add_test(tcase, test_sockets);
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_http_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}
