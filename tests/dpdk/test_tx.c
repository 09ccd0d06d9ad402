/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tx node: what it refuses; and, on a port whose burst and prepare functions the test replaces,
 * that every packet is sent once, in order, or counted, for queues that take little and drivers
 * that refuse some.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"

#define POOL_SIZE 511

static struct rte_mempool *pool;
static struct fixture_port port;
static struct gyre_loop *loop;
static uint64_t injected;

/* What the replaced functions do, and did. */
static struct driver {
	unsigned room; /* packets that a burst takes at most */
	unsigned bursts, prepares, n_sent;
	uint32_t sent[20000]; /* numbers of the packets */
} driver;

static uint32_t *number_of(struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_mtod(mbuf, uint32_t *);
}

static uint16_t fake_burst(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
	unsigned taken = RTE_MIN(n, driver.room);

	(void)queue;
	driver.bursts++;
	for (unsigned i = 0; i < taken; i++) {
		driver.sent[driver.n_sent++] = *number_of(mbufs[i]);
		rte_pktmbuf_free(mbufs[i]);
	}
	return taken;
}

/* Refuses every packet with a VLAN to insert. */
static uint16_t fake_prepare(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
	(void)queue;
	driver.prepares++;
	for (unsigned i = 0; i < n; i++)
		if (mbufs[i]->ol_flags & RTE_MBUF_F_TX_VLAN) {
			rte_errno = EINVAL;
			return i;
		}
	return n;
}

static void setup(void)
{
	fixture_eal();
	pool = fixture_pool("tx", POOL_SIZE);
	port = (struct fixture_port){.vdev = "net_null0", .args = "", .pool = pool};
	fixture_port(&port);
	rte_eth_fp_ops[port.id].tx_pkt_burst = fake_burst;
	rte_eth_fp_ops[port.id].tx_pkt_prepare = fake_prepare;
	driver.room = UINT32_MAX;
	loop = fixture_loop();
	injected = 0;
}

static void teardown(void)
{
	fixture_account(loop, injected);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	fixture_port_end(&port);
	fixture_pool_end(pool);
}

static void refused(struct gyre_dpdk_tx_options options, int code, const char *text)
{
	struct gyre_error error = {.text = ""};
	struct gyre_node_id id = {77, 77};

	options.error = &error;
	ck_assert_int_eq(gyre_dpdk_tx_add(loop, "tx", &options, &id), code);
	ck_assert_int_eq(error.code, code);
	ck_assert_msg(strstr(error.text, text), "\"%s\" is not in: %s", text, error.text);
	ck_assert_uint_eq(id.index, 77);
}

START_TEST(bad_options_are_named)
{
	struct gyre_dpdk_tx_options good = GYRE_DPDK_TX_OPTIONS_INIT, bad;

	good.port = port.id;
	refused((bad = good, bad.port = 9, bad), -ENODEV, "no port 9");
	refused((bad = good, bad.queue = 1, bad), -EINVAL, "no queue 1");
	refused((bad = good, bad.retries = 1001, bad), -EINVAL, "retries is 1001");
	refused((bad = good, bad.size = sizeof(bad) - 1, bad), -EINVAL, "size");
	ck_assert_int_eq(rte_eth_dev_stop(port.id), 0);
	refused(good, -EINVAL, "not started");
	ck_assert_int_eq(rte_eth_dev_start(port.id), 0);
	ck_assert_int_eq(gyre_dpdk_tx_add(loop, "tx", &good, NULL), 0);
	refused(good, -EEXIST, "tx");
}
END_TEST

static struct gyre_node_id add_tx(unsigned retries)
{
	struct gyre_dpdk_tx_options options = GYRE_DPDK_TX_OPTIONS_INIT;
	struct gyre_node_id id;

	options.port = port.id;
	options.retries = retries;
	ck_assert_int_eq(gyre_dpdk_tx_add(loop, "tx", &options, &id), 0);
	return id;
}

/* Sends n packets, numbered from 0, with the flags that `flags` gives, as one vector. */
static void send_numbered(struct gyre_node_id id, unsigned n, uint64_t (*flags)(unsigned i))
{
	void *items[GYRE_VECTOR_MAX];

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *mbuf = fixture_mbuf(pool, 60, 0);

		*number_of(mbuf) = i;
		mbuf->ol_flags |= flags ? flags(i) : 0;
		items[i] = mbuf;
	}
	ck_assert_int_eq(gyre_node_inject(loop, id, items, n), (int)n);
	injected += n;
	for (int turn = 0; turn < 3; turn++)
		ck_assert_int_ge(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 0);
}

/* Of n packets, all are sent or counted, none is in use any more; the sent are in order. */
static void conserved(unsigned n)
{
	struct gyre_node_stats stats = fixture_stats(loop, "tx");

	ck_assert_uint_eq(stats.items, n);
	ck_assert_uint_eq(stats.kept, driver.n_sent);
	ck_assert_uint_eq(stats.kept + stats.dropped, n);
	ck_assert_uint_eq(
		fixture_reason(loop, "tx", "tx-full") + fixture_reason(loop, "tx", "tx-prepare"),
		stats.dropped);
	for (unsigned i = 1; i < driver.n_sent; i++)
		ck_assert_uint_lt(driver.sent[i - 1], driver.sent[i]);
	ck_assert(rte_mempool_full(pool));
}

START_TEST(a_vector_is_one_burst)
{
	send_numbered(add_tx(4), 64, NULL);
	ck_assert_uint_eq(driver.bursts, 1);
	ck_assert_uint_eq(driver.prepares, 0);
	ck_assert_uint_eq(driver.n_sent, 64);
	conserved(64);
}
END_TEST

START_TEST(retries_are_bounded_and_the_rest_is_counted)
{
	static const struct {
		unsigned retries, room, n, sent, bursts;
	} cases[] = {{0, 3, 64, 3, 1}, {4, 3, 64, 15, 5}, {4, 16, 64, 64, 4}, {1000, 1, 64, 64, 64},
		{10, 0, 20, 0, 11}, {4, 30, 31, 31, 2}};

	driver.room = cases[_i].room;
	send_numbered(add_tx(cases[_i].retries), cases[_i].n, NULL);
	ck_assert_uint_eq(driver.n_sent, cases[_i].sent);
	ck_assert_uint_eq(driver.bursts, cases[_i].bursts);
	ck_assert_uint_eq(fixture_reason(loop, "tx", "tx-full"), cases[_i].n - cases[_i].sent);
	conserved(cases[_i].n);
}
END_TEST

static uint64_t checksum_on_last(unsigned i)
{
	return i == 63 ? RTE_MBUF_F_TX_IP_CKSUM : 0;
}

static uint64_t vlan_on_every_fifth(unsigned i)
{
	return i % 5 == 0 ? RTE_MBUF_F_TX_VLAN : 0;
}

static uint64_t vlan_on_all(unsigned i)
{
	(void)i;
	return RTE_MBUF_F_TX_VLAN;
}

START_TEST(offload_flags_ask_for_prepare)
{
	send_numbered(add_tx(4), 64, checksum_on_last);
	ck_assert_uint_eq(driver.prepares, 1);
	ck_assert_uint_eq(driver.n_sent, 64);
	conserved(64);
}
END_TEST

START_TEST(what_prepare_refuses_is_dropped_and_the_rest_goes)
{
	send_numbered(add_tx(4), 64, vlan_on_every_fifth);
	ck_assert_uint_eq(fixture_reason(loop, "tx", "tx-prepare"), 13);
	ck_assert_uint_eq(driver.n_sent, 51);
	for (unsigned i = 0; i < driver.n_sent; i++)
		ck_assert_uint_ne(driver.sent[i] % 5, 0);
	conserved(64);
}
END_TEST

START_TEST(all_may_be_refused)
{
	send_numbered(add_tx(4), 64, vlan_on_all);
	ck_assert_uint_eq(fixture_reason(loop, "tx", "tx-prepare"), 64);
	ck_assert_uint_eq(driver.n_sent, 0);
	conserved(64);
}
END_TEST

static uint64_t random_flags(unsigned i)
{
	(void)i;
	return random() % 3 ? 0 : random() % 2 ? RTE_MBUF_F_TX_IP_CKSUM : RTE_MBUF_F_TX_VLAN;
}

START_TEST(nothing_is_lost_whatever_the_driver_takes)
{
	unsigned total = 0;
	struct gyre_node_id id = add_tx(2);

	srandom(4);
	for (int i = 0; i < 300; i++) {
		unsigned n = 1 + random() % 64, before = driver.n_sent;

		driver.room = random() % 20;
		send_numbered(id, n, random_flags);
		total += n;
		for (unsigned k = before + 1; k < driver.n_sent; k++)
			ck_assert_uint_lt(driver.sent[k - 1], driver.sent[k]);
		ck_assert_uint_eq(fixture_stats(loop, "tx").kept, driver.n_sent);
		ck_assert(rte_mempool_full(pool));
	}
	ck_assert_uint_eq(fixture_stats(loop, "tx").items, total);
	ck_assert_uint_gt(fixture_reason(loop, "tx", "tx-full"), 0);
	ck_assert_uint_gt(fixture_reason(loop, "tx", "tx-prepare"), 0);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("tx");
	TCase *tcase = tcase_create("tx");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, bad_options_are_named);
	tcase_add_test(tcase, a_vector_is_one_burst);
	tcase_add_loop_test(tcase, retries_are_bounded_and_the_rest_is_counted, 0, 6);
	tcase_add_test(tcase, offload_flags_ask_for_prepare);
	tcase_add_test(tcase, what_prepare_refuses_is_dropped_and_the_rest_goes);
	tcase_add_test(tcase, all_may_be_refused);
	tcase_add_test(tcase, nothing_is_lost_whatever_the_driver_takes);
	suite_add_tcase(suite, tcase);
	return suite;
}
