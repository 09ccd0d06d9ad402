/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks of ports: what is wrong is told apart and named.
 */
#include <errno.h>
#include <string.h>

#include "dpdk/port.h"
#include "fixture.h"
#include "harness.h"

static void refused(uint16_t port, uint16_t queue, enum gyre__dpdk_direction direction, int code,
	const char *text)
{
	struct gyre_error error = {.text = ""};

	ck_assert_int_eq(gyre__dpdk_queue_check(port, queue, direction, &error), code);
	ck_assert_int_eq(error.code, code);
	ck_assert_str_eq(error.text, text);
	ck_assert_int_eq(gyre__dpdk_queue_check(port, queue, direction, NULL), code);
}

START_TEST(what_is_wrong_is_named)
{
	struct rte_mempool *pool;
	struct fixture_port port = {.vdev = "net_null0", .args = "", .stopped = true};

	fixture_eal();
	refused(0, 0, GYRE__DPDK_RX, -ENODEV, "rx: there is no port 0");
	refused(RTE_MAX_ETHPORTS, 0, GYRE__DPDK_TX, -ENODEV, "tx: there is no port 32");
	refused(UINT16_MAX, 0, GYRE__DPDK_TX, -ENODEV, "tx: there is no port 65535");
	port.pool = pool = fixture_pool("port", 511);
	fixture_port(&port);
	refused(port.id, 0, GYRE__DPDK_RX, -EINVAL, "rx: port 0 is not started");
	ck_assert_int_eq(rte_eth_dev_start(port.id), 0);
	ck_assert_int_eq(gyre__dpdk_queue_check(port.id, 0, GYRE__DPDK_RX, NULL), 0);
	ck_assert_int_eq(gyre__dpdk_queue_check(port.id, 0, GYRE__DPDK_TX, NULL), 0);
	refused(port.id, 1, GYRE__DPDK_RX, -EINVAL, "rx: port 0 has no queue 1: it has 1");
	refused(port.id, 9, GYRE__DPDK_TX, -EINVAL, "tx: port 0 has no queue 9: it has 1");
	ck_assert_int_eq(rte_eth_dev_stop(port.id), 0);
	refused(port.id, 0, GYRE__DPDK_TX, -EINVAL, "tx: port 0 is not started");
	fixture_port_end(&port);
	refused(0, 0, GYRE__DPDK_RX, -ENODEV, "rx: there is no port 0");
	fixture_pool_end(pool);
}
END_TEST

START_TEST(a_port_describes_itself)
{
	struct fixture_port port = {.vdev = "net_null0", .args = "", .stopped = true};
	struct rte_eth_dev_info info;
	struct gyre_error error = {.text = ""};
	struct rte_mempool *pool;

	fixture_eal();
	ck_assert_int_eq(gyre__dpdk_port_info(3, "link", &info, &error), -ENODEV);
	ck_assert_str_eq(error.text, "link: there is no port 3");
	port.pool = pool = fixture_pool("port", 511);
	fixture_port(&port);
	ck_assert_int_eq(gyre__dpdk_port_info(port.id, "link", &info, &error), 0);
	ck_assert_str_eq(info.driver_name, "net_null");
	ck_assert_uint_eq(info.nb_rx_queues, 1);
	fixture_port_end(&port);
	fixture_pool_end(pool);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("port");
	TCase *tcase = tcase_create("port");

	tcase_add_test(tcase, what_is_wrong_is_named);
	tcase_add_test(tcase, a_port_describes_itself);
	suite_add_tcase(suite, tcase);
	return suite;
}
