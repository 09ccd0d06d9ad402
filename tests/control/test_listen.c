/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets that listen: stale files, modes, groups, whose file it is. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/listen.h"
#include "harness.h"

static char directory[] = "/tmp/gyre-test-listen.XXXXXX";
static char path[64];
static struct gyre_error error;
static struct gyre__listen server = {.fd = -1};

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket", directory);
	error.text[0] = '\0';
}

static void teardown(void)
{
	gyre__listen_close(&server, path);
	unlink(path);
	rmdir(directory);
}

static int open_it(void)
{
	return gyre__listen_open(path, 0660, NULL, &error, &server);
}

static int try_connect(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), status;

	strcpy(to.sun_path, path);
	status = connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
	close(fd);
	return status;
}

START_TEST(it_listens_and_goes)
{
	struct stat file;

	ck_assert_int_eq(open_it(), 0);
	ck_assert_int_eq(try_connect(), 0);
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert(S_ISSOCK(file.st_mode));
	ck_assert_uint_eq(file.st_mode & 07777, 0660);
	ck_assert(fcntl(server.fd, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(server.fd, F_GETFD) & FD_CLOEXEC);
	gyre__listen_close(&server, path);
	ck_assert_int_eq(stat(path, &file), -1);
	gyre__listen_close(&server, path);
}
END_TEST

START_TEST(the_mode_is_the_whole_mode_whatever_the_umask)
{
	struct stat file;

	umask(0177);
	ck_assert_int_eq(gyre__listen_open(path, 0666, NULL, &error, &server), 0);
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert_uint_eq(file.st_mode & 07777, 0666);
}
END_TEST

START_TEST(a_group_may_be_a_number_or_a_name)
{
	char number[16];
	struct stat file;

	snprintf(number, sizeof(number), "%u", getegid());
	ck_assert_int_eq(gyre__listen_open(path, 0660, number, &error, &server), 0);
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert_uint_eq(file.st_gid, getegid());
	ck_assert_uint_eq(server.group, getegid());
	gyre__listen_close(&server, path);
	ck_assert_int_eq(gyre__listen_open(path, 0660, "no-such-group", &error, &server), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error.text, "no-such-group"));
	ck_assert_int_eq(stat(path, &file), -1);
}
END_TEST

START_TEST(a_group_by_name)
{
	struct stat file;

	if (geteuid() != 0)
		gyre_test_skip("only root may give files to other groups");
	ck_assert_int_eq(gyre__listen_open(path, 0660, "daemon", &error, &server), 0);
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert_uint_eq(file.st_gid, 1);
}
END_TEST

START_TEST(a_stale_file_is_replaced)
{
	ck_assert_int_eq(open_it(), 0);
	close(server.fd); /* as a server that was killed */
	ck_assert_int_eq(try_connect(), -ECONNREFUSED);
	ck_assert_int_eq(open_it(), 0);
	ck_assert_int_eq(try_connect(), 0);
}
END_TEST

START_TEST(a_live_server_is_left_alone)
{
	struct gyre__listen other;

	ck_assert_int_eq(open_it(), 0);
	ck_assert_int_eq(gyre__listen_open(path, 0660, NULL, &error, &other), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(error.text, path));
	ck_assert_int_eq(try_connect(), 0);
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_left_alone)
{
	struct stat file;

	close(open(path, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(open_it(), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(error.text, "not a socket"));
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert(S_ISREG(file.st_mode));
}
END_TEST

START_TEST(a_successors_file_is_left_alone)
{
	struct gyre__listen successor = {.fd = -1};

	ck_assert_int_eq(open_it(), 0);
	unlink(path);
	ck_assert_int_eq(gyre__listen_open(path, 0660, NULL, &error, &successor), 0);
	gyre__listen_close(&server, path);
	ck_assert_int_eq(try_connect(), 0);
	gyre__listen_close(&successor, path);
}
END_TEST

#define RACERS 4

static pthread_barrier_t barrier;

static void *race(void *arg)
{
	struct gyre__listen *racer = arg;

	pthread_barrier_wait(&barrier);
	if (gyre__listen_open(path, 0660, NULL, NULL, racer) < 0)
		racer->fd = -1;
	return NULL;
}

static unsigned count_winners(struct gyre__listen racers[RACERS])
{
	pthread_t threads[RACERS];
	unsigned n = 0;

	for (int i = 0; i < RACERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	for (int i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		n += racers[i].fd >= 0;
	}
	return n;
}

/* Each finds the file of a server that was killed, and one of them has it in the end. */
START_TEST(of_several_at_a_time_one_has_the_path)
{
	pthread_barrier_init(&barrier, NULL, RACERS);
	for (int round = 0; round < 200; round++) {
		struct gyre__listen racers[RACERS];

		ck_assert_int_eq(open_it(), 0);
		close(server.fd);
		server.fd = -1;
		ck_assert_uint_eq(count_winners(racers), 1);
		ck_assert_int_eq(try_connect(), 0);
		for (int i = 0; i < RACERS; i++)
			gyre__listen_close(&racers[i], path);
		ck_assert_int_eq(try_connect(), -ENOENT);
	}
	pthread_barrier_destroy(&barrier);
}
END_TEST

/* As somebody in /tmp may. */
START_TEST(who_keeps_the_directory_locked_keeps_nobody_out)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	ck_assert_int_eq(open_it(), 0);
	ck_assert_int_eq(try_connect(), 0);
	close(fd);
}
END_TEST

START_TEST(paths_that_cannot_be)
{
	char longer[200];

	memset(longer, 'x', 108);
	longer[108] = '\0';
	ck_assert_int_eq(gyre__listen_open(longer, 0660, NULL, &error, &server), -ENAMETOOLONG);
	snprintf(longer, sizeof(longer), "%s/none/socket", directory);
	ck_assert_int_eq(gyre__listen_open(longer, 0660, NULL, &error, &server), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error.text, longer));
	ck_assert_int_eq(error.code, -ENOENT);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("listen");
	TCase *tcase = tcase_create("listen");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, it_listens_and_goes);
	tcase_add_test(tcase, the_mode_is_the_whole_mode_whatever_the_umask);
	tcase_add_test(tcase, a_group_may_be_a_number_or_a_name);
	tcase_add_test(tcase, a_group_by_name);
	tcase_add_test(tcase, a_stale_file_is_replaced);
	tcase_add_test(tcase, a_live_server_is_left_alone);
	tcase_add_test(tcase, a_file_that_is_no_socket_is_left_alone);
	tcase_add_test(tcase, a_successors_file_is_left_alone);
	tcase_add_test(tcase, of_several_at_a_time_one_has_the_path);
	tcase_add_test(tcase, who_keeps_the_directory_locked_keeps_nobody_out);
	tcase_add_test(tcase, paths_that_cannot_be);
	suite_add_tcase(suite, tcase);
	return suite;
}
