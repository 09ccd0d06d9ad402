/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink about one interface, against the kernel, in a namespace of the test's own: up, down,
 * gone, messages of bridges and of other interfaces, messages that were lost.
 */
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include "dpdk/netlink.h"
#include "fixture.h"
#include "harness.h"

struct heard {
	bool up;
	unsigned count, downs;
};

static void hear(void *arg, bool up)
{
	struct heard *heard = arg;

	heard->up = up;
	heard->count++;
	heard->downs += !up;
}

/* Reads until nothing comes for 100 ms. */
static void listen_all(struct gyre__netlink *netlink, struct heard *heard)
{
	struct pollfd fd = {.fd = netlink->fd, .events = POLLIN};

	heard->count = heard->downs = 0;
	while (poll(&fd, 1, 100) == 1)
		ck_assert_int_ge(gyre__netlink_read(netlink, hear, heard), 0);
}

static void setup(void)
{
	fixture_namespace();
	fixture_must("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb", NULL);
}

static bool netlink_open(struct gyre__netlink *netlink, struct heard *heard)
{
	ck_assert_int_eq(gyre__netlink_open(netlink, if_nametoindex("va"), NULL), 0);
	/* The answer is there without waiting. */
	ck_assert_int_ge(gyre__netlink_read(netlink, hear, heard), 1);
	return heard->up;
}

/* Both ends up, and the kernel, which tells of carriers once a second, has said so. */
static void both_up(struct gyre__netlink *netlink, struct heard *heard)
{
	struct pollfd fd = {.events = POLLIN};

	fixture_must("ip", "link", "set", "va", "up", NULL);
	fixture_must("ip", "link", "set", "vb", "up", NULL);
	netlink_open(netlink, heard);
	fd.fd = netlink->fd;
	while (!heard->up) {
		ck_assert_int_eq(poll(&fd, 1, 3000), 1);
		ck_assert_int_ge(gyre__netlink_read(netlink, hear, heard), 0);
	}
	listen_all(netlink, heard);
	ck_assert(heard->up);
}

START_TEST(the_first_read_finds_the_present_state)
{
	struct gyre__netlink netlink;
	struct heard heard = {.up = true};

	ck_assert(!netlink_open(&netlink, &heard));
	gyre__netlink_close(&netlink);
	gyre__netlink_close(&netlink);
	fixture_must("ip", "link", "set", "va", "up", NULL);
	/* The peer is down: no carrier. */
	ck_assert(!netlink_open(&netlink, &heard));
	gyre__netlink_close(&netlink);
	both_up(&netlink, &heard);
	gyre__netlink_close(&netlink);
	heard.up = false;
	ck_assert(netlink_open(&netlink, &heard));
	gyre__netlink_close(&netlink);
}
END_TEST

START_TEST(ups_downs_and_the_end_are_heard)
{
	struct gyre__netlink netlink;
	struct heard heard = {.up = false};

	both_up(&netlink, &heard);
	fixture_must("ip", "link", "set", "va", "down", NULL);
	listen_all(&netlink, &heard);
	ck_assert(!heard.up);
	ck_assert_uint_ge(heard.count, 1);
	gyre__netlink_close(&netlink);
	both_up(&netlink, &heard);
	fixture_must("ip", "link", "del", "va", NULL);
	listen_all(&netlink, &heard);
	ck_assert(!heard.up);
	gyre__netlink_close(&netlink);
}
END_TEST

START_TEST(others_and_bridges_are_not_meant)
{
	struct gyre__netlink netlink;
	struct heard heard = {.up = false};

	fixture_must("ip", "link", "add", "name", "bridge0", "type", "bridge", NULL);
	both_up(&netlink, &heard);
	fixture_must("ip", "link", "set", "bridge0", "up", NULL);
	fixture_must("ip", "link", "set", "lo", "down", NULL);
	listen_all(&netlink, &heard);
	ck_assert_uint_eq(heard.count, 0);
	fixture_must("ip", "link", "set", "va", "master", "bridge0", NULL);
	fixture_must("ip", "link", "set", "va", "nomaster", NULL);
	listen_all(&netlink, &heard);
	ck_assert(heard.up);
	ck_assert_uint_eq(heard.downs, 0);
	gyre__netlink_close(&netlink);
}
END_TEST

START_TEST(an_interface_that_is_not_there_is_down)
{
	struct gyre__netlink netlink;
	struct heard heard = {.up = true};

	ck_assert_int_eq(gyre__netlink_open(&netlink, 12345, NULL), 0);
	listen_all(&netlink, &heard);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert(!heard.up);
	gyre__netlink_close(&netlink);
}
END_TEST

START_TEST(the_last_word_survives_an_overrun)
{
	struct gyre__netlink netlink;
	struct heard heard = {.up = true};
	int size = 1;

	both_up(&netlink, &heard);
	ck_assert_int_eq(setsockopt(netlink.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	for (int i = 0; i < 10; i++)
		fixture_must("ip", "link", "set", "lo", i % 2 ? "up" : "down", NULL);
	fixture_must("ip", "link", "set", "va", "down", NULL);
	/* What did not fit is lost: without asking anew this would find va up. */
	listen_all(&netlink, &heard);
	ck_assert(!heard.up);
	ck_assert_uint_ge(netlink.seq, 2);
	gyre__netlink_close(&netlink);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("netlink");
	TCase *tcase = tcase_create("netlink");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, the_first_read_finds_the_present_state);
	tcase_add_test(tcase, ups_downs_and_the_end_are_heard);
	tcase_add_test(tcase, others_and_bridges_are_not_meant);
	tcase_add_test(tcase, an_interface_that_is_not_there_is_down);
	tcase_add_test(tcase, the_last_word_survives_an_overrun);
	suite_add_tcase(suite, tcase);
	return suite;
}
