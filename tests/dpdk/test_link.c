/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link monitor: polling and debouncing on the virtual clock with a port whose link the test
 * sets; LSC on a vhost pair; the kernel's word on tap and af_packet; its life and its end.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "harness.h"

#define UP   FIXTURE_UP
#define DOWN FIXTURE_DOWN

static struct rte_mempool *pool;
static struct gyre_loop *loop;
static struct gyre_clock *virtual_clock;
static struct fixture_port port;

static void ring_setup(void)
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

static void ring_teardown(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	ck_assert_int_eq(gyre_clock_destroy(virtual_clock), 0);
	if (port.vdev)
		fixture_port_end(&port);
	fixture_pool_end(pool);
}

static struct gyre_dpdk_link *monitor(
	const struct fixture_port *of, uint64_t debounce_up, uint64_t debounce_down)
{
	struct gyre_dpdk_link_options options = GYRE_DPDK_LINK_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	struct gyre_dpdk_link *link;

	options.port = of->id;
	options.debounce_up_nsec = debounce_up;
	options.debounce_down_nsec = debounce_down;
	options.error = &error;
	ck_assert_msg(gyre_dpdk_link_create(loop, &options, &link) == 0, "%s", error.text);
	return link;
}

static struct gyre_dpdk_link_state state_of(const struct gyre_dpdk_link *link)
{
	struct gyre_dpdk_link_state state;

	gyre_dpdk_link_get(link, &state);
	return state;
}

static void refused(struct gyre_dpdk_link_options options, int code, const char *text)
{
	struct gyre_dpdk_link *link = (void *)7;
	struct gyre_error error = {.text = ""};

	options.error = &error;
	ck_assert_int_eq(gyre_dpdk_link_create(loop, &options, &link), code);
	ck_assert_int_eq(error.code, code);
	ck_assert_msg(strstr(error.text, text), "\"%s\" is not in: %s", text, error.text);
	ck_assert_ptr_eq(link, (void *)7);
}

START_TEST(bad_options_are_named)
{
	struct gyre_dpdk_link_options good = GYRE_DPDK_LINK_OPTIONS_INIT, bad;

	refused((bad = good, bad.port = 9, bad), -ENODEV, "no port 9");
	refused((bad = good, bad.poll_nsec = GYRE_MSEC(1) - 1, bad), -EINVAL, "poll_nsec");
	refused((bad = good, bad.size = 3, bad), -EINVAL, "size");
	gyre_dpdk_link_destroy(NULL);
}
END_TEST

/* --- On the virtual clock --- */

/* Runs `fn` as a process, to its end, while the monitors run. */
static void run(gyre_process_fn *fn, void *arg)
{
	ck_assert_int_eq(gyre_process_spawn(loop, fn, arg, NULL, NULL), 0);
	ck_assert_int_ge(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
}

struct scene {
	struct gyre_dpdk_link *link;
	struct fixture_listener *listener;
};

static int polls_find_changes(struct gyre_process *self, void *arg)
{
	struct scene *scene = arg;
	uint64_t start = gyre_loop_now(loop), changed;

	ck_assert_int_eq(gyre_process_sleep(self, GYRE_MSEC(105)), 0);
	ck_assert(state_of(scene->link).up);
	ck_assert_uint_eq(state_of(scene->link).changes, 0);
	ck_assert_uint_ge(state_of(scene->link).polls, 10);
	ck_assert_uint_le(state_of(scene->link).polls, 12);
	ck_assert_uint_eq(scene->listener->ups, 1);

	ck_assert_int_eq(rte_eth_dev_set_link_down(port.id), 0);
	ck_assert_int_eq(gyre_process_sleep(self, GYRE_MSEC(11)), 0);
	ck_assert(!state_of(scene->link).up);
	ck_assert_uint_eq(scene->listener->downs, 1);
	changed = state_of(scene->link).changed;
	ck_assert_uint_ge(changed, start + GYRE_MSEC(105));
	ck_assert_uint_le(changed, start + GYRE_MSEC(116));

	ck_assert_int_eq(rte_eth_dev_set_link_up(port.id), 0);
	ck_assert_int_eq(gyre_process_sleep(self, GYRE_MSEC(49)), 0);
	ck_assert(!state_of(scene->link).up);
	ck_assert_int_eq(gyre_process_sleep(self, GYRE_MSEC(12)), 0);
	ck_assert(state_of(scene->link).up);
	ck_assert_uint_eq(scene->listener->ups, 2);
	ck_assert_uint_eq(state_of(scene->link).changes, 2);
	return 0;
}

START_TEST(polling_finds_what_nothing_tells)
{
	struct fixture_listener listener = {0};
	struct scene scene = {monitor(&port, GYRE_MSEC(50), 0), &listener};

	fixture_listen(loop, &listener);
	ck_assert_int_eq(gyre_dpdk_link_subscribe(scene.link, listener.id, UP, DOWN), 0);
	run(polls_find_changes, &scene);
	gyre_dpdk_link_destroy(scene.link);
}
END_TEST

/* Down for 15 ms of every 45: neither lasts. */
static int flap(struct gyre_process *self, void *arg)
{
	struct scene *scene = arg;

	for (int i = 0; i < 50; i++) {
		rte_eth_dev_set_link_down(port.id);
		gyre_process_sleep(self, GYRE_MSEC(15));
		rte_eth_dev_set_link_up(port.id);
		gyre_process_sleep(self, GYRE_MSEC(30));
	}
	ck_assert(state_of(scene->link).up);
	ck_assert_uint_eq(state_of(scene->link).changes, 0);
	ck_assert_uint_eq(scene->listener->downs, 0);

	rte_eth_dev_set_link_down(port.id);
	gyre_process_sleep(self, GYRE_MSEC(45));
	ck_assert(!state_of(scene->link).up);
	for (int i = 0; i < 50; i++) {
		rte_eth_dev_set_link_up(port.id);
		gyre_process_sleep(self, GYRE_MSEC(30));
		rte_eth_dev_set_link_down(port.id);
		gyre_process_sleep(self, GYRE_MSEC(15));
	}
	ck_assert(!state_of(scene->link).up);
	ck_assert_uint_eq(state_of(scene->link).changes, 1);
	ck_assert_uint_eq(scene->listener->downs, 1);
	ck_assert_uint_eq(scene->listener->ups, 1);
	rte_eth_dev_set_link_up(port.id);
	return 0;
}

START_TEST(flaps_are_debounced_both_ways)
{
	struct fixture_listener listener = {0};
	struct scene scene = {monitor(&port, GYRE_MSEC(50), GYRE_MSEC(30)), &listener};

	fixture_listen(loop, &listener);
	ck_assert_int_eq(gyre_dpdk_link_subscribe(scene.link, listener.id, UP, DOWN), 0);
	run(flap, &scene);
	gyre_dpdk_link_destroy(scene.link);
}
END_TEST

static int nap(struct gyre_process *self, void *arg)
{
	return gyre_process_sleep(self, *(uint64_t *)arg);
}

START_TEST(a_link_found_down_is_down_at_once)
{
	uint64_t time = GYRE_MSEC(1);
	struct fixture_listener listener = {0};
	struct gyre_dpdk_link *link;

	ck_assert_int_eq(rte_eth_dev_set_link_down(port.id), 0);
	link = monitor(&port, GYRE_SEC(10), GYRE_SEC(10));
	ck_assert(!state_of(link).up);
	fixture_listen(loop, &listener);
	ck_assert_int_eq(gyre_dpdk_link_subscribe(link, listener.id, 0, DOWN), 0);
	run(nap, &time);
	ck_assert_uint_eq(listener.downs, 1);
	ck_assert_uint_eq(listener.ups, 0);
	gyre_dpdk_link_destroy(link);
}
END_TEST

START_TEST(subscribers_are_checked_and_bounded)
{
	struct gyre_dpdk_link *link = monitor(&port, 0, 0);
	static struct fixture_listener listeners[18];
	uint64_t time = GYRE_MSEC(30);

	for (int i = 0; i < 18; i++)
		fixture_listen(loop, &listeners[i]);
	ck_assert_int_eq(gyre_dpdk_link_subscribe(link, listeners[0].id, 0, 0), -EINVAL);
	ck_assert_int_eq(
		gyre_dpdk_link_subscribe(link, listeners[0].id, GYRE_EVENT_MESSAGE, 0), -EINVAL);
	ck_assert_int_eq(
		gyre_dpdk_link_subscribe(link, (struct gyre_process_id){0}, UP, DOWN), -ESRCH);
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(gyre_dpdk_link_subscribe(link, listeners[i].id, UP, DOWN), 0);
	ck_assert_int_eq(gyre_dpdk_link_subscribe(link, listeners[16].id, UP, DOWN), -ENOSPC);
	run(nap, &time);
	for (int i = 0; i < 16; i++)
		ck_assert_uint_eq(listeners[i].ups, 1);
	ck_assert_int_eq(gyre_process_cancel(listeners[5].id), 0);
	run(nap, &time);
	ck_assert_int_eq(gyre_dpdk_link_subscribe(link, listeners[5].id, UP, DOWN), -ESRCH);
	ck_assert_int_eq(gyre_dpdk_link_subscribe(link, listeners[16].id, UP, DOWN), 0);
	ck_assert_int_eq(gyre_process_cancel(listeners[6].id), 0);
	run(nap, &time);
	/* A change finds out, too, who has ended. */
	ck_assert_int_eq(rte_eth_dev_set_link_down(port.id), 0);
	run(nap, &time);
	ck_assert_int_eq(gyre_dpdk_link_subscribe(link, listeners[17].id, UP, DOWN), 0);
	run(nap, &time);
	for (int i = 0; i < 18; i++)
		ck_assert_uint_eq(listeners[i].downs, i != 5 && i != 6);
	ck_assert_int_eq(rte_eth_dev_set_link_up(port.id), 0);
	run(nap, &time);
	for (int i = 0; i < 18; i++)
		ck_assert_uint_eq(listeners[i].ups, i == 5 || i == 6 || i == 17 ? 1 : 2);
	gyre_dpdk_link_destroy(link);
}
END_TEST

START_TEST(a_monitor_does_not_keep_the_loop_alive)
{
	struct gyre_dpdk_link *link = monitor(&port, 0, 0);

	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
	gyre_dpdk_link_destroy(link);
	ck_assert_int_eq(gyre_loop_run(loop, GYRE_RUN_DEFAULT), 0);
}
END_TEST

static int destroy_it(struct gyre_process *self, void *arg)
{
	gyre_process_sleep(self, GYRE_MSEC(25));
	gyre_dpdk_link_destroy(*(struct gyre_dpdk_link **)arg);
	return 0;
}

/* The port is closed at once: who touched it afterwards would find another one, or none. */
START_TEST(a_monitor_ends_at_any_time)
{
	struct gyre_dpdk_link *unstarted = monitor(&port, 0, 0), *inside = monitor(&port, 0, 0);
	struct gyre_dpdk_link *several = monitor(&port, 0, 0), *outside = monitor(&port, 0, 0);
	struct gyre_process_id id = {0};
	uint64_t time = GYRE_MSEC(30);

	gyre_dpdk_link_destroy(unstarted);
	run(destroy_it, &inside);
	gyre_dpdk_link_destroy(several);
	gyre_dpdk_link_destroy(outside);
	fixture_port_end(&port);
	port.vdev = NULL;
	run(nap, &time);
	ck_assert(!gyre_process_next(loop, &id));
}
END_TEST

/* --- LSC: vhost and virtio_user, back to back --- */

static struct fixture_port vhost, virtio;
static char vhost_args[128], virtio_args[128];

static void pair_setup(void)
{
	fixture_eal();
	pool = fixture_pool("pair", 4095);
	loop = fixture_loop();
	snprintf(vhost_args, sizeof(vhost_args), "iface=%s/sock", fixture_directory());
	snprintf(virtio_args, sizeof(virtio_args), "path=%s/sock,queues=1", fixture_directory());
	vhost = (struct fixture_port){
		.vdev = "net_vhost0", .args = vhost_args, .pool = pool, .lsc = true};
	virtio = (struct fixture_port){
		.vdev = "net_virtio_user0", .args = virtio_args, .pool = pool, .lsc = true};
	fixture_port(&vhost);
}

static void pair_teardown(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	fixture_port_end(&vhost);
	fixture_pool_end(pool);
}

static void turn_until_up(const struct gyre_dpdk_link *link, bool up, uint64_t nsec)
{
	uint64_t deadline = gyre_loop_clock(loop) + nsec;

	while (state_of(link).up != up && gyre_loop_clock(loop) < deadline)
		fixture_turn(loop, GYRE_MSEC(1));
	ck_assert_int_eq(state_of(link).up, up);
}

START_TEST(lsc_is_heard_and_its_flaps_are_not)
{
	struct gyre_dpdk_link *link = monitor(&vhost, GYRE_MSEC(150), GYRE_MSEC(60)), *unpolled;
	struct gyre_dpdk_link_options options = GYRE_DPDK_LINK_OPTIONS_INIT;
	struct fixture_listener listener = {0};

	options.port = vhost.id;
	options.poll_nsec = GYRE_SEC(3600);
	options.debounce_up_nsec = 0;
	ck_assert_int_eq(gyre_dpdk_link_create(loop, &options, &unpolled), 0);
	fixture_listen(loop, &listener);
	ck_assert_int_eq(gyre_dpdk_link_subscribe(link, listener.id, UP, DOWN), 0);
	ck_assert(!state_of(link).up);
	fixture_port(&virtio);
	turn_until_up(link, true, GYRE_SEC(5));
	fixture_turn(loop, GYRE_MSEC(200));
	gyre_test_note("vhost: %lu LSC events for one link up", state_of(link).lsc_events);
	ck_assert_uint_ge(state_of(link).lsc_events, 1);
	ck_assert_uint_eq(state_of(link).changes, 1);
	fixture_port_end(&virtio);
	turn_until_up(link, false, GYRE_SEC(5));
	ck_assert_uint_eq(state_of(link).changes, 2);
	ck_assert_uint_ge(state_of(link).lsc_events, 2);
	fixture_turn(loop, GYRE_MSEC(5));
	ck_assert_uint_eq(listener.ups, 1);
	ck_assert_uint_eq(listener.downs, 2);
	/* Without polling LSC alone brought both changes, and those that were debounced. */
	ck_assert(!state_of(unpolled).up);
	ck_assert_uint_eq(state_of(unpolled).polls, 1);
	ck_assert_uint_ge(state_of(unpolled).changes, 2);
	gyre_dpdk_link_destroy(unpolled);
	gyre_dpdk_link_destroy(link);
}
END_TEST

/* ethdev's own, of which drivers call the second when a link changes; not in public headers. */
extern char rte_eth_devices[];
int rte_eth_dev_callback_process(void *device, enum rte_eth_event_type type, void *param);

static atomic_bool interrupting;
static atomic_ulong interrupts;

static void *interrupter(void *arg)
{
	(void)arg;
	while (atomic_load(&interrupting)) {
		rte_eth_dev_callback_process(rte_eth_devices, RTE_ETH_EVENT_INTR_LSC, NULL);
		atomic_fetch_add(&interrupts, 1);
	}
	return NULL;
}

START_TEST(a_monitor_ends_while_its_callback_runs)
{
	unsigned rounds = gyre_test_rounds(2000, 50);
	uint64_t heard = 0;
	pthread_t thread;

	if (gyre_test_on_valgrind()) {
		gyre_test_note("valgrind lets one thread run at a time, and seldom this one");
		return;
	}
	ck_assert_uint_eq(port.id, 0);
	atomic_store(&interrupting, true);
	ck_assert_int_eq(pthread_create(&thread, NULL, interrupter, NULL), 0);
	/* Longer only where the other thread gets no processor. */
	for (unsigned i = 0; i < rounds || (!heard && i < 500000); i++) {
		struct gyre_dpdk_link *links[] = {monitor(&port, 0, 0), monitor(&port, 0, 0)};

		for (unsigned turn = 0; turn < i % 4; turn++)
			gyre_loop_run(loop, GYRE_RUN_NOWAIT);
		for (int k = 0; k < 2; k++) {
			heard += state_of(links[k]).lsc_events;
			gyre_dpdk_link_destroy(links[k]);
		}
	}
	atomic_store(&interrupting, false);
	pthread_join(thread, NULL);
	gyre_test_note("%lu interrupts, %lu of them heard", interrupts, heard);
	ck_assert_uint_gt(heard, 0);
}
END_TEST

/* --- The kernel's word --- */

static void kernel_begin(const char *vdev, const char *args, bool lsc)
{
	fixture_eal();
	pool = fixture_pool("kernel", 2047);
	port = (struct fixture_port){.vdev = vdev, .args = args, .pool = pool, .lsc = lsc};
	fixture_port(&port);
	loop = fixture_loop();
}

static void kernel_end(void)
{
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	fixture_port_end(&port);
	fixture_pool_end(pool);
}

/* With and without LSC asked for: tap takes it, and never fires. */
START_TEST(taps_carrier_is_followed)
{
	struct gyre_dpdk_link *link;

	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		gyre_test_skip("no /dev/net/tun");
	fixture_namespace();
	kernel_begin("net_tap0", "iface=dtap0", _i);
	link = monitor(&port, GYRE_MSEC(20), 0);
	fixture_must("ip", "link", "set", "dtap0", "up", NULL);
	turn_until_up(link, true, GYRE_SEC(2));
	fixture_must("ip", "link", "set", "dtap0", "carrier", "off", NULL);
	turn_until_up(link, false, GYRE_SEC(2));
	/* The kernel tells of changes of carrier once a second. */
	fixture_must("ip", "link", "set", "dtap0", "carrier", "on", NULL);
	turn_until_up(link, true, GYRE_SEC(2));
	fixture_must("ip", "link", "set", "dtap0", "down", NULL);
	turn_until_up(link, false, GYRE_SEC(2));
	gyre_dpdk_link_destroy(link);
	kernel_end();
}
END_TEST

START_TEST(af_packets_interface_is_followed_to_its_end)
{
	struct gyre_dpdk_link *link;

	fixture_namespace();
	fixture_must("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb", NULL);
	fixture_must("ip", "link", "set", "va", "up", NULL);
	fixture_must("ip", "link", "set", "vb", "up", NULL);
	kernel_begin("net_af_packet0", "iface=va", false);
	link = monitor(&port, GYRE_MSEC(20), 0);
	turn_until_up(link, true, GYRE_SEC(3));
	fixture_must("ip", "link", "set", "vb", "down", NULL);
	turn_until_up(link, false, GYRE_SEC(3));
	fixture_must("ip", "link", "set", "vb", "up", NULL);
	turn_until_up(link, true, GYRE_SEC(3));
	ck_assert_uint_ge(state_of(link).netlink_events, 3);
	fixture_must("ip", "link", "set", "va", "down", NULL);
	turn_until_up(link, false, GYRE_SEC(3));
	fixture_must("ip", "link", "set", "va", "up", NULL);
	turn_until_up(link, true, GYRE_SEC(3));
	fixture_must("ip", "link", "del", "vb", NULL);
	turn_until_up(link, false, GYRE_SEC(3));
	gyre_dpdk_link_destroy(link);
	kernel_end();
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("link");
	TCase *polled = tcase_create("polled"), *lsc = tcase_create("lsc");
	TCase *kernel = tcase_create("kernel");

	tcase_add_checked_fixture(polled, ring_setup, ring_teardown);
	tcase_add_test(polled, bad_options_are_named);
	tcase_add_test(polled, polling_finds_what_nothing_tells);
	tcase_add_test(polled, flaps_are_debounced_both_ways);
	tcase_add_test(polled, a_link_found_down_is_down_at_once);
	tcase_add_test(polled, subscribers_are_checked_and_bounded);
	tcase_add_test(polled, a_monitor_does_not_keep_the_loop_alive);
	tcase_add_test(polled, a_monitor_ends_at_any_time);
	tcase_add_test(polled, a_monitor_ends_while_its_callback_runs);
	suite_add_tcase(suite, polled);
	tcase_add_checked_fixture(lsc, pair_setup, pair_teardown);
	tcase_add_test(lsc, lsc_is_heard_and_its_flaps_are_not);
	suite_add_tcase(suite, lsc);
	tcase_add_loop_test(kernel, taps_carrier_is_followed, 0, 2);
	tcase_add_test(kernel, af_packets_interface_is_followed_to_its_end);
	suite_add_tcase(suite, kernel);
	return suite;
}
