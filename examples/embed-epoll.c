/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A collector of log lines ("<PRI>text", RFC 3164) with a plain epoll loop of its own: clients send
 * lines by UDP, whoever connects by TCP reads who sent how many, a signal ends it, a timer measures
 * the rate. gyre adds two things and leaves the rest as it was: the lines go through a packet
 * graph, and a process checks the link to the server that grave lines are forwarded to.
 *
 *   udp --> classify ==> forward     errors and worse, while the link is up
 *                    ==> archive     everything else
 *
 * The epoll loop sleeps in one place, epoll_host_wait(). It enables the input when its socket is
 * readable; the input disables itself when that is empty: no polling without traffic.
 */
#define _GNU_SOURCE /* recvmmsg(2) */
#include <arpa/inet.h>
#include <errno.h>
#include <gyre.h>
#include <gyre/link.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "epoll-host.h"
#include "fds.h"

enum { LINE_SIZE = 1024, LINES = 1024, BURST = 64, CLIENTS = 256, MISSES = 3 };
enum { EVENT_ANSWER = 1 };
enum { TO_FORWARD, TO_ARCHIVE };

struct collector;

struct line {
	struct line *next; /* of the free ones */
	struct collector *collector;
	size_t size;
	char text[LINE_SIZE];
};

struct client {
	struct sockaddr_in address;
	uint64_t lines;
};

/* What the epoll loop watches: its events point here. */
struct source {
	int fd;
	void (*ready)(struct collector *c);
};

struct collector {
	/* What was there before gyre. */
	int epoll_fd;
	struct source lines, status, signals, timer;
	struct client clients[CLIENTS];
	unsigned n_clients;
	uint64_t received, received_before, rate;
	bool stopping;

	/* What came with it. */
	struct epoll_host host;
	struct gyre_loop *loop;
	struct gyre_node_id udp;
	struct line *memory, *free;
	uint64_t forwarded, archived, dropped;
	int server_fd; /* where grave lines and probes go */
	uint64_t interval; /* between probes, nsec */
	struct gyre_watch answers;
	struct gyre_process_id checker;
	struct gyre_link link;
};

/* --- The packet graph --- */

static void put_back(struct line *line)
{
	line->next = line->collector->free;
	line->collector->free = line;
}

/* What the graph lets go of without an output: drops, and the rest at the end. */
static void release(void *const *items, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct line *line = items[i];

		line->collector->dropped++;
		put_back(line);
	}
}

static struct collector *collector_of(const struct gyre_node *node)
{
	return *(struct collector **)gyre_node_data(node);
}

static int keep_collector(struct gyre_node *node, const void *arg)
{
	*(const void **)gyre_node_data(node) = arg;
	return 0;
}

static void count_client(struct collector *c, const struct sockaddr_in *address)
{
	unsigned i = 0;

	while (i < c->n_clients &&
		(c->clients[i].address.sin_port != address->sin_port ||
			c->clients[i].address.sin_addr.s_addr != address->sin_addr.s_addr))
		i++;
	if (i == CLIENTS)
		return;
	if (i == c->n_clients)
		c->clients[c->n_clients++] = (struct client){.address = *address};
	c->clients[i].lines++;
}

/* Reads up to n lines; returns how many. */
static unsigned receive(struct collector *c, struct line **lines, unsigned n)
{
	struct mmsghdr messages[BURST];
	struct iovec vectors[BURST];
	struct sockaddr_in from[BURST];
	int got;

	for (unsigned i = 0; i < n; i++) {
		vectors[i] = (struct iovec){lines[i]->text, LINE_SIZE};
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &from[i],
						       .msg_namelen = sizeof(from[i]),
						       .msg_iov = &vectors[i],
						       .msg_iovlen = 1}};
	}
	got = n ? recvmmsg(c->lines.fd, messages, n, MSG_DONTWAIT, NULL) : 0;
	for (int i = 0; i < got; i++) {
		lines[i]->size = messages[i].msg_len;
		count_client(c, &from[i]);
	}
	return got > 0 ? (unsigned)got : 0;
}

static unsigned udp_poll(struct gyre_node *node, unsigned max)
{
	struct collector *c = collector_of(node);
	struct line *lines[BURST];
	unsigned n = 0, got;

	for (; n < BURST && n < max && c->free; n++) {
		lines[n] = c->free;
		c->free = c->free->next;
	}
	got = receive(c, lines, n);
	if (got < n) /* the epoll loop enables it again */
		gyre_node_disable(c->loop, c->udp);
	for (unsigned i = got; i < n; i++)
		put_back(lines[i]);
	if (got)
		gyre_next_put(node, 0, (void **)lines, got);
	c->received += got;
	return got;
}

/* 0 to 7, or -1. */
static int severity(const struct line *line)
{
	unsigned priority = 0;
	size_t i = 1;

	if (line->size < 3 || line->text[0] != '<')
		return -1;
	for (; i < line->size && i < 4 && line->text[i] >= '0' && line->text[i] <= '9'; i++)
		priority = priority * 10 + (unsigned)(line->text[i] - '0');
	if (i == 1 || i == line->size || line->text[i] != '>' || priority > 191)
		return -1;
	return (int)(priority % 8);
}

static gyre_next classify(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	bool up = collector_of(node)->link.state.up;

	for (unsigned i = 0; i < n; i++) {
		int s = severity(items[i]);

		nexts[i] = s < 0 ? gyre_drop(0) : s <= 3 && up ? TO_FORWARD : TO_ARCHIVE;
	}
	return GYRE_NEXT_EACH;
}

static gyre_next forward(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	struct collector *c = collector_of(node);

	for (unsigned i = 0; i < n; i++) {
		struct line *line = items[i];

		nexts[i] = gyre_drop(0);
		if (send(c->server_fd, line->text, line->size, MSG_DONTWAIT) < 0)
			continue;
		nexts[i] = GYRE_NEXT_KEEP;
		c->forwarded++;
		put_back(line);
	}
	return GYRE_NEXT_EACH;
}

static gyre_next archive(struct gyre_node *node, void **items, gyre_next *nexts, unsigned n)
{
	(void)nexts;
	for (unsigned i = 0; i < n; i++) {
		struct line *line = items[i];

		printf("%.*s\n", (int)line->size, line->text);
		put_back(line);
	}
	collector_of(node)->archived += n;
	return GYRE_NEXT_KEEP;
}

static const char *const udp_nexts[] = {"classify"};
static const char *const classify_nexts[] = {[TO_FORWARD] = "forward", [TO_ARCHIVE] = "archive"};
static const struct gyre_reason malformed = {"malformed", GYRE_SEVERITY_WARNING};
static const struct gyre_reason unsent = {"unsent", GYRE_SEVERITY_ERROR};
#define OURS .init = keep_collector, .data_size = sizeof(struct collector *)
static const struct gyre_node_class classes[] = {
	{.name = "udp",
		OURS,
		.kind = GYRE_NODE_INPUT,
		.poll = udp_poll,
		.nexts = udp_nexts,
		.n_nexts = 1},
	{.name = "classify",
		OURS,
		.kind = GYRE_NODE_INTERNAL,
		.process = classify,
		.nexts = classify_nexts,
		.n_nexts = 2,
		.reasons = &malformed,
		.n_reasons = 1},
	{.name = "forward",
		OURS,
		.kind = GYRE_NODE_OUTPUT,
		.process = forward,
		.reasons = &unsent,
		.n_reasons = 1},
	{.name = "archive", OURS, .kind = GYRE_NODE_OUTPUT, .process = archive},
};

static int make_graph(struct collector *c)
{
	struct gyre_node_options options = GYRE_NODE_OPTIONS_INIT;
	struct gyre_error error;
	int status = 0;

	options.arg = c;
	options.error = &error;
	for (size_t i = 0; status == 0 && i < sizeof(classes) / sizeof(*classes); i++) {
		options.disabled = classes[i].kind == GYRE_NODE_INPUT;
		status = gyre_node_add(c->loop, &classes[i], classes[i].name, &options, NULL);
	}
	if (status == 0)
		status = gyre_graph_build(c->loop, &error);
	if (status < 0)
		fprintf(stderr, "embed-epoll: %s\n", error.text);
	else
		gyre_node_find(c->loop, "udp", &c->udp);
	return status;
}

/* --- The link check --- */

static void link_set(struct collector *c, bool up)
{
	if (up != c->link.state.up)
		printf("link %s\n", up ? "up" : "down");
	gyre_link_set(&c->link, up);
}

/* A probe every interval; up with the first answer, down after the third that was not answered. */
static int check_link(struct gyre_process *self, void *arg)
{
	struct collector *c = arg;
	struct gyre_ticker ticker;
	unsigned missed = 0;
	int status = gyre_ticker_init(&ticker, self, c->interval);

	while (status >= 0) {
		uint32_t events;

		send(c->server_fd, "?", 1, MSG_DONTWAIT); /* an error is no answer, too */
		status = gyre_process_wait(
			self, EVENT_ANSWER, gyre_ticker_deadline(&ticker), &events);
		missed = status == 0 ? 0 : missed + 1;
		if (missed == 0 || missed >= MISSES)
			link_set(c, missed == 0);
		if (status != -ECANCELED)
			status = gyre_ticker_wait(&ticker);
	}
	return 0;
}

static void on_answer(struct gyre_watch *watch, uint32_t events)
{
	struct collector *c = (void *)((char *)watch - offsetof(struct collector, answers));
	char text[16];

	(void)events;
	if (recv(watch->fd, text, sizeof(text), MSG_DONTWAIT) > 0)
		gyre_process_signal(c->checker, EVENT_ANSWER);
}

/* --- The epoll loop's own work --- */

static void lines_ready(struct collector *c)
{
	gyre_node_enable(c->loop, c->udp);
}

static void status_ready(struct collector *c)
{
	int fd = accept4(c->status.fd, NULL, NULL, SOCK_CLOEXEC);
	char text[INET_ADDRSTRLEN];

	if (fd < 0)
		return;
	dprintf(fd,
		"link %s\nreceived %" PRIu64 "\nforwarded %" PRIu64 "\narchived %" PRIu64
		"\ndropped %" PRIu64 "\nrate %" PRIu64 "\n",
		c->link.state.up ? "up" : "down", c->received, c->forwarded, c->archived,
		c->dropped, c->rate);
	for (unsigned i = 0; i < c->n_clients; i++)
		dprintf(fd, "client %s:%u %" PRIu64 "\n",
			inet_ntop(AF_INET, &c->clients[i].address.sin_addr, text, sizeof(text)),
			ntohs(c->clients[i].address.sin_port), c->clients[i].lines);
	close(fd);
}

static void signals_ready(struct collector *c)
{
	struct signalfd_siginfo info;

	if (read(c->signals.fd, &info, sizeof(info)) == sizeof(info))
		c->stopping = true;
}

static void timer_ready(struct collector *c)
{
	uint64_t expired;

	if (read(c->timer.fd, &expired, sizeof(expired)) != sizeof(expired))
		return;
	c->rate = (c->received - c->received_before) / expired;
	c->received_before = c->received;
}

/* The only place that sleeps. */
static int serve(struct collector *c)
{
	struct epoll_event events[16];

	while (!c->stopping) {
		int n = epoll_host_wait(&c->host, events, 16, -1);

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++)
			((struct source *)events[i].data.ptr)->ready(c);
	}
	return 0;
}

/* --- Beginning and end --- */

static int watch(
	struct collector *c, struct source *source, int fd, void (*ready)(struct collector *))
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	*source = (struct source){fd, ready};
	if (fd < 0 || epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	return 0;
}

/* As it was before gyre. */
static int begin(struct collector *c, uint16_t port, uint16_t status_port)
{
	int err;

	c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (c->epoll_fd < 0)
		return -errno;
	if ((err = watch(c, &c->lines, fd_udp(port), lines_ready)) < 0 ||
		(err = watch(c, &c->status, fd_tcp(status_port), status_ready)) < 0 ||
		(err = watch(c, &c->signals, fd_signals(), signals_ready)) < 0 ||
		(err = watch(c, &c->timer, fd_every_second(), timer_ready)) < 0)
		return err;
	printf("lines %u, status %u\n", fd_port(c->lines.fd), fd_port(c->status.fd));
	return 0;
}

static int make_lines(struct collector *c)
{
	c->memory = calloc(LINES, sizeof(*c->memory));
	if (!c->memory)
		return -ENOMEM;
	for (unsigned i = 0; i < LINES; i++) {
		c->memory[i].collector = c;
		put_back(&c->memory[i]);
	}
	return 0;
}

/* What gyre needs: a loop with a graph, a process, and a place in the epoll loop. */
static int begin_gyre(struct collector *c, uint16_t server_port)
{
	static const struct gyre_item_ops items = {.release = release};
	struct gyre_loop_options options = GYRE_LOOP_OPTIONS_INIT;
	struct sockaddr_in server = {.sin_family = AF_INET,
		.sin_port = htons(server_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int err;

	options.items = &items;
	c->server_fd = fd_udp(0);
	if (c->server_fd < 0 ||
		connect(c->server_fd, (struct sockaddr *)&server, sizeof(server)) < 0)
		return -errno;
	if ((err = make_lines(c)) < 0 || (err = gyre_loop_create(&options, &c->loop)) < 0 ||
		(err = make_graph(c)) < 0 ||
		(err = gyre_link_add(c->loop, &c->link, "server", false)) < 0 ||
		(err = gyre_process_spawn(c->loop, check_link, c, NULL, &c->checker)) < 0 ||
		(err = gyre_watch_add(c->loop, &c->answers, c->server_fd, EPOLLIN, on_answer)) < 0)
		return err;
	epoll_host_init(&c->host, c->epoll_fd);
	return epoll_host_add(&c->host, c->loop);
}

/* Whether no line was lost. */
static bool end(struct collector *c)
{
	const int fds[] = {
		c->lines.fd, c->status.fd, c->signals.fd, c->timer.fd, c->server_fd, c->epoll_fd};

	epoll_host_fini(&c->host);
	gyre_loop_destroy(c->loop);
	free(c->memory);
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	printf("received %" PRIu64 ": %" PRIu64 " forwarded, %" PRIu64 " archived, %" PRIu64
	       " dropped\n",
		c->received, c->forwarded, c->archived, c->dropped);
	return c->received == c->forwarded + c->archived + c->dropped;
}

int main(int argc, char **argv)
{
	unsigned ports[] = {5514, 5515, 5516}, msec = 1000;
	static struct collector c;
	int option, err;

	c.epoll_fd = c.lines.fd = c.status.fd = c.signals.fd = c.timer.fd = c.server_fd = -1;
	while ((option = getopt(argc, argv, "l:s:f:i:h")) != -1)
		switch (option) {
		case 'l':
			ports[0] = (unsigned)atoi(optarg);
			break;
		case 's':
			ports[1] = (unsigned)atoi(optarg);
			break;
		case 'f':
			ports[2] = (unsigned)atoi(optarg);
			break;
		case 'i':
			msec = (unsigned)atoi(optarg);
			break;
		default:
			fprintf(option == 'h' ? stdout : stderr,
				"usage: embed-epoll [-l LINES-PORT] [-s STATUS-PORT] "
				"[-f FORWARD-PORT] [-i PROBE-MSEC]\n");
			return option != 'h';
		}
	setvbuf(stdout, NULL, _IOLBF, 0);
	c.interval = GYRE_MSEC(msec ? msec : 1);
	err = begin(&c, (uint16_t)ports[0], (uint16_t)ports[1]);
	if (err == 0)
		err = begin_gyre(&c, (uint16_t)ports[2]);
	if (err == 0)
		err = serve(&c);
	if (err < 0)
		fprintf(stderr, "embed-epoll: %s\n", strerror(-err));
	return !end(&c) || err < 0;
}
