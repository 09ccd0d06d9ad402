/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The laboratory's witness: prints one line for every BFD packet and every probe packet that
 * crosses the given interfaces, with the kernel's own time stamp of it on the clock that the
 * gateway logs by. lab.sh starts it beside the gateway, outside of its namespace, and measure.awk
 * reads it. It calls libc alone. Nothing is inferred here: a line is a packet, in the order of
 * each interface.
 *
 *	SECONDS.NANOSECONDS NAME to|from bfd STATE DIAGNOSTIC
 *	SECONDS.NANOSECONDS NAME to|from probe SEQUENCE
 *
 * "to" is towards the machine behind the interface, "from" is what that machine sent.
 */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINKS_MAX = 8, BFD_PORT = 3784, IP_OFFSET = 14, UDP_SIZE = 8 };

struct link {
	const char *name;
	int fd;
};

/* Unfragmented IPv4 UDP to the BFD port or to the probe's; the stream beside them never leaves the
 * kernel, so that watching costs the gateway nothing. */
static const struct sock_filter wanted[] = {
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 8),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP_OFFSET + 9),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, IP_OFFSET + 6),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, IP_OFFSET),
	BPF_STMT(BPF_LD | BPF_H | BPF_IND, IP_OFFSET + 2),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BFD_PORT, 2, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROBE_PORT, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, 0),
	BPF_STMT(BPF_RET | BPF_K, 256),
};

static int link_open(struct link *link, const char *interface)
{
	const struct sock_fprog program = {
		.len = sizeof(wanted) / sizeof(wanted[0]),
		.filter = (struct sock_filter *)wanted,
	};
	struct sockaddr_ll where = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	int on = 1, bytes = 4 << 20;

	if (where.sll_ifindex == 0)
		return -1;
	link->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (link->fd < 0)
		return -1;
	if (setsockopt(link->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
		setsockopt(link->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
		setsockopt(link->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) < 0)
		return -1;
	return bind(link->fd, (struct sockaddr *)&where, sizeof(where));
}

static void print_bfd(const unsigned char *payload, size_t size)
{
	static const char *const states[] = {"AdminDown", "Down", "Init", "Up"};

	if (size < 2)
		printf("bfd short 0\n");
	else
		printf("bfd %s %u\n", states[payload[1] >> 6], payload[0] & 0x1fU);
}

static void print_packet(const unsigned char *frame, size_t size)
{
	size_t udp = IP_OFFSET + (frame[IP_OFFSET] & 0xfU) * 4;
	size_t payload = udp + UDP_SIZE;
	struct probe probe;

	if (size < payload) {
		printf("short 0\n");
	} else if ((frame[udp + 2] << 8 | frame[udp + 3]) == BFD_PORT) {
		print_bfd(frame + payload, size - payload);
	} else if (probe_read(frame + payload, size - payload, &probe) == 0) {
		printf("probe %llu\n", (unsigned long long)probe.sequence);
	} else {
		printf("other %zu\n", size);
	}
}

/* A link that was taken down reports ENETDOWN once and works again when it is back. */
static void link_read(const struct link *link)
{
	unsigned char frame[256], control[128];
	struct sockaddr_ll from;
	struct iovec iov = {.iov_base = frame, .iov_len = sizeof(frame)};
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(link->fd, &message, MSG_DONTWAIT);
	const char *direction;

	if (size < IP_OFFSET + 20)
		return;
	direction = from.sll_pkttype == PACKET_OUTGOING ? "to" : "from";
	probe_print_time(probe_arrival(&message));
	printf(" %s %s ", link->name, direction);
	print_packet(frame, (size_t)size);
}

/* Never returns: whoever started it ends it by a signal. */
static int watch(const struct link *links, nfds_t count)
{
	struct pollfd fds[LINKS_MAX];

	for (nfds_t i = 0; i < count; i++)
		fds[i] = (struct pollfd){.fd = links[i].fd, .events = POLLIN};
	for (;;) {
		if (poll(fds, count, -1) < 0 && errno != EINTR)
			return 1;
		for (nfds_t i = 0; i < count; i++)
			if (fds[i].revents != 0)
				link_read(&links[i]);
	}
}

int main(int argc, char **argv)
{
	struct link links[LINKS_MAX];
	nfds_t count = 0;

	if (argc < 2 || argc > LINKS_MAX + 1) {
		fprintf(stderr, "usage: watch NAME=INTERFACE...\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		char *interface = strchr(argv[i], '=');

		if (interface == NULL)
			return 2;
		*interface++ = '\0';
		links[count].name = argv[i];
		if (link_open(&links[count++], interface) < 0) {
			fprintf(stderr, "watch: %s: %s\n", interface, strerror(errno));
			return 1;
		}
	}
	return watch(links, count);
}
