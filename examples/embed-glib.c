/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store of names and values on a GLib main loop: clients speak a line protocol by TCP ("set NAME
 * VALUE", "get NAME", "del NAME", "count"), a timeout shows statistics, a signal ends it. gyre adds
 * a packet graph on a UDP socket and a periodic link check (udp-graph.c), and changes nothing of
 * the rest: it is one more source of the main loop.
 *
 *	embed-glib [-t TCP-PORT] [-u UDP-PORT] [-p PEER'S-UDP-PORT] [-s SECONDS]
 */
#define _GNU_SOURCE /* accept4(2) */
#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "glib-source.h"
#include "udp-graph.h"

#define LINE_MAX_BYTES 4096

struct store {
	GMainLoop *main_loop;
	GHashTable *values, *clients; /* the clients by their sources */
	guint64 requests;
	int listener;

	/* What came with gyre. */
	GSource *gyre;
	struct udp_graph udp;
};

struct client {
	struct store *store;
	GString *input;
	guint source;
	int fd;
};

/* --- The store --- */

static void answer(struct client *client, const char *text)
{
	/* A client that does not read its answers loses them. */
	if (send(client->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		errno != EAGAIN)
		shutdown(client->fd, SHUT_RD);
	send(client->fd, "\n", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void request(struct client *client, const char *line)
{
	GHashTable *values = client->store->values;
	char **words = g_strsplit(line, " ", 3);
	unsigned n = g_strv_length(words);
	char number[32];

	client->store->requests++;
	if (n == 3 && !strcmp(words[0], "set")) {
		g_hash_table_insert(values, g_strdup(words[1]), g_strdup(words[2]));
		answer(client, "ok");
	} else if (n == 2 && !strcmp(words[0], "get")) {
		const char *value = g_hash_table_lookup(values, words[1]);

		answer(client, value ? value : "none");
	} else if (n == 2 && !strcmp(words[0], "del")) {
		answer(client, g_hash_table_remove(values, words[1]) ? "ok" : "none");
	} else if (n == 1 && !strcmp(words[0], "count")) {
		snprintf(number, sizeof(number), "%u", g_hash_table_size(values));
		answer(client, number);
	} else {
		answer(client, "what?");
	}
	g_strfreev(words);
}

static void free_client(gpointer data)
{
	struct client *client = data;

	close(client->fd);
	g_string_free(client->input, TRUE);
	g_free(client);
}

static gboolean read_client(gint fd, GIOCondition condition, gpointer data)
{
	struct client *client = data;
	char bytes[1024], *end;
	ssize_t size = read(fd, bytes, sizeof(bytes));

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (size > 0)
		g_string_append_len(client->input, bytes, size);
	while ((end = memchr(client->input->str, '\n', client->input->len))) {
		*end = 0;
		request(client, client->input->str);
		g_string_erase(client->input, 0, end + 1 - client->input->str);
	}
	if (size > 0 && client->input->len < LINE_MAX_BYTES)
		return G_SOURCE_CONTINUE;
	g_hash_table_remove(client->store->clients, GUINT_TO_POINTER(client->source));
	return G_SOURCE_REMOVE;
}

static gboolean accept_client(gint fd, GIOCondition condition, gpointer data)
{
	int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct store *store = data;
	struct client *client;

	if (accepted < 0)
		return G_SOURCE_CONTINUE;
	client = g_new0(struct client, 1);
	client->store = store;
	client->input = g_string_new(NULL);
	client->fd = accepted;
	client->source = g_unix_fd_add(accepted, G_IO_IN, read_client, client);
	g_hash_table_insert(store->clients, GUINT_TO_POINTER(client->source), client);
	return G_SOURCE_CONTINUE;
}

static gboolean show_statistics(gpointer data)
{
	struct store *store = data;

	printf("tcp: %u clients, %u values, %" G_GUINT64_FORMAT " requests\n",
		g_hash_table_size(store->clients), g_hash_table_size(store->values),
		store->requests);
	fflush(stdout);
	return G_SOURCE_CONTINUE;
}

/* --- Life --- */

static gboolean end(gpointer data)
{
	g_main_loop_quit(((struct store *)data)->main_loop);
	return G_SOURCE_CONTINUE;
}

static void loop_failed(struct gyre_loop *loop, int status, gpointer data)
{
	fprintf(stderr, "embed-glib: %s: %s\n", gyre_loop_name(loop), g_strerror(-status));
	end(data);
}

/* Returns the port or a negative errno. */
static int listen_on(struct store *store, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	store->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (store->listener < 0 ||
		bind(store->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(store->listener, 128) < 0 ||
		getsockname(store->listener, (struct sockaddr *)&address, &length) < 0)
		return -errno;
	g_unix_fd_add(store->listener, G_IO_IN, accept_client, store);
	return ntohs(address.sin_port);
}

static void open_store(struct store *store, int seconds)
{
	store->main_loop = g_main_loop_new(NULL, FALSE);
	store->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	store->clients = g_hash_table_new_full(NULL, NULL, NULL, free_client);
	g_unix_signal_add(SIGTERM, end, store);
	g_unix_signal_add(SIGINT, end, store);
	g_timeout_add_seconds(1, show_statistics, store);
	if (seconds)
		g_timeout_add_seconds((guint)seconds, end, store);
}

static void close_store(struct store *store)
{
	g_hash_table_destroy(store->clients);
	g_hash_table_destroy(store->values);
	g_main_loop_unref(store->main_loop);
	close(store->listener);
}

static void run(struct store *store)
{
	store->gyre = glib_source_new(store->udp.loop);
	glib_source_set_failed(store->gyre, loop_failed, store);
	g_source_attach(store->gyre, NULL);
	g_main_loop_run(store->main_loop);
	g_source_destroy(store->gyre);
	g_source_unref(store->gyre);
}

int main(int argc, char **argv)
{
	static struct store store;
	int option, tcp = 0, udp = 0, peer = 0, seconds = 0, status;

	while ((option = getopt(argc, argv, "t:u:p:s:")) != -1) {
		if (option == '?')
			return 2;
		*(option == 't'         ? &tcp
			: option == 'u' ? &udp
			: option == 'p' ? &peer
					: &seconds) = atoi(optarg);
	}
	open_store(&store, seconds);
	tcp = listen_on(&store, tcp);
	status = tcp < 0 ? tcp : udp_graph_open(&store.udp, (uint16_t)udp, (uint16_t)peer);
	if (status < 0) {
		fprintf(stderr, "embed-glib: %s\n", g_strerror(-status));
		return 1;
	}
	printf("tcp %d, udp %u\n", tcp, udp_graph_port(&store.udp));
	fflush(stdout);
	run(&store);
	show_statistics(&store);
	close_store(&store);
	return !udp_graph_close(&store.udp);
}
