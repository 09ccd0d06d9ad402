/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway as a whole: makes its parts in order, runs the loop, takes it apart in reverse.
 * main.c calls it; it calls everything else. It guards that nothing outlives what it uses:
 * processes end before the links, links and loop before the ports, ports before the pool, and that
 * no mbuf is missing then.
 */
#include "arp_table.h"
#include "checks.h"
#include "control.h"
#include "fib.h"
#include "log.h"
#include "port.h"
#include "program.h"
#include "report.h"
#include "wiring.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EVENT_STOP   GYRE_EVENT(0)
#define EVENT_REPORT GYRE_EVENT(1)

#define JOIN_NSEC GYRE_SEC(1)

/* The default one; a subnet and an address of ours on each interface. */
#define ROUTES_MAX (1 + 2 * GATEWAY_INTERFACES_MAX)

/* Everything that needs no DPDK, the loop or the ports, and how far one got. */
struct program {
	struct gateway gateway; /* first: the others' pointer leads here */
	struct checks checks;
	struct gyre_watch signals;
	int signal_fd;
	struct gyre_process_id supervisor;
	struct gyre_control *control; /* NULL: not asked for */
	unsigned n_open; /* ports */
	int64_t missing; /* packets, at the end of the run */
};

static struct program *program_of(struct gateway *gateway)
{
	return (struct program *)gateway;
}

static void log_conflict(void *arg, const struct arp_conflict *conflict)
{
	const struct gateway *gateway = arg;
	const uint8_t *mac = conflict->mac.addr_bytes;

	log_event("%s: %02x:%02x:%02x:%02x:%02x:%02x claims our address, %llu claims so far",
		gateway->interfaces[conflict->interface].name, mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5], (unsigned long long)conflict->count);
}

/* --- Making --- */

static void describe(struct gateway *gateway, const struct options *options)
{
	gateway->n_interfaces = 1 + options->n_uplinks;
	for (unsigned i = 0; i < gateway->n_interfaces; i++) {
		const struct options_interface *wanted = &options->interfaces[i];
		struct interface *interface = &gateway->interfaces[i];

		interface->address = wanted->address;
		interface->prefix_len = wanted->prefix_len;
		interface->gateway = wanted->gateway;
		interface->bfd = options->bfd && i != GATEWAY_INSIDE;
		if (i == GATEWAY_INSIDE)
			strcpy(interface->name, "inside");
		else
			snprintf(interface->name, sizeof(interface->name), "uplink%u",
				(uint8_t)(i - 1));
	}
	gateway->arp_conflict_fn = log_conflict;
	gateway->arp_conflict_arg = gateway;
	gateway->arp_timeout_nsec = options->arp_timeout_nsec;
	gateway->arp_refresh = options->arp_refresh;
}

static int make_loop(struct gateway *gateway, const struct options *options)
{
	struct gyre_loop_options loop = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	int err;

	loop.name = "ha-gateway";
	loop.error = &error;
	loop.log = log_library;
	loop.vector = options->vector;
	loop.items = gyre_dpdk_items();
	err = gyre_loop_create(&loop, &gateway->loop);
	if (err < 0) {
		log_fault("no loop: %s", error.text);
		return err;
	}
	err = gyre_dpdk_telemetry_add(gateway->loop, &error);
	if (err < 0)
		log_fault("no telemetry: %s", error.text);
	return err;
}

/* Two names of one port are noticed here: "0" and "net_pcap0". */
static int open_port(struct program *program, const struct options *options, unsigned i)
{
	struct gateway *gateway = &program->gateway;
	struct interface *interface = &gateway->interfaces[i];
	uint8_t *taken;
	int err = port_find(options->interfaces[i].port, &interface->port);

	if (err < 0)
		return err;
	taken = &gateway->interface_of_port[interface->port];
	if (*taken != GATEWAY_NO_INTERFACE) {
		log_fault("port '%s' of %s is port %u, which %s has already",
			options->interfaces[i].port, interface->name, interface->port,
			gateway->interfaces[*taken].name);
		return -EEXIST;
	}
	*taken = (uint8_t)i;
	err = port_open(interface, gateway->pool);
	if (err == 0)
		program->n_open++;
	return err;
}

static int open_ports(struct program *program, const struct options *options)
{
	struct gateway *gateway = &program->gateway;
	int err = port_pool_create(options->mbufs, &gateway->pool);

	memset(gateway->interface_of_port, GATEWAY_NO_INTERFACE,
		sizeof(gateway->interface_of_port));
	for (unsigned i = 0; err == 0 && i < gateway->n_interfaces; i++)
		err = open_port(program, options, i);
	return err;
}

/* The default route is nobody's until an uplink is up. */
static int make_routes(struct gateway *gateway)
{
	int err = fib_create("ha-gateway", ROUTES_MAX, &gateway->fib);

	gateway->next_hops[NEXT_HOP_LOCAL].kind = NEXT_HOP_IS_LOCAL;
	if (err == 0)
		err = fib_add(gateway->fib, 0, 0, NEXT_HOP_DEFAULT);
	for (unsigned i = 0; err == 0 && i < gateway->n_interfaces; i++) {
		const struct interface *interface = &gateway->interfaces[i];

		gateway->next_hops[NEXT_HOP_CONNECTED + i] = (struct next_hop){
			.kind = NEXT_HOP_FORWARD,
			.interface = (uint8_t)i,
		};
		err = fib_add(gateway->fib, interface->address & interface_mask(interface),
			interface->prefix_len, (uint8_t)(NEXT_HOP_CONNECTED + i));
		if (err == 0)
			err = fib_add(gateway->fib, interface->address, 32, NEXT_HOP_LOCAL);
	}
	if (err < 0)
		log_fault("no routes: %s", strerror(-err));
	return err;
}

static int make_arp(struct gateway *gateway)
{
	struct arp_table_config config = arp_table_config_default();
	const char *why = "no memory";
	int err;

	config.timeout_nsec = gateway->arp_timeout_nsec;
	err = arp_table_create(&config, &gateway->arp, &why);
	if (err < 0)
		log_fault("no ARP table: %s", why);
	return err;
}

static int make_tables(struct gateway *gateway, const struct options *options)
{
	const char *why;
	int err = make_routes(gateway);

	if (err < 0)
		return err;
	err = ratelimit_init(&gateway->icmp_limit, options->icmp_rate, options->icmp_rate,
		gyre_loop_clock(gateway->loop), &why);
	if (err < 0) {
		log_fault("--icmp-rate: %s", why);
		return err;
	}
	return make_arp(gateway);
}

static int spawn(struct gateway *gateway, gyre_process_fn *fn, const char *name,
	struct gyre_process_id *ret_id)
{
	struct gyre_process_options process = GYRE_PROCESS_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	int err;

	process.name = name;
	process.joinable = true;
	process.error = &error;
	err = gyre_process_spawn(gateway->loop, fn, gateway, &process, ret_id);
	if (err < 0)
		log_fault("%s: %s", name, error.text);
	return err;
}

/* --- Running --- */

static void signal_ready(struct gyre_watch *watch, uint32_t events)
{
	struct program *program = (void *)((char *)watch - offsetof(struct program, signals));
	struct signalfd_siginfo info;

	if (read(program->signal_fd, &info, sizeof(info)) == sizeof(info))
		gyre_process_signal(
			program->supervisor, info.ssi_signo == SIGUSR1 ? EVENT_REPORT : EVENT_STOP);
}

static int watch_signals(struct program *program)
{
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	program->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	err = program->signal_fd < 0 ? -errno
				     : gyre_watch_add(program->gateway.loop, &program->signals,
					       program->signal_fd, EPOLLIN, signal_ready);
	if (err < 0)
		log_fault("signals: %s", strerror(-err));
	return err;
}

static int write_processes(void *arg)
{
	return report_processes(arg, stdout);
}

static int write_all(void *arg)
{
	int err = report_processes(arg, stdout);

	return err < 0 ? err : report_packets(arg, stdout);
}

/* Nothing keeps the loop alive then but what is under way. */
static void wind_down(struct program *program, struct gyre_process *self)
{
	struct gateway *gateway = &program->gateway;

	for (unsigned i = 0; i < gateway->n_interfaces; i++)
		gyre_node_disable(gateway->loop, gateway->rx[i]);
	checks_stop(gateway, self);
	gyre_process_cancel(gateway->arp_process);
	gyre_process_join(
		self, gateway->arp_process, gyre_loop_clock(gateway->loop) + JOIN_NSEC, NULL);
	gyre_watch_del(&program->signals);
}

static int supervise(struct gyre_process *self, void *arg)
{
	struct program *program = program_of(arg);
	uint32_t events = 0;

	while (!(events & EVENT_STOP) &&
		gyre_process_wait(self, EVENT_STOP | EVENT_REPORT, GYRE_FOREVER, &events) == 0)
		if (events & EVENT_REPORT)
			gyre_process_call(self, write_all, arg);
	/* Their accounts end with them. */
	gyre_process_call(self, write_processes, arg);
	wind_down(program, self);
	return 0;
}

/* What is left in queues when nobody serves them any more. */
static void flush(struct gateway *gateway)
{
	void *items[32];
	unsigned n;

	while ((n = arp_table_drain(gateway->arp, items, RTE_DIM(items))) > 0) {
		rte_pktmbuf_free_bulk((struct rte_mbuf **)items, n);
		gateway->account.ended += n;
	}
	for (unsigned u = 0; u + 1 < gateway->n_interfaces; u++)
		if (gateway->interfaces[1 + u].bfd)
			bfd_check_flush(&gateway->checks->bfds[u]);
}

int gateway_run(struct gateway *gateway)
{
	struct program *program = program_of(gateway);
	struct account account;
	int err = gyre_loop_run(gateway->loop, GYRE_RUN_DEFAULT);

	if (err != 0) {
		log_fault("the loop ended with %d", err);
		return err < 0 ? err : -EIO;
	}
	flush(gateway);
	err = account_take(gateway, &account);
	if (err < 0)
		return err;
	program->missing = account_missing(&account);
	return report_packets(gateway, stdout);
}

/* --- Taking apart --- */

/* All mbufs are back in the pool once the ports are closed. */
static int close_pool(struct rte_mempool *pool)
{
	unsigned back = rte_mempool_avail_count(pool), all = pool->size;

	printf("Packet buffers: %u of %u are back\n", back, all);
	fflush(stdout);
	if (back == all && rte_mempool_full(pool)) {
		rte_mempool_free(pool);
		return 0;
	}
	log_fault("%u packet buffers are missing", all - back);
	return -EIO;
}

int gateway_destroy(struct gateway *gateway)
{
	struct program *program = program_of(gateway);
	int err = 0;

	if (gateway == NULL)
		return 0;
	control_stop(program->control, gateway);
	checks_release(gateway);
	if (program->missing != 0) {
		log_fault("the account of packets is open: %lld are missing",
			(long long)program->missing);
		err = -EIO;
	}
	if (gateway->loop != NULL)
		gyre_watch_del(&program->signals);
	gyre_dpdk_telemetry_del(gateway->loop);
	gyre_loop_destroy(gateway->loop);
	if (program->signal_fd >= 0)
		close(program->signal_fd);
	arp_table_destroy(gateway->arp);
	fib_destroy(gateway->fib);
	for (unsigned i = 0; i < program->n_open; i++)
		port_close(gateway->interfaces[i].port);
	if (gateway->pool != NULL && close_pool(gateway->pool) < 0)
		err = -EIO;
	free(program);
	return err;
}

static int make_all(struct program *program, const struct options *options)
{
	struct gateway *gateway = &program->gateway;
	int err = open_ports(program, options);

	if (err == 0)
		err = make_loop(gateway, options);
	if (err == 0)
		err = make_tables(gateway, options);
	if (err == 0)
		err = watch_signals(program);
	if (err == 0)
		err = spawn(gateway, supervise, "gateway", &program->supervisor);
	if (err == 0)
		err = spawn(gateway, arp_process, "arp", &gateway->arp_process);
	if (err == 0)
		err = checks_start(gateway, options);
	if (err == 0)
		err = wiring_build(gateway, options);
	if (err == 0)
		err = control_start(gateway, options, &program->control);
	return err;
}

int gateway_create(const struct options *options, struct gateway **ret_gateway)
{
	struct program *program = calloc(1, sizeof(*program));
	int err;

	if (program == NULL) {
		log_fault("no memory");
		return -ENOMEM;
	}
	program->signal_fd = -1;
	program->gateway.checks = &program->checks;
	describe(&program->gateway, options);
	err = make_all(program, options);
	if (err < 0) {
		gateway_destroy(&program->gateway);
		return err;
	}
	*ret_gateway = &program->gateway;
	return 0;
}
