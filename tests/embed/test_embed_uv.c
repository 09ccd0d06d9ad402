/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/embed-uv.c, the whole program on the loopback address: its own service, what it gained
 * by gyre, and both beside each other; the packet account closes when it ends.
 */
#include "harness.h"

#include <unistd.h>

#include "program_suite.h"

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

Suite *gyre_test_suite(void)
{
	return program_suite("embed-uv", tcp_is_echoed);
}
