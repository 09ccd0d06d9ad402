/* SPDX-License-Identifier: Apache-2.0 */
/* What program_suite.h describes; the program of each test is a new one. */
#include "program_suite.h"

#include <string.h>
#include <unistd.h>

#include "harness.h"

struct program program;
int peer, client;
static const char *program_name;

static void setup(void)
{
	unsigned peer_port, own_port;

	peer = program_udp(&peer_port);
	client = program_udp(&own_port);
	program_start(&program, program_name, peer_port);
}

static void teardown(void)
{
	close(peer);
	close(client);
}

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

Suite *program_suite(const char *name, const TTest *service)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create("program");

	program_name = name;
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 100);
	tcase_add_test(tcase, service);
	tcase_add_test(tcase, datagrams_pass_the_graph);
	tcase_add_test(tcase, the_link_is_checked);
	suite_add_tcase(suite, tcase);
	return suite;
}
