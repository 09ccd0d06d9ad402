/* SPDX-License-Identifier: Apache-2.0 */
/* The socket: its file, who may connect, how many, and when fds run out. */
#include "control/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

static struct rig rig;
static int fd;

static void setup(void)
{
	rig_init(&rig, "socket");
	rig_open(&rig);
	fd = rig_connect(&rig);
}

static void teardown(void)
{
	close(fd);
	rig_close(&rig);
}

static struct gyre_error error;

static int second_control(void)
{
	struct gyre_control_options options = rig.options;
	struct gyre_control *control = NULL;
	int status;

	options.error = &error;
	status = gyre_control_create(&options, &control);
	gyre_control_destroy(control);
	return status;
}

START_TEST(its_file_has_the_mode)
{
	struct stat file;

	ck_assert_int_eq(lstat(rig.path, &file), 0);
	ck_assert(S_ISSOCK(file.st_mode));
	ck_assert_uint_eq(file.st_mode & 07777, 0660);
}
END_TEST

START_TEST(a_live_one_is_not_stolen)
{
	ck_assert_int_eq(second_control(), -EADDRINUSE);
	json_decref(rig_ask(fd, "version", NULL));
}
END_TEST

START_TEST(a_file_that_is_another_ones_stays)
{
	ck_assert_int_eq(unlink(rig.path), 0);
	int other = open(rig.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	close(fd);
	rig_stop(&rig);
	gyre_control_loop_del(rig.control, rig.loop);
	gyre_control_destroy(rig.control);
	ck_assert_int_eq(access(rig.path, F_OK), 0);
	ck_assert_int_eq(second_control(), -EADDRINUSE);
	ck_assert_int_eq(unlink(rig.path), 0);
	close(other);
	gyre_loop_destroy(rig.loop);
	rig.link = (struct gyre_link){0};
	rig_open(&rig);
	fd = rig_connect(&rig);
}
END_TEST

START_TEST(those_beyond_the_limit_are_told)
{
	int fds[200];
	char message[256];
	unsigned served = 1, refused = 0;

	for (int i = 0; i < 200; i++) {
		fds[i] = rig_connect(&rig);
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
	}
	for (int i = 0; i < 200; i++) {
		struct pollfd wait = {.fd = fds[i], .events = POLLIN};
		json_t *reply;

		if (poll(&wait, 1, served < 64 ? 20 : 5000) == 0) {
			served++;
			continue;
		}
		reply = rig_receive(fds[i]);
		snprintf(message, sizeof(message), "%s",
			rig_text(json_object_get(reply, "error"), "message"));
		ck_assert_str_eq(message, "too many clients: clients_max is 64");
		json_decref(reply);
		ck_assert_ptr_null(rig_receive(fds[i]));
		refused++;
	}
	ck_assert_uint_eq(served, 64);
	ck_assert_uint_eq(refused, 137);
	for (int i = 0; i < 200; i++)
		close(fds[i]);
	json_decref(rig_ask(fd, "version", NULL));
}
END_TEST

START_TEST(others_may_not)
{
	int status;

	if (geteuid() != 0)
		gyre_test_skip("needs root, to be somebody else");
	ck_assert_int_eq(chmod(rig.path, 0666), 0); /* the file would let them in */
	pid_t child = fork();
	if (child == 0) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		int other = socket(AF_UNIX, SOCK_STREAM, 0);
		char text[512];
		ssize_t n;

		if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
			_exit(2);
		strcpy(address.sun_path, rig.path);
		if (connect(other, (struct sockaddr *)&address, sizeof(address)) < 0)
			_exit(3);
		n = recv(other, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = 0;
		_exit(strstr(text, "permission denied") ? 0 : 4);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	json_decref(rig_ask(fd, "version", NULL));
}
END_TEST

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

START_TEST(without_fds_they_wait_and_nothing_spins)
{
	struct rlimit before, none;
	int other = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	double spent;

	if (gyre_test_on_valgrind()) {
		gyre_test_note("valgrind closes what is accepted beyond the limit");
		return;
	}
	strcpy(address.sun_path, rig.path);
	json_decref(rig_ask(fd, "version", NULL)); /* it is connected by now */
	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(connect(other, (struct sockaddr *)&address, sizeof(address)), 0);
	spent = cpu();
	usleep(1000000);
	spent = cpu() - spent;
	/* Those who are connected are served. */
	json_decref(rig_ask(fd, "runtime", NULL));
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	json_decref(rig_ask(other, "version", NULL));
	ck_assert_double_lt(spent, 0.7);
	close(other);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("socket");
	TCase *tcase = tcase_create("socket");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, its_file_has_the_mode);
	tcase_add_test(tcase, a_live_one_is_not_stolen);
	tcase_add_test(tcase, a_file_that_is_another_ones_stays);
	tcase_add_test(tcase, those_beyond_the_limit_are_told);
	tcase_add_test(tcase, others_may_not);
	tcase_add_test(tcase, without_fds_they_wait_and_nothing_spins);
	suite_add_tcase(suite, tcase);
	return suite;
}
