/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/embed-uv.c, the whole program on the loopback address: its own service, what it gained
 * by gyre, and both beside each other; the packet account closes when it ends.
 */
#include "harness.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "program.h"

static struct program program;
static int peer, client;

static void setup(void)
{
	unsigned peer_port, own_port;

	peer = program_udp(&peer_port);
	client = program_udp(&own_port);
	program_start(&program, "embed-uv", peer_port);
}

static void teardown(void)
{
	close(peer);
	close(client);
}

START_TEST(tcp_is_echoed)
{
	int fds[20];

	for (int i = 0; i < 20; i++)
		fds[i] = program_connect(program.tcp);
	for (int round = 0; round < 10; round++)
		for (int i = 0; i < 20; i++) {
			ck_assert_str_eq(program_ask(fds[i], "hello\n"), "hello\n");
			ck_assert_str_eq(program_ask_udp(&program, client, "Echo"), "Echo");
		}
	for (int i = 0; i < 10; i++)
		close(fds[i]);
	program_wait_for(&program, "tcp: 20 connections, 1200 bytes"); /* its own timer */
	program_end(&program, "udp: rx 200 + probes "); /* ten are open yet */
	for (int i = 10; i < 20; i++)
		close(fds[i]);
}
END_TEST

START_TEST(datagrams_pass_the_graph)
{
	static const char junk[] = "junk";

	for (int i = 0; i < 200; i++)
		ck_assert_str_eq(program_ask_udp(&program, client, "Echo"), "Echo");
	for (int i = 0; i < 3; i++)
		program_send_udp(&program, client, junk);
	ck_assert_str_eq(program_ask_udp(&program, client, "E"), "E");
	program_end(&program, "udp: rx 204 + probes ");
	ck_assert_ptr_nonnull(strstr(program.text, " + answers 0 + drops 3\n"));
}
END_TEST

/* An answer in time cannot be promised on a loaded machine: until it is up. */
START_TEST(the_link_is_checked)
{
	while (!strstr(program.text, "link up")) {
		program_answer_probe(peer);
		program_read_ready(&program);
	}
	program_wait_for(&program, "link down"); /* nobody answers any more */
	ck_assert_str_eq(program_ask_udp(&program, client, "Echo"), "Echo");
	program_end(&program, "udp: rx ");
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("embed-uv");
	TCase *tcase = tcase_create("program");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 100);
	tcase_add_test(tcase, tcp_is_echoed);
	tcase_add_test(tcase, datagrams_pass_the_graph);
	tcase_add_test(tcase, the_link_is_checked);
	suite_add_tcase(suite, tcase);
	return suite;
}
