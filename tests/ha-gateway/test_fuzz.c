/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random and mutated packets through all of the gateway's nodes with the ARP process beside them,
 * time passing and routes moving: nothing is lost, nothing is sent that is not sound, and every
 * mbuf is back at the end. The same for the same seed: GYRE_TEST_SEED, printed on failure.
 */
#include "tests/ha-gateway/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 4000

static struct rig rig;
static uint64_t random_state;

static uint32_t random_next(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 24) % below;
}

static uint32_t random_address(void)
{
	static const uint32_t addresses[] = {RIG_INSIDE, RIG_HOST, RIG_HOST + 1, RIG_HOST | 255,
		RIG_UPLINK0, RIG_ROUTER0, RIG_UPLINK1, RIG_ROUTER1, RIG_FAR, 0, UINT32_MAX,
		0x7f000001, 0xe0000001};

	if (random_next(8) == 0)
		return random_next(UINT32_MAX);
	return addresses[random_next(RTE_DIM(addresses))];
}

static void random_arp(struct frame *frame, unsigned interface)
{
	frame_arp(frame, &(struct frame_arp){
				 .to = random_next(2) ? rig_mac[interface] : NULL,
				 .mac = rig_peer_mac[interface],
				 .operation = 1 + random_next(2),
				 .sender = random_address(),
				 .target = random_address(),
			 });
}

static void random_ip4(struct frame *frame, unsigned interface)
{
	static const uint8_t options[40] = {1, 7, 7, 4, 1, 2, 3, 4, 148, 4, 0, 0};
	struct frame_ip4 with = {
		.to = rig_mac[interface],
		.from = rig_peer_mac[interface],
		.source = random_next(3) ? RIG_HOST : random_address(),
		.destination = random_address(),
		.ttl = random_next(4) ? 64 : random_next(3),
		.fragment = random_next(8) ? 0 : random_next(65536),
		.options = options,
		.options_len = random_next(8) ? 0 : 4 * random_next(11),
		.protocol = random_next(8) ? 6 : random_next(256),
		.payload = random_next(4) ? random_next(64) : random_next(1800),
	};

	switch (random_next(4)) {
	case 0:
		frame_udp(frame, &with, random_next(2) ? 3784 : random_next(65536));
		break;
	case 1:
		frame_icmp(frame, &with, random_next(2) ? 8 : random_next(256), random_next(3) / 2);
		break;
	default:
		frame_ip4(frame, &with);
	}
}

/* Flips, cuts, pads; sometimes with checksums put right, to get further in. */
static void mutate(struct frame *frame)
{
	for (unsigned n = random_next(4); n > 0; n--)
		frame->bytes[random_next(RTE_MIN(frame->len, 80u))] = random_next(256);
	if (random_next(8) == 0)
		frame->len = random_next(frame->len + 1);
	else if (random_next(8) == 0)
		frame->len += random_next(100);
	if (random_next(4) == 0 && (frame->bytes[AT_IP] & 15) >= 5 && frame->len >= 74)
		frame_ip4_seal(frame);
}

static struct rte_mbuf *random_mbuf(void)
{
	unsigned interface = random_next(RIG_INTERFACES);
	struct frame frame;

	memset(&frame, 0, sizeof(frame));
	switch (random_next(8)) {
	case 0:
		frame.len = random_next(2000);
		for (unsigned i = 0; i < frame.len; i++)
			frame.bytes[i] = random_next(256);
		break;
	case 1:
	case 2:
		random_arp(&frame, interface);
		break;
	default:
		random_ip4(&frame, interface);
	}
	if (frame.len > 0 && random_next(2))
		mutate(&frame);
	if (random_next(16) == 0)
		return rig_mbuf_crumbs(&rig, interface, &frame, random_next(20));
	if (random_next(2))
		return rig_mbuf_split(
			&rig, interface, &frame, random_next(RTE_MIN(frame.len, 1800u) + 1));
	return rig_mbuf(&rig, interface, &frame);
}

/* What leaves is framed by us, and if IPv4, sound, within the MTU, and not dead. */
static void check_sent(unsigned interface)
{
	char name[16];
	struct frame frame;

	snprintf(name, sizeof(name), "tx-%u", interface);
	for (unsigned i = 0; i < rig_got(&rig, name); i++) {
		rig_get(&rig, name, i, &frame);
		ck_assert_mem_eq(frame.bytes + 6, rig_mac[interface], 6);
		if (frame_get16(&frame, AT_TYPE) == 0x0806) {
			ck_assert_uint_eq(frame.len, 42);
			continue;
		}
		ck_assert_uint_eq(frame_get16(&frame, AT_TYPE), 0x0800);
		ck_assert(frame_ip4_sound(&frame));
		ck_assert_uint_gt(frame.bytes[AT_TTL], 0);
		ck_assert_uint_le(frame.len, 14 + 1500);
	}
}

static void disturb(void)
{
	struct next_hop *route = &rig.gateway.next_hops[NEXT_HOP_DEFAULT];

	switch (random_next(4)) {
	case 0:
		*route = (struct next_hop){NEXT_HOP_FORWARD, 1, RIG_ROUTER0};
		break;
	case 1:
		*route = (struct next_hop){NEXT_HOP_FORWARD, 2, RIG_ROUTER1};
		break;
	case 2:
		route->kind = NEXT_HOP_UNREACHABLE;
		break;
	default:
		rig_wait(&rig, random_next(2) ? GYRE_MSEC(random_next(5000)) : GYRE_SEC(40));
	}
}

static void one_round(void)
{
	struct rte_mbuf *mbufs[16];
	unsigned n = 0;

	/* 20 segments at most, 2 for a long one. Sometimes the pool runs dry within the nodes. */
	while (n < RTE_DIM(mbufs) && rte_mempool_avail_count(rig.gateway.pool) > 40)
		mbufs[n++] = random_mbuf();
	if (n > 0)
		rig_send_n(&rig, "ethernet-input", mbufs, n);
	for (unsigned i = 0; i < RIG_INTERFACES; i++)
		check_sent(i);
	rig_release(&rig);
	if (random_next(8) == 0)
		disturb();
}

static uint64_t seed_of(unsigned loop)
{
	const char *text = getenv("GYRE_TEST_SEED");

	return text ? strtoull(text, NULL, 10) : 88172645463325252u + loop;
}

START_TEST(nothing_is_lost)
{
	struct arp_table_stats stats;

	random_state = seed_of(_i);
	printf("GYRE_TEST_SEED=%llu\n", (unsigned long long)random_state);
	rig_begin(&rig);
	rig_all(&rig);
	rig.gateway.arp_refresh = _i % 2;
	ck_assert_int_eq(gyre_process_spawn(rig.gateway.loop, arp_process, &rig.gateway, NULL,
				 &rig.gateway.arp_process),
		0);
	for (unsigned i = 0; i < ROUNDS; i++)
		one_round();
	/* It did go everywhere. */
	arp_table_stats_get(rig.gateway.arp, &stats);
	ck_assert_uint_gt(stats.learned, 10);
	ck_assert_uint_gt(stats.given_up, 10);
	ck_assert_uint_gt(rig.gateway.account.made, 1000);
	ck_assert_uint_gt(rig_reason(&rig, "ip4-input", "checksum"), 100);
	ck_assert_uint_gt(rig_reason(&rig, "ip4-lookup", "ttl-expired"), 100);
	ck_assert_int_eq(gyre_process_cancel(rig.gateway.arp_process), 0);
	rig_end(&rig);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("fuzz");
	TCase *tcase = tcase_create("packets");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, nothing_is_lost, 0, 4);
	suite_add_tcase(suite, tcase);
	return suite;
}
