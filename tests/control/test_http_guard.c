/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd panics, really: the program goes on, and is told why. */
#include <microhttpd.h>
#include <string.h>
#include <unistd.h>

#include "control/http_guard.h"
#include "harness.h"

static enum MHD_Result refuse(void *arg, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *body, size_t *size, void **context)
{
	(void)arg, (void)connection, (void)url, (void)method, (void)version, (void)body;
	(void)size, (void)context;
	return MHD_NO;
}

static struct MHD_Daemon *start(void)
{
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0,
		NULL, NULL, refuse, NULL, MHD_OPTION_END);

	ck_assert_ptr_nonnull(daemon);
	return daemon;
}

static void stop(void *daemon)
{
	MHD_stop_daemon(daemon);
}

START_TEST(what_is_sound_just_runs)
{
	char reason[100] = "none";

	gyre__http_guard_install();
	ck_assert(gyre__http_guard(stop, start(), reason, sizeof(reason)));
	ck_assert_str_eq(reason, "none");
}
END_TEST

/* Somebody closes what is libmicrohttpd's. Its daemon is lost: the process ends as another
 * program, without a check for leaks. */
START_TEST(a_panic_comes_back_as_false)
{
	struct MHD_Daemon *daemon = start();
	char reason[100] = "";

	gyre__http_guard_install();
	close(MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
	ck_assert(!gyre__http_guard(stop, daemon, reason, sizeof(reason)));
	ck_assert_msg(strstr(reason, ".c:"), "%s", reason);
	ck_assert_ptr_null(strchr(reason, '\n'));
	/* And again. */
	ck_assert(gyre__http_guard(stop, start(), reason, sizeof(reason)));
	execl("/bin/true", "true", NULL);
}
END_TEST

/* The daemon of another part of the program. */
START_TEST(a_panic_outside_of_the_guard_aborts)
{
	struct MHD_Daemon *daemon = start();

	gyre__http_guard_install();
	close(MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
	MHD_stop_daemon(daemon);
}
END_TEST

Suite *gyre_test_suite(void)
{
	Suite *suite = suite_create("http_guard");
	TCase *tcase = tcase_create("http_guard");

	tcase_add_test(tcase, what_is_sound_just_runs);
	tcase_add_exit_test(tcase, a_panic_comes_back_as_false, 0);
	tcase_add_test_raise_signal(tcase, a_panic_outside_of_the_guard_aborts, 6);
	suite_add_tcase(suite, tcase);
	return suite;
}
