/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: what it means, and every fault by its text, in a child as argp exits. */
#include "examples/ha-gateway/options.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define INSIDE "--inside=0,198.51.100.1/24"
#define UPLINK "--uplink=1,192.0.2.2/30,192.0.2.1"

enum { ARGS_MAX = 40, EXIT_USAGE = 64 };

/* Splits at blanks; gives the count. The line is changed. */
static int split(char *line, char *argv[ARGS_MAX])
{
	int argc = 0;

	argv[argc++] = "ha-gateway";
	for (char *word; (word = strsep(&line, " ")) != NULL;)
		if (*word != '\0' && argc < ARGS_MAX)
			argv[argc++] = word;
	return argc;
}

static void parse(const char *line, struct options *ret_options)
{
	static char copy[2048];
	static char *argv[ARGS_MAX];

	ck_assert_uint_lt(strlen(line), sizeof(copy));
	strcpy(copy, line);
	options_parse(split(copy, argv), argv, ret_options);
}

/* Parses in a child; gives what it wrote to `fd`, and its exit status. */
static int parse_apart(const char *line, int fd, char *ret_text, size_t size)
{
	struct options options;
	int pipes[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(pipes), 0);
	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(pipes[1], fd);
		parse(line, &options);
		_exit(0);
	}
	close(pipes[1]);
	while ((n = read(pipes[0], ret_text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	ret_text[len] = '\0';
	close(pipes[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static const struct {
	const char *line, *text;
} faults[] = {
	{INSIDE, "no --uplink=PORT,ADDRESS/LENGTH,ROUTER: 1 to 15 are needed"},
	{UPLINK, "no --inside=PORT,ADDRESS/LENGTH: one is needed"},
	{"--what", "unrecognized option '--what'"},
	{"--inside", "option '--inside' requires an argument"},
	{"--no-bfd=1", "option '--no-bfd' doesn't allow an argument"},
	{"what", "'what' is no option: EAL's follow --, others are not known"},
	{INSIDE " " INSIDE, INSIDE ": there is one inside already: one is allowed"},

	{"--inside=,198.51.100.1/24",
		"--inside=,198.51.100.1/24: '' is no port: its number, 0 to 31, or its device's "
		"name, at most 63 characters"},
	{"--inside=32,198.51.100.1/24",
		"'32' is no port: its number, 0 to 31, or its device's name"},
	{"--inside=99999999999999999999,198.51.100.1/24",
		"'99999999999999999999' is no port: its number, 0 to 31"},
	{"--inside=0123456789012345678901234567890123456789012345678901234567890123x,1.1.1.1/24",
		"at most 63 characters"},
	{"--inside=0", "--inside=0: PORT,ADDRESS/LENGTH is wanted"},
	{"--inside=0,198.51.100.1/24,198.51.100.2", "PORT,ADDRESS/LENGTH is wanted"},
	{"--inside=0,198.51.100.1", "'198.51.100.1' has no prefix length: ADDRESS/LENGTH"},
	{"--inside=0,198.51.100/24", "'198.51.100' is not an IPv4 address, four numbers"},
	{"--inside=0,198.51.100.256/24", "'198.51.100.256' is not an IPv4 address"},
	{"--inside=0,0x1.1.1.1/24", "'0x1.1.1.1' is not an IPv4 address"},
	{"--inside=0,198.51.100.1/32", "'32' is no prefix length, a number from 1 to 31"},
	{"--inside=0,198.51.100.1/0", "'0' is no prefix length, a number from 1 to 31"},
	{"--inside=0,198.51.100.1/", "'' is no prefix length"},
	{"--inside=0,198.51.100.1/-1", "'-1' is no prefix length"},
	{"--inside=0,198.51.100.1/24x", "'24x' is no prefix length"},
	{"--inside=0,198.51.100.0/24",
		"198.51.100.0 cannot be ours in a /24: a host's unicast address is wanted"},
	{"--inside=0,198.51.100.255/24", "198.51.100.255 cannot be ours in a /24"},
	{"--inside=0,224.0.0.1/24", "224.0.0.1 cannot be ours in a /24"},
	{"--inside=0,127.0.0.1/8", "127.0.0.1 cannot be ours in a /8"},
	{"--inside=0,0.0.0.1/8", "0.0.0.1 cannot be ours in a /8"},

	{"--uplink=1,192.0.2.2/30", "PORT,ADDRESS/LENGTH,ROUTER is wanted"},
	{"--uplink=1,192.0.2.2/30,192.0.2.1,x", "PORT,ADDRESS/LENGTH,ROUTER is wanted"},
	{"--uplink=1,192.0.2.2/30,router", "'router' is not an IPv4 address"},
	{"--uplink=1,192.0.2.2/30,192.0.2.5",
		"--uplink=1,192.0.2.2/30,192.0.2.5: the router 192.0.2.5 is outside of the "
		"uplink's "
		"subnet: one within the /30 of our address is wanted"},
	{"--uplink=1,192.0.2.2/30,192.0.2.2",
		"the router 192.0.2.2 is our own address: another one is wanted"},
	{"--uplink=1,192.0.2.2/30,192.0.2.3",
		"the router 192.0.2.3 is no host's address in a /30: neither the subnet's own nor "
		"its broadcast address is allowed"},
	{"--uplink=1,192.0.2.2/30,192.0.2.0", "the router 192.0.2.0 is no host's address"},

	{INSIDE " --uplink=0,192.0.2.2/30,192.0.2.1",
		"--uplink: port '0' is taken by the inside already: uplink0 needs one of its own"},
	{INSIDE " " UPLINK " --uplink=01,192.0.2.6/30,192.0.2.5",
		"--uplink: port '1' is taken by uplink0 already: uplink1 needs one of its own"},
	{INSIDE " " UPLINK " --uplink=2,192.0.2.5/29,192.0.2.6",
		"--uplink: 192.0.2.5/29 of uplink1 overlaps the subnet of uplink0: each needs one "
		"of its own"},
	{INSIDE " --uplink=1,198.51.100.130/25,198.51.100.129",
		"198.51.100.130/25 of uplink0 overlaps the subnet of the inside"},

	{"--bfd-interval=10",
		"--bfd-interval=10: '10' is not a number and its unit, such as 300us, "
		"10ms, 1s or 2min"},
	{"--bfd-interval=ms", "'ms' is not a number and its unit"},
	{"--bfd-interval=-1ms", "'-1ms' is not a number and its unit"},
	{"--bfd-interval=1.5s", "'1.5s' is not a number and its unit"},
	{"--bfd-interval=10h", "'10h' is not a number and its unit"},
	{"--bfd-interval=299us", "--bfd-interval=299us: '299us' is not a time from 300us to 1min"},
	{"--bfd-interval=61s", "'61s' is not a time from 300us to 1min"},
	{"--bfd-interval=18446744073709551s", "'18446744073709551s' is not a time from 300us"},
	{"--bfd-multiplier=0", "--bfd-multiplier=0: '0' is not a number from 1 to 255"},
	{"--bfd-multiplier=256", "--bfd-multiplier=256: '256' is not a number from 1 to 255"},
	{"--bfd-multiplier=", "--bfd-multiplier=: '' is not a number from 1 to 255"},
	{"--bfd-multiplier=3x", "--bfd-multiplier=3x: '3x' is not a number from 1 to 255"},
	{"--hold=61min", "--hold=61min: '61min' is not a time from 0s to 60min"},
	{"--arp-timeout=3s", "--arp-timeout=3s: '3s' is not a time from 4s to 240min"},
	{"--icmp-rate=0", "--icmp-rate=0: '0' is not a number from 1 to 1000000"},
	{"--vector=0", "--vector=0: '0' is not a number from 1 to 256"},
	{"--vector=257", "--vector=257: '257' is not a number from 1 to 256"},
	{"--mbufs=1023", "--mbufs=1023: '1023' is not a number from 1024 to 4194304"},
	{"--control=", "--control=: it is empty"},
	{"--http=", "--http=: it is empty"},
};

START_TEST(test_fault)
{
	char text[4096];

	ck_assert_int_eq(parse_apart(faults[_i].line, 2, text, sizeof(text)), EXIT_USAGE);
	ck_assert_msg(strstr(text, faults[_i].text) != NULL, "%s said: %s", faults[_i].line, text);
	ck_assert_msg(strstr(text, "--help") != NULL, "no way to help: %s", text);
}
END_TEST

START_TEST(test_defaults)
{
	struct options options;

	parse(INSIDE " " UPLINK, &options);
	ck_assert_uint_eq(options.n_uplinks, 1);
	ck_assert_str_eq(options.interfaces[0].port, "0");
	ck_assert_uint_eq(options.interfaces[0].address, 0xc6336401);
	ck_assert_uint_eq(options.interfaces[0].prefix_len, 24);
	ck_assert_uint_eq(options.interfaces[0].gateway, 0);
	ck_assert_uint_eq(options.interfaces[1].address, 0xc0000202);
	ck_assert_uint_eq(options.interfaces[1].gateway, 0xc0000201);
	ck_assert(options.bfd && options.revert && options.damping && options.arp_refresh);
	ck_assert(!options.withdraw);
	ck_assert_uint_eq(options.bfd_interval_nsec, 50000000);
	ck_assert_uint_eq(options.bfd_multiplier, 3);
	ck_assert_uint_eq(options.hold_nsec, 5000000000);
	ck_assert_uint_eq(options.arp_timeout_nsec, 30000000000);
	ck_assert_uint_eq(options.icmp_rate, 100);
	ck_assert_uint_eq(options.vector, 64);
	ck_assert_uint_eq(options.mbufs, 8192);
	ck_assert_ptr_null(options.control);
	ck_assert_ptr_null(options.http);
	ck_assert_int_eq(options.eal_argc, 1);
	ck_assert_str_eq(options.eal_argv[0], "ha-gateway");
}
END_TEST

START_TEST(test_all_given)
{
	struct options options;

	parse("--inside net_af_packet0,198.51.100.1/31 " UPLINK
	      " --uplink 0000:01:00.0,10.0.0.1/8,10.255.255.254 --bfd-interval=300us"
	      " --bfd-multiplier=255 --no-bfd --hold=0s --no-revert --no-damping --withdraw"
	      " --arp-timeout=2min --no-arp-refresh --icmp-rate=1 --vector=256 --mbufs=1024"
	      " --control=/run/c.sock --http=[::1]:9100",
		&options);
	ck_assert_str_eq(options.interfaces[0].port, "net_af_packet0");
	ck_assert_uint_eq(options.n_uplinks, 2);
	ck_assert_str_eq(options.interfaces[2].port, "0000:01:00.0");
	ck_assert_uint_eq(options.interfaces[2].gateway, 0x0afffffe);
	ck_assert(!options.bfd && !options.revert && !options.damping && !options.arp_refresh);
	ck_assert(options.withdraw);
	ck_assert_uint_eq(options.bfd_interval_nsec, 300000);
	ck_assert_uint_eq(options.bfd_multiplier, 255);
	ck_assert_uint_eq(options.hold_nsec, 0);
	ck_assert_uint_eq(options.arp_timeout_nsec, 120000000000);
	ck_assert_uint_eq(options.icmp_rate, 1);
	ck_assert_uint_eq(options.vector, 256);
	ck_assert_uint_eq(options.mbufs, 1024);
	ck_assert_str_eq(options.control, "/run/c.sock");
	ck_assert_str_eq(options.http, "[::1]:9100");
}
END_TEST

/* EAL's own options are not looked at, whatever they are. */
START_TEST(test_eal)
{
	struct options options;

	parse(INSIDE " " UPLINK " -- --no-pci --vector=0 -- -l 1", &options);
	ck_assert_int_eq(options.eal_argc, 6);
	ck_assert_str_eq(options.eal_argv[0], "ha-gateway");
	ck_assert_str_eq(options.eal_argv[1], "--no-pci");
	ck_assert_str_eq(options.eal_argv[2], "--vector=0");
	ck_assert_str_eq(options.eal_argv[5], "1");
	ck_assert_uint_eq(options.vector, 64);
}
END_TEST

/* Fifteen uplinks are taken, a sixteenth is not. */
START_TEST(test_uplinks_max)
{
	char line[2048] = INSIDE, text[4096];
	struct options options;
	size_t len = strlen(line);

	for (int i = 1; i <= 15; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len,
			" --uplink=%d,10.%d.0.2/30,10.%d.0.1", i, i, i);
	parse(line, &options);
	ck_assert_uint_eq(options.n_uplinks, 15);
	snprintf(line + len, sizeof(line) - len, " --uplink=16,10.16.0.2/30,10.16.0.1");
	ck_assert_int_eq(parse_apart(line, 2, text, sizeof(text)), EXIT_USAGE);
	ck_assert_msg(strstr(text, "--uplink=16,10.16.0.2/30,10.16.0.1: there are 15 uplinks "
				   "already: 1 to 15 are allowed") != NULL,
		"%s", text);
}
END_TEST

/* The command line that --help shows is one that is understood. */
START_TEST(test_help)
{
	char text[16384], line[2048] = "", *at, *end;
	struct options options;

	ck_assert_int_eq(parse_apart("--help", 1, text, sizeof(text)), 0);
	ck_assert_ptr_nonnull(strstr(text, "--bfd-interval=TIME"));
	at = strstr(text, "\n  ha-gateway --inside=");
	ck_assert_ptr_nonnull(at);
	at += strlen("\n  ha-gateway");
	end = strstr(at, "\n\n");
	ck_assert_ptr_nonnull(end);
	ck_assert_uint_lt((size_t)(end - at), sizeof(line));
	memcpy(line, at, (size_t)(end - at));
	for (char *c = line; *c != '\0'; c++)
		if (*c == '\\' || *c == '\n')
			*c = ' ';
	parse(line, &options);
	ck_assert_uint_eq(options.n_uplinks, 2);
	ck_assert_uint_eq(options.bfd_interval_nsec, 10000000);
	ck_assert_int_ge(options.eal_argc, 10);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");

	tcase_add_loop_test(tcase, test_fault, 0, sizeof(faults) / sizeof(*faults));
	tcase_add_test(tcase, test_defaults);
	tcase_add_test(tcase, test_all_given);
	tcase_add_test(tcase, test_eal);
	tcase_add_test(tcase, test_uplinks_max);
	tcase_add_test(tcase, test_help);
	suite_add_tcase(suite, tcase);
	return suite;
}
