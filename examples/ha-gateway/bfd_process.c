/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process for each uplink that runs its BFD session: packets come from mailbox bfd-<i>, leave by
 * way of ip4-rewrite, and time is the session's deadline. checks.c starts it; it calls bfd.c and
 * failover_say(). It guards that silence counts only when it was listened to: before a session is
 * declared down the inputs are polled until all that had arrived by its deadline was looked at.
 */
#include "checks.h"
#include "log.h"

#include <rte_ip.h>
#include <rte_random.h>
#include <rte_udp.h>
#include <stdio.h>
#include <string.h>

#define EVENT_MAIL GYRE_EVENT(0)

enum {
	MAILBOX_MAX = 256,
	TAKE_MAX = 32,
	RECEIVE_QUEUE_MAX = 1024, /* packets that may wait in a driver: af_packet 512, tap 1000 */
	DATAGRAM_MAX = 1024, /* far more than BFD's length field can say */
	CLASS_CS6 = 48 << 2, /* network control */
};

struct frame {
	struct rte_ether_hdr ether; /* ip4-rewrite's */
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	uint8_t bfd[BFD_PACKET_SIZE];
} __attribute__((packed, aligned(2)));

static const struct interface *interface_of(const struct bfd_check *check)
{
	return uplink_interface(check->gateway, check->uplink);
}

/* --- What comes --- */

/* Over the UDP length, which may end before the IP packet does. The datagram is contiguous: DPDK
 * 22.11's rte_raw_cksum_mbuf() loses carries where a segment ends at an odd byte. */
static bool checksum_is_right(const struct rte_ipv4_hdr *ip, const void *datagram, uint32_t len)
{
	const struct {
		rte_be32_t source, destination;
		uint8_t zero, protocol;
		rte_be16_t len;
	} pseudo = {ip->src_addr, ip->dst_addr, 0, IPPROTO_UDP, rte_cpu_to_be_16((uint16_t)len)};
	uint32_t sum =
		(uint32_t)rte_raw_cksum(datagram, len) + rte_raw_cksum(&pseudo, sizeof(pseudo));

	return __rte_raw_cksum_reduce(sum) == 0xffff;
}

/* The whole of the UDP datagram in a packet, contiguous; NULL when it is not whole, or too long to
 * be BFD's. */
static const struct rte_udp_hdr *udp_read(
	const struct rte_mbuf *mbuf, uint32_t at, uint8_t scratch[DATAGRAM_MAX], uint32_t *ret_len)
{
	const struct rte_udp_hdr *udp = gyre_dpdk_read(mbuf, at, sizeof(*udp), scratch);

	*ret_len = udp == NULL ? 0 : rte_be_to_cpu_16(udp->dgram_len);
	if (*ret_len < sizeof(*udp) || *ret_len > DATAGRAM_MAX)
		return NULL;
	return gyre_dpdk_read(mbuf, at, *ret_len, scratch);
}

/* The datagram in a packet that ip4-local took for BFD's; counts what is none. */
static bool datagram_read(struct bfd_check *check, const struct rte_mbuf *mbuf,
	uint8_t scratch[DATAGRAM_MAX], struct bfd_datagram *ret_datagram)
{
	struct rte_ipv4_hdr ip_scratch;
	const struct rte_ipv4_hdr *ip =
		gyre_dpdk_read(mbuf, RTE_ETHER_HDR_LEN, sizeof(*ip), &ip_scratch);
	const struct rte_udp_hdr *udp = NULL;
	uint32_t len;

	if (ip != NULL)
		udp = udp_read(mbuf, RTE_ETHER_HDR_LEN + rte_ipv4_hdr_len(ip), scratch, &len);
	if (udp == NULL) {
		check->malformed++;
		return false;
	}
	if (udp->dgram_cksum != 0 && !checksum_is_right(ip, udp, len)) {
		check->checksum++;
		return false;
	}
	if (rte_be_to_cpu_32(ip->src_addr) != interface_of(check)->gateway ||
		rte_be_to_cpu_32(ip->dst_addr) != interface_of(check)->address) {
		check->foreign++;
		return false;
	}
	ret_datagram->payload = (const uint8_t *)(udp + 1);
	ret_datagram->len = len - sizeof(*udp);
	ret_datagram->ttl = ip->time_to_live;
	ret_datagram->dest_port = rte_be_to_cpu_16(udp->dst_port);
	return true;
}

/* The route first, the log after it. */
static void act(struct bfd_check *check, const struct bfd_change *change)
{
	const char *why = bfd_diag_name(change->diag);

	if (change->events & BFD_EVENT_UP)
		failover_say(check->gateway, check->uplink, CHECK_BFD, FAILOVER_UP, why);
	if (change->events & BFD_EVENT_DOWN)
		failover_say(check->gateway, check->uplink, CHECK_BFD, FAILOVER_DOWN, why);
	if (change->events & BFD_EVENT_REMOTE_ADMIN_DOWN)
		failover_say(check->gateway, check->uplink, CHECK_BFD, FAILOVER_ABSTAIN,
			"the peer is administratively down");
	if (change->events & BFD_EVENT_STATE)
		log_event("%s bfd %s -> %s (%s)", interface_of(check)->name,
			bfd_state_name(change->from), bfd_state_name(change->to), why);
}

/* By a fresh clock: the loop may have been held up between reading its time and its polls, and what
 * came meanwhile must not count as older than it is. */
static void hear(struct bfd_check *check)
{
	struct gyre_loop *loop = check->gateway->loop;
	uint8_t scratch[DATAGRAM_MAX] __attribute__((aligned(2)));
	struct rte_mbuf *mbufs[TAKE_MAX];
	struct bfd_datagram datagram;
	struct bfd_change change;
	int n;

	while ((n = gyre_mailbox_take(loop, check->mailbox, (void **)mbufs, TAKE_MAX)) > 0) {
		check->taken += (unsigned)n;
		check->gateway->account.ended += (unsigned)n;
		for (int i = 0; i < n; i++) {
			if (datagram_read(check, mbufs[i], scratch, &datagram)) {
				bfd_session_receive(
					&check->session, &datagram, gyre_loop_clock(loop), &change);
				act(check, &change);
			}
			rte_pktmbuf_free(mbufs[i]);
		}
	}
}

/* --- What goes --- */

static void frame_fill(
	const struct bfd_check *check, const uint8_t bytes[BFD_PACKET_SIZE], struct frame *frame)
{
	const struct interface *interface = interface_of(check);

	memset(&frame->ether, 0, sizeof(frame->ether));
	frame->ether.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	frame->ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.type_of_service = CLASS_CS6,
		.total_length = rte_cpu_to_be_16(sizeof(*frame) - sizeof(frame->ether)),
		.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = BFD_TTL,
		.next_proto_id = IPPROTO_UDP,
		.src_addr = rte_cpu_to_be_32(interface->address),
		.dst_addr = rte_cpu_to_be_32(interface->gateway),
	};
	frame->udp = (struct rte_udp_hdr){
		.src_port = rte_cpu_to_be_16((uint16_t)(BFD_SOURCE_PORT_MIN + check->uplink)),
		.dst_port = RTE_BE16(BFD_UDP_PORT),
		.dgram_len = rte_cpu_to_be_16(sizeof(frame->udp) + BFD_PACKET_SIZE),
	};
	memcpy(frame->bfd, bytes, BFD_PACKET_SIZE);
	frame->ip.hdr_checksum = rte_ipv4_cksum(&frame->ip);
	frame->udp.dgram_cksum = rte_ipv4_udptcp_cksum(&frame->ip, &frame->udp);
}

/* The router's address is resolved on the way, if it must be. */
static void transmit(struct bfd_check *check, const uint8_t bytes[BFD_PACKET_SIZE])
{
	struct gateway *gateway = check->gateway;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(gateway->pool);

	if (mbuf == NULL) {
		check->unsent++;
		return;
	}
	gateway->account.made++;
	frame_fill(check, bytes, (void *)rte_pktmbuf_append(mbuf, sizeof(struct frame)));
	*packet_meta(mbuf) = (struct packet_meta){
		.next_hop = interface_of(check)->gateway,
		.rx = GATEWAY_NO_INTERFACE,
		.tx = (uint8_t)(1 + check->uplink),
	};
	if (gyre_node_inject(gateway->loop, gateway->ip4_rewrite, (void **)&mbuf, 1) == 1)
		return;
	check->unsent++;
	gateway->account.ended++;
	rte_pktmbuf_free(mbuf);
}

/* --- The process --- */

static void advance(struct bfd_check *check)
{
	uint64_t now = gyre_loop_clock(check->gateway->loop);
	uint8_t bytes[BFD_PACKET_SIZE];
	struct bfd_change change;
	size_t len;

	do {
		len = bfd_session_advance(&check->session, now, check->drained_at, bytes, &change);
		act(check, &change);
		if (len != 0)
			transmit(check, bytes);
	} while (len != 0);
}

/* The turn that woke us polled its inputs after its time was read, but a poll takes only a burst:
 * what came before that time may still wait behind others in the receive queue. */
static int drain(struct gyre_process *self, struct bfd_check *check)
{
	uint64_t woken = gyre_loop_now(check->gateway->loop);

	for (unsigned i = 0; i < check->drain_turns; i++) {
		if (gyre_process_yield(self) < 0)
			return -ECANCELED;
		hear(check);
	}
	check->drained_at = woken;
	advance(check);
	return 0;
}

static int bfd_process(struct gyre_process *self, void *arg)
{
	struct bfd_check *check = arg;
	const struct bfd_session *session = &check->session;
	uint32_t events;

	while (gyre_process_wait(self, EVENT_MAIL, bfd_session_deadline(session), &events) !=
		-ECANCELED) {
		hear(check);
		advance(check);
		if (bfd_session_deadline(session) <= gyre_loop_now(check->gateway->loop) &&
			drain(self, check) < 0)
			break;
	}
	return 0;
}

void bfd_check_flush(struct bfd_check *check)
{
	struct rte_mbuf *mbufs[TAKE_MAX];
	int n;

	while ((n = gyre_mailbox_take(
			check->gateway->loop, check->mailbox, (void **)mbufs, TAKE_MAX)) > 0) {
		check->taken += (unsigned)n;
		check->gateway->account.ended += (unsigned)n;
		rte_pktmbuf_free_bulk(mbufs, (unsigned)n);
	}
}

static int session_init(struct bfd_check *check, const struct options *options)
{
	const struct bfd_config config = {
		.local_discriminator = ((uint32_t)rte_rand() & ~0xfU) | (1 + check->uplink),
		.desired_min_tx_nsec = options->bfd_interval_nsec,
		.required_min_rx_nsec = options->bfd_interval_nsec,
		.detect_mult = options->bfd_multiplier,
		.seed = rte_rand(),
	};
	const char *why;

	if (bfd_session_init(
		    &check->session, &config, gyre_loop_clock(check->gateway->loop), &why) == 0)
		return 0;
	log_fault("%s: BFD: %s", interface_of(check)->name, why);
	return -EINVAL;
}

int bfd_check_start(struct bfd_check *check, struct gateway *gateway, unsigned uplink,
	const struct options *options)
{
	struct gyre_process_options process = GYRE_PROCESS_OPTIONS_INIT;
	struct gyre_error error = {.text = ""};
	char node[32], name[32];
	int err;

	check->gateway = gateway;
	check->uplink = uplink;
	check->drain_turns = 1 + RECEIVE_QUEUE_MAX / options->vector;
	if (session_init(check, options) < 0)
		return -EINVAL;
	snprintf(node, sizeof(node), "bfd-%u", 1 + uplink);
	snprintf(name, sizeof(name), "bfd-%s", interface_of(check)->name);
	process.name = name;
	process.joinable = true;
	process.error = &error;
	err = gyre_mailbox_add(gateway->loop, node, MAILBOX_MAX, &error, &check->mailbox);
	if (err == 0)
		err = gyre_process_spawn(
			gateway->loop, bfd_process, check, &process, &check->process);
	if (err == 0)
		err = gyre_mailbox_serve(gateway->loop, check->mailbox, check->process, EVENT_MAIL);
	if (err < 0)
		log_fault("%s: %s", name, error.text[0] != '\0' ? error.text : strerror(-err));
	return err;
}
