/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel says of one interface: a rtnetlink socket (rtnetlink(7)). Owns the socket. Called
 * by link.c, calls the kernel. Invariant: when messages were lost (ENOBUFS) the state is asked for
 * anew, so that the last word heard is the kernel's last word. It is not asked periodically: the
 * answer needs the kernel's RTNL lock, for which the loop would wait whenever somebody holds it.
 */
#include "dpdk/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#define READ_BUDGET 64

int gyre__netlink_open(struct gyre__netlink *netlink, int if_index, struct gyre_error *error)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	int err;

	netlink->if_index = if_index;
	netlink->seq = 0;
	netlink->lost = false;
	netlink->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (netlink->fd < 0)
		return gyre__error_set(error, -errno, "rtnetlink: socket: %s", strerror(errno));
	if (bind(netlink->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err = -errno;
	else
		err = gyre__netlink_ask(netlink);
	if (err == 0)
		return 0;
	gyre__netlink_close(netlink);
	return gyre__error_set(error, err, "rtnetlink: interface %d: %s", if_index, strerror(-err));
}

void gyre__netlink_close(struct gyre__netlink *netlink)
{
	if (netlink->fd >= 0)
		close(netlink->fd);
	netlink->fd = -1;
}

int gyre__netlink_ask(struct gyre__netlink *netlink)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			.nlmsg_type = RTM_GETLINK,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_seq = ++netlink->seq},
		.info = {.ifi_family = AF_UNSPEC, .ifi_index = netlink->if_index},
	};
	ssize_t sent;

	do
		sent = send(netlink->fd, &request, sizeof(request), 0);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* Whether the message is about the interface; if so *ret_up. Only AF_UNSPEC counts: a bridge says
 * RTM_DELLINK, with the interface's index, when the interface leaves it. */
static bool message_parse(const struct gyre__netlink *netlink, const struct nlmsghdr *header,
	size_t len, bool *ret_up)
{
	const struct nlmsgerr *failure = NLMSG_DATA(header);
	const struct ifinfomsg *info = NLMSG_DATA(header);
	bool runs;

	if (header->nlmsg_type == NLMSG_ERROR) {
		if (len < NLMSG_LENGTH(sizeof(*failure)) || header->nlmsg_seq != netlink->seq ||
			failure->error != -ENODEV)
			return false;
		*ret_up = false;
		return true;
	}
	if (header->nlmsg_type != RTM_NEWLINK && header->nlmsg_type != RTM_DELLINK)
		return false;
	if (len < NLMSG_LENGTH(sizeof(*info)) || info->ifi_family != AF_UNSPEC ||
		info->ifi_index != netlink->if_index)
		return false;
	runs = (info->ifi_flags & IFF_UP) && (info->ifi_flags & IFF_RUNNING);
	*ret_up = header->nlmsg_type == RTM_NEWLINK && runs;
	return true;
}

/* A message longer than what was read is looked at as far as it goes: flags come first. */
static int datagram_parse(const struct gyre__netlink *netlink, const char *data, size_t size,
	gyre__netlink_fn *fn, void *arg)
{
	const struct nlmsghdr *header;
	size_t len;
	bool up;
	int count = 0;

	while (size >= sizeof(*header)) {
		header = (const struct nlmsghdr *)data;
		if (header->nlmsg_len < sizeof(*header))
			break;
		len = header->nlmsg_len < size ? header->nlmsg_len : size;
		if (message_parse(netlink, header, len, &up)) {
			fn(arg, up);
			count++;
		}
		if (NLMSG_ALIGN(header->nlmsg_len) >= size)
			break;
		data += NLMSG_ALIGN(header->nlmsg_len);
		size -= NLMSG_ALIGN(header->nlmsg_len);
	}
	return count;
}

/* Returns the size of one datagram of the kernel's; 0: try again; a negative errno. After an
 * overrun it asks only when the queue is empty: before, the answer would find no room either. */
static ssize_t datagram_read(struct gyre__netlink *netlink, void *data, size_t size)
{
	struct sockaddr_nl from = {0};
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(netlink->fd, data, size, 0, (struct sockaddr *)&from, &from_len);

	if (n >= 0)
		return from.nl_pid == 0 ? n : 0;
	if (errno == EINTR)
		return 0;
	if (errno == ENOBUFS) {
		netlink->lost = true;
		return 0;
	}
	if (errno == EAGAIN && netlink->lost && gyre__netlink_ask(netlink) == 0) {
		netlink->lost = false;
		return 0;
	}
	return -errno;
}

int gyre__netlink_read(struct gyre__netlink *netlink, gyre__netlink_fn *fn, void *arg)
{
	_Alignas(struct nlmsghdr) char data[4096];
	int count = 0;
	ssize_t n;

	for (int i = 0; i < READ_BUDGET; i++) {
		n = datagram_read(netlink, data, sizeof(data));
		if (n == -EAGAIN)
			break;
		if (n < 0)
			return n;
		count += datagram_parse(netlink, data, n, fn, arg);
	}
	return count;
}
