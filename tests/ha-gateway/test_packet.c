/* SPDX-License-Identifier: Apache-2.0 */
/*
 * examples/ha-gateway/packet.[ch]: cutting and summing up packets of any segments,
 * incremental checksums against whole ones, addresses of nobody, and a node without its argument.
 */
#include "tests/ha-gateway/rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "examples/ha-gateway/packet.h"

static struct rig rig;

static void setup(void)
{
	rig_begin(&rig);
}

static void teardown(void)
{
	rig_end(&rig);
}

static void cut_and_look(struct rte_mbuf *mbuf, const struct frame *frame, unsigned len)
{
	uint8_t scratch[sizeof(frame->bytes)];
	unsigned segments = 0;

	packet_cut(mbuf, len);
	rte_mbuf_sanity_check(mbuf, 1);
	ck_assert_uint_eq(mbuf->pkt_len, len);
	for (const struct rte_mbuf *segment = mbuf; segment; segment = segment->next) {
		ck_assert(segment == mbuf || segment->data_len > 0);
		segments++;
	}
	ck_assert_uint_eq(mbuf->nb_segs, segments);
	ck_assert_mem_eq(rte_pktmbuf_read(mbuf, 0, len, scratch), frame->bytes, len);
	rte_pktmbuf_free(mbuf);
}

START_TEST(cuts)
{
	struct frame frame = {.len = 60};

	for (unsigned i = 0; i < frame.len; i++)
		frame.bytes[i] = i;
	for (unsigned len = 0; len <= frame.len; len++) {
		cut_and_look(rig_mbuf(&rig, 0, &frame), &frame, len);
		cut_and_look(rig_mbuf_crumbs(&rig, 0, &frame, 60), &frame, len);
		for (unsigned split = 0; split < frame.len; split++)
			cut_and_look(rig_mbuf_split(&rig, 0, &frame, split), &frame, len);
	}
}
END_TEST

START_TEST(sums)
{
	struct frame frame = {.len = 90};

	srand(2);
	for (unsigned i = 0; i < frame.len; i++)
		frame.bytes[i] = rand();
	for (unsigned offset = 0; offset < frame.len; offset++)
		for (unsigned split = 0; split <= 2 * frame.len; split++) {
			struct rte_mbuf *mbuf =
				split <= frame.len
					? rig_mbuf_split(&rig, 0, &frame, split)
					: rig_mbuf_crumbs(&rig, 0, &frame, split - frame.len);
			uint16_t sum = packet_sum(mbuf, offset);

			ck_assert_uint_eq((uint16_t)~rte_be_to_cpu_16(sum),
				frame_checksum(frame.bytes + offset, frame.len - offset, 0));
			rte_pktmbuf_free(mbuf);
		}
}
END_TEST

/* RFC 1624 section 3 and its example; then at random, all words of a header. */
START_TEST(checksum_updates)
{
	struct frame frame = {.len = 20};

	ck_assert_uint_eq(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
	srand(1);
	for (unsigned i = 0; i < 100000; i++) {
		unsigned at = rand() % 9 * 2;
		uint16_t to = rand() % 3 ? rand() : rand() % 2 ? 0xffff : 0, from, sum;

		for (unsigned j = 0; j < 18; j++)
			frame.bytes[j] = rand() % 4 ? rand() : rand() % 2 * 255;
		frame.bytes[0] |= 0x40; /* no header is all zeros */
		from = frame_get16(&frame, at);
		sum = frame_checksum(frame.bytes, 18, 0);
		frame_put16(&frame, at, to);
		frame.bytes[0] |= 0x40;
		to = frame_get16(&frame, at);
		ck_assert_uint_eq(
			checksum_update(sum, from, to), frame_checksum(frame.bytes, 18, 0));
	}
}
END_TEST

/* All sums that a header can have: none is all zeros, whose complement is all ones. */
START_TEST(hops)
{
	for (uint32_t sum = 0; sum < UINT16_MAX; sum++) {
		struct rte_ipv4_hdr ip = {
			.time_to_live = 1 + sum % 255,
			.next_proto_id = sum >> 8,
			.hdr_checksum = (uint16_t)sum,
		};
		struct rte_ipv4_hdr counted = ip;

		ip4_set_ttl(&ip, ip.time_to_live - 1);
		ip4_count_hop(&counted);
		ck_assert_mem_eq(&counted, &ip, sizeof(ip));
	}
}
END_TEST

START_TEST(addresses)
{
	struct interface interface = {.address = RIG_INSIDE, .prefix_len = 24};

	ck_assert(ip4_is_martian(0x00ffffff));
	ck_assert(!ip4_is_martian(0x01000000));
	ck_assert(!ip4_is_martian(0x7effffff));
	ck_assert(ip4_is_martian(0x7f000000));
	ck_assert(!ip4_is_martian(0x80000000));
	ck_assert(!ip4_is_martian(0xdfffffff));
	ck_assert(ip4_is_martian(0xe0000000));
	ck_assert(ip4_is_martian(0xffffffff));
	ck_assert(interface_broadcast(&interface, 0x0a0000ff));
	ck_assert(interface_broadcast(&interface, 0x0a000000));
	ck_assert(!interface_broadcast(&interface, 0x0a0001ff));
	ck_assert(!interface_broadcast(&interface, 0x0a000001));
	interface.prefix_len = 30;
	ck_assert(interface_broadcast(&interface, 0x0a000003));
	ck_assert(!interface_broadcast(&interface, 0x0a0000ff));
	for (interface.prefix_len = 31; interface.prefix_len <= 32; interface.prefix_len++)
		for (uint32_t address = 0x0a000000; address < 0x0a000004; address++)
			ck_assert(!interface_broadcast(&interface, address));
}
END_TEST

START_TEST(nodes_want_their_gateway)
{
	static const struct gyre_node_class *const classes[] = {&ethernet_input_class,
		&arp_input_class, &ip4_input_class, &ip4_lookup_class, &ip4_local_class,
		&ip4_rewrite_class, &icmp_echo_class, &icmp_error_class};
	struct gateway_node_arg empty = {NULL};
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;

	for (unsigned i = 0; i < RTE_DIM(classes); i++) {
		options.arg = NULL;
		ck_assert_int_eq(
			gyre_node_add(rig.gateway.loop, classes[i], "x", &options, NULL), -EINVAL);
		options.arg = &empty;
		ck_assert_int_eq(
			gyre_node_add(rig.gateway.loop, classes[i], "x", &options, NULL), -EINVAL);
	}
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("packet");
	TCase *tcase = tcase_create("packet");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, cuts);
	tcase_add_test(tcase, sums);
	tcase_add_test(tcase, checksum_updates);
	tcase_add_test(tcase, hops);
	tcase_add_test(tcase, addresses);
	tcase_add_test(tcase, nodes_want_their_gateway);
	suite_add_tcase(suite, tcase);
	return suite;
}
