/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets through rx and tx on each kind of virtual device, between a source and a sink that the
 * test controls: files, rings, raw sockets. Each test: what was sent is what was received, counted
 * or held, in order and unharmed; then every mbuf is back.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"
#include "harness.h"
#include "packet.h"
#include "pcap.h"
#include "sink.h"

#define POOL_SIZE 4095
#define PACKETS   1000
#define BATCH     64

static struct rte_mempool *pool;
static struct gyre_loop *loop;
static uint64_t injected;

static void add_rx(const struct fixture_port *port, const char *next)
{
	struct gyre_dpdk_rx_options options = GYRE_DPDK_RX_OPTIONS_INIT;

	options.port = port->id;
	options.next = next;
	options.pool = port->pool;
	ck_assert_int_eq(gyre_dpdk_rx_add(loop, "rx", &options, NULL), 0);
}

static struct gyre_node_id add_tx(const struct fixture_port *port)
{
	struct gyre_dpdk_tx_options options = GYRE_DPDK_TX_OPTIONS_INIT;
	struct gyre_node_id id;

	options.port = port->id;
	ck_assert_int_eq(gyre_dpdk_tx_add(loop, "tx", &options, &id), 0);
	return id;
}

/* Injects packets number first to first + n - 1. */
static void inject(struct gyre_node_id id, uint32_t first, unsigned n)
{
	void *items[BATCH];

	for (unsigned i = 0; i < n; i++) {
		unsigned len = packet_len(first + i);
		struct rte_mbuf *mbuf = fixture_mbuf(pool, len, 0);

		packet_make(rte_pktmbuf_mtod(mbuf, struct packet *), first + i, len);
		items[i] = mbuf;
	}
	ck_assert_int_eq(gyre_node_inject(loop, id, items, n), (int)n);
	injected += n;
}

static void received_all(const struct sink *sink, uint64_t n)
{
	ck_assert_uint_eq(sink->received, n);
	ck_assert_uint_eq(sink->gaps, 0);
	ck_assert_uint_eq(sink->harmed, 0);
	ck_assert_uint_eq(fixture_stats(loop, "rx").items, n + sink->strangers);
	ck_assert_uint_eq(fixture_reason(loop, "sink", "sunk"), n + sink->strangers);
}

static void begin(void)
{
	fixture_eal();
	pool = fixture_pool("vdev", POOL_SIZE);
	loop = fixture_loop();
	injected = 0;
}

static void end(struct fixture_port *port)
{
	fixture_account(loop, injected);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	fixture_port_end(port);
	fixture_pool_end(pool);
}

/* --- pcap files --- */

static FILE *file_open(const char *name, char path[128])
{
	FILE *file;

	snprintf(path, 128, "%s/%s", fixture_directory(), name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fwrite(&PCAP_FILE_HEADER, sizeof(PCAP_FILE_HEADER), 1, file);
	return file;
}

/* A device that reads the file; packets of `fixed_len` bytes, or of many lengths. */
static void file_make(const char *name, unsigned packets, unsigned fixed_len, char path[128])
{
	FILE *file = file_open(name, path);
	struct packet packet;

	for (unsigned i = 0; i < packets; i++)
		pcap_write(file, &packet,
			packet_make(&packet, i, fixed_len ? fixed_len : packet_len(i)));
	ck_assert_int_eq(fclose(file), 0);
}

static struct sink *file_begin(struct fixture_port *port, const char *path)
{
	static char args[300];

	snprintf(args, sizeof(args), "rx_pcap=%s,tx_pcap=%s.out", path, path);
	*port = (struct fixture_port){.vdev = "net_pcap0", .args = args, .pool = pool};
	fixture_port(port);
	add_rx(port, "sink");
	return sink_add(loop);
}

START_TEST(a_file_is_read_to_its_end)
{
	struct fixture_port port;
	struct sink *sink;
	char path[128];

	begin();
	file_make("in.pcap", PACKETS, 0, path);
	sink = file_begin(&port, path);
	fixture_turn_until(loop, &sink->received, PACKETS, GYRE_SEC(10));
	fixture_turn(loop, GYRE_MSEC(5));
	received_all(sink, PACKETS);
	end(&port);
}
END_TEST

START_TEST(packets_of_many_segments_are_whole)
{
	struct fixture_port port;
	struct sink *sink;
	char path[128];

	begin();
	file_make("in.pcap", 100, 9000, path);
	sink = file_begin(&port, path);
	sink->fixed_len = 9000;
	fixture_turn_until(loop, &sink->received, 100, GYRE_SEC(10));
	received_all(sink, 100);
	end(&port);
}
END_TEST

/* Cuts 5 bytes off: the last packet's. */
START_TEST(a_truncated_file_gives_its_whole_packets)
{
	struct fixture_port port;
	struct sink *sink;
	char path[128];
	FILE *file;

	begin();
	file_make("in.pcap", PACKETS, 100, path);
	file = fopen(path, "r+");
	fseek(file, 0, SEEK_END);
	ck_assert_int_eq(ftruncate(fileno(file), ftell(file) - 5), 0);
	fclose(file);
	sink = file_begin(&port, path);
	sink->fixed_len = 100;
	fixture_turn_until(loop, &sink->received, PACKETS - 1, GYRE_SEC(10));
	fixture_turn(loop, GYRE_MSEC(5));
	received_all(sink, PACKETS - 1);
	end(&port);
}
END_TEST

/* A packet's header that claims a gigabyte: nothing behind it can be found. */
START_TEST(a_corrupt_packet_ends_the_file)
{
	const struct pcap_packet_header header = {.captured = 1 << 30, .len = 1 << 30};
	struct fixture_port port;
	struct sink *sink;
	char path[128];
	FILE *file;

	begin();
	file_make("in.pcap", 50, 0, path);
	file = fopen(path, "a");
	fwrite(&header, sizeof(header), 1, file);
	for (int i = 0; i < 5000; i++)
		fputc(i, file);
	fclose(file);
	sink = file_begin(&port, path);
	fixture_turn_until(loop, &sink->received, 50, GYRE_SEC(10));
	fixture_turn(loop, GYRE_MSEC(5));
	received_all(sink, 50);
	end(&port);
}
END_TEST

START_TEST(a_corrupt_file_is_no_port)
{
	struct fixture_port port;
	char path[128], args[300];
	FILE *file;

	begin();
	file = file_open("in.pcap", path);
	rewind(file);
	fputs(_i ? "not a pcap file at all, says its first line" : "", file);
	fclose(file);
	if (!_i)
		ck_assert_int_eq(truncate(path, 10), 0);
	/* Nor is one that is not there. */
	if (_i == 2)
		ck_assert_int_eq(unlink(path), 0);
	snprintf(args, sizeof(args), "rx_pcap=%s,tx_pcap=%s.out", path, path);
	port = (struct fixture_port){.vdev = "net_pcap0", .args = args, .pool = pool};
	ck_assert_int_lt(fixture_port_try(&port), 0);
	ck_assert_uint_eq(rte_eth_dev_count_avail(), 0);
	ck_assert_int_eq(gyre_loop_destroy(loop), 0);
	fixture_pool_end(pool);
}
END_TEST

/* From a file, through the graph, to a file. */
START_TEST(a_file_is_copied_by_the_graph)
{
	struct fixture_port port;
	char path[128], args[300];
	struct packet packet;
	unsigned n = 0;
	FILE *file;

	begin();
	file_make("in.pcap", PACKETS, 0, path);
	snprintf(args, sizeof(args), "rx_pcap=%s,tx_pcap=%s.out", path, path);
	port = (struct fixture_port){.vdev = "net_pcap0", .args = args, .pool = pool};
	fixture_port(&port);
	add_rx(&port, "tx");
	add_tx(&port);
	for (int i = 0; i < 100000 && fixture_stats(loop, "tx").kept < PACKETS; i++)
		ck_assert_int_ge(gyre_loop_run(loop, GYRE_RUN_NOWAIT), 0);
	ck_assert_uint_eq(fixture_stats(loop, "rx").items, PACKETS);
	ck_assert_uint_eq(fixture_stats(loop, "tx").kept, PACKETS);
	end(&port);
	strcat(path, ".out");
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	fseek(file, sizeof(struct pcap_file_header), SEEK_SET);
	for (unsigned len; (len = pcap_read(file, &packet, sizeof(packet))); n++) {
		ck_assert_uint_eq(len, packet_len(n));
		ck_assert(packet_is(&packet, n, len));
	}
	fclose(file);
	ck_assert_uint_eq(n, PACKETS);
}
END_TEST

/* --- A ring: what is sent is received --- */

START_TEST(a_ring_returns_what_it_took)
{
	struct fixture_port port = {.vdev = "net_ring0", .args = ""};
	struct gyre_node_id tx;
	struct sink *sink;

	begin();
	port.pool = pool;
	fixture_port(&port);
	add_rx(&port, "sink");
	tx = add_tx(&port);
	sink = sink_add(loop);
	for (unsigned i = 0; i < PACKETS; i += 50) {
		inject(tx, i, 50);
		fixture_turn_until(loop, &sink->received, i + 50, GYRE_SEC(10));
	}
	received_all(sink, PACKETS);
	ck_assert_uint_eq(fixture_stats(loop, "tx").kept, PACKETS);
	end(&port);
}
END_TEST

START_TEST(a_full_ring_drops_and_counts)
{
	struct fixture_port port = {.vdev = "net_ring0", .args = ""};
	uint64_t kept, full;
	struct gyre_node_id tx;
	struct sink *sink;

	begin();
	port.pool = pool;
	fixture_port(&port);
	tx = add_tx(&port);
	for (unsigned i = 0; i < 3000; i += 50) {
		inject(tx, i, 50);
		gyre_loop_run(loop, GYRE_RUN_NOWAIT);
		gyre_loop_run(loop, GYRE_RUN_NOWAIT);
	}
	kept = fixture_stats(loop, "tx").kept;
	full = fixture_reason(loop, "tx", "tx-full");
	ck_assert_uint_eq(kept + full, 3000);
	ck_assert_uint_gt(full, 0);
	ck_assert_uint_eq(rte_mempool_in_use_count(pool), kept);
	/* The first that fitted are the ones that come out. */
	add_rx(&port, "sink");
	sink = sink_add(loop);
	fixture_turn_until(loop, &sink->received, kept, GYRE_SEC(10));
	received_all(sink, kept);
	end(&port);
}
END_TEST

/* --- Devices with the kernel at their other end: a raw socket there sends and receives --- */

static int socket_open(const char *interface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
		.sll_protocol = htons(PACKET_TYPE),
		.sll_ifindex = if_nametoindex(interface)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(PACKET_TYPE));
	int size = 8 << 20;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(address.sll_ifindex, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

static void socket_send(int fd, uint32_t first, unsigned n)
{
	struct packet packet;

	for (uint32_t i = first; i < first + n; i++) {
		unsigned len = packet_make(&packet, i, packet_len(i));

		ck_assert_int_eq(send(fd, &packet, len, 0), (int)len);
	}
}

static void socket_receive(int fd, uint32_t first, unsigned n)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	struct packet packet;

	for (uint32_t i = first; i < first + n; i++) {
		ck_assert_int_eq(poll(&ready, 1, 2000), 1);
		ck_assert_int_eq(recv(fd, &packet, sizeof(packet), 0), (int)packet_len(i));
		ck_assert(packet_is(&packet, i, packet_len(i)));
	}
}

static void quiet(const char *interface)
{
	char path[64];

	snprintf(path, sizeof(path), "net.ipv6.conf.%s.disable_ipv6=1", interface);
	fixture_run("sysctl", "-qw", path, NULL);
	fixture_must("ip", "link", "set", interface, "up", NULL);
}

/* Both ways, in batches that the device's queues hold. */
static void exchange(struct fixture_port *port, const char *peer)
{
	struct gyre_node_id tx;
	struct sink *sink;
	int fd;

	add_rx(port, "sink");
	tx = add_tx(port);
	sink = sink_add(loop);
	fd = socket_open(peer);
	for (unsigned i = 0; i < PACKETS; i += 50) {
		socket_send(fd, i, 50);
		fixture_turn_until(loop, &sink->received, i + 50, GYRE_SEC(10));
		inject(tx, i, 50);
		fixture_turn(loop, GYRE_USEC(200));
		socket_receive(fd, i, 50);
	}
	received_all(sink, PACKETS);
	ck_assert_uint_eq(fixture_stats(loop, "tx").kept, PACKETS);
	ck_assert_uint_eq(fixture_stats(loop, "tx").dropped, 0);
	close(fd);
}

START_TEST(af_packet_over_veth_loses_nothing)
{
	struct fixture_port port = {.vdev = "net_af_packet0", .args = "iface=va"};

	fixture_namespace();
	fixture_must("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb", NULL);
	quiet("va");
	quiet("vb");
	begin();
	port.pool = pool;
	fixture_port(&port);
	exchange(&port, "vb");
	end(&port);
}
END_TEST

START_TEST(tap_loses_nothing)
{
	struct fixture_port port = {.vdev = "net_tap0", .args = "iface=dtap0"};

	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		gyre_test_skip("no /dev/net/tun");
	fixture_namespace();
	begin();
	port.pool = pool;
	fixture_port(&port);
	quiet("dtap0");
	exchange(&port, "dtap0");
	end(&port);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("vdev");
	TCase *tcase = tcase_create("vdev");

	tcase_add_test(tcase, a_file_is_read_to_its_end);
	tcase_add_test(tcase, packets_of_many_segments_are_whole);
	tcase_add_test(tcase, a_truncated_file_gives_its_whole_packets);
	tcase_add_test(tcase, a_corrupt_packet_ends_the_file);
	tcase_add_loop_test(tcase, a_corrupt_file_is_no_port, 0, 3);
	tcase_add_test(tcase, a_file_is_copied_by_the_graph);
	tcase_add_test(tcase, a_ring_returns_what_it_took);
	tcase_add_test(tcase, a_full_ring_drops_and_counts);
	tcase_add_test(tcase, af_packet_over_veth_loses_nothing);
	tcase_add_test(tcase, tap_loses_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
