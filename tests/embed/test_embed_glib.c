/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/embed-glib.c, the whole program on the loopback address: its own service, what it gained
 * by gyre, and both beside each other; the packet account closes when it ends.
 */
#include "harness.h"

#include <unistd.h>

#include "program_suite.h"

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

Suite *gyre_test_suite(void)
{
	return program_suite("embed-glib", values_are_stored);
}
