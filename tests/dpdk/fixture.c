/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of this room share: EAL, namespaces, pools, ports, a loop. Called by the tests,
 * calls libgyre-dpdk, DPDK and ip(8). Invariant: what a test made is gone when it ends, and every
 * pool is full again.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#define DESCRIPTORS 256

extern char **environ;

static bool eal_up;
static char directory[64];

void fixture_eal(void)
{
	char *argv[] = {"test", "--no-pci", "-l", "0", "--no-huge", "-m", "64", "--no-shconf",
		"--no-telemetry", "--log-level", "error", NULL};
	struct gyre_error error = {.text = ""};

	if (eal_up)
		return;
	ck_assert_msg(gyre_dpdk_eal_init(RTE_DIM(argv) - 1, argv, &error) >= 0, "%s", error.text);
	eal_up = true;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n = -1;

	if (fd >= 0) {
		n = write(fd, text, strlen(text));
		close(fd);
	}
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

static void map_root(unsigned uid, unsigned gid)
{
	char map[32];

	snprintf(map, sizeof(map), "0 %u 1", uid);
	ck_assert_int_eq(write_file("/proc/self/uid_map", map), 0);
	ck_assert_int_eq(write_file("/proc/self/setgroups", "deny"), 0);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	ck_assert_int_eq(write_file("/proc/self/gid_map", map), 0);
}

void fixture_namespace(void)
{
	unsigned uid = geteuid(), gid = getegid();

	ck_assert(!eal_up);
	if (unshare(CLONE_NEWNET) < 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
			gyre_test_skip("no network namespace: unshare is not permitted");
		map_root(uid, gid);
	}
	if (fixture_run("ip", "link", "set", "lo", "up", NULL) != 0)
		gyre_test_skip("no ip(8), or it may not change the namespace");
}

int fixture_run(const char *program, ...)
{
	char *argv[32] = {(char *)(uintptr_t)program};
	int status, n = 1;
	va_list args;
	pid_t pid;

	va_start(args, program);
	do
		argv[n] = va_arg(args, char *);
	while (argv[n++] && n < (int)RTE_DIM(argv));
	va_end(args);
	if (posix_spawnp(&pid, program, NULL, NULL, argv, environ) != 0)
		return 127;
	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *walk)
{
	(void)stat, (void)type, (void)walk;
	return remove(path);
}

static void directory_end(void)
{
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fixture_directory(void)
{
	const char *top = getenv("TMPDIR");

	if (directory[0])
		return directory;
	snprintf(directory, sizeof(directory), "%s/gyre-XXXXXX", top ? top : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	atexit(directory_end);
	return directory;
}

struct rte_mempool *fixture_pool(const char *name, unsigned n)
{
	struct rte_mempool *pool =
		rte_pktmbuf_pool_create(name, n, n < 64 ? 0 : 32, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);

	ck_assert_msg(pool, "%s: %s", name, rte_strerror(rte_errno));
	return pool;
}

void fixture_pool_end(struct rte_mempool *pool)
{
	ck_assert_uint_eq(rte_mempool_avail_count(pool), pool->size);
	ck_assert(rte_mempool_full(pool));
	rte_mempool_free(pool);
}

struct rte_mbuf *fixture_mbuf(struct rte_mempool *pool, unsigned len, unsigned first)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	unsigned char *data;

	ck_assert_ptr_nonnull(mbuf);
	data = (void *)rte_pktmbuf_append(mbuf, len);
	ck_assert_ptr_nonnull(data);
	for (unsigned i = 0; i < len; i++)
		data[i] = first + i;
	return mbuf;
}

static int port_start(struct fixture_port *port)
{
	struct rte_eth_conf conf = {.intr_conf.lsc = port->lsc};
	uint16_t id = port->id;
	int err;

	err = rte_eth_dev_configure(id, 1, 1, &conf);
	if (err == 0)
		err = rte_eth_rx_queue_setup(id, 0, DESCRIPTORS, 0, NULL, port->pool);
	if (err == 0)
		err = rte_eth_tx_queue_setup(id, 0, DESCRIPTORS, 0, NULL);
	if (err == 0 && !port->stopped)
		err = rte_eth_dev_start(id);
	return err;
}

int fixture_port_try(struct fixture_port *port)
{
	int err = rte_eal_hotplug_add("vdev", port->vdev, port->args);

	if (err < 0)
		return err;
	err = rte_eth_dev_get_port_by_name(port->vdev, &port->id);
	if (err == 0)
		err = port_start(port);
	if (err < 0)
		fixture_port_end(port);
	return err;
}

void fixture_port(struct fixture_port *port)
{
	int err = fixture_port_try(port);

	ck_assert_msg(err == 0, "%s,%s: %s", port->vdev, port->args, strerror(-err));
}

void fixture_port_end(struct fixture_port *port)
{
	rte_eth_dev_stop(port->id);
	rte_eth_dev_close(port->id);
	rte_eal_hotplug_remove("vdev", port->vdev);
}

static void print_log(void *arg, enum gyre_log_level level, const char *text)
{
	(void)arg;
	printf("log %d: %s\n", level, text);
}

struct gyre_loop *fixture_loop(void)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	struct gyre_loop *loop;

	options.items = gyre_dpdk_items();
	options.log = print_log;
	options.error = &error;
	ck_assert_msg(gyre_loop_create(&options, &loop) == 0, "%s", error.text);
	return loop;
}

void fixture_turn_until(
	struct gyre_loop *loop, const uint64_t *value, uint64_t least, uint64_t nsec)
{
	uint64_t deadline = gyre_loop_clock(loop) + nsec;

	while (*value < least && gyre_loop_clock(loop) < deadline)
		ck_assert_int_ge(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 0);
	ck_assert_uint_ge(*value, least);
}

void fixture_turns(struct gyre_loop *loop, unsigned turns)
{
	while (turns--)
		ck_assert_int_ge(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 0);
}

void fixture_turn(struct gyre_loop *loop, uint64_t nsec)
{
	uint64_t deadline = gyre_loop_clock(loop) + nsec;

	fixture_turns(loop, 8);
	while (gyre_loop_clock(loop) < deadline)
		fixture_turns(loop, 1);
}

uint64_t fixture_reason(struct gyre_loop *loop, const char *node, const char *reason)
{
	const struct gyre_node_stats *stats;
	struct gyre_snapshot *snapshot;
	uint64_t count = UINT64_MAX;

	ck_assert_int_eq(gyre_snapshot_create(loop, &snapshot), 0);
	stats = gyre_snapshot_find(snapshot, node);
	ck_assert_ptr_nonnull(stats);
	for (unsigned i = 0; i < stats->n_reasons; i++)
		if (!strcmp(stats->reasons[i].name, reason))
			count = stats->drops[i];
	gyre_snapshot_destroy(snapshot);
	ck_assert_msg(count != UINT64_MAX, "%s has no reason %s", node, reason);
	return count;
}

struct gyre_node_stats fixture_stats(struct gyre_loop *loop, const char *node)
{
	struct gyre_snapshot *snapshot;
	struct gyre_node_stats stats;

	ck_assert_int_eq(gyre_snapshot_create(loop, &snapshot), 0);
	ck_assert_ptr_nonnull(gyre_snapshot_find(snapshot, node));
	stats = *gyre_snapshot_find(snapshot, node);
	gyre_snapshot_destroy(snapshot);
	stats.name = NULL;
	stats.reasons = NULL;
	stats.drops = NULL;
	stats.nexts = NULL;
	return stats;
}

void fixture_account(struct gyre_loop *loop, uint64_t injected)
{
	struct gyre_snapshot *snapshot;
	uint64_t in = injected, out;

	ck_assert_int_eq(gyre_snapshot_create(loop, &snapshot), 0);
	out = snapshot->inject_waiting;
	for (unsigned i = 0; i < snapshot->n_nodes; i++) {
		const struct gyre_node_stats *node = &snapshot->nodes[i];

		in += node->kind <= GYRE_NODE_INPUT ? node->items : node->created;
		out += node->dropped + node->punted + node->kept;
	}
	ck_assert_uint_eq(in, out);
	ck_assert_uint_eq(snapshot->frames_free, snapshot->frames);
	gyre_snapshot_destroy(snapshot);
}

static int listener_main(struct gyre_process *self, void *arg)
{
	struct fixture_listener *listener = arg;
	uint32_t events;

	while (gyre_process_wait(self, FIXTURE_UP | FIXTURE_DOWN, GYRE_FOREVER, &events) == 0) {
		listener->ups += !!(events & FIXTURE_UP);
		listener->downs += !!(events & FIXTURE_DOWN);
	}
	return 0;
}

void fixture_listen(struct gyre_loop *loop, struct fixture_listener *listener)
{
	struct gyre_process_options options = GYRE_PROCESS_OPTIONS_INIT;

	options.daemon = true;
	ck_assert_int_eq(
		gyre_process_spawn(loop, listener_main, listener, &options, &listener->id), 0);
}
