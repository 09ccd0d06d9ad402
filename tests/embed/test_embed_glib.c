/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/embed-glib.c, the whole program on the loopback address: its own service, what it gained
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
	program_start(&program, "embed-glib", peer_port);
}

static void teardown(void)
{
	close(peer);
	close(client);
}

START_TEST(values_are_stored)
{
	int one = program_connect(program.tcp), two = program_connect(program.tcp);

	ck_assert_str_eq(program_ask(one, "get colour\n"), "none\n");
	ck_assert_str_eq(program_ask(one, "set colour dark green\n"), "ok\n");
	ck_assert_str_eq(program_ask_udp(&program, client, "Echo"), "Echo");
	ck_assert_str_eq(program_ask(two, "get colour\n"), "dark green\n");
	ck_assert_str_eq(program_ask(two, "count\n"), "1\n");
	ck_assert_str_eq(program_ask(two, "paint it\n"), "what?\n");
	ck_assert_str_eq(program_ask(one, "del colour\n"), "ok\n");
	close(one);
	program_wait_for(&program, "tcp: 1 clients, 0 values, 6 requests"); /* its own timer */
	program_end(&program, "udp: rx 1 + probes ");
	close(two);
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
	Suite *suite = suite_create("embed-glib");
	TCase *tcase = tcase_create("program");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 100);
	tcase_add_test(tcase, values_are_stored);
	tcase_add_test(tcase, datagrams_pass_the_graph);
	tcase_add_test(tcase, the_link_is_checked);
	suite_add_tcase(suite, tcase);
	return suite;
}
