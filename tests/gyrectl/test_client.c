/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client against a peer that answers as each test has it do: well, in pieces, not at all, with an
 * error, with what is no JSON, or by closing. The peer is a thread behind a real socket.
 */
#include "gyrectl/client.h"
#include "gyrectl/field.h"
#include "harness.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SECOND_NSEC 1000000000u

typedef void peer_fn(int fd);

static struct {
	char directory[32], path[64];
	int listener;
	peer_fn *fn;
	pthread_t thread;
} peer;
static struct client client;

static void *serve(void *arg)
{
	int fd = accept(peer.listener, NULL, NULL);

	(void)arg;
	if (fd >= 0 && peer.fn != NULL)
		peer.fn(fd);
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void set_up(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(peer.directory, "/tmp/gyre-client.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(peer.directory));
	snprintf(peer.path, sizeof(peer.path), "%s/socket", peer.directory);
	strcpy(address.sun_path, peer.path);
	peer.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(peer.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(peer.listener, 1), 0);
}

/* Connects to a peer that does `fn`. */
static void start(peer_fn *fn, uint64_t timeout_nsec)
{
	peer.fn = fn;
	ck_assert_int_eq(pthread_create(&peer.thread, NULL, serve, NULL), 0);
	ck_assert_int_eq(client_open(&client, peer.path, timeout_nsec), GYRECTL_OK);
}

static void tear_down(void)
{
	client_close(&client);
	if (peer.fn != NULL)
		pthread_join(peer.thread, NULL);
	close(peer.listener);
	unlink(peer.path);
	rmdir(peer.directory);
}

/* Reads one line of the client's; false at its end. */
static bool read_line(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len + 1 < size && recv(fd, line + len, 1, 0) == 1)
		if (line[len++] == '\n') {
			line[len] = '\0';
			return true;
		}
	return false;
}

static void say(int fd, const char *text)
{
	size_t len = strlen(text);

	/* The client may be gone: then nobody misses it. */
	while (len > 0) {
		ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		text += sent;
		len -= (size_t)sent;
	}
}

static int ask(const char *method, json_t **ret_result)
{
	return client_call(&client, method, json_pack("{s:s}", "loop", "data"), ret_result);
}

static void echo(int fd)
{
	char line[1024], answer[1200];

	while (read_line(fd, line, sizeof(line))) {
		json_t *question = json_loads(line, 0, NULL);

		snprintf(answer, sizeof(answer), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":%s}\n",
			(int)json_integer_value(json_object_get(question, "id")),
			strtok(line, "\n"));
		json_decref(question);
		say(fd, answer);
	}
}

START_TEST(a_question_is_json_rpc)
{
	json_t *result;

	start(echo, 20 * (uint64_t)SECOND_NSEC);
	for (int i = 1; i < 4; i++) {
		ck_assert_int_eq(ask("runtime", &result), GYRECTL_OK);
		ck_assert(field_is(result, "jsonrpc", "2.0"));
		ck_assert(field_is(result, "method", "runtime"));
		ck_assert_uint_eq(field_count(result, "id"), i);
		ck_assert(field_is(json_object_get(result, "params"), "loop", "data"));
		json_decref(result);
	}
}
END_TEST

/* In pieces, behind a push and behind an answer to somebody else's question. */
static void answer_late(int fd)
{
	char line[1024];

	read_line(fd, line, sizeof(line));
	say(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{}}\n{\"id\":77,"
		"\"result\":1}\n{\"id\":1,\"res");
	usleep(20000);
	say(fd, "ult\":{\"name\":\"\xc3");
	usleep(20000);
	say(fd, "\xbc\"}}\n");
}

START_TEST(an_answer_comes_in_pieces)
{
	json_t *result;

	start(answer_late, 20 * (uint64_t)SECOND_NSEC);
	ck_assert_int_eq(ask("x", &result), GYRECTL_OK);
	ck_assert_str_eq(field_raw(result, "name"), "\xc3\xbc");
	json_decref(result);
}
END_TEST

static void answer_much(int fd)
{
	char line[1024];
	char *much = malloc(3000001);

	read_line(fd, line, sizeof(line));
	memset(much, 'x', 3000000);
	much[3000000] = '\0';
	say(fd, "{\"id\":1,\"result\":\"");
	say(fd, much);
	say(fd, "\"}\n{\"id\":2,\"result\":[]}\n");
	free(much);
}

START_TEST(an_answer_may_be_long)
{
	json_t *result;

	start(answer_much, 20 * (uint64_t)SECOND_NSEC);
	ck_assert_int_eq(ask("x", &result), GYRECTL_OK);
	ck_assert_uint_eq(json_string_length(result), 3000000);
	json_decref(result);
	ck_assert_int_eq(ask("y", &result), GYRECTL_OK);
	ck_assert(json_is_array(result));
	json_decref(result);
}
END_TEST

static void answer_error(int fd)
{
	char line[1024];

	read_line(fd, line, sizeof(line));
	say(fd, "{\"id\":1,\"error\":{\"code\":-32001,\"message\":\"no loop \\u001b[2J\"}}\n");
	read_line(fd, line, sizeof(line));
	say(fd, "{\"id\":2,\"error\":{}}\n");
}

START_TEST(an_error_is_the_servers)
{
	json_t *result = NULL;

	start(answer_error, 20 * (uint64_t)SECOND_NSEC);
	ck_assert_int_eq(ask("x", &result), GYRECTL_FAILED);
	ck_assert_str_eq(client.error, "no loop \\x1b[2J");
	ck_assert_int_eq(ask("x", &result), GYRECTL_FAILED);
	ck_assert_ptr_nonnull(strstr(client.error, "without a message"));
	ck_assert_ptr_null(result);
}
END_TEST

static void refuse(int fd)
{
	say(fd, "{\"id\":null,\"error\":{\"code\":-32003,\"message\":\"clients_max: 64\"}}\n");
	shutdown(fd, SHUT_RDWR);
}

START_TEST(why_it_was_closed_is_told)
{
	json_t *result;

	start(refuse, 20 * (uint64_t)SECOND_NSEC);
	pthread_join(peer.thread, NULL);
	peer.fn = NULL;
	ck_assert_int_eq(ask("x", &result), GYRECTL_FAILED);
	ck_assert_str_eq(client.error, "clients_max: 64");
	ck_assert_int_eq(ask("x", &result), GYRECTL_LOST);
	ck_assert_int_eq(client.fd, -1);
	ck_assert_int_eq(ask("x", &result), GYRECTL_LOST);
}
END_TEST

static void wait_for_end(int fd)
{
	char line[1024];

	while (read_line(fd, line, sizeof(line)))
		;
}

START_TEST(silence_has_a_limit)
{
	uint64_t from = client_now();
	json_t *result;

	start(wait_for_end, SECOND_NSEC / 5);
	ck_assert_int_eq(ask("x", &result), GYRECTL_LOST);
	ck_assert_str_eq(client.error, "no answer in 0.2 s");
	ck_assert_uint_ge(client_now() - from, SECOND_NSEC / 5);
}
END_TEST

static void answer_garbage(int fd)
{
	char line[1024];

	read_line(fd, line, sizeof(line));
	say(fd, "\001\377\n");
	wait_for_end(fd);
}

static void answer_list(int fd)
{
	char line[1024];

	read_line(fd, line, sizeof(line));
	say(fd, "[1]\n");
	wait_for_end(fd);
}

START_TEST(what_is_no_object_ends_it)
{
	static peer_fn *const fns[] = {answer_garbage, answer_list};
	json_t *result;

	start(fns[_i], 20 * (uint64_t)SECOND_NSEC);
	ck_assert_int_eq(ask("x", &result), GYRECTL_LOST);
	ck_assert_ptr_nonnull(strstr(client.error, "not a JSON object"));
}
END_TEST

START_TEST(nobody_answers)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/none", peer.directory);
	ck_assert_int_eq(client_open(&client, path, SECOND_NSEC), GYRECTL_LOST);
	ck_assert_ptr_nonnull(strstr(client.error, "No such file"));
	ck_assert_ptr_nonnull(strstr(client.error, path));
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(client_open(&client, path, SECOND_NSEC), GYRECTL_LOST);
	ck_assert_ptr_nonnull(strstr(client.error, "107 bytes"));
}
END_TEST

/* The kernel's queue of a server that hangs: connecting has the same limit. */
START_TEST(nobody_accepts)
{
	struct client others[16];
	int status = GYRECTL_OK;
	unsigned n = 0;

	while (n < 16 && status == GYRECTL_OK)
		status = client_open(&others[n++], peer.path, SECOND_NSEC / 5);
	ck_assert_int_eq(status, GYRECTL_LOST);
	ck_assert_ptr_nonnull(strstr(others[n - 1].error, "does not accept"));
	while (n > 0)
		client_close(&others[--n]);
}
END_TEST

START_TEST(receiving_does_not_wait_longer_than_asked)
{
	json_t *message;
	uint64_t from = client_now();

	start(wait_for_end, 20 * (uint64_t)SECOND_NSEC);
	ck_assert_int_eq(client_receive(&client, 0, &message), GYRECTL_OK);
	ck_assert_ptr_null(message);
	ck_assert_int_eq(client_receive(&client, from + SECOND_NSEC / 10, &message), GYRECTL_OK);
	ck_assert_ptr_null(message);
	ck_assert_uint_ge(client_now() - from, SECOND_NSEC / 10);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("client");
	TCase *tcase = tcase_create("client");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_question_is_json_rpc);
	tcase_add_test(tcase, an_answer_comes_in_pieces);
	tcase_add_test(tcase, an_answer_may_be_long);
	tcase_add_test(tcase, an_error_is_the_servers);
	tcase_add_test(tcase, why_it_was_closed_is_told);
	tcase_add_test(tcase, silence_has_a_limit);
	tcase_add_loop_test(tcase, what_is_no_object_ends_it, 0, 2);
	tcase_add_test(tcase, nobody_answers);
	tcase_add_test(tcase, nobody_accepts);
	tcase_add_test(tcase, receiving_does_not_wait_longer_than_asked);
	suite_add_tcase(suite, tcase);
	return suite;
}
