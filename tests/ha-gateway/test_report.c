/* SPDX-License-Identifier: Apache-2.0 */
/* The account of packets adds up, and says so when one is missing or there is one too many. */
#include "rig.h"

#include "examples/ha-gateway/checks.h"
#include "examples/ha-gateway/report.h"

#include <stdlib.h>
#include <string.h>

static struct rig rig;
static struct checks checks;

static void setup(void)
{
	rig_begin(&rig);
	memset(&checks, 0, sizeof(checks));
	rig.gateway.checks = &checks;
	rig_all(&rig);
}

static void teardown(void)
{
	rig_end(&rig);
}

/* A packet of the inside host for the far host, whose router is not known at first. */
static void send_one(bool sound)
{
	const struct frame_ip4 ip4 = {
		.to = rig_mac[0],
		.from = rig_peer_mac[0],
		.source = RIG_HOST,
		.destination = RIG_FAR,
		.protocol = 17,
		.ttl = 64,
		.payload = 32,
	};
	struct frame frame;

	frame_udp(&frame, &ip4, 5000);
	frame.bytes[AT_CHECKSUM] ^= sound ? 0 : 1;
	rig_send(&rig, "ethernet-input", rig_mbuf(&rig, 0, &frame));
}

/* Here packets come by injection, not by an input that would count them. */
static void take(struct account *account)
{
	ck_assert_int_eq(account_take(&rig.gateway, account), 0);
	ck_assert_uint_eq(account->received, 0);
	account->received = rig.injected;
}

static char *report(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(report_packets(&rig.gateway, out), 0);
	fclose(out);
	return text;
}

START_TEST(test_terms)
{
	struct account account;

	send_one(true);
	send_one(true);
	send_one(false);
	take(&account);
	ck_assert_uint_eq(account.made, 1); /* the ARP request */
	ck_assert_uint_eq(account.sent, 1);
	ck_assert_uint_eq(account.dropped, 1);
	ck_assert_uint_eq(account.held, 2);
	ck_assert_uint_eq(account.ended, 0);
	ck_assert_int_eq(account_missing(&account), 0);
}
END_TEST

/* What waits to be injected is held, too. */
START_TEST(test_under_way)
{
	struct account account;
	struct rte_mbuf *mbuf;

	send_one(false);
	mbuf = rte_pktmbuf_alloc(rig.gateway.pool);
	rte_pktmbuf_append(mbuf, 10);
	*packet_meta(mbuf) = (struct packet_meta){.rx = GATEWAY_NO_INTERFACE};
	ck_assert_int_eq(
		gyre_node_inject(rig.gateway.loop, rig.gateway.icmp_error, (void **)&mbuf, 1), 1);
	rig.injected++;
	take(&account);
	ck_assert_uint_eq(account.held, 1);
	ck_assert_int_eq(account_missing(&account), 0);
}
END_TEST

START_TEST(test_missing)
{
	struct account account;
	char *text;

	send_one(false);
	rig.gateway.account.made += rig.injected;
	text = report();
	ck_assert_ptr_nonnull(strstr(text, "= sent 0 + dropped 1 + ended 0 + held 0: closed\n"));
	ck_assert_ptr_nonnull(strstr(text, "checksum"));
	free(text);
	rig.gateway.account.made += 3;
	text = report();
	ck_assert_ptr_null(strstr(text, "closed"));
	ck_assert_ptr_nonnull(strstr(text, "+ held 0 + missing 3\n"));
	free(text);
	rig.gateway.account.made -= 4;
	ck_assert_int_eq(account_take(&rig.gateway, &account), 0);
	ck_assert_int_eq(account_missing(&account), -1);
	text = report();
	ck_assert_ptr_nonnull(strstr(text, "+ held 0 + missing -1\n"));
	free(text);
	ck_assert_uint_eq(rig.gateway.account.made, 0);
}
END_TEST

/* A stream that fails is no success. */
START_TEST(test_full_disk)
{
	FILE *full = fopen("/dev/full", "w");

	send_one(false);
	if (full == NULL)
		gyre_test_skip("no /dev/full");
	ck_assert_int_eq(report_packets(&rig.gateway, full), -EIO);
	fclose(full);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("report");
	TCase *tcase = tcase_create("report");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_terms);
	tcase_add_test(tcase, test_under_way);
	tcase_add_test(tcase, test_missing);
	tcase_add_test(tcase, test_full_disk);
	suite_add_tcase(suite, tcase);
	return suite;
}
