/* SPDX-License-Identifier: Apache-2.0 */
/* A gateway without ports: owns loop, pool and captures; called by the tests of the nodes. */
#include "tests/ha-gateway/rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK 1024 /* of the loop's timers, nsec */

const uint8_t rig_mac[RIG_INTERFACES][6] = {
	{2, 1, 0, 0, 0, 0}, {2, 1, 0, 0, 0, 1}, {2, 1, 0, 0, 0, 2}};
const uint8_t rig_peer_mac[RIG_INTERFACES][6] = {
	{2, 2, 0, 0, 0, 0}, {2, 2, 0, 0, 0, 1}, {2, 2, 0, 0, 0, 2}};

/* --- Captures --- */

struct capture_node {
	struct rig_capture *capture;
};

static int capture_init(struct gyre_node *node, const void *arg)
{
	((struct capture_node *)gyre_node_data(node))->capture = *(struct rig_capture *const *)arg;
	return 0;
}

static gyre_next capture_process(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct rig_capture *capture = ((struct capture_node *)gyre_node_data(node))->capture;

	(void)nexts;
	ck_assert_uint_le(capture->n + n, RIG_CAPTURED);
	memcpy(capture->mbufs + capture->n, items, n * sizeof(*items));
	capture->n += n;
	return GYRE_NEXT_KEEP;
}

static const struct gyre_node_class capture_class = {
	.name = "capture",
	.kind = GYRE_NODE_OUTPUT,
	.process = capture_process,
	.init = capture_init,
	.data_size = sizeof(struct capture_node),
};

static struct rig_capture *capture_find(const struct rig *rig, const char *name)
{
	for (unsigned i = 0; i < rig->n_captures; i++)
		if (strcmp(rig->captures[i]->name, name) == 0)
			return rig->captures[i];
	return NULL;
}

void rig_capture(struct rig *rig, const char *name)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct rig_capture *capture;

	if (capture_find(rig, name))
		return;
	capture = calloc(1, sizeof(*capture));
	ck_assert_ptr_nonnull(capture);
	ck_assert_uint_lt(rig->n_captures, RIG_CAPTURES);
	rig->captures[rig->n_captures++] = capture;
	snprintf(capture->name, sizeof(capture->name), "%s", name);
	options.arg = &capture;
	ck_assert_int_eq(gyre_node_add(rig->gateway.loop, &capture_class, name, &options, NULL), 0);
}

unsigned rig_got(const struct rig *rig, const char *capture)
{
	const struct rig_capture *found = capture_find(rig, capture);

	ck_assert_msg(found != NULL, "no capture '%s'", capture);
	return found->n;
}

struct rte_mbuf *rig_got_mbuf(const struct rig *rig, const char *capture, unsigned i)
{
	ck_assert_uint_lt(i, rig_got(rig, capture));
	return capture_find(rig, capture)->mbufs[i];
}

void rig_get(const struct rig *rig, const char *capture, unsigned i, struct frame *ret_frame)
{
	struct rte_mbuf *mbuf = rig_got_mbuf(rig, capture, i);
	const void *bytes;

	ck_assert_uint_le(mbuf->pkt_len, sizeof(ret_frame->bytes));
	ret_frame->len = mbuf->pkt_len;
	bytes = rte_pktmbuf_read(mbuf, 0, mbuf->pkt_len, ret_frame->bytes);
	ck_assert_ptr_nonnull(bytes);
	if (bytes != ret_frame->bytes)
		memcpy(ret_frame->bytes, bytes, mbuf->pkt_len);
}

unsigned rig_got_all(const struct rig *rig)
{
	unsigned n = 0;

	for (unsigned i = 0; i < rig->n_captures; i++)
		n += rig->captures[i]->n;
	return n;
}

void rig_release(struct rig *rig)
{
	for (unsigned i = 0; i < rig->n_captures; i++) {
		struct rig_capture *capture = rig->captures[i];

		for (unsigned j = 0; j < capture->n; j++) {
			rte_mbuf_sanity_check(capture->mbufs[j], 1);
			rte_pktmbuf_free(capture->mbufs[j]);
		}
		rig->captured += capture->n;
		capture->n = 0;
	}
}

/* --- The gateway --- */

static void eal_begin(void)
{
	char *argv[] = {"test", "--no-pci", "-l", "0", "--no-huge", "-m", "64", "--no-shconf",
		"--no-telemetry", "--log-level", "error", NULL};
	struct gyre_error error = {.text = ""};
	int taken = gyre_dpdk_eal_init(RTE_DIM(argv) - 1, argv, &error);

	ck_assert_msg(taken >= 0 || taken == -EALREADY, "%s", error.text);
}

static void interfaces_begin(struct gateway *gateway)
{
	static const uint32_t addresses[] = {RIG_INSIDE, RIG_UPLINK0, RIG_UPLINK1};
	static const uint32_t routers[] = {0, RIG_ROUTER0, RIG_ROUTER1};

	gateway->n_interfaces = RIG_INTERFACES;
	memset(gateway->interface_of_port, GATEWAY_NO_INTERFACE,
		sizeof(gateway->interface_of_port));
	for (unsigned i = 0; i < RIG_INTERFACES; i++) {
		struct interface *interface = &gateway->interfaces[i];

		snprintf(
			interface->name, sizeof(interface->name), i ? "uplink%u" : "inside", i - 1);
		interface->port = RIG_PORT + i;
		memcpy(&interface->mac, rig_mac[i], 6);
		interface->address = addresses[i];
		interface->prefix_len = 24;
		interface->gateway = routers[i];
		interface->mtu = 1500;
		interface->bfd = i > 0;
		gateway->interface_of_port[RIG_PORT + i] = i;
	}
}

static void routes_begin(struct gateway *gateway)
{
	ck_assert_int_eq(fib_create("rig", 1000, &gateway->fib), 0);
	gateway->next_hops[NEXT_HOP_LOCAL].kind = NEXT_HOP_IS_LOCAL;
	gateway->next_hops[NEXT_HOP_DEFAULT] = (struct next_hop){NEXT_HOP_FORWARD, 1, RIG_ROUTER0};
	ck_assert_int_eq(fib_add(gateway->fib, 0, 0, NEXT_HOP_DEFAULT), 0);
	for (unsigned i = 0; i < gateway->n_interfaces; i++) {
		const struct interface *interface = &gateway->interfaces[i];

		gateway->next_hops[NEXT_HOP_CONNECTED + i] =
			(struct next_hop){NEXT_HOP_FORWARD, i, 0};
		ck_assert_int_eq(fib_add(gateway->fib, interface->address & 0xffffff00, 24,
					 NEXT_HOP_CONNECTED + i),
			0);
		ck_assert_int_eq(fib_add(gateway->fib, interface->address, 32, NEXT_HOP_LOCAL), 0);
	}
}

static void log_line(void *arg, enum gyre_log_level level, const char *text)
{
	(void)arg;
	printf("log %d: %s\n", level, text);
}

/* Never idle, so that the clock moves by hand only. */
static int busy(struct gyre_process *self, void *arg)
{
	(void)arg;
	while (gyre_process_yield(self) == 0)
		;
	return 0;
}

static void loop_begin(struct rig *rig)
{
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};

	ck_assert_int_eq(gyre_clock_virtual_create(GYRE_SEC(1000), &rig->clock), 0);
	options.clock = rig->clock;
	options.items = gyre_dpdk_items();
	options.log = log_line;
	options.error = &error;
	ck_assert_msg(gyre_loop_create(&options, &rig->gateway.loop) == 0, "%s", error.text);
	ck_assert_int_eq(gyre_process_spawn(rig->gateway.loop, busy, NULL, NULL, &rig->busy), 0);
}

void rig_let_time_pass(struct rig *rig)
{
	ck_assert_int_eq(gyre_process_cancel(rig->busy), 0);
}

void rig_begin(struct rig *rig)
{
	struct arp_table_config config = arp_table_config_default();
	struct gateway *gateway = &rig->gateway;

	memset(rig, 0, sizeof(*rig));
	eal_begin();
	gateway->pool = rte_pktmbuf_pool_create(
		"rig", RIG_MBUFS, 32, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	ck_assert_ptr_nonnull(gateway->pool);
	interfaces_begin(gateway);
	routes_begin(gateway);
	loop_begin(rig);
	config.entries_max = 32;
	ck_assert_int_eq(arp_table_create(&config, &gateway->arp, NULL), 0);
	gateway->arp_timeout_nsec = config.timeout_nsec;
	ck_assert_int_eq(
		ratelimit_init(&gateway->icmp_limit, 1000000, 1000000, GYRE_SEC(1000), NULL), 0);
}

static void connect_tx(struct rig *rig, struct gyre_node_id id, unsigned first, const char *prefix)
{
	for (unsigned i = 0; i < GATEWAY_INTERFACES_MAX; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s-%u", prefix, i < RIG_INTERFACES ? i : 0);
		rig_capture(rig, name);
		ck_assert_int_eq(gyre_node_connect(rig->gateway.loop, id, first + i, name), 0);
		if (first == ARP_INPUT_NEXT_TX && i < RIG_INTERFACES)
			ck_assert_int_eq(
				gyre_node_find(rig->gateway.loop, name, &rig->gateway.tx[i]), 0);
	}
}

struct gyre_node_id rig_add(struct rig *rig, const struct gyre_node_class *node_class, int first_tx)
{
	struct gateway_node_arg arg = {.gateway = &rig->gateway};
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct gyre_node_id id;

	options.arg = &arg;
	ck_assert_int_eq(
		gyre_node_add(rig->gateway.loop, node_class, node_class->name, &options, &id), 0);
	if (first_tx >= 0)
		connect_tx(rig, id, first_tx, node_class == &ip4_local_class ? "bfd" : "tx");
	return id;
}

void rig_all(struct rig *rig)
{
	rig_add(rig, &ethernet_input_class, -1);
	rig_add(rig, &arp_input_class, ARP_INPUT_NEXT_TX);
	rig_add(rig, &ip4_input_class, -1);
	rig_add(rig, &ip4_lookup_class, -1);
	rig_add(rig, &ip4_local_class, IP4_LOCAL_NEXT_BFD);
	rig->gateway.ip4_rewrite = rig_add(rig, &ip4_rewrite_class, IP4_REWRITE_NEXT_TX);
	rig_add(rig, &icmp_echo_class, -1);
	rig->gateway.icmp_error = rig_add(rig, &icmp_error_class, -1);
}

static uint64_t dropped_all(const struct rig *rig)
{
	struct gyre_snapshot *snapshot;
	uint64_t n = 0;

	ck_assert_int_eq(gyre_snapshot_create(rig->gateway.loop, &snapshot), 0);
	for (unsigned i = 0; i < snapshot->n_nodes; i++)
		n += snapshot->nodes[i].dropped;
	ck_assert_uint_eq(snapshot->inject_waiting, 0);
	gyre_snapshot_destroy(snapshot);
	return n;
}

static void account(struct rig *rig)
{
	const struct packet_account *account = &rig->gateway.account;
	struct arp_table_stats arp;

	arp_table_stats_get(rig->gateway.arp, &arp);
	ck_assert_uint_eq(rig->injected + account->made,
		rig->captured + rig_got_all(rig) + dropped_all(rig) + account->ended + arp.held);
}

void rig_end(struct rig *rig)
{
	struct gateway *gateway = &rig->gateway;
	void *held[ARP_QUEUE_MAX];
	unsigned n;

	rig_turn(rig);
	account(rig);
	rig_release(rig);
	while ((n = arp_table_drain(gateway->arp, held, RTE_DIM(held))))
		rte_pktmbuf_free_bulk((struct rte_mbuf **)held, n);
	ck_assert_int_eq(gyre_loop_destroy(gateway->loop), 0);
	ck_assert_int_eq(gyre_clock_destroy(rig->clock), 0);
	arp_table_destroy(gateway->arp);
	fib_destroy(gateway->fib);
	ck_assert_msg(rte_mempool_full(gateway->pool), "%u mbufs are missing",
		rte_mempool_in_use_count(gateway->pool));
	rte_mempool_free(gateway->pool);
	for (unsigned i = 0; i < rig->n_captures; i++)
		free(rig->captures[i]);
}

/* --- Packets --- */

/* What lies around the bytes differs each time: nothing may depend on it. */
static struct rte_mbuf *segment(struct rig *rig, const uint8_t *bytes, unsigned len)
{
	static const uint8_t around[] = {0, 255, 0x45, 1, 0x80};
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(rig->gateway.pool);
	void *room;

	ck_assert_ptr_nonnull(mbuf);
	memset(mbuf->buf_addr, around[rig->segments++ % RTE_DIM(around)], mbuf->buf_len);
	room = rte_pktmbuf_append(mbuf, len);
	ck_assert_ptr_nonnull(room);
	memcpy(room, bytes, len);
	return mbuf;
}

static struct rte_mbuf *mbuf_begin(
	struct rig *rig, unsigned interface, const struct frame *frame, unsigned len)
{
	struct rte_mbuf *mbuf = segment(rig, frame->bytes, len);

	/* Nothing may rest on what the last user left there. */
	memset(packet_meta(mbuf), 0xa5, sizeof(struct packet_meta));
	mbuf->port = RIG_PORT + interface;
	return mbuf;
}

struct rte_mbuf *rig_mbuf(struct rig *rig, unsigned interface, const struct frame *frame)
{
	unsigned first = RTE_MIN(frame->len, 1800u);

	return rig_mbuf_split(rig, interface, frame, first);
}

struct rte_mbuf *rig_mbuf_split(
	struct rig *rig, unsigned interface, const struct frame *frame, unsigned split)
{
	struct rte_mbuf *mbuf = mbuf_begin(rig, interface, frame, split), *rest;

	while (split < frame->len) {
		unsigned n = RTE_MIN(frame->len - split, 1800u);

		rest = segment(rig, frame->bytes + split, n);
		ck_assert_int_eq(rte_pktmbuf_chain(mbuf, rest), 0);
		split += n;
	}
	return mbuf;
}

struct rte_mbuf *rig_mbuf_crumbs(
	struct rig *rig, unsigned interface, const struct frame *frame, unsigned crumbs)
{
	struct rte_mbuf *mbuf = mbuf_begin(rig, interface, frame, RTE_MIN(frame->len, 1u));

	for (unsigned at = 1; at < frame->len;) {
		unsigned n = at < crumbs ? 1 : frame->len - at;

		ck_assert_int_eq(rte_pktmbuf_chain(mbuf, segment(rig, frame->bytes + at, n)), 0);
		at += n;
	}
	return mbuf;
}

/* --- Turning --- */

void rig_turn(struct rig *rig)
{
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_ge(gyre_loop_run(rig->gateway.loop, GYRE_RUN_NOWAIT), 0);
}

void rig_wait(struct rig *rig, uint64_t nsec)
{
	uint64_t now = gyre_clock_now(rig->clock), end = now + nsec;

	while (now < end) {
		uint64_t due = arp_table_deadline(rig->gateway.arp);

		/* A timer is late by one tick at most. */
		due = due < end ? due + TICK : end;
		now = due > now && due < end ? due : end;
		ck_assert_int_eq(gyre_clock_advance(rig->clock, now), 0);
		rig_turn(rig);
	}
}

void rig_send_n(struct rig *rig, const char *node, struct rte_mbuf **mbufs, unsigned n)
{
	struct gyre_node_id id;

	/* The graph is built by the first turn. */
	if (rig->injected == 0)
		rig_turn(rig);
	ck_assert_int_eq(gyre_node_find(rig->gateway.loop, node, &id), 0);
	ck_assert_int_eq(gyre_node_inject(rig->gateway.loop, id, (void *const *)mbufs, n), (int)n);
	rig->injected += n;
	rig_turn(rig);
}

void rig_send(struct rig *rig, const char *node, struct rte_mbuf *mbuf)
{
	rig_send_n(rig, node, &mbuf, 1);
}

uint64_t rig_reason(const struct rig *rig, const char *node, const char *reason)
{
	const struct gyre_node_stats *stats;
	struct gyre_snapshot *snapshot;
	uint64_t count = UINT64_MAX;

	ck_assert_int_eq(gyre_snapshot_create(rig->gateway.loop, &snapshot), 0);
	stats = gyre_snapshot_find(snapshot, node);
	ck_assert_msg(stats != NULL, "no node '%s'", node);
	for (unsigned i = 0; i < stats->n_reasons; i++)
		if (strcmp(stats->reasons[i].name, reason) == 0)
			count = stats->drops[i];
	gyre_snapshot_destroy(snapshot);
	ck_assert_msg(count != UINT64_MAX, "'%s' has no reason '%s'", node, reason);
	return count;
}

void rig_expect_mbuf(struct rig *rig, const char *node, struct rte_mbuf *mbuf, const char *outcome)
{
	const char *reason = outcome[0] == '!' ? outcome + 1 : NULL;
	uint64_t dropped = dropped_all(rig);
	uint64_t before = reason ? rig_reason(rig, node, reason) : 0;

	rig_release(rig);
	rig_send(rig, node, mbuf);
	if (reason) {
		ck_assert_msg(rig_got_all(rig) == 0, "not dropped: %s", outcome);
		ck_assert_msg(rig_reason(rig, node, reason) == before + 1, "not for '%s'", reason);
		ck_assert_uint_eq(dropped_all(rig), dropped + 1);
		return;
	}
	ck_assert_msg(
		rig_got(rig, outcome) == 1, "not in '%s', %u elsewhere", outcome, rig_got_all(rig));
	ck_assert_uint_eq(rig_got_all(rig), 1);
	ck_assert_uint_eq(dropped_all(rig), dropped);
}

void rig_expect(struct rig *rig, const char *node, unsigned interface, const struct frame *frame,
	const char *outcome)
{
	rig_expect_mbuf(rig, node, rig_mbuf(rig, interface, frame), outcome);
	for (unsigned split = 0; split < frame->len; split++)
		rig_expect_mbuf(rig, node, rig_mbuf_split(rig, interface, frame, split), outcome);
	rig_expect_mbuf(rig, node, rig_mbuf_crumbs(rig, interface, frame, 64), outcome);
}
