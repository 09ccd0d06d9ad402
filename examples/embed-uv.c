/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCP echo server on libuv, with connections, a statistics timer and signals of its own; gyre
 * adds a packet graph on a UDP socket and a periodic link check (udp-graph.c), and changes nothing
 * of the rest: gyre_uv_attach() when it starts, gyre_uv_close() when it ends.
 *
 *	embed-uv [-t TCP-PORT] [-u UDP-PORT] [-p PEER'S-UDP-PORT] [-s SECONDS]
 */
#include <errno.h>
#include <gyre/uv.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "udp-graph.h"

struct server {
	uv_loop_t uv;
	uv_tcp_t listener;
	uv_timer_t statistics, end;
	uv_signal_t signals[2];
	uint64_t connections, bytes, bytes_before;
	bool stopping;

	/* What came with gyre. */
	struct gyre_uv gyre;
	struct udp_graph udp;
};

struct connection {
	uv_tcp_t tcp;
	struct server *server;
};

struct reply {
	uv_write_t request;
	uv_buf_t buffer;
};

/* --- The echo server --- */

static void connection_closed(uv_handle_t *tcp)
{
	free(tcp->data);
}

static void drop(struct connection *connection)
{
	if (!uv_is_closing((uv_handle_t *)&connection->tcp))
		uv_close((uv_handle_t *)&connection->tcp, connection_closed);
}

static void allocate(uv_handle_t *tcp, size_t size, uv_buf_t *buffer)
{
	*buffer = uv_buf_init(malloc(size), (unsigned)size);
}

static void replied(uv_write_t *request, int status)
{
	struct reply *reply = (struct reply *)request;

	if (status < 0)
		drop(request->handle->data);
	free(reply->buffer.base);
	free(reply);
}

static void echo(uv_stream_t *tcp, ssize_t size, const uv_buf_t *buffer)
{
	struct connection *connection = tcp->data;
	struct reply *reply = size > 0 ? malloc(sizeof(*reply)) : NULL;

	if (!reply) {
		free(buffer->base);
		if (size < 0)
			drop(connection);
		return;
	}
	connection->server->bytes += (uint64_t)size;
	reply->buffer = uv_buf_init(buffer->base, (unsigned)size);
	uv_write(&reply->request, tcp, &reply->buffer, 1, replied);
}

static void accept_one(uv_stream_t *listener, int status)
{
	struct connection *connection = status < 0 ? NULL : malloc(sizeof(*connection));

	if (!connection)
		return;
	connection->server = listener->data;
	uv_tcp_init(listener->loop, &connection->tcp);
	connection->tcp.data = connection;
	connection->server->connections++;
	if (uv_accept(listener, (uv_stream_t *)&connection->tcp) == 0)
		uv_read_start((uv_stream_t *)&connection->tcp, allocate, echo);
	else
		drop(connection);
}

static void show_statistics(uv_timer_t *timer)
{
	struct server *server = timer->data;

	printf("tcp: %" PRIu64 " connections, %" PRIu64 " bytes, %" PRIu64 " a second\n",
		server->connections, server->bytes, server->bytes - server->bytes_before);
	fflush(stdout);
	server->bytes_before = server->bytes;
}

/* --- Life --- */

static void close_handle(uv_handle_t *handle, void *arg)
{
	struct server *server = arg;

	if (uv_is_closing(handle))
		return;
	if (handle->type == UV_TCP && handle != (uv_handle_t *)&server->listener)
		drop(handle->data);
	else
		uv_close(handle, NULL);
}

/* The gyre loop first: uv_walk() shows its handles, too. */
static void stop(struct server *server)
{
	if (server->stopping)
		return;
	server->stopping = true;
	gyre_uv_close(&server->gyre, NULL);
	uv_walk(&server->uv, close_handle, server);
}

static void on_signal(uv_signal_t *handle, int number)
{
	stop(handle->data);
}

static void on_end(uv_timer_t *timer)
{
	stop(timer->data);
}

static int listen_on(struct server *server, int port)
{
	struct sockaddr_in address;
	int length = sizeof(address), status;

	uv_ip4_addr("127.0.0.1", port, &address);
	uv_tcp_init(&server->uv, &server->listener);
	server->listener.data = server;
	status = uv_tcp_bind(&server->listener, (struct sockaddr *)&address, 0);
	if (status == 0)
		status = uv_listen((uv_stream_t *)&server->listener, 128, accept_one);
	if (status < 0)
		return status;
	uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &length);
	return ntohs(address.sin_port);
}

static void watch_time_and_signals(struct server *server, uint64_t seconds)
{
	static const int numbers[] = {SIGTERM, SIGINT};

	for (int i = 0; i < 2; i++) {
		uv_signal_init(&server->uv, &server->signals[i]);
		server->signals[i].data = server;
		uv_signal_start(&server->signals[i], on_signal, numbers[i]);
	}
	uv_timer_init(&server->uv, &server->statistics);
	server->statistics.data = server;
	uv_timer_start(&server->statistics, show_statistics, 1000, 1000);
	uv_timer_init(&server->uv, &server->end);
	server->end.data = server;
	if (seconds)
		uv_timer_start(&server->end, on_end, seconds * 1000, 0);
}

int main(int argc, char **argv)
{
	static struct server server;
	int option, tcp = 0, udp = 0, peer = 0, seconds = 0, status;

	while ((option = getopt(argc, argv, "t:u:p:s:")) != -1) {
		if (option == '?')
			return 2;
		*(option == 't'         ? &tcp
			: option == 'u' ? &udp
			: option == 'p' ? &peer
					: &seconds) = atoi(optarg);
	}
	uv_loop_init(&server.uv);
	tcp = listen_on(&server, tcp);
	status = tcp < 0 ? tcp : udp_graph_open(&server.udp, (uint16_t)udp, (uint16_t)peer);
	if (status == 0)
		status = gyre_uv_attach(&server.uv, server.udp.loop, NULL, &server.gyre);
	if (status < 0) {
		fprintf(stderr, "embed-uv: %s\n", uv_strerror(status));
		return 1;
	}
	watch_time_and_signals(&server, (uint64_t)seconds);
	printf("tcp %d, udp %u\n", tcp, udp_graph_port(&server.udp));
	fflush(stdout);
	uv_run(&server.uv, UV_RUN_DEFAULT);
	uv_loop_close(&server.uv);
	show_statistics(&server.statistics);
	return !udp_graph_close(&server.udp);
}
