/* SPDX-License-Identifier: Apache-2.0 */
/* The link monitor's published state: under which name, up and down as debounced, until its end. */
#include <errno.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"

static struct rte_mempool *pool;
static struct gyre_loop *loop;
static struct gyre_clock *virtual_clock;
static struct fixture_port port;

static void setup(void)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;

	fixture_eal();
	pool = fixture_pool("link", 1023);
	port = (struct fixture_port){.vdev = "net_ring0", .args = "", .pool = pool};
	fixture_port(&port);
	ck_assert_int_eq(gyre_clock_virtual_create(GYRE_SEC(1), &virtual_clock), 0);
	options.clock = virtual_clock;
	ck_assert_int_eq(gyre_loop_create(&options, &loop), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_int_eq(gyre_clock_destroy(virtual_clock), 0);
	fixture_port_end(&port);
	fixture_pool_end(pool);
}

static int try(const char *name, struct gyre_dpdk_link **ret_link)
{
	struct gyre_dpdk_link_options options = GYRE_DPDK_LINK_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	int err;

	options.port = port.id;
	options.name = name;
	options.error = &error;
	err = gyre_dpdk_link_create(loop, &options, ret_link);
	ck_assert_int_eq(err, error.code);
	ck_assert(err == 0 || strstr(error.text, "published as '"));
	return err;
}

static struct gyre_dpdk_link *monitor(const char *name)
{
	struct gyre_dpdk_link *link;

	ck_assert_int_eq(try(name, &link), 0);
	return link;
}

static void names_check(const char *const *names, unsigned n)
{
	struct gyre_snapshot *snapshot;

	ck_assert_int_eq(gyre_snapshot_create(loop, &snapshot), 0);
	ck_assert_uint_eq(snapshot->n_links, n);
	for (unsigned i = 0; i < n; i++)
		ck_assert_str_eq(snapshot->links[i].name, names[i]);
	gyre_snapshot_destroy(snapshot);
}

START_TEST(it_has_its_devices_name_or_its_own)
{
	static const char *const names[] = {"net_ring0", "wan", "net_ring0#2", "net_ring0#3"};
	struct gyre_dpdk_link *links[] = {
		monitor(NULL), monitor("wan"), monitor(NULL), monitor(NULL)};

	names_check(names, 4);
	for (unsigned i = 0; i < 3; i++)
		gyre_dpdk_link_destroy(links[i]);
	names_check(names + 3, 1);
	links[0] = monitor(NULL);
	gyre_dpdk_link_destroy(links[3]);
	names_check(names, 1);
	gyre_dpdk_link_destroy(links[0]);
	names_check(NULL, 0);
}
END_TEST

START_TEST(a_name_that_will_not_do_fails_the_monitor)
{
	struct gyre_dpdk_link *link = monitor("wan"), *none = (void *)7;
	char name[65];

	memset(name, 'x', 64);
	name[64] = '\0';
	ck_assert_int_eq(try("wan", &none), -EEXIST);
	ck_assert_int_eq(try("", &none), -EINVAL);
	ck_assert_int_eq(try(name, &none), -EINVAL);
	ck_assert_ptr_eq(none, (void *)7);
	gyre_dpdk_link_destroy(link);
}
END_TEST

static struct gyre_link_state published(void)
{
	struct gyre_link_state state;
	struct gyre_snapshot *snapshot;

	ck_assert_int_eq(gyre_snapshot_create(loop, &snapshot), 0);
	ck_assert_uint_eq(snapshot->n_links, 1);
	state = snapshot->links[0];
	gyre_snapshot_destroy(snapshot);
	return state;
}

static int watch(struct gyre_process *self, void *arg)
{
	(void)arg;
	ck_assert_int_eq(gyre_process_sleep(self, GYRE_MSEC(25)), 0);
	ck_assert(published().up);
	ck_assert_uint_eq(published().changes, 0);
	ck_assert_int_eq(rte_eth_dev_set_link_down(port.id), 0);
	ck_assert_int_eq(gyre_process_sleep(self, GYRE_MSEC(11)), 0);
	ck_assert(!published().up);
	ck_assert_uint_eq(published().changes, 1);
	ck_assert_uint_ge(published().changed, GYRE_SEC(1) + GYRE_MSEC(25));
	ck_assert_int_eq(rte_eth_dev_set_link_up(port.id), 0);
	ck_assert_int_eq(gyre_process_sleep(self, GYRE_MSEC(30)), 0);
	ck_assert(!published().up); /* not yet: debounced */
	ck_assert_int_eq(gyre_process_sleep(self, GYRE_MSEC(40)), 0);
	ck_assert(published().up);
	ck_assert_uint_eq(published().changes, 2);
	return 0;
}

START_TEST(it_says_what_debouncing_lets_through)
{
	struct gyre_dpdk_link *link = monitor(NULL);

	ck_assert_int_eq(gyre_process_spawn(loop, watch, NULL, NULL, NULL), 0);
	ck_assert_int_ge(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	gyre_dpdk_link_destroy(link);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("link_name");
	TCase *tcase = tcase_create("link_name");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, it_has_its_devices_name_or_its_own);
	tcase_add_test(tcase, a_name_that_will_not_do_fails_the_monitor);
	tcase_add_test(tcase, it_says_what_debouncing_lets_through);
	suite_add_tcase(suite, tcase);
	return suite;
}
