/* SPDX-License-Identifier: Apache-2.0 */
/* The whole program on pcap files: what it sends, compared by bytes; what it says; how it ends. */
#include "program.h"
#include "harness.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define INSIDE_HOST  0xc6336402 /* 198.51.100.2 */
#define INSIDE_GW    0xc6336401
#define UPLINK_GW    0xc0000202 /* 192.0.2.2 */
#define UPLINK_PEER  0xc0000201
#define FAR_HOST     0xcb007101 /* 203.0.113.1 */
#define UNKNOWN_HOST 0xc633644d /* 198.51.100.77 */

/* Requests at the beginning of each file: more than the gateway reads at once, so that who asks is
 * known before what follows is read. */
enum { WARM_UP = 600, INSIDE = 0, UPLINK = 1 };
enum { ETHER = 14, IP = 20 };

static struct program program;

static struct flow flow_of(unsigned port, uint32_t from, uint32_t to)
{
	struct flow flow = {.from = from, .to = to, .ttl = 64};

	frame_host_mac(flow.from_mac, port);
	frame_port_mac(flow.to_mac, port);
	return flow;
}

/* What the gateway itself sends on a port. */
static struct flow flow_back(unsigned port, uint32_t from, uint32_t to)
{
	struct flow flow = {.from = from, .to = to, .ttl = 64};

	frame_port_mac(flow.from_mac, port);
	frame_host_mac(flow.to_mac, port);
	return flow;
}

static void add_requests(unsigned port, uint32_t from, uint32_t to, unsigned count)
{
	struct flow flow = flow_of(port, from, to);
	struct frame frame;

	memset(flow.to_mac, 0xff, 6);
	frame_arp(&frame, &flow, 1);
	for (unsigned i = 0; i < count; i++)
		program_add(&program, port, &frame);
}

static void warm_up(void)
{
	add_requests(INSIDE, INSIDE_HOST, INSIDE_GW, WARM_UP);
	add_requests(UPLINK, UPLINK_PEER, UPLINK_GW, WARM_UP);
}

static void setup(void)
{
	program_prepare(&program);
}

static void teardown(void)
{
	program_remove(&program);
}

static void assert_same(const struct frame *frame, const struct frame *wanted, const char *what)
{
	ck_assert_msg(
		frame->len == wanted->len, "%s: %zu bytes, not %zu", what, frame->len, wanted->len);
	for (size_t i = 0; i < wanted->len; i++)
		ck_assert_msg(frame->bytes[i] == wanted->bytes[i], "%s: byte %zu is %#x, not %#x",
			what, i, frame->bytes[i], wanted->bytes[i]);
}

static void assert_sent(
	unsigned port, enum sent kind, size_t index, const struct frame *wanted, const char *what)
{
	struct frame frame;

	ck_assert_msg(program_sent(&program, port, kind, index, &frame), "%s: not sent", what);
	assert_same(&frame, wanted, what);
}

/* --- Forwarding --- */

static const size_t payloads[] = {0, 1, 18, 19, 300, 1471, 1472};
enum { PAYLOADS = sizeof(payloads) / sizeof(*payloads) };

static void make_datagram(struct frame *frame, unsigned port, unsigned i)
{
	const struct flow flow = port == INSIDE ? flow_of(port, INSIDE_HOST, FAR_HOST)
						: flow_of(port, FAR_HOST, INSIDE_HOST);

	frame_udp(frame, &flow, 5000, payloads[i % PAYLOADS], (uint8_t)i);
}

static void assert_forwarded(unsigned to, unsigned count)
{
	uint8_t port_mac[6], host_mac[6];
	struct frame wanted;

	frame_port_mac(port_mac, to);
	frame_host_mac(host_mac, to);
	for (unsigned i = 0; i < count; i++) {
		make_datagram(&wanted, to == INSIDE ? UPLINK : INSIDE, i);
		frame_forward(&wanted, port_mac, host_mac);
		assert_sent(to, SENT_IP, i, &wanted, "forwarded");
	}
	ck_assert_uint_eq(program_count_sent(&program, to, SENT_IP), count);
}

static const char *const forward_options[] = {
	"--no-bfd", "--no-bfd --vector=1", "--no-bfd --vector=7", "--no-bfd --vector=256"};

/* Both ways, in order, nothing changed but what a router changes. */
START_TEST(test_forward)
{
	enum { COUNT = 140 };
	struct frame frame;

	warm_up();
	for (unsigned i = 0; i < COUNT; i++) {
		make_datagram(&frame, INSIDE, i);
		program_add(&program, INSIDE, &frame);
		make_datagram(&frame, UPLINK, i);
		program_add(&program, UPLINK, &frame);
	}
	program_start(&program, forward_options[_i], NULL);
	program_wait_sent(&program, UPLINK, SENT_IP, COUNT);
	program_wait_sent(&program, INSIDE, SENT_IP, COUNT);
	program_end(&program, SIGINT);
	program_is_clean(&program);
	assert_forwarded(UPLINK, COUNT);
	assert_forwarded(INSIDE, COUNT);
	ck_assert_uint_eq(program_count_sent(&program, 2, SENT_IP), 0);
	program_said(&program, "route none -> uplink0");
}
END_TEST

/* --- What the gateway says itself --- */

START_TEST(test_arp)
{
	const struct flow reply = flow_back(INSIDE, INSIDE_GW, INSIDE_HOST);
	struct frame frame, wanted;

	add_requests(INSIDE, INSIDE_HOST, INSIDE_GW, 3);
	add_requests(INSIDE, INSIDE_HOST, UNKNOWN_HOST, 1);
	program_start(&program, "--no-bfd", NULL);
	program_wait_sent(&program, INSIDE, SENT_ARP_REPLY, 3);
	program_end(&program, SIGINT);
	program_is_clean(&program);
	ck_assert_uint_eq(program_count_sent(&program, INSIDE, SENT_ARP_REPLY), 3);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert(program_sent(&program, INSIDE, SENT_ARP_REPLY, i, &frame));
		frame_arp(&wanted, &reply, 2);
		/* Padding is the driver's or ours. */
		wanted.len = frame.len == 42 ? 42 : 60;
		assert_same(&frame, &wanted, "ARP reply");
	}
}
END_TEST

START_TEST(test_arp_request)
{
	const struct flow from_far = flow_of(UPLINK, FAR_HOST, UNKNOWN_HOST);
	struct flow request = flow_back(INSIDE, INSIDE_GW, UNKNOWN_HOST);
	struct frame frame, wanted;

	frame_udp(&frame, &from_far, 5000, 20, 0);
	program_add(&program, UPLINK, &frame);
	memset(request.to_mac, 0xff, 6);
	frame_arp(&wanted, &request, 1);
	program_start(&program, "--no-bfd", NULL);
	program_wait_sent(&program, INSIDE, SENT_ARP_REQUEST, 1);
	program_end(&program, SIGINT);
	program_is_clean(&program);
	ck_assert(program_sent(&program, INSIDE, SENT_ARP_REQUEST, 0, &frame));
	wanted.len = frame.len == 42 ? 42 : 60;
	assert_same(&frame, &wanted, "ARP request");
	ck_assert_uint_eq(program_count_sent(&program, INSIDE, SENT_IP), 0);
}
END_TEST

/* The fields of a packet of its own that the sender is free to choose. */
static void adopt(struct frame *wanted, const struct frame *frame)
{
	unsigned long sum = 0;

	wanted->bytes[ETHER + 1] = frame->bytes[ETHER + 1];
	memcpy(wanted->bytes + ETHER + 4, frame->bytes + ETHER + 4, 5);
	ck_assert_uint_ge(frame->bytes[ETHER + 8], 32);
	memset(wanted->bytes + ETHER + 10, 0, 2);
	for (unsigned i = 0; i < IP; i += 2)
		sum += (unsigned long)wanted->bytes[ETHER + i] << 8 | wanted->bytes[ETHER + i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	wanted->bytes[ETHER + 10] = (uint8_t)(sum >> 8);
	wanted->bytes[ETHER + 11] = (uint8_t)sum;
}

START_TEST(test_echo)
{
	const struct flow to_gw = flow_of(INSIDE, INSIDE_HOST, INSIDE_GW);
	const struct flow back = flow_back(INSIDE, INSIDE_GW, INSIDE_HOST);
	const size_t sizes[] = {0, 1, 56, 1472};
	struct frame frame, wanted;

	warm_up();
	for (unsigned i = 0; i < 4; i++) {
		frame_echo(&frame, &to_gw, false, sizes[i]);
		program_add(&program, INSIDE, &frame);
	}
	program_start(&program, "--no-bfd", NULL);
	program_wait_sent(&program, INSIDE, SENT_IP, 4);
	program_end(&program, SIGINT);
	program_is_clean(&program);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert(program_sent(&program, INSIDE, SENT_IP, i, &frame));
		frame_echo(&wanted, &back, true, sizes[i]);
		adopt(&wanted, &frame);
		assert_same(&frame, &wanted, "echo reply");
	}
}
END_TEST

/* The error about a packet: packets that took different ways may leave in any order. */
static bool find_error(const struct frame *about, struct frame *ret_frame)
{
	for (size_t i = 0; program_sent(&program, INSIDE, SENT_IP, i, ret_frame); i++)
		if (memcmp(ret_frame->bytes + ETHER + IP + 8, about->bytes + ETHER, 4) == 0)
			return true;
	return false;
}

/* From the gateway to the host, about its packet. */
static void check_error(unsigned type, unsigned code, const struct frame *about)
{
	const struct flow back = flow_back(INSIDE, INSIDE_GW, INSIDE_HOST);
	struct frame frame, wanted;
	size_t quoted;

	ck_assert_msg(find_error(about, &frame), "no error about it");
	quoted = frame.len - ETHER - IP - 8;
	ck_assert_uint_ge(quoted, IP + 8);
	ck_assert_uint_le(quoted, about->len - ETHER);
	ck_assert_uint_le(frame.len - ETHER, 576);
	frame_icmp_error(&wanted, &back, type, code, about, quoted);
	adopt(&wanted, &frame);
	assert_same(&frame, &wanted, "ICMP error");
}

START_TEST(test_icmp_errors)
{
	struct flow late = flow_of(INSIDE, INSIDE_HOST, FAR_HOST);
	const struct flow closed = flow_of(INSIDE, INSIDE_HOST, INSIDE_GW);
	struct frame expired, refused, large;

	warm_up();
	late.ttl = 1;
	frame_udp(&expired, &late, 5000, 100, 0);
	program_add(&program, INSIDE, &expired);
	frame_udp(&refused, &closed, 9, 20, 0);
	program_add(&program, INSIDE, &refused);
	frame_udp(&large, &late, 5000, 1400, 0);
	program_add(&program, INSIDE, &large);
	program_start(&program, "--no-bfd", NULL);
	program_wait_sent(&program, INSIDE, SENT_IP, 3);
	program_end(&program, SIGINT);
	program_is_clean(&program);
	check_error(11, 0, &expired);
	check_error(3, 3, &refused);
	check_error(11, 0, &large);
	ck_assert_uint_eq(program_count_sent(&program, INSIDE, SENT_IP), 3);
	ck_assert_uint_eq(program_count_sent(&program, UPLINK, SENT_IP), 0);
}
END_TEST

/* What a session says first, to a router that does not speak BFD. */
START_TEST(test_bfd_packet)
{
	struct frame frame;

	warm_up();
	program_start(&program, "--bfd-interval=10ms --bfd-multiplier=5", NULL);
	program_wait_sent(&program, UPLINK, SENT_IP, 2);
	program_end(&program, SIGINT);
	program_is_clean(&program);
	ck_assert(program_sent(&program, UPLINK, SENT_IP, 0, &frame));
	ck_assert_uint_eq(frame.len, 66);
	ck_assert_uint_eq(frame.bytes[ETHER + 8], 255);
	ck_assert_mem_eq(frame.bytes + ETHER + 12, "\xc0\0\2\2\xc0\0\2\1", 8);
	ck_assert_uint_ge(frame.bytes[ETHER + IP], 0xc0); /* source port */
	ck_assert_mem_eq(frame.bytes + ETHER + IP + 2, "\x0e\xc8\0\x20", 4);
	/* Version 1, no diagnostic; Down; multiplier; length; nobody known; at least a second
	 * until Up. */
	ck_assert_mem_eq(frame.bytes + ETHER + IP + 8, "\x20\x40\5\x18", 4);
	ck_assert_mem_eq(frame.bytes + ETHER + IP + 16, "\0\0\0\0\0\x0f\x42\x40", 8);
	program_said(&program, "bfd-uplink1");
}
END_TEST

/* --- What is not to be forwarded --- */

START_TEST(test_broken)
{
	struct frame good, frame;

	warm_up();
	make_datagram(&good, INSIDE, 4);
	frame = good;
	frame.bytes[ETHER + 10] ^= 0x55; /* checksum */
	program_add(&program, INSIDE, &frame);
	frame = good;
	frame.bytes[ETHER] = 0x65; /* version */
	program_add(&program, INSIDE, &frame);
	frame = good;
	frame.bytes[ETHER + 2] = 0x7f; /* total length */
	program_add(&program, INSIDE, &frame);
	frame = good;
	frame.len = ETHER + 12;
	program_add(&program, INSIDE, &frame);
	frame.len = 10;
	program_add(&program, INSIDE, &frame);
	frame = good;
	frame.bytes[0] ^= 0x10; /* another station's */
	program_add(&program, INSIDE, &frame);
	frame = good;
	frame.bytes[12] = 0x86; /* IPv6's ethertype */
	frame.bytes[13] = 0xdd;
	program_add(&program, INSIDE, &frame);
	program_add(&program, INSIDE, &good);
	program_start(&program, "--no-bfd", NULL);
	program_wait_sent(&program, UPLINK, SENT_IP, 1);
	program_end(&program, SIGINT);
	program_is_clean(&program);
	ck_assert_uint_eq(program_count_sent(&program, UPLINK, SENT_IP), 1);
	ck_assert_uint_eq(program_count_sent(&program, INSIDE, SENT_IP), 0);
	program_said(&program, " + dropped 7 + ");
}
END_TEST

/* The packets before the cut are forwarded, the rest is as if it were not there. */
START_TEST(test_truncated_pcap)
{
	enum { COUNT = 5, RECORD = 16 };
	struct frame frame;
	off_t size = 24;

	warm_up();
	size += WARM_UP * (RECORD + 60);
	for (unsigned i = 0; i < COUNT; i++) {
		make_datagram(&frame, INSIDE, i);
		program_add(&program, INSIDE, &frame);
		size += (off_t)(RECORD + frame.len);
	}
	program_truncate(&program, INSIDE, size - 7);
	program_start(&program, "--no-bfd", NULL);
	program_wait_sent(&program, UPLINK, SENT_IP, COUNT - 1);
	program_end(&program, SIGINT);
	program_is_clean(&program);
	assert_forwarded(UPLINK, COUNT - 1);
}
END_TEST

/* --- How it does not start, and how it ends --- */

static void assert_refused(const char *text)
{
	program_end(&program, 0);
	ck_assert(WIFEXITED(program.status));
	ck_assert_int_eq(WEXITSTATUS(program.status), 1);
	program_said(&program, text);
}

START_TEST(test_corrupt_pcap)
{
	program_truncate(&program, UPLINK, 10);
	program_start(&program, NULL, NULL);
	assert_refused("ha-gateway: ");
}
END_TEST

START_TEST(test_no_port)
{
	program_start_with(&program, "--inside=0,198.51.100.1/24 --uplink=7,192.0.2.2/30,192.0.2.1",
		NULL, NULL);
	assert_refused("port '7' does not exist: there are 0 (net_pcap0), 1 (net_pcap1), "
		       "2 (net_pcap2)");
}
END_TEST

START_TEST(test_no_device)
{
	program_start_with(&program,
		"--inside=eth0,198.51.100.1/24 --uplink=1,192.0.2.2/30,192.0.2.1", NULL, NULL);
	assert_refused("port 'eth0' does not exist: there are 0 (net_pcap0)");
}
END_TEST

START_TEST(test_same_port)
{
	program_start_with(&program,
		"--inside=0,198.51.100.1/24 --uplink=net_pcap0,192.0.2.2/30,192.0.2.1", NULL, NULL);
	assert_refused("port 'net_pcap0' of uplink0 is port 0, which inside has already");
}
END_TEST

START_TEST(test_no_memory)
{
	program_start(&program, "--mbufs=1048576", NULL);
	assert_refused("no pool of 1048576 packet buffers: ");
}
END_TEST

START_TEST(test_eal_fault)
{
	program_start(&program, NULL, "--what");
	assert_refused("ha-gateway: EAL");
}
END_TEST

/* SIGUSR1 as often as one likes, SIGTERM for the end. */
START_TEST(test_signals)
{
	program_start(&program, NULL, NULL);
	program_wait_said(&program, "err", "uplink1 link up");
	kill(program.pid, SIGUSR1);
	program_wait_said(&program, "out", "Packets: ");
	ck_assert_ptr_null(strstr(program.out, "Packet buffers: "));
	kill(program.pid, SIGUSR1);
	program_end(&program, SIGTERM);
	program_is_clean(&program);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("program");
	TCase *tcase = tcase_create("program");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_forward, 0, 4);
	tcase_add_test(tcase, test_arp);
	tcase_add_test(tcase, test_arp_request);
	tcase_add_test(tcase, test_echo);
	tcase_add_test(tcase, test_icmp_errors);
	tcase_add_test(tcase, test_bfd_packet);
	tcase_add_test(tcase, test_broken);
	tcase_add_test(tcase, test_truncated_pcap);
	tcase_add_test(tcase, test_corrupt_pcap);
	tcase_add_test(tcase, test_no_port);
	tcase_add_test(tcase, test_no_device);
	tcase_add_test(tcase, test_same_port);
	tcase_add_test(tcase, test_no_memory);
	tcase_add_test(tcase, test_eal_fault);
	tcase_add_test(tcase, test_signals);
	suite_add_tcase(suite, tcase);
	return suite;
}
