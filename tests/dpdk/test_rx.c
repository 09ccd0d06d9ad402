/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rx node: what it refuses, how much it brings, and what it says when the pool runs dry.
 */
#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"

#define POOL_SIZE 511

static struct rte_mempool *pool;
static struct fixture_port port;
static struct gyre_loop *loop;

static void setup(void)
{
	fixture_eal();
	pool = fixture_pool("rx", POOL_SIZE);
	port = (struct fixture_port){.vdev = "net_null0", .args = "", .pool = pool};
	fixture_port(&port);
	loop = fixture_loop();
}

static void teardown(void)
{
	fixture_account(loop, 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	fixture_port_end(&port);
	fixture_pool_end(pool);
}

static void refused(struct gyre_dpdk_rx_options options, int code, const char *text)
{
	struct gyre_error error = {.text = ""};
	struct gyre_node_id id = {77, 77};

	options.error = &error;
	ck_assert_int_eq(gyre_dpdk_rx_add(loop, "rx", &options, &id), code);
	ck_assert_int_eq(error.code, code);
	ck_assert_msg(strstr(error.text, text), "\"%s\" is not in: %s", text, error.text);
	ck_assert_uint_eq(id.index, 77);
	options.error = NULL;
	ck_assert_int_eq(gyre_dpdk_rx_add(loop, "rx", &options, &id), code);
}

START_TEST(bad_options_are_named)
{
	struct gyre_dpdk_rx_options good = GYRE_DPDK_RX_OPTIONS_INIT, bad;

	good.port = port.id;
	good.next = "sink";
	refused((bad = good, bad.port = 9, bad), -ENODEV, "no port 9");
	refused((bad = good, bad.queue = 1, bad), -EINVAL, "no queue 1");
	refused((bad = good, bad.burst = 0, bad), -EINVAL, "burst is 0");
	refused((bad = good, bad.burst = 257, bad), -EINVAL, "burst is 257");
	refused((bad = good, bad.next = NULL, bad), -EINVAL, "next");
	refused((bad = good, bad.size = sizeof(bad) - 1, bad), -EINVAL, "size");
	refused((bad = good, bad.size = 0, bad), -EINVAL, "size");
	ck_assert_int_eq(gyre_dpdk_rx_add(loop, "rx", NULL, NULL), -EINVAL);
	ck_assert_int_eq(rte_eth_dev_stop(port.id), 0);
	refused(good, -EINVAL, "not started");
	ck_assert_int_eq(rte_eth_dev_start(port.id), 0);
	ck_assert_int_eq(gyre_dpdk_rx_add(loop, "rx", &good, NULL), 0);
	refused(good, -EEXIST, "rx");
}
END_TEST

START_TEST(options_of_a_later_release_must_be_unset)
{
	struct {
		struct gyre_dpdk_rx_options known;
		uint64_t unknown;
	} later = {.known = GYRE_DPDK_RX_OPTIONS_INIT};
	struct gyre_error error = {.text = ""};

	later.known.size = sizeof(later);
	later.known.port = port.id;
	later.known.next = "sink";
	later.known.error = &error;
	later.unknown = 1;
	ck_assert_int_eq(gyre_dpdk_rx_add(loop, "rx", &later.known, NULL), -E2BIG);
	ck_assert_ptr_nonnull(strstr(error.text, "gyre_dpdk_rx_options"));
	later.unknown = 0;
	ck_assert_int_eq(gyre_dpdk_rx_add(loop, "rx", &later.known, NULL), 0);
}
END_TEST

START_TEST(a_missing_next_is_named_by_the_build)
{
	struct gyre_dpdk_rx_options options = GYRE_DPDK_RX_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};

	options.port = port.id;
	options.next = "nobody";
	ck_assert_int_eq(gyre_dpdk_rx_add(loop, "rx", &options, NULL), 0);
	ck_assert_int_eq(gyre_graph_build(loop, &error), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error.text, "nobody"));
	ck_assert_ptr_nonnull(strstr(error.text, "rx"));
}
END_TEST

/* Takes everything: drops it, but holds what `hold` asks for. */
struct sink {
	uint64_t received;
	unsigned longest, hold, held;
	void *items[POOL_SIZE];
};

static gyre_next sink_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct sink *sink = gyre_node_data(node);

	sink->received += n;
	sink->longest = RTE_MAX(sink->longest, n);
	for (unsigned i = 0; i < n; i++) {
		nexts[i] = sink->held < sink->hold ? GYRE_NEXT_KEEP : gyre_drop(0);
		if (nexts[i] == GYRE_NEXT_KEEP)
			sink->items[sink->held++] = items[i];
	}
	return GYRE_NEXT_EACH;
}

static const struct gyre_reason sink_reasons[] = {{"sunk", GYRE_SEVERITY_INFO}};

static const struct gyre_node_class sink_class = {
	.name = "sink",
	.kind = GYRE_NODE_OUTPUT,
	.process = sink_process,
	.data_size = sizeof(struct sink),
	.reasons = sink_reasons,
	.n_reasons = 1,
};

static struct sink *add_sink(void)
{
	struct gyre_node_id id;

	ck_assert_int_eq(gyre_node_add(loop, &sink_class, "sink", NULL, &id), 0);
	return gyre_node_data(gyre_node_get(loop, id));
}

START_TEST(a_poll_brings_at_most_a_burst)
{
	static const unsigned bursts[] = {1, 7, 64, 65, 256};
	struct gyre_dpdk_rx_options options = GYRE_DPDK_RX_OPTIONS_INIT;
	struct sink *sink = add_sink();
	struct gyre_node_stats rx, sunk;

	options.port = port.id;
	options.next = "sink";
	options.burst = bursts[_i];
	ck_assert_int_eq(gyre_dpdk_rx_add(loop, "rx", &options, NULL), 0);
	fixture_turn_until(loop, &sink->received, 10000, GYRE_SEC(10));
	ck_assert_uint_eq(sink->longest, RTE_MIN(bursts[_i], 64u));
	rx = fixture_stats(loop, "rx");
	sunk = fixture_stats(loop, "sink");
	ck_assert_uint_eq(rx.items, sink->received);
	ck_assert_uint_eq(sunk.items, sink->received);
	ck_assert_uint_eq(sunk.dropped, sink->received);
	ck_assert_uint_eq(fixture_reason(loop, "sink", "sunk"), sink->received);
	ck_assert_uint_eq(fixture_reason(loop, "rx", "pool-empty"), 0);
}
END_TEST

START_TEST(an_empty_pool_is_noticed_and_recovered_from)
{
	struct gyre_dpdk_rx_options options = GYRE_DPDK_RX_OPTIONS_INIT;
	struct sink *sink = add_sink();
	uint64_t received, noticed;

	options.port = port.id;
	options.next = "sink";
	options.pool = pool;
	ck_assert_int_eq(gyre_dpdk_rx_add(loop, "rx", &options, NULL), 0);
	/* 511 mbufs, of which the sink keeps all; bursts of 64 leave 63, which are fetched away. */
	sink->hold = POOL_SIZE;
	fixture_turns(loop, 2000);
	while (sink->held < POOL_SIZE) {
		sink->items[sink->held] = rte_pktmbuf_alloc(pool);
		ck_assert_ptr_nonnull(sink->items[sink->held]);
		sink->held++;
	}
	ck_assert(rte_mempool_empty(pool));
	received = sink->received;
	fixture_turns(loop, 2000);
	ck_assert_uint_eq(sink->received, received);
	noticed = fixture_reason(loop, "rx", "pool-empty");
	ck_assert_uint_gt(noticed, 0);
	ck_assert_uint_lt(noticed, fixture_stats(loop, "rx").calls / 32);
	/* After a full poll the first empty one looks. */
	sink->held -= 64;
	gyre_dpdk_items()->release(sink->items + sink->held, 64);
	fixture_turns(loop, 2);
	ck_assert_uint_eq(sink->received, received + 64);
	ck_assert_uint_eq(fixture_reason(loop, "rx", "pool-empty"), noticed + 1);
	received = sink->received;
	gyre_dpdk_items()->release(sink->items, POOL_SIZE);
	sink->hold = 0;
	noticed = fixture_reason(loop, "rx", "pool-empty");
	fixture_turn_until(loop, &sink->received, received + 1000, GYRE_SEC(10));
	ck_assert_uint_eq(fixture_reason(loop, "rx", "pool-empty"), noticed);
}
END_TEST

START_TEST(a_disabled_node_is_not_polled)
{
	struct gyre_dpdk_rx_options options = GYRE_DPDK_RX_OPTIONS_INIT;
	struct sink *sink = add_sink();
	struct gyre_node_id id;
	uint64_t received;

	options.port = port.id;
	options.next = "sink";
	ck_assert_int_eq(gyre_dpdk_rx_add(loop, "rx", &options, &id), 0);
	fixture_turn_until(loop, &sink->received, 1, GYRE_SEC(10));
	ck_assert_int_eq(gyre_node_disable(loop, id), 0);
	received = sink->received;
	fixture_turn(loop, GYRE_MSEC(10));
	ck_assert_uint_eq(sink->received, received);
	ck_assert_int_eq(gyre_node_enable(loop, id), 0);
	fixture_turn_until(loop, &sink->received, received + 1, GYRE_SEC(10));
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("rx");
	TCase *tcase = tcase_create("rx");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, bad_options_are_named);
	tcase_add_test(tcase, options_of_a_later_release_must_be_unset);
	tcase_add_test(tcase, a_missing_next_is_named_by_the_build);
	tcase_add_loop_test(tcase, a_poll_brings_at_most_a_burst, 0, 5);
	tcase_add_test(tcase, an_empty_pool_is_noticed_and_recovered_from);
	tcase_add_test(tcase, a_disabled_node_is_not_polled);
	suite_add_tcase(suite, tcase);
	return suite;
}
